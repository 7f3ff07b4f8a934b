"""What the target sends to a peer of ours when one of its own clients asks for it, over the control interface."""

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import blocked
from mimi_conformance.suites.target.world import World


def sent_for_client(
    world: World, client: MimiUri, peer: AddressedPeer, *, endpoint: str, about: str, body: bytes
) -> Exchange:
    """The request that reaches `peer` when a local client asks for one; blocked when none does.

    `about` fills the URL template: a user, a room or a domain.
    """
    mark = peer.mark()
    outcome = world.control.requests(client, endpoint, peer.domain, about, body)
    received = peer.received(endpoint, since=mark)
    if not received:
        blocked(f"a {endpoint} request to {peer.domain}: {outcome.failure or f'the client was told {outcome.status}'}")
    return received[0]
