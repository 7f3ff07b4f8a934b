"""Members and a server go through the life of a group together."""

import pytest

from mimi_conformance.reference.mls.cipher_suite import SUPPORTED_CIPHER_SUITES
from mimi_conformance.reference.mls.group_proposals import propose, propose_update
from mimi_conformance.reference.wire.mls.proposals import Remove
from tests.mls.group_examples import NOW, Client, Room


@pytest.mark.parametrize("suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_members_join_update_and_leave(suite):
    room = Room.of("alice", "bob", "carol", suite=suite)
    room.check_agreement()
    bob, group = room.members["bob"]
    room.propose("bob", propose_update(group, now=NOW, random=bob.random))
    room.propose("carol", propose(room.group("carol"), Remove(0), now=NOW, random=bob.random))
    room.commit("bob")
    room.check_agreement()
    assert set(room.members) == {"bob", "carol"}
    room.add("carol", Client("dave", suite))
    room.check_agreement()
    assert room.group("dave").leaf_index == 0
