"""A run as JUnit XML, for continuous integration: one suite per file of tests, one case per test."""

import re
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mimi_conformance.reports.evidence_text import exchange_lines
from mimi_conformance.reports.model import CheckOutcome, Run, TestResult, Verdict

_FAILURES = frozenset({Verdict.FAIL})
_ERRORS = frozenset({Verdict.HARNESS_ERROR})
_SKIPPED = frozenset({Verdict.BLOCKED, Verdict.INCONCLUSIVE, Verdict.NOT_DECLARED, Verdict.KNOWN_FAILURE})

# What XML 1.0 can't hold, even escaped.
_UNSPEAKABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def dumps(run: Run) -> str:
    """A run as a JUnit document.

    `fail` is a failure and `harness-error` an error; what could not be judged and what is known to fail are skipped;
    the rest passes, with its verdict as a property. What went wrong outside tests is a suite of its own.
    """
    root = Element("testsuites", name="mimi-conformance", time=_seconds(run.seconds))
    for name, tests in _files(run).items():
        _suite(root, name, tests)
    if problems := tuple(_problems(run)):
        suite = SubElement(root, "testsuite", name="run", tests=str(len(problems)), errors=str(len(problems)))
        for name, message in problems:
            case = SubElement(suite, "testcase", classname="run", name=name)
            SubElement(case, "error", message=_first_line(message)).text = _speakable(message)
    indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _files(run: Run) -> Mapping[str, list[TestResult]]:
    files: dict[str, list[TestResult]] = {}
    for test in run.tests:
        files.setdefault(test.id.partition("::")[0], []).append(test)
    return files


def _suite(root: Element, name: str, tests: list[TestResult]) -> None:
    def count(verdicts: frozenset[Verdict]) -> str:
        return str(sum(test.verdict in verdicts for test in tests))

    suite = SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(tests)),
        failures=count(_FAILURES),
        errors=count(_ERRORS),
        skipped=count(_SKIPPED),
        time=_seconds(sum(test.seconds for test in tests)),
        timestamp=min(test.started for test in tests).isoformat(),
    )
    for test in tests:
        _case(suite, name, test)


def _case(suite: Element, name: str, test: TestResult) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=name.replace("/", "."),
        name=_speakable(test.id.partition("::")[2]),
        time=_seconds(test.seconds),
    )
    properties = SubElement(case, "properties")
    SubElement(properties, "property", name="verdict", value=test.verdict)
    for judgement in test.judgements:
        SubElement(properties, "property", name=judgement.requirement, value=judgement.verdict)
    message = _first_line(test.reason or "")
    if test.verdict in _FAILURES:
        SubElement(case, "failure", message=message).text = _speakable("\n".join(_explanation(test)))
    elif test.verdict in _ERRORS:
        SubElement(case, "error", message=message).text = _speakable(test.error or test.reason or "")
    elif test.verdict in _SKIPPED:
        SubElement(case, "skipped", message=f"{test.verdict}: {message}")


def _explanation(test: TestResult) -> Iterator[str]:
    for judgement in test.judgements:
        if judgement.verdict is Verdict.FAIL:
            yield f"{judgement.requirement}: expected {judgement.expected}; got {judgement.got}"
            if judgement.reason:
                yield judgement.reason
    for exchange in test.exchanges:
        yield ""
        yield from (line.plain for line in exchange_lines(exchange, verbose=False))


def _problems(run: Run) -> Iterator[tuple[str, str]]:
    for finding in run.preflight:
        if finding.outcome is CheckOutcome.PROBLEM:
            yield f"preflight {finding.check}", finding.message
    for stale in run.stale_known_failures:
        yield f"known failure {stale.test}", stale.why
    for error in run.harness_errors:
        yield "harness", error
    if run.interrupted:
        yield "interrupted", f"The run was interrupted; {run.unstarted} tests were left out."


def _first_line(text: str) -> str:
    return _speakable(text.partition("\n")[0])


def _speakable(text: str) -> str:
    return _UNSPEAKABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
