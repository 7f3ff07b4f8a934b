"""One franked message in an MLS group, as the bytes that go from party to party."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import mutated
from mimi_conformance.reference.content.application_data import frame
from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.franking.abuse_report import Proven, examine, report
from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.commitment import commit
from mimi_conformance.reference.content.franking.stamp import frank
from mimi_conformance.reference.content.franking.verification import FrankedMessage, Received, verify
from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.mls.group.group_processing import ReceivedApplicationData, process
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import ComponentsList, MediaTypeList
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from tests.content.franking_scene import ACCEPTED, ALICE, FRAMED, KEYS, ROOM, SIGNING_KEY, SUITE, agent_of, said
from tests.exercised import exercises
from tests.mls.group_examples import NOW, Client, Room, dictionary

ALICES_PHONE = "mimi://b.example/d/alice/phone"
BOBS_PHONE = "mimi://c.example/d/bob/phone"


@dataclass(frozen=True)
class Conversation:
    """A group with a franking agent, and the bytes of one message in it."""

    mls: Room
    request: bytes
    response: bytes
    fanout: bytes

    def received(self, fanout: bytes) -> FrankedMessage:
        """Bob's client reads what his provider hands on."""
        event = FanoutMessage.decode(fanout)
        group = self.mls.group(BOBS_PHONE)
        message = process(group, event.message, NOW)
        if not isinstance(message, ReceivedApplicationData):
            pytest.fail("only an application message was sent")
        identity = group.public.tree.member(message.sender).credential.identity
        sender = DEFAULT_MAPPING.identify_basic(identity or b"").user
        received = Received(message.data, message.authenticated_data, sender, event.timestamp, event.frank)
        return verify(received, FrankingRoom.of(ROOM, SUITE, group.public.state.extensions))


def conversation(*, framed: bool) -> Conversation:
    components = {"c0002": ComponentsList(()).encode(), "c0021": agent_of(SIGNING_KEY).encode()}
    if framed:
        components["c0003"] = MediaTypeList(FRAMED or ()).encode()
    mls = Room.of(ALICES_PHONE, extensions=(dictionary(**components),))
    mls.add(ALICES_PHONE, Client(BOBS_PHONE), framing=Framing(authenticated_data=encode_safe_aad({})))
    request = submitted(mls)
    response, fanout = accepted(request, mls)
    return Conversation(mls, request, response, fanout)


def submitted(mls: Room) -> bytes:
    """Alice's client says something, and her provider says to the hub that she does."""
    group = mls.group(ALICES_PHONE)
    media_types = group.public.state.extensions.media_types
    application_data = frame(encode_content(said()), media_types)
    message, _ = send(
        group, application_data, random=bytes, authenticated_data=encode_safe_aad(commit(application_data, media_types))
    )
    return SubmitMessageRequest(Protocol.mls10, message, IdentifierUri(bytes(ALICE))).encode()


def accepted(request: bytes, mls: Room) -> tuple[bytes, bytes]:
    """The hub, which has only the public side of the group, answers the request and fans it out."""
    submission = SubmitMessageRequest.decode(request)
    message = submission.app_message.private_message
    assert message is not None
    room = FrankingRoom.of(ROOM, SUITE, mls.server.state.extensions)
    stamp = frank(message.authenticated_data, MimiUri.parse(submission.sending_uri.uri), ACCEPTED, room, KEYS)
    response = SubmitMessageResponse(
        protocol=Protocol.mls10, status_code=SubmitResponseCode.accepted, accepted_timestamp=ACCEPTED, frank=stamp
    )
    return response.encode(), FanoutMessage(timestamp=ACCEPTED, message=submission.app_message, frank=stamp).encode()


BARE, FRAMED_ONE = conversation(framed=False), conversation(framed=True)
both = pytest.mark.parametrize("said_in", [BARE, FRAMED_ONE], ids=["bare", "framed"])


@exercises("PROTO-5.4.1.1-07", "PROTO-5.4.1.2-09", "PROTO-5.4.1.2-11")
@both
def test_the_sender_is_answered_with_the_frank_and_the_time_that_everybody_gets(said_in):
    response, event = SubmitMessageResponse.decode(said_in.response), FanoutMessage.decode(said_in.fanout)
    assert response.frank is not None
    assert (response.accepted_timestamp, response.frank) == (event.timestamp, event.frank)


@exercises("PROTO-5.4.1-02", "PROTO-5.4.1.2-10", "PROTO-5.4.1.4-01")
@both
def test_a_follower_sees_neither_who_sent_it_nor_what_was_said(said_in):
    assert b"alice" in said_in.request
    assert b"alice" not in said_in.fanout
    assert b"fools" not in said_in.fanout


@exercises("PROTO-5.4.1.3-01", "PROTO-5.4.1.3-08", "PROTO-5.9-10")
@both
def test_what_was_received_with_a_frank_can_be_reported_and_is_proven(said_in):
    kept = said_in.received(said_in.fanout)
    sent = AbuseReport.decode(report(ALICE, [kept]).encode())
    media_types = said_in.mls.server.state.extensions.media_types
    assert examine(sent, ROOM, KEYS, media_types=media_types) == (Proven(kept.context),)


@exercises("PROTO-5.4.1.4-02")
@both
@given(data=st.data())
def test_no_byte_of_the_fanout_can_be_altered_unnoticed(said_in, data):
    altered = data.draw(mutated(said_in.fanout).filter(lambda fanout: fanout != said_in.fanout))
    with pytest.raises((DecodeError, RuleError)):
        said_in.received(altered)


@exercises("PROTO-5.4.1.4-02")
def test_no_single_bit_of_the_fanout_can_be_altered_unnoticed():
    for position in range(8 * len(BARE.fanout)):
        altered = bytearray(BARE.fanout)
        altered[position // 8] ^= 1 << position % 8
        with pytest.raises((DecodeError, RuleError)):
            BARE.received(bytes(altered))
