"""How content is framed, signed and tagged (RFC 9420, sections 6 and 8.2)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Among, Given, Giving, Requires, When, opaque, uint32, uint64
from mimi_conformance.reference.wire.encodings import Fixed, Padding
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.crypto import MAC
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion, WireFormat
from mimi_conformance.reference.wire.structure import Struct


class ContentType(Enumeration):
    """What is framed (RFC 9420, section 6)."""

    application = 1
    proposal = 2
    commit = 3


class SenderType(Enumeration):
    """Who sends (RFC 9420, section 6)."""

    member = 1
    external = 2
    new_member_proposal = 3
    new_member_commit = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender(Struct):
    """The sender of framed content (RFC 9420, section 6)."""

    sender_type: SenderType
    leaf_index: Annotated[uint32 | None, When("sender_type", SenderType.member)] = None
    sender_index: Annotated[uint32 | None, When("sender_type", SenderType.external)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedContent(Struct):
    """Content and its headers (RFC 9420, section 6)."""

    group_id: opaque
    epoch: uint64
    sender: Sender
    authenticated_data: opaque
    content_type: ContentType
    application_data: Annotated[opaque | None, When("content_type", ContentType.application)] = None
    proposal: Annotated[Proposal | None, When("content_type", ContentType.proposal)] = None
    commit: Annotated[Commit | None, When("content_type", ContentType.commit)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedContentAuthData(Struct):
    """Signature, and the confirmation tag of a commit (RFC 9420, section 6.1).

    Whether it is a commit is said by the structure around it; `content_type` repeats that and takes no bytes.
    """

    content_type: Annotated[ContentType, Given()]
    signature: opaque
    confirmation_tag: Annotated[MAC | None, When("content_type", ContentType.commit)] = None


@dataclass(frozen=True, slots=True)
class AuthenticatedContent(Struct):
    """Content with its signature: what a ProposalRef and the transcript are computed from (RFC 9420, section 6)."""

    wire_format: WireFormat
    content: FramedContent
    auth: Annotated[FramedContentAuthData, Giving(content_type="content.content_type")]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramedContentTBS(Struct):
    """What the signature of framed content signs (RFC 9420, section 6.1)."""

    version: Annotated[ProtocolVersion, Among(ProtocolVersion.mls10)] = ProtocolVersion.mls10
    wire_format: WireFormat
    content: FramedContent
    context: Annotated[
        GroupContext | None, When("content.sender.sender_type", SenderType.member, SenderType.new_member_commit)
    ] = None


@dataclass(frozen=True, slots=True)
class AuthenticatedContentTBM(Struct):
    """What the membership tag of a PublicMessage covers (RFC 9420, section 6.2)."""

    content_tbs: FramedContentTBS
    auth: Annotated[FramedContentAuthData, Giving(content_type="content_tbs.content.content_type")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMessage(Struct):
    """Content that everybody can read (RFC 9420, section 6.2)."""

    content: FramedContent
    auth: Annotated[FramedContentAuthData, Giving(content_type="content.content_type")]
    membership_tag: Annotated[MAC | None, When("content.sender.sender_type", SenderType.member)] = None


@dataclass(frozen=True, slots=True)
class PrivateMessage(Struct):
    """Content that only members can read (RFC 9420, section 6.3)."""

    group_id: opaque
    epoch: uint64
    content_type: ContentType
    authenticated_data: opaque
    encrypted_sender_data: opaque
    ciphertext: opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessageContent(Struct):
    """The plaintext of a PrivateMessage, whose `content_type` it needs (RFC 9420, section 6.3.1)."""

    content_type: Annotated[ContentType, Given()]
    application_data: Annotated[opaque | None, When("content_type", ContentType.application)] = None
    proposal: Annotated[Proposal | None, When("content_type", ContentType.proposal)] = None
    commit: Annotated[Commit | None, When("content_type", ContentType.commit)] = None
    auth: Annotated[FramedContentAuthData, Giving(content_type="content_type")]
    padding: Annotated[bytes, Padding()] = b""


@dataclass(frozen=True, slots=True)
class PrivateContentAAD(Struct):
    """The additional data of a PrivateMessage's encryption (RFC 9420, section 6.3.1)."""

    group_id: opaque
    epoch: uint64
    content_type: ContentType
    authenticated_data: opaque


@dataclass(frozen=True, slots=True)
class SenderData(Struct):
    """Who sent a PrivateMessage and with which key (RFC 9420, section 6.3.2)."""

    leaf_index: uint32
    generation: uint32
    reuse_guard: Annotated[bytes, Fixed(4)]


@dataclass(frozen=True, slots=True)
class SenderDataAAD(Struct):
    """The additional data of the SenderData's encryption (RFC 9420, section 6.3.2)."""

    group_id: opaque
    epoch: uint64
    content_type: ContentType


@dataclass(frozen=True, slots=True)
class ConfirmedTranscriptHashInput(Struct):
    """What a commit adds to the confirmed transcript hash (RFC 9420, section 8.2)."""

    wire_format: WireFormat
    content: Annotated[FramedContent, Requires("content.content_type", ContentType.commit)]
    signature: opaque


@dataclass(frozen=True, slots=True)
class InterimTranscriptHashInput(Struct):
    """What a commit adds to the interim transcript hash (RFC 9420, section 8.2)."""

    confirmation_tag: MAC
