"""A group in which everything can go wrong, its members, and applications of several minds."""

from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.application import Application, AuthenticationService
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.proposals.components import Component, ComponentRefusal, ComponentRegistry, Replaced
from mimi_conformance.reference.mls.proposals.extensions import SAFE_AAD
from mimi_conformance.reference.mls.proposals.proposals import ProposalKind, ProposalRegistry
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import ComponentsList, WireFormats
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders, RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension
from mimi_conformance.reference.wire.mls.proposals import Remove
from mimi_conformance.reference.wire.mls.ratchet_tree_options import Domain, DomainList
from mimi_conformance.reference.wire.mls.registries import (
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
    WireFormat,
)
from tests.mls.group_examples import COMPONENT, LEAF_EXTENSIONS, NOW, SUITE, Client, Room, dictionary, server_of
from tests.mls.served import EXTERNAL_RECEIVERS


class Stubborn(Component):
    """Takes all updates but keeps its state."""

    def updated(self, data, updates):
        return updates[-1].data

    def check_removal(self, data, sender):
        raise ComponentRefusal("The state must stay.")

    def check_ephemeral(self, contribution):
        """Any data will do."""


@dataclass(frozen=True)
class Sceptical(AuthenticationService):
    """Doesn't believe empty names, nor that a member has become somebody else."""

    def accepts(self, credential, signature_key):
        return credential.identity != b""

    def accepts_successor(self, old, new):
        return new.identity != b"somebody else"


APPLICATION = Application(
    components=ComponentRegistry().with_components({COMPONENT: Stubborn(), 0x8002: Replaced()}),
    authentication=Sceptical(),
    client_of=lambda leaf_node: leaf_node.credential.identity,
    accepts_new_member=lambda key_package: key_package.leaf_node.credential.identity != b"stranger",
    maximum_lifetime=7200,
)
LAX = replace(
    APPLICATION,
    proposals=ProposalRegistry().with_kinds(
        ProposalKind(ProposalType.update, default=True, from_external_sender=True),
        ProposalKind(ProposalType.self_remove, from_external_sender=True),
    ),
)
"""An application that lets external senders propose what makes no sense from them."""

FRUGAL = replace(
    APPLICATION,
    proposals=ProposalRegistry(
        MappingProxyType(
            {
                kind: how
                for kind, how in ProposalRegistry().kinds.items()
                if kind not in (ProposalType.app_ephemeral, ProposalType.app_data_update)
            }
        )
    ),
)
"""An application that uses no proposals for components."""


EAGER = replace(APPLICATION)
"""An application whose clients all know AppEphemerals."""

APPLICATIONS = {"usual": APPLICATION, "lax": LAX, "frugal": FRUGAL, "eager": EAGER}


class Actor(Client):
    """A client that supports everything that is used here; AppEphemerals only if it is Alice, or eager."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            (ProtocolVersion.mls10,),
            (self.suite,),
            (
                ExtensionType.app_data_dictionary,
                ExtensionType.required_wire_formats,
                ExtensionType.ratchet_tree_source_domains,
            ),
            (
                ProposalType.app_data_update,
                ProposalType.self_remove,
                *((ProposalType.app_ephemeral,) if self.name == "alice" or self.application is EAGER else ()),
            ),
            (CredentialType.basic, CredentialType.x509, CredentialType.multi),
        )

    @property
    def template(self) -> LeafTemplate:
        return LeafTemplate(self.credential, self.capabilities, LEAF_EXTENSIONS[:1])

    def key_package(self, **changes) -> NewKeyPackage:
        arguments = {"capabilities": self.capabilities, "leaf_extensions": LEAF_EXTENSIONS[:1], **changes}
        return super().key_package(**arguments)


SERVICE = Client("service")


def extensions(*components: tuple[int, bytes], required: tuple[ProposalType, ...]) -> tuple[Extension, ...]:
    service = ExternalSender(parameters(SUITE).signature.public_key(SERVICE.signature_private_key), SERVICE.credential)
    named = {f"c{component_id:04x}": data for component_id, data in components}
    return (
        Extension(ExtensionType.required_capabilities, RequiredCapabilities((), required).encode()),
        Extension(ExtensionType.external_senders, ExternalSenders((service,)).encode()),
        Extension(ExtensionType.required_wire_formats, WireFormats(()).encode()),
        Extension(ExtensionType.ratchet_tree_source_domains, DomainList((Domain(b"tree.example"),)).encode()),
        dictionary(c0008=EXTERNAL_RECEIVERS, **named),
    )


NAMES = ("alice", "bob", "carol", "dave", "eve", "frank", "grace", "heidi")


def actors(application: Application, *names: str) -> list[Actor]:
    return [Actor(name, application=application) for name in names]


@cache
def crowd(kind: str = "usual", *, safe: bool = False) -> Room:
    """A group of eight leaves: one blank, one unmerged below two parents that Alice has set."""
    application = APPLICATIONS[kind]
    creator, *others = actors(application, *NAMES)
    required = (ProposalType.self_remove if application is FRUGAL else ProposalType.app_data_update,)
    state = () if application is FRUGAL else ((COMPONENT, b"stays"), (0x8002, b"state"))
    safe_aad = ((SAFE_AAD, ComponentsList((COMPONENT,)).encode()),) if safe else ()
    group = creator.create(extensions=extensions(*safe_aad, *state, required=required))
    room = Room({creator.name: (creator, group)}, server_of(group, NOW))
    room.add("alice", *others, framing=framing_of(group))
    room.commit("alice", Remove(3), Remove(5), framing=framing_of(group))
    room.add("heidi", *actors(application, "ivan"), path=False, framing=framing_of(group))
    room.check_agreement()
    return room


def framing_of(group: Group, wire_format: WireFormat = WireFormat.mls_public_message) -> Framing:
    """How to send to a group: with an empty SafeAAD where it has to be one."""
    return Framing(wire_format, b"" if group.public.state.extensions.safe_aad is None else b"\0")
