"""Whether anybody may do anything: in a room that is over, as somebody who is gone, or from outside (PROTO 5.3)."""

from mimi_conformance.reference.room.actors import ExternalJoiner, ExternalProposer, ExternalSender, Member
from mimi_conformance.reference.room.authorization.question import Question, shown
from mimi_conformance.reference.room.changes import (
    RECEIVE_MESSAGE,
    SEND_MESSAGE,
    Change,
    MaintainGroup,
    RemoveClients,
    Use,
)
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.operational import OperationalParameters


class PresenceRule(RoomRule):
    """Whether anybody may do anything."""

    NOT_DESTROYED = ("POLICY-8.6-04", "A room that was ended stays so.")
    ACCESSIBLE = ("POLICY-5-21", "A room that is not persistent becomes inaccessible when its group has no clients.")
    GONE_SEND_NOTHING = ("PROTO-5.3-07", "The clients of a removed or banned user send no application messages.")
    GONE_RECEIVE_NOTHING = ("PROTO-5.3-08", "The clients of a removed or banned user receive no application messages.")
    GONE_COMMIT_NOTHING = ("PROTO-5.3-09", "The clients of a removed or banned user send no commits.")
    GONE_PROPOSE_NOTHING = (
        "PROTO-5.3-10",
        "The clients of a removed or banned user propose nothing but their own removal.",
        "AMB-052",
    )
    GONE_REMOVE_THEIR_CLIENTS = (
        "PROTO-5.3-11",
        "The clients of a removed or banned user may propose their own removal.",
        "AMB-052",
    )
    EXTERNAL_PROPOSALS = ("POLICY-7.1-13", "External proposals are sent where the operational policy allows them.")
    EXTERNAL_COMMITS = ("POLICY-7.1-14", "External commits are sent where the operational policy allows them.")
    MEMBERS_MAINTAIN = (
        "POLICY-8.7-02",
        "Every member may update its leaf, propose a PSK, and commit what others propose.",
        "AMB-222",
    )


def presence(question: Question, change: Change) -> Decision | None:
    """What is decided without a look at capabilities; None when they have to decide."""
    return _over(question) or _gone(question, change) or _not_from_outside(question, change)


def _over(question: Question) -> Refused | None:
    view = question.view
    if view.destroyed:
        return Refused(PresenceRule.NOT_DESTROYED, f"{view.room_id} was ended.")
    if view.participants.client_count or view.policy.base.persistent_room:
        return None
    return Refused(PresenceRule.ACCESSIBLE, f"{view.room_id} is not persistent, and has no clients any more.")


def _gone(question: Question, change: Change) -> Decision | None:
    """What is left to the clients of a user who was removed or banned, until a commit removes them, too."""
    actor = question.actor
    if not isinstance(actor, Member) or question.view.takes_part(actor.user):
        return None
    state = "banned" if question.view.is_banned(actor.user) else "no participant"
    sentence = f"{shown(actor.user)} is {state}."
    match change:
        case Use():
            rule = _GONE_USES.get(change)
            return None if rule is None else Refused(rule, sentence)
        case _ if question.committer == actor:
            return Refused(PresenceRule.GONE_COMMIT_NOTHING, sentence)
        case RemoveClients(user=actor.user):
            return Allowed(PresenceRule.GONE_REMOVE_THEIR_CLIENTS)
        case _:
            return Refused(PresenceRule.GONE_PROPOSE_NOTHING, sentence)


_GONE_USES = {SEND_MESSAGE: PresenceRule.GONE_SEND_NOTHING, RECEIVE_MESSAGE: PresenceRule.GONE_RECEIVE_NOTHING}


def _not_from_outside(question: Question, change: Change) -> Refused | None:
    """Whether the operational policy, if there is one, has no place for whoever comes from outside the group."""
    parameters = question.policy.components.get("mls_operational_policy")
    if not isinstance(parameters, OperationalParameters) or isinstance(change, Use):
        return None
    match question.actor:
        case ExternalSender() | ExternalProposer() if not parameters.external_proposal_allowed:
            return Refused(PresenceRule.EXTERNAL_PROPOSALS, f"{shown(question.actor.user)} proposes from outside.")
        case ExternalJoiner() if not parameters.external_commit_allowed:
            return Refused(PresenceRule.EXTERNAL_COMMITS, f"{shown(question.actor.user)} commits from outside.")
        case _:
            return None


def maintain_group(question: Question, _change: MaintainGroup) -> Decision:
    """Whether somebody may do what keeps the group going: whoever is in it, or just comes in (AMB-053, AMB-222)."""
    if isinstance(question.actor, Member | ExternalJoiner):
        return Allowed(PresenceRule.MEMBERS_MAINTAIN)
    return Refused(PresenceRule.MEMBERS_MAINTAIN, f"{shown(question.actor.user)} is no member of the group.")
