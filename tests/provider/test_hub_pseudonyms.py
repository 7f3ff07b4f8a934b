"""Rooms whose users have pseudonyms, as far as the draft says how they work (PROTO 6, AMB-132)."""

from dataclasses import replace
from uuid import UUID

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.provider.messages import LocalRequestError
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities
from mimi_conformance.reference.wire.mls.proposals import Remove
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate, UserRolePair
from mimi_conformance.reference.wire.protocol.pseudonym import PseudonymousCredential
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode
from tests.exercised import exercises
from tests.mls.group_examples import Client
from tests.provider.hub_scene import Capable, Hub
from tests.provider.test_hub_departures import delete
from tests.provider.test_hub_group_info import Code as GroupInfoCode
from tests.provider.test_hub_group_info import ask
from tests.provider.test_hub_submit_message import accepted as submitted
from tests.provider.test_hub_submit_message import encrypted, submit
from tests.provider.test_hub_update import accepted
from tests.room.house import ROOM, client, domain, update


def uuid(name: str) -> str:
    return str(UUID(bytes=name.encode().ljust(16), version=4))


def pseudonym(name: str) -> MimiUri:
    """What the user of a client is called in the room: `bob1` and `bob2` are clients of the same."""
    return MimiUri.pseudonym(domain(name), uuid(name.rstrip("0123456789")))


class Masked(Capable):
    """A client whose credential holds pseudonyms only."""

    credential_key: bytes | None = None

    @property
    def credential(self) -> Credential:
        name = MimiUri.parse(self.name)
        user, number = name.path
        key = self.credential_key or parameters(self.suite).signature.public_key(self.signature_private_key)
        mine = PseudonymousCredential(
            IdentifierUri(f"mimi://{name.provider}/d/{uuid(user + number)}".encode()),
            IdentifierUri(bytes(pseudonym(user))),
            key,
            b"for those in the room only",
        )
        return Credential(credential_type=CredentialType.pseudonymous, pseudonymous=mine)

    @property
    def capabilities(self) -> Capabilities:
        mine = super().capabilities
        return replace(mine, credentials=(*mine.credentials, CredentialType.pseudonymous))


def masked(name: str) -> Client:
    plain = client(name)
    return Masked(plain.name, plain.suite, plain.application)


def roles(**names: int) -> dict[str, int]:
    return {pseudonym(name).text.removeprefix("mimi://"): role for name, role in names.items()}


def found(**base) -> Hub:
    everybody = roles(alice=4, bob=2, carol=3)
    base = {"pseudonyms_allowed": True} | base
    return Hub(client=masked).found(everybody, "alice1", "alice2", "bob1", "carol1", base=base)


@pytest.fixture
def hub() -> Hub:
    return found()


@exercises("PROTO-6-01", "PROTO-6.1-01", "PROTO-6.1-02", "PROTO-6.1-04", "PROTO-6.1-05", "POLICY-5-19")
def test_a_room_has_pseudonyms_for_participants_and_in_all_credentials(hub):
    participants = hub.room().state.committed.participants
    assert [entry.user for entry in participants.entries] == [
        bytes(pseudonym(each)) for each in ("alice", "bob", "carol")
    ]
    assert len(participants.clients(bytes(pseudonym("alice")))) == 2
    assert b"/u/" not in hub.room().state.group.context.encode()


def test_its_events_reach_everybody_as_in_any_room(hub):
    hub.delivered("alice1")
    message = encrypted(hub, "alice1")
    submitted(submit(hub, "alice1", message, sender=pseudonym("alice").text))
    assert [event.message for event in hub.notified("b.example")] == [message]
    message = encrypted(hub, "bob1")
    submitted(submit(hub, "bob1", message, sender=pseudonym("bob").text))
    assert [event.message for event in hub.delivered("alice1")] == [message]
    accepted(hub.commit("bob1"))
    assert [event.event for event in hub.delivered("alice1")] == [FanoutEvent.commit]


def test_a_new_client_joins_under_the_pseudonym_of_its_user(hub):
    accepted(hub.join("carol2"))
    accepted(hub.join("alice3"))
    accepted(hub.commit("bob1"))
    assert [event.event for event in hub.delivered("alice3")] == [FanoutEvent.commit]
    assert hub.join("dora1").response_code is UpdateResponseCode.not_allowed


def test_whoever_is_removed_by_pseudonym_is_gone(hub):
    leaf = Remove(hub.group("bob1").leaf_index)
    accepted(hub.commit("carol1", leaf, update("participant_list", ParticipantListUpdate(removed_indices=(1,)))))
    assert bytes(pseudonym("bob")) not in hub.room().state.committed.participants
    assert [event.event for event in hub.notified("b.example")] == [FanoutEvent.commit]


def test_a_pseudonym_is_added_by_name(hub):
    new = ParticipantListUpdate(added_participants=(UserRolePair(bytes(pseudonym("dora")), 2),))
    accepted(hub.commit("carol1", update("participant_list", new)))
    accepted(hub.join("dora1"))


def test_the_group_info_is_for_those_who_could_join(hub):
    assert ask(hub, "bob2", asking=masked("bob2")).response.status is GroupInfoCode.success
    assert ask(hub, "dora1", asking=masked("dora1")).response.status is GroupInfoCode.not_authorized
    thief = masked("bob2")
    thief.credential_key = b"another key"
    assert ask(hub, "bob2", asking=thief).response.status is GroupInfoCode.not_authorized


@exercises("POLICY-5-20")
def test_where_pseudonyms_are_not_allowed_there_is_no_such_room():
    with pytest.raises(LocalRequestError, match="is a pseudonym"):
        found(pseudonyms_allowed=False)


def test_a_local_user_who_is_deleted_leaves_under_its_pseudonym():
    hub = Hub(client=masked).found(
        roles(alice=4, adam=2) | {"hub.example": 5}, "alice1", "adam1", base={"pseudonyms_allowed": True}
    )
    accepted(hub.join("adam2"))
    delete(hub, "adam")
    with hub.storage.transaction() as transaction:
        assert transaction.departures(ROOM) == (bytes(pseudonym("adam")),)
