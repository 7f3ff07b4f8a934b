import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reports.model import Run
from mimi_conformance.suites.runner import conductor
from mimi_conformance.suites.runner.run import RunOptions, run_suites
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.sections import PeersDescription, ProviderDescription

WORDS = """
    import pytest
    from mimi_conformance.suites.target.judgement import (
        blocked, checks, expect, feature, inconclusive, not_declared, observe, other_reading, role, warning
    )
"""

Suite = Callable[..., Run]


@pytest.fixture
def target(tmp_path: Path) -> TargetDescription:
    """Nobody's server: the tests that run in here ask it nothing."""
    provider = ProviderDescription(
        domains=("a.example",),
        url="https://a.example",
        trust=tmp_path / "ca.pem",
        roles=frozenset({Role.FOLLOWER}),
        features=frozenset({"consent"}),
    )
    return TargetDescription("the tests", provider, PeersDescription(tmp_path, {}))


@pytest.fixture
def suites(tmp_path: Path) -> Iterator[Path]:
    """A folder of suites; what Python imports from it is forgotten afterwards."""
    folder = tmp_path / "suites"
    folder.mkdir()
    yield folder
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]


@pytest.fixture
def write(suites: Path) -> Callable[[str, str], Path]:
    """Writes a file of tests that can use the words of judgement."""

    def write(name: str, source: str) -> Path:
        file = suites / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(textwrap.dedent(WORDS) + textwrap.dedent(source))
        return file

    return write


@pytest.fixture
def run(
    write: Callable[[str, str], Path], suites: Path, target: TargetDescription, monkeypatch: pytest.MonkeyPatch
) -> Suite:
    """Runs one file of tests, against nobody and without preflight."""
    monkeypatch.setattr(conductor, "preflight", lambda _: ())
    monkeypatch.setattr(conductor, "lost", lambda _: ())

    def run(source: str, **options: object) -> Run:
        write("family/test_things.py", source)
        given = {"target": target, "folder": suites} | options
        return run_suites(RunOptions(**given))  # type: ignore[arg-type]

    return run
