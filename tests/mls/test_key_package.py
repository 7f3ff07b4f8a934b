"""KeyPackages: made, they verify and decode; changed in any way, they don't."""

import random
from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import (
    SUPPORTED_CIPHER_SUITES,
    UnsupportedCipherSuiteError,
    parameters,
)
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule
from mimi_conformance.reference.mls.key_package import (
    KeyPackageRule,
    create_key_package,
    key_package_ref,
    verify_key_package,
)
from mimi_conformance.reference.mls.proposals.extensions import ExtensionRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage, KeyPackageTBS
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProtocolVersion,
)

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519


def make(
    suite: CipherSuite = SUITE, seed: int = 1, leaf_extensions: tuple[Extension, ...] = (), **changes
) -> KeyPackage:
    source = random.Random(seed).randbytes
    capabilities = Capabilities((ProtocolVersion.mls10,), (suite,), (), (), (CredentialType.basic,))
    return create_key_package(
        suite,
        Credential.basic(b"mimi://a.example/d/alice/phone"),
        parameters(suite).signature.new_private_key(source),
        lifetime=Lifetime(0, 2**40),
        capabilities=replace(capabilities, **changes),
        leaf_extensions=leaf_extensions,
        random=source,
    ).key_package


@pytest.mark.parametrize("suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_a_made_key_package_verifies_and_decodes(suite):
    key_package = make(suite)
    verify_key_package(key_package)
    assert KeyPackage.decode(key_package.encode()) == key_package


def test_the_same_randomness_makes_the_same_key_package():
    assert make(seed=1) == make(seed=1)
    assert key_package_ref(make(seed=1)) != key_package_ref(make(seed=2))


GREASE = ExtensionType(0x0A0A)
BROKEN = {
    KeyPackageRule.VERSION: lambda k: replace(k, version=ProtocolVersion(2)),
    KeyPackageRule.INIT_KEY: lambda k: replace(k, init_key=k.leaf_node.encryption_key),
    KeyPackageRule.SIGNATURE: lambda k: replace(k, extensions=(Extension(GREASE, b""),)),
    PublicKeyRule.INIT_KEY: lambda k: replace(k, init_key=k.init_key[:-1]),
    ExtensionRule.UNIQUE: lambda k: replace(k, extensions=2 * (Extension(GREASE, b""),)),
    ExtensionRule.DECODABLE: lambda k: replace(k, extensions=(Extension(ExtensionType.app_data_dictionary, b"?"),)),
    LeafNodeRule.SOURCE: lambda _: signed(leaf_node_source=LeafNodeSource.update, lifetime=None),
    LeafNodeRule.SIGNATURE: lambda _: signed(signature=bytes(64)),
    LeafNodeRule.CREDENTIAL_LISTED: lambda _: make(credentials=()),
    LeafNodeRule.EXTENSIONS_LISTED: lambda _: make(leaf_extensions=(Extension(GREASE, b""),)),
    PublicKeyRule.LEAF_KEY: lambda _: signed(encryption_key=bytes(31)),
}


def signed(signature: bytes | None = None, **changes) -> KeyPackage:
    """A KeyPackage with another LeafNode, and a signature for that."""
    key_package, private_key = make(), parameters(SUITE).signature.new_private_key(random.Random(1).randbytes)
    changed = replace(key_package.leaf_node, **changes)
    leaf_node = signed_leaf_node(SUITE, changed, private_key, group_id=b"group", leaf_index=0)
    leaf_node = leaf_node if signature is None else replace(leaf_node, signature=signature)
    to_sign = KeyPackageTBS.taken_from(replace(key_package, leaf_node=leaf_node)).encode()
    again = sign_with_label(SUITE, private_key, "KeyPackageTBS", to_sign)
    return replace(key_package, leaf_node=leaf_node, signature=again)


@pytest.mark.parametrize("rule", BROKEN, ids=str)
def test_a_key_package_that_breaks_a_rule_is_refused_by_its_name(rule):
    with pytest.raises(RuleError) as caught:
        verify_key_package(BROKEN[rule](make()))
    assert caught.value.rule is rule


def test_extensions_that_every_client_knows_need_not_be_listed():
    verify_key_package(make(leaf_extensions=(Extension(ExtensionType.application_id, b"\0"),)))


def test_an_unknown_cipher_suite_is_refused():
    grease = CipherSuite(0x0A0A)
    with pytest.raises(UnsupportedCipherSuiteError, match="0x0a0a"):
        verify_key_package(replace(make(cipher_suites=(grease,)), cipher_suite=grease))


def test_capabilities_that_are_not_given_are_the_least_that_verify():
    source = random.Random(7).randbytes
    private_key = parameters(SUITE).signature.new_private_key(source)
    made = create_key_package(SUITE, Credential.basic(b"alice"), private_key, lifetime=Lifetime(0, 1), random=source)
    verify_key_package(made.key_package)
    assert made.key_package.leaf_node.capabilities == Capabilities(
        (ProtocolVersion.mls10,), (SUITE,), (), (), (CredentialType.basic,)
    )
