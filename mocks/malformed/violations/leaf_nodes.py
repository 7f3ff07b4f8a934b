"""Violations of LeafNodes, in KeyPackages, Updates, update paths and trees (RFC 9420, sections 7.2 and 7.3).

A KeyPackage that is wrong so is to be put into an Add; what is wrong with it only among the members shows there.
"""

from dataclasses import replace
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.x509.oid import NameOID

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import LEAF_NODE, LEAF_NODE_SIGNATURE
from mimi_conformance.mocks.malformed.violations.registry import EVERYBODY, NEWCOMER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule
from mimi_conformance.reference.mls.tree.leaf_checks import MemberRule
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from mimi_conformance.reference.wire.mls.credential import Certificate, Credential, MultiCredential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNode, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.registries import CredentialType, ExtensionType, ProtocolVersion
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.pseudonym import PseudonymousCredential

ANYBODY = EVERYBODY | NEWCOMER
"""LeafNodes come with messages, and also in the tree of a GroupInfo."""

UNLISTED = ExtensionType(0xF0F0)
"""An extension for private use that nobody supports."""


@violation(LeafNodeRule.SIGNATURE, at=LEAF_NODE_SIGNATURE, seen_by=ANYBODY)
def wrong_leaf_node_signature(signature: bytes, _maker: Maker) -> bytes:
    """A LeafNode whose signature does not verify."""
    return flipped(signature)


