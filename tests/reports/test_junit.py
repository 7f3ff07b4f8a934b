from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from mimi_conformance.reports import junit
from mimi_conformance.reports.model import CheckOutcome, PreflightFinding, Verdict


def case(run, name):
    root = ET.fromstring(junit.dumps(run))
    return root.find(f".//testcase[@name='{name}']")


def test_a_file_of_tests_is_a_suite_with_counts(run):
    suite = ET.fromstring(junit.dumps(run)).find("testsuite[@name='transport/consent']")
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": str(len(run.tests)),
        "failures": "1",
        "errors": "1",
        "skipped": "4",
    }


def test_a_failure_says_what_was_expected_and_what_was_sent(run):
    failure = case(run, "test_a_grant_is_kept").find("failure")
    assert failure.get("message") == "expected 201; got 500"
    assert "PROTO-5.7-15: expected 201; got 500" in failure.text
    assert "b.example → target  POST https://a.example/consent/3" in failure.text
    assert "2 bytes  00ff\n  tree\nanswer  500" in failure.text


@pytest.mark.parametrize(
    ("verdict", "element"),
    [
        (Verdict.PASS, None),
        (Verdict.WARN, None),
        (Verdict.UNSTABLE, None),
        (Verdict.BLOCKED, "skipped"),
        (Verdict.KNOWN_FAILURE, "skipped"),
    ],
)
def test_each_verdict_has_its_element_and_is_a_property(run, verdict, element):
    found = case(run, f"test_{verdict.name.lower()}")
    assert [child.tag for child in found if child.tag != "properties"] == ([element] if element else [])
    assert found.find("properties/property[@name='verdict']").get("value") == verdict


def test_an_error_of_ours_shows_its_traceback(run):
    assert "KeyError: 'x'" in case(run, "test_broken").find("error").text


def test_what_went_wrong_outside_tests_is_in_a_suite_of_its_own(run):
    problem = PreflightFinding("TLS", CheckOutcome.PROBLEM, "No TLS.")
    root = ET.fromstring(junit.dumps(replace(run, preflight=(problem,), interrupted=True, unstarted=3)))
    names = [found.get("name") for found in root.findall("testsuite[@name='run']/testcase")]
    assert names == ["preflight TLS", "known failure transport/consent::test_x", "harness", "interrupted"]


def test_what_xml_can_not_say_is_replaced(run, failing):
    odd = replace(failing, id="transport/consent::test_x[\x00\ud800]", reason="got \x1b")
    assert case(replace(run, tests=(odd,)), "test_x[\ufffd\ufffd]").find("failure").get("message") == "got \ufffd"
