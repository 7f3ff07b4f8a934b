"""identifierQuery: what each type of search finds, and what it does not (PROTO 5.8)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, SearchIdentifierType
from mimi_conformance.suites.target.judgement import checks, expect, feature, inconclusive
from mimi_conformance.suites.target.users import ProfileEntry, ProfileType
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_refusal
from mimi_conformance.suites.transport.examples import OVER_THE_WIRE
from mimi_conformance.suites.transport.queries import (
    ask,
    condition,
    exactly,
    expect_found,
    expect_not_found,
    field_of,
    must_find,
    named,
    pieces,
    user_with,
)

pytestmark = feature("identifier-query")

HANDLE = ProfileEntry(ProfileType.HANDLE)
NICK = ProfileEntry(ProfileType.NICK)
EMAIL = ProfileEntry(ProfileType.EMAIL)
PHONE = ProfileEntry(ProfileType.PHONE)
GIVEN_NAME = ProfileEntry(ProfileType.OIDC_STD_CLAIM, name="given_name")
FAMILY_NAME = ProfileEntry(ProfileType.OIDC_STD_CLAIM, name="family_name")
ORGANISATION = ProfileEntry(ProfileType.VCARD_FIELD, name="ORG")

every_exact_type = pytest.mark.parametrize(
    ("wish", "rule"),
    [
        pytest.param(HANDLE, "PROTO-5.8-07", marks=(checks("PROTO-5.8-07"), feature("search-handle")), id="handle"),
        pytest.param(NICK, "PROTO-5.8-08", marks=(checks("PROTO-5.8-08"), feature("search-nick")), id="nick"),
        pytest.param(EMAIL, "PROTO-5.8-09", marks=(checks("PROTO-5.8-09"), feature("search-email")), id="email"),
        pytest.param(PHONE, "PROTO-5.8-10", marks=(checks("PROTO-5.8-10"), feature("search-phone")), id="phone"),
        pytest.param(
            GIVEN_NAME, "PROTO-5.8-13", marks=(checks("PROTO-5.8-13"), feature("search-oidc-claim")), id="claim"
        ),
        pytest.param(
            ORGANISATION, "PROTO-5.8-14", marks=(checks("PROTO-5.8-14"), feature("search-vcard-field")), id="property"
        ),
    ],
)


@every_exact_type
def test_the_value_of_a_field_finds_its_user(world: World, wish: ProfileEntry, rule: str) -> None:
    """Each exact type of search finds the user whose field of that type has the value."""
    user, field = user_with(world, wish)
    expect_found(world, user.uri, exactly(field), ids=(rule,))


@every_exact_type
def test_less_or_more_than_the_value_finds_nobody(world: World, wish: ProfileEntry, rule: str) -> None:
    """An exact type of search does not find a user by a piece of the value, nor by the value with something added."""
    user, field = user_with(world, wish)
    must_find(world, user.uri, exactly(field))
    for nearly in (field.value[:-1], field.value[1:], f"{field.value}0"):
        expect_not_found(world, user.uri, exactly(replace(field, value=nearly)), ids=(rule,))


@checks("PROTO-5.8-08")
@feature("search-nick", "search-handle")
def test_a_nick_search_finds_the_user_part_of_a_handle(world: World) -> None:
    """A nick search matches the part of a handle that names the user."""
    user, handle = user_with(world, HANDLE)
    must_find(world, user.uri, exactly(handle))
    user_part = handle.value.rpartition(":")[2].partition("@")[0]
    expect_found(world, user.uri, condition(SearchIdentifierType.nick, user_part), ids=("PROTO-5.8-08",))


@pytest.mark.parametrize(
    ("wish", "other_name", "rule"),
    [
        pytest.param(
            GIVEN_NAME,
            "family_name",
            "PROTO-5.8-13",
            marks=(checks("PROTO-5.8-13"), feature("search-oidc-claim")),
            id="claim",
        ),
        pytest.param(
            ORGANISATION,
            "TITLE",
            "PROTO-5.8-14",
            marks=(checks("PROTO-5.8-14"), feature("search-vcard-field")),
            id="property",
        ),
    ],
)
def test_a_value_does_not_match_under_another_name(
    world: World, wish: ProfileEntry, other_name: str, rule: str
) -> None:
    """A claim or property is looked for under its own name only."""
    user, field = user_with(world, wish)
    must_find(world, user.uri, exactly(field))
    expect_not_found(world, user.uri, exactly(replace(field, name=other_name)), ids=(rule,))


@checks("PROTO-5.8-11")
@feature("search-partial-name")
@pytest.mark.parametrize(
    "wish",
    [
        pytest.param(GIVEN_NAME, id="given-name"),
        pytest.param(ProfileEntry(ProfileType.OIDC_STD_CLAIM, name="middle_name"), id="middle-name"),
        pytest.param(FAMILY_NAME, id="family-name"),
        pytest.param(ProfileEntry(ProfileType.VCARD_FIELD, name="FN"), id="vcard-FN"),
    ],
)
def test_a_partial_name_is_looked_for_in_every_name_field(world: World, wish: ProfileEntry) -> None:
    """A partialName search looks at whatever field holds the user's name or a part of it."""
    user, field = user_with(world, wish)
    piece = condition(SearchIdentifierType.partial_name, field.value[1:])
    expect_found(world, user.uri, piece, ids=("PROTO-5.8-11",))


