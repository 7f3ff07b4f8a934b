"""A change to a room, with everything that bears on whether it may be made."""

from dataclasses import dataclass
from functools import cache

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.room.actors import Actor, Committer, Member
from mimi_conformance.reference.room.authorization.outcome import Outcome
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.policy import NO_ROLE, NOBODY, RoomPolicy, RoomRole
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.surroundings import Surroundings
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


def acting_role(view: RoomView, actor: Actor) -> RoomRole:
    """The role in which somebody acts: that of its entry in the participant list, or else one by preauthorisation.

    Preauthorisation counts for those who come from outside, never for a member, and never beside an entry, so that
    it doesn't help a banned user (POLICY 4, 8; AMB-166).
    """
    listed = view.participants.role_index(actor.user)
    if listed is not None:
        return view.policy.role(listed) or NOBODY
    if isinstance(actor, Member):
        return view.policy.no_role
    return view.policy.role(next(view.policy.preauthorized_roles(actor.claims), NO_ROLE)) or NOBODY


@dataclass(frozen=True, slots=True)
class Question:
    """May this be?

    Its methods are the conditions that section 8 of the policy draft puts on many capabilities. Each gives a refusal,
    or None when the condition holds, so that `or` joins them to a sentence; the rule is named by who asks.

    Attributes:
        view: the room, with all that was accepted before.
        actor: who wants it.
        role: the role in which the actor acts.
        outcome: the room's numbers, should it happen along with all that is decided together with it.
        surroundings: what lies outside the room.
        committer: who commits it; None when it is proposed, or no part of the group's state.

    """

    view: RoomView
    actor: Actor
    role: RoomRole
    outcome: Outcome
    surroundings: Surroundings
    committer: Committer | None = None

    @property
    def policy(self) -> RoomPolicy:
        """The room's policy."""
        return self.view.policy

    @property
    def who(self) -> str:
        """The actor in its role, as a sentence begins with it."""
        return f"{shown(self.actor.user)}, as {shown_role(self.role)},"

    def current_role(self, user: User) -> int:
        """The role of a user before the change; role zero for somebody who is not listed."""
        return self.view.participants.role_index(user) or NO_ROLE

    def lacks(self, capability: CapabilityType, rule: RoomRule) -> Refused | None:
        """Whether the actor's role is without a capability."""
        if capability in self.role.capabilities:
            return None
        return Refused(rule, f"{self.who} does not hold {shown_capability(capability)}.")

    def cannot_change(self, user: User, before: int, after: int, rule: RoomRule) -> Refused | None:
        """Whether authorized_role_changes of the actor's role don't list a change of somebody's role."""
        if self.role.changes_to(before, after):
            return None
        return Refused(
            rule,
            f"{self.who} may not take {shown(user)} from {self.shown_index(before)} to {self.shown_index(after)}: "
            f"the role's authorized_role_changes do not list that.",
        )

    def not_a_role_to_have(self, role_index: int, rule: RoomRule) -> Refused | None:
        """Whether nobody can have a role: it is not defined, or role zero (AMB-135)."""
        if role_index == NO_ROLE:
            return Refused(rule, "Nobody on the participant list has role 0.")
        if self.policy.role(role_index) is None:
            return Refused(rule, f"The room defines no role {role_index}.")
        return None

    def unlisted(self, user: User, rule: RoomRule) -> Refused | None:
        """Whether a user is missing from the participant list."""
        return None if user in self.view.participants else Refused(rule, f"{shown(user)} is no participant.")

    def listed(self, user: User, rule: RoomRule) -> Refused | None:
        """Whether a user is on the participant list already."""
        role_index = self.view.participants.role_index(user)
        if role_index is None:
            return None
        return Refused(rule, f"{shown(user)} is on the participant list already, as {self.shown_index(role_index)}.")

    def clients_left(self, user: User, rule: RoomRule) -> Refused | None:
        """Whether a user would still have clients in the group."""
        left = self.outcome.clients(user)
        if not left:
            return None
        clients = ", ".join(
            f"leaf {client.leaf_index}" if client.leaf_index is not None else f"{client.uri}, which is being added"
            for client in left
        )
        return Refused(rule, f"{shown(user)} would still have a client in the group: {clients}.")

    def not_leaves_of(self, user: User, leaves: frozenset[int], rule: RoomRule) -> Refused | None:
        """Whether a user has no client at one of these leaves."""
        for leaf in leaves:
            if self.view.participants.user_at(leaf) != user:
                return Refused(rule, f"{shown(user)} has no client at leaf {leaf}.")
        return None

    def too_few(self, role_index: int, rule: RoomRule) -> Refused | None:
        """Whether a role would have less participants than its minimum."""
        role, number = self._role(role_index), self.outcome.participants_in(role_index)
        minimum = role.role.minimum_participants_constraint
        if number >= minimum:
            return None
        return Refused(rule, f"There would be {number} participants in {shown_role(role)}, which needs {minimum}.")

    def too_few_active(self, role_index: int, rule: RoomRule) -> Refused | None:
        """Whether a role would have less active participants than its minimum."""
        role, number = self._role(role_index), self.outcome.active_in(role_index)
        minimum = role.role.minimum_active_participants_constraint
        if number >= minimum:
            return None
        return Refused(
            rule, f"There would be {number} active participants in {shown_role(role)}, which needs {minimum}."
        )

    def too_many(self, role_index: int, rule: RoomRule) -> Refused | None:
        """Whether a role would have more participants than its maximum."""
        role, number = self._role(role_index), self.outcome.participants_in(role_index)
        maximum = role.role.maximum_participants_constraint
        if maximum is None or number <= maximum:
            return None
        return Refused(rule, f"There would be {number} participants in {shown_role(role)}, which takes {maximum}.")

    def too_many_active(self, role_index: int, rule: RoomRule) -> Refused | None:
        """Whether a role would have more active participants than its maximum."""
        role, number = self._role(role_index), self.outcome.active_in(role_index)
        maximum = role.role.maximum_active_participants_constraint
        if maximum is None or number <= maximum:
            return None
        return Refused(
            rule, f"There would be {number} active participants in {shown_role(role)}, which takes {maximum}."
        )

    def shown_index(self, role_index: int) -> str:
        """A role, for people."""
        role = self.policy.role(role_index)
        return f"role {role_index}, which is not defined" if role is None else shown_role(role)

    def _role(self, role_index: int) -> RoomRole:
        return self.policy.role(role_index) or NOBODY


def shown(user: User) -> str:
    """A user, for people."""
    return user.decode(errors="backslashreplace")


def shown_role(role: RoomRole) -> str:
    """A role, for people."""
    return f"role {role.index} ({role.name})" if role.name else f"role {role.index}"


def shown_capability(capability: CapabilityType) -> str:
    """A capability, as the draft writes it."""
    return _capability_names().get(capability, capability.name)


@cache
def _capability_names() -> dict[int, str]:
    return {number: name for name, number in code_points().capabilities.items()}
