"""Decision matrices: what each role of a preset may do to holders of each other role, as data.

decisions/README.md says how to read the files of decisions/presets. Here each of their cells becomes a row of a table.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Final

from mimi_conformance.reference.room.policy import BANNED, NO_ROLE
from mimi_conformance.reference.room.presets import preset
from tests.room.decision_tables import DECISIONS, Row, row_from
from tests.room.described_rooms import HUB, Table

USED_BY: Final[Table] = {
    "canChangeRoomName": {"metadata": {"name": "Riverside"}},
    "canChangeRoomDescription": {"metadata": {"description": "By the river"}},
    "canChangeRoomAvatar": {"metadata": {"avatar": "https://hub.example/river.png"}},
    "canChangeRoomSubject": {"metadata": {"subject": "Boats"}},
    "canChangeRoomMood": {"metadata": {"mood": "calm"}},
    "canChangeRoomMembershipStyle": {"base": {"discoverable": True}},
    "canChangeRoleDefinitions": {"roles": {"2": {"description": "Somebody"}}},
    "canChangePreauthorizedUserList": {"preauthorized": [{"claims": ["personnel"], "role": 2}]},
    "canDestroyRoom": {"destroy": True},
    "canSendMLSReinitProposal": {"reinitialize": True},
    "canChangeMlsOperationalPolicies": {"component": "mls_operational_policy"},
    "canChangeOtherPolicyAttribute": {"component": "status_notification_policy"},
}
"""The changes that capabilities without a target are for. What is missing concerns messages, assets and calls."""


class Matrix:
    """The matrix of one preset."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.table = tomllib.loads((DECISIONS / "presets" / f"{name}.toml").read_text(encoding="utf-8"))
        self.roles = {role.role_index: role for role in preset(name).roles_list.roles}
        inactive = {index for index, role in self.roles.items() if role.maximum_active_participants_constraint == 0}
        self.inactive = inactive | {NO_ROLE, BANNED}
        self.ordinary = [index for index in self.roles if index not in (NO_ROLE, BANNED)]
        self.active = [index for index in self.ordinary if index not in inactive]
        listed = [index for index in self.roles if index != NO_ROLE]
        participants = {each: index for index in listed for each in (self.one(index), self.other(index))}
        components = ["mls_operational_policy", "status_notification_policy"]
        self.room = {"preset": name, "participants": participants, "components": components}

    def actions(self) -> list[str]:
        """What the matrix tells about."""
        return [
            *(each for each in self.table if each not in ("join", "allowed")),
            *self.table["join"],
            *self.table["allowed"],
        ]

    def one(self, index: int) -> str:
        """The first holder of a role, who acts; a server where nobody may have a client in the group."""
        return HUB if index in self.ordinary and index in self.inactive else f"one-{index}"

    def other(self, index: int) -> str:
        """The second holder of a role, whom others act upon."""
        return "b.example" if index in self.ordinary and index in self.inactive else f"other-{index}"

    def actor(self, index: int) -> Table:
        """Who acts in a role."""
        return {"server" if "." in self.one(index) else "member": self.one(index)}

    def rows(self, action: str) -> Iterator[Row]:
        """A row for each cell of an action."""
        match action:
            case "canOpenJoin" | "canJoinIfPreauthorized" | "canUseJoinCode":
                return self._joining(action)
            case "canChangeOwnRole":
                return self._changing_own_role()
            case "change_user_role":
                return self._changing_roles()
            case _ if action in self.table["allowed"]:
                return self._without_target(action)
            case _:
                return self._with_target(action)

    def _row(self, name: str, actor: Table, change: Table, allowed: bool, **room: object) -> Row:
        entry = {"name": name, "actor": actor, "change": change, "allowed": allowed, "rule": ""}
        return row_from(self.name, {**self.room, **room}, entry)

    def _role(self, index: int) -> str:
        return f"{index} ({self.roles[index].role_name.decode()})"

    def _with_target(self, action: str) -> Iterator[Row]:
        for index in self.roles:
            permitted = self.table[action].get(str(index), [])
            for target in self._targets(action):
                name = f"{action}, {self._role(index)} and {self._role(target)}"
                yield self._row(name, self.actor(index), self._change(action, target), target in permitted)

    def _targets(self, action: str) -> list[int]:
        match action:
            case "remove_participant":
                return [index for index in self.roles if index != NO_ROLE]
            case "kick":
                return self.active
            case "ban":
                return [NO_ROLE, *self.ordinary] if BANNED in self.roles else []
            case "unban":
                return self.ordinary if BANNED in self.roles else []
            case _:
                return self.ordinary

    def _change(self, action: str, target: int) -> Table:
        match action:
            case "add_participant":
                return {"add": "newcomer", "role": target, "clients": 0 if target in self.inactive else 1}
            case "remove_participant":
                return {"remove": self.other(target)}
            case "kick":
                return {"remove_clients": self.other(target), "clients": 1}
            case "ban" if target == NO_ROLE:
                return {"add": "newcomer", "role": BANNED, "clients": 0}
            case "ban":
                return {"change_role": self.other(target), "role": BANNED}
            case _:
                return {"change_role": self.other(BANNED), "role": target}

    def _changing_roles(self) -> Iterator[Row]:
        for index in self.roles:
            permitted = self.table["change_user_role"].get(str(index), {})
            for before in self.ordinary:
                for after in self.ordinary:
                    if before != after:
                        change = {"change_role": self.other(before), "role": after}
                        name = f"change_user_role, {self._role(index)}, from {before} to {after}"
                        yield self._row(name, self.actor(index), change, after in permitted.get(str(before), []))

    def _joining(self, action: str) -> Iterator[Row]:
        for target in self.ordinary:
            actor: dict[str, object] = {"joins": "newcomer"}
            room: dict[str, object] = {}
            if action == "canUseJoinCode":
                actor["code_for_role"] = target
            if action == "canJoinIfPreauthorized":
                room["preauthorized"] = [{"claims": [], "role": target}]
            change = {"add": "newcomer", "role": target}
            yield self._row(f"{action}, as {target}", actor, change, target in self.table["join"][action], **room)

    def _changing_own_role(self) -> Iterator[Row]:
        for index in self.ordinary:
            for target in self.active:
                if index != target:
                    yield self._row(
                        f"canChangeOwnRole, from {index} to {target}",
                        self.actor(index),
                        {"change_role": self.one(index), "role": target},
                        index in self.table["allowed"]["canChangeOwnRole"],
                        preauthorized=[{"claims": [], "role": target}],
                    )

    def _without_target(self, action: str) -> Iterator[Row]:
        for index in self.active if action == "canRemoveOwnClient" else self.roles:
            actor, one = self.actor(index), self.one(index)
            match action:
                case "canAddOwnClient":
                    change = {"add_clients": one, "clients": 1}
                    actor = {"joins": one} if index in self.inactive else actor
                case "canRemoveOwnClient":
                    change = {"remove_clients": one, "clients": 1}
                case "canRemoveSelf":
                    change = {"remove": one}
                case _:
                    change = USED_BY.get(action, {"use": action})
            name = f"{action}, {self._role(index)}"
            yield self._row(name, actor, change, index in self.table["allowed"][action])


@cache
def matrix(name: str) -> Matrix:
    """The matrix of a preset."""
    return Matrix(name)
