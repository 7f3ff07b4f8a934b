"""The `asset_policy` component (mimi-room-policy-03, section 6.4)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import optional, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import MediaType
from mimi_conformance.reference.wire.room_policy.base import DomainName
from mimi_conformance.reference.wire.structure import Struct


class AssetUploadLocation(Enumeration):
    """Where assets are uploaded (mimi-room-policy-03, section 6.4)."""

    unspecified = 0
    local_provider = 1
    hub = 2


@dataclass(frozen=True, slots=True)
class ProviderAssetUploadDomains(Struct):
    """Where one provider's users upload (mimi-room-policy-03, section 6.4)."""

    provider: DomainName
    asset_upload_destinations: tuple[DomainName, ...]


class DownloadPrivacyType(Enumeration):
    """A way to download (mimi-room-policy-03, section 6.4)."""

    direct = 0
    hub_proxy = 1
    ohttp = 2


@dataclass(frozen=True, slots=True)
class DownloadPrivacy(Struct):
    """The ways to download (mimi-room-policy-03, section 6.4)."""

    allowed_download_types: tuple[DownloadPrivacyType, ...]
    forbidden_download_types: tuple[DownloadPrivacyType, ...]
    default_download_type: DownloadPrivacyType


@dataclass(frozen=True, slots=True)
class AssetPolicy(Struct):
    """The `asset_policy` component; sizes in bytes (mimi-room-policy-03, section 6.4).

    `permitted_media_types` is optional as a whole, None where every type is permitted that is not forbidden (AMB-153).
    """

    asset_upload_location: AssetUploadLocation
    upload_domains: tuple[ProviderAssetUploadDomains, ...]
    download_privacy: DownloadPrivacy
    max_image: uint64
    max_audio: uint64
    max_video: uint64
    max_attachment: uint64
    forbidden_media_types: tuple[MediaType, ...]
    permitted_media_types: optional[tuple[MediaType, ...]] = None


AssetPolicyData = AssetPolicy
AssetPolicyUpdate = AssetPolicy
