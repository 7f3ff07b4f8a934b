import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from mimi_conformance.mocks.network.exchange import Direction, Failure
from mimi_conformance.mocks.peers.answer import Reply, in_turn
from mimi_conformance.mocks.peers.directory import ENDPOINTS, EndpointError, templates_of
from mimi_conformance.mocks.peers.user import CIPHER_SUITE
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoCode, GroupInfoRequest, GroupInfoResponse
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.reference.wire.protocol.update import (
    HandshakeBundle,
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)

BOB = "mimi://b.example/u/bob"
CATHY = "mimi://c.example/u/cathy"
ROOM = "mimi://b.example/r/clubhouse"
DEADLINE_SECONDS = 5


def consent(operation):
    return ConsentEntry(
        consent_operation=operation,
        requester_uri=IdentifierUri.of(BOB),
        target_uri=IdentifierUri.of(CATHY),
        client_key_packages=() if operation is ConsentOperation.grant else None,
    )


def test_directory_lists_all_ten_endpoints_as_https_templates(b):
    directory = b.directory("c.example")

    assert set(directory.members) == set(ENDPOINTS)
    assert len(ENDPOINTS) == 10
    assert all(template.startswith("https://c.example/") for template in directory.members.values())
    assert directory.exchange.response_header("content-type") == ("application/json",)


def test_directory_is_fetched_once_until_it_is_wanted_fresh(b, network):
    mark = network.recorder.mark()
    b.directory("c.example")
    b.directory("c.example")
    assert len(network.recorder.since(mark)) == 2  # one exchange, seen from both ends

    b.directory("c.example", fresh=True)
    assert len(network.recorder.since(mark)) == 4


def test_both_ends_of_an_exchange_are_recorded_alike(b, network):
    mark = network.recorder.mark()
    sent = b.request_consent("c.example", consent(ConsentOperation.request))

    directory_answered, directory_asked, answered, asked = network.recorder.since(mark)
    assert directory_answered.endpoint == directory_asked.endpoint == "directory"
    assert asked == sent
    assert (asked.direction, answered.direction) == (Direction.TO_TARGET, Direction.TO_PEER)
    assert (asked.peer, answered.peer) == ("b.example", "c.example")
    for exchange in (asked, answered):
        assert exchange.method == "POST"
        assert exchange.endpoint == "requestConsent"
        assert exchange.subject == CATHY
        assert exchange.url == "https://c.example/v1/requestConsent/mimi%3A%2F%2Fc.example%2Fu%2Fcathy"
        assert exchange.request_target == "/v1/requestConsent/mimi%3A%2F%2Fc.example%2Fu%2Fcathy"
        assert exchange.request_body == consent(ConsentOperation.request).encode()
        assert exchange.request_header("from") == ("mimi@b.example",)
        assert exchange.request_header("host") == ("c.example",)
        assert exchange.certificate_names == ("b.example",)
        assert exchange.status == 201
        assert exchange.response_body == b""
        assert exchange.started <= exchange.ended


@pytest.mark.parametrize("method", ["request_consent", "update_consent"])
def test_consent_is_accepted(b, method):
    operation = ConsentOperation.request if method == "request_consent" else ConsentOperation.grant
    assert getattr(b, method)("c.example", consent(operation)).status == 201


def test_identifier_query_finds_nobody(b):
    element = QueryElement(search_type=SearchIdentifierType.handle, search_value=b"im:cathy@c.example")
    exchange = b.identifier_query("c.example", IdentifierRequest((element,)))

    assert exchange.url == "https://c.example/v1/identifierQuery/c.example"
    assert exchange.status == 200
    assert IdentifierResponse.decode(exchange.response_body).response_code is IdentifierQueryCode.not_found


@pytest.mark.parametrize("endpoint", [name for name in ENDPOINTS if name not in ("reportAbuse", "proxyDownload")])
def test_bodies_that_cannot_be_decoded_are_refused(b, endpoint):
    assert b.call("c.example", endpoint, CATHY, b"\xff").status == 400


@pytest.mark.parametrize("endpoint", ["reportAbuse", "proxyDownload"])
def test_a_provider_without_rooms_has_nothing_to_say_of_them(b, endpoint):
    assert b.call("c.example", endpoint, ROOM, b"anything").status == 404


