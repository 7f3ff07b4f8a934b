from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from mimi_conformance.reference.drafts import requirements as module
from mimi_conformance.reference.drafts.requirements import requirement, requirements


@pytest.fixture
def one_alias(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of one requirement that took over from another."""
    took_over = replace(requirements()["PROTO-5.7-15"], aliases=("PROTO-5.7-99",))
    monkeypatch.setattr(module, "requirements", lambda: MappingProxyType({took_over.id: took_over}))
    module._by_alias.cache_clear()
    yield
    module._by_alias.cache_clear()


@pytest.mark.usefixtures("one_alias")
def test_an_alias_leads_to_the_requirement_that_took_over() -> None:
    assert requirement("PROTO-5.7-99").id == "PROTO-5.7-15"
    assert requirement("PROTO-5.7-15").aliases == ("PROTO-5.7-99",)
