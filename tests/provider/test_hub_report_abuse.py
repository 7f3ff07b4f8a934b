"""reportAbuse at a hub: what it takes, and what the franks prove to it (PROTO 5.9)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.content.franking.abuse_report import NOBODY, report
from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.verification import FrankedMessage, Received, verify
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_processing import ReceivedApplicationData, process
from mimi_conformance.reference.provider.messages import Answer, Endpoint, LocalRequestError
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport, AbuseType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from tests.exercised import exercises
from tests.mls.group_examples import NOW, SUITE
from tests.provider.hub_scene import HUB, ROOM, Hub
from tests.provider.test_hub_submit_message import accepted, committed, stamping_hub, submit
from tests.provider.test_hub_update import Untouched
from tests.provider.test_hub_update import accepted as updated
from tests.room.house import user

BOB = MimiUri.parse(user("bob"))
CAROL = MimiUri.parse(user("carol"))


@pytest.fixture
def stamping() -> Hub:
    """A hub that is the franking agent of its room."""
    return stamping_hub()


def heard(hub: Hub, text: str = "You are all fools.") -> FrankedMessage:
    """What Bob says, as Carol's client has verified it."""
    accepted(submit(hub, "bob1", committed(hub, "bob1", text)))
    [event] = hub.notified("c.example")
    carol, group = hub.members["carol1"]
    message = process(group, event.message, NOW)
    assert isinstance(message, ReceivedApplicationData)
    hub.members["carol1"] = carol, message.group
    received = Received(message.data, message.authenticated_data, BOB, event.timestamp, event.frank)
    return verify(received, FrankingRoom.of(ROOM, SUITE, group.public.state.extensions))


def send(hub: Hub, made: AbuseReport | bytes, *, source: str = "c.example", room: str = ROOM.text) -> Answer:
    return hub.ask(Endpoint.REPORT_ABUSE, made if isinstance(made, bytes) else made.encode(), source, room)


def taken(hub: Hub, made: AbuseReport, **how) -> tuple[str, ...]:
    """The doubts about the messages in a report that the hub takes."""
    answer = send(hub, made, **how)
    assert (answer.status, answer.body, answer.reason) == (201, b"", "")
    return hub.service.abuse_reports()[-1].doubts


def refused(hub: Hub, made: AbuseReport | bytes, **how) -> int:
    with Untouched(hub):
        answer = send(hub, made, **how)
    assert hub.service.abuse_reports() == ()
    return answer.status


class TestTaken:
    @exercises("PROTO-5.9-01", "PROTO-5.9-09", "PROTO-5.9-15", "PROTO-5.9-10", "PROTO-5.9-11", "PROTO-5.9-12")
    def test_a_report_with_franked_messages_proves_them(self, stamping):
        messages = [heard(stamping), heard(stamping, "Fools!")]
        made = report(BOB, messages, reporting_user=CAROL, note="Twice today.")
        stamping.now += 5000
        assert taken(stamping, made) == ("", "")
        [received] = stamping.service.abuse_reports()
        assert (received.room, received.source, received.received, received.report) == (
            ROOM,
            "c.example",
            stamping.now,
            made,
        )

    @exercises("PROTO-5.9-03", "PROTO-5.9-06", "PROTO-5.9-07")
    def test_its_author_its_note_and_its_messages_can_be_missing(self, stamping):
        assert taken(stamping, report(BOB, [])) == ()

    @exercises("PROTO-5.9-05")
    def test_every_reason_is_understood(self, stamping):
        assert taken(stamping, report(BOB, [], reason_code=AbuseType(7))) == ()

    def test_a_message_that_is_not_what_was_said_proves_nothing(self, stamping):
        made = report(BOB, [heard(stamping)])
        [message] = made.messages
        later = replace(message, accepted_timestamp=message.accepted_timestamp + 1)
        [doubt] = taken(stamping, replace(made, messages=(later,)))
        assert "The server_frank is the one that the hub makes" in doubt

    @exercises("PROTO-5.9-04")
    def test_a_message_of_somebody_else_proves_nothing(self, stamping):
        made = replace(report(BOB, [heard(stamping)]), alleged_abuser_uri=IdentifierUri(user("alice")))
        [doubt] = taken(stamping, made)
        assert "The message's sender is the alleged abuser" in doubt

    def test_what_was_heard_in_epochs_that_have_gone_still_counts(self, stamping):
        made = report(BOB, [heard(stamping)])
        updated(stamping.commit("alice1", framing=Framing(authenticated_data=encode_safe_aad({}))))
        assert taken(stamping, made) == ("",)

    def test_a_report_that_comes_again_is_kept_once(self, stamping):
        made = report(BOB, [heard(stamping)])
        taken(stamping, made)
        stamping.now += 1000
        taken(stamping, made)
        assert len(stamping.service.abuse_reports()) == 1

    def test_a_local_client_reports_to_its_own_provider(self, stamping):
        made = report(BOB, [], reporting_user=MimiUri.parse(user("alice")))
        assert taken(stamping, made, source="alice1") == ()


