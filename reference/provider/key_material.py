"""keyMaterial: handing out KeyPackages of our users, each once (PROTO 5.2)."""

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
from mimi_conformance.reference.provider.consent import ConsentEndpoint
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import User
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType, ExtensionType, ProposalType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.key_material import (
    ClientKeyMaterial,
    KeyMaterialClientCode,
    KeyMaterialRequest,
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)

LABEL = "KeyMaterialRequestTBS"

# Supported without being listed (RFC 9420, section 7.2).
DEFAULT_EXTENSIONS = frozenset(ExtensionType(number) for number in range(1, 6))
DEFAULT_PROPOSALS = frozenset(ProposalType(number) for number in range(1, 8))


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


class KeyMaterialEndpoint(ConsentEndpoint):
    """Answers for keyMaterial."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """200 with a KeyMaterialResponse, whatever its code (AMB-008); ``now`` in milliseconds of the Unix epoch."""
        claim = self.claim(call)
        self.check_claim_source(call.source, claim)
        self.check_claim_signature(claim)
        self.check_claim_credential(claim)
        code, clients = self.claimed(transaction, claim, now // 1000)
        request = claim.request
        response = KeyMaterialResponse(request.protocol, code, request.target_user, clients)
        return Answer(HTTPStatus.OK, response.encode())

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
        """Refuse a claim for a room that does not come from its hub, or one for no room from a stranger (AMB-033).

        Raises:
            Refusal: 403.

        """
        authority = (claim.room or claim.requester).provider
        if source != authority:
            raise Refusal(
                HTTPStatus.FORBIDDEN, f"A claim for {claim.room or claim.requester} is not {source}'s to make."
            )

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
        mapping = CredentialMapping(user_of_client=lambda _: claimed)
        if credential.identity is not None:
            return mapping.identify_basic(credential.identity).user
        if credential.certificates is not None:
            return mapping.identify_x509([certificate.cert_data for certificate in credential.certificates]).user
        raise CredentialError(f"credentials of type {credential.credential_type.name} are not understood here")

    def claimed(
        self, transaction: Transaction, claim: Claim, seconds: int
    ) -> tuple[KeyMaterialUserCode, tuple[ClientKeyMaterial, ...]]:
        """The code for the user and the material of each client; what is handed out is used up.

        ``seconds`` is the time in seconds of the Unix epoch.
        """
        user = transaction.user(claim.target)
        code = self.objection_to_claim(transaction, claim, user)
        if code is not None or user is None:
            return code or KeyMaterialUserCode.user_unknown, ()
        clients = tuple(self.client_material(transaction, client, claim, seconds) for client in user.clients)
        return self.user_code(clients), clients

    def objection_to_claim(
        self, transaction: Transaction, claim: Claim, user: User | None
    ) -> KeyMaterialUserCode | None:
        """Why a requester gets nothing of this user, whatever there is; None when it may have it."""
        if user is None or user.deleted:
            if not self.settings.reveal_unknown_users:
                return KeyMaterialUserCode.no_consent
            return KeyMaterialUserCode.user_unknown if user is None else KeyMaterialUserCode.user_deleted
        if self.has_consent(transaction, claim.requester, claim.target, claim.room):
            return None
        if claim.room is not None and self.consents_elsewhere(transaction, claim):
            return KeyMaterialUserCode.no_consent_for_this_room
        return KeyMaterialUserCode.no_consent

    def consents_elsewhere(self, transaction: Transaction, claim: Claim) -> bool:
        """Whether the requester has consent, only not for this room."""
        return any(decision.granted for decision in transaction.decisions(claim.requester, claim.target))

    def client_material(
        self, transaction: Transaction, client: MimiUri, claim: Claim, seconds: int
    ) -> ClientKeyMaterial:
        """A KeyPackage of a client, now used up, or why there is none."""
        uri = IdentifierUri.of(client.text)
        available = [
            (reference, key_package)
            for reference, key_package in transaction.unused_key_packages(client)
            if self.is_current(key_package, seconds)
        ]
        if not available:
            return ClientKeyMaterial(client_status=KeyMaterialClientCode.key_material_exhausted, client_uri=uri)
        for cipher_suite in claim.cipher_suites:
            for reference, key_package in available:
                if key_package.cipher_suite == cipher_suite and self.is_capable(
                    key_package, claim.request.required_capabilities
                ):
                    transaction.use_key_package(reference)
                    return ClientKeyMaterial(
                        client_status=KeyMaterialClientCode.success, client_uri=uri, key_package=key_package
                    )
        return ClientKeyMaterial(
            client_status=KeyMaterialClientCode.nothing_compatible,
            client_uri=uri,
            client_capabilities=available[-1][1].leaf_node.capabilities,
        )

    def is_current(self, key_package: KeyPackage, seconds: int) -> bool:
        """Whether a KeyPackage is in its lifetime (AMB-040: one for the future is not handed out either)."""
        lifetime = key_package.leaf_node.lifetime
        return lifetime is not None and lifetime.not_before <= seconds <= lifetime.not_after

    def is_capable(self, key_package: KeyPackage, required: RequiredCapabilities) -> bool:
        """Whether the client supports everything that is required."""
        capabilities = key_package.leaf_node.capabilities
        return (
            set(required.extension_types) <= DEFAULT_EXTENSIONS.union(capabilities.extensions)
            and set(required.proposal_types) <= DEFAULT_PROPOSALS.union(capabilities.proposals)
            and set[CredentialType](required.credential_types) <= set(capabilities.credentials)
        )

    def user_code(self, clients: tuple[ClientKeyMaterial, ...]) -> KeyMaterialUserCode:
        """What the clients' codes mean for the user; without any success, there is no compatible material (AMB-036)."""
        served = [client.client_status is KeyMaterialClientCode.success for client in clients]
        if not any(served):
            return KeyMaterialUserCode.no_compatible_material
        return KeyMaterialUserCode.success if all(served) else KeyMaterialUserCode.partial_success


def _certifies(certificate: bytes, signature_key: bytes) -> bool:
    """Whether a certificate (DER) is for an MLS signature key."""
    try:
        public_key = x509.load_der_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    return signature_public_key(public_key) == signature_key
