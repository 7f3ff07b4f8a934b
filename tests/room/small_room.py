"""A cooperative room: alice runs it, bob takes part, carol has no client in the group, mallory is banned."""

from dataclasses import replace

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.actors import ExternalJoiner, ExternalProposer, ExternalSender, Member
from mimi_conformance.reference.room.decision import Decision, Refused
from mimi_conformance.reference.room.participants import Client, ParticipantList, User
from mimi_conformance.reference.room.policy import BANNED, RoomPolicy
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, Role, RoleData

USER, ADMIN, SUPER_ADMIN, ENFORCER = 2, 3, 4, 5
HUB = "hub.example"
ALICE, BOB, CAROL, MALLORY, EVE = (
    bytes(MimiUri.user(f"{name[0]}.example", name)) for name in ("alice", "bob", "carol", "mallory", "eve")
)


def client(user: User, number: int = 1) -> Client:
    """A client that is not in the group yet."""
    uri = MimiUri.parse(user)
    return Client(MimiUri.client(uri.provider, uri.path[0], str(number)))


PRESET = preset("cooperative")
PARTICIPANTS = ParticipantList.of(
    ParticipantListData(
        (
            UserRolePair(ALICE, SUPER_ADMIN),
            UserRolePair(BOB, USER),
            UserRolePair(CAROL, USER),
            UserRolePair(MALLORY, BANNED),
        )
    ),
    {ALICE: (Client(leaf_index=0),), BOB: (Client(leaf_index=1), Client(leaf_index=2))},
)
BASE = replace(
    PRESET.base_room_policy,
    policy_component_ids=(code_points().component_id("roles_list"), code_points().component_id("preauth_list")),
)
ROOM = RoomView(MimiUri.room(HUB, "clubhouse"), RoomPolicy.of(BASE, PRESET.roles_list, PreAuthData(())), PARTICIPANTS)

ALICES_CLIENT = Member(ALICE, 0)
BOBS_CLIENT = Member(BOB, 1)
EVE_OUTSIDE = ExternalJoiner(EVE, client(EVE))
CAROL_OUTSIDE = ExternalJoiner(CAROL, client(CAROL))
CAROL_PROPOSES = ExternalProposer(CAROL, client(CAROL))
HUB_SERVER = ExternalSender(bytes(MimiUri.of_provider(HUB)), HUB)


def with_base(room: RoomView, base: BaseRoomPolicy) -> RoomView:
    """A room with another base policy."""
    return replace(room, policy=replace(room.policy, base=base))


def with_role(room: RoomView, role: Role) -> RoomView:
    """A room with another definition of a role."""
    roles = {index: each.role for index, each in room.policy.roles.items()} | {role.role_index: role}
    made = RoomPolicy.of(room.policy.base, RoleData(tuple(roles.values())), room.policy.preauthorization)
    return replace(room, policy=replace(made, components=room.policy.components))


def role(room: RoomView, index: int) -> Role:
    """A role of a room, to make another of it."""
    return room.policy.roles[index].role


def refused(decision: Decision, rule: RoomRule) -> str:
    """The sentence of a refusal by a rule."""
    assert isinstance(decision, Refused), decision
    assert decision.rule is rule, decision
    return decision.sentence
