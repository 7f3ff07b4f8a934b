"""Rooms, and parts of them, made from a few words of TOML. decisions/README.md says which."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.participants import Client, ParticipantList, User
from mimi_conformance.reference.room.policy import RoomPolicy
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.surroundings import ALONE, Surroundings
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import RichDescription, RoomMetaData, Uri, UTF8String
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy, Optionality
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.messages import StatusNotificationPolicy
from mimi_conformance.reference.wire.room_policy.operational import (
    AppMessagePolicy,
    ExtendedCapabilities,
    MinDefaultMaxTime,
    OperationalParameters,
    PendingProposalPolicy,
    PendingProposalStrategy,
)
from mimi_conformance.reference.wire.room_policy.roles import (
    Claim,
    ClaimId,
    PreAuthData,
    PreAuthRoleEntry,
    Role,
    RoleData,
    SingleSourceRoleChangeTargets,
)
from mimi_conformance.reference.wire.structure import Struct

HUB: Final = "hub.example"
ROOM: Final = MimiUri.room(HUB, "clubhouse")
PARENT: Final = MimiUri.room(HUB, "parent")
Table = Mapping[str, Any]

_ANY_TIME = MinDefaultMaxTime(0, 0, 0)
_ANY_CAPABILITIES = ExtendedCapabilities()
OPERATIONAL: Final = OperationalParameters(
    mandatory_capabilities=_ANY_CAPABILITIES,
    default_capabilities=_ANY_CAPABILITIES,
    forbidden_capabilities=_ANY_CAPABILITIES,
    handshake_formats=(),
    external_proposal_allowed=True,
    external_commit_allowed=True,
    pending_proposal_policy=PendingProposalPolicy(pending_proposal_strategy=PendingProposalStrategy.unspecified),
    leaf_node_update_time=_ANY_TIME,
    app_message_policy=AppMessagePolicy(0, 0, 0),
    max_kp_lifetime=0,
    max_credential_lifetime=0,
    resumption_psk_lifetime=0,
    sender_nonce_keypair_lifetime=_ANY_TIME,
    max_keypairs=0,
    buffer_incoming_message_time=_ANY_TIME,
    max_buffered_messages=0,
)
METADATA: Final = RoomMetaData(
    room_uri=Uri(bytes(ROOM)),
    room_name=UTF8String(b"Clubhouse"),
    room_descriptions=(RichDescription(b"", b"en", b"Where we meet"),),
    room_avatar=Uri(b"https://hub.example/clubhouse.png"),
    room_subject=UTF8String(b"Everything"),
    room_mood=UTF8String(b"cheerful"),
)
COMPONENTS: Final[Mapping[str, Struct]] = {
    "status_notification_policy": StatusNotificationPolicy(Optionality.optional, Optionality.forbidden),
    "mls_operational_policy": OPERATIONAL,
}


def merged(file: Table, row: Table) -> Table:
    """What a file says of its room, with what a row says otherwise: table by table, but participants as a whole."""
    result = dict(file)
    for key, value in row.items():
        deep = isinstance(value, dict) and key in file and key != "participants"
        result[key] = merged(file[key], value) if deep else value
    return result


def user(name: str) -> User:
    """The user of a name: ``alice`` of the hub, ``bob@b.example``, or a server, by its domain."""
    if "@" not in name and "." in name:
        return bytes(MimiUri.of_provider(name))
    local, _, domain = name.partition("@")
    if local.startswith("~"):
        return bytes(MimiUri.pseudonym(domain or HUB, local[1:]))
    return bytes(MimiUri.user(domain or HUB, local))


def room_from(table: Table) -> RoomView:
    """The room that a table describes."""
    chosen = preset(table["preset"])
    roles = roles_from(chosen.roles_list, table.get("roles", {}))
    preauthorized = preauthorized_from(table["preauthorized"]) if "preauthorized" in table else chosen.preauth_list
    components = {name: COMPONENTS[name] for name in table.get("components", ())}
    if "operational" in table:
        components["mls_operational_policy"] = replace(OPERATIONAL, **table["operational"])
    listed = ("roles_list", *(("preauth_list",) if preauthorized else ()), *components)
    base = base_from(chosen.base_room_policy, table.get("base", {}))
    if "parent" in table:
        base = replace(base, parent_dependant=True, parent_room=(Uri(bytes(PARENT)),))
    base = replace(base, policy_component_ids=tuple(map(code_points().component_id, listed)))
    return RoomView(
        room_id=ROOM,
        policy=RoomPolicy.of(base, roles, preauthorized, components),
        participants=_participants(roles, table["participants"], table.get("clients", {})),
        metadata=METADATA,
    )


def _participants(roles: RoleData, named: Mapping[str, int], clients: Mapping[str, int]) -> ParticipantList:
    inactive = {role.role_index for role in roles.roles if role.maximum_active_participants_constraint == 0}
    by_user: dict[User, tuple[Client, ...]] = {}
    leaf = 0
    for name, role_index in named.items():
        count = clients.get(name, 0 if role_index in inactive else 1)
        if count:
            by_user[user(name)] = tuple(Client(client_uri(name, each), leaf + each) for each in range(count))
        leaf += count
    entries = tuple(UserRolePair(user(name), role_index) for name, role_index in named.items())
    return ParticipantList.of(ParticipantListData(entries), by_user)


def client_uri(name: str, number: int) -> MimiUri:
    """One of the clients of a user."""
    local, _, domain = name.partition("@")
    return MimiUri.client(domain or HUB, local.strip("~"), f"client{number}")


def surroundings_from(table: Table) -> Surroundings:
    """What lies outside the room that a table describes."""
    if "parent" not in table:
        return ALONE
    chosen = preset("cooperative")
    entries = tuple(UserRolePair(user(name), 2) for name in table["parent"])
    policy = RoomPolicy.of(chosen.base_room_policy, chosen.roles_list)
    parent = RoomView(PARENT, policy, ParticipantList.of(ParticipantListData(entries)))
    return Surroundings(find_room={PARENT: parent}.get)


def bare_role(index: int) -> Role:
    """A role that can nothing."""
    return Role(index, b"", b"", (), 0, None, 0, None, ())


def roles_from(original: RoleData, changes: Table) -> RoleData:
    """Roles with what a table says otherwise, by index: a table, or false for a role that goes."""
    roles = {str(role.role_index): role for role in original.roles}
    for index, change in changes.items():
        if change is False:
            del roles[index]
        else:
            roles[index] = _role(roles.get(index) or bare_role(int(index)), change)
    return RoleData(tuple(roles.values()))


def _role(role: Role, change: Table) -> Role:
    loses = {*map(capability, change.get("loses", ()))}
    assert loses <= {*role.role_capabilities}, f"role {role.role_index} can't lose what it has not"
    kept = (each for each in role.role_capabilities if each not in loses)
    changed: dict[str, Any] = {"role_capabilities": (*kept, *map(capability, change.get("gains", ())))}
    for key, value in change.items():
        match key:
            case "gains" | "loses":
                pass
            case "index":
                changed["role_index"] = value
            case "name" | "description":
                changed[f"role_{key}"] = value.encode()
            case "changes":
                changed["authorized_role_changes"] = tuple(
                    SingleSourceRoleChangeTargets(source, tuple(targets)) for source, targets in value
                )
            case _:
                changed[f"{key}_constraint"] = value
    return replace(role, **changed)


def capability(name: str) -> CapabilityType:
    """A capability by the draft's name, or by its number in hexadecimal."""
    return CapabilityType(int(name, 16) if name.startswith("0x") else code_points().capability(name))