def test_a_provider_without_rooms_answers_group_info_for_the_room_in_the_path(b):
    request = GroupInfoRequest(
        protocol=Protocol.mls10,
        cipher_suite=CIPHER_SUITE,
        requesting_signature_key=b"",
        requesting_credential=b.user("bob").device.credential,
        group_info_public_key=b"",
        joining_code=b"",
        signature=b"",
    )
    exchange = b.call("c.example", "groupInfo", ROOM, request.encode())

    response = GroupInfoResponse.decode(exchange.response_body)
    assert (exchange.status, response.status) == (200, GroupInfoCode.no_such_room)
    assert response.room_id == ROOM.encode()


def test_a_provider_without_rooms_allows_no_update(b):
    proposal = MLSMessage.of(PrivateMessage(b"group", 0, ContentType.proposal, b"", b"", b""))
    request = UpdateRequest(HandshakeBundle(proposal_or_commit=proposal, more_proposals=()))
    exchange = b.call("c.example", "update", ROOM, request.encode())

    response = UpdateRoomResponse.decode(exchange.response_body)
    assert (exchange.status, response.response_code) == (200, UpdateResponseCode.not_allowed)


MESSAGE = MLSMessage.of(PrivateMessage(b"group", 0, ContentType.application, b"", b"", b""))


def test_fanned_out_messages_are_sent_in_a_row_and_accepted_without_a_body(b):
    messages = [FanoutMessage(timestamp=time, message=MESSAGE) for time in (1, 2)]

    exchange = b.notify("c.example", ROOM, messages)

    assert FanoutMessage.decode_all(exchange.request_body) == tuple(messages)
    assert (exchange.status, exchange.response_body) == (201, b"")


def test_a_provider_without_rooms_allows_no_message(b):
    request = SubmitMessageRequest(Protocol.mls10, MESSAGE, IdentifierUri.of(BOB))
    exchange = b.call("c.example", "submitMessage", ROOM, request.encode())

    response = SubmitMessageResponse.decode(exchange.response_body)
    assert (exchange.status, response.status_code) == (200, SubmitResponseCode.not_allowed)


def test_wrong_method_and_unknown_path_are_refused(b):
    assert b.send("GET", b.url("c.example", "notify", ROOM)).status == 405
    assert b.send("DELETE", "https://c.example/.well-known/mimi-protocol-directory").status == 405
    assert b.send("POST", "https://c.example/elsewhere", body=b"x").status == 404


def test_path_and_query_go_out_octet_for_octet(b, network):
    mark = network.recorder.mark()
    b.send("GET", "https://c.example/a/../b%2f%2Fc//d?e=%zz")

    arrived = next(each for each in network.recorder.since(mark) if each.direction is Direction.TO_PEER)
    assert arrived.request_target == "/a/../b%2f%2Fc//d?e=%zz"


def test_headers_are_sent_in_order_and_nothing_is_added_to_them_but_the_length(b, network):
    mark = network.recorder.mark()
    headers = [("Host", "d.example:444"), ("X-One", "1"), ("From", "mimi@d.example"), ("X-One", "2")]
    sent = b.send("POST", "https://c.example/elsewhere", body=b"abc", headers=headers)

    arrived = next(each for each in network.recorder.since(mark) if each.direction is Direction.TO_PEER)
    received = [(name.lower(), value) for name, value in sent.request_headers]
    assert sorted(received) == sorted(arrived.request_headers)
    assert [each for each in received if each[0] != "content-length"] == [
        (name.lower(), value) for name, value in headers
    ]
    assert sent.request_header("content-length") == ("3",)


def test_scripted_answer_replaces_the_default_until_reset(b, c):
    c.on("requestConsent", Reply(503, b"later", (("Retry-After", "1"),)))
    refused = b.request_consent("c.example", consent(ConsentOperation.request))
    assert (refused.status, refused.response_body) == (503, b"later")
    assert refused.response_header("retry-after") == ("1",)

    c.reset()
    assert b.request_consent("c.example", consent(ConsentOperation.request)).status == 201


def test_answers_in_turn_end_with_the_last_one(b, c):
    c.on("requestConsent", in_turn(Reply(503), Reply(201), Reply(404)))

    statuses = [b.request_consent("c.example", consent(ConsentOperation.request)).status for _ in range(4)]
    assert statuses == [503, 201, 404, 404]


