"""What mls-extensions adds, between the implementations that have it; a client without secrets follows all of it."""

from collections.abc import Callable
from itertools import permutations

import pytest

from tests.interop.conversation import Conversation
from tests.interop.peers import SELF_REMOVE, Client, PeerError, add, app_data_update, app_ephemeral, remove, use_psk

PEERS = ("ours", "openmls")
SUITES = (1, 2, 3)
Clients = Callable[..., Client]

APP_DATA_DICTIONARY = 6
APP_DATA_UPDATE, APP_EPHEMERAL, SELF_REMOVE_TYPE = 8, 9, 10
DICTIONARY = (APP_DATA_DICTIONARY, bytes.fromhex("05800102AABB"))
"""An app_data_dictionary in which component 0x8001 has two bytes."""

REQUIRED = (3, bytes.fromhex("020006040008000A00"))
"""A required_capabilities extension that requires all this."""

pytestmark = [
    pytest.mark.parametrize(
        ("first", "second"), [pytest.param(*pair, id="-".join(pair)) for pair in permutations(PEERS, 2)]
    ),
    pytest.mark.parametrize("suite", SUITES),
]


def supporting(client: Clients, name: str, suite: int) -> Client:
    """Return a client that says it supports all this."""
    return client(
        name, suite, extensions=[APP_DATA_DICTIONARY], proposals=[APP_DATA_UPDATE, APP_EPHEMERAL, SELF_REMOVE_TYPE]
    )


def group_of(client: Clients, *names: str, suite: int) -> Conversation:
    """Return a group of new clients of these implementations, which an observer of each follows."""
    creator, *others = (supporting(client, name, suite) for name in names)
    conversation = Conversation(creator, [REQUIRED, DICTIONARY])
    conversation.add(creator, *others)
    for name in PEERS:
        conversation.watch(supporting(client, name, suite), creator)
    return conversation


def components(conversation: Conversation) -> dict[int, bytes]:
    """Return the data of all components, which the members agree on."""
    return dict(conversation.members[0].state().components)


def test_components_are_added_replaced_and_removed(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    a, b = conversation.members
    assert components(conversation) == {0x8001: b"\xaa\xbb"}
    conversation.commit(a, app_data_update(0x8002, b"second"), public=True)
    conversation.commit(b, app_data_update(0x8001, b"first"), app_data_update(0x8000, b""), public=True)
    assert components(conversation) == {0x8000: b"", 0x8001: b"first", 0x8002: b"second"}
    conversation.commit(a, app_data_update(0x8001, None), app_data_update(0x8002, b"other"), public=True)
    assert components(conversation) == {0x8000: b"", 0x8002: b"other"}
    conversation.talk()


def test_several_updates_of_a_component_come_in_their_order(
    client: Clients, first: str, second: str, suite: int
) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for member in conversation.members:
        updates = (app_data_update(0x8001, data) for data in (b"one", b"two", b"three"))
        conversation.commit(member, *updates, public=True)
        assert components(conversation) == {0x8001: b"three"}
    conversation.talk()


def test_updates_of_others_are_committed(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, first, suite=suite)
    a, b, _ = conversation.members
    for proposer, committer in ((a, b), (b, a)):
        conversation.propose(proposer, app_data_update(0x9000, proposer.name.encode()), public=True)
        conversation.commit(committer, app_data_update(0x9001, committer.name.encode()), public=True)
        assert components(conversation) == {
            0x8001: b"\xaa\xbb",
            0x9000: proposer.name.encode(),
            0x9001: committer.name.encode(),
        }
    conversation.talk()


def test_a_new_member_gets_the_new_components(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for member, name in zip(tuple(conversation.members), (second, first), strict=True):
        joiner = supporting(client, name, suite)
        proposals = (app_data_update(0x8001, joiner.name.encode()), add(joiner.key_package()))
        conversation.commit(member, *proposals, joiners=[joiner], public=True)
    conversation.join_externally(supporting(client, second, suite), conversation.members[0])
    conversation.talk()


def test_updates_may_be_private(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    conversation.observers.clear()
    a, b = conversation.members
    conversation.propose(a, app_data_update(0x8001, b"proposed in private"))
    conversation.commit(b, app_data_update(0x8002, b"committed in private"))
    conversation.talk()


def test_a_member_removes_itself(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, first, second, suite=suite)
    a, b, c, d = conversation.members
    conversation.propose(b, SELF_REMOVE, public=True)
    conversation.commit(a, leavers=[b], public=True)
    conversation.talk()
    conversation.propose(a, SELF_REMOVE, public=True)
    conversation.propose(c, SELF_REMOVE, public=True)
    conversation.commit(d, leavers=[a, c], public=True)
    conversation.add(d, supporting(client, first, suite), public=True)
    conversation.talk()


def test_a_self_remove_goes_with_other_proposals(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, first, second, suite=suite)
    a, b, c, d = conversation.members
    conversation.propose(a, SELF_REMOVE, public=True)
    proposals = (remove(c.leaf()), app_data_update(0x8001, b"two left"))
    conversation.commit(b, *proposals, leavers=[a, c], public=True)
    conversation.propose(b, SELF_REMOVE, public=True)
    conversation.commit(d, leavers=[b], public=True)


def test_an_external_commit_covers_self_removes(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, first, suite=suite)
    a, b, c = conversation.members
    self_removes = [conversation.propose(a, SELF_REMOVE, public=True)]
    conversation.join_externally(supporting(client, second, suite), b, self_removes=self_removes, leavers=[a])
    conversation.talk()
    self_removes = [conversation.propose(b, SELF_REMOVE, public=True)]
    conversation.join_externally(supporting(client, first, suite), c, self_removes=self_removes, leavers=[b])
    conversation.talk()


def test_a_component_exports_its_secret_once(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    a, b = conversation.members
    for committer in (a, b):
        for component in (0x0000, 0x8001, 0x8000, 0xFFFF):
            secret = a.export_component(component)
            assert b.export_component(component) == secret
            for member in (a, b):
                with pytest.raises(PeerError):
                    member.export_component(component)
        conversation.commit(committer, path=True, public=True)


def test_a_psk_of_a_component_enters_the_key_schedule(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for number, member in enumerate(conversation.members):
        for knower in conversation.members:
            knower.learn_psk(b"id", b"external" * number)
            knower.learn_psk(b"id", b"of a component" * number, 0x8001)
        conversation.commit(member, use_psk(b"id", 0x8001), use_psk(b"id"), public=True)
    conversation.talk()


def test_ephemeral_data_goes_with_a_commit(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for member in conversation.members:
        proposals = (app_ephemeral(0x8002, b"once"), app_data_update(0x8001, b"kept"), app_ephemeral(0x8002, b"again"))
        conversation.commit(member, *proposals, public=True)
    assert components(conversation) == {0x8001: b"kept"}
    conversation.talk()
