"""Two implementations in one group, each in each role: whoever is `first` creates the group."""

from collections.abc import Callable, Sequence
from itertools import permutations

import pytest

from tests.interop.conversation import Conversation
from tests.interop.peers import UPDATE, Client, add, group_context_extensions, remove, use_psk

PEERS = ("ours", "ts-mls", "openmls")
SUITES = (1, 2, 3)
"""Those that all peers have; test_suites.py has the others."""

Clients = Callable[..., Client]

CUSTOM_EXTENSION = 0xFF01
REQUIRED = (3, bytes.fromhex("02FF010000"))
"""A required_capabilities extension that requires the custom extension, as openmls wants it for every extension."""

pytestmark = [
    pytest.mark.parametrize(
        ("first", "second"), [pytest.param(*pair, id="-".join(pair)) for pair in permutations(PEERS, 2)]
    ),
    pytest.mark.parametrize("suite", SUITES),
]


def group_of(client: Clients, *names: str, suite: int, **capabilities: Sequence[int]) -> Conversation:
    """Return a group of new clients of these implementations, all but the first added by the first in one commit."""
    creator, *others = (client(name, suite, **capabilities) for name in names)
    conversation = Conversation(creator)
    conversation.add(creator, *others)
    return conversation


@pytest.mark.parametrize("tree", [True, False], ids=["tree in Welcome", "tree beside it"])
@pytest.mark.parametrize("path", [True, False], ids=["path", "no path"])
def test_a_member_joins_by_its_welcome(
    client: Clients, first: str, second: str, suite: int, *, tree: bool, path: bool
) -> None:
    if path and first == "ts-mls":
        pytest.skip("ts-mls has a path only in commits that need one")
    creator, joiner = client(first, suite), client(second, suite)
    conversation = Conversation(creator)
    conversation.add(creator, joiner, tree=tree, path=path)
    conversation.talk()


def test_who_joined_adds_others(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    conversation.add(conversation.members[1], client(first, suite), client(second, suite), client(first, suite))
    conversation.talk()


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_everybody_commits_to_a_path(client: Clients, first: str, second: str, suite: int, public: bool) -> None:
    conversation = group_of(client, first, second, first, second, second, suite=suite)
    for member in conversation.members:
        conversation.commit(member, path=True, public=public)
    conversation.talk()


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_an_update_is_committed_by_the_other(
    client: Clients, first: str, second: str, suite: int, public: bool
) -> None:
    conversation = group_of(client, first, second, first, second, suite=suite)
    a, b, c, d = conversation.members
    for proposers, committer in (((b,), a), ((a,), b), ((c, d), a), ((a, c), d)):
        for proposer in proposers:
            conversation.propose(proposer, UPDATE, public=public)
        conversation.commit(committer, public=public)
    for member in conversation.members:
        conversation.commit(member, path=True, public=public)
    conversation.talk()


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_members_remove_each_other(client: Clients, first: str, second: str, suite: int, public: bool) -> None:
    conversation = group_of(client, first, second, first, second, suite=suite)
    a, b, c, d = conversation.members
    conversation.commit(a, remove(d.leaf()), leavers=[d], public=public)
    conversation.talk()
    conversation.commit(b, remove(a.leaf()), leavers=[a], public=public)
    conversation.talk()
    newcomer = client(first, suite)
    conversation.commit(
        b, remove(c.leaf()), add(newcomer.key_package()), leavers=[c], joiners=[newcomer], public=public
    )
    conversation.talk()


@pytest.mark.parametrize("public", [True, False], ids=["public", "private"])
def test_proposals_are_committed_by_reference(
    client: Clients, first: str, second: str, suite: int, public: bool
) -> None:
    conversation = group_of(client, first, second, first, second, suite=suite)
    a, b, c, d = conversation.members
    joiner = client(second, suite)
    conversation.propose(b, add(joiner.key_package()), public=public)
    conversation.propose(a, UPDATE, public=public)
    conversation.commit(d, joiners=[joiner], public=public)
    conversation.propose(joiner, remove(c.leaf()), public=public)
    conversation.propose(b, remove(a.leaf()), public=public)
    conversation.commit(d, leavers=[c, a], public=public)
    conversation.talk()


@pytest.mark.parametrize("tree", [True, False], ids=["tree in GroupInfo", "tree beside it"])
def test_a_client_lets_itself_in(client: Clients, first: str, second: str, suite: int, tree: bool) -> None:
    conversation = Conversation(client(first, suite))
    conversation.join_externally(client(second, suite), conversation.members[0], tree=tree)
    conversation.talk()
    conversation.join_externally(client(first, suite), conversation.members[1], tree=tree)
    conversation.talk()
    for member in conversation.members:
        conversation.commit(member, path=True)
    conversation.talk()


def test_a_client_takes_a_leaf_that_is_blank(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, first, first, suite=suite)
    leaver = conversation.members[1]
    conversation.commit(conversation.members[0], remove(leaver.leaf()), leavers=[leaver])
    conversation.join_externally(client(second, suite), conversation.members[-1])
    assert conversation.members[-1].leaf() == 1
    conversation.talk()


def test_a_member_comes_back_in_place_of_itself(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, first, second, suite=suite)
    a, b, *_ = conversation.members
    conversation.come_back(b, a)
    conversation.talk()
    conversation.come_back(a, b)
    conversation.talk()


def test_a_psk_enters_the_key_schedule(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for number, member in enumerate(conversation.members):
        psk_id = bytes([number])
        for knower in conversation.members:
            knower.learn_psk(psk_id, b"secret" * number)
        conversation.commit(member, use_psk(psk_id))
    conversation.talk()


def test_the_group_context_gets_other_extensions(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite, extensions=[CUSTOM_EXTENSION])
    for name, member in zip((first, second), conversation.members, strict=True):
        if name != "ts-mls":  # whose commits to such a proposal are invalid: test_departures.py
            conversation.commit(member, group_context_extensions(REQUIRED, (CUSTOM_EXTENSION, name.encode())))
    conversation.talk()


def test_a_message_is_read_after_its_epoch(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for sender, receiver in (conversation.members, conversation.members[::-1]):
        late = sender.send(b"late")
        conversation.commit(sender, path=True)
        assert receiver.read(late) == b"late"


def test_messages_are_read_in_any_order(client: Clients, first: str, second: str, suite: int) -> None:
    conversation = group_of(client, first, second, suite=suite)
    for sender, receiver in (conversation.members, conversation.members[::-1]):
        sent = [sender.send(bytes([number])) for number in range(8)]
        for number in (5, 0, 7, 3, 6, 1, 4, 2):
            assert receiver.read(sent[number]) == bytes([number])
