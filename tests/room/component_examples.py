"""Valid values of every component, and values that break one rule each."""

from dataclasses import replace

from mimi_conformance.reference.mls.proposals.components import Contribution
from mimi_conformance.reference.room.components.assets import ASSET_POLICY, AssetsRule
from mimi_conformance.reference.room.components.base_policy import BASE_ROOM_POLICY, BasePolicyRule
from mimi_conformance.reference.room.components.component import RoomComponent
from mimi_conformance.reference.room.components.franking import FRANKING_AGENT
from mimi_conformance.reference.room.components.links import (
    BOT_POLICY,
    JOIN_LINK_POLICY,
    JOIN_LINKS,
    LINK_PREVIEW_POLICY,
    LinksRule,
)
from mimi_conformance.reference.room.components.messages import (
    CHAT_HISTORY_POLICY,
    LOGGING_POLICY,
    MESSAGE_EXPIRATION_POLICY,
    STATUS_NOTIFICATION_POLICY,
    MessagesRule,
)
from mimi_conformance.reference.room.components.operational import MLS_OPERATIONAL_POLICY, OperationalRule
from mimi_conformance.reference.room.components.roles import PREAUTH_LIST, ROLES_LIST, RolesRule
from mimi_conformance.reference.room.components.room_metadata import ROOM_METADATA, MetadataRule
from mimi_conformance.reference.wire.mls.app_data import WireFormats
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.registries import CredentialType, WireFormat
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData
from mimi_conformance.reference.wire.protocol.room_metadata import RichDescription, RoomMetaData, Uri, UTF8String
from mimi_conformance.reference.wire.room_policy.assets import (
    AssetPolicy,
    AssetUploadLocation,
    DownloadPrivacy,
    DownloadPrivacyType,
    ProviderAssetUploadDomains,
)
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy, DomainName, Optionality
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.links import (
    Bot,
    BotPolicy,
    JoinLink,
    JoinLinkPolicy,
    JoinLinksData,
    LinkPreviewPolicy,
)
from mimi_conformance.reference.wire.room_policy.messages import (
    HistoryPolicy,
    LoggingPolicy,
    MessageExpiration,
    StatusNotificationPolicy,
)
from mimi_conformance.reference.wire.room_policy.operational import (
    AppMessagePolicy,
    ExtendedCapabilities,
    MinDefaultMaxTime,
    OperationalParameters,
    PendingProposalPolicy,
    PendingProposalStrategy,
)
from mimi_conformance.reference.wire.room_policy.roles import (
    Claim,
    ClaimId,
    PreAuthData,
    PreAuthRoleEntry,
    Role,
    RoleData,
    SingleSourceRoleChangeTargets,
)
from mimi_conformance.reference.wire.structure import Struct

SENDER = Sender(sender_type=SenderType.member, leaf_index=0)
ADMINISTRATOR = Role(2, b"admin", b"", (CapabilityType.can_ban,), 1, 3, 1, 3, (SingleSourceRoleChangeTargets(0, (2,)),))
NO_ROLE = Role(0, b"nobody", b"", (CapabilityType.can_open_join,), 0, None, 0, 0, ())

