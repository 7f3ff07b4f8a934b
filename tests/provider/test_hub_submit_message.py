"""submitMessage at a hub: what it takes, whom it tells, and what it stamps (PROTO 5.4)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.features import Uris, plain_text, say
from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.commitment import FRANK_AAD
from mimi_conformance.reference.content.franking.commitment import commit as commitment
from mimi_conformance.reference.content.franking.verification import Received, verify
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.mls.group.group_processing import ReceivedApplicationData, process
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.mls.app_data import ComponentsList
from mimi_conformance.reference.wire.mls.framing import ContentType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import ReInit, Remove
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from tests.exercised import exercises
from tests.mls.group_examples import NOW, SUITE
from tests.provider.hub_scene import HUB, ROOM, Hub, asker
from tests.provider.test_hub_update import Untouched
from tests.provider.test_hub_update import accepted as updated
from tests.room.component_examples import OPERATIONAL
from tests.room.house import user

ROLES = {"alice": 4, "adam": 2, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "alice2", "adam1", "bob1", "carol1")
Code = SubmitResponseCode


@pytest.fixture
def hub() -> Hub:
    return Hub().found(ROLES, *CLIENTS)


def stamping_hub() -> Hub:
    """A hub that is the franking agent of its room."""
    hub = Hub()
    components = {
        "franking_signature_key": hub.provider.franking_agent(SUITE),
        "safe_aad": ComponentsList(()),
    }
    hub.found(ROLES, "alice1", components=components)
    updated(hub.commit("alice1", newcomers=("bob1", "carol1"), framing=Framing(authenticated_data=encode_safe_aad({}))))
    hub.notified("b.example"), hub.notified("c.example")
    return hub


@pytest.fixture
def stamping() -> Hub:
    return stamping_hub()


def encrypted(hub: Hub, name: str, data: bytes = b"hello", **how) -> MLSMessage:
    """An application message of a member."""
    sender, group = hub.members[name]
    message, after = send(group, data, random=sender.random, **how)
    hub.members[name] = sender, after
    return message


def committed(hub: Hub, name: str, text: str = "You are all fools.") -> MLSMessage:
    """An application message of a member who vouches for what it says."""
    uris = Uris(user(name).decode(), ROOM.text)
    data = encode_content(say(plain_text(text), salt=bytes(16), uris=uris))
    return encrypted(hub, name, data, authenticated_data=encode_safe_aad(commitment(data, None)))


def submit(
    hub: Hub, name: str, message: MLSMessage, *, sender: str | None = None, source: str | None = None
) -> SubmitMessageResponse:
    """Send a message as a client, through its provider or another one."""
    uri = user(name) if sender is None else sender.encode()
    request = SubmitMessageRequest(protocol=Protocol.mls10, app_message=message, sending_uri=IdentifierUri(uri))
    answer = hub.ask(Endpoint.SUBMIT_MESSAGE, request.encode(), source or asker(name))
    assert answer.status == 200, answer
    return SubmitMessageResponse.decode(answer.body)


def accepted(response: SubmitMessageResponse) -> SubmitMessageResponse:
    assert response.status_code is Code.accepted, response
    return response


def refused(hub: Hub, code: Code, *arguments, **how) -> SubmitMessageResponse:
    with Untouched(hub):
        response = submit(hub, *arguments, **how)
    assert response.status_code is code, response
    assert hub.notified("c.example") == ()
    return response


class TestAcceptance:
    @exercises("PROTO-5.4-07", "PROTO-5.4-09", "PROTO-5.4-10", "PROTO-5.4-13", "PROTO-5.4-19", "PROTO-3.4-02")
    def test_a_message_reaches_all_but_whoever_sent_it_as_it_was_sent(self, hub):
        message = encrypted(hub, "bob1")
        response = accepted(submit(hub, "bob1", message))
        assert (response.accepted_timestamp, response.frank, response.current_epoch) == (hub.now, None, None)
        told = [*hub.notified("c.example"), *(event for name in CLIENTS[:3] for event in hub.delivered(name))]
        assert told == [FanoutMessage(timestamp=hub.now, message=message)] * 4
        assert hub.notified("b.example") == ()

    @exercises("PROTO-5.5-02")
    def test_a_message_of_a_local_client_reaches_its_siblings_and_the_followers(self, hub):
        message = encrypted(hub, "alice1")
        accepted(submit(hub, "alice1", message))
        told = {name: hub.delivered(name) for name in CLIENTS[:3]}
        assert {name: [event.message for event in events] for name, events in told.items()} == {
            "alice1": [],
            "alice2": [message],
            "adam1": [message],
        }
        assert [len(hub.notified(each)) for each in ("b.example", "c.example", "d.example")] == [1, 1, 0]

    @exercises("PROTO-5.4-17")
    def test_a_request_that_comes_again_gets_the_same_answer_and_is_not_fanned_out_again(self, hub):
        message = encrypted(hub, "bob1")
        first = accepted(submit(hub, "bob1", message))
        hub.now += 5000
        assert submit(hub, "bob1", message) == first
        assert len(hub.notified("c.example")) == 1

    @exercises("PROTO-5.4-20", "PROTO-5.4-12", "POLICY-7.1-07")
    def test_a_message_may_be_as_old_as_the_room_tolerates(self):
        messages = replace(OPERATIONAL.app_message_policy, epoch_tolerance=1)
        policy = replace(OPERATIONAL, app_message_policy=messages, handshake_formats=())
        hub = Hub().found(ROLES, *CLIENTS, components={"mls_operational_policy": policy})
        first, second = encrypted(hub, "bob1", b"first"), encrypted(hub, "bob1", b"second")
        updated(hub.commit("carol1"))
        accepted(submit(hub, "bob1", first))
        updated(hub.commit("carol1"))
        assert submit(hub, "bob1", second).status_code is Code.epoch_too_old


class TestRefusals:
    @exercises("PROTO-5.4-12", "PROTO-5.4-16")
    def test_a_message_from_an_epoch_that_has_gone_is_too_old_and_the_answer_has_the_epoch(self, hub):
        message = encrypted(hub, "bob1")
        updated(hub.commit("bob1"))
        hub.notified("c.example")
        assert refused(hub, Code.epoch_too_old, "bob1", message).current_epoch == hub.epoch()

    @exercises("PROTO-5.4-11", "PROTO-5.4-16")
    def test_a_message_from_an_epoch_to_come_is_not_allowed(self, hub):
        made = hub.made_commit("bob1")
        message, _ = send(made.after, b"too soon", random=hub.client("bob1").random)
        refused(hub, Code.not_allowed, "bob1", message)

    @exercises("PROTO-5.4-03")
    def test_a_handshake_is_no_application_message(self, hub):
        refused(hub, Code.not_allowed, "bob1", hub.made_commit("bob1").message)

    @exercises("PROTO-5.4-03")
    def test_a_handshake_that_is_encrypted_is_none_either(self, hub):
        private = replace(encrypted(hub, "bob1").private_message, content_type=ContentType.proposal)
        refused(hub, Code.not_allowed, "bob1", MLSMessage.of(private))

    def test_a_message_to_a_group_that_has_ended_is_not_allowed(self, monkeypatch):
        monkeypatch.setattr(Group, "check_in_use", lambda _: None)  # the GroupInfo is of no use, but has to be there
        hub = Hub().found(ROLES, *CLIENTS, policy="strict")
        message = encrypted(hub, "bob1")
        extensions = hub.room().state.group.context.extensions
        updated(hub.propose("alice1", ReInit(b"next", ProtocolVersion.mls10, SUITE, extensions)))
        updated(hub.commit("carol1"))
        hub.notified("c.example")
        refused(hub, Code.not_allowed, "bob1", message)

    @exercises("PROTO-5.4-15")
    def test_a_message_to_another_group_is_not_allowed(self, hub):
        other = Hub().found(ROLES, *CLIENTS)
        message = encrypted(other, "bob1")
        private = replace(message.private_message, group_id=b"another group")
        refused(hub, Code.not_allowed, "bob1", MLSMessage.of(private))

    @pytest.mark.parametrize(
        "sender",
        [
            pytest.param("mimi://b.example/u/betty", id="who is not listed"),
            pytest.param("mimi://b.example/r/clubhouse", id="which is no user"),
            pytest.param("bob", id="which is no URI"),
            pytest.param("mimi://c.example/u/carol", id="of another provider"),
        ],
    )
    @exercises("PROTO-5.4-04", "PROTO-5.4-05", "PROTO-5.4.1.2-03")
    def test_a_sender(self, hub, sender):
        refused(hub, Code.not_allowed, "bob1", encrypted(hub, "bob1"), sender=sender)

    @exercises("PROTO-5.4-04")
    def test_a_participant_without_a_client_sends_nothing(self, hub):
        message = encrypted(hub, "bob1")
        refused(hub, Code.not_allowed, "bob1", message, sender=user("dora").decode(), source="d.example")

    @exercises("PROTO-5.4-06")
    def test_a_role_without_the_capability_sends_nothing(self):
        hub = Hub().found({"alice": 6, "bob": 2, "carol": 5}, "alice1", "bob1", "carol1", policy="moderated")
        refused(hub, Code.not_allowed, "bob1", encrypted(hub, "bob1"))
        accepted(submit(hub, "carol1", encrypted(hub, "carol1")))

    @exercises("PROTO-5.3-07", "PROTO-5.3-08")
    def test_who_is_leaving_neither_sends_nor_receives(self, hub):
        message = encrypted(hub, "bob1")
        updated(hub.propose("bob1", Remove(hub.group("bob1").leaf_index), hub.listed(removed=["bob"])))
        hub.notified("b.example"), hub.notified("c.example")
        refused(hub, Code.not_allowed, "bob1", message)
        late = encrypted(Hub().found(ROLES, *CLIENTS), "carol1")
        accepted(submit(hub, "carol1", late))
        assert hub.notified("b.example") == hub.notified(HUB) == ()

    @exercises("PROTO-5.3-07", "PROTO-5.3-08")
    def test_who_is_leaving_the_hub_receives_nothing_and_its_other_users_do(self, hub):
        updated(hub.propose("adam1", Remove(hub.group("adam1").leaf_index), hub.listed(removed=["adam"])))
        for name in CLIENTS[:3]:
            hub.delivered(name)
        late = encrypted(Hub().found(ROLES, *CLIENTS), "carol1")
        accepted(submit(hub, "carol1", late))
        told = {name: [event.message for event in hub.delivered(name)] for name in CLIENTS[:3]}
        assert told == {"alice1": [late], "alice2": [late], "adam1": []}

    @exercises("PROTO-5.4-18")
    def test_there_has_to_be_a_room(self, hub):
        request = SubmitMessageRequest(
            protocol=Protocol.mls10, app_message=encrypted(hub, "bob1"), sending_uri=IdentifierUri(user("bob"))
        )
        nowhere = MimiUri.room("hub.example", "nowhere").text
        with Untouched(hub):
            assert hub.ask(Endpoint.SUBMIT_MESSAGE, request.encode(), "b.example", nowhere).status == 404
            assert hub.ask(Endpoint.SUBMIT_MESSAGE, request.encode(), "b.example", user("bob").decode()).status == 400

    @exercises("PROTO-5.4-02")
    def test_what_is_no_request_is_refused(self, hub):
        with Untouched(hub):
            assert hub.ask(Endpoint.SUBMIT_MESSAGE, b"\1\0", "b.example").status == 400


class TestFranking:
    @exercises("PROTO-5.4-08", "PROTO-5.4-14", "PROTO-5.4.1.2-02", "PROTO-5.4.1.2-08", "PROTO-5.4.1.2-09")
    def test_a_message_with_a_tag_gets_a_frank_that_its_receivers_verify(self, stamping):
        response = accepted(submit(stamping, "bob1", committed(stamping, "bob1")))
        [event] = stamping.notified("c.example")
        assert response.frank is not None
        assert event.frank == response.frank
        group = stamping.group("carol1")
        message = process(group, event.message, NOW)
        assert isinstance(message, ReceivedApplicationData)
        sender = MimiUri.parse(user("bob"))
        received = Received(message.data, message.authenticated_data, sender, event.timestamp, event.frank)
        verified = verify(received, FrankingRoom.of(ROOM, SUITE, group.public.state.extensions))
        assert verified.context.accepted_timestamp == response.accepted_timestamp

    @exercises("PROTO-5.4.1.2-10")
    def test_the_followers_do_not_learn_who_has_sent_it(self, stamping):
        accepted(submit(stamping, "bob1", committed(stamping, "bob1")))
        [event] = stamping.notified("c.example")
        assert user("bob") not in event.encode()

    @exercises("PROTO-5.4.1.2-01")
    def test_without_an_agent_there_is_no_frank(self, hub):
        assert accepted(submit(hub, "bob1", committed(hub, "bob1"))).frank is None

    @exercises("PROTO-5.4-08")
    def test_without_a_tag_there_is_no_frank(self, stamping):
        message = encrypted(stamping, "bob1", authenticated_data=encode_safe_aad({}))
        assert accepted(submit(stamping, "bob1", message)).frank is None

    @exercises("PROTO-5.4.1.2-01")
    def test_a_tag_that_is_none_is_refused(self, stamping):
        message = encrypted(stamping, "bob1", authenticated_data=encode_safe_aad({FRANK_AAD: bytes(31)}))
        refused(stamping, Code.not_allowed, "bob1", message)
