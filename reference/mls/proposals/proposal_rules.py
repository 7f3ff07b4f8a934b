"""The rules about proposals, one by one and together (RFC 9420, sections 12.1 and 12.2; mls-extensions).

What checks them: `proposal_checks` a proposal by itself, `proposal_list` the list that a Commit covers.
"""

from dataclasses import dataclass

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.proposals import Proposal


class ProposalRule(Rule):
    """What makes a proposal valid by itself."""

    TYPE_KNOWN = RuleText("RFC 9420, section 13.2", "The application uses proposals of this type.")
    UPDATE_BY_MEMBER = RuleText("RFC 9420, section 12.1.2", "An Update comes from the member whose leaf it replaces.")
    REMOVED_IS_MEMBER = RuleText("RFC 9420, section 12.1.3", "A Remove names a leaf that is not blank.")
    PSK_NOT_FOR_REINIT = RuleText(
        "RFC 9420, section 12.1.4", "A resumption PSK for reinit is only used to reinitialize the group."
    )
    PSK_NOT_FOR_BRANCH = RuleText(
        "RFC 9420, section 12.1.4", "A resumption PSK for branch is only used to branch a subgroup."
    )
    PSK_NONCE_LENGTH = RuleText("RFC 9420, section 12.1.4", "The nonce of a PSK is as long as the suite's hash.")
    REINIT_VERSION = RuleText("RFC 9420, section 12.1.5", "A ReInit does not go back to an earlier version.")
    DICTIONARY_UNTOUCHED = RuleText(
        "mls-extensions, section 4.7", "Where AppDataUpdate is required, GroupContextExtensions keeps the dictionary."
    )
    EXTERNAL_SENDER_CREDENTIAL = RuleText(
        "RFC 9420, section 5.3.1", "The Authentication Service accepts the credential of each external sender."
    )
    UPDATED_COMPONENT_KNOWN = RuleText(
        "mls-extensions, section 4.7", "The application knows the component of an AppDataUpdate."
    )
    REMOVED_STATE_PRESENT = RuleText("mls-extensions, section 4.7", "An AppDataUpdate removes state that is there.")
    REMOVAL_ACCEPTED = RuleText("mls-extensions, section 4.7", "The component accepts that its state is removed.")
    EPHEMERAL_COMPONENT_KNOWN = RuleText(
        "mls-extensions, section 4.8", "The application knows the component of an AppEphemeral."
    )
    EPHEMERAL_ACCEPTED = RuleText("mls-extensions, section 4.8", "The component accepts its ephemeral data.")
    SELF_REMOVE_BY_MEMBER = RuleText("mls-extensions, section 6.3.1", "A SelfRemove comes from the member that leaves.")
    ONE_SELF_REMOVE = RuleText("mls-extensions, section 6.3.1", "A member sends one SelfRemove in an epoch.")
    APPLICATION_ACCEPTS = RuleText("RFC 9420, section 12.2", "The application accepts a proposal of a type of its own.")


class ProposalListRule(Rule):
    """What makes the list of proposals valid that a Commit covers."""

    NO_UPDATE_BY_COMMITTER = RuleText("RFC 9420, section 12.2", "No Update comes from the committer.")
    NO_REMOVAL_OF_COMMITTER = RuleText("RFC 9420, section 12.2", "No proposal removes the committer.")
    ONE_CHANGE_PER_LEAF = RuleText(
        "RFC 9420, section 12.2", "At most one Update, Remove or SelfRemove applies to the same leaf."
    )
    ONE_ADD_PER_CLIENT = RuleText("RFC 9420, section 12.2", "No two Adds are for the same client.")
    CLIENT_NOT_IN_GROUP = RuleText(
        "RFC 9420, section 12.2", "A client that is in the group is not added unless the same list removes it."
    )
    PSK_ONCE = RuleText("RFC 9420, section 12.2", "No two PreSharedKeys have the same PreSharedKeyID.")
    ONE_GROUP_CONTEXT_EXTENSIONS = RuleText("RFC 9420, section 12.2", "There is at most one GroupContextExtensions.")
    REINIT_ALONE = RuleText("RFC 9420, section 12.2", "A ReInit comes without other proposals.")
    NO_EXTERNAL_INIT = RuleText("RFC 9420, section 12.2", "Only an external Commit has an ExternalInit.")
    TYPE_SUPPORTED = RuleText(
        "RFC 9420, section 12.2", "All members that process the Commit support its types of proposal."
    )
    REQUIREMENTS_SUPPORTED = RuleText(
        "RFC 9420, section 12.1.7", "All members support what the new extensions are and what they require."
    )
    BY_REFERENCE_ONLY = RuleText(
        "mls-extensions, section 6.3.1", "A proposal that may only be covered by reference, such as SelfRemove, is."
    )
    REMOVE_OR_UPDATE_OF_STATE = RuleText(
        "mls-extensions, section 4.7", "A component has one AppDataUpdate that removes, or only such that update."
    )
    UPDATE_ACCEPTED = RuleText("mls-extensions, section 4.7", "The component accepts all its updates together.")
    ONE_EXTERNAL_INIT = RuleText("RFC 9420, section 12.2", "An external Commit has exactly one ExternalInit.")
    ONE_EXTERNAL_REMOVE = RuleText("RFC 9420, section 12.2", "An external Commit has at most one Remove.")
    TYPE_IN_EXTERNAL_COMMIT = RuleText(
        "RFC 9420, section 12.2", "An external Commit has only proposals of types that it may have."
    )
    EXTERNAL_BY_VALUE = RuleText(
        "RFC 9420, section 12.4.3.2", "An external Commit refers to no proposals but SelfRemoves."
    )


class ProposalError(RuleError):
    """A proposal, or the list it is in, breaks a rule.

    Attributes:
        index: the position of the proposal in the Commit's list; None for a proposal in a message of its own, and for
            a list that lacks one.

    """

    def __init__(self, rule: Rule, value: object, index: int | None = None) -> None:
        super().__init__(rule, value, "" if index is None else f"proposal {index}")
        self.index = index


@dataclass(frozen=True, slots=True)
class ListedProposal:
    """A proposal in the list that a Commit covers.

    Attributes:
        index: its position in that list; None when it is looked at by itself.
        proposal: the proposal.
        sender: who proposed it; for a proposal by value the committer.
        reference: its ProposalRef; None for a proposal by value.

    """

    index: int | None
    proposal: Proposal
    sender: Sender
    reference: ProposalRef | None = None

    @property
    def by_member(self) -> int | None:
        """The leaf index of the member that proposed it; None when no member did."""
        return self.sender.leaf_index if self.sender.sender_type is SenderType.member else None

    def breaks(self, rule: Rule, value: object) -> ProposalError:
        """The error for this proposal breaking a rule."""
        return ProposalError(rule, value, self.index)
