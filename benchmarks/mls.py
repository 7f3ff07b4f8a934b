"""MLS beside `ts-mls`, `openmls` and the PyPI package `rfc9420`, in one run: `python -m benchmarks.mls [LEAVES]`.

With a number, groups grow no larger than that: at 10,000 leaves, ts-mls takes most of half an hour.

Each implementation runs in a program of its own that measures itself, from the bytes of a message to the state that
follows from it and back, without the pipe between the programs; the fastest repetition counts, because whatever else
runs can only add time. Programs that are not installed are left out; tests/interop/README.md says how to install them.
"""

import os
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.growth import report_growth
from benchmarks.large_groups import LargeGroup
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from tests.interop.peers import OPENMLS, TS_MLS, Client, ProgramPeer, add

SUITES = (1, 2)
MEMBERS = 100
JOINERS = 5
SIZES = {10: 20, 100: 20, 1_000: 10, 10_000: 3}
"""How many leaves, and how many commits are processed there; ts-mls fails when it forgets an epoch of the largest."""

MESSAGES, LENGTH = 1_000, 200
PATIENCE = 1_200.0
"""Seconds: ts-mls needs minutes to join the largest group."""

APP_DATA_DICTIONARY = 6
"""Every client supports it, so that any group can have one."""

OURS = (sys.executable, "-m", "benchmarks.mls_programs", "ours")
RFC9420 = (sys.executable, "-m", "benchmarks.mls_programs", "rfc9420")
COMMANDS = {"ours": OURS, "ts-mls": TS_MLS, "openmls": OPENMLS, "rfc9420": RFC9420}
OBSERVING = ("ours", "openmls")

NOTE = """
A number in brackets says how many times as long as ours it takes. All checks of RFC 9420 are on in ours. openmls also
writes what changes to its storage, here the one in memory that comes with it, at every step; that is what grows with
the group. ts-mls and rfc9420 have no view of a group without its secrets. rfc9420 can't process a commit with a path,
neither its own nor others'. When it joins, it tries every member's key for the signature of the GroupInfo instead of
the signer's, takes the first secrets of a Welcome that decrypt for its own, and goes on without the tree or an
extension that it can't read; it doesn't hold LeafNodes to the credential types of the others; a message without a
signature it takes as good; and the KeyPackages are ours, because it takes none of its own.
"""


@dataclass
class Table:
    """Times by row and implementation, in nanoseconds."""

    times: dict[str, dict[str, list[int]]] = field(default_factory=dict)

    def record(self, row: str, name: str, nanoseconds: int) -> None:
        """Add a measurement; the fastest of a cell counts."""
        self.times.setdefault(row, {}).setdefault(name, []).append(nanoseconds)

    def lines(self) -> Iterator[str]:
        """Yield the table line by line."""
        yield f"{'milliseconds':44}" + "".join(f"{name:>22}" for name in COMMANDS)
        for row, cells in self.times.items():
            ours = min(cells["ours"])
            yield f"{row:44}" + "".join(f"{_cell(cells.get(name), ours, name):>22}" for name in COMMANDS)


def _cell(times: list[int] | None, ours: int, name: str) -> str:
    if times is None:
        return "-"
    best = min(times)
    return f"{best / 1e6:.2f}" + ("" if name == "ours" else f" ({best / ours:.2f})")


