"""What a test says, how hard that counts, and the verdict it gives."""

import pytest

from mimi_conformance.reports.model import ExitCode, Judgement, Verdict

MUST, SHOULD, MAY, DERIVED = "PROTO-5.7-15", "PROTO-5.5-08", "PROTO-5.7-16", "PROTO-5.7-31"


@pytest.mark.parametrize(
    ("id_", "verdict", "exit_code"),
    [
        (MUST, Verdict.FAIL, ExitCode.REQUIREMENT_FAILED),
        (SHOULD, Verdict.WARN, ExitCode.CONFORMANT),
        (MAY, Verdict.INFO, ExitCode.CONFORMANT),
        (DERIVED, Verdict.WARN, ExitCode.CONFORMANT),
    ],
)
def test_a_broken_requirement_counts_as_hard_as_its_level_and_basis_say(run, id_, verdict, exit_code):
    found = run(f"""
        @checks({id_!r})
        def test_it():
            expect(False, expected="201", got=500)
    """)
    [test] = found.tests
    assert test.judgements == (Judgement(id_, verdict, "201", "500"),)
    assert (test.verdict, test.reason) == (verdict, "expected 201; got 500")
    assert found.exit_code is exit_code


@pytest.mark.parametrize(
    ("words", "verdict", "reason", "exit_code"),
    [
        ("pass", Verdict.PASS, None, ExitCode.CONFORMANT),
        ("inconclusive('too slow')", Verdict.INCONCLUSIVE, "too slow", ExitCode.NOTHING_RAN),
        ("blocked('fixture bob')", Verdict.BLOCKED, "fixture bob", ExitCode.NOTHING_RAN),
        ("not_declared('feature x')", Verdict.NOT_DECLARED, "feature x", ExitCode.NOTHING_RAN),
        ("other_reading('AMB-009', '202')", Verdict.OTHER_READING, "AMB-009: 202", ExitCode.CONFORMANT),
        ("warning(expected='201', got=202)", Verdict.WARN, "expected 201; got 202", ExitCode.CONFORMANT),
        ("observe(0, expected='a', got=b'')", Verdict.FAIL, "expected a; got no bytes", ExitCode.REQUIREMENT_FAILED),
    ],
)
def test_each_word_of_a_test_has_its_verdict(run, words, verdict, reason, exit_code):
    found = run(f"""
        @checks({MUST!r})
        def test_it():
            {words}
    """)
    [test] = found.tests
    assert (test.id, test.verdict, test.reason) == ("family/things::test_it", verdict, reason)
    assert found.exit_code is exit_code


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (f"@checks({MUST!r})\ndef test_it():\n    assert 1 == 2", "assert 1 == 2"),
        (f"@checks({MUST!r})\ndef test_it():\n    {{}}['x']", "KeyError: 'x'"),
        (f"@checks({MUST!r})\ndef test_it():\n    pytest.skip('tired')", "tired"),
        (f"@checks({MUST!r})\ndef test_it():\n    expect(True, 'PROTO-1-01', expected='', got=0)", "without citing it"),
        (f"@checks({MUST!r})\ndef test_it():\n    other_reading('AMB-001', 'x')", "none is accepted"),
        (f"@checks({MUST!r})\n@role('cook')\ndef test_it():\n    pass", "the role 'cook'"),
        (f"@checks({MUST!r})\ndef test_it(no_such_fixture):\n    pass", "no_such_fixture"),
        ("@checks('PROTO-0-99')\ndef test_it():\n    pass", "no requirement 'PROTO-0-99'"),
        ("def test_it():\n    pass", "cites no requirement"),
    ],
)
def test_whatever_else_goes_wrong_in_a_test_is_an_error_of_the_harness(run, source, says):
    found = run(source)
    [test] = found.tests
    assert test.verdict is Verdict.HARNESS_ERROR
    assert says in (test.error or test.reason)
    assert found.exit_code is ExitCode.HARNESS_ERROR


def test_an_error_in_teardown_is_one_of_the_harness_and_hides_no_failure(run):
    found = run(f"""
        @pytest.fixture
        def breaking():
            yield
            raise RuntimeError("in teardown")

        @checks({MUST!r}, {DERIVED!r})
        def test_it(breaking):
            expect(False, {MUST!r}, expected="a", got="b")
    """)
    [test] = found.tests
    assert [judgement.verdict for judgement in test.judgements] == [Verdict.FAIL, Verdict.HARNESS_ERROR]
    assert "in teardown" in test.error


def test_requirements_that_a_stopped_test_did_not_reach_are_inconclusive(run):
    found = run("""
        @checks("PROTO-5.7-12", "PROTO-5.7-13", "PROTO-5.7-14")
        def test_it():
            expect(True, "PROTO-5.7-12", expected="a", got="a")
            expect(False, "PROTO-5.7-13", expected="b", got="c")
            expect(True, "PROTO-5.7-14", expected="d", got="d")
    """)
    held, broken, unreached = found.tests[0].judgements
    assert (held.verdict, broken.verdict, unreached.verdict) == (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE)
    assert unreached.reason == "not reached, because PROTO-5.7-13 was broken first"


