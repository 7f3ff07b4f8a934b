"""Who may do what in a room: section 8 of the policy draft, and what other sections and drafts add to it."""

from collections.abc import Sequence
from dataclasses import replace

from mimi_conformance.reference.room.actors import Actor, Committer
from mimi_conformance.reference.room.application import policy_after
from mimi_conformance.reference.room.authorization import (
    adding,
    messages,
    metadata,
    policy_changes,
    presence,
    removing,
    role_changes,
)
from mimi_conformance.reference.room.authorization.outcome import Outcome
from mimi_conformance.reference.room.authorization.question import Question, acting_role
from mimi_conformance.reference.room.authorization.sharing import conflict
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
    DestroyRoom,
    MaintainGroup,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
    Use,
)
from mimi_conformance.reference.room.components.agreement import disagreements
from mimi_conformance.reference.room.decision import Decision, Refused
from mimi_conformance.reference.room.surroundings import ALONE, Surroundings
from mimi_conformance.reference.room.view import RoomView


def authorize(
    view: RoomView,
    actor: Actor,
    change: Change,
    surroundings: Surroundings = ALONE,
    pending: Sequence[Change] = (),
) -> Decision:
    """Whether somebody may make a change by itself: propose it, or do what no commit is needed for (POLICY 8).

    What a change gives to a component is valid by itself; `components` sees to that.

    Args:
        view: the room with everything that the hub has accepted so far (PROTO 7.1, AMB-049).
        actor: who wants it.
        change: what.
        surroundings: what lies outside the room.
        pending: accepted changes that have to share the next commit with this one. They are in the view already.

    """
    return authorize_proposals(view, [Act(actor, change)], surroundings, pending)


def authorize_proposals(
    view: RoomView, acts: Sequence[Act], surroundings: Surroundings = ALONE, pending: Sequence[Change] = ()
) -> Decision:
    """Whether changes may be proposed together. Each has to be allowed; numbers count after all of them (AMB-162).

    Args:
        view: as for `authorize`.
        acts: the changes, of which there is at least one, each with the actor whose right counts.
        surroundings: what lies outside the room.
        pending: as for `authorize`.

    Returns:
        What allows the first of them, or the first refusal.

    """
    return _decide_together(view, acts, surroundings, pending, committer=None)


def authorize_commit(
    view: RoomView,
    committer: Committer,
    acts: Sequence[Act],
    surroundings: Surroundings = ALONE,
    pending: Sequence[Change] = (),
) -> Decision:
    """Whether a commit may be made. Each act has to be allowed; numbers count after all of them (AMB-162).

    Args:
        view: as for `authorize`.
        committer: who commits.
        acts: what the commit does beyond the pending changes, each with the actor whose right counts (AMB-224).
        surroundings: what lies outside the room.
        pending: the accepted changes that the commit has by reference. They are in the view already.

    Returns:
        What allows the committer to commit, or the first refusal.

    """
    commit = Act(committer, MaintainGroup())
    return _decide_together(view, [commit, *acts], surroundings, pending, committer)


def _decide_together(
    view: RoomView,
    acts: Sequence[Act],
    surroundings: Surroundings,
    pending: Sequence[Change],
    committer: Committer | None,
) -> Decision:
    changes = [act.change for act in acts]
    outcome = Outcome(view, changes)
    decisions = [
        _decide(Question(view, act.actor, acting_role(view, act.actor), outcome, surroundings, committer), act.change)
        for act in acts
    ]
    refusals = (decision for decision in decisions if isinstance(decision, Refused))
    return next(refusals, None) or _together(view, changes, pending) or decisions[0]


def _together(view: RoomView, changes: Sequence[Change], pending: Sequence[Change]) -> Refused | None:
    """Why changes cannot be made together, each of which may be made; None when they can."""
    if refusal := conflict([*pending, *changes]):
        return refusal
    policy = policy_after(view.policy, changes)
    if policy is view.policy:
        return None
    found = next(disagreements(replace(view, policy=policy)), None)
    return None if found is None else Refused(found.rule, f"In {' and '.join(found.components)}: {found.value}.")


def _decide(question: Question, change: Change) -> Decision:  # noqa: C901, PLR0911, PLR0912 - one arm for each change
    if (decided := presence.presence(question, change)) is not None:
        return decided
    match change:
        case AddParticipant():
            return adding.add_participant(question, change)
        case AddClients():
            return adding.add_clients(question, change)
        case RemoveParticipant():
            return removing.remove_participant(question, change)
        case RemoveClients():
            return removing.remove_clients(question, change)
        case ChangeRole():
            return role_changes.change_role(question, change)
        case ChangeMetadata():
            return metadata.change_metadata(question, change)
        case ChangeRoles():
            return policy_changes.can_change_role_definitions(question, change)
        case ChangePreauthorization():
            return policy_changes.can_change_preauthorized_user_list(question, change)
        case ChangeBasePolicy():
            return policy_changes.can_change_room_membership_style(question, change)
        case ChangeComponent():
            return policy_changes.change_component(question, change)
        case ChangeExtensions():
            return policy_changes.change_extensions(question, change)
        case Reinitialize():
            return policy_changes.can_send_mls_reinit_proposal(question, change)
        case DestroyRoom():
            return policy_changes.can_destroy_room(question, change)
        case MaintainGroup():
            return presence.maintain_group(question, change)
        case Use():
            return messages.use(question, change)
