"""Whether the components of a room go together: what each refers to in the others, and in the room itself."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.components.registry import POLICY_COMPONENTS
from mimi_conformance.reference.room.components.rules import ComponentError, Fault
from mimi_conformance.reference.room.policy import NO_ROLE, RoomPolicy
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.room_policy.assets import AssetPolicy, AssetUploadLocation
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.links import BotPolicy, JoinLinkPolicy, JoinLinksData
from mimi_conformance.reference.wire.room_policy.messages import HistoryPolicy
from mimi_conformance.reference.wire.structure import Struct


class AgreementRule(RoomRule):
    """What components have to say about each other."""

    PARTICIPANTS_HAVE_ROLES = ("POLICY-3-14", "Each participant has a role that the room defines.", "AMB-171")
    PREAUTHORIZED_FOR_ROLES = ("POLICY-4-08", "Users are preauthorised for roles that the room defines.", "AMB-149")
    BOTS_HAVE_ROLES = ("POLICY-6.7-03", "Each bot has a role that the room defines, or role zero.")
    HISTORY_SHARED_BY_ROLES = ("POLICY-6.6-03", "The roles that share history are ones that the room defines.")
    HISTORY_SHARED_BY_ACTIVE = ("POLICY-6.6-05", "A role that shares history may have active participants.")
    NOBODY_ADDED_TO_FIXED = (
        "POLICY-5-05",
        "With fixed membership, no role but zero and the banned one has canAddParticipant.",
    )
    PARENT_AT_SAME_HUB = ("POLICY-5-11", "The parent of a room has the same hub.")
    COMPONENTS_LISTED = ("POLICY-5-24", "The base policy lists every other policy component that the room has.")
    ONE_JOIN_LINK = ("POLICY-6.2-01", "Where links are made on request, the room keeps at most one.")
    ASSETS_AT_HUB = ("POLICY-6.4-05", "Where assets go to the hub, the one provider listed is the hub.")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Components that do not go together.

    Attributes:
        components: their names; the one that refers to the other comes first.
        rule: the broken rule.
        value: what breaks it.

    """

    components: tuple[str, ...]
    rule: RoomRule
    value: object

    def error(self) -> ComponentError:
        """The disagreement as an error."""
        return ComponentError(" and ".join(self.components), self.rule, self.value)


def disagreements(view: RoomView) -> Iterator[Disagreement]:
    """What does not go together in a room. Takes as long in a large room as in a small one."""
    for components, judge in _JUDGES:
        for rule, value in judge(view):
            yield Disagreement(components, rule, value)


_S = TypeVar("_S", bound=Struct)


def _component(policy: RoomPolicy, name: str, structure: type[_S]) -> _S | None:
    value = policy.components.get(name)
    return value if isinstance(value, structure) else None


def _participants(view: RoomView) -> Iterator[Fault]:
    for role_index in sorted(view.participants.roles_in_use - view.policy.roles.keys()):
        yield AgreementRule.PARTICIPANTS_HAVE_ROLES, f"role {role_index}"


def _preauthorization(view: RoomView) -> Iterator[Fault]:
    data = view.policy.preauthorization
    for entry in data.preauthorized_entries if data else ():
        if view.policy.role(entry.target_role.role_index) is None:
            yield AgreementRule.PREAUTHORIZED_FOR_ROLES, f"role {entry.target_role.role_index}"


def _bots(view: RoomView) -> Iterator[Fault]:
    bots = _component(view.policy, "bot_policy", BotPolicy)
    for bot in bots.allowed_bots if bots else ():
        if view.policy.role(bot.bot_role_index) is None:
            yield AgreementRule.BOTS_HAVE_ROLES, f"role {bot.bot_role_index} of {bot.name!r}"


def _history(view: RoomView) -> Iterator[Fault]:
    history = _component(view.policy, "chat_history_policy", HistoryPolicy)
    for role_index in (history.roles_that_can_share or ()) if history else ():
        role = view.policy.role(role_index)
        if role is None:
            yield AgreementRule.HISTORY_SHARED_BY_ROLES, f"role {role_index}"
        elif role.role.maximum_active_participants_constraint == 0:
            yield AgreementRule.HISTORY_SHARED_BY_ACTIVE, f"role {role_index}"


def _fixed_membership(view: RoomView) -> Iterator[Fault]:
    for index, role in sorted(view.policy.roles.items()) if view.policy.base.fixed_membership else ():
        may_add = CapabilityType.can_add_participant in role.capabilities
        if may_add and index != NO_ROLE and not role.is_banned:
            yield AgreementRule.NOBODY_ADDED_TO_FIXED, f"role {index}"


def _parent(view: RoomView) -> Iterator[Fault]:
    for parent in view.policy.base.parent_room:
        if MimiUri.parse(parent.uri).provider != view.hub:
            yield AgreementRule.PARENT_AT_SAME_HUB, parent.uri


def _listed(view: RoomView) -> Iterator[Fault]:
    policy, numbers = view.policy, code_points().components
    present = {"roles_list", *({"preauth_list"} if policy.preauthorization else ()), *policy.components}
    for component in POLICY_COMPONENTS:
        if component.name in present and numbers[component.name] not in policy.base.policy_component_ids:
            yield AgreementRule.COMPONENTS_LISTED, component.name


def _join_links(view: RoomView) -> Iterator[Fault]:
    policy = _component(view.policy, "join_link_policy", JoinLinkPolicy)
    links = _component(view.policy, "join_links", JoinLinksData)
    if policy and policy.on_request and links and len(links.join_links) > 1:
        yield AgreementRule.ONE_JOIN_LINK, f"{len(links.join_links)} links"


def _assets(view: RoomView) -> Iterator[Fault]:
    assets = _component(view.policy, "asset_policy", AssetPolicy)
    if assets and assets.asset_upload_location is AssetUploadLocation.hub:
        for entry in assets.upload_domains:
            if entry.provider.domain != view.hub.encode():
                yield AgreementRule.ASSETS_AT_HUB, entry.provider.domain


_JUDGES: tuple[tuple[tuple[str, ...], Callable[[RoomView], Iterator[Fault]]], ...] = (
    (("participant_list", "roles_list"), _participants),
    (("preauth_list", "roles_list"), _preauthorization),
    (("bot_policy", "roles_list"), _bots),
    (("chat_history_policy", "roles_list"), _history),
    (("base_room_policy", "roles_list"), _fixed_membership),
    (("base_room_policy",), _parent),
    (("base_room_policy",), _listed),
    (("join_links", "join_link_policy"), _join_links),
    (("asset_policy",), _assets),
)
