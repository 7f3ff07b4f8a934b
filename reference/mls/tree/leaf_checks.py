"""A LeafNode in the group that it is for: the rules of RFC 9420, section 7.3, and what the application says."""

from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule, check_public_key
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.leaf_node_validation import check_leaf_node, check_member
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource


class MemberRule(Rule):
    """What the application says of a member."""

    CREDENTIAL = RuleText("RFC 9420, section 5.3.1", "The Authentication Service accepts the credential of a member.")
    SUCCESSOR = RuleText(
        "RFC 9420, section 5.3.1", "The Authentication Service accepts a member's new credential after its old one."
    )
    CLIENT_ONCE = RuleText("RFC 9420, section 12.2", "A client is in the group once.")


class MemberError(RuleError):
    """A LeafNode breaks a `MemberRule`."""


def check_leaf(
    state: GroupState,
    leaf_node: LeafNode,
    source: LeafNodeSource | None,
    *,
    leaf_index: LeafIndex | None = None,
    replaced: LeafNode | None = None,
    now: int | None = None,
) -> None:
    """Check a LeafNode without looking at the other members.

    Args:
        state: the group, with the extensions that the leaf must fit.
        leaf_node: the LeafNode.
        source: the source that it must have; None where any will do, as in the tree that a new member gets.
        leaf_index: the leaf that it is for; None for a KeyPackage, which isn't made for one.
        replaced: the LeafNode that it takes the place of, if there is one.
        now: seconds of the Unix epoch; None to leave its lifetime unchecked.

    Raises:
        LeafNodeError, ExtensionError: a rule of RFC 9420, section 7.3 or 13.4, is broken.
        PublicKeyError: its encryption key is none.
        MemberError: the Authentication Service does not accept the credential.

    """
    check_leaf_node(
        leaf_node,
        state.context,
        state.extensions,
        source=source,
        leaf_index=leaf_index,
        replaced=replaced,
        now=now,
        maximum_lifetime=state.application.maximum_lifetime,
    )
    check_public_key(state.context.cipher_suite, leaf_node.encryption_key, PublicKeyRule.LEAF_KEY)
    authentication = state.application.authentication
    old = leaf_node.credential if replaced is None else replaced.credential
    if old != leaf_node.credential and not authentication.accepts_successor(old, leaf_node.credential):
        raise MemberError(MemberRule.SUCCESSOR, leaf_node.credential)
    if not authentication.accepts(leaf_node.credential, leaf_node.signature_key):
        raise MemberError(MemberRule.CREDENTIAL, leaf_node.credential)


def check_leaf_among_others(state: GroupState, leaf_index: LeafIndex) -> None:
    """Check a member against all others, without looking at each of them.

    Raises:
        LeafNodeError: a rule of RFC 9420, section 7.3, is broken.
        MemberError: the application says that the client is in the group twice.

    """
    check_member(state.tree, leaf_index)
    others = state.leaves_of(state.tree.member(leaf_index)) - {leaf_index}
    if others:
        raise MemberError(MemberRule.CLIENT_ONCE, sorted(others))
