"""Where the other implementations depart from RFC 9420: what README.md says of them, shown.

A departure that its authors mend makes its test fail; then README.md and the tests that go around it can change.
"""

from collections.abc import Callable

import pytest

from tests.interop.conversation import Conversation
from tests.interop.peers import Client, PeerError, add, group_context_extensions, remove

SUITE = 1
CUSTOM_EXTENSION = 0xFF01
Clients = Callable[..., Client]


def ours(client: Clients, number: int) -> list[Client]:
    """Return clients of ours."""
    return [client("ours", SUITE, extensions=[CUSTOM_EXTENSION]) for _ in range(number)]


def test_ts_mls_joins_no_tree_in_which_a_leaf_is_merged_higher_up(client: Clients) -> None:
    """RFC 9420, 7.9.2: a leaf unmerged at a parent is so at all parents below that one, not at those above it."""
    founders, newcomer = ours(client, 5), ours(client, 1)[0]
    a, b, c, d, e = founders
    conversation = Conversation(a)
    conversation.add(a, b, c, d, e)
    conversation.commit(a, remove(d.leaf()), leavers=[d])  # gives the parent of leaves 0 to 3 a key
    conversation.add(e, newcomer)  # takes leaf 3, unmerged at that parent and at the root
    conversation.commit(e, path=True)  # merges it at the root
    with pytest.raises(PeerError, match="unmerged_leaves"):
        conversation.add(e, client("ts-mls", SUITE))
    conversation.add(e, client("openmls", SUITE))


def test_ts_mls_does_not_learn_of_its_removal_when_its_leaf_is_taken_at_once(client: Clients) -> None:
    a, b = ours(client, 2)
    removed, newcomer = client("ts-mls", SUITE), client("openmls", SUITE)
    conversation = Conversation(a)
    conversation.add(a, removed, b)
    proposals = (remove(removed.leaf()), add(newcomer.key_package()))
    with pytest.raises(PeerError, match="No overlap between provided private keys and update path"):
        conversation.commit(b, *proposals, leavers=[removed], joiners=[newcomer])


@pytest.mark.parametrize(("committer", "other"), [("ts-mls", "ours"), ("ours", "ts-mls"), ("openmls", "ts-mls")])
def test_ts_mls_takes_the_commit_secret_too_far_up_when_half_the_tree_is_blank(
    client: Clients, committer: str, other: str
) -> None:
    """RFC 9420, 7.4: the commit_secret follows the last path secret there is, which is not always the root's."""
    a, b, c, d = (*ours(client, 2), client(other, SUITE), client(committer, SUITE))
    conversation = Conversation(a)
    conversation.add(a, b, c, d)
    conversation.commit(c, remove(b.leaf()), leavers=[b])
    with pytest.raises(PeerError, match="confirmation tag"):
        conversation.commit(d, remove(a.leaf()), leavers=[a])


@pytest.mark.parametrize("other", ["ours", "openmls"])
def test_ts_mls_sends_no_path_with_group_context_extensions(client: Clients, other: str) -> None:
    """RFC 9420, 17.4: the proposal's type requires a path."""
    a, b = (client(name, SUITE, extensions=[CUSTOM_EXTENSION]) for name in ("ts-mls", other))
    conversation = Conversation(a)
    conversation.add(a, b)
    with pytest.raises(PeerError, match="path"):
        conversation.commit(a, group_context_extensions((3, bytes.fromhex("02FF010000")), (CUSTOM_EXTENSION, b"")))


@pytest.mark.parametrize("other", ["ours", "openmls"])
def test_ts_mls_encrypts_its_path_for_the_old_extensions(client: Clients, other: str) -> None:
    """RFC 9420, 12.4.1: the path is encrypted for the provisional GroupContext, with the new extensions."""
    a, b, c = (client(name, SUITE, extensions=[CUSTOM_EXTENSION]) for name in ("ts-mls", other, other))
    conversation = Conversation(a)
    conversation.add(a, b, c)
    extensions = group_context_extensions((3, bytes.fromhex("02FF010000")), (CUSTOM_EXTENSION, b""))
    with pytest.raises(PeerError, match="decrypt"):
        conversation.commit(a, extensions, remove(c.leaf()), leavers=[c])


def test_ts_mls_keeps_the_extensions_when_all_are_taken_away(client: Clients) -> None:
    a, b = ours(client, 1)[0], client("ts-mls", SUITE, extensions=[CUSTOM_EXTENSION])
    conversation = Conversation(a, [(CUSTOM_EXTENSION, b"")])
    conversation.add(a, b)
    with pytest.raises(PeerError, match="OpenError"):
        conversation.commit(a, group_context_extensions())


def test_openmls_wants_every_extension_among_the_required_capabilities(client: Clients) -> None:
    """RFC 9420, 12.1.7, wants the members to support extensions; that the group requires it is not said."""
    a, b = ours(client, 1)[0], client("openmls", SUITE, extensions=[CUSTOM_EXTENSION])
    conversation = Conversation(a)
    conversation.add(a, b)
    with pytest.raises(PeerError, match="ExtensionNotInRequiredCapabilities"):
        conversation.commit(a, group_context_extensions((CUSTOM_EXTENSION, b"")))
