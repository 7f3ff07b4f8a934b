"""identifierQuery: who lets themselves be found, and by what (PROTO 5.8)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType
from mimi_conformance.suites.target.judgement import checks, feature
from mimi_conformance.suites.target.users import ProfileEntry, ProfileType
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.queries import (
    condition,
    exactly,
    expect_not_found,
    field_of,
    must_find,
    user_with,
)

pytestmark = feature("identifier-query")

HANDLE = ProfileEntry(ProfileType.HANDLE)
GIVEN_NAME = ProfileEntry(ProfileType.OIDC_STD_CLAIM, name="given_name")

every_field = pytest.mark.parametrize(
    "field",
    [
        pytest.param(HANDLE, marks=feature("search-handle"), id="handle"),
        pytest.param(ProfileEntry(ProfileType.NICK), marks=feature("search-nick"), id="nick"),
        pytest.param(ProfileEntry(ProfileType.EMAIL), marks=feature("search-email"), id="email"),
        pytest.param(ProfileEntry(ProfileType.PHONE), marks=feature("search-phone"), id="phone"),
        pytest.param(GIVEN_NAME, marks=feature("search-oidc-claim"), id="claim"),
        pytest.param(
            ProfileEntry(ProfileType.VCARD_FIELD, name="ORG"), marks=feature("search-vcard-field"), id="property"
        ),
    ],
)


@checks("PROTO-5.8-15")
@feature("search-oidc-claim")
@every_field
def test_a_field_that_is_not_searchable_finds_nobody(world: World, field: ProfileEntry) -> None:
    """A user who can be found by the family name is not found by a field that is kept out of searches."""
    xavier, open_field = user_with(world, field)
    must_find(world, xavier.uri, exactly(open_field))
    family_name = ProfileEntry(ProfileType.OIDC_STD_CLAIM, world.new_name(), "family_name")
    closed = replace(field, searchable=False)
    yolanda = world.user(profile=[family_name, closed])
    must_find(world, yolanda.uri, exactly(family_name))
    expect_not_found(world, yolanda.uri, exactly(field_of(yolanda, closed)), ids=("PROTO-5.8-15",))


@checks("PROTO-5.8-15")
@feature("search-handle")
@pytest.mark.parametrize(
    "type_",
    [
        pytest.param(SearchIdentifierType.partial_name, marks=feature("search-partial-name"), id="partialName"),
        pytest.param(SearchIdentifierType.whole_profile, marks=feature("search-whole-profile"), id="wholeProfile"),
    ],
)
def test_a_search_for_a_piece_passes_over_fields_that_are_not_searchable(
    world: World, type_: SearchIdentifierType
) -> None:
    """PartialName and wholeProfile look at searchable fields only."""
    xavier, open_name = user_with(world, GIVEN_NAME)
    must_find(world, xavier.uri, condition(type_, open_name.value))
    closed_name = replace(GIVEN_NAME, value=world.new_name(), searchable=False)
    yolanda = world.user(profile=[HANDLE, closed_name])
    must_find(world, yolanda.uri, exactly(field_of(yolanda, HANDLE)))
    expect_not_found(world, yolanda.uri, condition(type_, closed_name.value), ids=("PROTO-5.8-15",))


@checks("PROTO-5.8-15")
@feature("search-handle", "search-partial-name")
def test_a_user_can_be_open_to_one_type_of_search_only(world: World) -> None:
    """Yolanda is found by her exact handle, and not by her name."""
    xavier, name = user_with(world, GIVEN_NAME)
    must_find(world, xavier.uri, condition(SearchIdentifierType.partial_name, name.value))
    her_name = replace(GIVEN_NAME, value=world.new_name())
    yolanda = world.user(profile=[HANDLE, her_name], search_types=[SearchIdentifierType.handle])
    must_find(world, yolanda.uri, exactly(field_of(yolanda, HANDLE)))
    by_name = condition(SearchIdentifierType.partial_name, her_name.value)
    expect_not_found(world, yolanda.uri, by_name, ids=("PROTO-5.8-15",))


@checks("PROTO-5.8-16")
@every_field
def test_a_user_who_is_not_searchable_is_never_found(world: World, field: ProfileEntry) -> None:
    """Zach is not found by the exact value of his field, where such a query finds Xavier."""
    xavier, open_field = user_with(world, field)
    must_find(world, xavier.uri, exactly(open_field))
    zach, closed_field = user_with(world, replace(field, searchable=False))
    expect_not_found(world, zach.uri, exactly(closed_field), ids=("PROTO-5.8-16",))
