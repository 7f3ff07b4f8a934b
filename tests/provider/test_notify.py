"""notify as a follower: who may send what, what reaches which client, and duplicates (PROTO 5.5)."""

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.storage import SeenWindow
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.mls.group import EncryptedGroupSecrets, Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.ratchet_tree_options import (
    RatchetTreeOption,
    RatchetTreeRepresentation,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from tests.exercised import exercises
from tests.provider.conftest import make_provider

ALICE = MimiUri.user("a.example", "alice")
PHONE = MimiUri.client("a.example", "alice", "phone")
DESK = MimiUri.client("a.example", "alice", "desk")
CLUBHOUSE = MimiUri.room("b.example", "clubhouse")
OTHER_ROOM = MimiUri.room("b.example", "other")
SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
TREE = RatchetTreeOption(representation=RatchetTreeRepresentation.distribution_service)


def welcome(*references: bytes, timestamp=1) -> FanoutMessage:
    secrets = tuple(EncryptedGroupSecrets(reference, HPKECiphertext(b"", b"")) for reference in references)
    message = MLSMessage.of(Welcome(SUITE, secrets, b""))
    return FanoutMessage(timestamp=timestamp, message=message, ratchet_tree_option=TREE)


def application(text: bytes = b"hello", content_type=ContentType.application) -> FanoutMessage:
    return FanoutMessage(timestamp=2, message=MLSMessage.of(PrivateMessage(b"group", 1, content_type, b"", b"", text)))


def notify(world, *events: FanoutMessage, room=CLUBHOUSE, **options):
    return world.post("notify", str(room), b"".join(event.encode() for event in events), **options)


@pytest.fixture
def joined(world):
    """Alice's phone has been welcomed to the clubhouse."""
    key_package = world.key_package(PHONE)
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(PHONE, (key_package,)),)))
    assert notify(world, welcome(key_package_ref(key_package))).status == 201
    return world


@exercises("PROTO-3.2-07", "PROTO-3.2-08", "PROTO-5.2-42")
def test_a_welcome_reaches_the_client_it_names(joined):
    [delivery] = joined.inbox()
    assert (delivery.kind, delivery.provider, delivery.room) == (DeliveryKind.FANOUT, "b.example", CLUBHOUSE)
    assert delivery.body == welcome(key_package_ref(joined.key_package(PHONE))).encode()
    assert joined.inbox(DESK) == ()


@exercises("PROTO-5.5-34")
def test_a_welcome_for_unknown_key_packages_reaches_nobody(world):
    answer = notify(world, welcome(b"unknown", bytes(32)))
    assert (answer.status, answer.body) == (201, b"")
    assert world.inbox() == world.inbox(DESK) == ()


def test_a_welcome_that_names_a_client_twice_reaches_it_once(joined):
    reference = key_package_ref(joined.key_package(PHONE))
    notify(joined, welcome(reference, reference, b"unknown"))
    assert len(joined.inbox()) == 2


@exercises("PROTO-5.5-04", "PROTO-5.5-24", "PROTO-5.5-25")
def test_messages_of_a_room_reach_the_clients_in_it_in_order(joined):
    texts = [b"one", b"two", b"three"]
    assert notify(joined, *map(application, texts[:2])).status == 201
    assert notify(joined, application(texts[2])).status == 201
    assert [delivery.body for delivery in joined.inbox()[1:]] == [application(text).encode() for text in texts]
    assert joined.inbox(DESK) == ()


def test_a_message_after_a_welcome_in_the_same_body_is_delivered_too(world):
    key_package = world.key_package(PHONE)
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(PHONE, (key_package,)),)))
    notify(world, application(b"before"), welcome(key_package_ref(key_package)), application(b"after"))
    assert [delivery.body for delivery in world.inbox()][1:] == [application(b"after").encode()]


def test_messages_of_other_rooms_stay_away(joined):
    assert notify(joined, application(), room=OTHER_ROOM).status == 201
    assert len(joined.inbox()) == 1


@exercises("PROTO-5.5-29", "PROTO-5.5-30", "PROTO-5.5-31")
def test_a_duplicate_is_answered_again_and_processed_once(joined):
    answers = [notify(joined, application()) for _ in range(3)]
    assert [(answer.status, answer.body) for answer in answers] == [(201, b"")] * 3
    assert len(joined.inbox()) == 2


def test_the_same_body_for_another_room_is_no_duplicate(joined):
    reference = key_package_ref(joined.key_package(PHONE))
    notify(joined, welcome(reference), room=OTHER_ROOM)
    for room in (CLUBHOUSE, OTHER_ROOM):
        notify(joined, application(), room=room)
    assert [delivery.room for delivery in joined.inbox()[2:]] == [CLUBHOUSE, OTHER_ROOM]


def with_window(world, window: SeenWindow):
    world.use(make_provider(seen_window=window))


@exercises("PROTO-5.5-31")
def test_bodies_are_forgotten_when_newer_ones_push_them_out(joined):
    with_window(joined, SeenWindow(count=2))
    for text in (b"1", b"2", b"1", b"3", b"1"):
        notify(joined, application(text))
    delivered = [delivery.body for delivery in joined.inbox()[1:]]
    assert delivered == [application(text).encode() for text in (b"1", b"2", b"3", b"1")]


def test_bodies_are_forgotten_with_age(joined):
    with_window(joined, SeenWindow(milliseconds=1000))
    for now in (0, 999, 1000, 1500):
        notify(joined, application(), now=joined.now + now)
    assert len(joined.inbox()) == 3


@exercises("PROTO-5.5-31")
def test_one_hub_does_not_push_out_the_bodies_of_another(joined):
    with_window(joined, SeenWindow(count=2))
    notify(joined, application())
    theirs = MimiUri.room("c.example", "theirs")
    for text in (b"1", b"2", b"3"):
        notify(joined, application(text), room=theirs, source="c.example")
    notify(joined, application())
    assert len(joined.inbox()) == 2


@exercises("PROTO-5.5-32")
def test_only_the_hub_of_a_room_notifies(joined):
    before = joined.dump()
    answer = notify(joined, application(), source="c.example")
    assert (answer.status, answer.body) == (403, b"")
    assert joined.dump() == before


@pytest.mark.parametrize("room", ["mimi://b.example/u/bob", "mimi://b.example/g/clubhouse", "mimi://b.example", "x"])
def test_the_path_must_name_a_room(joined, room):
    assert notify(joined, application(), room=room).status == 400


BAD_BODIES = {
    "nothing": b"",
    "truncated": application().encode()[:-1],
    "trailing byte": application().encode() + b"\0",
    "good then bad": application().encode() + welcome().encode()[:-1],
    "private commit": bytearray(application().encode()),
}
BAD_BODIES["private commit"][BAD_BODIES["private commit"].index(b"group") + 5 + 8] = ContentType.commit


@exercises("PROTO-5.5-33")
@pytest.mark.parametrize("kind", BAD_BODIES)
def test_a_bad_body_is_refused_as_a_whole(joined, kind):
    before = joined.dump()
    answer = joined.post("notify", str(CLUBHOUSE), bytes(BAD_BODIES[kind]))
    assert (answer.status, answer.body) == (400, b"")
    assert answer.reason
    assert joined.dump() == before
