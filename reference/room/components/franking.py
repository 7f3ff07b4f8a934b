"""Franking: the `franking_agent` component, and `frank_aad`, which is none of the group's (mimi-protocol-06, 5.4.1)."""

from mimi_conformance.reference.mls.proposals.components import Contribution
from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import ComponentRule
from mimi_conformance.reference.wire.protocol.franking import FrankAAD, FrankingAgentData


class AdditionalData(ReplacedComponent[FrankAAD]):
    """A component that is found in the additional data of messages only."""

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:  # noqa: ARG002
        """Refuse it."""
        raise self.error(ComponentRule.NOT_IN_GROUP_CONTEXT, updates[0].data.hex())


FRANKING_AGENT = ReplacedComponent("franking_signature_key", FrankingAgentData)
FRANK_AAD = AdditionalData("frank_aad", FrankAAD)
