"""The `base_room_policy` component, and types that other components share (mimi-room-policy-03, sections 5 and 6)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque, optional, uint32
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import ComponentID
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class BaseRoomPolicy(Struct):
    """The rules of a room as a whole (mimi-room-policy-03, section 5).

    `parent_room` is a vector of Uri, empty when unset (AMB-148). `policy_component_ids` are printed as `Component`,
    which nothing declares; they are component ids (AMB-151).
    """

    fixed_membership: bool
    parent_dependant: bool
    parent_room: tuple[Uri, ...]
    multi_device: bool
    max_clients: optional[uint32]
    max_users: optional[uint32]
    pseudonyms_allowed: bool
    persistent_room: bool
    discoverable: bool
    policy_component_ids: tuple[ComponentID, ...]


BaseRoomData = BaseRoomPolicy
BaseRoomUpdate = BaseRoomPolicy


class Optionality(Enumeration):
    """Whether something may, must or must not be (mimi-room-policy-03, section 6.1).

    The selects call `required` mandatory (AMB-146).
    """

    optional = 0
    required = 1
    forbidden = 2


ALLOWED = (Optionality.optional, Optionality.required)
"""The arms that have fields; the one for `forbidden` is empty (AMB-147)."""


@dataclass(frozen=True, slots=True)
class DomainName(Struct):
    """A domain name (mimi-room-policy-03, section 6.4)."""

    domain: opaque
