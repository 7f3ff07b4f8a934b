"""Identifier queries in a test's words: conditions, and whom an answer names (PROTO 5.8).

What a provider's policy leaves open is no failure: `forbidden`, `unsupportedField`, and `ambiguous` where an exact
match is asked for. Such an answer ends a test as inconclusive, because it says nothing about the search itself.
"""

from hypothesis import strategies as st

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataDictionary
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.suites.target.judgement import blocked, expect, inconclusive
from mimi_conformance.suites.target.users import ProfileEntry, ProfileType, TargetUser
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import decoded

_SEARCH_TYPES = {
    ProfileType.HANDLE: SearchIdentifierType.handle,
    ProfileType.NICK: SearchIdentifierType.nick,
    ProfileType.EMAIL: SearchIdentifierType.email,
    ProfileType.PHONE: SearchIdentifierType.phone,
    ProfileType.OIDC_STD_CLAIM: SearchIdentifierType.oidc_std_claim,
    ProfileType.VCARD_FIELD: SearchIdentifierType.vcard_field,
}

POLICY = frozenset(
    {IdentifierQueryCode.ambiguous, IdentifierQueryCode.forbidden, IdentifierQueryCode.unsupported_field}
)
"""The codes with which a provider answers without having searched."""

_SHORTEST_PIECE = 10  # characters; shorter ones could be in the names of other tests' users, too


def condition(type_: SearchIdentifierType, value: str | bytes, name: str = "") -> QueryElement:
    """A query element; `name` is that of the claim or property, for the two types that have one."""
    return QueryElement(
        search_type=type_,
        claim_name=name.encode() if type_ is SearchIdentifierType.oidc_std_claim else None,
        property_name=name.encode() if type_ is SearchIdentifierType.vcard_field else None,
        search_value=value.encode() if isinstance(value, str) else value,
    )


def exactly(field: ProfileEntry) -> QueryElement:
    """The condition that asks for this very field of a profile."""
    return condition(_SEARCH_TYPES[field.type], field.value, field.name)


def pieces(text: str) -> st.SearchStrategy[str]:
    """Pieces of a text, long enough to be in no other user's profile."""
    shortest = min(_SHORTEST_PIECE, len(text))
    return st.integers(0, len(text) - shortest).flatmap(
        lambda start: st.integers(start + shortest, len(text)).map(lambda end: text[start:end])
    )


def field_of(user: TargetUser, wish: ProfileEntry) -> ProfileEntry:
    """The field of a user's profile that a test asked for, with its value."""
    field = user.entry(wish.type, wish.name, searchable=wish.searchable)
    if field is None:
        blocked(f"a field of type {wish.type} in the profile of {user.name}")
    return field


def user_with(world: World, wish: ProfileEntry) -> tuple[TargetUser, ProfileEntry]:
    """A user of the target whose profile has a field like this one, and that field with its value."""
    user = world.user(profile=[wish])
    return user, field_of(user, wish)


def ask(
    world: World, *conditions: QueryElement, extensions: AppDataDictionary = NO_APP_DATA, ids: tuple[str, ...] = ()
) -> IdentifierResponse:
    """What the target answers to a query of our peer, of which all conditions have to hold."""
    return decoded(world.peer.identifier_query(IdentifierRequest(conditions, extensions)), IdentifierResponse, *ids)


def named(response: IdentifierResponse) -> frozenset[str]:
    """The users in an answer, in whichever of its two lists (AMB-114)."""
    profiles = (profile.stable_uri.text for profile in response.found_profiles)
    return frozenset(uri.text for uri in response.uri).union(profiles)


def must_find(world: World, user: MimiUri, *conditions: QueryElement) -> IdentifierResponse:
    """Go on only when a query finds this user: that another one does not says nothing otherwise."""
    response = ask(world, *conditions)
    if response.response_code is not IdentifierQueryCode.success or user.text not in named(response):
        blocked(f"the query that should find {user} was answered with {response.response_code.name}")
    return response


def expect_found(world: World, user: MimiUri, *conditions: QueryElement, ids: tuple[str, ...]) -> IdentifierResponse:
    """Judge that a query finds this user, among others perhaps."""
    response = ask(world, *conditions, ids=ids)
    code, found = response.response_code, named(response)
    if code in POLICY:
        inconclusive(f"the target's policy answers {code.name} to this query", *ids)
    expect(
        code is IdentifierQueryCode.success and user.text in found,
        *ids,
        expected=f"success, naming {user}",
        got=f"{code.name}, naming {', '.join(sorted(found)) or 'nobody'}",
    )
    return response


def expect_not_found(world: World, user: MimiUri, *conditions: QueryElement, ids: tuple[str, ...]) -> None:
    """Judge that a query does not find this user; others may be found, and policy may forbid the query."""
    response = ask(world, *conditions, ids=ids)
    found = named(response)
    expect(user.text not in found, *ids, expected=f"an answer without {user}", got=", ".join(sorted(found)))
