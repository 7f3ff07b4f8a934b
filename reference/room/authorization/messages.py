"""Who does what with messages, assets and calls (POLICY 8.3 to 8.5).

A hub can enforce sending, and withhold what somebody may not receive; everything else only clients can see.
"""

from mimi_conformance.reference.room.actors import Member
from mimi_conformance.reference.room.authorization.question import Question, shown
from mimi_conformance.reference.room.changes import SEND_MESSAGE, Use
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused
from mimi_conformance.reference.room.rule import RoomRule


class UseRule(RoomRule):
    """Who uses which capability; the members are called like those of `CapabilityType`."""

    CAN_SEND_MESSAGE = ("POLICY-8.3-01", "canSendMessage allows sending messages to the room.")
    CAN_RECEIVE_MESSAGE = ("POLICY-8.3-02", "canReceiveMessage allows receiving messages from the room.", "AMB-175")
    CAN_COPY_MESSAGE = ("POLICY-8.3-03", "canCopyMessage allows copying what was received.")
    CAN_REPORT_ABUSE = ("POLICY-8.3-04", "canReportAbuse allows reporting a franked message as abusive.", "AMB-126")
    CAN_REPLY_TO_MESSAGE = ("POLICY-8.3-05", "canReplyToMessage allows replying to a message.")
    CAN_REACT_TO_MESSAGE = ("POLICY-8.3-06", "canReactToMessage allows reacting to a message.")
    CAN_EDIT_REACTION = ("POLICY-8.3-07", "canEditReaction allows replacing a reaction of one's own by another.")
    CAN_DELETE_OWN_REACTION = ("POLICY-8.3-08", "canDeleteOwnReaction allows retracting a reaction of one's own.")
    CAN_DELETE_OTHER_REACTION = ("POLICY-8.3-09", "canDeleteOtherReaction allows deleting a reaction of somebody else.")
    CAN_EDIT_OWN_MESSAGE = ("POLICY-8.3-10", "canEditOwnMessage allows editing a message of one's own.")
    CAN_DELETE_OWN_MESSAGE = ("POLICY-8.3-11", "canDeleteOwnMessage allows retracting a message of one's own.")
    CAN_DELETE_OTHER_MESSAGE = ("POLICY-8.3-12", "canDeleteOtherMessage allows retracting a message of somebody else.")
    CAN_START_TOPIC = ("POLICY-8.3-13", "canStartTopic allows giving a message a topic.")
    CAN_REPLY_IN_TOPIC = ("POLICY-8.3-14", "canReplyInTopic allows replying under the topic of the original.")
    CAN_EDIT_OWN_TOPIC = ("POLICY-8.3-15", "canEditOwnTopic allows changing the topic of a message of one's own.")
    CAN_EDIT_OTHER_TOPIC = (
        "POLICY-8.3-16",
        "canEditOtherTopic allows changing the topic of a message of somebody else.",
    )
    CAN_SEND_LINK = ("POLICY-8.3-17", "canSendLink allows sending an inline link.")
    CAN_SEND_LINK_PREVIEW = ("POLICY-8.3-18", "canSendLinkPreview allows sending an inline link with a preview.")
    CAN_FOLLOW_LINK = ("POLICY-8.3-19", "canFollowLink allows opening an inline link.")
    CAN_COPY_LINK = ("POLICY-8.3-20", "canCopyLink allows copying the URL of an inline link.")
    CAN_UPLOAD_ATTACHMENT = ("POLICY-8.4-01", "canUploadAttachment allows uploading a file as an attachment.")
    CAN_DOWNLOAD_ATTACHMENT = ("POLICY-8.4-02", "canDownloadAttachment allows downloading a file as an attachment.")
    CAN_UPLOAD_IMAGE = ("POLICY-8.4-03", "canUploadImage allows uploading an image to render.")
    CAN_DOWNLOAD_IMAGE = ("POLICY-8.4-04", "canDownloadImage allows downloading an image to render.")
    CAN_UPLOAD_VIDEO = ("POLICY-8.4-05", "canUploadVideo allows uploading a video to render.")
    CAN_DOWNLOAD_VIDEO = ("POLICY-8.4-06", "canDownloadVideo allows downloading a video to render.")
    CAN_UPLOAD_AUDIO = ("POLICY-8.4-07", "canUploadAudio allows uploading audio to render.")
    CAN_DOWNLOAD_AUDIO = ("POLICY-8.4-08", "canDownloadAudio allows downloading audio to render.")
    CAN_START_CALL = ("POLICY-8.5-01", "canStartCall allows starting a call.")
    CAN_JOIN_CALL = ("POLICY-8.5-02", "canJoinCall allows joining a call.")
    CAN_SEND_AUDIO = ("POLICY-8.5-03", "canSendAudio allows sending audio in a call.")
    CAN_RECEIVE_AUDIO = ("POLICY-8.5-04", "canReceiveAudio allows receiving audio in a call.")
    CAN_SEND_VIDEO = ("POLICY-8.5-05", "canSendVideo allows sending video in a call.")
    CAN_RECEIVE_VIDEO = ("POLICY-8.5-06", "canReceiveVideo allows receiving video in a call.")
    CAN_SHARE_SCREEN = ("POLICY-8.5-07", "canShareScreen allows sharing a screen in a call.")
    CAN_VIEW_SHARED_SCREEN = ("POLICY-8.5-08", "canViewSharedScreen allows seeing a shared screen in a call.")


class SenderRule(RoomRule):
    """Who sends at all."""

    ACTIVE = ("PROTO-5.4-04", "Who sends a message is a participant with a client in the group.", "AMB-062")


def use(question: Question, change: Use) -> Decision:
    """Whether somebody may do what a capability is about; messages come from active participants only."""
    rule = UseRule[change.capability.name.upper()]
    refusal = _inactive(question) if change == SEND_MESSAGE else None
    return refusal or question.lacks(change.capability, rule) or Allowed(rule)


def _inactive(question: Question) -> Refused | None:
    user = question.actor.user
    clients = question.view.participants.clients(user)
    if isinstance(question.actor, Member) and any(client.leaf_index is not None for client in clients):
        return None
    return Refused(SenderRule.ACTIVE, f"{shown(user)} has no client in the group.")
