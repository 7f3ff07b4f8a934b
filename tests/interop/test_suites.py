"""The life of a group in the suites that openmls does not have."""

from collections.abc import Callable

import pytest

from tests.interop.conversation import Conversation
from tests.interop.peers import UPDATE, Client, remove, use_psk

Clients = Callable[..., Client]


@pytest.mark.parametrize("suite", [4, 5, 6, 7])
@pytest.mark.parametrize(("first", "second"), [("ours", "ts-mls"), ("ts-mls", "ours")])
def test_a_group_lives_through_everything(client: Clients, first: str, second: str, suite: int) -> None:
    a, b, c, d = (client(name, suite) for name in (first, second, first, second))
    conversation = Conversation(a)
    conversation.add(a, b, c)
    conversation.talk()
    conversation.propose(b, UPDATE)
    conversation.commit(c)
    conversation.join_externally(d, b)
    for member in conversation.members:
        member.learn_psk(b"id", b"psk")
    conversation.commit(b, use_psk(b"id"))
    conversation.commit(d, path=True)
    conversation.commit(c, remove(b.leaf()), leavers=[b], public=True)
    conversation.commit(a, remove(c.leaf()), leavers=[c])
    conversation.talk()
