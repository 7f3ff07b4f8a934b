"""Answers that depend on another provider's: what is asked, what comes back, and what is remembered in between."""

import asyncio
from http import HTTPStatus

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.app import create_app
from mimi_conformance.reference.provider.asset_client import AssetClient
from mimi_conformance.reference.provider.messages import (
    Answer,
    Call,
    Endpoint,
    Outgoing,
    Refusal,
    Relay,
    Unanswered,
)
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import PEER_CERTIFICATE
from tests.provider.conftest import make_provider

ALICE = MimiUri.user("a.example", "alice")
PHONE = MimiUri.client("a.example", "alice", "phone")
CAROL = MimiUri.user("c.example", "carol")
DAVE = MimiUri.user("a.example", "dave")
ERIN = MimiUri.user("a.example", "erin")

CALL = Call(Endpoint.IDENTIFIER_QUERY, "b.example", CAROL.text, b"request")
RELAY = Relay(CALL, Outgoing("c.example", Endpoint.IDENTIFIER_QUERY, CAROL.text, b"request"))


class Relaying(Provider):
    """Asks c.example whatever it is asked itself, and makes a user before and another one after that."""

    def answer(self, transaction, call, now):
        transaction.add_user(DAVE)
        return Relay(call, Outgoing("c.example", call.endpoint, call.subject, call.body))

    def relayed_answer(self, transaction, relay, outcome, now):
        transaction.add_user(ERIN)
        if outcome == Answer(404):
            raise Refusal(HTTPStatus.CONFLICT, "There is no such user.")
        return super().relayed_answer(transaction, relay, outcome, now)


@pytest.fixture
def relaying(world):
    world.use(make_provider(Relaying))
    return world


def users(world) -> set[MimiUri]:
    with world.storage.transaction() as transaction:
        return {user.uri for user in transaction.users()}


def relayed(world, outcome) -> Answer:
    with world.storage.transaction() as transaction:
        return world.provider.answer_to_relayed(transaction, RELAY, outcome, world.now)


def test_what_is_asked_is_said_instead_of_an_answer(relaying):
    assert relaying.post("identifierQuery", CAROL.text, b"request") == RELAY


def test_the_answer_comes_back_as_it_is_but_for_the_headers_of_another_connection(world):
    answer = Answer(200, b"body", "a/type", (("connection", "close"), ("date", "today")))
    assert relayed(world, answer) == Answer(200, b"body", "a/type")


def test_who_can_not_be_asked_is_named(world):
    answer = relayed(world, Unanswered("c.example is down."))
    assert (answer.status, answer.body, answer.reason) == (502, b"c.example is down.\n", "c.example is down.")


def test_an_answer_that_is_refused_leaves_no_trace(relaying):
    answer = relayed(relaying, Answer(404))
    assert (answer.status, answer.reason) == (409, "There is no such user.")
    assert ERIN not in users(relaying)


def test_the_server_asks_between_two_transactions(relaying, monkeypatch):
    seen = []

    async def ask(outgoing):
        seen.append((outgoing, users(relaying)))
        return Answer(200, b"theirs")

    monkeypatch.setattr(relaying.peers.client, "ask", ask)

    async def receive():
        return {"type": "http.request", "body": b"request"}

    sent = []

    async def send(message):
        sent.append(message)

    scope = {
        "method": "POST",
        "raw_path": b"/v1/identifierQuery/mimi%3A%2F%2Fc.example%2Fu%2Fcarol",
        "headers": [(b"host", b"a.example"), (b"from", b"mimi@b.example")],
        "extensions": {PEER_CERTIFICATE: relaying.certificates["b.example"]},
    }
    assets = AssetClient(relaying.provider.settings.downloads, relaying.peers.client)
    asyncio.run(create_app(relaying.working, assets)(scope, receive, send))
    assert seen == [(RELAY.outgoing, {ALICE, DAVE})]
    assert (sent[0]["status"], sent[1]["body"]) == (200, b"theirs")
    assert users(relaying) == {ALICE, DAVE, ERIN}


@pytest.mark.parametrize(("theirs", "status"), [(Answer(200, b"theirs"), 200), (Answer(404), 409)])
def test_own_clients_get_relayed_answers_too(relaying, monkeypatch, theirs, status):
    asked = []

    async def send(outgoing):
        asked.append(outgoing)
        return theirs

    monkeypatch.setattr(relaying.peers.client, "send", send)
    answer = relaying.service.request(PHONE, Endpoint.IDENTIFIER_QUERY, "a.example", CAROL.text, b"request")
    assert asked == [Outgoing("c.example", Endpoint.IDENTIFIER_QUERY, CAROL.text, b"request")]
    assert answer.status == status


def test_own_clients_learn_that_nobody_could_be_asked(relaying):
    relaying.service.add_peers({"c.example": ("127.0.0.1", 1)})
    answer = relaying.service.request(PHONE, Endpoint.IDENTIFIER_QUERY, "a.example", CAROL.text, b"request")
    assert answer.status == 502
    assert "c.example" in answer.reason
