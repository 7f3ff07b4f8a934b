"""How our peers speak TLS when they are the client (PROTO 4.1)."""

import ssl
from pathlib import Path

from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.reference.provider.server import load_authorities, load_identity


def client_tls_context(identity: Identity | None, trust: Path | None) -> ssl.SSLContext:
    """A context that verifies the server's chain and name, and shows ``identity`` when there is one.

    ``trust`` is a PEM file of authorities; without it the authorities of the operating system count.

    Raises:
        TLSConfigurationError: a file is missing, is not PEM, or the key is not the certificate's.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH) if trust is None else _trusting(trust)
    context.hostname_checks_common_name = False  # only the subject alternative name counts (RFC 9525, 2)
    context.set_alpn_protocols(["http/1.1"])
    if identity is not None:
        load_identity(context, identity.certificate_chain, identity.private_key)
    return context


def _trusting(trust: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_authorities(context, trust)
    return context
