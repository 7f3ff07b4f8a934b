"""From MLS proposals to acts: who wants what of the room, as one action each (POLICY 8).

A change to the participant list and the Adds or Removes of the same user's clients are one action, if they come from
the same sender together. Whose right counts is up to where a proposal stands: its own sender's in a message of its own,
the committer's when a commit holds it (AMB-224); `ListedProposal.sender` is that already.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mimi_conformance.reference.identity.credential import CredentialMapping
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.proposals.extensions import find_component, read_extension
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal
from mimi_conformance.reference.room.actors import (
    NO_CLAIMS,
    Actor,
    ExternalJoiner,
    ExternalProposer,
    ExternalSender,
    JoinCode,
    Member,
)
from mimi_conformance.reference.room.changes import (
    Act,
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeExtensions,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    MaintainGroup,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.claims import claims_of
from mimi_conformance.reference.room.components.participant_list import PARTICIPANT_LIST
from mimi_conformance.reference.room.components.registry import component_of
from mimi_conformance.reference.room.credentials import server_domain
from mimi_conformance.reference.room.derivation import client_of
from mimi_conformance.reference.room.participants import Client, User
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.group import ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    ReInit,
    Remove,
    SelfRemove,
)
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.roles import Claim, PreAuthData, RoleData

_NO_UPDATE = ParticipantListUpdate()


@dataclass(frozen=True, slots=True)
class TranslatedAct:
    """An act, and the proposals that ask for it.

    Attributes:
        act: who wants what.
        references: the ProposalRefs of those that came in messages of their own.

    """

    act: Act
    references: frozenset[ProposalRef]


@dataclass(frozen=True, slots=True)
class Translator:
    """Reads the proposals of an epoch.

    Attributes:
        state: the group in that epoch.
        committed: the room as the epoch has it, in whose list indices count (AMB-049, AMB-133).
        updated: the room with all that was accepted since; who has left it already, has no clients to be removed.
        mapping: how credentials name clients and users.
        joiner: who joins by the external commit that is read; None for everything else.

    """

    state: GroupState
    committed: RoomView
    updated: RoomView
    mapping: CredentialMapping
    joiner: ExternalJoiner | None = None

    def acts(self, proposals: Iterable[ListedProposal], after: AppDataDictionary) -> tuple[TranslatedAct, ...]:
        """What proposals ask for. They must be valid as MLS.

        Args:
            proposals: those of a bundle, or the ones that a commit holds inline.
            after: the dictionary of the group if they are committed.

        Raises:
            GroupError: the credential of an added member names no client.

        """
        by_sender: dict[Sender, list[ListedProposal]] = {}
        for listed in proposals:
            by_sender.setdefault(listed.sender, []).append(listed)
        return tuple(act for of_sender in by_sender.values() for act in self._acts_of(of_sender, after))

    def actor(self, listed: ListedProposal) -> Actor:
        """Whose right counts for a proposal."""
        sender = listed.sender
        if sender.leaf_index is not None:
            return self.member(sender.leaf_index)
        if sender.sender_type is SenderType.external:
            assert sender.sender_index is not None
            return self._external_sender(self.state.extensions.external_senders[sender.sender_index].credential)
        if isinstance(listed.proposal.body, Add) and sender.sender_type is SenderType.new_member_proposal:
            credential = listed.proposal.body.key_package.leaf_node.credential
            user, client = client_of(credential, self.mapping)
            return ExternalProposer(user, client, _claims(credential))
        assert self.joiner is not None
        return self.joiner

    def member(self, leaf_index: int) -> Member:
        """The member at a leaf, whose user may be on the way out of the room."""
        user = self.committed.participants.user_at(leaf_index)
        assert user is not None, "each client in the group has a participant for its user"
        return Member(user, leaf_index, _claims(self.state.tree.member(leaf_index).credential))

    def _external_sender(self, credential: Credential) -> ExternalSender:
        domain = server_domain(credential, self.committed.hub)
        return ExternalSender(server_name(domain), domain, _claims(credential))

    def _acts_of(self, proposals: list[ListedProposal], after: AppDataDictionary) -> Iterator[TranslatedAct]:
        """The acts of one sender."""
        actor = self.actor(proposals[0])
        users = _Users(self)
        for listed in proposals:
            if not users.take(listed):
                yield from (_translated(actor, change, [listed.reference]) for change in self._others(listed, after))
        yield from users.acts(actor)

    def _others(self, listed: ListedProposal, after: AppDataDictionary) -> Iterator[Change]:
        """What a proposal changes that is about no user."""
        match listed.proposal.body:
            case AppDataUpdate(component_id=number) as update if number != PARTICIPANT_LIST:
                yield _component_change(update, after)
            case GroupContextExtensions(extensions):
                yield self._extensions_change(extensions)
            case ReInit():
                yield Reinitialize()
            case ExternalInit():
                pass
            case _:
                yield MaintainGroup()

    def _extensions_change(self, extensions: tuple[Extension, ...]) -> ChangeExtensions:
        senders = read_extension(extensions, ExtensionType.external_senders, ExternalSenders)
        if senders is None:
            return ChangeExtensions(None)
        hub = self.committed.hub
        return ChangeExtensions(tuple(server_domain(each.credential, hub) for each in senders.external_senders))


def joining(credential: Credential, mapping: CredentialMapping, join_code: JoinCode | None = None) -> ExternalJoiner:
    """Who joins by an external commit, from the credential in its path.

    Raises:
        GroupError: the credential names no client.

    """
    user, client = client_of(credential, mapping)
    return ExternalJoiner(user, client, _claims(credential), join_code)


def _claims(credential: Credential) -> frozenset[Claim]:
    """What a credential claims; nothing, where it cannot be read."""
    try:
        return claims_of(credential)
    except CredentialError:
        return NO_CLAIMS


def server_name(domain: str) -> User:
    """How the participant list names a server: by its provider's URI (AMB-166)."""
    return f"mimi://{domain}".encode()


