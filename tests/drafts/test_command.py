import json
from typing import Any

import pytest
from click.testing import CliRunner

from mimi_conformance.command_line.requirements import command
from mimi_conformance.reference.drafts.requirements import requirements


def run(*arguments: str, exit_code: int = 0) -> str:
    outcome = CliRunner().invoke(command, arguments)
    assert outcome.exit_code == exit_code, outcome.output
    return outcome.output


def run_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_without_filters_everything_is_listed() -> None:
    assert [each["id"] for each in run_json("list")] == list(requirements())


def test_values_of_a_filter_are_alternatives_and_filters_add_up() -> None:
    found = run_json("list", "--topic", "consent", "--topic", "directory", "--level", "may", "--draft", "proto")
    assert {each["topic"] for each in found} == {"consent"}
    assert {each["level"] for each in found} == {"MAY"}
    assert all(each["id"].startswith("PROTO-") for each in found)


def test_without_a_terminal_every_requirement_is_one_line() -> None:
    heading, *lines, count = run("list", "--topic", "consent").splitlines()
    assert heading.startswith("id")
    assert count == f"{len(lines)} of {len(requirements())} requirements"
    for line in lines:
        id_ = line.split()[0]
        assert line.endswith(requirements()[id_].text)


@pytest.mark.parametrize(
    ("filters", "key", "values"),
    [
        (["--draft", "room-policy"], "draft", {"draft-ietf-mimi-room-policy-03"}),
        (["--draft", "MLS"], "draft", {"RFC 9420"}),
        (["--actor", "follower"], "actor", {"follower"}),
        (["--actor", "provider"], "actor", {"provider(any)"}),
        (["--basis", "registry"], "basis", {"registry"}),
        (["--observability", "untestable"], "observability", {"untestable"}),
    ],
)
def test_each_filter_keeps_what_it_names(filters: list[str], key: str, values: set[str]) -> None:
    assert {each[key] for each in run_json("list", *filters)} == values


def test_search_looks_into_section_requirement_and_note() -> None:
    found = run_json("list", "--search", "retry-after")
    assert "PROTO-5.5-28" in [each["id"] for each in found]
    assert all(each["topic"] == "notify" for each in found)
    assert run_json("list", "--search", "no such words anywhere") == []


def test_a_table_ends_with_how_many_there_are() -> None:
    output = run("list", "--topic", "directory")
    assert "PROTO-5.1-01" in output
    assert output.rstrip().endswith("17 of 1393 requirements")


def test_an_unknown_topic_is_answered_with_those_there_are() -> None:
    assert "consent" in run("list", "--topic", "constent", exit_code=2)


def test_show_explains_the_ambiguities_of_a_requirement() -> None:
    output = run("show", "PROTO-5.7-15")
    for text in ("draft-ietf-mimi-protocol-06", "counts as fail", "AMB-009", "we take", "202, as a warning"):
        assert text in output


def test_show_as_json_holds_interpretations_tests_and_defects() -> None:
    [found] = run_json("show", "PROTO-5.7-15")
    assert found["severity"] == "fail"
    assert [reading["ambiguity"] for reading in found["interpretations"]] == ["AMB-009"]
    assert isinstance(found["tests"], list)
    assert isinstance(found["defects"], list)


def test_show_suggests_ids_for_an_unknown_one() -> None:
    assert "PROTO-5.7-15" in run("show", "PROTO-5.7-151", exit_code=2)


def test_coverage_adds_up_by_topic_and_by_draft() -> None:
    counted = run_json("coverage")
    total = counted["total"]
    assert total["total"] == len(requirements())
    assert len(total["untested"]) == total["testable"] - total["cited"]
    for groups in (counted["topics"], counted["drafts"]):
        for key in ("total", "testable", "cited", "keyed"):
            assert sum(group[key] for group in groups.values()) == total[key]


def test_coverage_shows_counts_and_on_demand_what_is_untested() -> None:
    untested = run_json("coverage", "--topic", "abuse")["total"]["untested"]
    output = run("coverage", "--topic", "abuse", "--untested")
    assert "keyed to a defect" in output
    assert all(id_ in output for id_ in untested)