@violation(LeafNodeRule.SOURCE, at=LEAF_NODE)
def wrong_leaf_node_source(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode that says it comes from elsewhere: in an Update from a path, anywhere else from an Update."""
    source, parent_hash = LeafNodeSource.update, None
    if leaf_node.leaf_node_source is LeafNodeSource.update:
        source, parent_hash = LeafNodeSource.commit, b""
    return replace(leaf_node, leaf_node_source=source, lifetime=None, parent_hash=parent_hash)


@violation(LeafNodeRule.CERTIFICATE_KEY, at=LEAF_NODE, seen_by=ANYBODY)
def certificate_of_another_key(leaf_node: LeafNode, maker: Maker) -> LeafNode:
    """A LeafNode with an x509 credential for a key that isn't its signature key. All members must support those."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(maker.random(32)).public_key()
    return _with_credential(leaf_node, _certified(key, maker))


@violation(LeafNodeRule.VERSION, at=LEAF_NODE, seen_by=ANYBODY)
def version_not_supported(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode whose capabilities list a version of MLS to come, and not the group's."""
    return _with_capabilities(leaf_node, versions=(ProtocolVersion(2),))


@violation(LeafNodeRule.CREDENTIAL_LISTED, at=LEAF_NODE, seen_by=ANYBODY)
def credential_not_listed(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode whose capabilities don't list the type of its own credential."""
    own = leaf_node.credential.credential_type
    return _with_capabilities(
        leaf_node, credentials=tuple(kind for kind in leaf_node.capabilities.credentials if kind != own)
    )


@violation(LeafNodeRule.EXTENSIONS_LISTED, at=LEAF_NODE, seen_by=ANYBODY)
def extension_not_listed(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode with an extension that its capabilities don't list."""
    return replace(leaf_node, extensions=(*leaf_node.extensions, Extension(UNLISTED, b"")))


@violation(LeafNodeRule.GROUP_EXTENSIONS, at=LEAF_NODE, seen_by=ANYBODY)
def group_extension_not_supported(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode that supports no extensions but its own ones, in a group with others in its GroupContext."""
    own = {extension.extension_type for extension in leaf_node.extensions}
    return _with_capabilities(
        leaf_node, extensions=tuple(kind for kind in leaf_node.capabilities.extensions if kind in own)
    )


@violation(LeafNodeRule.REQUIRED_CAPABILITIES, at=LEAF_NODE, seen_by=ANYBODY)
def required_proposal_not_supported(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode that supports no proposals but those that all clients do, in a group that requires others."""
    return _with_capabilities(leaf_node, proposals=())


@violation(LeafNodeRule.LIFETIME_CURRENT, at=LEAF_NODE)
def expired(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A KeyPackage's LeafNode that was valid in the year 1970, for as long as is usual."""
    lifetime = _lifetime(leaf_node)
    return replace(leaf_node, lifetime=Lifetime(0, lifetime.not_after - lifetime.not_before))


@violation(LeafNodeRule.LIFETIME_CURRENT, at=LEAF_NODE)
def not_valid_yet(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A KeyPackage's LeafNode that will be valid at the end of time, for as long as is usual."""
    lifetime = _lifetime(leaf_node)
    return replace(leaf_node, lifetime=Lifetime(2**64 - 1 - (lifetime.not_after - lifetime.not_before), 2**64 - 1))


@violation(LeafNodeRule.LIFETIME_LENGTH, at=LEAF_NODE)
def valid_for_too_long(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A KeyPackage's LeafNode that is always valid, in an application that limits lifetimes."""
    assert _lifetime(leaf_node)
    return replace(leaf_node, lifetime=Lifetime(0, 2**64 - 1))


@violation(LeafNodeRule.ENCRYPTION_KEY_NEW, at=LEAF_NODE)
def encryption_key_as_before(leaf_node: LeafNode, maker: Maker) -> LeafNode:
    """A LeafNode with the encryption key of the one that it replaces."""
    old = None if maker.sender.leaf_index is None else maker.public.tree.leaf(maker.sender.leaf_index)
    if old is None:
        raise CannotMakeError("The LeafNode of a new member replaces none.")
    return replace(leaf_node, encryption_key=old.encryption_key)


@violation(LeafNodeRule.ENCRYPTION_KEY_UNIQUE, at=LEAF_NODE)
def encryption_key_of_another_member(leaf_node: LeafNode, maker: Maker) -> LeafNode:
    """A LeafNode, in an Update or a KeyPackage, with the encryption key of another member."""
    if leaf_node.leaf_node_source is LeafNodeSource.commit:
        raise CannotMakeError("For paths there is path-with-the-key-of-another-member.")
    return replace(leaf_node, encryption_key=_other_member(maker).encryption_key)


@violation(PublicKeyRule.LEAF_KEY, at=LEAF_NODE, seen_by=ANYBODY)
def malformed_encryption_key(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode with an encryption key that is a byte short."""
    return replace(leaf_node, encryption_key=leaf_node.encryption_key[:-1])


@violation(LeafNodeRule.CREDENTIAL_SUPPORTED, at=LEAF_NODE, seen_by=ANYBODY)
def credential_that_others_do_not_support(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode with a pseudonymous credential, which no other member supports."""
    pseudonym = PseudonymousCredential(IdentifierUri(b""), IdentifierUri(b""), leaf_node.signature_key, b"")
    credential = Credential(credential_type=CredentialType.pseudonymous, pseudonymous=pseudonym)
    return _with_credential(leaf_node, credential)


@violation(LeafNodeRule.BINDINGS_VERIFIED, at=LEAF_NODE, seen_by=ANYBODY)
def multi_credential(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode with a multi-credential. All members must support those."""
    return _with_credential(leaf_node, Credential(credential_type=CredentialType.multi, multi=MultiCredential(())))


@violation(LeafNodeRule.CREDENTIALS_SUPPORTED, at=LEAF_NODE, seen_by=ANYBODY)
def credential_of_others_not_supported(leaf_node: LeafNode, maker: Maker) -> LeafNode:
    """A LeafNode with an x509 credential, which all members support, that supports none that others have."""
    certified = _certified(_public_key(leaf_node.signature_key), maker)
    return _with_capabilities(replace(leaf_node, credential=certified), credentials=(CredentialType.x509,))


@violation(MemberRule.CREDENTIAL, at=LEAF_NODE, seen_by=ANYBODY)
def credential_that_is_not_believed(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A LeafNode with an empty identity, where the Authentication Service knows nobody of that name."""
    return replace(leaf_node, credential=Credential.basic(b""))


@violation(MemberRule.SUCCESSOR, at=LEAF_NODE)
def credential_of_somebody_else(leaf_node: LeafNode, maker: Maker) -> LeafNode:
    """A member's new LeafNode with an identity that has nothing to do with the one that it had."""
    if maker.sender.leaf_index is None:
        raise CannotMakeError("Only a member has a credential already.")
    return replace(leaf_node, credential=Credential.basic(b"somebody else"))


@violation(MemberRule.CLIENT_ONCE, at=LEAF_NODE, seen_by=ANYBODY)
def credential_of_another_member(leaf_node: LeafNode, maker: Maker) -> LeafNode:
    """A LeafNode with the credential of another member, in an application that tells clients by their credentials."""
    if leaf_node.lifetime is not None:
        raise CannotMakeError("For KeyPackages there is add-of-a-member.")
    return replace(leaf_node, credential=_other_member(maker).credential)


def _with_capabilities(leaf_node: LeafNode, **changes: tuple[object, ...]) -> LeafNode:
    capabilities: Capabilities = replace(leaf_node.capabilities, **changes)  # type: ignore[arg-type]
    return replace(leaf_node, capabilities=capabilities)


def _with_credential(leaf_node: LeafNode, credential: Credential) -> LeafNode:
    credentials = (*leaf_node.capabilities.credentials, credential.credential_type)
    return _with_capabilities(replace(leaf_node, credential=credential), credentials=credentials)


def _lifetime(leaf_node: LeafNode) -> Lifetime:
    if leaf_node.lifetime is None:
        raise CannotMakeError("Only the LeafNode of a KeyPackage has a lifetime.")
    return leaf_node.lifetime


def _other_member(maker: Maker) -> LeafNode:
    for leaf_index, leaf_node in maker.public.tree.members():
        if leaf_index != maker.sender.leaf_index:
            return leaf_node
    raise CannotMakeError("There is no other member.")


_PublicKey = ed25519.Ed25519PublicKey | ed448.Ed448PublicKey | ec.EllipticCurvePublicKey


def _certified(key: _PublicKey, maker: Maker) -> Credential:
    """An x509 credential for a key, issued by an authority that is as fresh as it is worthless."""
    authority = ed25519.Ed25519PrivateKey.from_private_bytes(maker.random(32))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
    certificate = (
        x509.CertificateBuilder(name, name, key)
        .serial_number(1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .sign(authority, None)
    )
    data = certificate.public_bytes(serialization.Encoding.DER)
    return Credential(credential_type=CredentialType.x509, certificates=(Certificate(data),))


def _public_key(signature_key: bytes) -> _PublicKey:
    """A SignaturePublicKey as `cryptography` knows it; which scheme it is of follows from its length."""
    match len(signature_key):
        case 32:
            return ed25519.Ed25519PublicKey.from_public_bytes(signature_key)
        case 57:
            return ed448.Ed448PublicKey.from_public_bytes(signature_key)
        case length:
            curves: dict[int, ec.EllipticCurve] = {65: ec.SECP256R1(), 97: ec.SECP384R1(), 133: ec.SECP521R1()}
            return ec.EllipticCurvePublicKey.from_encoded_point(curves[length], signature_key)