def _component_change(update: AppDataUpdate, after: AppDataDictionary) -> Change:
    """What an update of any component but the participant list changes."""
    component = component_of(update.component_id)
    if component is None or update.op is AppDataUpdateOperation.remove:
        return ChangeComponent(update.component_id, removed=update.op is AppDataUpdateOperation.remove)
    data = find_component(after, update.component_id) if component.cumulative else update.update
    assert data is not None, "what is updated is there afterwards"
    match component.read(data):
        case RoomMetaData() as metadata:
            return ChangeMetadata(metadata)
        case RoleData() as roles:
            return ChangeRoles(roles)
        case PreAuthData() as preauthorization:
            return ChangePreauthorization(preauthorization)
        case BaseRoomPolicy() as base:
            return ChangeBasePolicy(base)
        case value:
            return ChangeComponent(update.component_id, value)


def _translated(actor: Actor, change: Change, references: Iterable[ProposalRef | None]) -> TranslatedAct:
    return TranslatedAct(Act(actor, change), frozenset(each for each in references if each is not None))


@dataclass(slots=True)
class _Wish:
    """What a sender wants for a user: in the list at most one thing, and for the clients anything."""

    added_as: int | None = None
    new_role: int | None = None
    removed: bool = False
    clients: list[Client] = field(default_factory=list)
    leaves: set[int] = field(default_factory=set)
    references: list[ProposalRef | None] = field(default_factory=list)


class _Users:
    """The proposals of one sender that are about users and clients, user by user."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator
        self._wishes: dict[User, _Wish] = {}

    def take(self, listed: ListedProposal) -> bool:
        """Take a proposal, if it is about users or clients."""
        match listed.proposal.body:
            case Add(key_package):
                user, client = client_of(key_package.leaf_node.credential, self._translator.mapping)
                self._wish(user, listed).clients.append(client)
            case Remove(leaf_index):
                self._remove(leaf_index, listed)
            case SelfRemove():
                assert listed.by_member is not None
                self._remove(listed.by_member, listed)
            case AppDataUpdate(component_id=number, update=bytes(data)) if number == PARTICIPANT_LIST:
                update = ParticipantListUpdate.decode(data)
                self._take_update(update, listed)
                return update != _NO_UPDATE
            case _:
                return False
        return True

    def _wish(self, user: User, listed: ListedProposal) -> _Wish:
        wish = self._wishes.setdefault(user, _Wish())
        wish.references.append(listed.reference)
        return wish

    def _remove(self, leaf_index: int, listed: ListedProposal) -> None:
        user = self._translator.committed.participants.user_at(leaf_index)
        assert user is not None, "each client in the group has a participant for its user"
        wish = self._wish(user, listed)
        if self._translator.updated.participants.user_at(leaf_index) is not None:
            wish.leaves.add(leaf_index)

    def _take_update(self, update: ParticipantListUpdate, listed: ListedProposal) -> None:
        entries = self._translator.committed.participants.entries
        for change in update.changed_role_participants:
            self._wish(entries[change.user_index].user, listed).new_role = change.role_index
        for index in update.removed_indices:
            self._wish(entries[index].user, listed).removed = True
        for added in update.added_participants:
            self._wish(added.user, listed).added_as = added.role_index

    def acts(self, actor: Actor) -> Iterator[TranslatedAct]:
        """The acts that the proposals come to."""
        if isinstance(actor, ExternalJoiner):
            self._wishes.setdefault(actor.user, _Wish()).clients.append(actor.client)
        for user, wish in self._wishes.items():
            for change in self._changes(user, wish, actor):
                yield _translated(actor, change, wish.references)

    def _changes(self, user: User, wish: _Wish, actor: Actor) -> Iterator[Change]:
        clients, leaves = tuple(wish.clients), frozenset(wish.leaves)
        if wish.added_as is not None:
            yield AddParticipant(user, wish.added_as, clients)
            return
        if wish.removed:
            yield RemoveParticipant(user, leaves)
        elif wish.new_role is not None:
            banned = self._translator.updated.policy.is_banned(wish.new_role)
            yield ChangeRole(user, wish.new_role, leaves if banned else frozenset())
            if leaves and not banned:
                yield RemoveClients(user, leaves)
        elif clients and isinstance(actor, ExternalJoiner):
            yield AddClients(user, clients, replaced=leaves)
            return
        elif not clients or leaves:
            yield RemoveClients(user, leaves)
        if clients:
            yield AddClients(user, clients)
