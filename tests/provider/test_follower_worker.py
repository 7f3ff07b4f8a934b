"""What a follower asks hubs by itself, at work."""

import asyncio

from mimi_conformance.reference.provider.messages import Answer, Endpoint
from tests.provider.network_scene import Exchange, Network

ONE_HUB, OTHER_HUB, FOLLOWER = "a.example", "c.example", "b.example"


def test_a_hub_that_hangs_when_asked_for_a_lost_room_holds_up_no_other():
    with Network(ONE_HUB, OTHER_HUB, FOLLOWER) as network:
        bob = network.client(FOLLOWER, "bob", "phone")
        asked = []

        async def hanging(exchange: Exchange) -> Answer:
            if exchange.endpoint == Endpoint.GROUP_INFO:
                asked.append(exchange.target.provider.domain)
                await asyncio.sleep(1000)
            return await exchange.deliver()

        network.fault = hanging
        for hub in (ONE_HUB, OTHER_HUB):
            alice = network.client(hub, "alice", "phone")
            bob.grant_consent(alice.user)
            alice.create_room().add(bob.user)
            network.loop.pass_time(2)
        assert asked == [ONE_HUB, OTHER_HUB]
