"""Claims for the KeyPackages of others: the request, and what of the answer can be used (PROTO 5.2)."""

from dataclasses import dataclass

from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import BadAnswerError, NoKeyMaterialError
from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.key_package import verify_key_package
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.claims import LABEL
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client wants KeyPackages for.

    Attributes:
        target: whose.
        room_id: the room; None for no room in particular.
        cipher_suite: the cipher suite of its group.
        required: what the group asks of its members.

    """

    target: MimiUri
    room_id: MimiUri | None
    cipher_suite: CipherSuite
    required: RequiredCapabilities


def claim_request(device: Device, claim: Claim) -> KeyMaterialRequest:
    """The signed request for a claim."""
    to_sign = KeyMaterialRequestTBS(
        Protocol.mls10,
        IdentifierUri(bytes(device.user)),
        IdentifierUri(bytes(claim.target)),
        IdentifierUri(b"" if claim.room_id is None else bytes(claim.room_id)),
        (claim.cipher_suite,),
        claim.required,
        device.signature_key,
        device.credential,
    )
    return KeyMaterialRequest.taken_from(to_sign, key_material_request_signature=device.sign(LABEL, to_sign.encode()))


def claimed_key_packages(claim: Claim, body: bytes) -> tuple[KeyPackage, ...]:
    """The KeyPackages in an answer, of as many of the user's clients as there are some of.

    Raises:
        NoKeyMaterialError: there are none.
        BadAnswerError: the answer is none, or a KeyPackage in it is not valid or not the user's.

    """
    asked = f"A claim for KeyPackages of {claim.target}"
    try:
        response = KeyMaterialResponse.decode(body)
    except DecodeError as error:
        raise BadAnswerError(f"{asked} was answered with something that can't be read: {error}.") from error
    if response.user_status not in (KeyMaterialUserCode.success, KeyMaterialUserCode.partial_success):
        raise NoKeyMaterialError(asked, response.user_status)
    found = tuple(each.key_package for each in response.clients if each.key_package is not None)
    for key_package in found:
        try:
            verify_key_package(key_package)
            owner = client_identity(key_package.leaf_node.credential, DEFAULT_MAPPING).user
        except (RuleError, UnsupportedCipherSuiteError, CredentialError) as error:
            raise BadAnswerError(f"{asked} was answered with one that is not valid: {error}") from error
        if owner != claim.target:
            raise BadAnswerError(f"{asked} was answered with one of {owner}.")
    return found
