"""HPKE public keys that others bring into a group: nobody could encrypt to what has not the form of one."""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.wire.mls.registries import CipherSuite


class PublicKeyRule(Rule):
    """What a public key must be."""

    INIT_KEY = RuleText("RFC 9420, section 10", "The init_key of a KeyPackage is a public key of the suite's KEM.")
    LEAF_KEY = RuleText("RFC 9420, section 10", "The encryption_key of a LeafNode is a public key of the suite's KEM.")
    PATH_KEY = RuleText(
        "RFC 9420, section 7.6", "The encryption_key of an UpdatePathNode is a public key of the suite's KEM."
    )


class PublicKeyError(RuleError):
    """A public key breaks a `PublicKeyRule`."""


def check_public_key(cipher_suite: CipherSuite, key: bytes, rule: PublicKeyRule) -> None:
    """Check the form of a public key.

    Raises:
        PublicKeyError: it hasn't that of the suite's KEM.
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    if not parameters(cipher_suite).kem.is_public_key(key):
        raise PublicKeyError(rule, key)
