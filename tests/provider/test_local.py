"""What local clients may ask for, and what is remembered before it goes out (PROTO 5.2, 5.7)."""

import threading
from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import Answer, Endpoint, LocalRequestError
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest
from tests.exercised import exercises

ALICE = MimiUri.user("a.example", "alice")
PHONE = MimiUri.client("a.example", "alice", "phone")
DAVE = MimiUri.user("a.example", "dave")
DAVES = MimiUri.client("a.example", "dave", "phone")
BOB = MimiUri.user("b.example", "bob")


class Sent(list):
    """Stands where the network begins, and keeps what would have gone out."""

    answer = Answer(201)

    async def __call__(self, outgoing):
        self.append(outgoing)
        return self.answer


@pytest.fixture
def sent(world, monkeypatch) -> Sent:
    requests = Sent()
    monkeypatch.setattr(world.peers.client, "send", requests)
    return requests


def ask(world, endpoint, body, *, provider="b.example", about=BOB.text, client=PHONE):
    return world.service.request(client, endpoint, provider, about, body)


def test_a_request_goes_out_as_it_came(world, sent):
    body = world.entry("request", ALICE, BOB).encode()
    ask(world, Endpoint.REQUEST_CONSENT, body)
    [outgoing] = sent
    assert (outgoing.provider, outgoing.endpoint, outgoing.subject) == ("b.example", "requestConsent", BOB.text)
    assert outgoing.body == body


@exercises("PROTO-5.7-11")
def test_a_cancel_needs_its_request(world, sent):
    cancel = world.entry("cancel", ALICE, BOB).encode()
    with pytest.raises(LocalRequestError, match="same scope"):
        ask(world, Endpoint.REQUEST_CONSENT, cancel)
    ask(world, Endpoint.REQUEST_CONSENT, world.entry("request", ALICE, BOB).encode())
    ask(world, Endpoint.REQUEST_CONSENT, cancel)
    assert len(sent) == 2


@exercises("PROTO-5.7-32")
def test_a_grant_counts_at_once_and_its_key_packages_are_spent(world, sent):
    key_package = world.key_package(PHONE)
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(PHONE, (key_package,)),)))
    grant = world.entry("grant", BOB, ALICE, key_packages=(key_package,))
    ask(world, Endpoint.UPDATE_CONSENT, grant.encode())
    with world.storage.transaction() as transaction:
        assert world.provider.has_consent(transaction, BOB, ALICE, None)
        assert transaction.unused_key_packages(PHONE) == ()


@pytest.mark.parametrize(
    ("endpoint", "entry", "reason"),
    [
        (Endpoint.REQUEST_CONSENT, ("request", DAVE, BOB), "can't send a consent entry of"),
        (Endpoint.UPDATE_CONSENT, ("grant", BOB, DAVE), "can't send a consent entry of"),
        (Endpoint.UPDATE_CONSENT, ("request", ALICE, BOB), "no operation of"),
        (Endpoint.REQUEST_CONSENT, ("grant", BOB, ALICE), "no operation of"),
        (Endpoint.REQUEST_CONSENT, ("request", ALICE, MimiUri.user("c.example", "carol")), "no user of b.example"),
    ],
)
def test_consent_that_breaks_a_rule_stays_here(world, sent, endpoint, entry, reason):
    before = world.dump()
    with pytest.raises(LocalRequestError, match=reason):
        ask(world, endpoint, world.entry(*entry).encode())
    assert (sent, world.dump()) == ([], before)


@pytest.mark.parametrize("endpoint", [Endpoint.REQUEST_CONSENT, Endpoint.UPDATE_CONSENT, Endpoint.KEY_MATERIAL])
def test_what_can_not_be_read_stays_here(world, sent, endpoint):
    with pytest.raises(LocalRequestError, match="offset 0"):
        ask(world, endpoint, b"\xff")
    assert sent == []


def test_clients_do_not_notify(world, sent):
    with pytest.raises(LocalRequestError, match="Hubs notify"):
        ask(world, Endpoint.NOTIFY, b"")


