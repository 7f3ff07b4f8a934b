"""What a hub proposes by itself: whom it tells, and by which key everybody knows it (PROTO 5.5, 7.4)."""

import time

from mimi_conformance.mocks.control.client import ClientDevice
from mimi_conformance.mocks.network.exchange import Direction, Exchange
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.mls.framing.rules import FramingError
from mimi_conformance.reference.mls.group.senders import SenderError
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import SenderType
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import checks, expect, inconclusive, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.hosting import TargetHostedRoom, room_at_target

pytestmark = role("hub")


@checks("PROTO-5.5-07")
def test_what_a_hub_proposes_reaches_every_follower(world: World) -> None:
    """When a hub proposes to remove a user whose account is gone, it tells every follower with members in the room."""
    room, mark = room_of_a_deleted_user(world)
    told = [peer.domain for peer in (world.peer, world.other_peer) if proposed(world, peer, room, mark) is not None]
    if not told:
        inconclusive("the hub proposes nothing when a user of its own is deleted")
    both = [world.peer.domain, world.other_peer.domain]
    expect(told == both, expected=f"the proposal at {' and '.join(both)}", got=f"it at {' and '.join(told)} only")


@checks("PROTO-7.4-01")
def test_what_a_hub_proposes_is_signed_with_its_key_in_the_group(world: World) -> None:
    """A proposal of the hub is one of an external sender, and verifies with the key in external_senders."""
    room, mark = room_of_a_deleted_user(world)
    event = proposed(world, world.peer, room, mark)
    if event is None:
        inconclusive("the hub proposes nothing when a user of its own is deleted")
    message = event.message.public_message
    if message is None:
        inconclusive("the hub proposes in another form than PublicMessage")
    sender = message.content.sender.sender_type
    expect(sender is SenderType.external, expected="an external sender", got=sender.name)
    try:
        room.membership.group.public.process_proposal(message, int(time.time()))
    except (FramingError, SenderError) as error:
        expect(False, expected="a proposal that verifies", got=f"{error}")
    except RuleError as error:
        inconclusive(f"the proposal is not one for this group, whoever signed it: {error}")


def room_of_a_deleted_user(world: World) -> tuple[TargetHostedRoom, int]:
    """A room of the target with users of both of our peers, and one of its own whose account is gone after the mark."""
    bob = PeerUser(world.domain, world.new_name(), "phone")
    world.control.users(bob.uri, clients=[ClientDevice(bob.device.uri)])
    room = room_at_target(world, world.peer_user(), world.peer_user(world.other_peer), bob)
    mark = world.recorder.mark()
    world.control.users(bob.uri, deleted=True)
    return room, mark


def proposed(world: World, peer: AddressedPeer, room: TargetHostedRoom, mark: int) -> FanoutMessage | None:
    """The first proposal that the target notifies a peer of in a room after a mark; None when none comes in time."""

    def has_proposal(exchange: Exchange) -> bool:
        to_peer = exchange.direction is Direction.TO_PEER and exchange.peer == peer.domain
        return to_peer and exchange.subject == room.uri.text and proposal_in(exchange) is not None

    found = world.recorder.wait_for(has_proposal, world.description.settings.delivery_seconds, since=mark)
    return None if found is None else proposal_in(found)


def proposal_in(exchange: Exchange) -> FanoutMessage | None:
    """The first proposal in a notify; None where there is none."""
    if exchange.endpoint != "notify":
        return None
    try:
        events = FanoutMessage.decode_all(exchange.request_body)
    except DecodeError:
        return None
    return next((event for event in events if event.event is FanoutEvent.proposal), None)
