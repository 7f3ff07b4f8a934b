"""Claims for key material: what they say, and whether whoever sends them may make them (PROTO 5.2)."""

from dataclasses import dataclass
from http import HTTPStatus

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mimi_conformance.reference.identity.credential import CredentialMapping
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.crypto.labelled import verify_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import signature_public_key
from mimi_conformance.reference.provider.hosting import Hosting
from mimi_conformance.reference.provider.messages import Call, Refusal
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest, KeyMaterialRequestTBS

LABEL = "KeyMaterialRequestTBS"


@dataclass(frozen=True, slots=True)
class Claim:
    """A request for key material, its identifiers read: who asks for whose KeyPackages, and for which room if any."""

    requester: MimiUri
    target: MimiUri
    room: MimiUri | None
    request: KeyMaterialRequest

    @property
    def cipher_suites(self) -> tuple[CipherSuite, ...]:
        """The acceptable cipher suites in their order, each once: a list of a megabyte costs no more than it says."""
        return tuple(dict.fromkeys(self.request.acceptable_ciphersuites))


class Claims(Hosting):
    """Reads claims, and knows whose they are."""

    def claim(self, call: Call) -> Claim:
        """The request in a body.

        Raises:
            Refusal: 400, it can't be read, lists no cipher suite, or is not about the user in the path (AMB-011).

        """
        request = self.decoded(KeyMaterialRequest, call.body)
        claim = Claim(
            requester=self.parsed_user(request.requesting_user),
            target=self.parsed_user(request.target_user),
            room=self.parsed_room(request.room_id) if request.room_id.uri else None,
            request=request,
        )
        if call.subject != claim.target.text:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The path names {call.subject}, and the body {claim.target}.")
        if not request.acceptable_ciphersuites:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The list of acceptable cipher suites is empty.")
        return claim

    def check_claim_source(self, source: str, claim: Claim) -> None:
        """Refuse a claim from somebody whose it is not to send (AMB-033, AMB-032).

        For a room of another hub, it is that hub's. Everything else, claims for rooms of ours among it, comes straight
        from the provider of the requester.

        Raises:
            Refusal: 403.

        """
        hub = None if claim.room is None else claim.room.provider
        sender = claim.requester.provider if hub in (None, self.domain) else hub
        if source != sender:
            reason = (
                f"A claim of {claim.requester} for {claim.room or 'no room'} comes from {sender}, not from {source}."
            )
            raise Refusal(HTTPStatus.FORBIDDEN, reason)

    def check_claim_participant(self, transaction: Transaction, claim: Claim) -> None:
        """Refuse a claim for a room of ours from somebody who does not take part in it (AMB-034).

        Raises:
            Refusal: 403; 404, there is no such room.

        """
        assert claim.room is not None, "there is a room, and it is one of ours"
        room = self.room_in_path(transaction, claim.room.text)
        if bytes(claim.requester) not in room.state.updated.participants:
            raise Refusal(HTTPStatus.FORBIDDEN, f"{claim.requester} does not take part in {claim.room}.")

    def check_claim_signature(self, claim: Claim) -> None:
        """Refuse a request that verifies under none of the cipher suites it lists (AMB-031).

        Raises:
            Refusal: 403.

        """
        request = claim.request
        signed = KeyMaterialRequestTBS.taken_from(request).encode()
        key, signature = request.requester_signature_key, request.key_material_request_signature
        for cipher_suite in claim.cipher_suites:
            try:
                if verify_with_label(cipher_suite, key, LABEL, signed, signature):
                    return
            except UnsupportedCipherSuiteError:
                continue
        raise Refusal(HTTPStatus.FORBIDDEN, "The signature verifies under none of the acceptable cipher suites.")

    def check_claim_credential(self, claim: Claim) -> None:
        """Refuse a request whose credential is not the requesting user's, or not of the signature key (AMB-032).

        Raises:
            Refusal: 403.

        """
        credential = claim.request.requester_credential
        try:
            user = self.user_of_credential(credential, claim.requester)
        except CredentialError as error:
            raise Refusal(HTTPStatus.FORBIDDEN, f"{error}.") from error
        if user != claim.requester:
            raise Refusal(HTTPStatus.FORBIDDEN, f"The credential is that of {user}, not of {claim.requester}.")
        if credential.certificates and not _certifies(
            credential.certificates[0].cert_data, claim.request.requester_signature_key
        ):
            raise Refusal(HTTPStatus.FORBIDDEN, "The credential's certificate is for another key.")

    def user_of_credential(self, credential: Credential, claimed: MimiUri) -> MimiUri:
        """The user that a credential stands for (AMB-024).

        A client URI that does not name its user is taken for one of the user who is ``claimed``.

        Raises:
            CredentialError: the credential stands for nobody.

        """
        return client_identity(credential, CredentialMapping(user_of_client=lambda _: claimed)).user


def _certifies(certificate: bytes, signature_key: bytes) -> bool:
    """Whether a certificate (DER) is for an MLS signature key."""
    try:
        public_key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    return signature_public_key(public_key) == signature_key
