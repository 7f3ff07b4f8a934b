"""requestConsent and updateConsent: what is taken, what it changes, who sees it (PROTO 5.7, 8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from tests.exercised import exercises
from tests.provider.conftest import make_provider

ALICE = MimiUri.user("a.example", "alice")
BOB = MimiUri.user("b.example", "bob")
CLUBHOUSE = MimiUri.room("b.example", "clubhouse")
OTHER_ROOM = MimiUri.room("b.example", "other")
DESK = MimiUri.client("a.example", "alice", "desk")


def request_consent(world, entry, subject=ALICE.text, **options):
    return world.post("requestConsent", subject, entry.encode(), **options)


def update_consent(world, entry, subject=ALICE.text, **options):
    return world.post("updateConsent", subject, entry.encode(), **options)


def consents(world, requester, target, room=None) -> bool:
    with world.storage.transaction() as transaction:
        return world.provider.has_consent(transaction, requester, target, room)


@exercises("PROTO-5.7-01", "PROTO-5.7-08", "PROTO-5.7-09", "PROTO-5.7-15", "PROTO-8-05")
def test_a_request_is_taken_and_shown_to_every_client_of_the_target(world):
    entry = world.entry("request", room=CLUBHOUSE)
    answer = request_consent(world, entry)
    assert (answer.status, answer.body) == (201, b"")
    for client in (world.inbox(), world.inbox(DESK)):
        [delivery] = client
        assert (delivery.kind, delivery.provider, delivery.room) == (DeliveryKind.CONSENT, "b.example", None)
        assert delivery.body == entry.encode()


def test_a_pending_request_is_shown_once(world):
    for _ in range(2):
        assert request_consent(world, world.entry("request")).status == 201
    assert len(world.inbox()) == 1


@exercises("PROTO-5.7-06", "PROTO-5.7-10", "PROTO-8-01")
def test_a_cancel_of_the_same_scope_is_shown(world):
    request_consent(world, world.entry("request", room=CLUBHOUSE))
    assert request_consent(world, world.entry("cancel", room=CLUBHOUSE)).status == 201
    assert [delivery.body[0] for delivery in world.inbox()] == [1, 0]


@exercises("PROTO-5.7-10", "PROTO-5.7-12")
@pytest.mark.parametrize("room", [None, OTHER_ROOM])
def test_a_cancel_without_a_request_of_its_scope_is_taken_and_does_nothing(world, room):
    request_consent(world, world.entry("request", room=CLUBHOUSE))
    before = world.dump()
    assert request_consent(world, world.entry("cancel", room=room)).status == 201
    assert world.dump() == before


@exercises("PROTO-5.7-02", "PROTO-5.7-19", "PROTO-5.7-20", "PROTO-5.7-22", "PROTO-5.7-25", "PROTO-8-01", "PROTO-8-04")
def test_a_grant_is_shown_to_the_requester_and_remembered(world):
    entry = world.entry("grant", requester=ALICE, target=BOB)
    assert update_consent(world, entry).status == 201
    assert consents(world, ALICE, BOB)
    assert [delivery.body for delivery in world.inbox()] == [entry.encode()]


@exercises("PROTO-5.7-19", "PROTO-5.7-25", "PROTO-8-01")
def test_a_revoke_ends_what_a_grant_gave(world):
    update_consent(world, world.entry("grant", requester=ALICE, target=BOB))
    assert update_consent(world, world.entry("revoke", requester=ALICE, target=BOB)).status == 201
    assert not consents(world, ALICE, BOB)


def test_a_grant_settles_the_request_so_that_it_can_be_made_again(world):
    request_consent(world, world.entry("request"))
    with world.storage.transaction() as transaction:
        world.provider.record_consent(transaction, world.entry("revoke"))
    request_consent(world, world.entry("request"))
    assert len(world.inbox()) == 2


@exercises("PROTO-5.7-31")
def test_requests_and_grants_cross_for_a_bilateral_connection(world):
    assert request_consent(world, world.entry("request")).status == 201
    assert update_consent(world, world.entry("grant", requester=ALICE, target=BOB)).status == 201
    assert len(world.inbox()) == 2


@exercises("PROTO-5.7-06")
@pytest.mark.parametrize("operation", ["grant", "revoke"])
def test_decisions_have_no_place_at_request_consent(world, operation):
    assert request_consent(world, world.entry(operation)).status == 400


@exercises("PROTO-5.7-07")
@pytest.mark.parametrize("operation", ["request", "cancel"])
def test_requests_have_no_place_at_update_consent(world, operation):
    assert update_consent(world, world.entry(operation, requester=ALICE, target=BOB)).status == 400


@exercises("PROTO-5.7-03", "PROTO-5.7-13", "PROTO-5.7-14")
@pytest.mark.parametrize(
    "changes",
    [
        {"requester": MimiUri.user("c.example", "carol")},
        {"requester": ALICE},
        {"target": MimiUri.user("c.example", "carol"), "subject": "a.example"},
    ],
)
def test_only_the_senders_users_and_ours_are_spoken_of(world, changes):
    subject = changes.pop("subject", ALICE.text)
    before = world.dump()
    answer = request_consent(world, world.entry("request", **changes), subject)
    assert answer.status in (400, 403)
    assert world.dump() == before


@exercises("PROTO-5.7-23", "PROTO-5.7-24")
@pytest.mark.parametrize(
    ("requester", "target"),
    [
        (MimiUri.user("c.example", "carol"), BOB),
        (BOB, BOB),
        (ALICE, MimiUri.user("c.example", "carol")),
        (ALICE, ALICE),
    ],
)
def test_decisions_are_those_of_the_senders_users_for_ours(world, requester, target):
    before = world.dump()
    entry = world.entry("grant", requester=requester, target=target)
    assert update_consent(world, entry, "a.example").status == 403
    assert world.dump() == before


def test_a_target_elsewhere_is_refused_by_its_domain(world):
    carol = MimiUri.user("c.example", "carol")
    assert request_consent(world, world.entry("request", target=carol), carol.text).status == 403


@pytest.mark.parametrize("text", ["", "bob", "mimi://b.example/d/bob", "mimi://B.example/u/bob", "mimi://b.example"])
def test_identifiers_must_be_users(world, text):
    assert request_consent(world, world.entry("request", requester=text)).status == 400


@pytest.mark.parametrize("room", ["", "mimi://b.example/u/bob", "clubhouse"])
def test_the_room_must_be_a_room(world, room):
    assert request_consent(world, world.entry("request", room=room)).status == 400


def test_the_path_may_name_the_domain(world):
    assert request_consent(world, world.entry("request"), "a.example").status == 201


@pytest.mark.parametrize("subject", ["mimi://a.example/u/bob", "b.example", "mimi://b.example/u/bob"])
def test_the_path_must_agree_with_the_body(world, subject):
    assert request_consent(world, world.entry("request"), subject).status == 400


@exercises("PROTO-5.7-16", "PROTO-5.7-18", "PROTO-5.7-26", "PROTO-5.7-28")
@pytest.mark.parametrize("endpoint", [request_consent, update_consent])
def test_unknown_users_are_named_or_kept_secret(world, endpoint):
    nobody = MimiUri.user("a.example", "nobody")
    if endpoint is request_consent:
        entry = world.entry("request", target=nobody)
    else:
        entry = world.entry("grant", requester=nobody, target=BOB)
    assert endpoint(world, entry, nobody.text).status == 404
    world.use(make_provider(reveal_unknown_users=False))
    before = world.dump()
    assert endpoint(world, entry, nobody.text).status == 201
    assert world.dump() == before


def test_a_deleted_user_is_unknown(world):
    world.service.change_user(UserChange(ALICE, deleted=True))
    assert request_consent(world, world.entry("request")).status == 404


@exercises("PROTO-5.7-30")
def test_unknown_extensions_are_ignored(world):
    extensions = AppDataDictionary((ComponentData(0xF0F0, b"?"),))
    assert request_consent(world, world.entry("request", consent_extensions=extensions)).status == 201


@pytest.mark.parametrize("ids", [(0xF0F0, 0xF0F0), (0xF0F1, 0xF0F0)])
def test_extensions_out_of_order_or_repeated_are_refused(world, ids):
    extensions = AppDataDictionary(tuple(ComponentData(component_id, b"?") for component_id in ids))
    assert request_consent(world, world.entry("request", consent_extensions=extensions)).status == 400


@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda body: body + b"\0", lambda _: b""])
def test_a_body_that_is_not_exactly_one_entry_is_refused(world, change):
    body = change(world.entry("request").encode())
    assert world.post("requestConsent", ALICE.text, body).status == 400


@exercises("PROTO-8-02", "PROTO-8-03")
@given(st.lists(st.tuples(st.sampled_from([None, CLUBHOUSE, OTHER_ROOM]), st.booleans()), max_size=8))
def test_the_most_specific_decision_counts_and_then_the_latest(decisions):
    """Against the rule of AMB-110 spelled out over the whole history."""
    storage = SQLiteStorage()
    provider = make_provider()
    with storage.transaction() as transaction:
        for room, granted in decisions:
            transaction.record_decision(ConsentDecision(BOB, ALICE, room, granted))
        for room in (None, CLUBHOUSE):
            relevant = [granted for r, granted in decisions if r == room] or [g for r, g in decisions if r is None]
            assert provider.has_consent(transaction, BOB, ALICE, room) == (relevant[-1] if relevant else False)
    storage.close()


def test_a_user_without_clients_gets_nothing_and_no_error(world):
    dave = MimiUri.user("a.example", "dave")
    world.service.change_user(UserChange(dave))
    assert request_consent(world, world.entry("request", target=dave), dave.text).status == 201
    phone = MimiUri.client("a.example", "dave", "phone")
    world.service.change_user(UserChange(dave, clients=(ClientChange(phone),)))
    assert world.inbox(phone) == ()
