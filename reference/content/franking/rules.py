"""What makes a frank acceptable, one name per check."""

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText


class CommitmentRule(Rule):
    """What a message must hold so that it can be franked."""

    MEDIA_TYPE = RuleText(
        "mimi-protocol-06, section 5.4.1.1", "Salt and URIs of a franked message are found where it is MIMI content."
    )
    CONTENT = RuleText("mimi-protocol-06, section 5.4.1.1", "A franked message decodes as what it says it is.")
    SENDER_URI = RuleText(
        "mimi-protocol-06, section 5.4.1.1", "A franked message holds its sender's URI, as extension 1."
    )
    ROOM_URI = RuleText("mimi-protocol-06, section 5.4.1.1", "A franked message holds its room's URI, as extension 2.")
    TAG_SIZE = RuleText("mimi-protocol-06, section 5.4.1", "A frank_aad is a franking tag of 32 octets.")


class AgentRule(Rule):
    """What a franking_agent must be, so that its key is believed to be the hub's."""

    DOMAIN = RuleText(
        "mimi-protocol-06, section 5.4.1.3", "The franking_agent's credential is that of the hub's domain."
    )
    CERTIFIED_KEY = RuleText("RFC 9420, section 5.3", "The franking_agent's certificate is for its signature key.")


class StampRule(Rule):
    """What the hub needs to know its own stamps again."""

    HUB_KEYS_IN_ORDER = RuleText(
        "mimi-protocol-06, section 5.4.1.2",
        "A new hub_key begins after the one before it, so that time tells them apart.",
    )


class VerificationRule(Rule):
    """What a receiver checks of a frank, in this order."""

    TAG_PRESENT = RuleText("mimi-protocol-06, section 5.4.1.3", "A franked message has a franking tag as frank_aad.")
    FRANK_PRESENT = RuleText("mimi-protocol-06, section 5.4.1.3", "A franked message comes with the hub's frank.")
    CIPHER_SUITE = RuleText(
        "mimi-protocol-06, section 5.4.1.3",
        "The franking_signature_ciphersuite has the signature algorithm of the group's cipher suite.",
    )
    AGENT_PRESENT = RuleText("mimi-protocol-06, section 5.4.1.3", "The GroupContext names the franking_agent.")
    SIGNATURE = RuleText(
        "mimi-protocol-06, section 5.4.1.3",
        "The franking_integrity_signature is the hub's, of this server_frank, cipher suite, sender, room and time.",
    )
    TAG = RuleText(
        "mimi-protocol-06, section 5.4.1.3", "The franking tag is the one of the message's salt and application data."
    )
    SENDER = RuleText(
        "mimi-protocol-06, section 5.4.1.3", "The sender that the message names is the one of the sender's credential."
    )
    ROOM = RuleText(
        "mimi-protocol-06, section 5.4.1.3", "The room that the message names is the one in which it was received."
    )


class AbuseReportRule(Rule):
    """What makes a report one that the hub takes."""

    ALLEGED_ABUSER = RuleText(
        "mimi-protocol-06, section 5.9", "An abuse report names the user who is said to be abusive."
    )
    REPORTING_USER = RuleText("mimi-protocol-06, section 5.9", "An abuse report names a user who reports, or nobody.")
    NOTE = RuleText("mimi-protocol-06, section 5.9", "The note of an abuse report is UTF-8.")
    MAY_REPORT = RuleText(
        "mimi-room-policy-03, section 8.3", "Somebody who reports abuse by name has the capability canReportAbuse."
    )


class EvidenceRule(Rule):
    """What a message in a report must be to prove something; reports with others are taken all the same (AMB-125)."""

    ABUSER = RuleText("mimi-protocol-06, section 5.9", "The message's sender is the alleged abuser.")
    ROOM = RuleText("mimi-protocol-06, section 5.9", "The message was sent to the room that the report is about.")
    HUB_KEY = RuleText("mimi-protocol-06, section 5.9", "The hub had a hub_key at the message's accepted_timestamp.")
    SERVER_FRANK = RuleText(
        "mimi-protocol-06, section 5.9", "The server_frank is the one that the hub makes for this content and time."
    )
    CIPHER_SUITE = RuleText(
        "mimi-protocol-06, section 5.9", "The franking_signature_ciphersuite is one that the hub has signed with."
    )
    SIGNATURE = RuleText("mimi-protocol-06, section 5.9", "The franking_integrity_signature is the hub's.")


class FrankingError(RuleError):
    """A message, a frank or a report breaks a rule of this module; nothing has changed because of it."""
