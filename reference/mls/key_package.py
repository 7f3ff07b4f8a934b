"""KeyPackages: making them, naming them, checking them (RFC 9420, sections 5.2, 7.3 and 10)."""

from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError, parameters
from mimi_conformance.reference.mls.crypto.labelled import ref_hash, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage, KeyPackageTBS
from mimi_conformance.reference.wire.mls.leaf_node import (
    Capabilities,
    Extension,
    LeafNode,
    LeafNodeSource,
    LeafNodeTBS,
    Lifetime,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProtocolVersion

_KEY_PACKAGE = "KeyPackageTBS"
_LEAF_NODE = "LeafNodeTBS"


class KeyPackageError(ValueError):
    """A KeyPackage breaks a rule; the message says which."""


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
    to_sign = LeafNodeTBS.taken_from(leaf_node).encode()
    leaf_node = replace(leaf_node, signature=sign_with_label(cipher_suite, signature_private_key, _LEAF_NODE, to_sign))
    unsigned = KeyPackage(ProtocolVersion.mls10, cipher_suite, init_key, leaf_node, extensions, b"")
    to_sign = KeyPackageTBS.taken_from(unsigned).encode()
    signature = sign_with_label(cipher_suite, signature_private_key, _KEY_PACKAGE, to_sign)
    return NewKeyPackage(replace(unsigned, signature=signature), init_private_key, encryption_private_key)


def _least_capabilities(cipher_suite: CipherSuite, credential: Credential) -> Capabilities:
    return Capabilities((ProtocolVersion.mls10,), (cipher_suite,), (), (), (credential.credential_type,))


def key_package_ref(key_package: KeyPackage) -> bytes:
    """The KeyPackageRef, by which a Welcome names the KeyPackage (RFC 9420, section 5.2).

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define its cipher suite.

    """
    return ref_hash(key_package.cipher_suite, "MLS 1.0 KeyPackage Reference", key_package.encode())


def verify_key_package(key_package: KeyPackage) -> None:
    """Check what can be checked without a group and without a clock (RFC 9420, sections 7.3 and 10.1).

    Raises:
        KeyPackageError: a rule is broken.

    """
    if key_package.version is not ProtocolVersion.mls10:
        raise KeyPackageError(f"Its version is {key_package.version.name}, not mls10.")
    leaf_node = key_package.leaf_node
    if leaf_node.leaf_node_source is not LeafNodeSource.key_package:
        raise KeyPackageError(f"Its leaf node comes from a {leaf_node.leaf_node_source.name}, not a KeyPackage.")
    if leaf_node.encryption_key == key_package.init_key:
        raise KeyPackageError("Its init key and its encryption key are the same.")
    _verify_capabilities(key_package)
    try:
        _verify_signatures(key_package)
    except UnsupportedCipherSuiteError as error:
        raise KeyPackageError(str(error)) from error


def _verify_capabilities(key_package: KeyPackage) -> None:
    """What a KeyPackage uses must be among what it says that its client supports (RFC 9420, section 7.3)."""
    leaf_node = key_package.leaf_node
    if key_package.cipher_suite not in leaf_node.capabilities.cipher_suites:
        raise KeyPackageError(f"Its capabilities lack its own cipher suite, {key_package.cipher_suite.name}.")
    if leaf_node.credential.credential_type not in leaf_node.capabilities.credentials:
        raise KeyPackageError(f"Its capabilities lack its own credential, {leaf_node.credential.credential_type.name}.")
    for extension in leaf_node.extensions:
        if extension.extension_type not in leaf_node.capabilities.extensions:
            raise KeyPackageError(f"Its capabilities lack an extension it has, {extension.extension_type.name}.")


def _verify_signatures(key_package: KeyPackage) -> None:
    leaf_node = key_package.leaf_node
    for label, to_sign, signature in (
        (_LEAF_NODE, LeafNodeTBS.taken_from(leaf_node), leaf_node.signature),
        (_KEY_PACKAGE, KeyPackageTBS.taken_from(key_package), key_package.signature),
    ):
        if not verify_with_label(key_package.cipher_suite, leaf_node.signature_key, label, to_sign.encode(), signature):
            raise KeyPackageError(f"The signature of its {label} does not verify.")