METADATA = RoomMetaData(
    Uri(b"mimi://hub.example/r/clubhouse"),
    UTF8String("Café".encode()),
    (RichDescription(b"", b"en", b"A place"), RichDescription(b"text/html", b"fr", b"\xff")),
    Uri(b"https://hub.example/cat.png"),
    UTF8String(b""),
    UTF8String(b"cheerful"),
)
ROLES = RoleData((NO_ROLE, ADMINISTRATOR))
PREAUTHORIZED = PreAuthData(
    (PreAuthRoleEntry((Claim(ClaimId(CredentialType.x509, b"\x55\x1d\x11"), b"x"),), ADMINISTRATOR),)
)
BASE = BaseRoomPolicy(
    fixed_membership=False,
    parent_dependant=True,
    parent_room=(Uri(b"mimi://hub.example/r/parent"),),
    multi_device=True,
    max_clients=0,
    max_users=None,
    pseudonyms_allowed=False,
    persistent_room=True,
    discoverable=False,
    policy_component_ids=(0x25,),
)
LOGGING = LoggingPolicy(
    logging=Optionality.required,
    logging_clients=(Uri(b"mimi://a.example/d/log"), Uri(b"mimi://b.example/d/log")),
    machine_readable_policy=Uri(b""),
    human_readable_policy=Uri(b"https://a.example/logging"),
)
HISTORY = HistoryPolicy(
    history_sharing=Optionality.optional, roles_that_can_share=(2,), automatically_share=True, max_time_period=60
)
EXPIRATION = MessageExpiration(
    expiring_messages=Optionality.required,
    min_expiration_duration=60,
    max_expiration_duration=60,
    default_expiration_duration=60,
)
JOIN_LINK = JoinLinkPolicy(on_request=True, join_link=Uri(b""), multiuser=True, expiration=3600)
PREVIEW = LinkPreviewPolicy(
    autodetect_hyperlinks_in_text=Optionality.optional,
    send_link_previews=Optionality.required,
    automatic_link_previews=Optionality.forbidden,
    link_preview_proxy_use=Optionality.required,
    link_preview_proxy=(Uri(b"https://hub.example/preview"),),
)
BOT = Bot(b"poker", b"", Uri(b""), False, 2, True, True)
ASSETS = AssetPolicy(
    AssetUploadLocation.hub,
    (ProviderAssetUploadDomains(DomainName(b"hub.example"), (DomainName(b"assets.hub.example"),)),),
    DownloadPrivacy((DownloadPrivacyType.direct,), (DownloadPrivacyType.ohttp,), DownloadPrivacyType.direct),
    *(0, 1, 2, 3),
    forbidden_media_types=(),
    permitted_media_types=None,
)
TIME = MinDefaultMaxTime(1, 1, 1)
OPERATIONAL = OperationalParameters(
    mandatory_capabilities=ExtendedCapabilities(credentials=(CredentialType.basic,)),
    default_capabilities=ExtendedCapabilities(component_ids=(1, 2)),
    forbidden_capabilities=ExtendedCapabilities(
        credentials=(CredentialType.multi,), wire_formats=(WireFormats((WireFormat.mls_private_message,)),)
    ),
    handshake_formats=(WireFormats((WireFormat.mls_public_message, WireFormat.mls_semiprivate_message)),),
    external_proposal_allowed=True,
    external_commit_allowed=True,
    pending_proposal_policy=PendingProposalPolicy(
        pending_proposal_strategy=PendingProposalStrategy.random_delay, minimum_delay_ms=5, maximum_delay_ms=5
    ),
    leaf_node_update_time=TIME,
    app_message_policy=AppMessagePolicy(0, 0, 0),
    max_kp_lifetime=0,
    max_credential_lifetime=0,
    resumption_psk_lifetime=0,
    sender_nonce_keypair_lifetime=TIME,
    max_keypairs=0,
    buffer_incoming_message_time=TIME,
    max_buffered_messages=0,
)
AGENT = FrankingAgentData(b"key", Credential.basic(b"mimi://hub.example"))

EXAMPLES: list[tuple[RoomComponent, Struct]] = [
    (ROOM_METADATA, METADATA),
    (ROLES_LIST, ROLES),
    (PREAUTH_LIST, PREAUTHORIZED),
    (BASE_ROOM_POLICY, BASE),
    (
        STATUS_NOTIFICATION_POLICY,
        StatusNotificationPolicy(delivery_notifications=Optionality.required, read_receipts=Optionality.forbidden),
    ),
    (LOGGING_POLICY, LOGGING),
    (CHAT_HISTORY_POLICY, HISTORY),
    (MESSAGE_EXPIRATION_POLICY, EXPIRATION),
    (JOIN_LINK_POLICY, JOIN_LINK),
    (JOIN_LINKS, JoinLinksData((JoinLink(b"one"),))),
    (LINK_PREVIEW_POLICY, PREVIEW),
    (BOT_POLICY, BotPolicy((BOT,))),
    (ASSET_POLICY, ASSETS),
    (MLS_OPERATIONAL_POLICY, OPERATIONAL),
    (FRANKING_AGENT, AGENT),
]
NAMES = [component.name for component, _ in EXAMPLES]
REPLACED = [(component, value) for component, value in EXAMPLES if component is not JOIN_LINKS]


