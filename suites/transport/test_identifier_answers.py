"""identifierQuery: what queries and answers are made of, and what each code says (PROTO 5.8)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
from mimi_conformance.reference.wire.protocol.identifier import (
    FieldSource,
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
    ProfileField,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.suites.target.judgement import checks, expect, feature, inconclusive, other_reading
from mimi_conformance.suites.target.users import ProfileEntry, ProfileType, TargetUser
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import (
    decoded,
    described,
    expect_refusal,
    must_accept,
    warn_unless_refused,
)
from mimi_conformance.suites.transport.examples import OVER_THE_WIRE, REPEATED_COMPONENT, UNKNOWN_COMPONENT
from mimi_conformance.suites.transport.outgoing import sent_for_client
from mimi_conformance.suites.transport.queries import (
    POLICY,
    ask,
    condition,
    exactly,
    expect_found,
    field_of,
    must_find,
    named,
    user_with,
)

pytestmark = feature("identifier-query")

HANDLE = ProfileEntry(ProfileType.HANDLE)
GIVEN_NAME = ProfileEntry(ProfileType.OIDC_STD_CLAIM, name="given_name")
PHONE = ProfileEntry(ProfileType.PHONE)
ORGANISATION = ProfileEntry(ProfileType.VCARD_FIELD, name="ORG")

AT_ONCE = 8

_values = st.text(st.characters(exclude_categories=("C", "Z")), min_size=3, max_size=30)
_type_and_name = st.sampled_from(
    [
        *((type_, "") for type_ in SearchIdentifierType if type_ < SearchIdentifierType.oidc_std_claim),
        (SearchIdentifierType.oidc_std_claim, "given_name"),
        (SearchIdentifierType.oidc_std_claim, "locale"),
        (SearchIdentifierType.vcard_field, "ORG"),
        (SearchIdentifierType.vcard_field, "TITLE"),
    ]
)
_elements = st.builds(lambda of, value: condition(of[0], value, of[1]), _type_and_name, _values)


def _query_for(handle: str) -> IdentifierRequest:
    return IdentifierRequest((condition(SearchIdentifierType.handle, handle),))


@checks("PROTO-5.8-03", "PROTO-5.8-04", "PROTO-5.8-06", "PROTO-5.8-30")
def test_every_well_formed_query_gets_a_result_code(world: World) -> None:
    """Queries of one to four elements of any type are read, and answered with a code."""

    @OVER_THE_WIRE
    @given(st.lists(_elements, min_size=1, max_size=4))
    def is_answered(elements: list[QueryElement]) -> None:
        ask(world, *elements)

    is_answered()


@checks("PROTO-5.8-04")
@pytest.mark.parametrize(
    "element",
    [
        pytest.param(b"\x07\x03Bob", id="claim-without-name"),
        pytest.param(b"\x08\x03Bob", id="property-without-name"),
        pytest.param(b"\x01\x03Bob\x03Bob", id="handle-with-name"),
    ],
)
def test_an_element_with_a_field_too_many_or_too_few_is_refused(world: World, element: bytes) -> None:
    """Elements about a claim or a property have a name before the value, and the others have none."""
    twin = must_accept(world.peer.identifier_query(_query_for("Bob")))
    body = bytes([len(element)]) + element + NO_APP_DATA.encode()
    expect_refusal(world.peer.call("identifierQuery", world.domain, body), "PROTO-5.8-04", twin=twin)


@checks("PROTO-5.8-17", "PROTO-5.8-19", "PROTO-5.8-20")
@feature("search-handle")
def test_success_names_whoever_was_found(world: World) -> None:
    """A query that matches is answered with success, and with the user's URI."""
    user, handle = user_with(world, HANDLE)
    expect_found(world, user.uri, exactly(handle), ids=("PROTO-5.8-17", "PROTO-5.8-19", "PROTO-5.8-20"))


@checks("PROTO-5.8-20", "PROTO-5.8-21", "PROTO-5.8-30")
def test_a_query_without_a_match_is_answered_with_not_found(world: World) -> None:
    """An acceptable query for a handle that nobody has gets the code notFound, and names nobody."""
    handle = condition(SearchIdentifierType.handle, f"im:{world.new_name()}@{world.domain}")
    response = ask(world, handle, ids=("PROTO-5.8-21", "PROTO-5.8-30"))
    code = response.response_code
    expect(code is not IdentifierQueryCode.success, "PROTO-5.8-20", expected="anything but success", got=code.name)
    if code in POLICY:
        inconclusive(f"the target's policy answers {code.name} to a handle", "PROTO-5.8-21")
    expect(not named(response), "PROTO-5.8-21", expected="notFound, naming nobody", got=sorted(named(response)))


def too_vague(user: TargetUser) -> tuple[QueryElement, ...]:
    """The first letter of the user's name."""
    return (condition(SearchIdentifierType.partial_name, field_of(user, GIVEN_NAME).value[:1]),)


def too_nosy(user: TargetUser) -> tuple[QueryElement, ...]:
    """Whose phone number this is, by a piece of the profile."""
    phone, name = field_of(user, PHONE), field_of(user, GIVEN_NAME)
    return exactly(phone), condition(SearchIdentifierType.whole_profile, name.value)


def for_no_claim(user: TargetUser) -> tuple[QueryElement, ...]:
    """The user's name, under a claim that does not exist."""
    return (exactly(replace(field_of(user, GIVEN_NAME), name="no_such_claim")),)


