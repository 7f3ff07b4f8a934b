"""Defects in which claims for key material are taken (PROTO 5.2)."""

from dataclasses import replace
from http import HTTPStatus

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.mls.crypto.labelled import verify_with_label
from mimi_conformance.reference.provider.base import S
from mimi_conformance.reference.provider.claims import LABEL, Claim
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal, Relay
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519


@defect("reads-the-target-before-the-requester", breaks=("PROTO-5.2-07",))
class ReadsTheTargetBeforeTheRequester(Provider):
    """Takes the first user of a claim for the target."""

    def decoded(self, structure: type[S], body: bytes) -> S:
        value = super().decoded(structure, body)
        if not isinstance(value, KeyMaterialRequest):
            return value
        return replace(value, requesting_user=value.target_user, target_user=value.requesting_user)


@defect("verifies-the-signature-over-itself", breaks=("PROTO-5.2-15",))
class VerifiesTheSignatureOverItself(Provider):
    """Takes the whole request for what is signed."""

    def check_claim_signature(self, claim: Claim) -> None:
        request = claim.request
        key, signature = request.requester_signature_key, request.key_material_request_signature
        if not verify_with_label(SUITE, key, LABEL, request.encode(), signature):
            raise Refusal(HTTPStatus.FORBIDDEN, "The signature does not verify.")


@defect("wants-a-room", breaks=("PROTO-5.2-09",))
class WantsARoom(Provider):
    """Refuses claims outside of a room."""

    def claim(self, call: Call) -> Claim:
        claim = super().claim(call)
        if claim.room is None:
            raise Refusal(HTTPStatus.BAD_REQUEST, "There is no room.")
        return claim


@defect("takes-no-suites-for-its-own", breaks=("PROTO-5.2-10",))
class TakesNoSuitesForItsOwn(Provider):
    """Serves a claim without acceptable suites as one for the suite that every client has."""

    def decoded(self, structure: type[S], body: bytes) -> S:
        value = super().decoded(structure, body)
        if isinstance(value, KeyMaterialRequest) and not value.acceptable_ciphersuites:
            return replace(value, acceptable_ciphersuites=(SUITE,))
        return value

    def check_claim_signature(self, claim: Claim) -> None:
        pass  # it is over what really came


@defect("verifies-no-claim", breaks=("PROTO-5.2-16",))
class VerifiesNoClaim(Provider):
    """Does not look at the signature of a claim."""

    def check_claim_signature(self, claim: Claim) -> None:
        pass


@defect("looks-at-no-credential-of-a-claim", breaks=("PROTO-5.2-17",))
class LooksAtNoCredentialOfAClaim(Provider):
    """Takes whoever signs a claim for the requesting user."""

    def check_claim_credential(self, claim: Claim) -> None:
        pass


@defect("looks-at-no-path-of-a-claim", breaks=("PROTO-5.2-18",))
class LooksAtNoPathOfAClaim(Provider):
    """Serves the user in the body of a claim, whoever is in the path."""

    def claim(self, call: Call) -> Claim:
        target = self.decoded(KeyMaterialRequest, call.body).target_user
        return super().claim(replace(call, subject=target.text))


@defect("calls-an-unknown-protocol-no-material", breaks=("PROTO-5.2-22",))
class CallsAnUnknownProtocolNoMaterial(Provider):
    """Answers noCompatibleMaterial to claims for a protocol that it does not know."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        if call.body[:1] == b"\1":
            return super().answer_to_key_material(transaction, call, now)
        try:
            request = KeyMaterialRequest.decode(b"\1" + call.body[1:])
        except DecodeError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{error}.") from error
        code = KeyMaterialUserCode.no_compatible_material
        return Answer(HTTPStatus.OK, KeyMaterialResponse(request.protocol, code, request.target_user).encode())


@defect("takes-claims-from-anybody", breaks=("PROTO-5.2-03",))
class TakesClaimsFromAnybody(Provider):
    """Does not look at which provider a claim comes from."""

    def check_claim_source(self, source: str, claim: Claim) -> None:
        pass