def contributions(*data: bytes) -> tuple[Contribution, ...]:
    return tuple(Contribution(each, SENDER) for each in data)


def role(**changes) -> RoleData:
    return RoleData((NO_ROLE, replace(ADMINISTRATOR, **changes)))


def base(**changes) -> BaseRoomPolicy:
    return replace(BASE, **changes)


def downloads(**changes) -> AssetPolicy:
    return replace(ASSETS, download_privacy=replace(ASSETS.download_privacy, **changes))


def destination(domain: bytes) -> AssetPolicy:
    return replace(ASSETS, upload_domains=(ProviderAssetUploadDomains(DomainName(domain), ()),))


def operational(**changes) -> OperationalParameters:
    return replace(OPERATIONAL, **changes)


FAULTS = [
    (ROOM_METADATA, MetadataRule.ROOM_URI, replace(METADATA, room_uri=Uri(b"clubhouse"))),
    (ROOM_METADATA, MetadataRule.ROOM_URI, replace(METADATA, room_uri=Uri(b""))),
    (ROOM_METADATA, MetadataRule.TEXT, replace(METADATA, room_name=UTF8String(b"\xff"))),
    (ROOM_METADATA, MetadataRule.TEXT, replace(METADATA, room_subject=UTF8String(b"a\0"))),
    (ROOM_METADATA, MetadataRule.TEXT, replace(METADATA, room_mood=UTF8String(b"\0"))),
    (
        ROOM_METADATA,
        MetadataRule.PLAIN_DESCRIPTION,
        replace(METADATA, room_descriptions=(RichDescription(b"", b"en", b"\xff"),)),
    ),
    (
        ROOM_METADATA,
        MetadataRule.ONE_DESCRIPTION_PER_LANGUAGE,
        replace(METADATA, room_descriptions=tuple(RichDescription(b"", tag, b"") for tag in (b"en", b"EN"))),
    ),
    (ROOM_METADATA, MetadataRule.AVATAR, replace(METADATA, room_avatar=Uri(b"http://hub.example/cat.png"))),
    (ROOM_METADATA, MetadataRule.AVATAR, replace(METADATA, room_avatar=Uri(b"https://hub.example/<cat>"))),
    (ROLES_LIST, RolesRule.INDEX_ONCE, RoleData((ADMINISTRATOR, replace(ADMINISTRATOR, role_name=b"other")))),
    (ROLES_LIST, RolesRule.CAPABILITY_ONCE, role(role_capabilities=(CapabilityType.can_ban,) * 2)),
    (ROLES_LIST, RolesRule.NAME_IS_TEXT, role(role_name=b"\xff")),
    (ROLES_LIST, RolesRule.NAME_IS_TEXT, role(role_description=b"\xff")),
    (ROLES_LIST, RolesRule.OPEN_JOIN_FOR_NO_ROLE, role(role_capabilities=(CapabilityType.can_open_join,))),
    (ROLES_LIST, RolesRule.CONSTRAINTS_CAN_BE_MET, role(minimum_participants_constraint=4)),
    (ROLES_LIST, RolesRule.CONSTRAINTS_CAN_BE_MET, role(maximum_active_participants_constraint=0)),
    (
        ROLES_LIST,
        RolesRule.CONSTRAINTS_CAN_BE_MET,
        role(minimum_active_participants_constraint=4, maximum_active_participants_constraint=None),
    ),
    (
        ROLES_LIST,
        RolesRule.CHANGES_BETWEEN_ROLES,
        role(authorized_role_changes=(SingleSourceRoleChangeTargets(0, (2, 3)),)),
    ),
    (
        ROLES_LIST,
        RolesRule.CHANGES_BETWEEN_ROLES,
        role(authorized_role_changes=(SingleSourceRoleChangeTargets(1, (2,)),)),
    ),
    (BASE_ROOM_POLICY, BasePolicyRule.PARENT_NAMED, base(parent_room=())),
    (BASE_ROOM_POLICY, BasePolicyRule.PARENT_NAMED, base(parent_room=BASE.parent_room * 2)),
    (BASE_ROOM_POLICY, BasePolicyRule.PARENT_NAMED, base(parent_room=(Uri(b"mimi://hub.example/g/parent"),))),
    (BASE_ROOM_POLICY, BasePolicyRule.PARENT_NAMED, base(parent_room=(Uri(b""),))),
    (BASE_ROOM_POLICY, BasePolicyRule.PARENT_ONLY_IF_DEPENDENT, base(parent_dependant=False)),
    (LOGGING_POLICY, MessagesRule.LOGGING_CLIENT_PRESENT, replace(LOGGING, logging_clients=())),
    (LOGGING_POLICY, MessagesRule.LOGGING_CLIENT_IS_URI, replace(LOGGING, logging_clients=(Uri(b""),))),
    (
        LOGGING_POLICY,
        MessagesRule.ONE_LOGGING_CLIENT_PER_PROVIDER,
        replace(LOGGING, logging_clients=(Uri(b"mimi://a.example/d/one"), Uri(b"mimi://A.example/d/two"))),
    ),
    (LOGGING_POLICY, MessagesRule.LOGGING_POLICY_IS_URI, replace(LOGGING, machine_readable_policy=Uri(b"none"))),
    (CHAT_HISTORY_POLICY, MessagesRule.HISTORY_SHARED_BY_ROLES, replace(HISTORY, roles_that_can_share=(0,))),
    (CHAT_HISTORY_POLICY, MessagesRule.HISTORY_SHARED_BY_ROLES, replace(HISTORY, roles_that_can_share=(2, 1))),
    (MESSAGE_EXPIRATION_POLICY, MessagesRule.EXPIRATION_BOUNDS, replace(EXPIRATION, min_expiration_duration=61)),
    (MESSAGE_EXPIRATION_POLICY, MessagesRule.EXPIRATION_DEFAULT, replace(EXPIRATION, default_expiration_duration=59)),
    (MESSAGE_EXPIRATION_POLICY, MessagesRule.EXPIRATION_DEFAULT, replace(EXPIRATION, default_expiration_duration=61)),
    (JOIN_LINK_POLICY, LinksRule.JOIN_LINK_IS_URI, replace(JOIN_LINK, join_link=Uri(b"not one"))),
    (
        LINK_PREVIEW_POLICY,
        LinksRule.HYPERLINKS_NOT_REQUIRED,
        replace(PREVIEW, autodetect_hyperlinks_in_text=Optionality.required),
    ),
    (LINK_PREVIEW_POLICY, LinksRule.PROXY_NAMED, replace(PREVIEW, link_preview_proxy=())),
    (LINK_PREVIEW_POLICY, LinksRule.PROXY_NAMED, replace(PREVIEW, link_preview_proxy=(Uri(b""),))),
    (BOT_POLICY, LinksRule.LOCAL_BOT_HAS_NO_ROLE, BotPolicy((BOT, replace(BOT, local_client_bot=True)))),
    (BOT_POLICY, LinksRule.BOT_HOMEPAGE_IS_URI, BotPolicy((replace(BOT, homepage=Uri(b"%zz")),))),
    (ASSET_POLICY, AssetsRule.HUB_ALONE, replace(ASSETS, upload_domains=())),
    (ASSET_POLICY, AssetsRule.HUB_ALONE, replace(ASSETS, upload_domains=ASSETS.upload_domains * 2)),
    (ASSET_POLICY, AssetsRule.DOMAINS, destination(b"Hub.example")),
    (ASSET_POLICY, AssetsRule.DOMAINS, destination(b"")),
    (
        ASSET_POLICY,
        AssetsRule.DOWNLOADS_DISJOINT,
        downloads(forbidden_download_types=(DownloadPrivacyType.direct,)),
    ),
    (
        ASSET_POLICY,
        AssetsRule.DEFAULT_DOWNLOAD_ALLOWED,
        downloads(default_download_type=DownloadPrivacyType.hub_proxy),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.TIME_BOUNDS,
        operational(leaf_node_update_time=MinDefaultMaxTime(2, 1, 2)),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.TIME_BOUNDS,
        operational(sender_nonce_keypair_lifetime=MinDefaultMaxTime(1, 3, 2)),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.TIME_BOUNDS,
        operational(buffer_incoming_message_time=MinDefaultMaxTime(3, 3, 2)),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.DELAY_BOUNDS,
        operational(pending_proposal_policy=replace(OPERATIONAL.pending_proposal_policy, minimum_delay_ms=6)),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.FORBIDDEN_NOT_MANDATORY,
        operational(forbidden_capabilities=OPERATIONAL.mandatory_capabilities),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.FORBIDDEN_NOT_DEFAULT,
        operational(forbidden_capabilities=ExtendedCapabilities(component_ids=(2,))),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.FORBIDDEN_NOT_MANDATORY,
        operational(
            mandatory_capabilities=ExtendedCapabilities(
                wire_formats=(WireFormats((WireFormat.mls_public_message, WireFormat.mls_private_message)),)
            )
        ),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        OperationalRule.HANDSHAKE_FORMATS,
        operational(handshake_formats=(WireFormats((WireFormat.mls_private_message,)),)),
    ),
]


