"""Users of our providers, with MLS clients of their own (RFC 9420, sections 5 and 10; AMB-024)."""

import hashlib
import itertools
import time

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.key_package import NewKeyPackage, create_key_package
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Lifetime
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest, KeyMaterialRequestTBS

CIPHER_SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
"""The one that every implementation of MLS has (RFC 9420, section 17.1)."""

_SKEW_SECONDS = 3600
_LIFETIME_SECONDS = 30 * 24 * 3600


class PeerDevice:
    """A client of one of our users. Its signature key depends on its URI and cipher suite only."""

    def __init__(self, uri: MimiUri, cipher_suite: CipherSuite = CIPHER_SUITE) -> None:
        self.uri = uri
        self.cipher_suite = cipher_suite
        self._random = _seeded(f"{uri} {cipher_suite.name}")
        scheme = parameters(cipher_suite).signature
        self.signature_private_key = scheme.new_private_key(self._random)
        self.signature_key = scheme.public_key(self.signature_private_key)

    def __repr__(self) -> str:
        return f"PeerDevice({str(self.uri)!r})"

    @property
    def credential(self) -> Credential:
        """A basic credential that holds the client's URI (AMB-024)."""
        return Credential.basic(bytes(self.uri))

    def sign(self, label: str, content: bytes) -> bytes:
        """SignWithLabel with this client's key (RFC 9420, section 5.1.2)."""
        return sign_with_label(self.cipher_suite, self.signature_private_key, label, content)

    def key_package(
        self,
        *,
        credential: Credential | None = None,
        lifetime: Lifetime | None = None,
        capabilities: Capabilities | None = None,
    ) -> NewKeyPackage:
        """A new KeyPackage with its private keys, valid for a month unless ``lifetime`` says otherwise."""
        now = int(time.time())
        return create_key_package(
            self.cipher_suite,
            credential or self.credential,
            self.signature_private_key,
            lifetime=lifetime or Lifetime(now - _SKEW_SECONDS, now + _LIFETIME_SECONDS),
            random=self._random,
            capabilities=capabilities,
        )


class PeerUser:
    """A user of the provider at ``domain``, with a client for each of ``device_names``, or one named ``phone``."""

    def __init__(self, domain: str, name: str, *device_names: str) -> None:
        self.uri = MimiUri.user(domain, name)
        self.devices = tuple(PeerDevice(MimiUri.client(domain, name, device)) for device in device_names or ("phone",))

    def __repr__(self) -> str:
        return f"PeerUser({str(self.uri)!r})"

    @property
    def device(self) -> PeerDevice:
        """The user's first client."""
        return self.devices[0]

    @property
    def identifier(self) -> IdentifierUri:
        """The user's URI as it stands in MIMI structures."""
        return IdentifierUri.of(str(self.uri))

    def key_material_request(
        self,
        target_user: str,
        room_id: str = "",
        *,
        device: PeerDevice | None = None,
        cipher_suites: tuple[CipherSuite, ...] | None = None,
        required_capabilities: RequiredCapabilities | None = None,
        credential: Credential | None = None,
    ) -> KeyMaterialRequest:
        """A signed request for KeyPackages of ``target_user`` (PROTO 5.2), for a room if there is a ``room_id``.

        Args:
            target_user: URI of the user whose KeyPackages are wanted.
            room_id: URI of the room they are wanted for, or empty.
            device: the client that signs; by default the user's first.
            cipher_suites: those that are acceptable; by default the one of the signing client, which is the one that
                the signature is made under (AMB-031).
            required_capabilities: what every KeyPackage has to support; by default nothing.
            credential: by default that of the signing client.
        """
        device = device or self.device
        to_sign = KeyMaterialRequestTBS(
            Protocol.mls10,
            self.identifier,
            IdentifierUri.of(target_user),
            IdentifierUri.of(room_id),
            cipher_suites or (device.cipher_suite,),
            required_capabilities or RequiredCapabilities(),
            device.signature_key,
            credential or device.credential,
        )
        return self.signed(to_sign, device)

    def signed(self, to_sign: KeyMaterialRequestTBS, device: PeerDevice | None = None) -> KeyMaterialRequest:
        """The request with this content and the signature of one of the user's clients."""
        signature = (device or self.device).sign("KeyMaterialRequestTBS", to_sign.encode())
        return KeyMaterialRequest.taken_from(to_sign, key_material_request_signature=signature)


def _seeded(seed: str) -> Random:
    """Bytes that look random and are the same in every run."""
    numbers = itertools.count()
    return lambda size: hashlib.shake_256(f"{seed} {next(numbers)}".encode()).digest(size)
