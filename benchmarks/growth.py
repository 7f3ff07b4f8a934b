"""How the work of one commit grows with the group, part by part, and what of it does not depend on the tree at all."""

import os
import time
import tracemalloc
from dataclasses import dataclass

from benchmarks.large_groups import LargeGroup
from benchmarks.wire import fastest
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.external_join import join_externally
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import commit
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.mls.proposals.components import with_component, with_dictionary
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.mls.tree.treekem import receive_update_path
from mimi_conformance.reference.mls.tree.update_path import merge_update_path
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.mls.tree import RatchetTree

PARTICIPANT_BYTES = 50
"""About what an entry of a participant list takes, for a GroupContext that grows with its group."""

HOUR = 3600


@dataclass(frozen=True)
class Received:
    """A member of a group, what it was told at the beginning, and a commit with a path that it has yet to process."""

    group: Group
    group_info: MLSMessage
    tree: RatchetTree
    message: MLSMessage


def received(large: LargeGroup, suite: CipherSuite, extensions: tuple[Extension, ...] = ()) -> Received:
    """Let one client join by a Welcome and another one externally, who then commits."""
    scheme, now = parameters(suite).signature, int(time.time())
    capabilities = Capabilities(
        (ProtocolVersion.mls10,), (suite,), (ExtensionType.app_data_dictionary,), (), (CredentialType.basic,)
    )
    own_key, other_key = scheme.new_private_key(os.urandom), scheme.new_private_key(os.urandom)
    own = create_key_package(
        suite,
        Credential.basic(b"member"),
        own_key,
        lifetime=Lifetime(now - HOUR, now + HOUR),
        random=os.urandom,
        capabilities=capabilities,
    )
    invitation = large.invite(MLSMessage.of(own.key_package).encode(), extensions)
    tree = RatchetTree.decode(invitation.tree)
    welcome = MLSMessage.decode(invitation.welcome).welcome
    group_info = MLSMessage.decode(invitation.group_info)
    assert welcome is not None
    assert group_info.group_info is not None
    member = join(welcome, own, own_key, Application(), now=now, tree=tree)
    joined = join_externally(
        group_info.group_info,
        LeafTemplate(Credential.basic(b"committer"), capabilities),
        other_key,
        Application(),
        now=now,
        random=os.urandom,
        tree=tree,
    )
    member = process(member, joined.message, now).group
    committed = commit(joined.group, now=now, random=os.urandom)
    return Received(member, group_info, tree, MLSMessage.decode(committed.message.encode()))


def seconds_of_tree_work(case: Received) -> float:
    """Return what it takes to merge the path, hash the tree, and decrypt and derive the secrets."""
    assert case.message.public_message is not None
    staged = case.group.public.stage_commit(case.message.public_message, None)
    path = staged.content.content.commit
    merged = staged.path
    assert path is not None
    assert path.path is not None
    assert merged is not None
    update_path = path.path

    def work() -> None:
        again = merge_update_path(merged.before, merged.sender, update_path)
        assert again.tree.tree_hash == staged.provisional_context.tree_hash
        receive_update_path(again, case.group.private, staged.provisional_context)

    return fastest(work)


def seconds_of_processing(case: Received) -> float:
    """Return what the whole commit takes."""
    return fastest(lambda: process(case.group, case.message, None))


def traced_bytes(case: Received) -> int:
    """Return what a follower of the group keeps in memory."""
    assert case.group_info.group_info is not None
    encoded = case.tree.encode()
    tracemalloc.start()
    followed = follow(case.group_info.group_info, Application(), None, RatchetTree.decode(encoded))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert followed.tree.member_count
    return kept


def report_growth(suite: CipherSuite, sizes: tuple[int, ...]) -> None:
    """Measure and print."""
    tree_work: dict[int, float] = {}
    print(f"{'leaves':>10} {'tree work':>12} {'whole commit':>14} {'with participants':>18} {'bytes a member':>15}")
    for leaves in sizes:
        large = LargeGroup(suite, leaves)
        case = received(large, suite)
        tree_work[leaves] = seconds_of_tree_work(case)
        whole, traced = seconds_of_processing(case), traced_bytes(case) // leaves
        participants = with_component(NO_APP_DATA, 0x8000, os.urandom(PARTICIPANT_BYTES * leaves))
        listing = seconds_of_processing(received(large, suite, with_dictionary((), participants)))
        times = f"{tree_work[leaves] * 1e3:9.2f} ms {whole * 1e3:11.2f} ms {listing * 1e3:15.2f} ms"
        print(f"{leaves:10,} {times} {traced:15,}")
    small, largest = 100 if 100 in sizes else min(sizes), max(sizes)
    print(f"tree work at {largest:,} leaves is {tree_work[largest] / tree_work[small]:.2f} times that at {small}")
    print(
        f"with participants: the GroupContext has {PARTICIPANT_BYTES} bytes for each leaf, and every commit hashes it"
    )
