"""Franking: the `franking_agent` component, and `frank_aad`, which is none of the group's (mimi-protocol-06, 5.4.1)."""

from mimi_conformance.reference.mls.proposals.components import Contribution
from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import ComponentRule
from mimi_conformance.reference.wire.mls.framing import Sender
from mimi_conformance.reference.wire.protocol.franking import FrankAAD, FrankingAgentData


class FrankingAgentComponent(ReplacedComponent[FrankingAgentData]):
    """Whose stamps count. Every agent is valid by itself, and it may go."""

    def check_removal(self, data: bytes, sender: Sender) -> None:
        """Nothing is against it: the rule that nothing is removed is about participants, metadata and policy."""


class AdditionalData(ReplacedComponent[FrankAAD]):
    """A component that is found in the additional data of messages only."""

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:  # noqa: ARG002
        """Refuse it."""
        raise self.error(ComponentRule.NOT_IN_GROUP_CONTEXT, updates[0].data.hex())


FRANKING_AGENT = FrankingAgentComponent("franking_signature_key", FrankingAgentData)
FRANK_AAD = AdditionalData("frank_aad", FrankAAD)
