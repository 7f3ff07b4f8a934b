"""A failed test runs once more, and what is known to fail is not held against the target."""

import pytest

from mimi_conformance.reports.model import ExitCode, StaleKnownFailure, Verdict
from mimi_conformance.suites.runner.known_failures import KnownFailuresError, load

FAILING = """
    @checks("PROTO-5.7-15")
    def test_it():
        expect(False, expected="a", got="b")
"""
PASSING = """
    @checks("PROTO-5.7-15")
    def test_it():
        pass
"""


def test_a_test_that_fails_twice_has_failed(run):
    [test] = run(FAILING).tests
    assert (test.verdict, test.attempts) == (Verdict.FAIL, 2)


def test_a_test_that_fails_once_is_unstable_and_shows_the_failure(run):
    found = run("""
        attempts = []

        @checks("PROTO-5.7-15")
        def test_it():
            attempts.append(1)
            expect(len(attempts) > 1, expected="a second attempt", got="the first")
    """)
    [test] = found.tests
    assert (test.verdict, test.attempts) == (Verdict.UNSTABLE, 2)
    assert test.judgements[0].got == "the first"
    assert found.exit_code is ExitCode.CONFORMANT


def test_a_failure_stays_one_when_the_second_attempt_can_not_tell(run):
    found = run("""
        attempts = []

        @checks("PROTO-5.7-15")
        def test_it():
            attempts.append(1)
            if len(attempts) > 1:
                inconclusive("too slow")
            expect(False, expected="a", got="b")
    """)
    assert found.tests[0].verdict is Verdict.FAIL


def test_the_second_attempt_has_fresh_fixtures(run):
    found = run("""
        made = []

        @pytest.fixture
        def fresh():
            made.append(1)
            return len(made)

        @checks("PROTO-5.7-15")
        def test_it(fresh):
            expect(fresh > 1, expected="a second fixture", got=fresh)
    """)
    assert found.tests[0].verdict is Verdict.UNSTABLE


@pytest.mark.parametrize("body", ["pass", "assert 0", "inconclusive('slow')", "warning(expected='a', got='b')"])
def test_only_a_failure_makes_a_test_run_again(run, body):
    [test] = run(f"""
        attempts = []

        @checks("PROTO-5.7-15")
        def test_it():
            attempts.append(1)
            if len(attempts) > 1:
                blocked("it ran again")
            {body}
    """).tests
    assert test.verdict is not Verdict.BLOCKED
    assert test.attempts == 1


@pytest.fixture
def known(tmp_path):
    file = tmp_path / "known.toml"
    file.write_text('"family/things::test_it" = "SRV-1: not done yet"\n')
    return file


def test_a_listed_failure_is_a_known_one(run, known):
    found = run(FAILING, known_failures=known)
    [test] = found.tests
    assert (test.verdict, test.reason) == (Verdict.KNOWN_FAILURE, "SRV-1: not done yet")
    assert test.judgements[0].got == "b"
    assert found.exit_code is ExitCode.CONFORMANT


def test_a_listed_test_that_passes_is_an_error(run, known):
    found = run(PASSING, known_failures=known)
    assert found.stale_known_failures == (
        StaleKnownFailure("family/things::test_it", "the test no longer fails: pass"),
    )
    assert found.exit_code is ExitCode.REQUIREMENT_FAILED


def test_a_listed_test_that_does_not_exist_is_an_error(run, known):
    found = run(PASSING.replace("test_it", "test_other"), known_failures=known)
    assert [stale.why for stale in found.stale_known_failures] == ["there is no such test"]
    assert found.exit_code is ExitCode.REQUIREMENT_FAILED


def test_a_listed_test_that_was_not_selected_is_no_error(run, known):
    found = run(PASSING + PASSING.replace("test_it", "test_other"), known_failures=known, keyword="other")
    assert [test.id for test in found.tests] == ["family/things::test_other"]
    assert found.exit_code is ExitCode.CONFORMANT


def test_a_listed_test_that_could_not_be_judged_is_no_error(run, known):
    found = run(PASSING.replace("pass", "blocked('x')"), known_failures=known)
    assert found.stale_known_failures == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("family/things::test_it", "is not TOML"),
        ('"family/things::test_it" = ""', "has no reason"),
        ('"family/things::test_it" = 3', "has no reason"),
        ('["family/things::test_it"]\nreason = "x"', "has no reason"),
    ],
)
def test_a_malformed_list_says_how_to_write_it(tmp_path, text, says):
    file = tmp_path / "known.toml"
    file.write_text(text)
    with pytest.raises(KnownFailuresError, match=says) as caught:
        load(file)
    assert '"transport/consent::test_name" = "why it fails"' in str(caught.value)


def test_a_list_that_is_not_there_says_so(tmp_path):
    with pytest.raises(KnownFailuresError, match=r"known\.toml can't be read: No such file"):
        load(tmp_path / "known.toml")
