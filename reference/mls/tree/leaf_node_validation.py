"""Whether a LeafNode is valid, by itself and among the other members (RFC 9420, section 7.3).

What only the application can say, whether a credential is to be believed, is not asked here. Nor is whether the
capabilities list the group's cipher suite: section 7.3 doesn't ask for it, a KeyPackage names its suite by itself, and
the official vectors have groups of suite 7 whose members list the suites 1 to 6.

Multi-credentials (mls-extensions, section 6.5) can be read, but no MIMI draft uses them and nothing here verifies their
bindings; so no LeafNode with one is valid.
"""

from collections.abc import Iterator
from itertools import chain

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mimi_conformance.reference.mls.crypto.signature_scheme import signature_public_key
from mimi_conformance.reference.mls.proposals.extensions import DEFAULT_EXTENSION_TYPES
from mimi_conformance.reference.mls.proposals.features import Feature, GroupExtensions, Purpose, supported_features
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.leaf_node_signature import leaf_node_signature_verifies
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, node_of
from mimi_conformance.reference.wire.mls.credential import Certificate
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.registries import CredentialType


class LeafNodeRule(Rule):
    """What makes a LeafNode valid."""

    SOURCE = RuleText("RFC 9420, section 7.3", "The leaf_node_source says where the LeafNode comes from.")
    SIGNATURE = RuleText("RFC 9420, section 7.3", "The signature of a LeafNode verifies with its signature_key.")
    CERTIFICATE_KEY = RuleText(
        "RFC 9420, section 5.3", "The key of an x509 or a pseudonymous credential is the signature_key."
    )
    BINDINGS_VERIFIED = RuleText(
        "mls-extensions, section 6.5.2", "No member has a multi-credential, whose bindings nobody here verifies."
    )
    VERSION = RuleText("RFC 9420, section 11.1", "A member supports the group's protocol version.")
    CREDENTIAL_LISTED = RuleText("RFC 9420, section 7.2", "The capabilities list the type of the own credential.")
    EXTENSIONS_LISTED = RuleText("RFC 9420, section 7.3", "The capabilities list the extensions of the LeafNode.")
    GROUP_EXTENSIONS = RuleText("RFC 9420, section 13.4", "A member supports the extensions of the GroupContext.")
    REQUIRED_CAPABILITIES = RuleText("RFC 9420, section 7.3", "A member supports what the GroupContext requires.")
    LIFETIME_CURRENT = RuleText("RFC 9420, section 7.3", "It is now a time in the lifetime.")
    LIFETIME_LENGTH = RuleText("RFC 9420, section 7.2", "The lifetime is not longer than the application accepts.")
    ENCRYPTION_KEY_NEW = RuleText(
        "RFC 9420, section 7.3", "A LeafNode that replaces another one has another encryption_key."
    )
    SIGNATURE_KEY_UNIQUE = RuleText("RFC 9420, section 7.3", "No two members have the same signature_key.")
    ENCRYPTION_KEY_UNIQUE = RuleText("RFC 9420, section 7.3", "No other node has a member's encryption_key.")
    CREDENTIAL_SUPPORTED = RuleText("RFC 9420, section 7.3", "All members support the type of a member's credential.")
    CREDENTIALS_SUPPORTED = RuleText(
        "RFC 9420, section 7.3", "A member supports the types of all credentials in the group."
    )


class LeafNodeError(RuleError):
    """A LeafNode breaks a `LeafNodeRule`.

    Attributes:
        leaf_index: its leaf; None for one that has none yet.

    """

    def __init__(self, rule: LeafNodeRule, value: object, leaf_index: LeafIndex | None = None) -> None:
        super().__init__(rule, value, "a new LeafNode" if leaf_index is None else f"the LeafNode of leaf {leaf_index}")
        self.leaf_index = leaf_index


def check_leaf_node(
    leaf_node: LeafNode,
    context: GroupContext,
    extensions: GroupExtensions,
    *,
    source: LeafNodeSource | None = None,
    leaf_index: LeafIndex | None = None,
    replaced: LeafNode | None = None,
    now: int | None = None,
    maximum_lifetime: int = 2**64,
) -> None:
    """Check a LeafNode by itself.

    Args:
        leaf_node: the LeafNode.
        context: the GroupContext of its group; the extensions in it are not looked at.
        extensions: those that the group has when the LeafNode is in it.
        source: the source it must have; None where any will do, as in the tree that a new member gets.
        leaf_index: its leaf; None for one in a KeyPackage, which has none yet.
        replaced: the LeafNode that it replaces in an Update or an update path.
        now: seconds of the Unix epoch; None to let expired LeafNodes pass, as receivers may.
        maximum_lifetime: how long a lifetime may be in all, in seconds.

    Raises:
        LeafNodeError: a rule is broken.
        ExtensionError: an extension in it appears twice, or is not what it should be.

    """
    for rule, value in chain(
        _broken_by_source(leaf_node, source, replaced),
        _broken_by_signature(leaf_node, context, leaf_index),
        _broken_by_credential(leaf_node),
        _broken_by_capabilities(leaf_node, context, extensions),
        _broken_by_lifetime(leaf_node.lifetime, now, maximum_lifetime),
    ):
        raise LeafNodeError(rule, value, leaf_index)


