"""The readings that the project takes where the drafts allow two, each as the bytes it makes."""

import pytest

from mimi_conformance.reference.wire import DecodeError, Struct
from mimi_conformance.reference.wire.mls.app_data import MediaType, WireFormats
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.framing import (
    ContentType,
    FramedContent,
    FramedContentAuthData,
    PrivateMessage,
    PublicMessage,
    Sender,
    SenderType,
)
from mimi_conformance.reference.wire.mls.group import ExternalSender, Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal, SelfRemove
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, PSKType
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption, RatchetTreeRepresentation
from mimi_conformance.reference.wire.mls.registries import CipherSuite, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import PartialContextHashInput, SemiPrivateMessage
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport, AbuseType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation, ConsentScope
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoCode,
    GroupInfoRequest,
    GroupInfoRequestTBS,
    GroupInfoResponse,
)
from mimi_conformance.reference.wire.protocol.key_material import ClientKeyMaterial, KeyMaterialClientCode
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage, fanout_event
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageResponse, SubmitResponseCode
from mimi_conformance.reference.wire.protocol.update import (
    HandshakeBundle,
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy, Optionality
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.links import JoinLink, JoinLinksData, LinkPreviewPolicy
from mimi_conformance.reference.wire.room_policy.messages import HistoryPolicy, LoggingPolicy, MessageExpiration
from mimi_conformance.reference.wire.room_policy.operational import ExtendedCapabilities
from mimi_conformance.reference.wire.room_policy.roles import Claim, ClaimId, PreAuthRoleEntry, Role

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
URI = IdentifierUri.of("mimi:u")
URI_HEX = "066d696d693a75"
ROLE = Role(2, b"r", b"", (CapabilityType.can_ban,), 0, None, 0, 9, ())
ROLE_HEX = "00000002 0172 00 02000a 00000000 00 00000000 0100000009 00"

PRIVATE = MLSMessage.of(PrivateMessage(b"g", 1, ContentType.application, b"", b"", b"c"))
PRIVATE_HEX = "0001 0002 0167 0000000000000001 01 00 00 0163"
PRIVATE_COMMIT = MLSMessage.of(PrivateMessage(b"g", 1, ContentType.commit, b"", b"", b"c"))
WELCOME = MLSMessage.of(Welcome(SUITE, (), b"i"))
WELCOME_HEX = "0001 0003 0001 00 0169"
SEMIPRIVATE = MLSMessage.of(SemiPrivateMessage(b"g", 1, ContentType.proposal, b"", b"", (), b"", b"", b"c"))
SEMIPRIVATE_HEX = "0001 f001 0167 0000000000000001 02 00 00 00 00 00 0163"


def public(content_type: ContentType) -> MLSMessage:
    """Return a PublicMessage from the member at leaf 3."""
    content = FramedContent(
        group_id=b"g",
        epoch=1,
        sender=Sender(sender_type=SenderType.member, leaf_index=3),
        authenticated_data=b"",
        content_type=content_type,
        application_data=b"a" if content_type is ContentType.application else None,
        proposal=Proposal.of(SelfRemove()) if content_type is ContentType.proposal else None,
        commit=Commit(()) if content_type is ContentType.commit else None,
    )
    tag = b"t" if content_type is ContentType.commit else None
    auth = FramedContentAuthData(content_type=content_type, signature=b"s", confirmation_tag=tag)
    return MLSMessage.of(PublicMessage(content=content, auth=auth, membership_tag=b"m"))


HEADER = "0001 0001 0167 0000000000000001 01 00000003 00"
PROPOSAL_HEX = f"{HEADER} 02 000a 0173 016d"
COMMIT_HEX = f"{HEADER} 03 00 00 0173 0174 016d"

READINGS = {
    # AMB-006, AMB-083: no octet for the protocol, and the arm follows the message
    "fanout of an application message without a frank": (
        FanoutMessage(timestamp=5, message=PRIVATE),
        f"0000000000000005 {PRIVATE_HEX} 00",
    ),
    "fanout of an application message with a frank": (
        FanoutMessage(timestamp=5, message=PRIVATE, frank=Frank(bytes(32), SUITE, b"s")),
        f"0000000000000005 {PRIVATE_HEX} 01 {'00' * 32} 0001 0173",
    ),
    "fanout of a welcome": (
        FanoutMessage(
            timestamp=5,
            message=WELCOME,
            ratchet_tree_option=RatchetTreeOption(representation=RatchetTreeRepresentation.distribution_service),
        ),
        f"0000000000000005 {WELCOME_HEX} 04",
    ),
    "fanout of a public proposal": (
        FanoutMessage(timestamp=5, message=public(ContentType.proposal), more_proposals=()),
        f"0000000000000005 {PROPOSAL_HEX} 00",
    ),
    "fanout of a semi-private proposal": (
        FanoutMessage(timestamp=5, message=SEMIPRIVATE, more_proposals=()),
        f"0000000000000005 {SEMIPRIVATE_HEX} 00",
    ),
    # AMB-094: the vector is there on every commit
    "fanout of a commit": (
        FanoutMessage(timestamp=5, message=public(ContentType.commit), external_proposals=()),
        f"0000000000000005 {COMMIT_HEX} 00",
    ),
    # AMB-006, AMB-043
    "update with a proposal": (
        UpdateRequest(HandshakeBundle(proposal_or_commit=public(ContentType.proposal), more_proposals=())),
        f"{PROPOSAL_HEX} 00",
    ),
    # AMB-041: a code without an arm is followed by nothing
    "refused update": (
        UpdateRoomResponse(response_code=UpdateResponseCode.not_allowed, error_description="no"),
        "02 026e6f",
    ),
    "client without key material": (
        ClientKeyMaterial(client_status=KeyMaterialClientCode.key_material_exhausted, client_uri=URI),
        f"01 {URI_HEX}",
    ),
    "client that keeps its capabilities to itself": (
        ClientKeyMaterial(client_status=KeyMaterialClientCode.nothing_compatible, client_uri=URI),
        f"02 {URI_HEX} 00",
    ),
    # AMB-059: accepted is success; AMB-002: a presence octet
    "accepted message": (
        SubmitMessageResponse(protocol=Protocol.mls10, status_code=SubmitResponseCode.accepted, accepted_timestamp=5),
        "01 00 0000000000000005 00",
    ),
    "refused message": (
        SubmitMessageResponse(protocol=Protocol.mls10, status_code=SubmitResponseCode.not_allowed),
        "01 01",
    ),
    # AMB-097: a bare vector in the request, a presence octet in what is signed
    "request for the GroupInfo": (
        GroupInfoRequest(Protocol.mls10, SUITE, b"k", Credential.basic(b"i"), b"h", b"", b"s"),
        "01 0001 016b 0001 0169 0168 00 0173",
    ),
    "what signs a request without a code": (
        GroupInfoRequestTBS(Protocol.mls10, SUITE, b"k", Credential.basic(b"i"), b"h", None),
        "01 0001 016b 0001 0169 0168 00",
    ),
    "what signs a request with a code": (
        GroupInfoRequestTBS(Protocol.mls10, SUITE, b"k", Credential.basic(b"i"), b"h", b"c"),
        "01 0001 016b 0001 0169 0168 01 0163",
    ),
    # AMB-098: a failure ends with the status
    "refused GroupInfo": (
        GroupInfoResponse(version=Protocol.mls10, room_id=b"r", status=GroupInfoCode.not_authorized),
        "01 0172 02",
    ),
    "GroupInfo": (
        GroupInfoResponse(
            version=Protocol.mls10,
            room_id=b"r",
            status=GroupInfoCode.success,
            cipher_suite=SUITE,
            hub_sender=ExternalSender(b"k", Credential.basic(b"i")),
            encrypted_groupinfo_and_tree=HPKECiphertext(b"e", b"c"),
            signature=b"s",
        ),
        "01 0172 01 0001 016b 0001 0169 0165 0163 0173",
    ),
    # AMB-112
    "consent for any room": (
        ConsentEntry(consent_operation=ConsentOperation.revoke, requester_uri=URI, target_uri=URI),
        f"03 {URI_HEX} {URI_HEX} 00 00",
    ),
    "consent with no KeyPackages for one room": (
        ConsentEntry(
            consent_operation=ConsentOperation.grant,
            requester_uri=URI,
            target_uri=URI,
            room_id=URI,
            client_key_packages=(),
        ),
        f"02 {URI_HEX} {URI_HEX} 01 {URI_HEX} 00 00",
    ),
    # AMB-122, AMB-123
    "anonymous report": (AbuseReport(IdentifierUri(b""), URI, AbuseType.reserved, b""), f"00 {URI_HEX} 00 00 00 00"),
    # AMB-148: vectors of Uri
    "room without a parent": (
        BaseRoomPolicy(False, False, (), True, None, 7, False, True, False, (0x25, 0x26)),
        "00 00 00 01 00 0100000007 00 01 00 04 0025 0026",
    ),
    "room with a parent": (
        BaseRoomPolicy(False, True, (Uri(b"u"),), True, None, None, False, True, False, ()),
        "00 01 02 0175 01 00 00 00 01 00 00",
    ),
    # AMB-146, AMB-147: required is mandatory, and forbidden is followed by nothing
    "mandatory proxy": (
        LinkPreviewPolicy(
            autodetect_hyperlinks_in_text=Optionality.optional,
            send_link_previews=Optionality.optional,
            automatic_link_previews=Optionality.forbidden,
            link_preview_proxy_use=Optionality.required,
            link_preview_proxy=(Uri(b"u"),),
        ),
        "00 00 02 01 02 0175",
    ),
    "forbidden logging": (LoggingPolicy(logging=Optionality.forbidden), "02"),
    "forbidden history": (HistoryPolicy(history_sharing=Optionality.forbidden), "02"),
    "optional expiration": (
        MessageExpiration(expiring_messages=Optionality.optional, min_expiration_duration=1, max_expiration_duration=2),
        "00 00000001 00000002 00",
    ),
    # AMB-149: a whole Role
    "preauthorised role": (
        PreAuthRoleEntry((Claim(ClaimId(Credential.basic(b"").credential_type, b"i"), b"v"),), ROLE),
        f"06 0001 0169 0176 {ROLE_HEX}",
    ),
    # AMB-152
    "join links": (JoinLinksData((JoinLink(b"l"),)), "02 016c"),
    # AMB-155: a vector of vectors
    "wire formats": (
        ExtendedCapabilities(wire_formats=(WireFormats((WireFormat.mls_public_message,)),)),
        "00 00 00 00 00 03 02 0001 00 00 00 00",
    ),
    # AMB-200: blank nodes as in RFC 9420
    "tree of one blank node": (
        RatchetTreeOption(representation=RatchetTreeRepresentation.full, ratchet_tree=(None,)),
        "01 01 00",
    ),
    # AMB-207: the index in four octets, the nonce without a length
    "partial context": (PartialContextHashInput(1, bytes(12)), "00000001" + "00" * 12),
    # AMB-217: two zero bytes
    "media type left open": (MediaType(b""), "00 00"),
    "pre-shared key of a component": (
        PreSharedKeyID(psktype=PSKType.application, component_id=5, psk_id=b"i", psk_nonce=b"n"),
        "03 0005 0169 016e",
    ),
}


@pytest.mark.parametrize(("value", "data"), READINGS.values(), ids=READINGS)
def test_a_reading_is_these_bytes(value: Struct, data: str) -> None:
    assert value.encode() == bytes.fromhex(data)
    assert type(value).decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (PRIVATE, FanoutEvent.application),
        (PRIVATE_COMMIT, None),
        (WELCOME, FanoutEvent.welcome),
        (SEMIPRIVATE, FanoutEvent.proposal),
        (public(ContentType.proposal), FanoutEvent.proposal),
        (public(ContentType.commit), FanoutEvent.commit),
        (public(ContentType.application), None),
    ],
)
def test_what_a_fanned_out_message_brings_follows_from_the_message(
    message: MLSMessage, event: FanoutEvent | None
) -> None:
    assert fanout_event(message) is event
    if event is None:
        with pytest.raises(DecodeError) as caught:
            FanoutMessage.decode(bytes(8) + message.encode() + b"\0")
        assert "event is None, none of application, commit, proposal, welcome" in caught.value.reason


