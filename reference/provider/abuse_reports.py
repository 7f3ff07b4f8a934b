"""Reports of abuse that a hub has taken, for whoever acts on them."""

from dataclasses import dataclass

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """A report, and what the hub thinks of it.

    Attributes:
        room: the room that it is about.
        source: the provider that it came from.
        received: when, in milliseconds of the Unix epoch.
        report: the report.
        doubts: for each of its messages why nothing shows that the alleged abuser sent it; empty where it is proven.

    """

    room: MimiUri
    source: str
    received: int
    report: AbuseReport
    doubts: tuple[str, ...]
