"""A provider vouches for the names under which its clients act, wherever nobody else can see who they are (PROTO 5)."""

import pytest

from mimi_conformance.reference.content.franking.abuse_report import NOBODY
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.external_join import join_externally
from mimi_conformance.reference.mls.group.external_proposals import propose_own_addition
from mimi_conformance.reference.provider.messages import Endpoint, LocalRequestError
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport, AbuseType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.reference.wire.protocol.update import HandshakeBundle, UpdateRequest
from tests.exercised import exercises
from tests.mls.group_examples import NOW
from tests.provider.follower_scene import FOLLOWER, FollowedHub
from tests.provider.hub_scene import HUB, ROOM, Hub, bundle_of, tree_of
from tests.provider.test_hub_submit_message import encrypted
from tests.provider.test_hub_update import Untouched
from tests.room.house import client, user

PSEUDONYM = "mimi://b.example/p/d4f0c2c6-2b1c-4a52-9e5e-0a4d0f6f7a11"


@pytest.fixture
def hub() -> FollowedHub:
    hub = FollowedHub().found({"alice": 4, "adam": 2, "bob": 2, "beth": 2}, "alice1", "adam1", "bob1", "beth1")
    hub.follower.put_in("bob1", "beth1")
    hub.follower.follow()
    return hub


def message(hub: Hub, sending_uri: bytes) -> bytes:
    return SubmitMessageRequest(
        protocol=Protocol.mls10, app_message=encrypted(hub, "bob1"), sending_uri=IdentifierUri(sending_uri)
    ).encode()


def report(reporting: IdentifierUri) -> bytes:
    return AbuseReport(reporting, IdentifierUri(user("alice")), AbuseType.reserved, b"", ()).encode()


def joining(hub: Hub, name: str) -> bytes:
    """An external commit of a client that is not in the group."""
    newcomer, (_, group) = client(name), hub.members["alice1"]
    joined = join_externally(
        hub.room().group_info,
        newcomer.template,
        newcomer.signature_private_key,
        newcomer.application,
        now=NOW,
        random=newcomer.random,
        tree=tree_of(group),
    )
    return UpdateRequest(bundle_of(joined.message, joined.group)).encode()


def own_addition(hub: Hub, name: str) -> bytes:
    newcomer = client(name)
    context = hub.room().state.group.context
    added = propose_own_addition(context, newcomer.key_package().key_package, newcomer.signature_private_key)
    return UpdateRequest(HandshakeBundle(proposal_or_commit=MLSMessage.of(added), more_proposals=())).encode()


def refused(hub: FollowedHub, endpoint: Endpoint, body: bytes) -> str:
    with Untouched(hub), pytest.raises(LocalRequestError) as caught:
        hub.follower.ask("bob1", endpoint, body)
    return str(caught.value)


@exercises("PROTO-5.4.1.1-06", "PROTO-5.4-04")
def test_a_message_is_sent_in_the_name_of_its_user(hub):
    answer = hub.follower.ask("bob1", Endpoint.SUBMIT_MESSAGE, message(hub, user("bob")))
    assert SubmitMessageResponse.decode(answer.body).status_code is SubmitResponseCode.accepted
    for other in (user("beth"), user("alice"), bytes(hub.uri("bob1")), b"bob", PSEUDONYM.replace("b.", "c.").encode()):
        refused(hub, Endpoint.SUBMIT_MESSAGE, message(hub, other))
    assert "can't act in the name of" in refused(hub, Endpoint.SUBMIT_MESSAGE, message(hub, user("beth")))


@exercises("PROTO-5.4.1.1-06")
def test_at_the_hub_as_well(hub):
    with Untouched(hub), pytest.raises(LocalRequestError, match="can't act in the name of"):
        hub.ask(Endpoint.SUBMIT_MESSAGE, message(hub, user("adam")), "alice1")


def test_a_report_is_made_in_the_name_of_its_user_or_of_nobody(hub):
    for own in (IdentifierUri(user("bob")), NOBODY):
        assert hub.follower.ask("bob1", Endpoint.REPORT_ABUSE, report(own)).status == 201
    refused(hub, Endpoint.REPORT_ABUSE, report(IdentifierUri(user("beth"))))


@pytest.mark.parametrize("join", [joining, own_addition])
def test_nobody_joins_as_a_client_of_somebody_else(hub, join):
    assert "can't act in the name of" in refused(hub, Endpoint.UPDATE, join(hub, "beth2"))
    assert hub.follower.ask("bob1", Endpoint.UPDATE, join(hub, "bob2")).status == 200


def test_pseudonyms_are_believed_of_clients_of_this_provider_only(hub):
    provider = hub.follower.provider
    bob = MimiUri.parse(user("bob"))
    provider.check_own_name(bob, MimiUri.parse(PSEUDONYM))
    for elsewhere in (PSEUDONYM.replace(FOLLOWER, HUB), f"mimi://{FOLLOWER}/u/beth", ROOM.text):
        with pytest.raises(LocalRequestError):
            provider.check_own_name(bob, MimiUri.parse(elsewhere))