def resident_bytes(peer: ProgramPeer) -> int:
    """Return how much memory a peer's program has."""
    pages = int(Path(f"/proc/{peer.process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def new_client(peer: ProgramPeer, name: str, suite: int) -> Client:
    """Return a client like those that a `LargeGroup` is made of."""
    return peer.client(name, suite=suite, extensions=[APP_DATA_DICTIONARY])


def measure_small_groups(peer: ProgramPeer, suite: int, table: Table) -> None:
    """Measure how a group begins, and what messages cost in one of two members."""
    for _ in range(3):
        creator = new_client(peer, "creator", suite)
        joiners = [new_client(peer, f"joiner {number}", suite) for number in range(MEMBERS - 1)]
        proposals = [add(joiner.key_package()) for joiner in joiners]
        creation = creator.ask("create", group_id=b"group".hex(), extensions=[])["nanoseconds"]
        committed = creator.ask("commit", proposals=proposals, public=False, path=False, tree=True)
        table.record(f"create a group of {MEMBERS}", peer.name, creation + committed["nanoseconds"])
        for joiner in joiners[:JOINERS]:
            joined = joiner.ask("join", welcome=committed["welcome"])
            table.record("join it from its Welcome", peer.name, joined["nanoseconds"])
    measure_messages(peer, suite, table)


def measure_messages(peer: ProgramPeer, suite: int, table: Table) -> None:
    """Measure a thousand messages from one member to another."""
    sender, receiver = new_client(peer, "sender", suite), new_client(peer, "receiver", suite)
    sender.create(b"messages")
    welcome = sender.commit([add(receiver.key_package())]).welcome
    assert welcome is not None
    receiver.join(welcome)
    sealing, opening = [], []
    for number in range(MESSAGES):
        data = number.to_bytes(LENGTH).hex()
        sealed = sender.ask("send", data=data)
        opened = receiver.ask("process", message=sealed["message"])
        assert opened["data"] == data
        sealing.append(sealed["nanoseconds"])
        opening.append(opened["nanoseconds"])
    # A thousand of the median one: among so many there are some during which something else ran.
    table.record(f"seal {MESSAGES:,} messages of {LENGTH} bytes", peer.name, int(statistics.median(sealing)) * MESSAGES)
    table.record("open them", peer.name, int(statistics.median(opening)) * MESSAGES)


def measure_large_group(peer: ProgramPeer, group: LargeGroup, suite: int, leaves: int, table: Table) -> None:
    """Measure what one commit costs members and followers of a large group in which openmls commits."""
    member, follower = new_client(peer, "member", suite), new_client(peer, "follower", suite)
    invitation = group.invite(member.key_package())
    before = resident_bytes(peer)
    joined = member.ask("join", welcome=invitation.welcome.hex(), tree=invitation.tree.hex())
    table.record(f"load a group of {leaves:,}: member", peer.name, joined["nanoseconds"])
    print(f"{peer.name}: a member has {(resident_bytes(peer) - before) // leaves} bytes more for each of {leaves:,}")
    receivers = {"member": member}
    if peer.name in OBSERVING:
        before = resident_bytes(peer)
        followed = follower.ask("observe", group_info=invitation.group_info.hex(), tree=invitation.tree.hex())
        table.record(f"load a group of {leaves:,}: follower", peer.name, followed["nanoseconds"])
        print(f"{peer.name}: a follower, {(resident_bytes(peer) - before) // leaves}")
        receivers["follower"] = follower
    with ProgramPeer("openmls", OPENMLS, PATIENCE) as other:
        committer = new_client(other, "committer", suite)
        message = committer.external_join(invitation.group_info, invitation.tree)
        for receiver in receivers.values():
            receiver.process(message)
        for _ in range(SIZES[leaves]):
            message = committer.commit(path=True, public=True).commit
            for view, receiver in receivers.items():
                processed = receiver.ask("process", message=message.hex())
                table.record(f"process a commit at {leaves:,} leaves: {view}", peer.name, processed["nanoseconds"])
        assert member.state() == committer.state()


def measure(suite: int, names: list[str], sizes: list[int]) -> Table:
    """Measure all in one suite."""
    table = Table()
    for name in names:
        with ProgramPeer(name, COMMANDS[name], PATIENCE) as peer:
            measure_small_groups(peer, suite, table)
    for leaves in sizes:
        group = LargeGroup(CipherSuite(suite), leaves)
        for name in names:
            if name != "rfc9420":
                with ProgramPeer(name, COMMANDS[name], PATIENCE) as peer:
                    measure_large_group(peer, group, suite, leaves, table)
    return table


def main() -> None:
    """Measure and print tables."""
    largest = int(sys.argv[1]) if sys.argv[1:] else max(SIZES)
    sizes = [leaves for leaves in SIZES if leaves <= largest]
    for suite in SUITES:
        print(f"Suite {suite}, {CipherSuite(suite).name}")
        table = measure(suite, list(COMMANDS), sizes)
        print("\n".join(table.lines()))
        report_growth(CipherSuite(suite), tuple(sizes))
    print(NOTE)


if __name__ == "__main__":
    main()
