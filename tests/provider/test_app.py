"""The edge: bodies that are too large, too slow or cut off, and what the server sends back over real connections."""

import asyncio

import pytest

from mimi_conformance.reference.provider.app import create_app
from mimi_conformance.reference.provider.asset_client import AssetClient
from mimi_conformance.reference.provider.messages import DIRECTORY_PATH
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import PEER_CERTIFICATE
from tests.provider.conftest import make_provider

PATH = "/v1/identifierQuery/a.example"
EMPTY_QUERY = b"\0\0"


class Conversation:
    """Calls the app as a server would, with a body in pieces."""

    def __init__(self, world, **settings) -> None:
        self.served = []
        self.world = world
        world.use(make_provider(**settings))

    def run(self, *pieces: bytes, method="POST", path=PATH, ending="complete"):
        """Status, headers and body; ``ending`` may be "stalled" or "disconnected" instead. Empty when unanswered."""
        incoming = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        sent = []

        async def receive():
            if incoming:
                return incoming.pop(0)
            if ending == "stalled":
                await asyncio.Event().wait()
            return {"type": "http.request" if ending == "complete" else "http.disconnect"}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "raw_path": path.encode(),
            "headers": [(b"host", b"a.example"), (b"from", b"mimi@b.example")],
            "extensions": {PEER_CERTIFICATE: self.world.certificates["b.example"]},
        }
        assets = AssetClient(self.world.provider.settings.downloads, self.world.peers.client)
        app = create_app(self.world.working, assets, served=self.served.append)
        asyncio.run(app(scope, receive, send))
        if not sent:
            return None
        [start, body] = sent
        return start["status"], dict(start["headers"]), body["body"]


def test_a_body_in_pieces_is_one_body(world):
    status, headers, body = Conversation(world).run(EMPTY_QUERY[:1], EMPTY_QUERY[1:])
    assert status == 200
    assert headers == {b"content-length": str(len(body)).encode(), b"content-type": b"application/octet-stream"}


def test_an_answer_without_body_has_no_type(world):
    body = world.entry("request").encode()
    status, headers, _ = Conversation(world).run(body, path="/v1/requestConsent/a.example")
    assert (status, headers) == (201, {b"content-length": b"0"})


def test_a_body_at_the_limit_is_taken(world):
    status, _, body = Conversation(world, max_body_bytes=5).run(b"\xff" * 5)
    assert (status, b"no IdentifierRequest" in body) == (400, True)


@pytest.mark.parametrize("pieces", [(b"123456",), (b"123", b"456"), (b"1",) * 20])
def test_a_body_beyond_the_limit_is_refused(world, pieces):
    status, headers, body = Conversation(world, max_body_bytes=5).run(*pieces)
    assert (status, headers[b"connection"]) == (413, b"close")
    assert b"larger than 5 bytes" in body


def test_an_endless_body_is_not_waited_for(world):
    endless = [b"12345"] * 100
    status, _, _ = Conversation(world, max_body_bytes=5).run(*endless, ending="stalled")
    assert status == 413


def test_a_slow_body_is_given_up_on(world):
    status, headers, _ = Conversation(world, body_seconds=0.01).run(b"1", ending="stalled")
    assert (status, headers[b"connection"]) == (408, b"close")


def test_a_body_that_is_cut_off_changes_nothing(world):
    before = world.dump()
    conversation = Conversation(world)
    body = world.entry("request").encode()
    assert conversation.run(body, path="/v1/requestConsent/a.example", ending="disconnected") is None
    assert (world.dump(), conversation.served) == (before, [])


def test_what_was_served_is_told(world):
    conversation = Conversation(world)
    conversation.run(EMPTY_QUERY, path="/nowhere")
    [served] = conversation.served
    assert (served.request.raw_path, served.answer.status) == ("/nowhere", 404)
    assert served.seconds >= 0


def test_the_directory_says_its_length_to_head_as_well(world):
    _, headers, _ = Conversation(world).run(method="HEAD", path=DIRECTORY_PATH)
    assert int(headers[b"content-length"]) > 0


class Failing(Provider):
    def answer_to_consent(self, transaction, call):
        super().answer_to_consent(transaction, call)
        raise RuntimeError("a defect of this program")


def test_a_failure_after_a_change_undoes_the_change(world):
    conversation = Conversation(world)
    conversation.world.use(make_provider(Failing))
    before = world.dump()
    with pytest.raises(RuntimeError):
        conversation.run(world.entry("request").encode(), path="/v1/requestConsent/a.example")
    assert world.dump() == before
