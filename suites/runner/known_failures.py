"""The known-failures file: tests that are known to fail, each with a reason.

A TOML file of one line per test::

    "transport/consent::test_grant_is_answered_with_201" = "SRV-123: answers 202"

A listed test still runs and must still fail: an entry that is no longer true is an error (design section 6).
"""

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from mimi_conformance.reports.model import StaleKnownFailure, TestResult, Verdict

# With one of these verdicts a listed test has not failed; the verdicts in neither set say nothing about the entry.
_NOT_FAILED = frozenset({Verdict.PASS, Verdict.WARN, Verdict.INFO, Verdict.OTHER_READING, Verdict.UNSTABLE})


class KnownFailuresError(ValueError):
    """A known-failures file that can't be used; says which line is wrong and how to write it."""


def load(path: Path) -> Mapping[str, str]:
    """Read a known-failures file: test id -> reason; KnownFailuresError when it can't be read or is malformed."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise KnownFailuresError(f"{path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise KnownFailuresError(f"{path} is not TOML: {error}. {_HOW}") from error
    for test, reason in entries.items():
        if not isinstance(reason, str) or not reason.strip():
            raise KnownFailuresError(f"{path}: {test!r} has no reason. {_HOW}")
    return entries


_HOW = 'Write one line per test: "transport/consent::test_name" = "why it fails".'


def stale(
    known: Mapping[str, str], results: Iterable[TestResult], collected: Collection[str]
) -> Iterator[StaleKnownFailure]:
    """The entries that are no longer true.

    `collected` holds the ids of every test found, selected or not: an entry for a file that was read, but for no test
    in it, is stale as well.
    """
    verdicts = {result.id: result.verdict for result in results}
    files = {_file(test) for test in collected}
    for test in known:
        if verdicts.get(test) in _NOT_FAILED:
            yield StaleKnownFailure(test, f"the test no longer fails: {verdicts[test]}")
        elif test not in collected and _file(test) in files:
            yield StaleKnownFailure(test, "there is no such test")


def _file(test: str) -> str:
    return test.partition("::")[0]
