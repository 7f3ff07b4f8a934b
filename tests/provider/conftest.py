"""A provider to test, and certificates for it and its peers."""

import asyncio
import datetime as dt
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import PeerRequest
from mimi_conformance.reference.provider.outbox import Outbox
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.working import WorkingProvider
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Lifetime
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation


@dataclass(frozen=True)
class IdentityFiles:
    certificate_chain: Path
    private_key: Path

    @property
    def der(self) -> bytes:
        certificate = x509.load_pem_x509_certificate(self.certificate_chain.read_bytes())
        return certificate.public_bytes(serialization.Encoding.DER)


class Authority:
    """A certificate authority that writes identities into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.trust = folder / f"{name}.pem"
        self.trust.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, *domains: str) -> IdentityFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(x509.Name([]), key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domains]), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        files = IdentityFiles(self._folder / f"{domains[0]}.pem", self._folder / f"{domains[0]}.key")
        files.certificate_chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    def issue_for_uris(self, uris: list[str], public_key: ed25519.Ed25519PublicKey) -> bytes:
        """A client's certificate, in DER."""
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris])
        builder = self._builder(x509.Name([]), public_key).add_extension(names, critical=True)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def _builder(self, subject: x509.Name, public_key) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )


class WaitingClient:
    """A PeerClient whose coroutines are waited for, on an event loop of its own."""

    def __init__(self, domain: str, identity: IdentityFiles, authority: Authority) -> None:
        self._runner = asyncio.Runner()
        self.client = PeerClient(
            domain,
            certificate_chain=identity.certificate_chain,
            private_key=identity.private_key,
            authorities=authority.trust,
        )

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def __getattr__(self, name: str):
        method = getattr(self.client, name)
        return (lambda *values: self.run(method(*values))) if inspect.iscoroutinefunction(method) else method

    def close(self) -> None:
        self.run(self.client.close())
        self._runner.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="session")
def a_example(authority: Authority) -> IdentityFiles:
    return authority.issue("a.example")


@pytest.fixture(scope="session")
def b_example(authority: Authority) -> IdentityFiles:
    return authority.issue("b.example")


@pytest.fixture(scope="session")
def c_example(authority: Authority) -> IdentityFiles:
    return authority.issue("c.example")


NOW = 1_800_000_000_000
ALICE = MimiUri.user("a.example", "alice")
ALICE_PHONE = MimiUri.client("a.example", "alice", "phone")
ALICE_DESK = MimiUri.client("a.example", "alice", "desk")
BOB = MimiUri.user("b.example", "bob")
CLUBHOUSE = MimiUri.room("b.example", "clubhouse")
SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519


def make_key_package(client: MimiUri, seed: int = 1, suite: CipherSuite = SUITE, **options) -> KeyPackage:
    source = Random(f"{client} {seed}").randbytes
    return create_key_package(
        suite,
        Credential.basic(bytes(client)),
        parameters(suite).signature.new_private_key(source),
        random=source,
        **{"lifetime": Lifetime(0, 2**40)} | options,
    ).key_package


def consent_entry(operation: str, requester=BOB, target=ALICE, room=None, key_packages=None, **changes) -> ConsentEntry:
    return ConsentEntry(
        consent_operation=ConsentOperation[operation],
        requester_uri=IdentifierUri.of(str(requester)),
        target_uri=IdentifierUri.of(str(target)),
        room_id=None if room is None else IdentifierUri.of(str(room)),
        client_key_packages=() if operation == "grant" and key_packages is None else key_packages,
        **changes,
    )


def make_provider(kind: type[Provider] = Provider, **settings) -> Provider:
    """The provider of a.example, with settings of the test's own; its keys and what it draws are always the same."""
    return kind(ProviderSettings(**{"domain": "a.example"} | settings), ProviderKeys(bytes(32)), Random(1).randbytes)


class World:
    """The provider of a.example with its memory, seen by its peers and by its own clients."""

    def __init__(self, storage: SQLiteStorage, certificates: dict[str, bytes], peers: WaitingClient) -> None:
        self.storage = storage
        self.certificates = certificates
        self.peers = peers
        self.use(make_provider())

    def use(self, provider: Provider) -> None:
        self.provider = provider
        outbox = Outbox(provider.settings.retry, lambda: 1)
        self.working = WorkingProvider(
            provider, self.storage, self.peers.client, outbox, run=self.peers.run, clock=lambda: NOW
        )
        self.service = self.working.service

    def ask(self, method: str, path: str, body: bytes = b"", source: str = "b.example", now: int = NOW, **changes):
        """Send a request as the provider ``source`` would; ``changes`` replaces fields of the PeerRequest."""
        headers = (("host", "a.example"), ("from", f"mimi@{source}"))
        request = PeerRequest(method, path, headers, self.certificates[source], body)
        with self.storage.transaction() as transaction:
            return self.provider.handle(transaction, replace(request, **changes), now)

    def post(self, endpoint: str, subject: str, body: bytes, **options):
        return self.ask("POST", f"/v1/{endpoint}/{quote(subject, safe='')}", body, **options)

    def inbox(self, client: MimiUri = ALICE_PHONE):
        return self.service.deliveries(client)

    key_package = staticmethod(make_key_package)
    entry = staticmethod(consent_entry)
    now = NOW

    def dump(self) -> list[str]:
        """Everything in the database, to see that nothing changed."""
        return list(self.storage._connection.iterdump())


@pytest.fixture
def world(authority, a_example, b_example, c_example) -> Iterator[World]:
    peers = WaitingClient("a.example", a_example, authority)
    storage = SQLiteStorage()
    certificates = {"a.example": a_example.der, "b.example": b_example.der, "c.example": c_example.der}
    world = World(storage, certificates, peers)
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(ALICE_PHONE), ClientChange(ALICE_DESK))))
    yield world
    storage.close()
    peers.close()
