"""A group as a member sees it: the public view and the secrets of its epochs (RFC 9420, sections 8, 9 and 12).

A `Group` never changes. What a member does or receives gives another one, or an error, and then it is as it was;
whoever drops the old one has deleted what RFC 9420, section 9.2, wants deleted. The operations are in the modules
`group_*`, `welcome` and `external_join`; what all of them share is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.mls.framing.epoch import MemberEpoch
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.schedule.exporter_tree import ExporterTree
from mimi_conformance.reference.mls.schedule.key_schedule import EpochSecrets
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.mls.schedule.ratchet import RatchetLimits
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.mls.tree.treekem import TreeKEMPrivate
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode


class MemberStateRule(Rule):
    """What a member must be able to do for what it is asked to do."""

    IN_GROUP = RuleText("RFC 9420, section 12.4.2", "Who was removed takes no more part in the group.")
    IN_USE = RuleText("RFC 9420, section 12.4.2", "A group that a ReInit has ended is not used any more.")
    EPOCH_KEPT = RuleText("RFC 9420, section 15.3", "The secrets of the message's epoch are still kept.")
    COMMIT_FIRST = RuleText(
        "RFC 9420, section 12.4", "Who has received proposals sends a Commit before application data."
    )


class MemberStateError(RuleError):
    """A member's state breaks a `MemberStateRule`."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How much of the past a member keeps (RFC 9420, sections 8.6, 9.2 and 15.3).

    Attributes:
        late_epochs: how many past epochs' application messages can still be read.
        resumption_epochs: how many epochs' resumption PSKs there are, that of the present one included.
        ratchets: how far from in order messages may arrive within an epoch.

    """

    late_epochs: int = 3
    resumption_epochs: int = 16
    ratchets: RatchetLimits = field(default_factory=RatchetLimits)


@dataclass(frozen=True, slots=True)
class LeafKeys:
    """The private keys of a LeafNode.

    Attributes:
        encryption: the HPKE private key.
        signature: the signature private key.

    """

    encryption: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EpochKeys:
    """What application messages of an epoch need: this stays when the epoch is over, for those that are late.

    Attributes:
        framing: what framing needs.
        secret_tree: the keys that are not used yet.
        tree: the ratchet tree, for the senders' signature keys.
        safe_aad: whether additional data is a SafeAAD (mls-extensions, section 4.9).

    """

    framing: MemberEpoch
    secret_tree: SecretTree = field(repr=False)
    tree: RatchetTree = field(repr=False)
    safe_aad: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group, seen by one of its members.

    Attributes:
        public: what everybody sees who follows the group.
        private: the private keys of the member's part of the tree.
        signature_private_key: that of the member's LeafNode.
        secrets: those of the epoch that serve more than once.
        keys: those of the epoch that serve once, for messages.
        exporter_tree: the secrets that components have not exported yet.
        psks: the pre-shared keys that the member has, those of this group's epochs among them.
        retention: how much of the past is kept.
        late: the keys of past epochs, the last one last.
        updates: the private keys for the member's own Updates that nobody has committed, by encryption key.
        removed: whether a Commit has removed the member; then all is as it was before that Commit.

    """

    public: PublicGroup
    private: TreeKEMPrivate
    signature_private_key: bytes = field(repr=False)
    secrets: EpochSecrets = field(repr=False)
    keys: EpochKeys
    exporter_tree: ExporterTree = field(repr=False)
    psks: PreSharedKeys
    retention: Retention
    late: tuple[EpochKeys, ...] = ()
    updates: Mapping[bytes, LeafKeys] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    removed: bool = False

    @property
    def context(self) -> GroupContext:
        """The GroupContext."""
        return self.public.context

    @property
    def leaf_index(self) -> LeafIndex:
        """The member's leaf."""
        return self.private.leaf_index

    @property
    def leaf_node(self) -> LeafNode:
        """The member's LeafNode."""
        return self.public.tree.member(self.leaf_index)

    @property
    def epoch_authenticator(self) -> bytes:
        """Equal at two members who see the group alike (RFC 9420, section 8.7)."""
        return self.secrets.epoch_authenticator

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """MLS-Exporter: secret bytes for a purpose of the application (RFC 9420, section 8.5)."""
        return self.secrets.export(label, context, length)

    def export_for_component(self, component_id: int) -> tuple[bytes, "Group"]:
        """A component's secret of this epoch, which can be had once, and the group without it (mls-extensions, 4.4).

        Raises:
            ExporterError: it was exported before.

        """
        secret, exporter_tree = self.exporter_tree.export_secret(component_id)
        return secret, replace(self, exporter_tree=exporter_tree)

    def check_in_use(self) -> None:
        """Check that the member may still act in the group.

        Raises:
            MemberStateError: it was removed, or a ReInit has ended the group.

        """
        if self.removed:
            raise MemberStateError(MemberStateRule.IN_GROUP, self.leaf_index)
        if self.public.reinit is not None:
            raise MemberStateError(MemberStateRule.IN_USE, self.public.reinit)

    def with_secret_tree(self, secret_tree: SecretTree) -> "Group":
        """The group when a message key of the epoch has been used."""
        return replace(self, keys=replace(self.keys, secret_tree=secret_tree))

    def with_psks(self, psks: PreSharedKeys) -> "Group":
        """The group of a member that has other pre-shared keys, besides those of the group's own epochs."""
        own = {name: key for name, key in self.psks.resumption.items() if name[0] == self.context.group_id}
        return replace(self, psks=replace(psks, resumption=MappingProxyType({**psks.resumption, **own})))


def group_in_epoch(
    public: PublicGroup,
    secrets: NewSecrets,
    private: TreeKEMPrivate,
    signature_private_key: bytes,
    *,
    psks: PreSharedKeys,
    retention: Retention,
    late: Sequence[EpochKeys] = (),
) -> Group:
    """The group at the beginning of an epoch, which the secrets belong to: the caller has checked or made the tag."""
    context = public.context
    framing = MemberEpoch(
        group_context=context,
        membership_key=secrets.epoch.membership_key,
        sender_data_secret=secrets.epoch.sender_data_secret,
    )
    return Group(
        public=public,
        private=private,
        signature_private_key=signature_private_key,
        secrets=secrets.epoch,
        keys=EpochKeys(framing, secrets.secret_tree, public.tree, public.state.extensions.safe_aad is not None),
        exporter_tree=secrets.exporter_tree,
        psks=psks.with_resumption(
            context.group_id, context.epoch, secrets.epoch.resumption_psk, retention.resumption_epochs
        ),
        retention=retention,
        late=tuple(late[max(0, len(late) - retention.late_epochs) :]),
    )
