"""Defects in claims that pass through: for users of others at a hub, and those of own clients (PROTO 5.2, 3.3)."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.claims import Claim
from mimi_conformance.reference.provider.fanout import Newcomer
from mimi_conformance.reference.provider.messages import Answer, Call, Endpoint, Outgoing, Relay
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.mls.crypto import KeyPackageRef
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)


@defect("knows-nobody-elsewhere", breaks=("PROTO-3.2-02", "PROTO-3.3-02", "PROTO-5.2-04"))
class KnowsNobodyElsewhere(Provider):
    """Answers userUnknown to claims for users of other providers, in its own rooms too."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        answer = super().answer_to_key_material(transaction, call, now)
        if isinstance(answer, Answer) or self.passes_on(call):
            return answer
        request = KeyMaterialRequest.decode(call.body)
        response = KeyMaterialResponse(request.protocol, KeyMaterialUserCode.user_unknown, request.target_user)
        return Answer(HTTPStatus.OK, response.encode())

    def passes_on(self, call: Call) -> bool:
        """Whether it does as it should."""
        return False


@defect("claims-for-its-own-clients-only", breaks=("PROTO-3.3-02",))
class ClaimsForItsOwnClientsOnly(KnowsNobodyElsewhere):
    """Answers userUnknown to followers that claim for users of other providers."""

    def passes_on(self, call: Call) -> bool:
        return call.client is not None


@defect("passes-on-claims-without-their-room", breaks=("PROTO-5.2-04",))
class PassesOnClaimsWithoutTheirRoom(Provider):
    """Leaves the room out of claims that it passes on."""

    def relay_of_claim(self, call: Call, claim: Claim) -> Relay:
        relay = super().relay_of_claim(call, claim)
        body = replace(claim.request, room_id=IdentifierUri(b"")).encode()
        return replace(relay, outgoing=replace(relay.outgoing, body=body))


@defect("calls-relayed-material-partial", breaks=("PROTO-5.2-47",))
class CallsRelayedMaterialPartial(Provider):
    """Changes success into partialSuccess, and every failure into noConsent, where the material is another's."""

    def relayed_key_material(self, transaction: Transaction, relay: Relay, theirs: Answer, now: int) -> Answer:
        answer = super().relayed_key_material(transaction, relay, theirs, now)
        response = KeyMaterialResponse.decode(answer.body)
        success = response.user_status is KeyMaterialUserCode.success
        code = KeyMaterialUserCode.partial_success if success else KeyMaterialUserCode.no_consent
        return replace(answer, body=replace(response, user_status=code).encode())


@defect("passes-back-what-it-has", breaks=("PROTO-5.2-40",))
class PassesBackWhatItHas(Provider):
    """Gives what it was given for one claim to the next one as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._given = dict[str, Answer]()

    def relayed_key_material(self, transaction: Transaction, relay: Relay, theirs: Answer, now: int) -> Answer:
        given = self._given.setdefault(relay.outgoing.subject, theirs)
        return super().relayed_key_material(transaction, relay, given, now)


@defect(
    "forgets-where-key-packages-are-from",
    breaks=("PROTO-3.2-05", "PROTO-3.2-06", "PROTO-3.3-03", "PROTO-4.3.1-06", "PROTO-4.3.1-07", "PROTO-5.2-43"),
)
class ForgetsWhereKeyPackagesAreFrom(Provider):
    """Takes KeyPackages that it has passed on for its own."""

    def note_origin(self, transaction: Transaction, key_package: KeyPackage, target: MimiUri, now: int) -> None:
        pass

    def newcomer(self, transaction: Transaction, reference: KeyPackageRef, leaf_index: int) -> Newcomer:
        return Newcomer(reference, leaf_index, self.domain, transaction.client_of_key_package(reference))


class Claiming(PeerClient):
    """Sends the claims of its clients in another way; the class that derives from this one says which."""

    async def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.endpoint is Endpoint.KEY_MATERIAL:
            outgoing = self.otherwise(outgoing, KeyMaterialRequest.decode(outgoing.body))
        return await super().send(outgoing)

    def otherwise(self, outgoing: Outgoing, request: KeyMaterialRequest) -> Outgoing:
        """What is sent instead of a claim."""
        raise NotImplementedError


@defect("claims-past-the-hub", breaks=("PROTO-3.3-01", "PROTO-5.2-03"))
class ClaimsPastTheHub(Claiming):
    """Sends claims to the provider of the target."""

    def otherwise(self, outgoing: Outgoing, request: KeyMaterialRequest) -> Outgoing:
        return replace(outgoing, provider=MimiUri.parse(request.target_user.uri).provider)


@defect("claims-without-the-room", breaks=("PROTO-5.2-08", "PROTO-5.2-14"))
class ClaimsWithoutTheRoom(Claiming):
    """Leaves the room out of claims of its clients."""

    def otherwise(self, outgoing: Outgoing, request: KeyMaterialRequest) -> Outgoing:
        return replace(outgoing, body=replace(request, room_id=IdentifierUri(b"")).encode())


@defect("claims-without-the-signature", breaks=("PROTO-5.2-14",))
class ClaimsWithoutTheSignature(Claiming):
    """Leaves the signature out of claims of its clients."""

    def otherwise(self, outgoing: Outgoing, request: KeyMaterialRequest) -> Outgoing:
        return replace(outgoing, body=replace(request, key_material_request_signature=b"").encode())
