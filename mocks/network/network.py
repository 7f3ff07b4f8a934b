"""A small internet of providers of ours, around a server under test.

with Network(trust=Path("ca-of-target.pem"), addresses={"a.example": ("127.0.0.1", 8443)}) as network:
    b = network.add_peer("b.example")
    exchange = b.send("GET", "https://a.example/.well-known/mimi-protocol-directory")
"""

import itertools
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack

from mimi_conformance.mocks.network.addresses import Address
from mimi_conformance.mocks.network.authority import (
    KEY_FILE,
    AuthorityError,
    CertificateAuthority,
    CertificateOptions,
    Identity,
)
from mimi_conformance.mocks.network.laboratory import PEER_FOLDER
from mimi_conformance.mocks.network.recorder import Recorder
from mimi_conformance.mocks.peers.directory import TemplateReadings
from mimi_conformance.mocks.peers.peer import ANY_LOOPBACK_PORT, Peer


def worker_domain(domain: str, worker: int) -> str:
    """The name that parallel test worker number ``worker`` has for a peer: ``b.example``, ``b1.example``, ..."""
    label, dot, rest = domain.partition(".")
    return f"{label}{worker or ''}{dot}{rest}"


class Network:
    """Peers, the authority of their certificates, one host map and one record of all exchanges.

    Use it as a context manager: leaving it stops the peers and removes the certificates that were issued on the way.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        trust: Path | None = None,
        addresses: Mapping[str, Address] | None = None,
        readings: TemplateReadings | None = None,
    ) -> None:
        """Prepare a network without peers.

        Args:
            folder: what `mimi-conformance init` wrote: the authority (``ca.pem``, ``ca.key``) and identities of peers
                (``peer/b.example/``). Without the authority's key in it, we make a new authority.
            trust: PEM file of the authorities of the server under test, besides our own.
            addresses: where the hosts of the server under test live, by name.
            readings: how the server under test reads URL templates.

        Raises:
            AuthorityError: the authority's files, or the trust file, can't be read.
        """
        self._folder = folder
        self._made = tempfile.TemporaryDirectory(prefix="mimi-network-")
        self._numbers = itertools.count()
        self._readings = readings
        self.authority = (
            CertificateAuthority.load(folder)
            if folder is not None and (folder / KEY_FILE).is_file()
            else CertificateAuthority.create()
        )
        self.trust = self._trust_file(trust)
        self.addresses: dict[str, Address] = dict(addresses or {})
        self.recorder = Recorder()
        self.peers: dict[str, Peer] = {}

    @property
    def host_map(self) -> dict[str, Address]:
        """Where the peers listen, by domain: what a server under test has to be told."""
        return {domain: peer.address for domain, peer in self.peers.items()}

    def add_peer(self, domain: str, listen: Address = ANY_LOOPBACK_PORT, *, identity: Identity | None = None) -> Peer:
        """Start a peer.

        Args:
            domain: its provider domain.
            listen: IP address and port; port 0 takes any that is free.
            identity: its certificate; by default the one in the network's folder, else one issued now.

        Raises:
            AuthorityError: the identity in the network's folder can't be used.
            OSError: the address is in use or not ours.
        """
        peer = Peer(
            domain,
            identity or self._identity(domain),
            self.recorder,
            trust=self.trust,
            addresses=self.addresses,
            listen=listen,
            readings=self._readings,
        )
        peer.start()
        self.peers[domain] = peer
        return peer

    def issue(
        self, *domains: str, authority: CertificateAuthority | None = None, **options: Unpack[CertificateOptions]
    ) -> Identity:
        """Issue a certificate that lives as long as the network.

        ``authority`` is ours by default; the options are those of `CertificateAuthority.issue`.
        """
        return (authority or self.authority).issue(domains, self._new_folder(), **options)

    def close(self) -> None:
        """Stop the peers and remove the certificates that were issued on the way."""
        for peer in self.peers.values():
            peer.stop()
        self._made.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _identity(self, domain: str) -> Identity:
        if self._folder is not None and (kept := self._folder / PEER_FOLDER / domain).is_dir():
            return Identity.load(kept)
        return self.issue(domain)

    def _trust_file(self, trust: Path | None) -> Path:
        """One PEM file with the authorities of the server under test and ours."""
        file = self.authority.save(self._new_folder())
        if trust is not None:
            try:
                others = trust.read_bytes()
            except OSError as error:
                raise AuthorityError(f"Can't read {trust}: {error.strerror}.") from error
            file.write_bytes(others + b"\n" + file.read_bytes())
        return file

    def _new_folder(self) -> Path:
        return Path(self._made.name) / str(next(self._numbers))
