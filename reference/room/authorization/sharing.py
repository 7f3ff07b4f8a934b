"""What may not be in one commit (POLICY 3 and 4, PROTO 7.5 and 7.6)."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from mimi_conformance.reference.room.authorization.question import shown
from mimi_conformance.reference.room.changes import (
    AddParticipant,
    Change,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    RemoveParticipant,
)
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.rule import RoomRule


class SharingRule(RoomRule):
    """What may not be in one commit."""

    ROLES_ALONE = ("POLICY-3-13", "Roles and the participant list don't change in one commit.", "AMB-170")
    PREAUTHORIZATION_ALONE = (
        "POLICY-4-11",
        "Preauthorised users and the participant list don't change in one commit, removals aside.",
        "AMB-170",
    )
    USER_ONCE = ("PROTO-7.5-13", "A commit changes a user's place in the participant list once.", "AMB-134")
    METADATA_ONCE = ("PROTO-7.6-08", "A commit changes the metadata once.", "AMB-141")


_OF_PARTICIPANTS: Final = (AddParticipant, RemoveParticipant, ChangeRole)


def conflict(changes: Sequence[Change]) -> Refused | None:
    """Why changes may not share a commit; None when they may."""
    kinds = {type(change) for change in changes}
    users = Counter(change.user for change in changes if isinstance(change, _OF_PARTICIPANTS))
    if users and ChangeRoles in kinds:
        return Refused(SharingRule.ROLES_ALONE, f"{shown(next(iter(users)))} and the roles would change together.")
    if ChangePreauthorization in kinds and kinds & {AddParticipant, ChangeRole}:
        return Refused(
            SharingRule.PREAUTHORIZATION_ALONE,
            f"The list and the preauthorised users would change together, for {', '.join(map(shown, users))}.",
        )
    for user, times in users.items():
        if times > 1:
            return Refused(SharingRule.USER_ONCE, f"{shown(user)} would be changed {times} times.")
    if sum(isinstance(change, ChangeMetadata) for change in changes) > 1:
        return Refused(SharingRule.METADATA_ONCE, "The metadata would be replaced more than once.")
    return None