class TestRefused:
    @exercises("POLICY-8.3-04")
    def test_an_author_without_the_capability(self):
        hub = Hub().found({"alice": 4, "bob": 1, "carol": 2}, "alice1", "carol1")
        abuser = MimiUri.parse(user("alice"))
        assert refused(hub, report(abuser, [], reporting_user=BOB), source="b.example") == 403
        stranger = MimiUri.parse(user("boris"))
        assert refused(hub, report(abuser, [], reporting_user=stranger), source="b.example") == 403
        assert taken(hub, report(abuser, [], reporting_user=CAROL)) == ()

    def test_an_author_of_another_provider(self, stamping):
        assert refused(stamping, report(BOB, [], reporting_user=CAROL), source="b.example") == 403

    @exercises("PROTO-5.9-14")
    def test_an_author_who_is_no_user(self, stamping):
        for author in (b"carol", ROOM.text.encode()):
            made = replace(report(BOB, []), reporting_user=IdentifierUri(author))
            assert refused(stamping, made) == 400

    @exercises("PROTO-5.9-04", "PROTO-5.9-14")
    def test_an_alleged_abuser_who_is_no_user(self, stamping):
        assert refused(stamping, replace(report(BOB, []), alleged_abuser_uri=NOBODY)) == 400

    @exercises("PROTO-5.9-06", "PROTO-5.9-14")
    def test_a_note_that_is_no_text(self, stamping):
        assert refused(stamping, replace(report(BOB, []), note=b"\xff")) == 400

    @exercises("PROTO-5.9-13", "PROTO-5.9-14")
    def test_extensions_that_are_not_in_order(self, stamping):
        components = ComponentData(2, b""), ComponentData(1, b"")
        assert refused(stamping, replace(report(BOB, []), abuse_extensions=AppDataDictionary(components))) == 400

    @exercises("PROTO-5.9-02", "PROTO-5.9-08", "PROTO-5.9-14")
    def test_what_is_no_report(self, stamping):
        body = report(BOB, [heard(stamping)]).encode()
        for damaged in (b"", body[:-1], body + b"\0"):
            assert refused(stamping, damaged) == 400

    @exercises("PROTO-5.9-01")
    def test_a_report_about_no_room_of_this_hub(self, stamping):
        made = report(BOB, [])
        assert refused(stamping, made, room=f"mimi://{HUB}/r/nowhere") == 404
        assert refused(stamping, made, room="mimi://b.example/r/clubhouse") == 404
        assert refused(stamping, made, room=BOB.text) == 400


@exercises("PROTO-5.9-01")
def test_a_provider_sends_reports_of_its_clients_to_the_hub_only(stamping):
    with pytest.raises(LocalRequestError, match=r"hub\.example"):
        stamping.service.request(
            stamping.uri("alice1"), Endpoint.REPORT_ABUSE, "b.example", ROOM.text, report(BOB, []).encode()
        )
