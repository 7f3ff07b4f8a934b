"""notify (mimi-protocol-06, section 5.5)."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Requires, When, optional, uint64
from mimi_conformance.reference.wire.mls.framing import ContentType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.structure import Struct


class FanoutEvent(Enum):
    """What a FanoutMessage brings; the draft's select switches on these names (AMB-083)."""

    application = "application"
    welcome = "welcome"
    proposal = "proposal"
    commit = "commit"


def fanout_event(message: MLSMessage) -> FanoutEvent | None:
    """Return what a message is when it is fanned out; None for one that can't be.

    A PrivateMessage has to be an application message, a PublicMessage or SemiPrivateMessage a proposal or a commit.
    """
    match message.wire_format, message.content_type:
        case WireFormat.mls_welcome, _:
            return FanoutEvent.welcome
        case WireFormat.mls_private_message, ContentType.application:
            return FanoutEvent.application
        case ((WireFormat.mls_public_message | WireFormat.mls_semiprivate_message), ContentType.proposal):
            return FanoutEvent.proposal
        case ((WireFormat.mls_public_message | WireFormat.mls_semiprivate_message), ContentType.commit):
            return FanoutEvent.commit
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanoutMessage(Struct):
    """One event of a room; a notify body is one or more of them in a row (mimi-protocol-06, section 5.5).

    There is no octet for the protocol (AMB-006). `timestamp` is the hub's acceptance time in milliseconds.
    """

    timestamp: uint64
    message: Annotated[MLSMessage, Requires("event", *FanoutEvent)]
    frank: Annotated[optional[Frank], When("event", FanoutEvent.application)] = None
    ratchet_tree_option: Annotated[RatchetTreeOption | None, When("event", FanoutEvent.welcome)] = None
    more_proposals: Annotated[tuple[MLSMessage, ...] | None, When("event", FanoutEvent.proposal)] = None
    external_proposals: Annotated[tuple[MLSMessage, ...] | None, When("event", FanoutEvent.commit)] = None

    @property
    def event(self) -> FanoutEvent | None:
        """What the message is: it decides which field follows it."""
        return fanout_event(self.message)
