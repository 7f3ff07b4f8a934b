"""Violations of KeyPackages, apart from their LeafNodes (RFC 9420, section 10.1)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import Maker
from mimi_conformance.mocks.malformed.unchecked.steps import KEY_PACKAGE, KEY_PACKAGE_SIGNATURE
from mimi_conformance.mocks.malformed.violations.registry import violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped, other_suite
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule
from mimi_conformance.reference.mls.key_package import KeyPackageRule
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion


@violation(KeyPackageRule.SIGNATURE, at=KEY_PACKAGE_SIGNATURE)
def wrong_key_package_signature(signature: bytes, _maker: Maker) -> bytes:
    """A KeyPackage whose signature does not verify."""
    return flipped(signature)


@violation(KeyPackageRule.VERSION, at=KEY_PACKAGE)
def key_package_of_another_version(key_package: KeyPackage, _maker: Maker) -> KeyPackage:
    """A KeyPackage of a version of MLS that is to come."""
    return replace(key_package, version=ProtocolVersion(2))


@violation(KeyPackageRule.CIPHER_SUITE, at=KEY_PACKAGE)
def key_package_of_another_cipher_suite(key_package: KeyPackage, _maker: Maker) -> KeyPackage:
    """A KeyPackage that says it is of another cipher suite, but has keys and signatures of the group's."""
    return replace(key_package, cipher_suite=other_suite(key_package.cipher_suite))


@violation(PublicKeyRule.INIT_KEY, at=KEY_PACKAGE)
def malformed_init_key(key_package: KeyPackage, _maker: Maker) -> KeyPackage:
    """A KeyPackage with an init key that is a byte short."""
    return replace(key_package, init_key=key_package.init_key[:-1])


@violation(KeyPackageRule.INIT_KEY, at=KEY_PACKAGE)
def init_key_that_is_the_encryption_key(key_package: KeyPackage, _maker: Maker) -> KeyPackage:
    """A KeyPackage with one key for two purposes."""
    return replace(key_package, init_key=key_package.leaf_node.encryption_key)