def test_responder_sees_the_request(b, c):
    c.on("notify", lambda request: Reply(200, request.request_body[::-1]))

    assert b.notify("c.example", ROOM, b"abc").response_body == b"cba"


def test_script_that_raises_is_our_own_fault(b, c, network):
    c.on("notify", lambda request: 1 // 0)
    mark = network.recorder.mark()

    assert b.notify("c.example", ROOM, b"abc").status == 500
    arrived = next(each for each in network.recorder.since(mark) if each.endpoint == "notify")
    assert arrived.failure is Failure.HARNESS_ERROR
    assert "ZeroDivisionError" in arrived.error


def test_a_request_is_on_record_while_its_answer_is_held(b, c, network):
    gate = Future()
    c.on("notify", Reply(201, held_by=gate))
    mark = network.recorder.mark()
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(b.notify, "c.example", ROOM, b"abc")
        waiting = network.recorder.wait_for(lambda each: each.endpoint == "notify", DEADLINE_SECONDS, since=mark)
        assert waiting is not None
        assert not waiting.finished
        gate.set_result(None)
        assert sending.result(DEADLINE_SECONDS).status == 201

    finished = network.recorder.wait_for(lambda each: each.id == waiting.id, DEADLINE_SECONDS)
    assert finished.status == 201


def test_delayed_answer_comes_late(b, c):
    c.on("notify", Reply(201, delay_seconds=0.01))

    exchange = b.notify("c.example", ROOM, b"abc")

    assert exchange.status == 201
    assert exchange.ended - exchange.started >= 0.01


def test_whoever_gives_up_on_a_held_answer_is_on_record_at_both_ends(b, c, network):
    c.on("notify", Reply(201, held_by=Future()))
    url = b.url("c.example", "notify", ROOM)
    mark = network.recorder.mark()

    exchange = b.send("POST", url, body=b"abc", deadline_seconds=0.05)

    assert (exchange.failure, exchange.status) == (Failure.TIMEOUT, None)
    arrived = network.recorder.wait_for(
        lambda each: each.direction is Direction.TO_PEER and each.finished, DEADLINE_SECONDS, since=mark
    )
    assert (arrived.failure, arrived.status) == (Failure.CLOSED_EARLY, None)


def test_directory_can_point_elsewhere(b, c):
    c.advertise(templates_of("c.example") | {"notify": "https://c.example/inbox/{roomId}"})
    c.on("notify", Reply(202))

    exchange = b.notify("c.example", ROOM, b"abc")

    assert exchange.request_target == "/inbox/mimi%3A%2F%2Fb.example%2Fr%2Fclubhouse"
    assert exchange.status == 202


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404), "could not be fetched: status 404"),
        (Reply(200, b"{"), "is not JSON"),
        (Reply(200, b"[" * 100_000), "is not JSON"),
        (Reply(200, b"[]"), "is not a JSON object"),
        (Reply(200, b"{}"), "lists no notify"),
        (Reply(200, b'{"notify": "https://c.example/{roomId}/{x}"}'), "notify member .* can't be used"),
        (Reply(200, b'{"notify": "http://c.example/{roomId}"}'), "is no https URL"),
        (Reply(200, b'{"notify": "https://c.example:x/{roomId}"}'), "notify member .* can't be used"),
        (Reply(200, b'{"notify": 1}'), "lists no notify"),
    ],
)
def test_directory_that_leads_nowhere_says_why(b, c, reply, reason):
    c.on("directory", reply)

    with pytest.raises(EndpointError, match=reason) as caught:
        b.notify("c.example", ROOM, b"abc")
    assert caught.value.exchange.endpoint == "directory"


def test_directory_of_a_provider_nobody_can_reach_is_an_endpoint_error(b, network):
    with pytest.raises(EndpointError, match="name resolution failed"):
        b.directory("nobody.invalid")


def test_concurrent_requests_are_all_answered(b, c):
    barrier = threading.Barrier(8)

    def send(number):
        barrier.wait()
        return b.call("c.example", "requestConsent", CATHY, consent(ConsentOperation.request).encode())

    b.directory("c.example")
    with ThreadPoolExecutor(8) as pool:
        assert [exchange.status for exchange in pool.map(send, range(8))] == [201] * 8


def test_directory_document_is_json_that_others_can_read(b):
    document = json.loads(b.directory("c.example").exchange.response_body)
    assert document["keyMaterial"] == "https://c.example/v1/keyMaterial/{targetUser}"
