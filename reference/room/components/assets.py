"""The `asset_policy` component (mimi-room-policy-03, section 6.4)."""

from collections.abc import Iterator

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.assets import AssetPolicy, AssetUploadLocation


class AssetsRule(RoomRule):
    """What makes an asset policy valid by itself."""

    HUB_ALONE = ("POLICY-6.4-05", "Where assets go to the hub, the list of domains has one provider.")
    DOMAINS = ("POLICY-6.4-08", "Providers and destinations of uploads are domain names.")
    DOWNLOADS_DISJOINT = ("POLICY-6.4-10", "No way to download is both allowed and forbidden.", "AMB-178")
    DEFAULT_DOWNLOAD_ALLOWED = ("POLICY-6.4-10", "The default way to download is an allowed one.", "AMB-178")


def asset_faults(policy: AssetPolicy) -> Iterator[Fault]:
    """What is wrong with an asset policy by itself."""
    if policy.asset_upload_location is AssetUploadLocation.hub and len(policy.upload_domains) != 1:
        yield AssetsRule.HUB_ALONE, f"{len(policy.upload_domains)} providers"
    for entry in policy.upload_domains:
        for name in (entry.provider, *entry.asset_upload_destinations):
            try:
                provider_domain(name.domain.decode("latin-1"))
            except IdentifierError as error:
                yield AssetsRule.DOMAINS, error
    downloads = policy.download_privacy
    for both in sorted({*downloads.allowed_download_types} & {*downloads.forbidden_download_types}):
        yield AssetsRule.DOWNLOADS_DISJOINT, both.name
    if downloads.default_download_type not in downloads.allowed_download_types:
        yield AssetsRule.DEFAULT_DOWNLOAD_ALLOWED, downloads.default_download_type.name


ASSET_POLICY = ReplacedComponent("asset_policy", AssetPolicy, asset_faults)
