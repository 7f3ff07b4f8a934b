"""keyMaterial: handing out KeyPackages of our users, each once, and passing on claims for our rooms (PROTO 5.2)."""

from http import HTTPStatus

from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.provider.claims import Claim, Claims
from mimi_conformance.reference.provider.consent import ConsentEndpoint
from mimi_conformance.reference.provider.messages import Answer, Call, Endpoint, Outgoing, Refusal, Relay
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import User
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CredentialType, ExtensionType, ProposalType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.key_material import (
    ClientKeyMaterial,
    KeyMaterialClientCode,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)

# Supported without being listed (RFC 9420, section 7.2).
DEFAULT_EXTENSIONS = frozenset(ExtensionType(number) for number in range(1, 6))
DEFAULT_PROPOSALS = frozenset(ProposalType(number) for number in range(1, 8))


class KeyMaterialEndpoint(Claims, ConsentEndpoint):
    """Answers for keyMaterial."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        """200 with a KeyMaterialResponse, whatever its code (AMB-008); or whom to ask, for a room of ours.

        ``now`` is in milliseconds of the Unix epoch.

        Raises:
            Refusal: the request can't be read, or is not for its sender to make.

        """
        claim = self.claim(call)
        self.check_claim_source(call.source, claim)
        self.check_claim_signature(claim)
        self.check_claim_credential(claim)
        if claim.room is not None and claim.room.provider == self.domain:
            self.check_claim_participant(transaction, claim)
            if claim.target.provider != self.domain:
                return self.relay_of_claim(call, claim)
        return Answer(HTTPStatus.OK, self.response_to_claim(transaction, claim, now).encode())

    def response_to_claim(self, transaction: Transaction, claim: Claim, now: int) -> KeyMaterialResponse:
        """What a claim that may be made gets of our user."""
        code, clients = self.claimed(transaction, claim, now // 1000)
        return KeyMaterialResponse(claim.request.protocol, code, claim.request.target_user, clients)

    def relay_of_claim(self, call: Call, claim: Claim) -> Relay:
        """Pass a claim on as it came, so that the requester's signature is still one (AMB-034)."""
        target = claim.target
        return Relay(call, Outgoing(target.provider, Endpoint.KEY_MATERIAL, target.text, call.body))

    def relayed_key_material(self, transaction: Transaction, relay: Relay, theirs: Answer, now: int) -> Answer:
        """Another provider's answer as it came, once it is noted where its KeyPackages are from.

        Raises:
            Refusal: 502, it is no KeyMaterialResponse, so that Welcomes would not find their way.

        """
        if theirs.status == HTTPStatus.OK:
            try:
                response = KeyMaterialResponse.decode(theirs.body)
            except DecodeError as error:
                reason = f"The answer of {relay.outgoing.provider} is no KeyMaterialResponse: {error}."
                raise Refusal(HTTPStatus.BAD_GATEWAY, reason) from error
            target = MimiUri(relay.outgoing.subject)
            for client in response.clients:
                if client.key_package is not None:
                    self.note_origin(transaction, client.key_package, target, now)
        return Answer(theirs.status, theirs.body, theirs.content_type)

    def note_origin(self, transaction: Transaction, key_package: KeyPackage, target: MimiUri, now: int) -> None:
        """Note which provider the Welcome for a KeyPackage goes to (PROTO 5.2, 4.3.1).

        Whatever no room of ours could use has no Welcome: what is of a cipher suite that we don't know, or of somebody
        else than the user it was asked of. So no provider can draw the Welcomes for others to itself.
        """
        lifetime = key_package.leaf_node.lifetime
        try:
            reference = key_package_ref(key_package)
            user = self.user_of_credential(key_package.leaf_node.credential, target)
        except (UnsupportedCipherSuiteError, CredentialError):
            return
        if lifetime is not None and user == target:
            transaction.route_key_package(reference, target.provider, lifetime.not_after, now)

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
        """Why a requester gets nothing of this user, whatever there is; None where it may, as from itself."""
        if user is None or user.deleted:
            if not self.settings.reveal_unknown_users:
                return KeyMaterialUserCode.no_consent
            return KeyMaterialUserCode.user_unknown if user is None else KeyMaterialUserCode.user_deleted
        if claim.requester == claim.target or self.has_consent(transaction, claim.requester, claim.target, claim.room):
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
