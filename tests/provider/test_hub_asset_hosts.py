"""Which asset hosts a hub learns of from the policies of its rooms (PROTO 5.10, POLICY 6.4, AMB-127)."""

from dataclasses import replace
from urllib.parse import quote

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import PeerRequest
from mimi_conformance.reference.provider.proxy_download import ProxyDownload
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.room_policy.assets import AssetUploadLocation, ProviderAssetUploadDomains
from mimi_conformance.reference.wire.room_policy.base import DomainName
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from tests.exercised import exercises
from tests.provider.follower_scene import FollowedHub
from tests.provider.hub_scene import HUB, Hub
from tests.provider.test_hub_update import accepted
from tests.room.component_examples import ASSETS
from tests.room.house import update

PRESET = preset("cooperative").roles_list
ROLES_LIST = replace(
    PRESET,
    roles=tuple(
        replace(
            each,
            role_capabilities=(*each.role_capabilities, CapabilityType.can_change_other_policy_attribute),
        )
        if each.role_index == 4
        else each
        for each in PRESET.roles
    ),
)
"""Roles in which the super admin may change the asset policy."""


def uploads(**destinations: str):
    """An asset policy with the destinations of b.example, c.example, and so on."""
    domains = tuple(
        ProviderAssetUploadDomains(
            DomainName(HUB.encode() if name == "hub" else f"{name}.example".encode()),
            tuple(DomainName(each.encode()) for each in hosts.split()),
        )
        for name, hosts in destinations.items()
    )
    return replace(ASSETS, asset_upload_location=AssetUploadLocation.local_provider, upload_domains=domains)


def with_policy(**destinations: str) -> Hub:
    components = {"asset_policy": uploads(**destinations), "roles_list": ROLES_LIST}
    return Hub().found({"alice": 4, "bob": 2, "dora": 2}, "alice1", "bob1", components=components)


def fetches(hub: Hub, host: str) -> bool:
    """Whether the hub would fetch an asset from a host for c.example."""
    url = f"/v1/proxyDownload/{quote(f'https://{host}/1', safe='')}"
    with hub.storage.transaction() as transaction:
        request = PeerRequest("GET", url, (("host", HUB), ("from", "mimi@c.example")), None, b"")
        return isinstance(hub.provider.handle(transaction, request, hub.now), ProxyDownload)


@exercises("PROTO-5.10-02", "PROTO-5.10.2-04")
def test_hosts_in_the_policy_of_a_room_are_those_of_peers_with_clients_in_it():
    hub = with_policy(b="assets.b.example b.example", d="assets.d.example", hub="assets.hub.example")
    assert fetches(hub, "assets.b.example")
    assert fetches(hub, "b.example")
    assert not fetches(hub, "other.b.example")
    assert not fetches(hub, "assets.d.example")
    assert not fetches(hub, "assets.hub.example")
    accepted(hub.join("dora1"))
    assert fetches(hub, "assets.d.example")


def test_a_policy_speaks_for_hosts_under_the_peers_own_domain_only():
    hub = with_policy(b="evil.example notb.example assets.c.example")
    assert not any(fetches(hub, host) for host in ("evil.example", "notb.example", "assets.c.example"))


def test_hosts_go_with_the_peers_last_client_and_with_the_policy():
    hub = with_policy(b="assets.b.example")
    accepted(hub.commit("alice1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    assert not fetches(hub, "assets.b.example")
    hub = with_policy(b="assets.b.example")
    accepted(hub.commit("alice1", update("asset_policy", uploads(b="cdn.b.example"))))
    assert not fetches(hub, "assets.b.example")
    assert fetches(hub, "cdn.b.example")


def test_one_room_does_not_take_a_host_away_that_another_has():
    components = {"asset_policy": uploads(b="assets.b.example")}
    hub = with_policy(b="assets.b.example")
    members = hub.members
    hub.found({"alice": 4, "bob": 2}, "alice1", "bob1", components=components, room_id=MimiUri.room(HUB, "another"))
    hub.members = members
    accepted(hub.commit("alice1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    assert fetches(hub, "assets.b.example")


def test_rooms_of_other_hubs_say_nothing():
    components = {"asset_policy": uploads(c="assets.c.example")}
    hub = FollowedHub().found({"alice": 4, "carl": 2}, "alice1", "carl1", components=components)
    hub.follower.follow()
    with hub.follower.storage.transaction() as transaction:
        assert hub.follower.provider.asset_hosts(transaction) == frozenset()
