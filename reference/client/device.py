"""Who a client is to MLS: its credential, its signature key, what it supports, and its KeyPackages (RFC 9420, 10)."""

import os
import time
from collections.abc import Callable
from typing import Final

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.group.group_creation import Member
from mimi_conformance.reference.mls.key_package import NewKeyPackage, create_key_package, key_package_ref
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, ComponentsList, WireFormats
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import KeyPackageRef
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, Lifetime
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
    WireFormat,
)

CIPHER_SUITE: Final = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
"""The one that every implementation has (RFC 9420, section 17.1)."""
SKEW_SECONDS: Final = 3600
"""How far the clocks of others may be behind ours."""
LIFETIME_SECONDS: Final = 30 * 24 * 3600
"""How long a KeyPackage is valid."""

_EXTENSIONS = (
    ExtensionType.app_data_dictionary,
    ExtensionType.supported_wire_formats,
    ExtensionType.required_wire_formats,
    ExtensionType.ratchet_tree_source_domains,
)
_PROPOSALS = (ProposalType.app_data_update, ProposalType.app_ephemeral, ProposalType.self_remove)
_CREDENTIALS = (CredentialType.basic, CredentialType.x509)


def _leaf_extensions() -> tuple[Extension, ...]:
    """What a LeafNode says besides its capabilities: every component of the drafts, and SemiPrivateMessages."""
    numbers = code_points().components
    supported = with_component(
        NO_APP_DATA, numbers["app_components"], ComponentsList(tuple(sorted(numbers.values()))).encode()
    )
    supported = with_component(supported, numbers["safe_aad"], ComponentsList((numbers["frank_aad"],)).encode())
    formats = WireFormats((WireFormat.mls_semiprivate_message,))
    return (
        Extension(ExtensionType.app_data_dictionary, supported.encode()),
        Extension(ExtensionType.supported_wire_formats, formats.encode()),
    )


class Device:
    """A client's identity and keys. The private keys of its KeyPackages stay here until a Welcome uses them.

    Args:
        user: whose client it is.
        client: its URI.
        cipher_suite: of its signature key, and of the groups that it makes.
        credential: of it; a basic one that holds its URI when None (AMB-024).
        random: where keys come from.
        clock: milliseconds of the Unix epoch.

    """

    def __init__(
        self,
        user: MimiUri,
        client: MimiUri,
        *,
        cipher_suite: CipherSuite = CIPHER_SUITE,
        credential: Credential | None = None,
        random: Random = os.urandom,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.user = user
        self.uri = client
        self.cipher_suite = cipher_suite
        self.credential = credential or Credential.basic(bytes(client))
        self.random = random
        self.clock = clock
        scheme = parameters(cipher_suite).signature
        self.signature_private_key = scheme.new_private_key(random)
        self.signature_key = scheme.public_key(self.signature_private_key)
        self._own = dict[KeyPackageRef, NewKeyPackage]()

    def __repr__(self) -> str:
        return f"Device({str(self.uri)!r})"

    @property
    def seconds(self) -> int:
        """The time, in seconds of the Unix epoch."""
        return self.clock() // 1000

    @property
    def template(self) -> LeafTemplate:
        """What its LeafNodes say."""
        capabilities = Capabilities(
            (ProtocolVersion.mls10,), (self.cipher_suite,), _EXTENSIONS, _PROPOSALS, _CREDENTIALS
        )
        return LeafTemplate(self.credential, capabilities, _leaf_extensions())

    def sign(self, label: str, content: bytes) -> bytes:
        """SignWithLabel with its key (RFC 9420, section 5.1.2)."""
        return sign_with_label(self.cipher_suite, self.signature_private_key, label, content)

    def new_key_package(self) -> NewKeyPackage:
        """A KeyPackage that nobody has, with its private keys."""
        now, template = self.seconds, self.template
        return create_key_package(
            self.cipher_suite,
            template.credential,
            self.signature_private_key,
            lifetime=Lifetime(now - SKEW_SECONDS, now + LIFETIME_SECONDS),
            random=self.random,
            capabilities=template.capabilities,
            leaf_extensions=template.extensions,
        )

    def offer_key_package(self) -> NewKeyPackage:
        """A KeyPackage for others to add this client with."""
        made = self.new_key_package()
        self._own[key_package_ref(made.key_package)] = made
        return made

    def key_package_for(self, welcome: Welcome) -> NewKeyPackage | None:
        """The KeyPackage that a Welcome is for; None when it is for others."""
        return next((self._own[each.new_member] for each in welcome.secrets if each.new_member in self._own), None)

    def use_up(self, own: NewKeyPackage) -> None:
        """Forget a KeyPackage and its private keys: it has brought this client into a group."""
        self._own.pop(key_package_ref(own.key_package), None)

    def as_member(self) -> Member:
        """What it brings when it makes a group."""
        return Member(self.new_key_package(), self.signature_private_key)
