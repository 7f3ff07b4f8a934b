"""What it costs a hub to keep a commit, and a room: `python -m benchmarks.rooms`.

Each commit is judged and kept as a hub does it, in a database on the disk. Beside that, in the same run, the whole room
is written for the same commit, as a store would that knows nothing of trees.
"""

import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.large_groups import LargeGroup
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import commit
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.tables.rooms import RoomMemory
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.state import RoomState, found
from mimi_conformance.reference.room.updates import CommitAccepted, accept_commit
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType, ExtensionType, ProtocolVersion
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
HUB = "hub.example"
ROOM = MimiUri.room(HUB, "large")
SIZES = (10, 1_000, 10_000)
COMMITS = 30
HOUR = 3600


def user(number: int) -> MimiUri:
    """One of as many users as there are leaves, each with one client."""
    return MimiUri.user(HUB, f"user{number}")


def client(number: int) -> MimiUri:
    """The client of a user."""
    return MimiUri.client(HUB, f"user{number}", "phone")


def extensions(leaves: int) -> tuple[Extension, ...]:
    """Those of a room in which every user takes part."""
    numbers, policy = code_points().components, preset("cooperative")
    everybody = ParticipantListData(tuple(UserRolePair(bytes(user(number)), 2) for number in range(leaves)))
    base = replace(policy.base_room_policy, policy_component_ids=(numbers["roles_list"],))
    dictionary = NO_APP_DATA
    for name, value in (("participant_list", everybody), ("base_room_policy", base), ("roles_list", policy.roles_list)):
        dictionary = with_component(dictionary, numbers[name], value.encode())
    hub = ExternalSender(os.urandom(32), Credential.basic(f"mimi://{HUB}".encode()))
    return (
        Extension(ExtensionType.external_senders, ExternalSenders((hub,)).encode()),
        Extension(ExtensionType.app_data_dictionary, dictionary.encode()),
    )


@dataclass(frozen=True)
class Case:
    """A room as its hub has it, and a member that can commit."""

    state: RoomState
    member: Group


def case(leaves: int) -> Case:
    """A room of this size."""
    large = LargeGroup(SUITE, leaves, identity=lambda number: bytes(client(number)))
    key, now = parameters(SUITE).signature.new_private_key(os.urandom), int(time.time())
    own = create_key_package(
        SUITE,
        Credential.basic(bytes(client(leaves - 1))),
        key,
        lifetime=Lifetime(now - HOUR, now + HOUR),
        random=os.urandom,
        capabilities=Capabilities(
            (ProtocolVersion.mls10,),
            (SUITE,),
            (ExtensionType.app_data_dictionary, ExtensionType.external_senders),
            (),
            (CredentialType.basic,),
        ),
    )
    invitation = large.invite(MLSMessage.of(own.key_package).encode(), extensions(leaves))
    tree = RatchetTree.decode(invitation.tree)
    welcome, info = MLSMessage.decode(invitation.welcome).welcome, MLSMessage.decode(invitation.group_info).group_info
    assert welcome is not None
    assert info is not None
    member = join(welcome, own, key, room_application(), now=now, tree=tree)
    return Case(found(follow(info, room_application(), None, tree), ROOM), member)


def seconds(work: Callable[..., object], *values: object) -> float:
    """How long something takes, once."""
    started = time.perf_counter()
    work(*values)
    return time.perf_counter() - started


def kept(storage: SQLiteStorage, room: Room) -> None:
    """Write what has changed."""
    with storage.transaction() as transaction:
        transaction.record_room(room)


def kept_whole(storage: SQLiteStorage, room: Room) -> None:
    """Write everything."""
    with storage.transaction() as transaction:
        transaction.clear()
        transaction.found_room(room)


def report(leaves: int, folder: Path) -> None:
    """Measure and print one line."""
    made = case(leaves)
    state, member = made.state, made.member
    by_changes, whole = SQLiteStorage(folder / f"changes{leaves}"), SQLiteStorage(folder / f"whole{leaves}")
    for storage in (by_changes, whole):
        with storage.transaction() as transaction:
            transaction.found_room(Room(state))
    times: list[tuple[float, float, float]] = []
    for _ in range(COMMITS):
        committed = commit(member, now=int(time.time()), random=os.urandom)
        member = committed.after
        message = MLSMessage.decode(committed.message.encode()).public_message
        assert message is not None
        started = time.perf_counter()
        answer = accept_commit(state, message, int(time.time()))
        judging = time.perf_counter() - started
        assert isinstance(answer, CommitAccepted), answer
        state = answer.state
        room = Room(state)
        times.append(
            (judging, seconds(lambda r=room: kept(by_changes, r)), seconds(lambda r=room: kept_whole(whole, r)))
        )
    by_changes._rooms = RoomMemory()  # noqa: SLF001  # as after a restart
    tracemalloc.start()
    with by_changes.transaction() as transaction:
        transaction.room(ROOM)
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    by_changes._rooms = RoomMemory()  # noqa: SLF001
    with by_changes.transaction() as transaction:
        reading = seconds(transaction.room, ROOM)
    judging, changes, everything = (median(column) * 1e3 for column in zip(*times, strict=True))
    print(
        f"{leaves:8,} {judging:9.2f} ms {changes:9.2f} ms {everything:11.2f} ms {everything / changes:6.1f} "
        f"{reading * 1e3:11.1f} ms {memory / leaves:13,.0f}"
    )
    by_changes.close()
    whole.close()


def main() -> None:
    """Measure and print."""
    titles = ("judged", 12), ("kept", 12), ("kept whole", 14), ("ratio", 6), ("read back", 14), ("bytes/member", 13)
    print(" ".join([f"{'members':>8}", *(f"{title:>{width}}" for title, width in titles)]))
    with tempfile.TemporaryDirectory(prefix="mimi-benchmark-", dir=Path.cwd()) as folder:
        for leaves in SIZES:
            report(leaves, Path(folder))


if __name__ == "__main__":
    main()
