"""Who may do what in a room: section 8 of the policy draft, and what other sections add to it."""

from collections.abc import Sequence

from mimi_conformance.reference.room.actors import Actor, Committer
from mimi_conformance.reference.room.changes import Act, Change
from mimi_conformance.reference.room.decision import Decision
from mimi_conformance.reference.room.surroundings import ALONE, Surroundings
from mimi_conformance.reference.room.view import RoomView


def authorize(
    view: RoomView,
    actor: Actor,
    change: Change,
    surroundings: Surroundings = ALONE,
    pending: Sequence[Change] = (),
) -> Decision:
    """Whether somebody may make a change by itself, as a proposal or in any way but a commit (POLICY 8).

    Args:
        view: the room with everything that the hub has accepted so far (PROTO 7.1, AMB-049).
        actor: who wants it.
        change: what.
        surroundings: what lies outside the room.
        pending: accepted changes that have to share the next commit with this one. They are in the view already.

    """
    raise NotImplementedError


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

    """
    raise NotImplementedError