@checks("PROTO-5.8-11")
@feature("search-partial-name")
def test_a_partial_name_is_found_anywhere_in_a_name_whatever_its_case(world: World) -> None:
    """A partialName search finds each piece of a name, in capitals as well as in small letters."""
    user, name = user_with(world, replace(GIVEN_NAME, value=f"Maximiliane{world.new_name()}"))

    @OVER_THE_WIRE
    @given(pieces(name.value), st.sampled_from([str.upper, str.lower, str.swapcase]))
    def is_found(piece: str, rewritten: Callable[[str], str]) -> None:
        written = condition(SearchIdentifierType.partial_name, rewritten(piece))
        expect_found(world, user.uri, written, ids=("PROTO-5.8-11",))

    is_found()


@checks("PROTO-5.8-11")
@feature("search-partial-name", "search-vcard-field")
def test_a_partial_name_is_not_looked_for_in_other_fields(world: World) -> None:
    """A partialName search does not find a user by what is no name: here, the place of work."""
    user, organisation = user_with(world, ORGANISATION)
    must_find(world, user.uri, exactly(organisation))
    as_name = condition(SearchIdentifierType.partial_name, organisation.value)
    expect_not_found(world, user.uri, as_name, ids=("PROTO-5.8-11",))


@checks("PROTO-5.8-12")
@feature("search-whole-profile")
@pytest.mark.parametrize("wish", [pytest.param(GIVEN_NAME, id="claim"), pytest.param(ORGANISATION, id="property")])
def test_a_whole_profile_search_looks_at_all_searchable_fields(world: World, wish: ProfileEntry) -> None:
    """A wholeProfile search finds a piece of whatever field can be searched."""
    user, field = user_with(world, wish)
    expect_found(world, user.uri, condition(SearchIdentifierType.whole_profile, field.value[1:]), ids=("PROTO-5.8-12",))


@checks("PROTO-5.8-05")
@feature("search-oidc-claim")
def test_all_elements_of_a_query_have_to_match(world: World) -> None:
    """A user who matches one element and not the other is not found, whichever comes first."""
    user = world.user(profile=[GIVEN_NAME, FAMILY_NAME])
    given_name, family_name = field_of(user, GIVEN_NAME), field_of(user, FAMILY_NAME)
    expect_found(world, user.uri, exactly(given_name), exactly(family_name), ids=("PROTO-5.8-05",))
    wrong = exactly(replace(family_name, value=world.new_name()))
    expect_not_found(world, user.uri, exactly(given_name), wrong, ids=("PROTO-5.8-05",))
    expect_not_found(world, user.uri, wrong, exactly(given_name), ids=("PROTO-5.8-05",))


@checks("PROTO-5.8-05")
@feature("search-oidc-claim")
def test_all_elements_have_to_match_the_same_user(world: World) -> None:
    """Two users of whom each matches another element of a query are both not found."""
    xavier, given_name = user_with(world, GIVEN_NAME)
    yolanda, family_name = user_with(world, replace(FAMILY_NAME, value=world.new_name()))
    must_find(world, xavier.uri, exactly(given_name))
    must_find(world, yolanda.uri, exactly(family_name))
    for user in (xavier, yolanda):
        expect_not_found(world, user.uri, exactly(given_name), exactly(family_name), ids=("PROTO-5.8-05",))


@checks("PROTO-5.8-18")
@feature("search-oidc-claim")
def test_everybody_who_matches_can_be_returned(world: World) -> None:
    """Two users of the same name are both found, where policy lets a query have several results."""
    same_name = replace(FAMILY_NAME, value=world.new_name())
    users = {world.user(profile=[same_name]).uri.text for _ in range(2)}
    response = ask(world, exactly(same_name), ids=("PROTO-5.8-18",))
    found = named(response)
    expect(found <= users, expected=f"nobody but {' and '.join(sorted(users))}", got=sorted(found))
    if found != users:
        inconclusive(f"the target's policy answers {response.response_code.name}, naming {len(found)} of two matches")


@checks("PROTO-5.8-27")
@feature("search-oidc-claim")
def test_a_search_value_is_utf_8(world: World) -> None:
    """Letters outside ASCII are searched for as UTF-8; the same letters as Latin-1 are refused, or find nobody."""
    user, name = user_with(world, replace(GIVEN_NAME, value=f"Zoë {world.new_name()}"))
    expect_found(world, user.uri, exactly(name), ids=("PROTO-5.8-27",))
    as_latin_1 = replace(exactly(name), search_value=name.value.encode("latin-1"))
    expect_refusal(world.peer.identifier_query(IdentifierRequest((as_latin_1,))), "PROTO-5.8-27")