@pytest.mark.parametrize(
    ("code", "rule", "query"),
    [
        pytest.param(
            IdentifierQueryCode.ambiguous,
            "PROTO-5.8-22",
            too_vague,
            marks=(checks("PROTO-5.8-22"), feature("search-partial-name")),
            id="ambiguous",
        ),
        pytest.param(
            IdentifierQueryCode.forbidden,
            "PROTO-5.8-23",
            too_nosy,
            marks=(checks("PROTO-5.8-23"), feature("search-phone", "search-whole-profile")),
            id="forbidden",
        ),
        pytest.param(
            IdentifierQueryCode.unsupported_field,
            "PROTO-5.8-24",
            for_no_claim,
            marks=(checks("PROTO-5.8-24"), feature("search-oidc-claim")),
            id="unsupportedField",
        ),
    ],
)
def test_a_query_that_policy_objects_to_names_nobody(
    world: World, code: IdentifierQueryCode, rule: str, query: Callable[[TargetUser], tuple[QueryElement, ...]]
) -> None:
    """Where policy answers a query with the code for too vague, too nosy or an unknown field, it names nobody."""
    user = world.user(profile=[GIVEN_NAME, PHONE])
    response = ask(world, *query(user), ids=(rule,))
    found = sorted(named(response))
    expect(response.response_code is not code or not found, rule, expected=f"{code.name}, naming nobody", got=found)
    if response.response_code is not code:
        inconclusive(f"the target's policy answers {response.response_code.name} to such a query", rule)


@checks("PROTO-5.8-25", "PROTO-5.8-26")
@feature("search-handle")
def test_shared_fields_are_shown_with_source_and_name(world: World) -> None:
    """The profile of a user who was found holds the claim and the property that the user shares."""
    wishes = replace(GIVEN_NAME, shared=True), replace(ORGANISATION, shared=True)
    user = world.user(profile=[HANDLE, *wishes])
    response = must_find(world, user.uri, exactly(field_of(user, HANDLE)))
    profiles = [profile for profile in response.found_profiles if profile.stable_uri.text == user.uri.text]
    if not profiles:
        other_reading("AMB-114", "foundProfiles does not hold everybody who was found")
        return
    claim, organisation = (field_of(user, wish).value.encode() for wish in wishes)
    for shown in (
        ProfileField(FieldSource.oidc_std_claim, "given_name", claim),
        ProfileField(FieldSource.vcard_field, "ORG", organisation),
    ):
        expect(shown in profiles[0].fields, expected=f"{shown} in the profile", got=profiles[0].fields)


@checks("PROTO-5.8-02")
@feature("search-handle")
def test_repeating_a_query_gives_the_same_answer(world: World) -> None:
    """A query changes nothing: asked again, and by several at once, it is answered in the same way."""
    user, handle = user_with(world, HANDLE)
    first = must_find(world, user.uri, exactly(handle))
    query = IdentifierRequest((exactly(handle),))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        exchanges = list(pool.map(lambda _: world.peer.identifier_query(query), range(AT_ONCE)))
    for exchange in exchanges:
        answer = decoded(exchange, IdentifierResponse)
        again = (answer.response_code, named(answer))
        expect(again == (first.response_code, named(first)), expected=f"{first}", got=answer)


@checks("PROTO-5.8-28")
@feature("search-handle")
def test_an_unknown_component_in_a_query_is_ignored(world: World) -> None:
    """The query's extensions are a dictionary in which a component that nobody knows changes nothing."""
    user, handle = user_with(world, HANDLE)
    must_find(world, user.uri, exactly(handle))
    exchange = world.peer.identifier_query(IdentifierRequest((exactly(handle),), UNKNOWN_COMPONENT))
    if exchange.status is not None and exchange.status // 100 == 4:
        other_reading("AMB-145", f"unknown components are refused: {described(exchange)}")
        return
    answer = decoded(exchange, IdentifierResponse)
    expect(user.uri.text in named(answer), expected=f"an answer with {user.uri}", got=answer)


@checks("PROTO-5.8-28")
@feature("search-handle")
def test_a_repeated_component_in_a_query_is_refused(world: World) -> None:
    """The dictionary has an entry for a component once; that it is taken all the same is a warning."""
    user, handle = user_with(world, HANDLE)
    must_find(world, user.uri, exactly(handle))
    warn_unless_refused(world.peer.identifier_query(IdentifierRequest((exactly(handle),), REPEATED_COMPONENT)))


@checks("PROTO-5.8-29")
@feature("search-handle")
def test_a_query_for_another_provider_is_refused(world: World) -> None:
    """The domain in the path is one that the target serves, even if the query would find somebody there."""
    user, handle = user_with(world, HANDLE)
    must_find(world, user.uri, exactly(handle))
    query = IdentifierRequest((exactly(handle),))
    exchange = world.peer.send("POST", world.peer.url("identifierQuery", "elsewhere.example"), body=query.encode())
    expect_refusal(exchange, "PROTO-5.8-29", ambiguity="AMB-011")


@checks("PROTO-5.8-01")
def test_a_query_goes_straight_to_the_provider_it_is_about(world: World) -> None:
    """What a local client wants to know of a peer is asked of that peer, by POST, in the client's words."""
    user = world.user(clients=1)
    query = _query_for(f"im:{world.new_name()}@{world.peer.domain}")
    sent = sent_for_client(
        world,
        user.clients[0],
        world.peer,
        endpoint="identifierQuery",
        about=world.peer.domain,
        body=query.encode(),
    )
    expect(sent.method == "POST", expected="a POST", got=sent.method)
    expect(sent.request_body == query.encode(), expected=f"{query}", got=sent.request_body)