def test_requirements_that_were_reached_keep_their_verdict_when_the_test_can_not_go_on(run):
    found = run("""
        @checks("PROTO-5.7-12", "PROTO-5.7-13")
        def test_it():
            expect(True, "PROTO-5.7-12", expected="a", got="a")
            inconclusive("too slow")
    """)
    assert [judgement.verdict for judgement in found.tests[0].judgements] == [Verdict.PASS, Verdict.INCONCLUSIVE]


def test_observing_lets_the_test_go_on(run):
    found = run("""
        @checks("PROTO-5.7-12", "PROTO-5.7-13")
        def test_it():
            observe(False, "PROTO-5.7-12", expected="a", got=b"\\x01\\x02")
            observe(False, "PROTO-5.7-13", expected="c", got="d")
    """)
    assert [judgement.got for judgement in found.tests[0].judgements] == ["0102", "d"]


def test_an_accepted_reading_is_listed_with_the_test(run):
    found = run("""
        @checks("PROTO-5.7-12", "PROTO-5.7-13")
        def test_it():
            other_reading("AMB-009", "202", "PROTO-5.7-13")
    """)
    [test] = found.tests
    assert [(each.ambiguity, each.reading) for each in test.readings] == [("AMB-009", "202")]
    assert [judgement.verdict for judgement in test.judgements] == [Verdict.PASS, Verdict.OTHER_READING]


@pytest.mark.parametrize(
    ("mark", "reason"), [("role('hub')", "role hub"), ("feature('key-material')", "feature key-material")]
)
def test_what_the_target_does_not_declare_is_not_judged(run, mark, reason):
    source = f"""
        @{mark}
        @checks({MUST!r}, {SHOULD!r})
        def test_it():
            expect(False, expected="a", got="b")
    """
    [test] = run(source).tests
    assert (test.verdict, test.reason) == (Verdict.NOT_DECLARED, reason)


def test_what_the_target_does_not_declare_fails_strictly_when_it_must_be_there(run):
    found = run(
        f"""
        @role("hub")
        @checks({MUST!r}, {SHOULD!r})
        def test_it():
            pass
        """,
        strict=True,
    )
    assert [judgement.verdict for judgement in found.tests[0].judgements] == [Verdict.FAIL, Verdict.NOT_DECLARED]
    assert found.exit_code is ExitCode.REQUIREMENT_FAILED


def test_a_declared_role_and_feature_let_the_test_run(run):
    found = run(f"""
        @role("follower")
        @feature("consent")
        @checks({MUST!r})
        def test_it():
            pass
    """)
    assert found.tests[0].verdict is Verdict.PASS


def test_hypothesis_shows_the_smallest_input_that_breaks_the_requirement(run):
    found = run(f"""
        from hypothesis import given, strategies

        @checks({MUST!r})
        @given(number=strategies.integers(0, 100))
        def test_it(number):
            expect(number < 10, expected="less than 10", got=number)
    """)
    [judgement] = found.tests[0].judgements
    assert (judgement.verdict, judgement.got) == (Verdict.FAIL, "10")
    assert "number=10" in judgement.reason


def test_several_failures_in_a_group_are_judged_each(run):
    found = run("""
        @checks("PROTO-5.7-12", "PROTO-5.7-13")
        def test_it():
            from mimi_conformance.suites.target.judgement import BrokenRequirement
            broken = [BrokenRequirement((id_,), "a", "b") for id_ in ("PROTO-5.7-12", "PROTO-5.7-13")]
            raise ExceptionGroup("both", broken)
    """)
    assert [judgement.verdict for judgement in found.tests[0].judgements] == [Verdict.FAIL, Verdict.FAIL]


def test_a_requirement_shows_the_worst_of_its_tests(run):
    found = run(f"""
        @checks({MUST!r})
        def test_one():
            warning(expected="a", got="b")

        @checks({MUST!r})
        def test_two():
            pass
    """)
    result = next(each for each in found.requirements if each.id == MUST)
    assert result.verdict is Verdict.WARN
    assert result.tests == ("family/things::test_one", "family/things::test_two")


def test_a_requirement_without_tests_is_untested_or_says_why_it_can_not_be(run):
    found = run(f"@checks({MUST!r})\ndef test_it():\n    pass")
    results = {each.id: each for each in found.requirements}
    assert (results["PROTO-5.7-16"].verdict, results["PROTO-5.7-16"].not_testable) == (None, None)
    reasons = {each.not_testable for each in found.requirements if each.verdict is None}
    assert {"no peer can see it", "the harness plays the clients"} <= reasons
