"""The whole state of a room at its hub, and at everybody else who follows it (PROTO 7.1).

A `RoomState` never changes: what happens to a room gives another one, in `updates` for messages and here for what the
drafts have no message for, or a refusal, and then it is as it was.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING, CredentialMapping
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.room.actors import Actor, ExternalJoiner
from mimi_conformance.reference.room.authorization.authorize import authorize
from mimi_conformance.reference.room.authorization.limits import LimitRule, is_pseudonym, not_within
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.changes import AddClients, Change, DestroyRoom
from mimi_conformance.reference.room.components.agreement import disagreements
from mimi_conformance.reference.room.credentials import server_domain
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.derivation import GroupError, view_of
from mimi_conformance.reference.room.envelope import PolicyEnvelope
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.surroundings import ALONE, Surroundings
from mimi_conformance.reference.room.translation import TranslatedAct, Translator
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.room_policy.roles import RoleData
from mimi_conformance.reference.wire.structure import Struct

EVERY_POLICY: Final = PolicyEnvelope()


class RoomStateRule(RoomRule):
    """What holds for a room and its group."""

    ONE_GROUP = ("POLICY-2-03", "A room has one group at a time, and another one when that has ended.", "AMB-082")
    REINIT_FOLLOWED = ("MLS-11.2-02", "The group that follows a ReInit is the one that it names.", "AMB-082")
    POLICY_KEPT = ("POLICY-5-22", "Another group of a room has the policy, metadata and participants of the room.")


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room.

    Attributes:
        group: its MLS group, with the proposals of the epoch.
        committed: the room as the group has it in this epoch.
        updated: the room with all that was accepted since, by which whatever comes next is judged (PROTO 7.1, AMB-049).
        pending: what was accepted since, and waits for a commit.
        envelope: the policies that the hub accepts in it (architecture 4.4).
        mapping: how credentials name clients and users (AMB-024).

    """

    group: PublicGroup
    committed: RoomView
    updated: RoomView
    pending: tuple[TranslatedAct, ...] = ()
    envelope: PolicyEnvelope = EVERY_POLICY
    mapping: CredentialMapping = DEFAULT_MAPPING

    @property
    def room_id(self) -> MimiUri:
        """The room."""
        return self.committed.room_id

    @property
    def pending_changes(self) -> tuple[Change, ...]:
        """What waits for a commit, by whomever it was proposed."""
        return tuple(each.act.change for each in self.pending)

    @property
    def external_senders(self) -> tuple[str, ...]:
        """The domains of the servers that may propose (PROTO 7.4)."""
        return _external_senders(self.group, self.committed)

    @property
    def stale_external_senders(self) -> frozenset[str]:
        """The followers that have to go from the external senders, because none of their users is left (PROTO 7.4)."""
        users = self.updated.participants
        return frozenset(
            each for each in self.external_senders if each != self.room_id.provider and not users.participants_of(each)
        )

    def translator(self, joiner: ExternalJoiner | None = None) -> Translator:
        """Reads the proposals of the epoch; `joiner` as in `Translator`."""
        return Translator(self.group.state, self.committed, self.updated, self.mapping, joiner)

    def within(self, surroundings: Surroundings) -> Surroundings:
        """The surroundings of this room, with its own envelope."""
        return replace(surroundings, envelope=self.envelope)


def found(
    group: PublicGroup,
    room_id: MimiUri,
    *,
    envelope: PolicyEnvelope = EVERY_POLICY,
    surroundings: Surroundings = ALONE,
    mapping: CredentialMapping = DEFAULT_MAPPING,
) -> RoomState:
    """The room that a group begins (PROTO 3.1). Which user may make rooms is for the hub to know.

    Args:
        group: the group, whose application is one from `room_application`, its own.
        room_id: the identifier of the room, at its hub.
        envelope: the policies that the hub accepts in the room.
        surroundings: what lies outside the room.
        mapping: how credentials name clients and users; the one that the group's application has.

    Raises:
        GroupError: the group is not one of a room, or not one that the hub accepts.
        ComponentError: the data of a component is invalid, or the components do not go together.

    """
    view = view_of(room_id, group.state, mapping)
    for disagreement in disagreements(view):
        raise disagreement.error()
    for refused in _refusals(group, view, envelope, surroundings):
        raise GroupError(refused.rule, refused.sentence)
    return RoomState(group, view, view, (), envelope, mapping)


