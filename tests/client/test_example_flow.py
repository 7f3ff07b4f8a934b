"""The draft's example (PROTO 3), step by step: over sockets with mutual TLS, and in one process without sockets."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

import pytest

from mimi_conformance.mocks.demonstration.example_flow import Step, example_flow
from mimi_conformance.mocks.demonstration.providers import providers
from mimi_conformance.reference.client.asynchronous import AsyncProvider
from mimi_conformance.reference.provider.app import ServedRequest
from mimi_conformance.reference.provider.messages import Answer, PeerRequest
from mimi_conformance.reference.room.credentials import server_domains
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoRequest
from tests.exercised import exercises
from tests.provider.network_scene import Exchange, Network

DOMAINS = ("a.example", "b.example", "c.example")
Tell = Callable[[str, PeerRequest], None]
Settle = Callable[[], Awaitable[None]]


@contextmanager
def over_sockets(tell: Tell) -> Iterator[tuple[list[AsyncProvider], Settle]]:
    def served(domain: str, request: ServedRequest) -> None:
        tell(domain, request.request)

    with providers(DOMAINS, served=served) as running:

        async def settle() -> None:
            while any(each.service.backlogs() for each in running):
                await asyncio.sleep(0)

        yield [AsyncProvider.of(each.service) for each in running], settle


@contextmanager
def in_one_process(tell: Tell) -> Iterator[tuple[list[AsyncProvider], Settle]]:
    async def told(exchange: Exchange) -> Answer:
        answer = await exchange.deliver()
        tell(exchange.target.service.domain, exchange.request)
        return answer

    with Network(*DOMAINS) as network:
        network.fault = told

        async def settle() -> None:
            await asyncio.to_thread(network.loop.settle)

        yield [AsyncProvider(partial(network.client, domain)) for domain in DOMAINS], settle


@dataclass(frozen=True)
class Expected:
    """What a step of the example is to bring about.

    Attributes:
        title: the step.
        epoch: that of the room after it.
        participants: who is in the room.
        asked: who has asked whom what, as often as it is listed.

    """

    title: str
    epoch: int
    participants: tuple[str, ...]
    asked: tuple[str, ...] = ()


FIRST, TWO, THREE, WITHOUT_BOB = ("alice",), ("alice", "bob"), ("alice", "bob", "cathy"), ("alice", "cathy")
EXAMPLE = (
    Expected("Alice creates a room", 0, FIRST),
    Expected("Bob consents to being added by Alice", 0, FIRST, ("a asks b: requestConsent", "b asks a: updateConsent")),
    Expected("Alice adds Bob", 1, TWO, ("a asks b: keyMaterial", "a asks b: notify")),
    Expected(
        "Bob adds Cathy, who has two devices",
        2,
        THREE,
        (
            "b asks c: requestConsent",
            "c asks b: updateConsent",
            "b asks a: keyMaterial",
            "a asks c: keyMaterial",
            "b asks a: update",
            "a asks c: notify",
        ),
    ),
    Expected("Cathy says hello, and everybody reads it", 2, THREE, ("c asks a: submitMessage", "a asks b: notify")),
    Expected(
        "Bob asks to leave: his proposals wait for a commit", 2, WITHOUT_BOB, ("b asks a: update", "a asks c: notify")
    ),
    Expected("Cathy commits, and Bob is out", 3, WITHOUT_BOB, ("c asks a: update", "a asks b: notify")),
    Expected("Cathy's new watch joins by itself", 4, WITHOUT_BOB, ("c asks a: groupInfo", "c asks a: update")),
    Expected("Cathy speaks from her watch", 4, WITHOUT_BOB, ("c asks a: submitMessage",)),
)


@exercises(
    "PROTO-3.1-01",
    "PROTO-3.2-02",
    "PROTO-3.2-05",
    "PROTO-3.3-01",
    "PROTO-3.3-02",
    "PROTO-3.3-04",
    "PROTO-3.4-01",
    "PROTO-3.4-03",
    "PROTO-3.5-03",
    "PROTO-3.5-05",
    "PROTO-3.5-06",
    "PROTO-3.6-01",
    "PROTO-3.6-04",
)
@pytest.mark.parametrize("network", [over_sockets, in_one_process])
def test_each_step_asks_those_whom_the_draft_says_and_leads_where_it_says(
    network: Callable[[Tell], AbstractContextManager[tuple[list[AsyncProvider], Settle]]],
) -> None:
    seen: Counter[str] = Counter()

    def tell(domain: str, request: PeerRequest) -> None:
        endpoint = request.raw_path.removeprefix("/v1/").partition("/")[0]
        [source] = request.header("from")
        if endpoint and not is_question_of_a_follower(endpoint, request.body):
            seen[f"{source.removeprefix('mimi@')[0]} asks {domain[0]}: {endpoint}"] += 1

    with network(tell) as (running, settle):
        steps = iter(EXAMPLE)

        async def play() -> Step:
            async for step in example_flow(*running):
                await settle()
                check(step, next(steps), seen)
                seen.clear()
            return step

        last = asyncio.run(play())
    assert next(steps, None) is None, "the example has ended too early"
    watch, phone = last.rooms["cathy's watch"], last.rooms["cathy's phone"]
    assert [len(room.messages) for room in (watch, phone)] == [1, 2], "nobody reads what was said before it came in"


def is_question_of_a_follower(endpoint: str, body: bytes) -> bool:
    """Whether a follower asks in its own name for a room that it has not learned of, as it may at any time."""
    return endpoint == "groupInfo" and bool(server_domains(GroupInfoRequest.decode(body).requesting_credential))


def check(step: Step, expected: Expected, seen: Counter[str]) -> None:
    """A step has brought about what it should, and all clients agree on it."""
    assert step.title == expected.title
    assert seen == Counter(expected.asked), step.title
    for whose, room in step.rooms.items():
        assert room.epoch == expected.epoch, (step.title, whose)
        users = (user.rpartition("/u/")[2] for user in room.participants if "/u/" in user)
        assert sorted(users) == sorted(expected.participants), (step.title, whose)
    assert len({room.membership.group.epoch_authenticator for room in step.rooms.values()}) == 1, step.title
