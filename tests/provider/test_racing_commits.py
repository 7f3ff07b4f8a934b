"""Two members of different providers commit at the same time, over sockets: one of them begins the next epoch.

A twentieth of `MIMI_FUZZ_EXAMPLES` says how often.
"""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.connection import Reply
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.happenings import Discarded
from mimi_conformance.reference.client.local_connection import LocalConnection
from mimi_conformance.reference.client.room import ClientRoom
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode, UpdateRoomResponse

RACES = int(os.environ.get("MIMI_FUZZ_EXAMPLES", "200")) // 20
HUB, FOLLOWER, OTHER = "a.example", "b.example", "c.example"
SUCCESS, WRONG_EPOCH = UpdateResponseCode.success, UpdateResponseCode.wrong_epoch


class StartingLine(LocalConnection):
    """A connection whose first update of a race goes out when the other one's does."""

    def __init__(self, instance: ReferenceInstance, line: threading.Barrier) -> None:
        super().__init__(instance.service)
        self.codes: list[UpdateResponseCode] | None = None
        self._line = line

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:
        racing = self.codes is not None and endpoint is Endpoint.UPDATE
        if racing and not self.codes:
            self._line.wait(30)
        reply = super().request(client, endpoint, provider, about, body)
        if racing:
            self.codes.append(UpdateRoomResponse.decode(reply.body).response_code)
        return reply


class Racer:
    """A client in a room, and how it is connected."""

    def __init__(self, instance: ReferenceInstance, name: str, line: threading.Barrier) -> None:
        self.connection = StartingLine(instance, line)
        domain = instance.domain
        self.client = Client(Device(MimiUri.user(domain, name), MimiUri.client(domain, name, "phone")), self.connection)
        self.client.register()
        self.room: ClientRoom

    def race(self) -> list[UpdateResponseCode]:
        """Commit, until it is accepted; the hub's answers."""
        self.connection.codes = codes = []
        self.room.commit()
        self.connection.codes = None
        return codes

    def reach(self, epoch: int) -> None:
        """Take in everything up to an epoch."""
        self.client.wait_until(lambda: self.room.epoch >= epoch, what=f"epoch {epoch}")


@pytest.fixture(scope="module")
def instances(authority) -> Iterator[dict[str, ReferenceInstance]]:
    with ExitStack() as stack:
        instances = {}
        for domain in (HUB, FOLLOWER, OTHER):
            identity = authority.issue(domain)
            instance = ReferenceInstance(
                domain,
                certificate_chain=identity.certificate_chain,
                private_key=identity.private_key,
                trust=authority.trust,
            )
            instances[domain] = stack.enter_context(instance)
        for instance in instances.values():
            instance.service.add_peers({domain: other.address for domain, other in instances.items()})
        yield instances


@pytest.mark.parametrize("domains", [(HUB, FOLLOWER), (FOLLOWER, OTHER)], ids=" and ".join)
def test_one_of_two_commits_is_accepted_and_the_other_one_in_the_next_epoch(instances, domains):
    line = threading.Barrier(2)
    name = domains[1].partition(".")[0]
    founder = Racer(instances[HUB], f"founder-{name}", line)
    founder.room = founder.client.create_room(f"race-{name}")
    racers = [Racer(instances[domain], f"racer-{name}", line) for domain in domains]
    for racer in racers:
        racer.client.grant_consent(founder.client.user)
        founder.room.add(racer.client.user)
        racer.room = racer.client.room(founder.room.uri)
    with ThreadPoolExecutor(2) as threads:
        for _ in range(RACES):
            epoch = max(racer.room.epoch for racer in (founder, *racers))
            for racer in (founder, *racers):
                racer.reach(epoch)
            codes = sorted(threads.map(Racer.race, racers), key=len)
            assert codes == [[SUCCESS], [WRONG_EPOCH, SUCCESS]]
            assert max(racer.room.epoch for racer in racers) == epoch + 2
    for racer in (founder, *racers):
        racer.reach(epoch + 2)
    assert len({racer.room.membership.group.context for racer in (founder, *racers)}) == 1
    assert not [each for racer in racers for each in racer.client.happenings if isinstance(each, Discarded)]
