"""What the operator of a hub chooses about downloads of assets (PROTO 5.10)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mimi_conformance.reference.identity.domain import provider_domain


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """Whose assets a hub fetches for its peers, and within which bounds.

    Attributes:
        asset_hosts: where each peer provider keeps its assets: its domain, and the names of its asset hosts (AMB-127).
            Nothing else can be reached through this hub; without any, everything is refused.
        largest_bytes: largest asset that is passed on.
        largest_oblivious_bytes: largest one that is passed on encapsulated, for which it has to be in memory.
        wait_seconds: how long an asset host may take to connect, and then for each part of its answer.
        total_seconds: how long a download may take altogether.
        most_at_once: how many downloads go on at once; the next ones wait.
        most_redirections: how many redirections are followed, each to an asset host (AMB-128).

    Raises:
        IdentifierError: a provider domain or an asset host is no domain name.

    """

    asset_hosts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    largest_bytes: int = 256 * 1024 * 1024
    largest_oblivious_bytes: int = 16 * 1024 * 1024
    wait_seconds: float = 10.0
    total_seconds: float = 300.0
    most_at_once: int = 32
    most_redirections: int = 3

    def __post_init__(self) -> None:
        for provider, hosts in self.asset_hosts.items():
            for domain in (provider, *hosts):
                provider_domain(domain)
