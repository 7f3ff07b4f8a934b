"""What a role can allow (mimi-room-policy-03, sections 8 and 10.2)."""

from mimi_conformance.reference.wire.enumerations import Registry


class CapabilityType(Registry):
    """The MIMI Role Capabilities registry (mimi-room-policy-03, section 10.2); the draft's names, `canBan` as can_ban.

    The draft marks some of them as reserved; they are values like any other on the wire.
    """

    can_add_participant = 0x0000
    can_remove_participant = 0x0001
    can_add_own_client = 0x0002
    can_remove_own_client = 0x0003
    can_open_join = 0x0004
    can_join_if_preauthorized = 0x0005
    can_remove_self = 0x0006
    can_create_join_code = 0x0007
    can_delete_join_code = 0x0008
    can_use_join_code = 0x0009
    can_ban = 0x000A
    can_unban = 0x000B
    can_kick = 0x000C
    can_knock = 0x000D
    can_accept_knock = 0x000E
    can_change_user_role = 0x000F
    can_change_own_role = 0x0010
    can_create_subgroup = 0x0011
    can_send_message = 0x0100
    can_receive_message = 0x0101
    can_copy_message = 0x0102
    can_report_abuse = 0x0103
    can_reply_to_message = 0x0104
    can_react_to_message = 0x0105
    can_edit_reaction = 0x0106
    can_delete_own_reaction = 0x0107
    can_delete_other_reaction = 0x0108
    can_edit_own_message = 0x0109
    can_delete_own_message = 0x010A
    can_delete_other_message = 0x010B
    can_start_topic = 0x010C
    can_reply_in_topic = 0x010D
    can_edit_own_topic = 0x010E
    can_edit_other_topic = 0x010F
    can_send_direct_message = 0x0110
    can_target_message = 0x0111
    can_upload_image = 0x0200
    can_upload_audio = 0x0201
    can_upload_video = 0x0202
    can_upload_attachment = 0x0203
    can_download_image = 0x0204
    can_download_audio = 0x0205
    can_download_video = 0x0206
    can_download_attachment = 0x0207
    can_send_link = 0x0208
    can_send_link_preview = 0x0209
    can_follow_link = 0x020A
    can_copy_link = 0x020B
    can_change_room_name = 0x0300
    can_change_room_description = 0x0301
    can_change_room_avatar = 0x0302
    can_change_room_subject = 0x0303
    can_change_room_mood = 0x0304
    can_change_own_name = 0x0380
    can_change_own_presence = 0x0381
    can_change_own_mood = 0x0382
    can_change_own_avatar = 0x0383
    can_start_call = 0x0400
    can_join_call = 0x0401
    can_send_audio = 0x0402
    can_receive_audio = 0x0403
    can_send_video = 0x0404
    can_receive_video = 0x0405
    can_share_screen = 0x0406
    can_view_shared_screen = 0x0407
    can_create_room = 0x0500
    can_destroy_room = 0x0501
    can_change_room_membership_style = 0x0502
    can_change_role_definitions = 0x0503
    can_change_preauthorized_user_list = 0x0504
    can_change_other_policy_attribute = 0x0505
    can_change_mls_operational_policies = 0x0600
    can_send_mls_reinit_proposal = 0x0601
    can_send_mls_update_proposal = 0x0602
    can_send_mls_psk_proposal = 0x0603
    can_send_mls_external_proposal = 0x0604
    can_send_mls_external_commit = 0x0605
