"""submitMessage (mimi-protocol-06, section 5.4)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, optional, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class SubmitMessageRequest(Struct):
    """An application message and who sends it (mimi-protocol-06, section 5.4)."""

    protocol: Protocol
    app_message: MLSMessage
    sending_uri: IdentifierUri


class SubmitResponseCode(Enumeration):
    """How the submission went (mimi-protocol-06, section 5.4); the select calls `accepted` success (AMB-059)."""

    accepted = 0
    not_allowed = 1
    epoch_too_old = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitMessageResponse(Struct):
    """The answer to a SubmitMessageRequest; the time in milliseconds (mimi-protocol-06, section 5.4)."""

    protocol: Protocol
    status_code: SubmitResponseCode
    accepted_timestamp: Annotated[uint64 | None, When("status_code", SubmitResponseCode.accepted)] = None
    frank: Annotated[optional[Frank], When("status_code", SubmitResponseCode.accepted)] = None
    current_epoch: Annotated[uint64 | None, When("status_code", SubmitResponseCode.epoch_too_old)] = None