def preauthorized_from(entries: list[Table]) -> PreAuthData:
    """Preauthorised users: claims and role of each entry."""
    return PreAuthData(
        tuple(PreAuthRoleEntry(tuple(map(claim, entry["claims"])), bare_role(entry["role"])) for entry in entries)
    )


def claim(value: str) -> Claim:
    """A claim of this value, always under the same name."""
    return Claim(ClaimId(CredentialType.x509, bytes.fromhex("0603550403")), value.encode())


def base_from(original: BaseRoomPolicy, values: Table) -> BaseRoomPolicy:
    """A base policy with other values in some fields."""
    parents = {"parent_room": tuple(Uri(uri.encode()) for uri in values.get("parent_room", ()))}
    return replace(original, **{**values, **(parents if "parent_room" in values else {})})


def metadata_from(values: Table) -> RoomMetaData:
    """The room's metadata with other values in some fields, without the prefix ``room_``."""
    changed: dict[str, Any] = {}
    for key, value in values.items():
        match key:
            case "name_hex":
                changed["room_name"] = UTF8String(bytes.fromhex(value))
            case "uri" | "avatar":
                changed[f"room_{key}"] = Uri(value.encode())
            case "description":
                changed["room_descriptions"] = (RichDescription(b"", b"en", value.encode()),)
            case _:
                changed[f"room_{key}"] = UTF8String(value.encode())
    return replace(METADATA, **changed)
