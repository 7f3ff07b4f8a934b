"""The pre-shared keys that a client has, by their names (RFC 9420, section 8.4; mls-extensions, section 4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, PSKType, ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import CipherSuite


class PreSharedKeyRule(Rule):
    """What a client needs to inject pre-shared keys."""

    AVAILABLE = RuleText("RFC 9420, section 12.4.2", "All PSKs that are injected are available.")


class PreSharedKeyError(RuleError):
    """A client lacks a PSK; `value` is its PreSharedKeyID."""


@dataclass(frozen=True, slots=True)
class PreSharedKeys:
    """Keys by name.

    Attributes:
        external: by `psk_id`.
        application: by `component_id` and `psk_id`.
        resumption: the `resumption_psk` of epochs, by group ID and epoch.

    """

    external: Mapping[bytes, bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    application: Mapping[tuple[int, bytes], bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    resumption: Mapping[tuple[bytes, int], bytes] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def find(self, psk: PreSharedKeyID) -> bytes | None:
        """The key of this name; None when there is none."""
        match psk.psktype:
            case PSKType.external:
                return self.external.get(psk.psk_id or b"")
            case PSKType.application:
                return self.application.get((psk.component_id or 0, psk.psk_id or b""))
            case PSKType.resumption:
                return self.resumption.get((psk.psk_group_id or b"", psk.psk_epoch or 0))

    def look_up(self, psks: Sequence[PreSharedKeyID]) -> tuple[PreSharedKey, ...]:
        """The keys of these names, in the same order.

        Raises:
            PreSharedKeyError: one of them is missing.

        """
        found = []
        for index, psk in enumerate(psks):
            secret = self.find(psk)
            if secret is None:
                raise PreSharedKeyError(PreSharedKeyRule.AVAILABLE, psk, f"PSK {index}")
            found.append(PreSharedKey(psk, secret))
        return tuple(found)

    def with_resumption(self, group_id: bytes, epoch: int, resumption_psk: bytes, kept: int) -> "PreSharedKeys":
        """The same with the key of one more epoch, and only with those of the last ``kept`` epochs of its group."""
        resumption = {
            name: key for name, key in self.resumption.items() if name[0] != group_id or name[1] > epoch - kept
        }
        resumption[group_id, epoch] = resumption_psk
        return PreSharedKeys(self.external, self.application, MappingProxyType(resumption))


def external_psk(cipher_suite: CipherSuite, psk_id: bytes, random: Random) -> PreSharedKeyID:
    """The name under which to inject an external PSK once: with a fresh nonce."""
    return PreSharedKeyID(psktype=PSKType.external, psk_id=psk_id, psk_nonce=_nonce(cipher_suite, random))


def application_psk(cipher_suite: CipherSuite, component_id: int, psk_id: bytes, random: Random) -> PreSharedKeyID:
    """The name under which to inject a component's PSK once: with a fresh nonce."""
    return PreSharedKeyID(
        psktype=PSKType.application,
        component_id=component_id,
        psk_id=psk_id,
        psk_nonce=_nonce(cipher_suite, random),
    )


def resumption_psk(
    cipher_suite: CipherSuite,
    group_id: bytes,
    epoch: int,
    random: Random,
    usage: ResumptionPSKUsage = ResumptionPSKUsage.application,
) -> PreSharedKeyID:
    """The name under which to inject the `resumption_psk` of an epoch once: with a fresh nonce.

    Args:
        cipher_suite: of the group that it is injected into.
        group_id: of the group that the epoch is one of.
        epoch: the epoch.
        random: makes the nonce.
        usage: what the PSK is for; `reinit` and `branch` link groups, and are invalid in all other Commits.

    """
    return PreSharedKeyID(
        psktype=PSKType.resumption,
        usage=usage,
        psk_group_id=group_id,
        psk_epoch=epoch,
        psk_nonce=_nonce(cipher_suite, random),
    )


def _nonce(cipher_suite: CipherSuite, random: Random) -> bytes:
    return random(parameters(cipher_suite).kdf.size)
