"""The rules about Commits beyond their lists of proposals (RFC 9420, sections 12.4 and 12.4.3.2)."""

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText


class CommitRule(Rule):
    """What makes a Commit valid, apart from its proposals, its LeafNode and the form of its path."""

    GROUP_IN_USE = RuleText("RFC 9420, section 12.4.2", "A group that a ReInit has ended takes no more messages.")
    IS_COMMIT = RuleText("RFC 9420, section 12.4.2", "What is processed as a Commit is one.")
    IS_PROPOSAL = RuleText("RFC 9420, section 12.1", "What is kept as a proposal is one.")
    REFERENCE_KNOWN = RuleText(
        "RFC 9420, section 12.4", "A Commit refers to proposals that were received in the same epoch."
    )
    PATH_PRESENT = RuleText(
        "RFC 9420, section 12.4", "A Commit has a path if it covers nothing, or a proposal that requires one."
    )


class CommitError(RuleError):
    """A Commit breaks a `CommitRule`."""
