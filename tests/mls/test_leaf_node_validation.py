"""Each rule about LeafNodes, broken alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from mimi_conformance.reference.mls.proposals.extensions import ExtensionError, ExtensionRule
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.tree.leaf_node_validation import (
    LeafNodeError,
    LeafNodeRule,
    check_leaf_node,
    check_member,
)
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.wire.mls.credential import (
    Certificate,
    Credential,
    MultiCredential,
    WeakMultiCredential,
)
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNodeSource
from mimi_conformance.reference.wire.mls.registries import CredentialType, ExtensionType, ProposalType, ProtocolVersion
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.pseudonym import PseudonymousCredential
from tests.mls.tree_examples import SUITE, client, context_of, path_from, tree_of

TREE = tree_of(3)
CONTEXT = context_of(TREE)
MEMBER = client(0)
CAPABILITIES = MEMBER.leaf_node.capabilities
OWN, OTHER = ExtensionType(0xF0AA), ExtensionType(0xF0BB)


def group_with(*extensions: Extension) -> GroupExtensions:
    return GroupExtensions.read(extensions)


def requiring(**capabilities: object) -> GroupExtensions:
    data = RequiredCapabilities(**capabilities).encode()
    return group_with(Extension(ExtensionType.required_capabilities, data))


def check(leaf_node, extensions=None, **more):
    check_leaf_node(leaf_node, CONTEXT, extensions or group_with(), **more)


def with_capabilities(**changes):
    return MEMBER.changed(capabilities=replace(CAPABILITIES, **changes))


def certificate(private_key, signature_hash=None):
    name = x509.Name([])
    return (
        x509.CertificateBuilder(name, name, private_key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
        .sign(private_key, signature_hash)
        .public_bytes(serialization.Encoding.DER)
    )


def with_credential(**credential):
    return MEMBER.changed(
        credential=Credential(**credential),
        capabilities=replace(CAPABILITIES, credentials=(credential["credential_type"],)),
    )


def with_certificates(*certificates):
    return with_credential(credential_type=CredentialType.x509, certificates=tuple(map(Certificate, certificates)))


def updated(**changes):
    usual = {"leaf_node_source": LeafNodeSource.update, "lifetime": None, "encryption_key": b"new"}
    return MEMBER.changed(leaf_index=0, **{**usual, **changes})


OWN_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(MEMBER.signature_private_key)
OTHER_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_a_valid_leaf_node_passes_wherever_it_comes_from():
    check(MEMBER.leaf_node, source=LeafNodeSource.key_package, now=1_500, maximum_lifetime=1_000)
    check(updated(), source=LeafNodeSource.update, leaf_index=0, replaced=MEMBER.leaf_node, now=9_999)
    check(updated(leaf_node_source=LeafNodeSource.commit, parent_hash=b""), source=LeafNodeSource.commit, leaf_index=0)
    check(with_certificates(certificate(OWN_KEY)))
    check(with_capabilities(extensions=(OWN,)), group_with(Extension(OWN, b"")))
    check(
        with_capabilities(extensions=(OWN,), proposals=(ProposalType(0xF0CC),)),
        requiring(
            extension_types=(OWN,), proposal_types=(ProposalType(0xF0CC),), credential_types=(CredentialType.basic,)
        ),
    )


def test_what_every_client_supports_need_not_be_listed():
    check(
        MEMBER.changed(extensions=(Extension(ExtensionType.application_id, b"\0"),)),
        requiring(extension_types=(ExtensionType.external_pub,), proposal_types=(ProposalType.add,)),
    )


def test_values_that_nobody_knows_are_left_alone():
    grease = 0x0A0A
    check(
        MEMBER.changed(
            capabilities=replace(
                CAPABILITIES,
                versions=(ProtocolVersion.mls10, ProtocolVersion(grease)),
                extensions=(ExtensionType(grease),),
                proposals=(ProposalType(grease),),
                credentials=(CredentialType.basic, CredentialType(grease)),
            ),
            extensions=(Extension(ExtensionType(grease), b"anything"),),
        )
    )


ALONE = {
    "an update as a KeyPackage's": (
        LeafNodeRule.SOURCE,
        {"leaf_node": updated(), "leaf_index": 0, "source": LeafNodeSource.key_package},
    ),
    "a KeyPackage's as an update": (
        LeafNodeRule.SOURCE,
        {"leaf_node": MEMBER.leaf_node, "leaf_index": 0, "source": LeafNodeSource.update},
    ),
    "the key of the one that it replaces": (
        LeafNodeRule.ENCRYPTION_KEY_NEW,
        {
            "leaf_node": updated(encryption_key=MEMBER.leaf_node.encryption_key),
            "leaf_index": 0,
            "replaced": MEMBER.leaf_node,
        },
    ),
    "a changed signature": (LeafNodeRule.SIGNATURE, {"leaf_node": replace(MEMBER.leaf_node, signature=bytes(64))}),
    "changed content": (LeafNodeRule.SIGNATURE, {"leaf_node": replace(MEMBER.leaf_node, encryption_key=b"new")}),
    "the signature of another leaf": (LeafNodeRule.SIGNATURE, {"leaf_node": updated(), "leaf_index": 1}),
    "a certificate for another key": (
        LeafNodeRule.CERTIFICATE_KEY,
        {"leaf_node": with_certificates(certificate(OTHER_KEY), certificate(OWN_KEY))},
    ),
    "a certificate for a key that MLS doesn't know": (
        LeafNodeRule.CERTIFICATE_KEY,
        {"leaf_node": with_certificates(certificate(rsa.generate_private_key(65537, 2048), hashes.SHA256()))},
    ),
    "what is no certificate": (LeafNodeRule.CERTIFICATE_KEY, {"leaf_node": with_certificates(b"no certificate")}),
    "no certificate": (LeafNodeRule.CERTIFICATE_KEY, {"leaf_node": with_certificates()}),
    "pseudonyms for another key": (
        LeafNodeRule.CERTIFICATE_KEY,
        {
            "leaf_node": with_credential(
                credential_type=CredentialType.pseudonymous,
                pseudonymous=PseudonymousCredential(
                    IdentifierUri(b"mimi://b.example/d/7dec11d0"),
                    IdentifierUri(b"mimi://b.example/p/f81d4fae"),
                    b"another key",
                    b"",
                ),
            )
        },
    ),
    "a multi-credential": (
        LeafNodeRule.BINDINGS_VERIFIED,
        {"leaf_node": with_credential(credential_type=CredentialType.multi, multi=MultiCredential(()))},
    ),
    "a weak multi-credential": (
        LeafNodeRule.BINDINGS_VERIFIED,
        {"leaf_node": with_credential(credential_type=CredentialType.weak_multi, weak_multi=WeakMultiCredential(()))},
    ),
    "another version only": (
        LeafNodeRule.VERSION,
        {"leaf_node": with_capabilities(versions=(ProtocolVersion(2),))},
    ),
    "its credential not listed": (LeafNodeRule.CREDENTIAL_LISTED, {"leaf_node": with_capabilities(credentials=())}),
    "an extension not listed": (
        LeafNodeRule.EXTENSIONS_LISTED,
        {"leaf_node": MEMBER.changed(extensions=(Extension(OWN, b""),))},
    ),
    "a group extension not supported": (
        LeafNodeRule.GROUP_EXTENSIONS,
        {"leaf_node": with_capabilities(extensions=(OTHER,)), "extensions": group_with(Extension(OWN, b""))},
    ),
    "a required extension not supported": (
        LeafNodeRule.REQUIRED_CAPABILITIES,
        {"leaf_node": MEMBER.leaf_node, "extensions": requiring(extension_types=(OWN,))},
    ),
    "a required proposal not supported": (
        LeafNodeRule.REQUIRED_CAPABILITIES,
        {"leaf_node": MEMBER.leaf_node, "extensions": requiring(proposal_types=(ProposalType.app_data_update,))},
    ),
    "a required credential not supported": (
        LeafNodeRule.REQUIRED_CAPABILITIES,
        {"leaf_node": MEMBER.leaf_node, "extensions": requiring(credential_types=(CredentialType.x509,))},
    ),
    "a lifetime to come": (LeafNodeRule.LIFETIME_CURRENT, {"leaf_node": MEMBER.leaf_node, "now": 999}),
    "a lifetime gone by": (LeafNodeRule.LIFETIME_CURRENT, {"leaf_node": MEMBER.leaf_node, "now": 2_001}),
    "a lifetime too long": (LeafNodeRule.LIFETIME_LENGTH, {"leaf_node": MEMBER.leaf_node, "maximum_lifetime": 999}),
}


@pytest.mark.parametrize(("rule", "arguments"), ALONE.values(), ids=ALONE)
def test_a_leaf_node_that_breaks_a_rule_by_itself_is_refused_by_its_name(rule, arguments):
    with pytest.raises(LeafNodeError) as caught:
        check(**arguments)
    assert (caught.value.rule, caught.value.leaf_index) == (rule, arguments.get("leaf_index"))


@pytest.mark.parametrize("now", [None, 1_000, 2_000])
def test_lifetimes_count_to_the_second_and_not_at_all_without_a_clock(now):
    check(MEMBER.leaf_node, now=now)


def test_extensions_in_a_leaf_node_are_read():
    twice = MEMBER.changed(
        capabilities=replace(CAPABILITIES, extensions=(OWN,)), extensions=(Extension(OWN, b""), Extension(OWN, b""))
    )
    with pytest.raises(ExtensionError) as caught:
        check(twice)
    assert caught.value.rule is ExtensionRule.UNIQUE


X509_ONLY = with_certificates(certificate(OWN_KEY))
AMONG_OTHERS = {
    "a signature key that another one has": (
        LeafNodeRule.SIGNATURE_KEY_UNIQUE,
        replace(client(9).leaf_node, signature_key=client(1).leaf_node.signature_key),
    ),
    "an encryption key that another one has": (
        LeafNodeRule.ENCRYPTION_KEY_UNIQUE,
        replace(client(9).leaf_node, encryption_key=client(1).leaf_node.encryption_key),
    ),
    "a credential that others don't support": (
        LeafNodeRule.CREDENTIAL_SUPPORTED,
        replace(client(9).leaf_node, credential=X509_ONLY.credential),
    ),
}


@pytest.mark.parametrize(("rule", "leaf_node"), AMONG_OTHERS.values(), ids=AMONG_OTHERS)
def test_a_leaf_node_that_breaks_a_rule_among_others_is_refused_by_its_name(rule, leaf_node):
    tree, leaf_index = TREE.add(leaf_node)
    check_member(TREE, 1)
    with pytest.raises(LeafNodeError) as caught:
        check_member(tree, leaf_index)
    assert (caught.value.rule, caught.value.leaf_index) == (rule, leaf_index)


def test_a_member_supports_the_credentials_of_all_others():
    both = replace(CAPABILITIES, credentials=(CredentialType.basic, CredentialType.x509))
    tree = RatchetTree.of_creator(SUITE, client(1).changed(capabilities=both))
    tree, leaf_index = tree.add(X509_ONLY)
    with pytest.raises(LeafNodeError) as caught:
        check_member(tree, leaf_index)
    assert (caught.value.rule, caught.value.value) == (LeafNodeRule.CREDENTIALS_SUPPORTED, CredentialType.basic)
    check_member(tree.update(leaf_index, replace(X509_ONLY, capabilities=both)), leaf_index)


def test_a_member_s_key_must_not_be_that_of_a_parent():
    tree = path_from(TREE, 0).tree
    tree, leaf_index = tree.add(replace(client(9).leaf_node, encryption_key=tree.encryption_key(3)))
    with pytest.raises(LeafNodeError) as caught:
        check_member(tree, leaf_index)
    assert caught.value.rule is LeafNodeRule.ENCRYPTION_KEY_UNIQUE


def test_every_other_rule_is_tried():
    tried = {rule for rule, _ in ALONE.values()} | {rule for rule, _ in AMONG_OTHERS.values()}
    assert tried == set(LeafNodeRule) - {LeafNodeRule.CREDENTIALS_SUPPORTED}