def _refusals(
    group: PublicGroup, view: RoomView, envelope: PolicyEnvelope, surroundings: Surroundings
) -> Iterator[Refused]:
    """What is against a new room."""
    if view.hub not in _external_senders(group, view):
        yield Refused(PolicyRule.HUB_IS_EXTERNAL_SENDER, f"{view.hub} is none.")
    yield from envelope.refusals(policy_components(view))
    other = surroundings.find_fixed_room(view.participants) if view.policy.base.fixed_membership else None
    if other is not None:
        yield Refused(PolicyRule.FIXED_MEMBERSHIP_ONCE, f"{other} has the same participants.")
    for uri in view.policy.base.parent_room:
        parent = surroundings.find_room(MimiUri.parse(uri.uri))
        refused = None if parent is None else not_within(view, parent)
        if parent is None:
            yield Refused(LimitRule.PARENT_ON_THIS_HUB, f"This hub has no room {uri.uri!r}.")
        elif refused is not None:
            yield refused
    yield from _beyond_limits(view)


def _beyond_limits(view: RoomView) -> Iterator[Refused]:
    base, participants = view.policy.base, view.participants
    if base.max_users is not None and view.user_count > base.max_users:
        yield Refused(LimitRule.MAX_USERS, f"The room has {view.user_count} users, and takes {base.max_users}.")
    if base.max_clients is not None and participants.client_count > base.max_clients:
        count = participants.client_count
        yield Refused(LimitRule.MAX_CLIENTS, f"The group has {count} clients, and takes {base.max_clients}.")
    for user, clients in participants.clients_by_user.items():
        if len(clients) > 1 and not base.multi_device:
            yield Refused(LimitRule.ONE_CLIENT_EACH, f"{user!r} has {len(clients)} clients, and may have one.")
        if is_pseudonym(user) and not base.pseudonyms_allowed:
            yield Refused(LimitRule.LONG_TERM_IDENTIFIERS, f"{user!r} is a pseudonym.")


def _external_senders(group: PublicGroup, view: RoomView) -> tuple[str, ...]:
    return tuple(server_domain(each.credential, view.hub) for each in group.state.extensions.external_senders)


def policy_components(view: RoomView) -> dict[str, Struct]:
    """The components of a room that a policy envelope is about, by name."""
    policy = view.policy
    values: dict[str, Struct | None] = {
        "base_room_policy": policy.base,
        "preauth_list": policy.preauthorization,
        "room_metadata": view.metadata,
        **policy.components,
    }
    roles = RoleData(tuple(each.role for each in policy.roles.values()))
    return {"roles_list": roles, **{name: value for name, value in values.items() if value is not None}}


def destroy(state: RoomState, actor: Actor, surroundings: Surroundings = ALONE) -> RoomState | Refused:
    """The room when somebody has ended it for good; why it goes on otherwise (POLICY 8.6).

    The drafts have no message for it.
    """
    decision = authorize(state.updated, actor, DestroyRoom(), state.within(surroundings))
    if isinstance(decision, Refused):
        return decision
    return replace(
        state, committed=replace(state.committed, destroyed=True), updated=replace(state.updated, destroyed=True)
    )


def start_group(
    state: RoomState, group: PublicGroup, actor: ExternalJoiner, surroundings: Surroundings = ALONE
) -> RoomState | Refused:
    """A room with another group, after the one it had has come to its end; why it may not be otherwise (POLICY 5).

    A group ends with a commit of a ReInit, which any of its members may follow up. Where a persistent room has lost all
    of its clients, whoever may add its own client may also start another group. The drafts have no message for it
    (AMB-082).

    Args:
        state: the room.
        group: the new group, whose application is one from `room_application`, its own.
        actor: who started it.
        surroundings: what lies outside the room.

    Raises:
        GroupError: the new group is not one of this room.
        ComponentError: the data of a component is invalid.

    """
    before, reinit = state.updated, state.group.reinit
    if reinit is not None:
        if not before.participants.is_active(actor.user):
            return Refused(RoomStateRule.ONE_GROUP, f"{actor.user!r} has no client in the group that has ended.")
        if group.context.group_id != reinit.group_id:
            raise GroupError(RoomStateRule.REINIT_FOLLOWED, group.context.group_id)
    elif before.participants.client_count:
        return Refused(RoomStateRule.ONE_GROUP, f"{state.room_id} has {before.participants.client_count} clients.")
    else:
        decision = authorize(before, actor, AddClients(actor.user, (actor.client,)), state.within(surroundings))
        if isinstance(decision, Refused):
            return decision
    view = view_of(state.room_id, group.state, state.mapping)
    kept = (view.policy, view.metadata, view.participants.entries)
    if kept != (before.policy, before.metadata, before.participants.entries):
        raise GroupError(RoomStateRule.POLICY_KEPT, state.room_id)
    if view.hub not in _external_senders(group, view):
        raise GroupError(PolicyRule.HUB_IS_EXTERNAL_SENDER, view.hub)
    return replace(state, group=group, committed=view, updated=view, pending=())
