"""The secrets of an epoch that is about to begin, for whoever creates it, processes a Commit, or joins."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.schedule.exporter_tree import ExporterTree
from mimi_conformance.reference.mls.schedule.key_schedule import (
    EpochSecrets,
    confirmation_tag,
    epoch_secret,
    joiner_secret,
    start_epoch,
    verify_confirmation_tag,
)
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey, psk_secret
from mimi_conformance.reference.mls.schedule.ratchet import RatchetLimits
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.registries import CipherSuite


@dataclass(frozen=True, slots=True)
class NewSecrets:
    """The secrets of an epoch.

    Attributes:
        context: the GroupContext that they are bound to.
        epoch: those that serve more than once.
        secret_tree: those for messages.
        exporter_tree: those for components.

    """

    context: GroupContext
    epoch: EpochSecrets = field(repr=False)
    secret_tree: SecretTree = field(repr=False)
    exporter_tree: ExporterTree = field(repr=False)

    @classmethod
    def of_creator(cls, state: GroupState, secret: bytes, limits: RatchetLimits) -> "NewSecrets":
        """The secrets of a group's first epoch, from a fresh `epoch_secret` (RFC 9420, section 11)."""
        return cls(state.context, *start_epoch(state.context.cipher_suite, secret, state.tree.leaf_count, limits))

    @classmethod
    def of_joiner(
        cls, state: GroupState, joiner: bytes, psks: Sequence[PreSharedKey], limits: RatchetLimits
    ) -> "NewSecrets":
        """The secrets of the epoch that a `joiner_secret` leads to."""
        suite = state.context.cipher_suite
        secret = epoch_secret(suite, joiner, psk_secret(suite, psks), state.context.encode())
        return cls.of_creator(state, secret, limits)

    @property
    def confirmation_tag(self) -> bytes:
        """The confirmation tag of the Commit that begins the epoch (RFC 9420, section 6.1)."""
        context = self.context
        return confirmation_tag(context.cipher_suite, self.epoch.confirmation_key, context.confirmed_transcript_hash)

    def confirms(self, tag: bytes) -> bool:
        """Whether a confirmation tag is the right one."""
        context = self.context
        return verify_confirmation_tag(
            context.cipher_suite, self.epoch.confirmation_key, context.confirmed_transcript_hash, tag
        )


def joiner_secret_after(state: GroupState, init_secret: bytes, commit_secret: bytes) -> bytes:
    """The `joiner_secret` of the epoch whose state this is.

    Args:
        state: the group in the new epoch.
        init_secret: of the old epoch, or from an ExternalInit.
        commit_secret: of the path; all zero without one.

    """
    return joiner_secret(state.context.cipher_suite, init_secret, commit_secret, state.context.encode())


def no_commit_secret(cipher_suite: CipherSuite) -> bytes:
    """What stands for the commit secret of a Commit without a path: zeros (RFC 9420, section 12.4.1)."""
    return bytes(parameters(cipher_suite).kdf.size)
