"""Defects in what consent does: whose KeyPackages a requester gets, and for which room (PROTO 5.2, 5.7, 8)."""

from collections.abc import Mapping
from dataclasses import replace

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import LocalService, UserChange
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction


def granted(transaction: Transaction, requester: MimiUri, target: MimiUri) -> Mapping[MimiUri | None, bool]:
    """What a user has decided about a requester, by room; None for any room."""
    return {decision.room: decision.granted for decision in transaction.decisions(requester, target)}


@defect(
    "needs-no-consent",
    breaks=("PROTO-3.2-03", "PROTO-3.2-10", "PROTO-5.2-25", "PROTO-5.2-48", "PROTO-5.7-08", "PROTO-5.7-33"),
)
class NeedsNoConsent(Provider):
    """Gives KeyPackages to everybody who asks."""

    def has_consent(self, transaction: Transaction, requester: MimiUri, target: MimiUri, room: MimiUri | None) -> bool:
        return True


@defect("honours-no-grant", breaks=("PROTO-5.7-33",))
class HonoursNoGrant(Provider):
    """Gives KeyPackages to nobody."""

    def has_consent(self, transaction: Transaction, requester: MimiUri, target: MimiUri, room: MimiUri | None) -> bool:
        return False


@defect("takes-consent-for-one-room-for-all", breaks=("PROTO-5.7-09", "PROTO-5.7-10", "PROTO-8-02", "PROTO-8-03"))
class TakesConsentForOneRoomForAll(Provider):
    """Does not look at the room that consent is for."""

    def has_consent(self, transaction: Transaction, requester: MimiUri, target: MimiUri, room: MimiUri | None) -> bool:
        return any(granted(transaction, requester, target).values())


@defect("wants-consent-room-by-room", breaks=("PROTO-5.7-09", "PROTO-8-02", "PROTO-8-03"))
class WantsConsentRoomByRoom(Provider):
    """Does not let consent for any room count in one."""

    def has_consent(self, transaction: Transaction, requester: MimiUri, target: MimiUri, room: MimiUri | None) -> bool:
        return granted(transaction, requester, target).get(room, False)


@defect("takes-one-users-consent-for-all", breaks=("PROTO-5.7-10",))
class TakesOneUsersConsentForAll(Provider):
    """Gives everybody's KeyPackages to those to whom one user has granted consent."""

    def has_consent(self, transaction: Transaction, requester: MimiUri, target: MimiUri, room: MimiUri | None) -> bool:
        has_consent = super().has_consent
        return any(has_consent(transaction, requester, user.uri, room) for user in transaction.users())


@defect("revokes-nothing", breaks=("PROTO-5.2-48", "PROTO-8-02"))
class RevokesNothing(LocalService):
    """Does not listen when a user revokes consent."""

    def change_user(self, change: UserChange) -> None:
        grants = tuple(decision for decision in change.consent if decision.granted)
        super().change_user(replace(change, consent=grants))
