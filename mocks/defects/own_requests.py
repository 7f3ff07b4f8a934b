"""Defects in what a provider sends, and tells, for its own clients (PROTO 4.3, 5.7, 5.8)."""

from dataclasses import replace

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation

CONSENT = (Endpoint.REQUEST_CONSENT, Endpoint.UPDATE_CONSENT)


class Rewriting(PeerClient):
    """Sends other consent entries than its clients write; the class that derives from this one says which."""

    async def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.endpoint in CONSENT:
            entry = self.rewritten(ConsentEntry.decode(outgoing.body))
            outgoing = replace(outgoing, body=entry.encode())
        return await super().send(outgoing)

    def rewritten(self, entry: ConsentEntry) -> ConsentEntry:
        """What is sent instead of an entry."""
        raise NotImplementedError


def some_room() -> IdentifierUri:
    """A room that nobody has named."""
    return IdentifierUri.of(MimiUri.room("a.example", "lobby").text)


@defect("keeps-answers-to-itself", breaks=("PROTO-4.3-03",))
class KeepsAnswersToItself(PeerClient):
    """Tells its clients the status of an answer, and not what is in it."""

    async def send(self, outgoing: Outgoing) -> Answer:
        return replace(await super().send(outgoing), body=b"")


@defect("puts-what-it-should-post", breaks=("PROTO-5.7-01", "PROTO-5.7-02", "PROTO-5.8-01"))
class PutsWhatItShouldPost(PeerClient):
    """Sends requests with the method PUT."""

    async def send(self, outgoing: Outgoing) -> Answer:
        return await self._exchange("PUT", await self.url(outgoing), outgoing.body)


@defect(
    "sends-consent-to-the-other-endpoint",
    breaks=("PROTO-5.7-01", "PROTO-5.7-02", "PROTO-5.7-06", "PROTO-5.7-07"),
)
class SendsConsentToTheOtherEndpoint(PeerClient):
    """Sends requests to updateConsent, and grants to requestConsent."""

    async def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.endpoint in CONSENT:
            outgoing = replace(outgoing, endpoint=CONSENT[1 - CONSENT.index(outgoing.endpoint)])
        return await super().send(outgoing)


@defect("tells-the-hub-of-consent", breaks=("PROTO-5.7-03", "PROTO-8-08"))
class TellsTheHubOfConsent(PeerClient):
    """Sends entries about a room to the provider of the room, too."""

    async def send(self, outgoing: Outgoing) -> Answer:
        room = ConsentEntry.decode(outgoing.body).room_id if outgoing.endpoint in CONSENT else None
        if room is not None:
            await super().send(replace(outgoing, provider=MimiUri.parse(room.uri).provider))
        return await super().send(outgoing)


@defect("drops-rooms-from-consent", breaks=("PROTO-5.7-09", "PROTO-5.7-21"))
class DropsRoomsFromConsent(Rewriting):
    """Sends entries for any room where a user meant one."""

    def rewritten(self, entry: ConsentEntry) -> ConsentEntry:
        return replace(entry, room_id=None)


@defect("puts-a-room-into-consent", breaks=("PROTO-5.7-09", "PROTO-5.7-19"))
class PutsARoomIntoConsent(Rewriting):
    """Sends entries for a room of its own choice where a user meant any."""

    def rewritten(self, entry: ConsentEntry) -> ConsentEntry:
        return replace(entry, room_id=entry.room_id or some_room())


@defect("cancels-in-another-scope", breaks=("PROTO-5.7-11",))
class CancelsInAnotherScope(Rewriting):
    """Sends the cancel of a request for one room as one for any, and the other way round."""

    def rewritten(self, entry: ConsentEntry) -> ConsentEntry:
        if entry.consent_operation is not ConsentOperation.cancel:
            return entry
        return replace(entry, room_id=some_room() if entry.room_id is None else None)


@defect("keeps-key-packages-of-grants", breaks=("PROTO-5.7-22",))
class KeepsKeyPackagesOfGrants(Rewriting):
    """Sends a grant without the KeyPackages that the client put into it."""

    def rewritten(self, entry: ConsentEntry) -> ConsentEntry:
        return replace(entry, client_key_packages=() if entry.client_key_packages else entry.client_key_packages)


@defect("hands-out-what-a-grant-conveyed", breaks=("PROTO-5.7-32",))
class HandsOutWhatAGrantConveyed(Provider):
    """Answers keyMaterial with KeyPackages that a grant has given to somebody already."""

    def give_away(self, transaction: Transaction, key_packages: tuple[KeyPackage, ...]) -> None:
        pass