_Broken = Iterator[tuple[LeafNodeRule, object]]
"""Rules that are broken, and what breaks them."""


def _broken_by_source(leaf_node: LeafNode, source: LeafNodeSource | None, replaced: LeafNode | None) -> _Broken:
    if source is not None and leaf_node.leaf_node_source is not source:
        yield LeafNodeRule.SOURCE, leaf_node.leaf_node_source
    if replaced is not None and leaf_node.encryption_key == replaced.encryption_key:
        yield LeafNodeRule.ENCRYPTION_KEY_NEW, leaf_node.encryption_key


def _broken_by_signature(leaf_node: LeafNode, context: GroupContext, leaf_index: LeafIndex | None) -> _Broken:
    if not leaf_node_signature_verifies(
        context.cipher_suite, leaf_node, group_id=context.group_id, leaf_index=leaf_index
    ):
        yield LeafNodeRule.SIGNATURE, leaf_node.signature


_MULTI_CREDENTIALS = (CredentialType.multi, CredentialType.weak_multi)


def _broken_by_credential(leaf_node: LeafNode) -> _Broken:
    if leaf_node.credential.credential_type in _MULTI_CREDENTIALS:
        yield LeafNodeRule.BINDINGS_VERIFIED, leaf_node.credential.credential_type
    certificates = leaf_node.credential.certificates
    if certificates is not None and _certified_key(certificates) != leaf_node.signature_key:
        yield LeafNodeRule.CERTIFICATE_KEY, leaf_node.signature_key
    pseudonymous = leaf_node.credential.pseudonymous
    if pseudonymous is not None and pseudonymous.signature_public_key != leaf_node.signature_key:
        yield LeafNodeRule.CERTIFICATE_KEY, leaf_node.signature_key


def _certified_key(certificates: tuple[Certificate, ...]) -> bytes | None:
    """The SignaturePublicKey of an x509 credential; None when it has none that can be read."""
    try:
        return signature_public_key(x509.load_der_x509_certificate(certificates[0].cert_data).public_key())
    except (IndexError, ValueError, UnsupportedAlgorithm):
        return None


def _broken_by_capabilities(leaf_node: LeafNode, context: GroupContext, extensions: GroupExtensions) -> _Broken:
    capabilities, supported = leaf_node.capabilities, supported_features(leaf_node)
    if context.version not in capabilities.versions:
        yield LeafNodeRule.VERSION, capabilities.versions
    if leaf_node.credential.credential_type not in capabilities.credentials:
        yield LeafNodeRule.CREDENTIAL_LISTED, leaf_node.credential.credential_type
    for unlisted in _features(leaf_node.extensions) - supported:
        yield LeafNodeRule.EXTENSIONS_LISTED, unlisted
    for missing in _features(extensions.extensions) - supported:
        yield LeafNodeRule.GROUP_EXTENSIONS, missing
    for missing in extensions.required_features - supported:
        yield LeafNodeRule.REQUIRED_CAPABILITIES, missing


def _features(extensions: tuple[Extension, ...]) -> frozenset[Feature]:
    """The types of extensions as features, but those that every client supports."""
    types = {extension.extension_type for extension in extensions} - DEFAULT_EXTENSION_TYPES
    return frozenset(Feature(Purpose.EXTENSION, number) for number in types)


def _broken_by_lifetime(lifetime: Lifetime | None, now: int | None, maximum: int) -> _Broken:
    if lifetime is None:
        return
    if now is not None and not lifetime.not_before <= now <= lifetime.not_after:
        yield LeafNodeRule.LIFETIME_CURRENT, lifetime
    if lifetime.not_after - lifetime.not_before > maximum:
        yield LeafNodeRule.LIFETIME_LENGTH, lifetime


def check_member(tree: RatchetTree, leaf_index: LeafIndex) -> None:
    """Check a member's LeafNode against those of all others, without looking at each of them.

    Raises:
        LeafNodeError: a rule is broken.
        NoMemberError: there is no member at this leaf.

    """
    leaf_node = tree.member(leaf_index)
    for rule, value in _broken_among_others(tree, node_of(leaf_index), leaf_node):
        raise LeafNodeError(rule, value, leaf_index)


def _broken_among_others(tree: RatchetTree, node: Node, leaf_node: LeafNode) -> _Broken:
    if tree.signature_keys.nodes_with(leaf_node.signature_key) != (node,):
        yield LeafNodeRule.SIGNATURE_KEY_UNIQUE, leaf_node.signature_key
    if tree.encryption_keys.nodes_with(leaf_node.encryption_key) != (node,):
        yield LeafNodeRule.ENCRYPTION_KEY_UNIQUE, leaf_node.encryption_key
    support = tree.support
    assert support is not None, "there is this member"
    if Feature(Purpose.CREDENTIAL, leaf_node.credential.credential_type) not in support.features:
        yield LeafNodeRule.CREDENTIAL_SUPPORTED, leaf_node.credential.credential_type
    for unsupported in support.credential_types.difference(leaf_node.capabilities.credentials):
        yield LeafNodeRule.CREDENTIALS_SUPPORTED, unsupported
