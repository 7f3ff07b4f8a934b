"""The `base_room_policy` component (mimi-room-policy-03, section 5)."""

from collections.abc import Iterator

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy


class BasePolicyRule(RoomRule):
    """What makes a base policy valid by itself."""

    PARENT_NAMED = ("POLICY-5-12", "A parent-dependent room names its one parent by its room id.", "AMB-148")
    PARENT_ONLY_IF_DEPENDENT = ("POLICY-5-13", "A room that depends on no parent names none.")


def base_policy_faults(policy: BaseRoomPolicy) -> Iterator[Fault]:
    """What is wrong with a base policy."""
    parents = ", ".join(repr(parent.uri) for parent in policy.parent_room) or "no parent"
    if not policy.parent_dependant and policy.parent_room:
        yield BasePolicyRule.PARENT_ONLY_IF_DEPENDENT, parents
    if policy.parent_dependant and (len(policy.parent_room) != 1 or not _is_room(policy.parent_room[0])):
        yield BasePolicyRule.PARENT_NAMED, parents


def _is_room(uri: Uri) -> bool:
    try:
        return MimiUri.parse(uri.uri).type is IdentifierType.ROOM
    except IdentifierError:
        return False


BASE_ROOM_POLICY = ReplacedComponent("base_room_policy", BaseRoomPolicy, base_policy_faults)
