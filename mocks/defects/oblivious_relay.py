"""Defects of a relay for Oblivious HTTP (PROTO 5.10.3)."""

from dataclasses import replace

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.reference.provider.local import LocalService
from mimi_conformance.reference.provider.messages import OCTET_STREAM, Answer
from mimi_conformance.reference.provider.outgoing import PeerClient


@defect("opens-what-it-relays", breaks=("PROTO-5.10.3-04", "PROTO-5.10.3-05"))
class OpensWhatItRelays(PeerClient):
    """Takes the first octet of an encapsulated request away."""

    async def relay(self, hub: str, encapsulated: bytes) -> Answer:
        return await super().relay(hub, encapsulated[1:])


@defect("relays-as-plain-octets", breaks=("PROTO-5.10.3-04",))
class RelaysAsPlainOctets(PeerClient):
    """Relays with the media type of every other request."""

    async def _exchange(self, method: str, url: str, body: bytes = b"", media_type: str = "") -> Answer:
        return await super()._exchange(method, url, body, media_type and OCTET_STREAM)


@defect("cuts-oblivious-responses", breaks=("PROTO-5.10.3-04",))
class CutsObliviousResponses(PeerClient):
    """Gives its clients the first 64 kB of a response only."""

    async def relay(self, hub: str, encapsulated: bytes) -> Answer:
        answer = await super().relay(hub, encapsulated)
        return replace(answer, body=answer.body[:65_536])


class Telling(PeerClient):
    """Tells the hub for which client it relays."""

    relaying_for = ""

    def headers(self, method: str, host: str) -> dict[str, str]:
        return super().headers(method, host) | ({"X-Client": self.relaying_for} if self.relaying_for else {})


class Naming(LocalService):
    """Remembers for which client it relays."""

    def relay(self, client: MimiUri, hub: str, encapsulated: bytes) -> Answer:
        Telling.relaying_for = client.text
        return super().relay(client, hub, encapsulated)


@defect("relays-with-a-name", breaks=("PROTO-5.10.3-04",))
def relays_with_a_name() -> Parts:
    """Tells the hub which client it relays for."""
    return Parts(service=Naming, peers=Telling)
