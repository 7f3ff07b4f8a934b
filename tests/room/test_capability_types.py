"""The number of each capability, as the draft's table has it (POLICY 10.2)."""

import pytest

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from tests.exercised import exercises

TABLE = [
    pytest.param(0x0000, "canAddParticipant", marks=exercises("POLICY-10.2-02")),
    pytest.param(0x0001, "canRemoveParticipant", marks=exercises("POLICY-10.2-03")),
    pytest.param(0x0002, "canAddOwnClient", marks=exercises("POLICY-10.2-04")),
    pytest.param(0x0003, "canRemoveOwnClient", marks=exercises("POLICY-10.2-05")),
    pytest.param(0x0004, "canOpenJoin", marks=exercises("POLICY-10.2-06")),
    pytest.param(0x0005, "canJoinIfPreauthorized", marks=exercises("POLICY-10.2-07")),
    pytest.param(0x0006, "canRemoveSelf", marks=exercises("POLICY-10.2-08")),
    pytest.param(0x0007, "canCreateJoinCode", marks=exercises("POLICY-10.2-09")),
    pytest.param(0x0008, "canDeleteJoinCode", marks=exercises("POLICY-10.2-10")),
    pytest.param(0x0009, "canUseJoinCode", marks=exercises("POLICY-10.2-11")),
    pytest.param(0x000A, "canBan", marks=exercises("POLICY-10.2-12")),
    pytest.param(0x000B, "canUnBan", marks=exercises("POLICY-10.2-13")),
    pytest.param(0x000C, "canKick", marks=exercises("POLICY-10.2-14")),
    pytest.param(0x000D, "canKnock", marks=exercises("POLICY-10.2-15")),
    pytest.param(0x000E, "canAcceptKnock", marks=exercises("POLICY-10.2-16")),
    pytest.param(0x000F, "canChangeUserRole", marks=exercises("POLICY-10.2-17")),
    pytest.param(0x0010, "canChangeOwnRole", marks=exercises("POLICY-10.2-18")),
    pytest.param(0x0011, "canCreateSubgroup", marks=exercises("POLICY-10.2-19")),
    pytest.param(0x0100, "canSendMessage", marks=exercises("POLICY-10.2-20")),
    pytest.param(0x0101, "canReceiveMessage", marks=exercises("POLICY-10.2-21")),
    pytest.param(0x0102, "canCopyMessage", marks=exercises("POLICY-10.2-22")),
    pytest.param(0x0103, "canReportAbuse", marks=exercises("POLICY-10.2-23")),
    pytest.param(0x0104, "canReplyToMessage", marks=exercises("POLICY-10.2-24")),
    pytest.param(0x0105, "canReactToMessage", marks=exercises("POLICY-10.2-25")),
    pytest.param(0x0106, "canEditReaction", marks=exercises("POLICY-10.2-26")),
    pytest.param(0x0107, "canDeleteOwnReaction", marks=exercises("POLICY-10.2-27")),
    pytest.param(0x0108, "canDeleteOtherReaction", marks=exercises("POLICY-10.2-28")),
    pytest.param(0x0109, "canEditOwnMessage", marks=exercises("POLICY-10.2-29")),
    pytest.param(0x010A, "canDeleteOwnMessage", marks=exercises("POLICY-10.2-30")),
    pytest.param(0x010B, "canDeleteOtherMessage", marks=exercises("POLICY-10.2-31")),
    pytest.param(0x010C, "canStartTopic", marks=exercises("POLICY-10.2-32")),
    pytest.param(0x010D, "canReplyInTopic", marks=exercises("POLICY-10.2-33")),
    pytest.param(0x010E, "canEditOwnTopic", marks=exercises("POLICY-10.2-34")),
    pytest.param(0x010F, "canEditOtherTopic", marks=exercises("POLICY-10.2-35")),
    pytest.param(0x0110, "canSendDirectMessage", marks=exercises("POLICY-10.2-36")),
    pytest.param(0x0111, "canTargetMessage", marks=exercises("POLICY-10.2-37")),
    pytest.param(0x0200, "canUploadImage", marks=exercises("POLICY-10.2-38")),
    pytest.param(0x0201, "canUploadAudio", marks=exercises("POLICY-10.2-39")),
    pytest.param(0x0202, "canUploadVideo", marks=exercises("POLICY-10.2-40")),
    pytest.param(0x0203, "canUploadAttachment", marks=exercises("POLICY-10.2-41")),
    pytest.param(0x0204, "canDownloadImage", marks=exercises("POLICY-10.2-42")),
    pytest.param(0x0205, "canDownloadAudio", marks=exercises("POLICY-10.2-43")),
    pytest.param(0x0206, "canDownloadVideo", marks=exercises("POLICY-10.2-44")),
    pytest.param(0x0207, "canDownloadAttachment", marks=exercises("POLICY-10.2-45")),
    pytest.param(0x0208, "canSendLink", marks=exercises("POLICY-10.2-46")),
    pytest.param(0x0209, "canSendLinkPreview", marks=exercises("POLICY-10.2-47")),
    pytest.param(0x020A, "canFollowLink", marks=exercises("POLICY-10.2-48")),
    pytest.param(0x020B, "canCopyLink", marks=exercises("POLICY-10.2-49")),
    pytest.param(0x0300, "canChangeRoomName", marks=exercises("POLICY-10.2-50")),
    pytest.param(0x0301, "canChangeRoomDescription", marks=exercises("POLICY-10.2-51")),
    pytest.param(0x0302, "canChangeRoomAvatar", marks=exercises("POLICY-10.2-52")),
    pytest.param(0x0303, "canChangeRoomSubject", marks=exercises("POLICY-10.2-53")),
    pytest.param(0x0304, "canChangeRoomMood", marks=exercises("POLICY-10.2-54")),
    pytest.param(0x0380, "canChangeOwnName", marks=exercises("POLICY-10.2-55")),
    pytest.param(0x0381, "canChangeOwnPresence", marks=exercises("POLICY-10.2-56")),
    pytest.param(0x0382, "canChangeOwnMood", marks=exercises("POLICY-10.2-57")),
    pytest.param(0x0383, "canChangeOwnAvatar", marks=exercises("POLICY-10.2-58")),
    pytest.param(0x0400, "canStartCall", marks=exercises("POLICY-10.2-59")),
    pytest.param(0x0401, "canJoinCall", marks=exercises("POLICY-10.2-60")),
    pytest.param(0x0402, "canSendAudio", marks=exercises("POLICY-10.2-61")),
    pytest.param(0x0403, "canReceiveAudio", marks=exercises("POLICY-10.2-62")),
    pytest.param(0x0404, "canSendVideo", marks=exercises("POLICY-10.2-63")),
    pytest.param(0x0405, "canReceiveVideo", marks=exercises("POLICY-10.2-64")),
    pytest.param(0x0406, "canShareScreen", marks=exercises("POLICY-10.2-65")),
    pytest.param(0x0407, "canViewSharedScreen", marks=exercises("POLICY-10.2-66")),
    pytest.param(0x0500, "canCreateRoom", marks=exercises("POLICY-10.2-67")),
    pytest.param(0x0501, "canDestroyRoom", marks=exercises("POLICY-10.2-68")),
    pytest.param(0x0502, "canChangeRoomMembershipStyle", marks=exercises("POLICY-10.2-69")),
    pytest.param(0x0503, "canChangeRoleDefinitions", marks=exercises("POLICY-10.2-70")),
    pytest.param(0x0504, "canChangePreauthorizedUserList", marks=exercises("POLICY-10.2-71")),
    pytest.param(0x0505, "canChangeOtherPolicyAttribute", marks=exercises("POLICY-10.2-72")),
    pytest.param(0x0600, "canChangeMlsOperationalPolicies", marks=exercises("POLICY-10.2-73")),
    pytest.param(0x0601, "canSendMLSReinitProposal", marks=exercises("POLICY-10.2-74")),
    pytest.param(0x0602, "canSendMLSUpdateProposal", marks=exercises("POLICY-10.2-75")),
    pytest.param(0x0603, "canSendMLSPSKProposal", marks=exercises("POLICY-10.2-76")),
    pytest.param(0x0604, "canSendMLSExternalProposal", marks=exercises("POLICY-10.2-77")),
    pytest.param(0x0605, "canSendMLSExternalCommit", marks=exercises("POLICY-10.2-78")),
]


@pytest.mark.parametrize(("code", "name"), TABLE)
def test_a_capability_has_its_number(code: int, name: str) -> None:
    assert code_points().capability(name) == code
    assert CapabilityType(code).name.replace("_", "") == name.lower()


def test_there_are_no_others() -> None:
    assert {*CapabilityType} == {row.values[0] for row in TABLE}
    assert {*code_points().capabilities.values()} == {*CapabilityType}