EDGES = [
    (ROOM_METADATA, replace(METADATA, room_avatar=Uri(b""), room_name=UTF8String(b""), room_descriptions=())),
    (ROLES_LIST, role(maximum_participants_constraint=1, maximum_active_participants_constraint=1)),
    (ROLES_LIST, role(maximum_participants_constraint=None, minimum_participants_constraint=2**32 - 1)),
    (ROLES_LIST, role(role_index=1, role_name=b"anything but banned", authorized_role_changes=())),
    (ROLES_LIST, role(role_capabilities=(CapabilityType.can_knock, CapabilityType(0xF000)))),
    (ROLES_LIST, role(role_capabilities=())),
    (PREAUTH_LIST, PreAuthData((PreAuthRoleEntry((), NO_ROLE),))),
    (BASE_ROOM_POLICY, base(parent_dependant=False, parent_room=())),
    (BASE_ROOM_POLICY, base(fixed_membership=True)),
    (LOGGING_POLICY, replace(LOGGING, logging=Optionality.optional, logging_clients=())),
    (LOGGING_POLICY, LoggingPolicy(logging=Optionality.forbidden)),
    (CHAT_HISTORY_POLICY, HistoryPolicy(history_sharing=Optionality.forbidden)),
    (MESSAGE_EXPIRATION_POLICY, MessageExpiration(expiring_messages=Optionality.forbidden)),
    (MESSAGE_EXPIRATION_POLICY, replace(EXPIRATION, default_expiration_duration=None)),
    (
        LINK_PREVIEW_POLICY,
        replace(PREVIEW, link_preview_proxy_use=Optionality.forbidden, link_preview_proxy=None),
    ),
    (BOT_POLICY, BotPolicy((replace(BOT, local_client_bot=True, bot_role_index=0),))),
    (ASSET_POLICY, replace(ASSETS, asset_upload_location=AssetUploadLocation.unspecified, upload_domains=())),
    (
        ASSET_POLICY,
        replace(
            ASSETS,
            asset_upload_location=AssetUploadLocation.local_provider,
            upload_domains=ASSETS.upload_domains * 2,
        ),
    ),
    (
        MLS_OPERATIONAL_POLICY,
        operational(
            pending_proposal_policy=PendingProposalPolicy(
                pending_proposal_strategy=PendingProposalStrategy.immediate_commit
            )
        ),
    ),
]
