"""The `franking_agent` component: whose stamps count in a room (mimi-protocol-06, section 5.4.1)."""

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mimi_conformance.reference.content.application_data import MediaTypes
from mimi_conformance.reference.content.franking.rules import AgentRule, FrankingError
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.certificate import authenticates
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.signature_scheme import signature_public_key
from mimi_conformance.reference.mls.proposals.components import with_component, with_dictionary
from mimi_conformance.reference.mls.proposals.extensions import read_component, read_dictionary
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.proposals import ReInit
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData, FrankingAgentUpdate

FRANKING_AGENT: Final = code_points().component_id("franking_signature_key")
"""The number of the component, which the registry calls by the name of its key (AMB-069)."""


@dataclass(frozen=True, slots=True)
class FrankingRoom:
    """A room as franking sees it, in the epoch in which a message was sent.

    Attributes:
        uri: the room, in the form in which it is named everywhere (AMB-070); its provider is the hub.
        cipher_suite: that of the MLS group.
        agent: who stamps; None where nobody does.
        safe_aad: whether the messages' additional data is a SafeAAD (mls-extensions, section 4.9).
        media_types: what the GroupContext has as `content_media_types`; None when messages are not framed.

    """

    uri: MimiUri
    cipher_suite: CipherSuite
    agent: FrankingAgentData | None
    safe_aad: bool = True
    media_types: MediaTypes = None

    @classmethod
    def of(cls, uri: MimiUri, cipher_suite: CipherSuite, extensions: GroupExtensions) -> "FrankingRoom":
        """A room, from the extensions of its GroupContext.

        Raises:
            ExtensionError: the component is no FrankingAgentData.

        """
        agent = read_component(extensions.app_data, FRANKING_AGENT, FrankingAgentData)
        return cls(uri, cipher_suite, agent, extensions.safe_aad is not None, extensions.media_types)


def check_agent(agent: FrankingAgentData, hub_domain: str) -> None:
    """Check that a franking_agent is a hub's (mimi-protocol-06, section 5.4.1.3).

    An x509 credential holds the hub's domain as dNSName and is for the agent's key, a basic one is the hub's URI, or
    its domain (AMB-072). Whom a certificate's chain leads to is for the Authentication Service.

    Args:
        agent: the component's data.
        hub_domain: the domain of the hub: that of the room's URI.

    Raises:
        FrankingError: it is somebody else's.

    """
    credential = agent.credential
    if credential.certificates:
        certificate = _certificate(credential.certificates[0].cert_data)
        if certificate is None or not authenticates(certificate, hub_domain):
            raise FrankingError(AgentRule.DOMAIN, credential, "the franking_agent")
        if _key(certificate) != agent.franking_signature_key:
            raise FrankingError(AgentRule.CERTIFIED_KEY, agent.franking_signature_key, "the franking_agent")
    elif credential.identity not in (bytes(MimiUri.of_provider(hub_domain)), hub_domain.encode()):
        raise FrankingError(AgentRule.DOMAIN, credential, "the franking_agent")


def _certificate(data: bytes) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(data)
    except ValueError:
        return None


def _key(certificate: x509.Certificate) -> bytes | None:
    try:
        return signature_public_key(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return None


def propose_agent(context: GroupContext, agent: FrankingAgentUpdate, new_group_id: bytes) -> AppDataUpdate | ReInit:
    """What a client proposes so that a room gets a franking agent, or another one (mimi-protocol-06, section 5.4.1).

    The first agent comes by an AppDataUpdate. Another one comes with another group, which a ReInit announces, so that
    nobody has to guess which key a frank was signed with.

    Args:
        context: the group.
        agent: whose stamps are to count.
        new_group_id: the identifier of the group that a ReInit would lead to.

    Raises:
        ExtensionError: the group's dictionary is not one.

    """
    dictionary = read_dictionary(context.extensions) or NO_APP_DATA
    if read_component(dictionary, FRANKING_AGENT, FrankingAgentData) is None:
        return AppDataUpdate(component_id=FRANKING_AGENT, op=AppDataUpdateOperation.update, update=agent.encode())
    extensions = with_dictionary(context.extensions, with_component(dictionary, FRANKING_AGENT, agent.encode()))
    return ReInit(new_group_id, context.version, context.cipher_suite, extensions)
