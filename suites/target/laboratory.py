"""Our providers around the target, one set for each process that runs tests.

Knows the description and the network; what a test may ask for is in world.py.
"""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from mimi_conformance.mocks.network.addresses import Address, show_address
from mimi_conformance.mocks.network.authority import KEY_FILE, AuthorityError, Identity
from mimi_conformance.mocks.network.network import Network, worker_domain
from mimi_conformance.mocks.peers.peer import Peer
from mimi_conformance.reference.provider.server import TLSConfigurationError
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.identities import kept_identity
from mimi_conformance.suites.target.sections import Reach

PEERS_PER_WORKER = 2

_LISTENING_ADVICE = {
    errno.EADDRINUSE: "end what listens there, or give it another address",
    errno.EACCES: "run the tests as somebody who may use ports below 1024, or give it a higher one",
}


class LaboratoryError(Exception):
    """Our own side can't be set up as the description asks; the text says what to do."""


@dataclass(frozen=True)
class Laboratory:
    """A network and our peers in it.

    Attributes:
        network: their authority, addresses and record.
        peers: two of them, or one when there is a certificate for one only.
        can_issue: whether certificates of `network.issue` lead to the authority that the target was told to trust.
    """

    network: Network
    peers: tuple[Peer, ...]
    can_issue: bool


@contextmanager
def open_laboratory(description: TargetDescription, worker: int) -> Iterator[Laboratory]:
    """Start the peers of a worker (0, 1, ...) and stop them at the end.

    Raises:
        LaboratoryError: a file can't be used, a port is taken, or there are not enough domains for so many workers.
    """
    folder = description.peers.folder
    can_issue = (folder / KEY_FILE).is_file()
    domains = _domains(description, worker)
    try:
        network = Network(
            folder=folder,
            trust=description.provider.trust,
            addresses=description.address_map,
            readings=description.settings.template_readings,
        )
    except AuthorityError as error:
        raise LaboratoryError(f"Our peers can't be set up: {error}") from error
    with network:
        peers = tuple(
            _start(network, domain, listen, _identity(folder, domain, can_issue=can_issue))
            for domain, listen in domains.items()
        )
        yield Laboratory(network, peers, can_issue)


def require_enough_for(description: TargetDescription, workers: int) -> None:
    """See that the workers after the first will find domains and certificates for their peers.

    Raises:
        LaboratoryError: there are not enough of them.
    """
    folder = description.peers.folder
    can_issue = (folder / KEY_FILE).is_file()
    for worker in range(1, workers):
        for domain in _domains(description, worker):
            _identity(folder, domain, can_issue=can_issue)


def _identity(folder: Path, domain: str, *, can_issue: bool) -> Identity | None:
    """The certificate that a peer has in the folder; None when it is to be issued."""
    try:
        identity = kept_identity(folder, domain)
    except AuthorityError as error:
        raise LaboratoryError(f"Our peer {domain} can't be set up: {error}") from error
    if identity is None and not can_issue:
        raise LaboratoryError(
            f"Our peer {domain} has no certificate in {folder}, and there is no {KEY_FILE} to issue one with; "
            "`mimi-conformance init` makes both."
        )
    return identity


def _start(network: Network, domain: str, listen: Address, identity: Identity | None) -> Peer:
    try:
        return network.add_peer(domain, listen, identity=identity)
    except TLSConfigurationError as error:
        raise LaboratoryError(f"Our peer {domain} can't be set up: {error}") from error
    except OSError as error:
        # socket.create_server repeats the address.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        advice = _LISTENING_ADVICE.get(error.errno or 0, "give it an IP address of this machine")
        raise LaboratoryError(
            f"Our peer {domain} can't listen at {show_address(listen)} ({reason}); {advice} in [peers.domains]."
        ) from error


def _domains(description: TargetDescription, worker: int) -> Mapping[str, Address]:
    """The domains of a worker's peers, and where they listen."""
    declared = description.peers.domains
    match description.peers.reach:
        case Reach.NONE:
            # Nobody calls them, so that every worker can be the same providers, each on a port of its own.
            return {domain: (host, 0) for domain, (host, _) in islice(declared.items(), PEERS_PER_WORKER)}
        case Reach.HOST_MAP:
            # A worker after the first needs names of its own, and ports that the first has not taken.
            return {
                worker_domain(domain, worker): (host, 0 if worker else port)
                for domain, (host, port) in islice(declared.items(), PEERS_PER_WORKER)
            }
        case Reach.HOSTS_FILE | Reach.OWN_DOMAINS:
            mine = dict(islice(declared.items(), worker * PEERS_PER_WORKER, (worker + 1) * PEERS_PER_WORKER))
            if not mine or (worker and len(mine) < PEERS_PER_WORKER):
                raise LaboratoryError(
                    f"Each worker needs {PEERS_PER_WORKER} domains of its own, and [peers.domains] has "
                    f"{len(declared)}; list more of them, or run with fewer than {worker + 1} workers."
                )
            return mine
