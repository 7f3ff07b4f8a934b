"""One sender's ratchet: a key for each of its messages, in order or nearly so (RFC 9420, sections 9.1 and 15.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mimi_conformance.reference.mls.crypto.aead import KeyAndNonce
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import derive_tree_secret
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_END = 2**32
"""Generations are 32 bits wide (RFC 9420, section 6.3.2)."""


class RatchetRule(Rule):
    """What a ratchet holds its user to."""

    UNUSED = RuleText("RFC 9420, section 9.2", "A key serves for one message only.")
    NOT_TOO_OLD = RuleText("RFC 9420, section 15.3", "A key that was skipped is kept only for so many generations.")
    NOT_TOO_FAR = RuleText("RFC 9420, section 15.3", "A message skips only so many generations.")
    IN_RANGE = RuleText("RFC 9420, section 6.3.2", "A generation is a number below 2^32.")


class RatchetError(RuleError):
    """A ratchet has no key for a generation; `value` is the generation."""


@dataclass(frozen=True, slots=True)
class RatchetLimits:
    """How far from in order messages may arrive (RFC 9420, section 15.3).

    Attributes:
        kept: for how many generations a skipped key is kept.
        skipped: how many generations one message may skip.

    """

    kept: int = 256
    skipped: int = 1024


DEFAULT_LIMITS = RatchetLimits()
"""Room for the disorder of a store-and-forward service; a message that skips as much as it may takes milliseconds."""


@dataclass(frozen=True, slots=True, repr=False)
class Ratchet:
    """A ratchet after some messages.

    Attributes:
        secret: the `ratchet_secret` of `generation`.
        generation: the next in order.
        kept: keys of earlier generations whose messages may still come.

    """

    secret: bytes
    generation: int = 0
    kept: Mapping[int, KeyAndNonce] = field(default_factory=lambda: MappingProxyType({}))

    def key(self, generation: int, cipher_suite: CipherSuite, limits: RatchetLimits) -> tuple[KeyAndNonce, "Ratchet"]:
        """The key of a generation, and the ratchet without it.

        Raises:
            RatchetError: the key was used, is no longer kept, lies too far ahead, or cannot be; `rule` says which.

        """
        if generation >= self.generation:
            return self._ahead(generation, cipher_suite, limits)
        if generation not in self.kept:
            recent = generation >= self.generation - limits.kept
            raise RatchetError(RatchetRule.UNUSED if recent else RatchetRule.NOT_TOO_OLD, generation)
        others = {number: key for number, key in self.kept.items() if number != generation}
        return self.kept[generation], Ratchet(self.secret, self.generation, MappingProxyType(others))

    def _ahead(
        self, generation: int, cipher_suite: CipherSuite, limits: RatchetLimits
    ) -> tuple[KeyAndNonce, "Ratchet"]:
        if generation >= _END:
            raise RatchetError(RatchetRule.IN_RANGE, generation)
        if generation - self.generation > limits.skipped:
            raise RatchetError(RatchetRule.NOT_TOO_FAR, generation)
        oldest = generation + 1 - limits.kept
        kept = {number: key for number, key in self.kept.items() if number >= oldest}
        secret = self.secret
        for number in range(self.generation, generation):
            if number >= oldest:
                kept[number] = _key(cipher_suite, secret, number)
            secret = _next_secret(cipher_suite, secret, number)
        key = _key(cipher_suite, secret, generation)
        after = _next_secret(cipher_suite, secret, generation)
        return key, Ratchet(after, generation + 1, MappingProxyType(kept))


def _key(cipher_suite: CipherSuite, secret: bytes, generation: int) -> KeyAndNonce:
    aead = parameters(cipher_suite).aead
    return KeyAndNonce(
        derive_tree_secret(cipher_suite, secret, "key", generation, aead.key_size),
        derive_tree_secret(cipher_suite, secret, "nonce", generation, aead.nonce_size),
    )


def _next_secret(cipher_suite: CipherSuite, secret: bytes, generation: int) -> bytes:
    return derive_tree_secret(cipher_suite, secret, "secret", generation, parameters(cipher_suite).kdf.size)
