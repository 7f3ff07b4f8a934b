"""A laboratory, the description of a server that is not there yet, and the reference as a target."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mimi_conformance.mocks.network.laboratory import write_laboratory
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.reference_target import ReferenceTarget
from mimi_conformance.suites.target.sections import PeersDescription, ProviderDescription

DOMAIN = "a.example"


@pytest.fixture(scope="session")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("laboratory")
    write_laboratory(folder, ["b.example", "c.example"], DOMAIN)
    return folder


@pytest.fixture
def description(laboratory: Path) -> TargetDescription:
    """Of a server on loopback that nobody has started: a test fills in its port."""
    return TargetDescription(
        place="target.toml",
        provider=ProviderDescription((DOMAIN,), "https://127.0.0.1:1", laboratory / "ca.pem"),
        peers=PeersDescription(laboratory, {"b.example": ("127.0.0.1", 0), "c.example": ("127.0.0.1", 0)}),
    )


@pytest.fixture
def reference() -> Iterator[TargetDescription]:
    with ReferenceTarget() as target:
        yield target.description
