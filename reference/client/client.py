"""A client of a user: its rooms, and all that it asks of its provider.

    alice = Client(Device(alice_uri, phone_uri), connection)
    alice.register(key_packages=10)
    room = alice.create_room(preset="cooperative")
    room.add(bob_uri)
    room.send("hi")

It does one thing at a time; whoever waits for something lets others act meanwhile.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from mimi_conformance.reference.client.asking import PAUSES, Asking
from mimi_conformance.reference.client.attempts import Attempt, update, update_response
from mimi_conformance.reference.client.claiming import Claim, claim_request, claimed_key_packages
from mimi_conformance.reference.client.connection import Connection, Reply
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import (
    ClientError,
    RefusedError,
    TooLateError,
    UnansweredError,
)
from mimi_conformance.reference.client.group_info import opened, question
from mimi_conformance.reference.client.happenings import Asked, Discarded, Happening, Joined
from mimi_conformance.reference.client.joining import joined_by_external_commit, joined_by_welcome
from mimi_conformance.reference.client.membership import Membership
from mimi_conformance.reference.client.new_group import RoomPlan, new_group
from mimi_conformance.reference.client.room import ATTEMPTS, ClientRoom, commit_bundle
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.room.derivation import GroupError
from mimi_conformance.reference.room.presets import preset as preset_called
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.update import (
    HandshakeBundle,
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)


@dataclass(frozen=True, slots=True)
class _Open:
    """An attempt that has no answer yet, and what has come of its room in the meantime."""

    attempt: Attempt
    waiting: list[Delivery] = field(default_factory=list)


class Client:
    """A client.

    Args:
        device: its identity and keys.
        connection: its provider.
        pauses: seconds between the attempts to get an answer.
        pause: waits some seconds.

    """

    def __init__(
        self,
        device: Device,
        connection: Connection,
        *,
        pauses: Sequence[float] = PAUSES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.device = device
        self.connection = connection
        self.lock = threading.RLock()
        self.happenings = list[Happening]()
        self._asking = Asking(device.uri, connection, pauses, pause)
        self._rooms = dict[MimiUri, ClientRoom]()
        self._open = dict[MimiUri, _Open]()
        self._cursor = 0

    def __repr__(self) -> str:
        return f"Client({str(self.uri)!r})"

    @property
    def uri(self) -> MimiUri:
        """Its URI."""
        return self.device.uri

    @property
    def user(self) -> MimiUri:
        """Whose client it is."""
        return self.device.user

    @property
    def rooms(self) -> Mapping[MimiUri, ClientRoom]:
        """The rooms that it is in, or was."""
        return self._rooms

    def register(self, key_packages: int = 10) -> None:
        """Become known to the provider, and let others have KeyPackages, so that they can add this client."""
        offered = tuple(self.device.offer_key_package().key_package for _ in range(key_packages))
        self.connection.register(self.user, self.uri, offered)

    # Rooms.

    def create_room(
        self,
        name: str = "clubhouse",
        *,
        preset: str = "cooperative",
        plan: RoomPlan | None = None,
        joining_codes: Sequence[bytes] = (),
    ) -> ClientRoom:
        """Make a room at one's own provider (PROTO 3.1).

        Args:
            name: the last part of the room's URI.
            preset: the name of its policy.
            plan: all about it, in place of a preset.
            joining_codes: codes with which others may come in, if the policy lets them (PROTO 5.6).

        """
        with self.lock:
            room_id = MimiUri.room(self.connection.domain, name)
            hub = self.connection.hub_keys(self.device.cipher_suite)
            group = new_group(self.device, room_id, hub, plan or RoomPlan(preset_called(preset)))
            membership = Membership.begun(room_id, group)
            tree = RatchetTree(group.public.tree.to_wire().nodes)
            info = group_info(group, tree=False)
            self.connection.create_room(NewRoom(room_id, self.uri, info, tree, tuple(joining_codes)))
            return self._enter(membership)

    def join(self, room_id: MimiUri, *, joining_code: bytes = b"", role: str | None = None) -> ClientRoom:
        """Come into a room by oneself: as another client of a participant, or as a new participant (PROTO 3.6, 5.6).

        Args:
            room_id: the room.
            joining_code: a code that lets one in.
            role: which role to take as a new participant, by its name; the one that the room gives when None.

        Raises:
            RefusedError: the hub does not let it in.

        """
        with self.lock:
            self.get_ready(room_id)
            for _ in range(ATTEMPTS):
                attempt = self._joining(room_id, joining_code, role)
                try:
                    self.attempt(attempt)
                except RefusedError as error:
                    refused = error
                else:
                    return self._rooms[room_id]
                if refused.code is not UpdateResponseCode.wrong_epoch:
                    break
            raise refused

    def _joining(self, room_id: MimiUri, joining_code: bytes, role: str | None) -> Attempt:
        asked = question(self.device, room_id, joining_code)
        reply = self.ask(Endpoint.GROUP_INFO, room_id.provider, room_id.text, asked.request.encode())
        joined = joined_by_external_commit(self.device, room_id, opened(asked, reply.body), role)
        bundle = commit_bundle(joined.message, joined.group)
        return update(
            f"Joining {room_id}", room_id, bundle, lambda _: self._enter(Membership.begun(room_id, joined.group))
        )

    def room(self, room_id: MimiUri, seconds: float = 10) -> ClientRoom:
        """A room that somebody adds this client to; waits for it.

        Raises:
            TooLateError: nobody did in time.

        """
        self.wait_until(lambda: self._is_in(room_id), seconds, f"a Welcome to {room_id}")
        return self._rooms[room_id]

    def _is_in(self, room_id: MimiUri) -> bool:
        return room_id in self._rooms and not self._rooms[room_id].membership.is_over

    def _enter(self, membership: Membership) -> ClientRoom:
        room = self._rooms.setdefault(membership.room_id, ClientRoom(self, membership))
        room.membership = membership
        self.happenings.append(Joined(membership.room_id, membership.epoch))
        self.happenings += room.go_on()
        return room

    # Consent.

    def request_consent(self, user: MimiUri, room_id: MimiUri | None = None) -> None:
        """Ask somebody whether one may add it to rooms, or to a room (PROTO 5.7)."""
        self._send_consent(Endpoint.REQUEST_CONSENT, ConsentOperation.request, self.user, user, room_id)

    def cancel_consent_request(self, user: MimiUri, room_id: MimiUri | None = None) -> None:
        """Take a request back."""
        self._send_consent(Endpoint.REQUEST_CONSENT, ConsentOperation.cancel, self.user, user, room_id)

    def grant_consent(self, user: MimiUri, room_id: MimiUri | None = None) -> None:
        """Let somebody add one to rooms, or to a room."""
        self._send_consent(Endpoint.UPDATE_CONSENT, ConsentOperation.grant, user, self.user, room_id)

    def revoke_consent(self, user: MimiUri, room_id: MimiUri | None = None) -> None:
        """Let somebody not, or no longer."""
        self._send_consent(Endpoint.UPDATE_CONSENT, ConsentOperation.revoke, user, self.user, room_id)

    def _send_consent(
        self,
        endpoint: Endpoint,
        operation: ConsentOperation,
        requester: MimiUri,
        target: MimiUri,
        room_id: MimiUri | None,
    ) -> None:
        entry = ConsentEntry(
            consent_operation=operation,
            requester_uri=IdentifierUri(bytes(requester)),
            target_uri=IdentifierUri(bytes(target)),
            room_id=None if room_id is None else IdentifierUri(bytes(room_id)),
            client_key_packages=() if operation is ConsentOperation.grant else None,
        )
        receiver = target if endpoint is Endpoint.REQUEST_CONSENT else requester
        self.ask(endpoint, receiver.provider, receiver.text, entry.encode())

    # What the provider is asked.

    def claim(self, user: MimiUri, room: ClientRoom) -> tuple[KeyPackage, ...]:
        """KeyPackages of a user for a room, through its hub (PROTO 5.2).

        Raises:
            NoKeyMaterialError: there are none to be had.
            BadAnswerError: the answer is of no use.

        """
        group = room.membership.group
        required: RequiredCapabilities = group.public.state.extensions.required_capabilities
        claim = Claim(user, room.uri, group.context.cipher_suite, required)
        request = claim_request(self.device, claim)
        reply = self.ask(Endpoint.KEY_MATERIAL, room.uri.provider, user.text, request.encode())
        return claimed_key_packages(claim, reply.body)

    def update(self, room_id: MimiUri, bundle: HandshakeBundle) -> UpdateRoomResponse:
        """What the hub says to an update (PROTO 5.3)."""
        reply = self.ask(Endpoint.UPDATE, room_id.provider, room_id.text, UpdateRequest(bundle).encode())
        return update_response(reply.body)

    def ask(self, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:
        """Have the provider send a request; see `Asking.ask`, which raises the same."""
        return self._asking.ask(endpoint, provider, about, body)

    # What takes effect in rooms.

    def get_ready(self, room_id: MimiUri) -> None:
        """Take in what has come, before something is attempted in a room.

        Raises:
            UnansweredError: what was attempted there before has no answer yet.

        """
        self.catch_up()
        if room_id in self._open:
            raise UnansweredError(f"What {self.uri} has attempted in {room_id} before has no answer yet.")

    def attempt(self, attempt: Attempt) -> None:
        """Have a hub accept something, and do what follows.

        What else happens in the room waits for that, as it may have happened after it. Where there is no answer, the
        hub is asked again by each `catch_up`.

        Raises:
            UnansweredError: there is no answer.
            RefusedError, HTTPRefusalError, NotSentError, BadAnswerError: it was not accepted.

        """
        self._open[attempt.room_id] = _Open(attempt)
        self._settle(attempt)

    def _settle(self, attempt: Attempt, *, again: bool = False) -> None:
        room_id = attempt.room_id
        try:
            reply = self._asking.ask(attempt.endpoint, room_id.provider, room_id.text, attempt.body, again=again)
        except UnansweredError:
            raise
        except ClientError:
            self._end(room_id)
            raise
        try:
            attempt.answered(reply.body)
        finally:
            self._end(room_id)

    def _end(self, room_id: MimiUri) -> None:
        for delivery in self._open.pop(room_id).waiting:
            self._deliver(delivery)

    # What comes.

    def catch_up(self) -> tuple[Happening, ...]:
        """Take in what has come, and tell what it was; ask again for what had no answer."""
        with self.lock:
            before = len(self.happenings)
            for attempt in [each.attempt for each in self._open.values()]:
                with suppress(ClientError):  # whoever has attempted it was told that nobody knew
                    self._settle(attempt, again=True)
            for delivery in self.connection.deliveries(self.uri, self._cursor, 0):
                self._cursor = delivery.cursor
                self._deliver(delivery)
            return tuple(self.happenings[before:])

    def wait_for_more(self, seconds: float = 1) -> tuple[Happening, ...]:
        """Take in what has come, or comes in some seconds; others may act meanwhile."""
        self.connection.deliveries(self.uri, self._cursor, seconds)
        return self.catch_up()

    def wait_until(self, condition: Callable[[], bool], seconds: float = 10, what: str = "something") -> None:
        """Take in what comes until a condition holds.

        Raises:
            TooLateError: it did not in time.

        """
        deadline = self.device.clock() + seconds * 1000
        self.catch_up()
        while not condition():
            remaining = (deadline - self.device.clock()) / 1000
            if remaining <= 0:
                raise TooLateError(f"{self.uri} has waited for {what} for {seconds} s in vain.")
            self.wait_for_more(min(remaining, 1))

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.room in self._open:
            self._open[delivery.room].waiting.append(delivery)
            return
        try:
            if delivery.kind is DeliveryKind.CONSENT:
                self.happenings.append(Asked(ConsentEntry.decode(delivery.body)))
                return
            event = FanoutMessage.decode(delivery.body)
        except DecodeError as error:
            self.happenings.append(Discarded(delivery.room, f"What was delivered can't be read: {error}."))
            return
        assert delivery.room is not None, "a fanout is of a room"
        if event.message.welcome is not None:
            self._welcome(delivery.room, event)
        elif delivery.room in self._rooms:
            self.happenings += self._rooms[delivery.room].receive(event)

    def _welcome(self, room_id: MimiUri, event: FanoutMessage) -> None:
        """Join with a Welcome, unless it is for others, or from before this client has come in by itself."""
        assert event.message.welcome is not None, "the caller has looked"
        own = self.device.key_package_for(event.message.welcome)
        if own is None:
            return
        try:
            membership = Membership.begun(room_id, joined_by_welcome(self.device, own, event))
            if room_id not in self._rooms or membership.follows(self._rooms[room_id].membership):
                self._enter(membership)
        except (RuleError, GroupError) as error:
            self.happenings.append(Discarded(room_id, f"The Welcome is of no use: {error}"))
        else:
            self.device.use_up(own)
