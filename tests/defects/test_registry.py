import re

import pytest

from mimi_conformance.mocks.defects import registry
from mimi_conformance.mocks.defects.registry import Defect, DefectError, defect, defects
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider

every_defect = pytest.mark.parametrize("each", defects(), ids=lambda each: each.name)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_declared", {})


@every_defect
def test_a_defect_breaks_requirements_that_exist(each: Defect):
    assert all(requirement(id_) for id_ in each.breaks)
    assert len(set(each.breaks)) == len(each.breaks)


@every_defect
def test_a_defect_has_a_name_in_words_and_says_what_is_wrong_in_a_sentence(each: Defect):
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", each.name)
    assert re.fullmatch(r"[A-Z].*\.", each.description)


@every_defect
def test_a_defect_changes_the_reference(each: Defect):
    assert each.parts != Parts()


def test_a_class_takes_the_place_of_the_one_it_derives_from():
    @defect("sends-nothing", breaks=("PROTO-4.1-06",))
    class Sends(PeerClient):
        """Sends nothing."""

    assert registry._declared["sends-nothing"].parts == Parts(peers=Sends)


def test_a_function_puts_several_parts_together():
    @defect("is-wrong-twice", breaks=("PROTO-4.1-06",))
    def parts() -> Parts:
        """Is wrong in two ways.

        The rest is for the reader of the source.
        """
        return Parts(peers=PeerClient, provider=Provider)

    assert registry._declared["is-wrong-twice"] == Defect(
        "is-wrong-twice", ("PROTO-4.1-06",), "Is wrong in two ways.", Parts()
    )


class Told(Provider):
    """Says what is wrong."""


class Untold(Provider):
    pass


class Foreign:
    """Is no part of a provider."""


@pytest.mark.parametrize(
    ("breaks", "wrong", "message"),
    [
        ((), Told, "breaks no requirement"),
        (("PROTO-4.1-06",), Untold, "does not say what the server does wrong"),
        (("PROTO-4.1-06",), Foreign, "Foreign derives from none of them"),
    ],
)
def test_a_defect_that_is_not_declared_as_it_has_to_be_is_named(breaks, wrong, message):
    with pytest.raises(DefectError, match=f"is-wrong.*{message}"):
        defect("is-wrong", breaks=breaks)(wrong)


def test_a_name_is_taken_once():
    defect("is-wrong", breaks=("PROTO-4.1-06",))(Told)
    with pytest.raises(DefectError, match="Two defects are called is-wrong"):
        defect("is-wrong", breaks=("PROTO-4.1-07",))(Told)
