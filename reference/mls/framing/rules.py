"""What makes a framed message acceptable, one name per check."""

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText


class FramingRule(Rule):
    """What is checked between the bytes of a message and its authenticated content."""

    GROUP = RuleText("RFC 9420, section 6", "A message has the identifier of the group that it is for.")
    EPOCH = RuleText("RFC 9420, section 6", "A message is read with the secrets of the epoch that it names.")
    WIRE_FORMAT = RuleText("RFC 9420, section 6.1", "A signature covers the wire format that the message is sent in.")
    SIGNATURE = RuleText("RFC 9420, section 6.1", "The signature of a message verifies with the key of its sender.")
    NOT_APPLICATION = RuleText("RFC 9420, section 6", "Application data is sent as a PrivateMessage.")
    TAGGED_BY_MEMBER = RuleText("RFC 9420, section 6.2", "Members tag a PublicMessage, and nobody else does.")
    MEMBERSHIP_TAG = RuleText("RFC 9420, section 6.2", "The membership tag of a PublicMessage is right.")
    SENT_BY_MEMBER = RuleText("RFC 9420, section 6.3.2", "Only members encrypt messages to the group.")
    SENDER_DATA_ENCRYPTION = RuleText("RFC 9420, section 6.3.2", "The sender data of a message decrypts.")
    SENDER_DATA = RuleText("RFC 9420, section 6.3.2", "What decrypts as sender data is a SenderData.")
    CONTENT_ENCRYPTION = RuleText("RFC 9420, section 6.3.1", "The content of a message decrypts.")
    CONTENT = RuleText("RFC 9420, section 6.3.1", "What decrypts as content is of the message's content type.")
    PADDING = RuleText("RFC 9420, section 6.3.1", "All bytes of the padding are zero.")


class SemiPrivateRule(Rule):
    """What is checked of a SemiPrivateMessage besides."""

    RECEIVERS = RuleText(
        "semiprivatemessage-07, section 3", "A group that uses SemiPrivateMessage has at least one external receiver."
    )
    PARTIAL_CONTEXT_HASH = RuleText(
        "semiprivatemessage-07, sections 3.2 and 3.3",
        "The partial_context_hash is that of the sender's index and nonce.",
    )
    FRAMED_CONTENT_TBS_HASH = RuleText(
        "semiprivatemessage-07, sections 3.2 and 3.3",
        "The framed_content_tbs_hash is that of the content that the message holds.",
    )
    RECEIVER_LISTED = RuleText(
        "semiprivatemessage-07, section 3.3", "A message has a key for the external receiver that reads it."
    )
    RECEIVER_ENCRYPTION = RuleText(
        "semiprivatemessage-07, section 3.1", "What is encrypted to an external receiver decrypts with its key."
    )
    RECEIVER_KEYS = RuleText(
        "semiprivatemessage-07, section 3.1",
        "What decrypts for an external receiver is a PerMessageKeyAndNonces of the cipher suite's sizes.",
    )


class SafeAADRule(Rule):
    """What `authenticated_data` has to be in a group with the `safe_aad` component."""

    STRUCTURE = RuleText("mls-extensions, section 4.9", "The whole of authenticated_data is a SafeAAD.")
    SORTED = RuleText("mls-extensions, section 4.9", "The items of a SafeAAD are sorted by component.")
    UNIQUE = RuleText("mls-extensions, section 4.9", "A SafeAAD has at most one item per component (AMB-216).")


class FramingError(RuleError):
    """A message breaks a rule of this module; nothing has changed because of it."""
