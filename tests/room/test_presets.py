import os
import re
from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.room.presets import PRESETS, UnknownPreset, preset
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import Role
from tests.exercised import exercises

SPECIFICATIONS = Path(os.environ.get("MIMI_SPECIFICATIONS", Path(__file__).parents[3] / "shared" / "specs"))

EXAMPLES = {
    "cooperative": "Cooperatively administered room",
    "strict": "Strictly administered room",
    "moderated": "Moderated room",
    "multi-organization": "Multi-organization administered room",
}

MISPRINTED_INCLUDES = {("Moderated room", "speaker"): "attendee", ("Moderated room", "moderator"): "speaker"}
"""The example includes a role in itself, and one that the room has not (presets/moderated.toml)."""

WITHOUT_CODE_POINT = {"cangrantvoice", "canrevokevoice"}
"""AMB-157."""


def role_named(name: str, role_name: str) -> Role:
    """The role of a preset."""
    [found] = [each for each in preset(name).roles_list.roles if each.role_name == role_name.encode()]
    return found


class PrintedExample:
    """One example as the draft's appendix prints it."""

    def __init__(self, title: str) -> None:
        draft = SPECIFICATIONS / "draft-ietf-mimi-room-policy-03.md"
        if not draft.is_file():
            pytest.skip(f"the drafts are not in {SPECIFICATIONS}: set MIMI_SPECIFICATIONS to their folder")
        section = draft.read_text().split("# Role examples")[1].split(f"## {title}\n")[1].split("\n#")[0]
        self.title = title
        self.roles = {text.split("\n")[0]: text for text in re.split(r"^- ", section, flags=re.MULTILINE)[1:]}

    def capabilities(self, role: str) -> set[int]:
        """The codes that a role has, with those that it includes."""
        codes = {name.lower(): code for name, code in code_points().capabilities.items()}
        own = {name.lower() for name in re.findall(r"- (can\w+)", self.roles[role])} - WITHOUT_CODE_POINT
        includes = re.search(r"\((?:include )?(?:all|same)[^)]*?(\w+)\)", self.roles[role])
        included = MISPRINTED_INCLUDES.get((self.title, role), includes and includes[1])
        return {codes[each] for each in own} | (self.capabilities(included) if included else set())

    def constraint(self, role: str, name: str) -> int | None:
        """A minimum or maximum."""
        [printed] = re.findall(rf"- {name}_constraint = (\w+)", self.roles[role])
        return None if printed == "null" else int(printed)

    def changes(self, role: str) -> dict[int, tuple[int, ...]]:
        """Source and targets of authorized_role_changes."""
        entries = re.findall(r"\((\d+), ?\[([\d,]+)\]\)", self.roles[role])
        return {int(source): tuple(map(int, targets.split(","))) for source, targets in entries}


@pytest.mark.parametrize("name", EXAMPLES)
@exercises("POLICY-A.1-01", "POLICY-A.2-01", "POLICY-A.3-01", "POLICY-A.4-01")
def test_an_example_is_what_the_draft_prints(name: str) -> None:
    printed = PrintedExample(EXAMPLES[name])
    assert [role.role_name.decode() for role in preset(name).roles_list.roles] == [*printed.roles]
    for role in preset(name).roles_list.roles:
        role_name = role.role_name.decode()
        assert set(role.role_capabilities) == printed.capabilities(role_name), role_name
        assert {
            "minimum_participants": role.minimum_participants_constraint,
            "maximum_participants": role.maximum_participants_constraint,
            "minimum_active_participants": role.minimum_active_participants_constraint,
            "maximum_active_participants": role.maximum_active_participants_constraint,
        } == {
            each: printed.constraint(role_name, each)
            for each in (
                "minimum_participants",
                "maximum_participants",
                "minimum_active_participants",
                "maximum_active_participants",
            )
        }, role_name
        changes = {each.from_role_index: each.target_role_indexes for each in role.authorized_role_changes}
        assert changes == printed.changes(role_name), role_name


def test_a_role_has_what_it_includes_and_its_own() -> None:
    speaker = role_named("moderated", "speaker").role_capabilities
    assert CapabilityType.can_receive_message in speaker, "from the guest, through the attendee"
    assert CapabilityType.can_change_own_role in speaker, "from the attendee"
    assert CapabilityType.can_send_message in speaker, "its own"
    assert CapabilityType.can_kick not in speaker, "the moderator's"


@pytest.mark.parametrize("name", PRESETS)
def test_creator_and_hub_have_roles_that_exist(name: str) -> None:
    made = preset(name)
    roles = {each.role_index: each.role_name for each in made.roles_list.roles}
    assert roles[made.creator_role_index] in (b"super_admin", b"participant")
    assert made.hub_role_index is None or roles[made.hub_role_index] == b"policy_enforcer"


@pytest.mark.parametrize("name", PRESETS)
@exercises("POLICY-5-24")
def test_the_policy_components_in_use_are_listed(name: str) -> None:
    made = preset(name)
    expected = {code_points().component_id("roles_list")}
    if made.preauth_list is not None:
        expected.add(code_points().component_id("preauth_list"))
    assert set(made.base_room_policy.policy_component_ids) == expected


@pytest.mark.parametrize("name", PRESETS)
def test_a_room_that_has_a_use_for_preauthorisation_has_the_component(name: str) -> None:
    held = {each for role in preset(name).roles_list.roles for each in role.role_capabilities}
    wanted = {CapabilityType.can_join_if_preauthorized, CapabilityType.can_change_preauthorized_user_list}
    assert bool(held & wanted) == (preset(name).preauth_list is not None)


@pytest.mark.parametrize("name", ["direct-message", "group-direct-message"])
@exercises("POLICY-5-05")
def test_in_a_fixed_membership_room_no_role_can_add_participants(name: str) -> None:
    assert preset(name).base_room_policy.fixed_membership
    for role in preset(name).roles_list.roles:
        assert CapabilityType.can_add_participant not in role.role_capabilities


def test_an_unknown_preset_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(UnknownPreset, match="no preset 'modrated'; there are cooperative, strict, moderated"):
        preset("modrated")
