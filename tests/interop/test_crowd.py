"""All implementations in one group through a long series of random operations."""

import random
from collections.abc import Callable

import pytest

from tests.interop.conversation import Conversation
from tests.interop.peers import UPDATE, Client, add, remove, use_psk

PEERS = ("ours", "openmls")
STEPS = 50
LARGEST = 16
Clients = Callable[..., Client]


class Crowd:
    """A group, and random steps in its life."""

    def __init__(self, client: Clients, suite: int, seed: int) -> None:
        self._client = client
        self._suite = suite
        self._choices = random.Random(seed)
        # ts-mls is there from the start: there are valid trees that it refuses to join (test_departures.py).
        founders = [client(name, suite) for name in ("ts-mls", "ts-mls", *PEERS)]
        self._choices.shuffle(founders)
        self.conversation = Conversation(founders[0])
        self.conversation.add(*founders)
        for name in PEERS:
            self.conversation.watch(client(name, suite), founders[0])

    def step(self) -> None:
        """Let a member do something, which others may be part of."""
        by = self._choices.choice(self.conversation.members)
        others = [member for member in self.conversation.members if member is not by]
        self._choices.shuffle(others)
        self._choices.choice((self._grow, self._shrink, self._update, self._use_psk, self._come_back))(by, others)

    def _newcomer(self) -> Client:
        return self._client(self._choices.choice(PEERS), self._suite)

    def _grow(self, by: Client, others: list[Client]) -> None:
        if len(others) >= LARGEST:
            self._shrink(by, others)
        elif self._choices.random() < 0.5:
            self.conversation.join_externally(self._newcomer(), by)
        else:
            joiners = [self._newcomer() for _ in range(self._choices.randint(1, 3))]
            self.conversation.add(by, *joiners, public=True)

    def _shrink(self, by: Client, others: list[Client]) -> None:
        leavers = others[: self._choices.randint(0, min(3, len(others) - 1))]
        proposals = (remove(leaver.leaf()) for leaver in leavers)
        self.conversation.commit(by, *proposals, leavers=leavers, public=True)

    def _update(self, by: Client, others: list[Client]) -> None:
        for proposer in others[: self._choices.randint(1, 3)]:
            self.conversation.propose(proposer, UPDATE, public=True)
        joiner = self._newcomer()
        self.conversation.commit(by, add(joiner.key_package()), joiners=[joiner], public=True)

    def _use_psk(self, by: Client, others: list[Client]) -> None:
        psk_id, psk = self._choices.randbytes(8), self._choices.randbytes(32)
        for member in (by, *others):
            member.learn_psk(psk_id, psk)
        self.conversation.commit(by, use_psk(psk_id), public=True)

    def _come_back(self, by: Client, others: list[Client]) -> None:
        if by.kind == "ts-mls":
            self.conversation.commit(by, path=True, public=True)
        else:
            self.conversation.come_back(by, others[0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("suite", [1, 2, 3])
def test_everybody_agrees_after_every_step(client: Clients, suite: int, seed: int) -> None:
    crowd = Crowd(client, suite, seed)
    for _ in range(STEPS):
        crowd.step()
    crowd.conversation.talk()
