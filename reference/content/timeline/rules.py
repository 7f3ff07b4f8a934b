"""Why a message counts for nothing in a timeline, one name per reason."""

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText

_GENERAL = "mimi-content-08, section 9.1"
_AUTHORIZATION = "mimi-content-08, section 9.3"


class HandlingRule(Rule):
    """What a message keeps to that is not nonsense, beyond what `codec` checks."""

    MEMBER = RuleText(_GENERAL, "The sender of a message is a member of its group.")
    SENDER_URI = RuleText(_GENERAL, "A message names no other sender than the one whose credential vouches for it.")
    ROOM_URI = RuleText(_GENERAL, "A message names no other room than the one that it is sent to.")
    NEW_ID = RuleText(_GENERAL, "A message has an id that no message before it had.")
    NOT_IN_FUTURE = RuleText(_GENERAL, "A message was not accepted more than a few minutes from now.")
    AFTER_FORMAT = RuleText(_GENERAL, "A message is not older than its format.")
    AFTER_ROOM = RuleText(_GENERAL, "A message is not older than its room.")
    EXPIRY_NOT_PAST = RuleText(_GENERAL, "A message did not expire more than a year ago.")
    EXPIRY_NOT_FAR = RuleText(_GENERAL, "A message does not expire in more than a year.")


class ConversationRule(Rule):
    """What a message keeps to among others."""

    NO_LOOP = RuleText("mimi-content-08, section 4.1", "No chain of replies comes back to where it began.")
    SOMETHING_SAID = RuleText("mimi-content-08, section 4.4", "Only a message that replaces another one has no body.")
    NOT_DELETED = RuleText("mimi-content-08, section 5.6", "What was deleted does not change any more.")
    SAME_KIND = RuleText(_AUTHORIZATION, "A reaction stays a reaction, and a message a message.")
    ORIGINAL_SENDER = RuleText(_AUTHORIZATION, "Only the original sender of a message changes what it says.")
    ONLY_BODY = RuleText(_AUTHORIZATION, "Even its sender changes nothing of a message but its body.")
    CAPABILITY = RuleText(
        "mimi-room-policy-03, section 8.3", "What a message does to the room is within the role of its sender."
    )


class TimelineError(RuleError):
    """A message breaks one of these rules, and is discarded."""