def test_requests_that_cannot_be_read_are_for_others_to_refuse(world, sent):
    ask(world, Endpoint.UPDATE, b"anything", about="mimi://b.example/r/clubhouse")
    assert sent[0].body == b"anything"


def test_a_request_to_the_own_provider_needs_no_network(world, sent):
    daves_phone = ClientChange(DAVES)
    world.service.change_user(UserChange(DAVE, clients=(daves_phone,)))
    entry = world.entry("request", ALICE, DAVE).encode()
    answer = ask(world, Endpoint.REQUEST_CONSENT, entry, provider="a.example", about=DAVE.text)
    assert (answer.status, sent) == (201, [])
    assert [delivery.body for delivery in world.inbox(DAVES)] == [entry]


def test_a_refusal_of_the_own_provider_is_an_answer(world):
    assert ask(world, Endpoint.IDENTIFIER_QUERY, b"?", provider="a.example", about="a.example").status == 400
    body = IdentifierRequest(()).encode()
    assert ask(world, Endpoint.IDENTIFIER_QUERY, body, provider="a.example", about="a.example").status == 200


@pytest.mark.parametrize("client", [DAVES, MimiUri.client("b.example", "bob", "phone")])
def test_only_local_clients_ask_and_read(world, sent, client):
    with pytest.raises(LocalRequestError, match="no client of a user of"):
        ask(world, Endpoint.IDENTIFIER_QUERY, b"", client=client)
    with pytest.raises(LocalRequestError, match="no client of a user of"):
        world.service.deliveries(client)


@pytest.mark.parametrize("user", [BOB, MimiUri.room("a.example", "room")])
def test_only_local_users_are_kept(world, user):
    with pytest.raises(LocalRequestError, match="is no user of"):
        world.service.change_user(UserChange(user))


def test_a_change_that_fails_changes_nothing(world):
    good = world.key_package(DAVES)
    broken = replace(good, signature=b"")
    before = world.dump()
    for key_packages, reason in (((good, good), "given before"), ((good, broken), "is not valid. The signature")):
        change = UserChange(DAVE, clients=(ClientChange(DAVES, key_packages),))
        with pytest.raises(LocalRequestError, match=reason):
            world.service.change_user(change)
    assert world.dump() == before


def test_a_client_has_one_user(world):
    with pytest.raises(LocalRequestError, match="belongs to another user"):
        world.service.change_user(UserChange(DAVE, clients=(ClientChange(PHONE),)))


def test_a_user_decides_for_itself_only(world):
    with pytest.raises(LocalRequestError, match="decide"):
        world.service.change_user(UserChange(ALICE, consent=(ConsentDecision(BOB, DAVE, None, granted=True),)))


def test_waiting_for_deliveries_ends_when_one_arrives(world):
    arrived = []
    waiter = threading.Thread(target=lambda: arrived.extend(world.service.deliveries(PHONE, 0, 10)))
    waiter.start()
    world.post("requestConsent", ALICE.text, world.entry("request").encode())
    waiter.join(5)
    assert len(arrived) == 1


def test_waiting_for_deliveries_ends_with_the_time(world):
    assert world.service.deliveries(PHONE, 0, 0.01) == ()


def test_the_cursor_skips_what_was_seen(world):
    world.post("requestConsent", ALICE.text, world.entry("request").encode())
    world.post("requestConsent", ALICE.text, world.entry("cancel").encode())
    first, second = world.inbox()
    assert world.service.deliveries(PHONE, first.cursor) == (second,)
    assert world.service.deliveries(PHONE, second.cursor) == ()


def test_reset_forgets_everything(world):
    world.post("requestConsent", ALICE.text, world.entry("request").encode())
    world.service.reset()
    with pytest.raises(LocalRequestError):
        world.inbox()
    with world.storage.transaction() as transaction:
        assert transaction.users() == ()


def test_a_provider_that_nobody_can_reach_is_named(world):
    world.service.add_peers({"b.example": ("127.0.0.1", 1)})
    with pytest.raises(PeerError, match=r"https://b\.example/\.well-known/mimi-protocol-directory failed"):
        ask(world, Endpoint.IDENTIFIER_QUERY, b"")