def test_a_bundle_holds_a_proposal_or_a_commit() -> None:
    with pytest.raises(DecodeError) as caught:
        UpdateRequest.decode(WELCOME.encode())
    assert caught.value.path == "bundle.proposal_or_commit"
    with pytest.raises(DecodeError, match="content_type is application, none of commit, proposal"):
        UpdateRequest.decode(PRIVATE.encode())


def test_an_open_code_is_kept_and_a_closed_one_refused() -> None:
    report = bytes.fromhex(f"00 {URI_HEX} 2a 00 00 00")
    assert AbuseReport.decode(report).reason_code == 42
    with pytest.raises(DecodeError) as caught:
        ConsentEntry.decode(bytes.fromhex(f"04 {URI_HEX} {URI_HEX} 00 00"))
    assert caught.value.path == "consent_operation"


def test_the_scope_of_consent_is_who_for_whom_and_where() -> None:
    entry = ConsentEntry(
        consent_operation=ConsentOperation.request, requester_uri=URI, target_uri=IdentifierUri(b"x"), room_id=URI
    )
    assert entry.scope == ConsentScope(URI, IdentifierUri(b"x"), URI)


def test_an_identifier_that_is_not_utf8_still_has_a_text() -> None:
    assert URI.text == "mimi:u"
    assert IdentifierUri(b"a\xff").text == "a\\xff"


def test_reserved_and_unassigned_values_of_the_drafts_enums_are_refused() -> None:
    for octets in (b"\0", b"\2"):
        with pytest.raises(DecodeError, match="is no Protocol"):
            SubmitMessageResponse.decode(octets + b"\1")
