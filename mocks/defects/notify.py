"""Defects of a follower that is notified of the events of a room (PROTO 5.5, 3.2)."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.messages import Answer, Call, Outgoing, Refusal
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage

LARGEST_SECONDS = 2**32


class Choosy(Provider):
    """Refuses some events as if they could not be read; the class that derives from this one says which."""

    def fanout_messages(self, body: bytes) -> tuple[FanoutMessage, ...]:
        events = super().fanout_messages(body)
        if any(self.objects_to(event) for event in events):
            raise Refusal(HTTPStatus.BAD_REQUEST, "This can't be read.")
        return events

    def objects_to(self, event: FanoutMessage) -> bool:
        """Whether an event is refused."""
        raise NotImplementedError


@defect("takes-the-timestamp-for-seconds", breaks=("PROTO-5.5-12",))
class TakesTheTimestampForSeconds(Choosy):
    """Refuses events after a Welcome because they are from the far future: they were accepted in milliseconds."""

    def objects_to(self, event: FanoutMessage) -> bool:
        return event.message.welcome is None and event.timestamp > LARGEST_SECONDS


@defect("knows-no-frank", breaks=("PROTO-5.5-13",))
class KnowsNoFrank(Choosy):
    """Refuses application messages with a frank."""

    def objects_to(self, event: FanoutMessage) -> bool:
        return event.frank is not None


@defect("knows-no-tree-option", breaks=("PROTO-5.5-14",))
class KnowsNoTreeOption(Choosy):
    """Refuses a Welcome with a RatchetTreeOption."""

    def objects_to(self, event: FanoutMessage) -> bool:
        return event.ratchet_tree_option is not None


@defect("knows-no-further-proposals", breaks=("PROTO-5.5-15",))
class KnowsNoFurtherProposals(Choosy):
    """Refuses a proposal with its vector of further ones, also when that is empty."""

    def objects_to(self, event: FanoutMessage) -> bool:
        return event.more_proposals is not None


@defect("knows-no-external-proposals", breaks=("PROTO-5.5-16",))
class KnowsNoExternalProposals(Choosy):
    """Refuses a commit with its vector of external proposals, also when that is empty."""

    def objects_to(self, event: FanoutMessage) -> bool:
        return event.external_proposals is not None


@defect("answers-notify-with-a-body", breaks=("PROTO-5.5-24",))
class AnswersNotifyWithABody(Provider):
    """Says a word about each request that it is notified with."""

    def answer_to_notify(self, transaction: Transaction, call: Call, now: int) -> Answer:
        return replace(super().answer_to_notify(transaction, call, now), body=b"ok")


@defect("accepts-events-with-204", breaks=("PROTO-5.5-25", "PROTO-5.5-29"))
class AcceptsEventsWith204(Provider):
    """Answers 204, not 201."""

    def answer_to_notify(self, transaction: Transaction, call: Call, now: int) -> Answer:
        return replace(super().answer_to_notify(transaction, call, now), status=HTTPStatus.NO_CONTENT)


@defect("takes-one-event-per-request", breaks=("PROTO-5.5-10",))
class TakesOneEventPerRequest(Provider):
    """Refuses concatenated FanoutMessages."""

    def fanout_messages(self, body: bytes) -> tuple[FanoutMessage, ...]:
        events = super().fanout_messages(body)
        if len(events) > 1:
            raise Refusal(HTTPStatus.BAD_REQUEST, "One at a time.")
        return events


@defect("processes-one-event-per-request", breaks=("PROTO-5.5-11",))
class ProcessesOneEventPerRequest(Provider):
    """Accepts concatenated FanoutMessages, and processes the first."""

    def fanout_messages(self, body: bytes) -> tuple[FanoutMessage, ...]:
        return super().fanout_messages(body)[:1]


@defect("processes-events-backwards", breaks=("PROTO-5.5-11",))
class ProcessesEventsBackwards(Provider):
    """Processes the last of concatenated FanoutMessages first."""

    def fanout_messages(self, body: bytes) -> tuple[FanoutMessage, ...]:
        return super().fanout_messages(body)[::-1]


@defect("refuses-duplicates", breaks=("PROTO-5.5-29",))
class RefusesDuplicates(Provider):
    """Answers 409 to a request that it has had before."""

    def is_new(self, transaction: Transaction, call: Call, now: int) -> bool:
        if not super().is_new(transaction, call, now):
            raise Refusal(HTTPStatus.CONFLICT, "Again?")
        return True


@defect("processes-duplicates", breaks=("PROTO-5.5-30", "PROTO-5.5-31"))
class ProcessesDuplicates(Provider):
    """Delivers an event as often as it is notified of it."""

    def is_new(self, transaction: Transaction, call: Call, now: int) -> bool:
        return True


@defect("remembers-the-last-request-only", breaks=("PROTO-5.5-30", "PROTO-5.5-31"))
class RemembersTheLastRequestOnly(Provider):
    """Recognises a duplicate only right after the request that it repeats."""

    def __init__(self, settings: ProviderSettings, *rest: Any) -> None:
        super().__init__(replace(settings, seen_window=replace(settings.seen_window, count=1)), *rest)


@defect("hears-anybody-as-the-hub", breaks=("PROTO-5.5-32",))
class HearsAnybodyAsTheHub(Provider):
    """Takes events of a room from whatever provider."""

    def check_hub(self, source: str, room: MimiUri) -> None:
        pass


@defect("gives-an-unknown-welcome-to-everybody", breaks=("PROTO-5.5-34",))
class GivesAnUnknownWelcomeToEverybody(Provider):
    """Delivers a Welcome that names none of its KeyPackages to all of its clients."""

    def welcomed_clients(self, transaction: Transaction, welcome: Welcome) -> tuple[MimiUri, ...]:
        everybody = tuple(client for user in transaction.users() for client in user.clients)
        return super().welcomed_clients(transaction, welcome) or everybody


@defect("gives-a-welcome-to-all-clients-of-a-user", breaks=("PROTO-3.2-07", "PROTO-5.2-42"))
class GivesAWelcomeToAllClientsOfAUser(Provider):
    """Delivers a Welcome to the other clients of the user, too."""

    def welcomed_clients(self, transaction: Transaction, welcome: Welcome) -> tuple[MimiUri, ...]:
        named = super().welcomed_clients(transaction, welcome)
        return tuple(client for user in transaction.users() if {*named} & {*user.clients} for client in user.clients)


@defect("delivers-no-welcome", breaks=("PROTO-3.2-07", "PROTO-3.2-08", "PROTO-5.2-42"))
class DeliversNoWelcome(Provider):
    """Notes who is in a room, and keeps the Welcome."""

    def recipients(self, transaction: Transaction, room: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        recipients = super().recipients(transaction, room, event)
        return () if event.message.welcome else recipients


@defect("delivers-a-welcome-without-its-tree", breaks=("PROTO-3.2-08",))
class DeliversAWelcomeWithoutItsTree(Provider):
    """Cuts the tree off a Welcome before it is delivered."""

    def delivered(self, event: FanoutMessage) -> bytes:
        tree = event.ratchet_tree_option
        return super().delivered(event) if tree is None else super().delivered(event).removesuffix(tree.encode())


@defect("delivers-to-one-client", breaks=("ARCH-2-06", "ARCH-5.4-04"))
class DeliversToOneClient(Provider):
    """Delivers an event to the first client in the room, and lets the others wait."""

    def recipients(self, transaction: Transaction, room: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        return super().recipients(transaction, room, event)[:1]


@defect("delivers-to-everybody", breaks=("ARCH-5.4-04",))
class DeliversToEverybody(Provider):
    """Delivers an event to all of its clients, whatever rooms they are in."""

    def recipients(self, transaction: Transaction, room: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        super().recipients(transaction, room, event)
        return tuple(client for user in transaction.users() for client in user.clients)


@defect("refuses-its-own-messages", breaks=("PROTO-5.5-20",))
class RefusesItsOwnMessages(Provider):
    """Refuses an event with a message that one of its own clients has sent."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self._sent: list[bytes] = []

    def accept_own_request(self, transaction: Transaction, user: MimiUri, outgoing: Outgoing) -> None:
        super().accept_own_request(transaction, user, outgoing)
        self._sent.append(outgoing.body)

    def fanout_messages(self, body: bytes) -> tuple[FanoutMessage, ...]:
        events = super().fanout_messages(body)
        if any(event.message.encode() in sent for event in events for sent in self._sent):
            raise Refusal(HTTPStatus.CONFLICT, "That is ours.")
        return events
