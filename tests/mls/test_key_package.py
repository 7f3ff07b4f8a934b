"""KeyPackages: made, they verify and decode; changed in any way, they don't."""

import random
from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.key_package import (
    KeyPackageError,
    create_key_package,
    key_package_ref,
    verify_key_package,
)
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProtocolVersion,
)

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519


def make(suite: CipherSuite = SUITE, seed: int = 1, **changes) -> KeyPackage:
    source = random.Random(seed).randbytes
    capabilities = Capabilities((ProtocolVersion.mls10,), (suite,), (), (), (CredentialType.basic,))
    return create_key_package(
        suite,
        Credential.basic(b"mimi://a.example/d/alice/phone"),
        parameters(suite).signature.new_private_key(source),
        lifetime=Lifetime(0, 2**40),
        capabilities=replace(capabilities, **changes),
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


def changed_leaf(key_package: KeyPackage, **changes) -> KeyPackage:
    return replace(key_package, leaf_node=replace(key_package.leaf_node, **changes))


GREASE = ExtensionType(0x0A0A)
BROKEN = {
    "signature of its KeyPackageTBS": lambda k: replace(k, extensions=(Extension(GREASE, b""),)),
    "signature of its LeafNodeTBS": lambda k: changed_leaf(k, lifetime=Lifetime(1, 2)),
    "version": lambda k: replace(k, version=ProtocolVersion(2)),
    "comes from a update": lambda k: changed_leaf(k, leaf_node_source=LeafNodeSource.update, lifetime=None),
    "are the same": lambda k: replace(k, init_key=k.leaf_node.encryption_key),
    "lack its own cipher suite": lambda k: replace(k, cipher_suite=SUPPORTED_CIPHER_SUITES[2]),
    "lack an extension": lambda k: changed_leaf(k, extensions=(Extension(GREASE, b""),)),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_changed_key_package_is_refused(reason):
    with pytest.raises(KeyPackageError, match=reason):
        verify_key_package(BROKEN[reason](make()))


def test_capabilities_must_hold_the_credential():
    with pytest.raises(KeyPackageError, match="lack its own credential, basic"):
        verify_key_package(make(credentials=()))


def test_an_unknown_cipher_suite_is_refused():
    grease = CipherSuite(0x0A0A)
    with pytest.raises(KeyPackageError, match="0x0a0a"):
        verify_key_package(replace(make(cipher_suites=(grease,)), cipher_suite=grease))


def test_capabilities_that_are_not_given_are_the_least_that_verify():
    source = random.Random(7).randbytes
    private_key = parameters(SUITE).signature.new_private_key(source)
    made = create_key_package(SUITE, Credential.x509(b""), private_key, lifetime=Lifetime(0, 1), random=source)
    verify_key_package(made.key_package)
    assert made.key_package.leaf_node.capabilities.credentials == (CredentialType.x509,)
