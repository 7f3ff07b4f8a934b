"""Defects in which KeyPackages a claim gets, and in the answer that says so (PROTO 5.2, 3.2)."""

import time
from dataclasses import replace
from typing import Any

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES
from mimi_conformance.reference.provider.claims import Claim
from mimi_conformance.reference.provider.messages import Answer, Call, Relay
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import User
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.key_material import (
    ClientKeyMaterial,
    KeyMaterialClientCode,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.reference.wire.varint import write_length

SIMULTANEOUS_SECONDS = 0.1


@defect("gives-key-packages-of-one-client-only", breaks=("PROTO-5.2-06", "PROTO-5.2-31"))
class GivesKeyPackagesOfOneClientOnly(Provider):
    """Answers about the first client of a user, as if there were no other, and calls it a part."""

    def response_to_claim(self, transaction: Transaction, claim: Claim, now: int) -> KeyMaterialResponse:
        response = super().response_to_claim(transaction, claim, now)
        success = response.user_status is KeyMaterialUserCode.success
        code = KeyMaterialUserCode.partial_success if success else response.user_status
        return replace(response, user_status=code, clients=response.clients[:1])


@defect("calls-every-success-whole", breaks=("PROTO-5.2-21",))
class CallsEverySuccessWhole(Provider):
    """Answers success when one client of several has given something."""

    def user_code(self, clients: tuple[ClientKeyMaterial, ...]) -> KeyMaterialUserCode:
        code = super().user_code(clients)
        return KeyMaterialUserCode.success if code is KeyMaterialUserCode.partial_success else code


@defect("calls-every-success-partial", breaks=("PROTO-5.2-20",))
class CallsEverySuccessPartial(Provider):
    """Answers partialSuccess when every client has given something."""

    def user_code(self, clients: tuple[ClientKeyMaterial, ...]) -> KeyMaterialUserCode:
        code = super().user_code(clients)
        return KeyMaterialUserCode.partial_success if code is KeyMaterialUserCode.success else code


@defect("says-nothing-of-failure", breaks=("PROTO-5.2-23",))
class SaysNothingOfFailure(Provider):
    """Answers success when no client has given anything."""

    def user_code(self, clients: tuple[ClientKeyMaterial, ...]) -> KeyMaterialUserCode:
        code = super().user_code(clients)
        return KeyMaterialUserCode.success if code is KeyMaterialUserCode.no_compatible_material else code


class Repeating(Provider):
    """Gives a client's last KeyPackage again; the class that derives from this one says when."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self._last: dict[MimiUri, tuple[float, ClientKeyMaterial]] = {}

    def client_material(
        self, transaction: Transaction, client: MimiUri, claim: Claim, seconds: int
    ) -> ClientKeyMaterial:
        moment, last = self._last.get(client, (0.0, None))
        if last is not None and self.repeats(time.monotonic() - moment):
            return last
        given = super().client_material(transaction, client, claim, seconds)
        if given.key_package is not None:
            self._last[client] = time.monotonic(), given
        return given

    def repeats(self, elapsed: float) -> bool:
        """Whether a KeyPackage is given again that was given before so many seconds."""
        raise NotImplementedError


@defect(
    "gives-the-same-key-package-to-everybody",
    breaks=("PROTO-3.2-04", "PROTO-5.2-05", "PROTO-5.2-23", "PROTO-5.2-40"),
)
class GivesTheSameKeyPackageToEverybody(Repeating):
    """Does not use up what it has given out."""

    def repeats(self, elapsed: float) -> bool:
        return True


@defect("gives-the-same-to-simultaneous-claims", breaks=("PROTO-3.2-04", "PROTO-5.2-05", "PROTO-5.2-40"))
class GivesTheSameToSimultaneousClaims(Repeating):
    """Uses up what it has given out a moment later."""

    def repeats(self, elapsed: float) -> bool:
        return elapsed < SIMULTANEOUS_SECONDS


@defect("gives-expired-key-packages", breaks=("PROTO-5.2-41",))
class GivesExpiredKeyPackages(Provider):
    """Does not look at the lifetime."""

    def is_current(self, key_package: KeyPackage, seconds: int) -> bool:
        return True


@defect("gives-key-packages-of-any-suite", breaks=("PROTO-5.2-12",))
class GivesKeyPackagesOfAnySuite(Provider):
    """Does not look at the list of acceptable suites."""

    def client_material(
        self, transaction: Transaction, client: MimiUri, claim: Claim, seconds: int
    ) -> ClientKeyMaterial:
        anything = replace(claim.request, acceptable_ciphersuites=SUPPORTED_CIPHER_SUITES)
        return super().client_material(transaction, client, replace(claim, request=anything), seconds)


@defect("requires-nothing", breaks=("PROTO-5.2-13", "PROTO-5.2-23", "PROTO-5.2-37", "PROTO-4.3.1-02"))
class RequiresNothing(Provider):
    """Does not look at the capabilities that are required."""

    def is_capable(self, key_package: KeyPackage, required: RequiredCapabilities) -> bool:
        return True


@defect("requires-extensions-only", breaks=("PROTO-5.2-13", "PROTO-5.2-37"))
class RequiresExtensionsOnly(Provider):
    """Does not look at the proposals and credentials that are required."""

    def is_capable(self, key_package: KeyPackage, required: RequiredCapabilities) -> bool:
        return super().is_capable(key_package, RequiredCapabilities(extension_types=required.extension_types))


@defect("understands-no-requirements", breaks=("PROTO-5.2-11",))
class UnderstandsNoRequirements(Provider):
    """Has nothing to give when anything is required."""

    def is_capable(self, key_package: KeyPackage, required: RequiredCapabilities) -> bool:
        return required == RequiredCapabilities()


class Coding(Provider):
    """Confuses the codes of clients that give nothing; the class that derives from this one says which."""

    takes: KeyMaterialClientCode
    says: KeyMaterialClientCode

    def client_material(
        self, transaction: Transaction, client: MimiUri, claim: Claim, seconds: int
    ) -> ClientKeyMaterial:
        given = super().client_material(transaction, client, claim, seconds)
        if given.client_status is not self.takes:
            return given
        return ClientKeyMaterial(client_status=self.says, client_uri=given.client_uri)


@defect("calls-the-exhausted-incompatible", breaks=("PROTO-5.2-36",))
class CallsTheExhaustedIncompatible(Coding):
    """Answers nothingCompatible for a client that has nothing left."""

    takes, says = KeyMaterialClientCode.key_material_exhausted, KeyMaterialClientCode.nothing_compatible


@defect("calls-the-incompatible-exhausted", breaks=("PROTO-5.2-37",))
class CallsTheIncompatibleExhausted(Coding):
    """Answers keyMaterialExhausted for a client of which nothing fits."""

    takes, says = KeyMaterialClientCode.nothing_compatible, KeyMaterialClientCode.key_material_exhausted


@defect("mixes-up-clients", breaks=("PROTO-5.2-35", "PROTO-4.3.1-01"))
class MixesUpClients(Provider):
    """Gives KeyPackages of one client of a user under the name of another."""

    def response_to_claim(self, transaction: Transaction, claim: Claim, now: int) -> KeyMaterialResponse:
        response = super().response_to_claim(transaction, claim, now)
        names = [each.client_uri for each in reversed(response.clients)]
        mixed = (replace(each, client_uri=name) for each, name in zip(response.clients, names, strict=True))
        return replace(response, clients=tuple(mixed))


class Writing(Provider):
    """Writes KeyMaterialResponses in another way; the class that derives from this one says which."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        answer = super().answer_to_key_material(transaction, call, now)
        if isinstance(answer, Relay):
            return answer
        return replace(answer, body=self.written(KeyMaterialResponse.decode(answer.body)))

    def written(self, response: KeyMaterialResponse) -> bytes:
        """A response as it is written."""
        clients = b"".join(self.written_client(each) for each in response.clients)
        head = replace(response, clients=()).encode()[:-1]
        return head + write_length(len(clients)) + clients

    def written_client(self, client: ClientKeyMaterial) -> bytes:
        """What is written of a client."""
        return client.encode()


@defect("writes-the-code-before-the-protocol", breaks=("PROTO-5.2-19",))
class WritesTheCodeBeforeTheProtocol(Writing):
    """Begins a KeyMaterialResponse with the user's code."""

    def written(self, response: KeyMaterialResponse) -> bytes:
        body = super().written(response)
        return body[1:2] + body[:1] + body[2:]


@defect("names-the-requester-in-answers", breaks=("PROTO-5.2-19",))
class NamesTheRequesterInAnswers(Provider):
    """Puts the requesting user where the user belongs whose KeyPackages these are."""

    def response_to_claim(self, transaction: Transaction, claim: Claim, now: int) -> KeyMaterialResponse:
        response = super().response_to_claim(transaction, claim, now)
        return replace(response, user_uri=claim.request.requesting_user)


@defect("wraps-key-packages", breaks=("PROTO-5.2-39",))
class WrapsKeyPackages(Writing):
    """Puts each KeyPackage into an MLSMessage."""

    def written_client(self, client: ClientKeyMaterial) -> bytes:
        encoded = client.encode()
        if client.key_package is None:
            return encoded
        bare = client.key_package.encode()
        return encoded.removesuffix(bare) + MLSMessage.of(client.key_package).encode()


@defect("writes-capabilities-of-the-exhausted", breaks=("PROTO-5.2-34",))
class WritesCapabilitiesOfTheExhausted(Writing):
    """Writes an absent option where a client has nothing left."""

    def written_client(self, client: ClientKeyMaterial) -> bytes:
        exhausted = client.client_status is KeyMaterialClientCode.key_material_exhausted
        return client.encode() + (b"\0" if exhausted else b"")


@defect("writes-no-option-of-capabilities", breaks=("PROTO-5.2-34",))
class WritesNoOptionOfCapabilities(Writing):
    """Writes the code of a client of which nothing fits, and leaves out the octet that there is nothing more."""

    def written_client(self, client: ClientKeyMaterial) -> bytes:
        if client.client_status is not KeyMaterialClientCode.nothing_compatible:
            return client.encode()
        return replace(client, client_capabilities=None).encode()[:-1]


@defect("answers-claims-with-201", breaks=("PROTO-5.2-46",))
class AnswersClaimsWith201(Provider):
    """Answers 201 to claims, since something has been given."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        answer = super().answer_to_key_material(transaction, call, now)
        return replace(answer, status=201) if isinstance(answer, Answer) else answer


@defect("says-failures-in-words", breaks=("PROTO-5.2-45",))
class SaysFailuresInWords(Writing):
    """Answers a failure with the name of its code."""

    def written(self, response: KeyMaterialResponse) -> bytes:
        failed = response.user_status > KeyMaterialUserCode.partial_success
        return response.user_status.name.encode() if failed else super().written(response)


@defect("lists-clients-that-are-withheld", breaks=("PROTO-5.2-33",))
class ListsClientsThatAreWithheld(Provider):
    """Names a client with every failure."""

    def response_to_claim(self, transaction: Transaction, claim: Claim, now: int) -> KeyMaterialResponse:
        response = super().response_to_claim(transaction, claim, now)
        exhausted = KeyMaterialClientCode.key_material_exhausted
        listed = ClientKeyMaterial(client_status=exhausted, client_uri=response.user_uri)
        failed = response.user_status > KeyMaterialUserCode.no_compatible_material
        return replace(response, clients=(listed,)) if failed else response


class Objecting(Provider):
    """Says something else instead of a code for the user; the class that derives from this one says what."""

    takes: KeyMaterialUserCode
    says: KeyMaterialUserCode

    def objection_to_claim(
        self, transaction: Transaction, claim: Claim, user: User | None
    ) -> KeyMaterialUserCode | None:
        code = super().objection_to_claim(transaction, claim, user)
        return self.says if code is self.takes else code


@defect("calls-the-unknown-deleted", breaks=("PROTO-5.2-24",))
class CallsTheUnknownDeleted(Objecting):
    """Answers userDeleted for users who have never been."""

    takes, says = KeyMaterialUserCode.user_unknown, KeyMaterialUserCode.user_deleted


@defect("calls-lack-of-consent-incompatibility", breaks=("PROTO-5.2-25",))
class CallsLackOfConsentIncompatibility(Objecting):
    """Answers noCompatibleMaterial where consent is missing."""

    takes, says = KeyMaterialUserCode.no_consent, KeyMaterialUserCode.no_compatible_material


@defect("calls-other-rooms-incompatible", breaks=("PROTO-5.2-26",))
class CallsOtherRoomsIncompatible(Objecting):
    """Answers noCompatibleMaterial where consent is for other rooms."""

    takes, says = KeyMaterialUserCode.no_consent_for_this_room, KeyMaterialUserCode.no_compatible_material


@defect("calls-the-deleted-incompatible", breaks=("PROTO-5.2-27",))
class CallsTheDeletedIncompatible(Objecting):
    """Answers noCompatibleMaterial for users who are gone."""

    takes, says = KeyMaterialUserCode.user_deleted, KeyMaterialUserCode.no_compatible_material
