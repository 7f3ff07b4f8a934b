"""update (mimi-protocol-06, section 5.3)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Requires, When, optional, string, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import ContentType
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreeOption
from mimi_conformance.reference.wire.structure import Struct


class GroupInfoRepresentation(Enumeration):
    """How much of the GroupInfo is sent (mimi-protocol-06, section 5.3)."""

    full = 1
    partial = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInfoOption(Struct):
    """The GroupInfo, or what the hub can't compute of it (mimi-protocol-06, section 5.3)."""

    representation: GroupInfoRepresentation
    group_info: Annotated[GroupInfo | None, When("representation", GroupInfoRepresentation.full)] = None
    partial_group_info: Annotated[PartialGroupInfo | None, When("representation", GroupInfoRepresentation.partial)] = (
        None
    )


_CONTENT_TYPE = "proposal_or_commit.content_type"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandshakeBundle(Struct):
    """A commit with what its epoch needs, or proposals (mimi-protocol-06, section 5.3).

    What follows the message depends on its content type, wherever in the message that stands (AMB-043); on a commit
    both options are always there (AMB-044).
    """

    proposal_or_commit: Annotated[MLSMessage, Requires(_CONTENT_TYPE, ContentType.proposal, ContentType.commit)]
    welcome: Annotated[optional[Welcome], When(_CONTENT_TYPE, ContentType.commit)] = None
    group_info_option: Annotated[GroupInfoOption | None, When(_CONTENT_TYPE, ContentType.commit)] = None
    ratchet_tree_option: Annotated[RatchetTreeOption | None, When(_CONTENT_TYPE, ContentType.commit)] = None
    more_proposals: Annotated[tuple[MLSMessage, ...] | None, When(_CONTENT_TYPE, ContentType.proposal)] = None


@dataclass(frozen=True, slots=True)
class UpdateRequest(Struct):
    """The body of update. The room knows the protocol, so there is no octet for it (mimi-protocol-06, 5.3; AMB-006)."""

    bundle: HandshakeBundle


class UpdateResponseCode(Enumeration):
    """How an update went (mimi-protocol-06, section 5.3)."""

    success = 0
    wrong_epoch = 1
    not_allowed = 2
    invalid_proposal = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRoomResponse(Struct):
    """The answer to an UpdateRequest; the time in milliseconds (mimi-protocol-06, section 5.3)."""

    response_code: UpdateResponseCode
    error_description: string
    accepted_timestamp: Annotated[uint64 | None, When("response_code", UpdateResponseCode.success)] = None
    current_epoch: Annotated[uint64 | None, When("response_code", UpdateResponseCode.wrong_epoch)] = None
    invalid_proposals: Annotated[
        tuple[ProposalRef, ...] | None, When("response_code", UpdateResponseCode.invalid_proposal)
    ] = None
