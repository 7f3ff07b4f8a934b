import json
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reports import json_report
from mimi_conformance.reports.json_report import ReportError, plain, restored
from mimi_conformance.reports.model import Exchange, Judgement, Message, Verdict

CHECKER = jsonschema.FormatChecker()


def test_a_run_survives_json(run):
    assert json_report.loads(json_report.dumps(run)) == run


def test_a_run_keeps_to_its_schema(run):
    jsonschema.Draft202012Validator.check_schema(json_report.schema())
    jsonschema.validate(json.loads(json_report.dumps(run)), json_report.schema(), format_checker=CHECKER)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("exit_code",), 7),
        (("tests", 0, "verdict"), "maybe"),
        (("tests", 0, "exchanges", 0, "direction"), "sideways"),
        (("tests", 0, "surprise"), 1),
        (("requirements", 0, "verdict"), "untested"),
    ],
)
def test_the_schema_refuses_what_no_run_says(run, place, value):
    document = json.loads(json_report.dumps(run))
    part = document
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, json_report.schema())


def test_the_verdicts_of_the_schema_are_those_of_the_model():
    assert json_report.schema()["$defs"]["verdict"]["enum"] == [verdict.value for verdict in Verdict]


@given(st.builds(Message))
def test_every_message_survives_json(message):
    assert restored(Message, json.loads(json.dumps(plain(message)))) == message


@given(st.builds(Exchange, started=st.datetimes(), ended=st.none() | st.datetimes()))
def test_every_exchange_survives_json(exchange):
    assert restored(Exchange, json.loads(json.dumps(plain(exchange)))) == exchange


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "not a run in format 1"),
        ('{"format": 2}', "not a run in format 1"),
        ('{"format": 1}', "Run: tool_version, drafts_revision"),
    ],
)
def test_what_is_no_report_is_refused_with_a_reason(text, says):
    with pytest.raises(ReportError, match=says):
        json_report.loads(text)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"verdict": "maybe"}, r"Judgement\.verdict: 'maybe'"),
        ({"requirement": 3}, r"Judgement\.requirement: 3 is not str"),
        ({"got": ["x"]}, r"Judgement\.got: \['x'\] is not str"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_place(change, says):
    document = {**plain(Judgement("PROTO-5.7-15", Verdict.PASS)), **change}
    with pytest.raises(ReportError, match=says):
        restored(Judgement, document)


def test_bytes_that_are_not_base64_are_refused():
    document = {**plain(replace(Message(), body=b"x")), "body": "not base64!"}
    with pytest.raises(ReportError, match=r"Message\.body"):
        restored(Message, document)


def test_half_of_a_surrogate_pair_can_be_written_down(run, failing):
    odd = replace(run, tests=(replace(failing, reason="got \ud800"),))
    text = json_report.dumps(odd)
    text.encode("utf-8")
    assert json_report.loads(text).tests[0].reason == "got \ud800"
