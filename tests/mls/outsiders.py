"""Those who are no members of a group, or no longer, and what they can make of what they know."""

from dataclasses import dataclass

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.group import Group, group_in_epoch
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets, joiner_secret_after, no_commit_secret
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit


@dataclass(frozen=True)
class Former:
    """Somebody who is no member any more, or not at this leaf.

    Attributes:
        groups: the last that it saw of the group; if it saw its own removal, also what it can make of the next epoch.
        public_keys: the HPKE public keys of all private keys that it has.

    """

    groups: tuple[Group, ...]
    public_keys: frozenset[bytes]

    @classmethod
    def of(cls, group: Group, removal: StagedCommit | None = None) -> "Former":
        known = (*group.private.private_keys.values(), *(keys.encryption for keys in group.updates.values()))
        public_keys = map(parameters(group.context.cipher_suite).kem.public_key, known)
        groups = (group,) if removal is None else (group, without_commit_secret(group, removal))
        return cls(groups, frozenset(public_keys))

    @property
    def epoch(self) -> int:
        """The last in which it was a member, as far as it knows."""
        return self.groups[0].context.epoch


def without_commit_secret(group: Group, staged: StagedCommit) -> Group:
    """The next epoch as somebody gets it who knows all that goes into it but the secret of the Commit's path."""
    external_init, init_secret = staged.applied.external_init, group.secrets.init_secret
    if external_init is not None:
        init_secret = group.secrets.external_init_secret(external_init.kem_output)
    state = staged.group.state
    joiner_secret = joiner_secret_after(state, init_secret, no_commit_secret(group.context.cipher_suite))
    injected = group.psks.look_up(staged.applied.psks)
    return group_in_epoch(
        staged.group,
        NewSecrets.of_joiner(state, joiner_secret, injected, group.retention.ratchets),
        group.private,
        group.signature_private_key,
        psks=group.psks,
        retention=group.retention,
    )
