"""groupInfo (mimi-protocol-06, section 5.6)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, optional, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext, HPKEPublicKey, SignaturePublicKey
from mimi_conformance.reference.wire.mls.group import ExternalSender, GroupInfo
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import Protocol
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class GroupInfoRequestTBS(Struct):
    """What the signature of a GroupInfoRequest signs (mimi-protocol-06, section 5.6).

    The code has a presence octet here (AMB-097).
    """

    protocol: Protocol
    cipher_suite: CipherSuite
    requesting_signature_key: SignaturePublicKey
    requesting_credential: Credential
    group_info_public_key: HPKEPublicKey
    joining_code: optional[opaque]


@dataclass(frozen=True, slots=True)
class GroupInfoRequest(Struct):
    """A request for the GroupInfo; no joining code is an empty one (mimi-protocol-06, section 5.6; AMB-097)."""

    protocol: Protocol
    cipher_suite: CipherSuite
    requesting_signature_key: SignaturePublicKey
    requesting_credential: Credential
    group_info_public_key: HPKEPublicKey
    joining_code: opaque
    signature: opaque


class GroupInfoCode(Enumeration):
    """How a request for the GroupInfo went (mimi-protocol-06, section 5.6)."""

    success = 1
    not_authorized = 2
    no_such_room = 3


@dataclass(frozen=True, slots=True)
class PendingProposal(Struct):
    """A proposal nobody has committed yet; the time in milliseconds (mimi-protocol-06, section 5.6)."""

    proposal: MLSMessage
    hub_accepted_time: uint64


@dataclass(frozen=True, slots=True)
class GroupInfoRatchetTreeTBE(Struct):
    """What the answer encrypts to the requester (mimi-protocol-06, section 5.6)."""

    group_info: GroupInfo
    ratchet_tree_option: RatchetTreeOption
    pending_proposals: tuple[PendingProposal, ...]


@dataclass(frozen=True, slots=True)
class GroupInfoResponseTBS(Struct):
    """What the signature of a successful GroupInfoResponse signs (mimi-protocol-06, section 5.6)."""

    version: Protocol
    room_id: opaque
    status: GroupInfoCode
    cipher_suite: CipherSuite
    hub_sender: ExternalSender
    encrypted_groupinfo_and_tree: HPKECiphertext


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInfoResponse(Struct):
    """The answer to a GroupInfoRequest; a failure ends with the status, unsigned (mimi-protocol-06, 5.6; AMB-098)."""

    version: Protocol
    room_id: opaque
    status: GroupInfoCode
    cipher_suite: Annotated[CipherSuite | None, When("status", GroupInfoCode.success)] = None
    hub_sender: Annotated[ExternalSender | None, When("status", GroupInfoCode.success)] = None
    encrypted_groupinfo_and_tree: Annotated[HPKECiphertext | None, When("status", GroupInfoCode.success)] = None
    signature: Annotated[opaque | None, When("status", GroupInfoCode.success)] = None
