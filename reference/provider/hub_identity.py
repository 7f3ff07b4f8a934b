"""What a hub is to the MLS groups of its rooms: an external sender, an external receiver, and the franking agent."""

from functools import cached_property

from mimi_conformance.reference.content.franking.stamp import FrankingKeys, HubKey, SigningKey
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.room.credentials import server_domains
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import ExternalSender
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceiver
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData


class HubIdentity(ProviderBase):
    """What whoever makes a room puts into its group for the hub.

    Each method raises UnsupportedCipherSuiteError when nothing is known of the cipher suite.
    """

    @property
    def credential(self) -> Credential:
        """The provider by its URI (AMB-142)."""
        return Credential.basic(bytes(MimiUri.of_provider(self.domain)))

    def external_sender(self, cipher_suite: CipherSuite) -> ExternalSender:
        """The hub's entry in `external_senders` (PROTO 7.4)."""
        return ExternalSender(self.keys.external_sender(cipher_suite).public_key, self.credential)

    def external_receiver(self, cipher_suite: CipherSuite) -> ExternalReceiver:
        """The hub's entry in `external_receivers`, for SemiPrivateMessages (PROTO 5.3)."""
        return ExternalReceiver(self.keys.external_receiver(cipher_suite).public_key, self.credential)

    def franking_agent(self, cipher_suite: CipherSuite) -> FrankingAgentData:
        """The data of the `franking_agent` component (PROTO 5.4.1)."""
        return FrankingAgentData(self.keys.franking_agent(cipher_suite).public_key, self.credential)

    @cached_property
    def franking_keys(self) -> FrankingKeys:
        """What the hub franks with, and knows its franks by (PROTO 5.4.1.2)."""
        signing = ((suite, self.keys.franking_agent(suite).private_key) for suite in SUPPORTED_CIPHER_SUITES)
        return FrankingKeys((HubKey(0, self.keys.hub_key),), tuple(SigningKey.of(*each) for each in signing))

    def sender_index(self, cipher_suite: CipherSuite, extensions: GroupExtensions) -> int | None:
        """Where a group lists the hub, with the key that it has, among its external senders; None when it does not."""
        key = self.keys.external_sender(cipher_suite).public_key
        for index, sender in enumerate(extensions.external_senders):
            if sender.signature_key == key and self.domain in server_domains(sender.credential):
                return index
        return None
