"""Whole providers on loopback that know each other: real sockets, real mutual TLS."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mimi_conformance.mocks.network.authority import CertificateAuthority
from mimi_conformance.reference.provider.app import ServedRequest
from mimi_conformance.reference.provider.instance import ReferenceInstance

DOMAINS = ("a.example", "b.example", "c.example")


@contextmanager
def providers(
    domains: Sequence[str] = DOMAINS, *, served: Callable[[str, ServedRequest], None] = lambda _domain, _request: None
) -> Iterator[tuple[ReferenceInstance, ...]]:
    """A running provider for each domain, until the block ends.

    Args:
        domains: their names.
        served: told of each request that one of them has answered, with its domain; from any thread.

    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mimi-providers-")))
        authority = CertificateAuthority.create("mimi-conformance demonstration")
        trust = authority.save(folder)
        running = tuple(
            stack.enter_context(_provider(domain, authority, folder / domain, trust, served)) for domain in domains
        )
        for each in running:
            each.service.add_peers({other.domain: other.address for other in running if other is not each})
        yield running


def _provider(
    domain: str,
    authority: CertificateAuthority,
    folder: Path,
    trust: Path,
    served: Callable[[str, ServedRequest], None],
) -> ReferenceInstance:
    identity = authority.issue([domain], folder)
    return ReferenceInstance(
        domain,
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        trust=trust,
        database=folder / "provider.sqlite",
        served=lambda request: served(domain, request),
    )
