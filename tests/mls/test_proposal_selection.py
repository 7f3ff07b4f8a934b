"""Which proposals a Commit covers when its maker names none."""

import pytest

from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.proposals.proposal_selection import preferred_proposals
from mimi_conformance.reference.mls.schedule.pre_shared_keys import external_psk
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
    SelfRemove,
)
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion
from tests.mls.group_examples import NOW, SUITE, Client, Room

PSK = PreSharedKey(external_psk(SUITE, b"id", bytes))
REINIT = ReInit(b"new", ProtocolVersion.mls10, SUITE, ())
NO_EXTENSIONS = GroupContextExtensions(())
EVE = Add(Client("eve").key_package().key_package)
UPDATE = "update"

CASES = {
    "all that go together": ([("bob", UPDATE), ("bob", Remove(2)), ("carol", PSK), ("carol", EVE)], [0, 1, 2, 3]),
    "not the committer's own leaf": (
        [("alice", UPDATE), ("bob", Remove(0)), ("alice", SelfRemove()), ("alice", PSK)],
        [3],
    ),
    "the last Update": ([("bob", UPDATE), ("bob", UPDATE)], [1]),
    "a Remove rather than an Update": ([("carol", Remove(1)), ("bob", UPDATE)], [0]),
    "a SelfRemove rather than a Remove": ([("bob", SelfRemove()), ("carol", Remove(1)), ("bob", UPDATE)], [0]),
    "the last GroupContextExtensions": (
        [("bob", NO_EXTENSIONS), ("carol", NO_EXTENSIONS)],
        [1],
    ),
    "a PSK once": ([("bob", PSK), ("carol", PSK)], [1]),
    "a client once": ([("bob", EVE), ("carol", EVE)], [1]),
    "a ReInit alone": ([("bob", REINIT), ("carol", REINIT)], [1]),
    "a ReInit with nothing else": ([("bob", REINIT), ("carol", PSK)], [1]),
    "nothing": ([], []),
}


@pytest.mark.parametrize(("proposals", "chosen"), CASES.values(), ids=CASES)
def test_a_commit_covers(proposals, chosen):
    room = Room.of("alice", "bob", "carol")
    references = []
    for name, body in proposals:
        client, group = room.members[name]
        how = {"now": NOW, "random": client.random}
        made = propose_update(group, **how) if body is UPDATE else propose(group, body, **how)
        references.append(room.propose(name, made))
    assert list(preferred_proposals(room.server, 0)) == [references[index] for index in chosen]
