"""A room in the hands of one of its clients: what people do there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from mimi_conformance.reference.client import changes
from mimi_conformance.reference.client.attempts import Attempt, submission, submit_response, update
from mimi_conformance.reference.client.errors import (
    BadAnswerError,
    ClientError,
    NotInRoomError,
    NotSentError,
    RefusedError,
)
from mimi_conformance.reference.client.happenings import Happening, Said
from mimi_conformance.reference.client.membership import Membership, state_of
from mimi_conformance.reference.client.receiving import Step, judged_commit
from mimi_conformance.reference.client.receiving import receive as receive_event
from mimi_conformance.reference.client.sending import Letter, own_message, sealed
from mimi_conformance.reference.content.features import Uris, plain_text, say
from mimi_conformance.reference.content.franking.abuse_report import report as abuse_report
from mimi_conformance.reference.content.franking.rules import FrankingError
from mimi_conformance.reference.content.message import MessageId, MimiContent, NestedPart
from mimi_conformance.reference.content.timeline.timeline import Timeline
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Committed, Covering, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.provider.arrival import epoch_of
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.room.components.operational import wire_formats
from mimi_conformance.reference.room.operations import operational_parameters
from mimi_conformance.reference.room.updates import CommitAccepted, Handshake, ProposalsAccepted, accept_proposals
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import ProposalBody, SelfRemove
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageResponse
from mimi_conformance.reference.wire.protocol.update import (
    GroupInfoOption,
    GroupInfoRepresentation,
    HandshakeBundle,
)
from mimi_conformance.reference.wire.structure import Struct

if TYPE_CHECKING:
    from mimi_conformance.reference.client.client import Client

Plan: TypeAlias = Callable[[Membership], Sequence[ProposalBody]]
"""What to propose in a room as it is: asked again when the room has changed in the meantime."""

ATTEMPTS = 8
"""How often something is made anew because the room has changed in the meantime."""

MOST_WAITING = 256
"""Events that may wait for their epoch; of more, the oldest are forgotten."""


class ClientRoom:
    """A room that a client is in. `membership` is what it has of it; each method does one thing that people do.

    Methods raise a ClientError when it can't be done: NotSentError when the policy is against it already here,
    RefusedError when it is the hub that says no, NotInRoomError, or what a `Connection` raises.
    """

    def __init__(self, client: "Client", membership: Membership) -> None:
        self._client = client
        self._read = 0
        self._said = list[Said]()
        self._waiting = list[FanoutMessage]()
        self.membership = membership

    def __repr__(self) -> str:
        return f"ClientRoom({str(self.uri)!r}, epoch {self.epoch})"

    @property
    def uri(self) -> MimiUri:
        """The room's identifier."""
        return self.membership.room_id

    @property
    def epoch(self) -> int:
        """The epoch of its group."""
        return self.membership.epoch

    @property
    def participants(self) -> Mapping[str, str]:
        """The participants, by URI, and what their roles are called."""
        view = self.membership.view
        names = {index: role.name for index, role in view.policy.roles.items()}
        entries = ((each.user.decode(), names.get(each.role_index, "")) for each in view.participants.entries)
        return MappingProxyType(dict(entries))

    @property
    def timeline(self) -> Timeline:
        """Its messages."""
        return self.membership.timeline

    @property
    def messages(self) -> tuple[Said, ...]:
        """All messages that came or were sent, in the order in which this client learned of them."""
        return tuple(self._said)

    # What people do.

    def add(self, user: MimiUri, role: str | None = None) -> None:
        """Add a user with all clients that have KeyPackages; or the further clients of one who is there (PROTO 3.2).

        Args:
            user: whom.
            role: the name of a role of the room; the lowest that takes part when None.

        Raises:
            NoKeyMaterialError: there is no KeyPackage to be had, as when the user has not consented.

        """
        with self._client.lock:
            self._client.catch_up()
            self._check_in_use()
            found = self._client.claim(user, self)
            index = None if role is None else changes.role_called(self.membership.view.policy, role)
            self.commit(lambda room: changes.adding(room, user, found, index))

    def remove(self, user: MimiUri) -> None:
        """Take a user out of the room, with all clients."""
        self.commit(lambda room: changes.removing(room, user))

    def ban(self, user: MimiUri) -> None:
        """Take a user out of the room, and let it not come back (POLICY 8.1.3)."""
        self.commit(lambda room: changes.banning(room, user))

    def change_role(self, user: MimiUri, role: str) -> None:
        """Give a user another role, by its name."""
        self.commit(lambda room: (changes.listing(room, changed={user: changes.role_called(room.view.policy, role)}),))

    def change_component(self, name: str, update: Struct) -> None:
        """Update a component of the room, such as its metadata or its policy."""
        self.commit(lambda _: (changes.component_update(name, update),))

    def leave(self) -> None:
        """Ask to be let go, with all clients of the user: the next commit of somebody else does it (PROTO 3.5)."""
        self.propose(lambda room: changes.leaving(room, self._client.user))

    def send(self, body: NestedPart | str) -> Said:
        """Say something. A text is sent as plain text; see `content.features` for all else."""
        return self.send_content(self.written(body))

    def written(self, body: NestedPart | str) -> MimiContent:
        """A message that says something, with a new salt, and names its sender and the room (PROTO 5.4.1.1)."""
        part = plain_text(body) if isinstance(body, str) else body
        uris = Uris(self._client.user.text, self.uri.text)
        return say(part, salt=self._client.device.random(16), uris=uris)

    def send_content(self, content: MimiContent) -> Said:
        """Send a message as it is; a salt of its own is the caller's to choose."""
        with self._client.lock:
            self._until_accepted(lambda: self._sending(content))
            return self._said[-1]

    def _sending(self, content: MimiContent) -> Attempt:
        if self.membership.group.public.pending:
            self.commit()
        letter = self.seal(content)
        return submission(self.uri, letter.request, lambda response: self._take(self._accepted(letter, response)))

    def _accepted(self, letter: Letter, response: SubmitMessageResponse) -> Step:
        try:
            return own_message(self.membership, letter, response)
        except FrankingError as error:
            raise BadAnswerError(f"The frank of a message to {self.uri} is wrong: {error}") from error

    def report(self, abuser: MimiUri, *messages: MessageId, note: str = "") -> None:
        """Show the hub what somebody has said, in one's own name (PROTO 5.9).

        Raises:
            ClientError: a message has no frank that was verified.

        """
        missing = [each for each in messages if each not in self.membership.franked]
        if missing:
            raise ClientError(f"The message {missing[0].hex()} has no frank, so it proves nothing.")
        franked = [self.membership.franked[each] for each in messages]
        made = abuse_report(abuser, franked, reporting_user=self._client.user, note=note)
        self._client.ask(Endpoint.REPORT_ABUSE, self.uri.provider, self.uri.text, made.encode())

    def next_message(self, seconds: float = 10) -> Said:
        """The next message that this has not given back yet, one's own among them; waits for it.

        Raises:
            TooLateError: none came in time.

        """
        self._client.wait_until(lambda: len(self._said) > self._read, seconds, "a message")
        self._read += 1
        return self._said[self._read - 1]

    # What all of that is made of.

    def commit(self, plan: Plan = lambda _: (), *, unchecked: bool = False) -> None:
        """Commit all that waits, and more; again and again until it is this commit that begins the next epoch.

        Args:
            plan: what to propose in it.
            unchecked: whether to leave it to the hub to say what the policy is against.

        """
        self._until_accepted(lambda: self._committing(plan, unchecked=unchecked))

    def _committing(self, plan: Plan, *, unchecked: bool) -> Attempt:
        made = self.prepared(plan(self.membership))
        if not unchecked:
            self._check_commit(made)
        bundle = commit_bundle(made.message, made.after, made.welcome)
        return update(
            f"A commit in {self.uri}",
            self.uri,
            bundle,
            lambda response: self.adopt(made, response.accepted_timestamp or 0),
        )

    def prepared(self, proposals: Sequence[ProposalBody] = ()) -> Committed:
        """A commit that nobody has seen: of all that waits, and of more proposals.

        Raises:
            NotSentError: they do not make up a commit.

        """
        group, device = self.membership.group, self._client.device
        try:
            return commit(
                group,
                Covering(tuple(proposals)),
                now=device.seconds,
                random=device.random,
                welcome=WelcomeContents(tree=False),
                framing=self._framing(),
            )
        except RuleError as error:
            raise NotSentError(f"This is no commit in {self.uri}. {error}") from error

    def adopt(self, made: Committed, accepted: int) -> None:
        """Go on in the epoch that a commit of this client has begun, as the hub says; `accepted` in milliseconds."""
        answer = judged_commit(self.membership, made.message.public_message or made.staged.content, accepted)
        state = answer.state if isinstance(answer, CommitAccepted) else state_of(self.uri, made.after)
        self.membership = self.membership.at(made.after, state)
        self._client.happenings += self.go_on()

    def propose(self, plan: Plan) -> None:
        """Propose something, for somebody to commit; made anew as long as the room has changed in the meantime."""
        self._until_accepted(lambda: self._proposing(plan))

    def _proposing(self, plan: Plan) -> Attempt:
        (first, *more), after = self._proposed(plan(self.membership))
        bundle = HandshakeBundle(proposal_or_commit=first, more_proposals=tuple(more))
        return update(f"A proposal in {self.uri}", self.uri, bundle, lambda _: self._become(after))

    def _become(self, after: Membership) -> None:
        self.membership = after

    def _until_accepted(self, make: Callable[[], Attempt]) -> None:
        """Have the hub accept something, which is made anew as long as the room has changed in the meantime."""
        with self._client.lock:
            self._client.get_ready(self.uri)
            for _ in range(ATTEMPTS):
                self._check_in_use()
                attempt = make()
                try:
                    self._client.attempt(attempt)
                except RefusedError as error:
                    refused = error
                else:
                    return
                if not self._caught_up(refused.epoch):
                    break
            raise refused

    def _proposed(self, bodies: Sequence[ProposalBody]) -> tuple[list[MLSMessage], Membership]:
        """The messages, and the room that they wait in.

        Raises:
            NotSentError: the policy is against it.

        """
        group, device = self.membership.group, self._client.device
        messages, handshakes = list[MLSMessage](), list[Handshake]()
        for body in bodies:
            framing = self._framing(public=isinstance(body, SelfRemove))
            proposed = propose(group, body, now=device.seconds, random=device.random, framing=framing)
            group = proposed.group
            messages.append(proposed.message)
            handshakes.append(proposed.message.public_message or group.public.pending[proposed.reference])
        answer = accept_proposals(self.membership.state, handshakes, device.seconds)
        if not isinstance(answer, ProposalsAccepted):
            raise NotSentError(f"The policy of {self.uri} is against it. {answer}")
        return messages, self.membership.at(group, answer.state)

    def _framing(self, *, public: bool = False) -> Framing:
        """How this room wants its handshakes (POLICY 7.1)."""
        group = self.membership.group
        data = encode_safe_aad({}) if group.keys.safe_aad else b""
        parameters = operational_parameters(self.membership.view.policy)
        allowed = wire_formats(parameters.handshake_formats) if parameters and not public else ()
        wire_format = allowed[0] if allowed and WireFormat.mls_public_message not in allowed else None
        return Framing(wire_format or WireFormat.mls_public_message, data)

    def _check_in_use(self) -> None:
        if self.membership.is_over:
            raise NotInRoomError(f"{self._client.uri} is not in {self.uri} any more.")
        if self.membership.group.public.self_remove_of(self.membership.group.leaf_index) is not None:
            raise NotInRoomError(f"{self._client.uri} is about to leave {self.uri}.")

    def _check_commit(self, made: Committed) -> None:
        handshake = made.message.public_message or made.staged.content
        answer = judged_commit(self.membership, handshake, self._client.device.clock())
        if not isinstance(answer, CommitAccepted):
            raise NotSentError(f"The policy of {self.uri} is against it. {answer}")

    def seal(self, content: MimiContent) -> Letter:
        """A message for this room in its epoch; its key is used up, whatever the hub says to it."""
        self._check_in_use()
        letter = sealed(self.membership, content, self._client.user, self._client.device.random)
        self.membership = replace(self.membership, group=letter.after)
        return letter

    def submit(self, letter: Letter) -> SubmitMessageResponse:
        """Send a message to the hub, and give back what it says (PROTO 5.4)."""
        reply = self._client.ask(Endpoint.SUBMIT_MESSAGE, self.uri.provider, self.uri.text, letter.request.encode())
        return submit_response(reply.body)

    def _caught_up(self, epoch: int | None) -> bool:
        """Whether there is something new, so that it is worth another try; waits for an epoch that the hub is in."""
        before = self.membership
        if epoch is not None and epoch > self.epoch:
            self._client.wait_until(lambda: self.epoch >= epoch or self.membership.is_over, 10, f"epoch {epoch}")
        else:
            self._client.wait_for_more()
        return self.membership.state is not before.state

    # What comes.

    def receive(self, event: FanoutMessage) -> tuple[Happening, ...]:
        """Take in what the hub tells; for the client, which knows what comes for which room.

        What is of a later epoch waits for that: what siblings have sent may come before what the hub notifies.
        """
        self._waiting.append(event)
        del self._waiting[:-MOST_WAITING]
        return self.go_on()

    def go_on(self) -> tuple[Happening, ...]:
        """Take in what has waited for the epoch that the room is in now, and for the proposals that it covers."""
        happenings = list[Happening]()
        while (event := next(filter(self._is_due, self._waiting), None)) is not None:
            self._waiting.remove(event)
            happenings += self._take(receive_event(self.membership, event, self._client.device.clock())).happenings
        return tuple(happenings)

    def _is_due(self, event: FanoutMessage) -> bool:
        epoch, known = epoch_of(event.message) or 0, self.membership.group.public.pending
        return epoch < self.epoch or (epoch == self.epoch and known.keys() >= _covered(event))

    def _take(self, step: Step) -> Step:
        self.membership = step.membership
        self._said += (each for each in step.happenings if isinstance(each, Said))
        return step


def _covered(event: FanoutMessage) -> set[ProposalRef]:
    """The proposals that a commit refers to, as far as that can be seen from outside."""
    public = event.message.public_message
    items = public.content.commit.proposals if public is not None and public.content.commit is not None else ()
    return {each.reference for each in items if each.reference is not None}


def commit_bundle(message: MLSMessage, after: Group, welcome: Welcome | None = None) -> HandshakeBundle:
    """A commit with all that goes along: its Welcome, the GroupInfo in full, and the tree (PROTO 5.3)."""
    return HandshakeBundle(
        proposal_or_commit=message,
        welcome=welcome,
        group_info_option=GroupInfoOption(
            representation=GroupInfoRepresentation.full, group_info=group_info(after, tree=False)
        ),
        ratchet_tree_option=full_tree(after.public.tree),
    )
