"""identifierQuery: every search type, every code, and who is never found (PROTO 5.8)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.identifier_query import user_part
from mimi_conformance.reference.provider.local import UserChange
from mimi_conformance.reference.provider.query_policy import Condition, QueryPolicy
from mimi_conformance.reference.provider.users import ProfileEntry
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.identifier import (
    FieldSource,
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
    ProfileField,
    QueryElement,
    SearchIdentifierType,
)
from tests.exercised import exercises
from tests.provider.conftest import make_provider

Search = SearchIdentifierType
Code = IdentifierQueryCode
ALICE = MimiUri.user("a.example", "alice")
MATTHEW = MimiUri.user("a.example", "matthew")

PROFILE = (
    ProfileEntry(Search.handle, "im:alice.smith@a.example"),
    ProfileEntry(Search.handle, "mimi://a.example/u/al%20ice"),
    ProfileEntry(Search.nick, "Ally"),
    ProfileEntry(Search.email, "asmith@a.example"),
    ProfileEntry(Search.phone, "+12125551212"),
    ProfileEntry(Search.oidc_std_claim, "Alice", "given_name", shared=True),
    ProfileEntry(Search.oidc_std_claim, "Straße", "family_name"),
    ProfileEntry(Search.oidc_std_claim, "secret", "nickname", searchable=False),
    ProfileEntry(Search.vcard_field, "ACME", "ORG", shared=True),
)


@pytest.fixture
def alice(world):
    world.service.change_user(UserChange(ALICE, profile=PROFILE))
    return world


def element(kind: str, value: str | bytes, name: str = "") -> QueryElement:
    search_type = Search[kind]
    return QueryElement(
        search_type=search_type,
        claim_name=name.encode() if search_type is Search.oidc_std_claim else None,
        property_name=name.encode() if search_type is Search.vcard_field else None,
        search_value=value if isinstance(value, bytes) else value.encode(),
    )


def query(world, *elements: QueryElement, **options) -> IdentifierResponse:
    answer = world.post("identifierQuery", "a.example", IdentifierRequest(elements).encode(), **options)
    assert answer.status == 200
    return IdentifierResponse.decode(answer.body)


def finds(world, kind: str, value: str, name: str = "") -> bool:
    response = query(world, element(kind, value, name))
    assert response.response_code in (Code.success, Code.not_found)
    assert (response.response_code is Code.success) == (response.uri == (IdentifierUri.of(ALICE.text),))
    return response.response_code is Code.success


@exercises(
    "PROTO-5.8-07",
    "PROTO-5.8-08",
    "PROTO-5.8-09",
    "PROTO-5.8-10",
    "PROTO-5.8-11",
    "PROTO-5.8-12",
    "PROTO-5.8-13",
    "PROTO-5.8-14",
    "PROTO-5.8-20",
)
@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("handle", "im:alice.smith@a.example", ""),
        ("nick", "alice.smith", ""),
        ("nick", "al ice", ""),
        ("nick", "Ally", ""),
        ("email", "asmith@a.example", ""),
        ("phone", "+12125551212", ""),
        ("partial_name", "aLiCe", ""),
        ("partial_name", "LIC", ""),
        ("partial_name", "strasse", ""),
        ("partial_name", "ally", ""),
        ("whole_profile", "smith@a.ex", ""),
        ("whole_profile", "ACM", ""),
        ("oidc_std_claim", "Alice", "given_name"),
        ("vcard_field", "ACME", "ORG"),
        ("vcard_field", "ACME", "org"),
    ],
)
def test_each_type_finds_by_its_rule(alice, kind, value, name):
    assert finds(alice, kind, value, name)


@exercises("PROTO-5.8-07", "PROTO-5.8-08", "PROTO-5.8-09", "PROTO-5.8-10", "PROTO-5.8-21")
@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [
        ("handle", "alice.smith", ""),
        ("handle", "im:alice.smith", ""),
        ("handle", "im:Alice.smith@a.example", ""),
        ("handle", "Ally", ""),
        ("nick", "ally", ""),
        ("nick", "im:alice.smith@a.example", ""),
        ("nick", "Alice", ""),
        ("email", "ASMITH@a.example", ""),
        ("email", "smith@a.example", ""),
        ("phone", "12125551212", ""),
        ("phone", "+1212555121", ""),
        ("partial_name", "ACME", ""),
        ("partial_name", "asmith", ""),
        ("whole_profile", "acme", ""),
        ("oidc_std_claim", "alice", "given_name"),
        ("oidc_std_claim", "Alice", "name"),
        ("vcard_field", "ACM", "ORG"),
        ("vcard_field", "ACME", "TITLE"),
        ("handle", "", ""),
    ],
)
def test_each_type_finds_nothing_else(alice, kind, value, name):
    assert not finds(alice, kind, value, name)


@exercises("PROTO-5.8-15")
@pytest.mark.parametrize(
    ("kind", "value", "name"),
    [("oidc_std_claim", "secret", "nickname"), ("partial_name", "secret", ""), ("whole_profile", "secret", "")],
)
def test_a_field_that_is_not_searchable_finds_nobody(alice, kind, value, name):
    assert not finds(alice, kind, value, name)


@exercises("PROTO-5.8-15")
def test_a_user_can_allow_some_searches_only(alice):
    alice.service.change_user(UserChange(ALICE, search_types=frozenset({Search.handle})))
    assert finds(alice, "handle", "im:alice.smith@a.example")
    assert not finds(alice, "nick", "alice.smith")
    assert not finds(alice, "partial_name", "alice")


@exercises("PROTO-5.8-16")
def test_a_user_who_allows_no_search_is_never_found(alice):
    alice.service.change_user(UserChange(ALICE, search_types=frozenset()))
    assert not finds(alice, "handle", "im:alice.smith@a.example")


def test_a_deleted_user_is_not_found(alice):
    alice.service.change_user(UserChange(ALICE, deleted=True))
    assert not finds(alice, "handle", "im:alice.smith@a.example")


@exercises("PROTO-5.8-05")
def test_all_elements_must_match_the_same_user(alice):
    given, org = element("oidc_std_claim", "Alice", "given_name"), element("vcard_field", "ACME", "ORG")
    assert query(alice, given, org).response_code is Code.success
    assert query(alice, given, element("vcard_field", "Other", "ORG")).response_code is Code.not_found
    other = (ProfileEntry(Search.vcard_field, "Other", "ORG"),)
    alice.service.change_user(UserChange(MATTHEW, profile=other))
    assert query(alice, given, element("vcard_field", "Other", "ORG")).response_code is Code.not_found


@exercises("PROTO-5.8-18")
def test_every_match_has_a_uri_and_those_with_shared_fields_a_profile(alice):
    alice.service.change_user(
        UserChange(MATTHEW, profile=(ProfileEntry(Search.nick, "Ally"), ProfileEntry(Search.phone, "+1", shared=True)))
    )
    response = query(alice, element("nick", "Ally"))
    assert [uri.text for uri in response.uri] == [ALICE.text, MATTHEW.text]
    [profile] = response.found_profiles
    assert profile.stable_uri.text == ALICE.text
    assert profile.fields == (
        ProfileField(FieldSource.oidc_std_claim, "given_name", b"Alice"),
        ProfileField(FieldSource.vcard_field, "ORG", b"ACME"),
    )


@exercises("PROTO-5.8-02", "PROTO-5.8-30", "PROTO-5.8-01")
def test_the_query_is_safe_and_repeatable(alice):
    before = alice.dump()
    answers = [query(alice, element("nick", "Ally")) for _ in range(2)]
    assert answers[0] == answers[1]
    assert alice.dump() == before


@pytest.mark.parametrize(("ids", "status"), [((1, 0xF0F0), 200), ((0xF0F0, 0xF0F0), 400), ((0xF0F0, 1), 400)])
def test_extensions_may_be_unknown_and_must_be_in_order_and_unique(alice, ids, status):
    extensions = AppDataDictionary(tuple(ComponentData(component_id, b"?") for component_id in ids))
    body = IdentifierRequest((element("nick", "Ally"),), extensions).encode()
    assert alice.post("identifierQuery", "a.example", body).status == status


def test_no_elements_find_nobody(alice):
    assert query(alice).response_code is Code.not_found


@exercises("PROTO-5.8-24")
@pytest.mark.parametrize(
    ("kind", "name"), [("oidc_std_claim", "shoe_size"), ("vcard_field", "X-SHOE"), ("vcard_field", "")]
)
def test_fields_that_nobody_has_are_unsupported(alice, kind, name):
    assert query(alice, element(kind, "44", name)).response_code is Code.unsupported_field


@pytest.mark.parametrize("number", [0, 9, 255])
def test_an_unknown_search_type_is_unsupported(alice, number):
    body = bytearray(IdentifierRequest((element("nick", "Ally"),)).encode())
    body[1] = number
    answer = alice.post("identifierQuery", "a.example", bytes(body))
    assert IdentifierResponse.decode(answer.body).response_code is Code.unsupported_field


@exercises("PROTO-5.8-23")
@pytest.mark.parametrize("kind", ["email", "phone"])
@pytest.mark.parametrize("partial", ["partial_name", "whole_profile"])
def test_fishing_for_addresses_is_forbidden(alice, kind, partial):
    response = query(alice, element(kind, "+12125551212"), element(partial, "Alice"))
    assert (response.response_code, response.uri, response.found_profiles) == (Code.forbidden, (), ())


@pytest.mark.parametrize("partial", ["partial_name", "whole_profile"])
@pytest.mark.parametrize("value", ["", "A"])
def test_a_partial_search_for_next_to_nothing_is_ambiguous(alice, partial, value):
    assert query(alice, element(partial, value)).response_code is Code.ambiguous


@exercises("PROTO-5.8-22")
def test_a_partial_search_with_too_many_matches_is_ambiguous(world):
    for number in range(11):
        if number == 10:
            assert len(query(world, element("partial_name", "smith")).uri) == 10
        profile = (ProfileEntry(Search.oidc_std_claim, f"Smith {number}", "name"),)
        world.service.change_user(UserChange(MimiUri.user("a.example", f"smith{number}"), profile=profile))
    response = query(world, element("partial_name", "smith"))
    assert (response.response_code, response.uri) == (Code.ambiguous, ())
    exact = query(world, element("partial_name", "smith"), element("oidc_std_claim", "Smith 3", "name"))
    assert [uri.text for uri in exact.uri] == ["mimi://a.example/u/smith3"]


@exercises("PROTO-5.8-23", "PROTO-5.8-31")
@pytest.mark.parametrize("policy", [QueryPolicy(open=False), QueryPolicy(refused_providers=frozenset({"b.example"}))])
def test_a_provider_can_be_refused_altogether(alice, policy):
    alice.use(make_provider(query_policy=policy))
    assert query(alice, element("nick", "Ally")).response_code is Code.forbidden


@exercises("PROTO-5.8-29")
@pytest.mark.parametrize("subject", ["b.example", "A.example", ALICE.text])
def test_other_domains_are_not_queried_here(alice, subject):
    assert alice.post("identifierQuery", subject, IdentifierRequest(()).encode()).status == 404


@exercises("PROTO-5.8-27")
@pytest.mark.parametrize("element_", [element("nick", b"\xff"), element("oidc_std_claim", "Alice", "given_name")])
def test_text_must_be_utf_8(alice, element_):
    if element_.claim_name:
        element_ = replace(element_, claim_name=b"\xff")
    answer = alice.post("identifierQuery", "a.example", IdentifierRequest((element_,)).encode())
    assert answer.status == 400


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\0\0", b"\1\2\0", b"\2\1\5\0"])
def test_a_body_that_is_no_query_is_refused(alice, body):
    assert alice.post("identifierQuery", "a.example", body).status == 400


@given(
    st.lists(st.builds(Condition, st.sampled_from(Search), st.text(max_size=3), st.sampled_from(["name", "ORG", "?"])))
)
def test_a_policy_objects_to_more_only_when_more_is_asked(conditions):
    """An element added to a query that is refused never makes it acceptable."""
    policy = QueryPolicy()
    for end in range(len(conditions)):
        if policy.objection("b.example", tuple(conditions[:end])) is not None:
            assert policy.objection("b.example", tuple(conditions)) is not None


@pytest.mark.parametrize(
    ("handle", "user"),
    [
        ("im:alice.smith@a.example", "alice.smith"),
        ("mimi://a.example/u/alice", "alice"),
        ("mimi://a.example/u/al%20ice", "al ice"),
        ("alice@a.example", "alice"),
        ("alice", "alice"),
    ],
)
def test_the_user_part_of_a_handle(handle, user):
    assert user_part(handle) == user
