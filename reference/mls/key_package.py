"""KeyPackages: making them, naming them, checking them (RFC 9420, sections 5.2, 7.3 and 10).

Whether the capabilities list the KeyPackage's extensions is for its maker (section 10): the validation of section 10.1
doesn't ask for it, and many KeyPackages of the official vectors have extensions that they don't list.
"""

from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import ref_hash, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule, check_public_key
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.proposals.extensions import check_unique, read_dictionary
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.leaf_node_validation import check_leaf_node
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.key_package import KeyPackage, KeyPackageTBS
from mimi_conformance.reference.wire.mls.leaf_node import (
    Capabilities,
    Extension,
    LeafNode,
    LeafNodeSource,
    Lifetime,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProtocolVersion

_LABEL = "KeyPackageTBS"


class KeyPackageRule(Rule):
    """What makes a KeyPackage valid, apart from its LeafNode, its extensions and the form of its keys."""

    VERSION = RuleText("RFC 9420, section 10.1", "A KeyPackage has the group's protocol version.")
    CIPHER_SUITE = RuleText("RFC 9420, section 10.1", "A KeyPackage has the group's cipher suite.")
    INIT_KEY = RuleText("RFC 9420, section 10.1", "The init key of a KeyPackage is not its leaf's key.")
    SIGNATURE = RuleText("RFC 9420, section 10.1", "The signature of a KeyPackage verifies.")


class KeyPackageError(RuleError):
    """A KeyPackage breaks a `KeyPackageRule`."""


@dataclass(frozen=True, slots=True)
class NewKeyPackage:
    """A KeyPackage, and what only its client knows: the HPKE private keys of ``init_key`` and ``encryption_key``."""

    key_package: KeyPackage
    init_private_key: bytes
    encryption_private_key: bytes


def create_key_package(
    cipher_suite: CipherSuite,
    credential: Credential,
    signature_private_key: bytes,
    *,
    lifetime: Lifetime,
    random: Random,
    capabilities: Capabilities | None = None,
    extensions: tuple[Extension, ...] = (),
    leaf_extensions: tuple[Extension, ...] = (),
) -> NewKeyPackage:
    """Make and sign a KeyPackage (RFC 9420, section 10).

    The same arguments give the same bytes, as long as ``random`` does. Capabilities that are not given are the least
    that a KeyPackage without extensions needs. ``extensions`` are the KeyPackage's own, ``leaf_extensions`` those of
    its LeafNode.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    suite = parameters(cipher_suite)
    init_private_key, init_key = suite.new_hpke_key_pair(random)
    encryption_private_key, encryption_key = suite.new_hpke_key_pair(random)
    leaf_node = LeafNode(
        encryption_key=encryption_key,
        signature_key=suite.signature.public_key(signature_private_key),
        credential=credential,
        capabilities=capabilities or _least_capabilities(cipher_suite, credential),
        leaf_node_source=LeafNodeSource.key_package,
        lifetime=lifetime,
        extensions=leaf_extensions,
        signature=b"",
    )
    leaf_node = signed_leaf_node(cipher_suite, leaf_node, signature_private_key)
    unsigned = KeyPackage(ProtocolVersion.mls10, cipher_suite, init_key, leaf_node, extensions, b"")
    signature = sign_with_label(cipher_suite, signature_private_key, _LABEL, _to_be_signed(unsigned))
    return NewKeyPackage(replace(unsigned, signature=signature), init_private_key, encryption_private_key)


def _to_be_signed(key_package: KeyPackage) -> bytes:
    return KeyPackageTBS.taken_from(key_package).encode()


def _least_capabilities(cipher_suite: CipherSuite, credential: Credential) -> Capabilities:
    return Capabilities((ProtocolVersion.mls10,), (cipher_suite,), (), (), (credential.credential_type,))


def key_package_ref(key_package: KeyPackage) -> bytes:
    """The KeyPackageRef, by which a Welcome names the KeyPackage (RFC 9420, section 5.2).

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define its cipher suite.

    """
    return ref_hash(key_package.cipher_suite, "MLS 1.0 KeyPackage Reference", key_package.encode())


def check_key_package(key_package: KeyPackage, context: GroupContext) -> None:
    """Check a KeyPackage, apart from its LeafNode, for a group (RFC 9420, section 10.1).

    Raises:
        KeyPackageError, PublicKeyError, ExtensionError: a rule is broken.
        UnsupportedCipherSuiteError: RFC 9420 does not define the group's cipher suite.

    """
    if key_package.version != context.version:
        raise KeyPackageError(KeyPackageRule.VERSION, key_package.version)
    if key_package.cipher_suite != context.cipher_suite:
        raise KeyPackageError(KeyPackageRule.CIPHER_SUITE, key_package.cipher_suite)
    if key_package.init_key == key_package.leaf_node.encryption_key:
        raise KeyPackageError(KeyPackageRule.INIT_KEY, key_package.init_key)
    check_public_key(context.cipher_suite, key_package.init_key, PublicKeyRule.INIT_KEY)
    check_unique(key_package.extensions)
    read_dictionary(key_package.extensions)
    to_verify, signature_key = _to_be_signed(key_package), key_package.leaf_node.signature_key
    if not verify_with_label(context.cipher_suite, signature_key, _LABEL, to_verify, key_package.signature):
        raise KeyPackageError(KeyPackageRule.SIGNATURE, key_package.signature)


def verify_key_package(key_package: KeyPackage) -> None:
    """Check what can be checked without a group and without a clock: whether a plain MLS 1.0 group could have it.

    Raises:
        KeyPackageError, LeafNodeError, PublicKeyError, ExtensionError: a rule is broken.
        UnsupportedCipherSuiteError: RFC 9420 does not define the KeyPackage's cipher suite.

    """
    context = GroupContext(
        cipher_suite=key_package.cipher_suite,
        group_id=b"",
        epoch=0,
        tree_hash=b"",
        confirmed_transcript_hash=b"",
        extensions=(),
    )
    check_key_package(key_package, context)
    leaf_node = key_package.leaf_node
    check_leaf_node(leaf_node, context, GroupExtensions.read(()), source=LeafNodeSource.key_package)
    check_public_key(context.cipher_suite, leaf_node.encryption_key, PublicKeyRule.LEAF_KEY)
