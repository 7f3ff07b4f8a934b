"""What a provider can be in a room, and what it serves to others for that (PROTO 1, 5.1; AMB-017)."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

from mimi_conformance.reference.provider.messages import Endpoint, WellKnown


class Role(StrEnum):
    """What a provider can be in a room (PROTO 1)."""

    HUB = "hub"
    FOLLOWER = "follower"


EVERY_ROLE = frozenset(Role)
_HUB = frozenset({Role.HUB})
_FOLLOWER = frozenset({Role.FOLLOWER})

_SERVED_BY: Mapping[Endpoint | WellKnown, frozenset[Role]] = MappingProxyType(
    {
        WellKnown.DIRECTORY: EVERY_ROLE,
        # Whoever has users is asked about them; a hub is asked for users of others as well, and passes that on.
        Endpoint.KEY_MATERIAL: EVERY_ROLE,
        Endpoint.REQUEST_CONSENT: EVERY_ROLE,
        Endpoint.UPDATE_CONSENT: EVERY_ROLE,
        Endpoint.IDENTIFIER_QUERY: EVERY_ROLE,
        # About a room, and so for its hub.
        Endpoint.UPDATE: _HUB,
        Endpoint.SUBMIT_MESSAGE: _HUB,
        Endpoint.GROUP_INFO: _HUB,
        Endpoint.REPORT_ABUSE: _HUB,
        # Hubs have to fetch assets for their followers, in both ways (PROTO 5.10).
        Endpoint.PROXY_DOWNLOAD: _HUB,
        WellKnown.GATEWAY: _HUB,
        # From hubs.
        Endpoint.NOTIFY: _FOLLOWER,
    }
)


def serves(roles: Collection[Role], place: Endpoint | WellKnown) -> bool:
    """Whether a provider with these roles serves an endpoint or a well-known place."""
    return not _SERVED_BY[place].isdisjoint(roles)


def for_hubs_only(endpoint: Endpoint) -> bool:
    """Whether an endpoint is one that only hubs serve: whoever asks another provider there follows its rooms."""
    return _SERVED_BY[endpoint] == _HUB
