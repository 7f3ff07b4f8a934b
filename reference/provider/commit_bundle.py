"""What comes along with a commit: the GroupInfo and the tree of the new epoch, and the Welcome (PROTO 5.3)."""

from collections.abc import Iterator

from mimi_conformance.reference.mls.group.group_info import rebuilt_group_info
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree, tree_in, tree_url
from mimi_conformance.reference.provider.fanout import Newcomer
from mimi_conformance.reference.provider.handshakes import Handshakes, NotAccepted, not_allowed
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.updates import InvalidProposal
from mimi_conformance.reference.wire.mls.crypto import KeyPackageRef
from mimi_conformance.reference.wire.mls.group import GroupInfo
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.mls.ratchet_tree_options import (
    PartialGroupInfo,
    RatchetTreeOption,
    RatchetTreePresence,
)
from mimi_conformance.reference.wire.protocol.update import GroupInfoOption, HandshakeBundle


class BundleRule(RoomRule):
    """What comes along with a commit."""

    GROUP_INFO = ("PROTO-5.3-19", "The GroupInfo is that of the epoch that the commit begins, by its committer.")
    TREE = ("RTO-3-07", "The ratchet tree is that of the epoch that the commit begins.")
    WELCOME = ("PROTO-5.3-17", "A commit that adds clients comes with one Welcome for all of them.", "AMB-057")
    WELCOME_ROUTE = ("PROTO-3.2-06", "A Welcome names KeyPackages that came through the hub.", "AMB-057")


class CommitBundles(Handshakes):
    """Holds what comes along with a commit against the group that the commit makes.

    Each method raises NotAccepted when that does not fit.
    """

    def new_group_info(self, group: PublicGroup, option: GroupInfoOption | None) -> GroupInfo:
        """The GroupInfo of the new epoch: as it came, or made from its parts (ratchet-tree-options, section 4)."""
        assert option is not None, "there is one with each commit (AMB-044)"
        try:
            if option.partial_group_info is not None:
                return rebuilt_group_info(group, option.partial_group_info, tree_before=False)
            assert option.group_info is not None, "it is full or partial"
            return self.checked_group_info(group, option.group_info)
        except RuleError as error:
            raise NotAccepted(InvalidProposal(error)) from error

    def checked_group_info(self, group: PublicGroup, group_info: GroupInfo) -> GroupInfo:
        """A GroupInfo that came in full, if it is that of the group, without the tree (PROTO 5.3).

        Raises:
            RuleError: it is not signed, or has the tree in it.

        """
        extensions, signature = group_info.extensions, group_info.signature
        expected = GroupInfo(group.context, extensions, group.confirmation_tag, group.committer, signature)
        if group_info != expected:
            raise not_allowed(BundleRule.GROUP_INFO, f"It is another one, of epoch {group_info.group_context.epoch}.")
        parts = PartialGroupInfo(RatchetTreePresence.no_ratchet_tree, extensions, signature)
        return rebuilt_group_info(group, parts, tree_before=False)

    def check_tree(self, group: PublicGroup, option: RatchetTreeOption | None) -> None:
        """Refuse another tree, or a place where the group takes none from (ratchet-tree-options, section 3)."""
        assert option is not None, "there is one with each commit (AMB-044)"
        try:
            tree_url(option, group.context.extensions)
        except RuleError as error:
            raise NotAccepted(InvalidProposal(error)) from error
        if tree_in(option) is not None and option != full_tree(group.tree):
            raise not_allowed(BundleRule.TREE, "It is another tree.")

    def newcomers(
        self, transaction: Transaction, staged: StagedCommit, bundle: HandshakeBundle
    ) -> tuple[Newcomer, ...]:
        """The clients that a commit adds, each with the way that the Welcome takes to it."""
        added = {reference: leaf_index for leaf_index, reference in self.added(staged)}
        welcomed = () if bundle.welcome is None else tuple(each.new_member for each in bundle.welcome.secrets)
        if sorted(welcomed) != sorted(added) or (bundle.welcome is not None and not added):
            raise not_allowed(BundleRule.WELCOME, f"It adds {len(added)} clients, and welcomes {len(welcomed)}.")
        return tuple(self.newcomer(transaction, reference, leaf_index) for reference, leaf_index in added.items())

    def added(self, staged: StagedCommit) -> Iterator[tuple[int, KeyPackageRef]]:
        """The leaves that a commit adds, and the KeyPackageRefs."""
        for leaf_index, listed in staged.applied.added.items():
            assert isinstance(listed.proposal.body, Add), "that is how clients are added"
            yield leaf_index, key_package_ref(listed.proposal.body.key_package)

    def newcomer(self, transaction: Transaction, reference: KeyPackageRef, leaf_index: int) -> Newcomer:
        """A new client, where its KeyPackage came from (PROTO 4.3.1)."""
        client = transaction.client_of_key_package(reference)
        provider = self.domain if client is not None else transaction.provider_of_key_package(reference)
        if provider is None:
            raise not_allowed(BundleRule.WELCOME_ROUTE, f"Nobody here knows {reference.hex()}.")
        return Newcomer(reference, leaf_index, provider, client)
