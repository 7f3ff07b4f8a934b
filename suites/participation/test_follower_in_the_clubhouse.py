"""The target as a follower in the clubhouse (PROTO 3): what it sends to the hub, and what reaches its clients."""

from collections.abc import Iterator

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.client import changes
from mimi_conformance.reference.client.room import commit_bundle
from mimi_conformance.reference.wire.protocol.submit import SubmitResponseCode
from mimi_conformance.reference.wire.protocol.update import UpdateRequest, UpdateResponseCode
from mimi_conformance.suites.participation.clubhouse import Clubhouse, clubhouse_at_ours, given, judging
from mimi_conformance.suites.target.judgement import checks, expect, feature, role
from mimi_conformance.suites.target.world import World

pytestmark = [role("follower"), feature("key-material")]


@pytest.fixture
def house(world: World) -> Iterator[Clubhouse]:
    """The clubhouse, with a provider of ours as its hub: Bob is a user of the target, Alice of the hub."""
    with clubhouse_at_ours(world) as house:
        yield house


def sent_to_hub(house: Clubhouse, endpoint: str, since: int) -> list[bytes]:
    """The bodies that the target has sent to an endpoint of the hub, about the room."""
    calls: tuple[Exchange, ...] = house.alice.provider.received(endpoint, since=since)
    return [each.request_body for each in calls]


@checks("PROTO-3.2-07", "PROTO-3.2-08")
def test_a_welcome_brings_the_client_into_the_room(house: Clubhouse) -> None:
    """Bob's client gets the Welcome with the tree, comes into the group with it, and sees what Alice sees."""
    house.consents(house.bob, house.alice)
    alices = house.room(house.alice)
    with given("Alice adds Bob"):
        alices.add(house.bob.uri)
    phone = house.bob.phone
    came = house.comes(phone, lambda: house.uri in phone.rooms)
    got = [str(each) for each in phone.happenings]
    ids = ("PROTO-3.2-08",) if got else ("PROTO-3.2-07", "PROTO-3.2-08")  # something came, and was of no use
    expect(came, *ids, expected="Bob's client to come into the room", got=got or "nothing that it was delivered")
    bobs = house.room(house.bob)
    expect(bobs.participants == alices.participants, expected=f"{alices.participants}", got=bobs.participants)
    with given("Alice says something"):
        alices.send("hello Bob")
    house.expect_message(house.bob.phone, "hello Bob", "PROTO-3.2-08")


@checks("PROTO-3.3-01")
def test_a_claim_for_a_room_goes_to_the_hub_and_not_to_the_user_s_provider(house: Clubhouse) -> None:
    """Bob's claim for KeyPackages of Cathy reaches Alice's provider, and nothing of the target reaches Cathy's."""
    house.bob_is_in()
    house.consents(house.cathy, house.bob)
    bobs, at_hub, at_cathys = house.room(house.bob), house.alice.provider.mark(), house.cathy.provider.mark()
    with judging(expected="KeyPackages of Cathy"):
        claimed = house.bob.phone.claim(house.cathy.uri, bobs)
    expect(len(claimed) == 1, expected="the KeyPackage of Cathy's one client", got=f"{len(claimed)} KeyPackages")
    [asked] = sent_to_hub(house, "keyMaterial", at_hub) or [b""]
    reached = house.cathy.provider.received("keyMaterial", since=at_cathys)
    direct = [each for each in reached if house.world.domain in "".join(each.request_header("from"))]
    expect(asked, expected="the claim at the hub", got="none")
    expect(not direct, expected="no claim of the target at Cathy's provider", got=[each.url for each in direct])


@checks("PROTO-3.3-04")
def test_a_commit_goes_to_the_hub_as_the_client_made_it(house: Clubhouse) -> None:
    """What Bob's client commits is at the hub's update endpoint, octet for octet, and the client is told the answer."""
    house.bob_is_in()
    house.consents(house.cathy, house.bob)
    bobs = house.room(house.bob)
    with given("Bob claims KeyPackages of Cathy"):
        claimed = house.bob.phone.claim(house.cathy.uri, bobs)
    made = bobs.prepared(changes.adding(bobs.membership, house.cathy.uri, claimed, None))
    bundle, mark = commit_bundle(made.message, made.after, made.welcome), house.alice.provider.mark()
    with judging(expected="the commit to be accepted"):
        response = house.bob.phone.update(house.uri, bundle)
    body = UpdateRequest(bundle).encode()
    got = sent_to_hub(house, "update", mark)
    expect(got == [body], expected="the commit with all that goes along, once", got=b"".join(got))
    code = response.response_code
    expect(code is UpdateResponseCode.success, expected="the hub's success", got=code.name)


@checks("PROTO-3.4-01")
def test_a_message_goes_to_the_hub_as_the_client_sealed_it(house: Clubhouse) -> None:
    """What Bob's client submits is at the hub's submitMessage endpoint, octet for octet, and is read by Alice."""
    house.bob_is_in()
    bobs, mark = house.room(house.bob), house.alice.provider.mark()
    letter = bobs.seal(bobs.written("hello Alice"))
    with judging(expected="the message to be accepted"):
        response = bobs.submit(letter)
    got = sent_to_hub(house, "submitMessage", mark)
    expect(got == [letter.request.encode()], expected="the message, once", got=b"".join(got))
    code = response.status_code
    expect(code is SubmitResponseCode.accepted, expected="the hub's acceptance", got=code.name)
    expect(house.hear(house.alice.phone, "hello Alice"), expected="Alice to read it", got="nothing")


@checks("ARCH-5.4-04")
def test_what_a_client_sends_reaches_the_user_s_other_clients(house: Clubhouse) -> None:
    """What Bob says on his phone, and that he has committed there, is delivered to his tablet."""
    house.bob_is_in()
    tablet = house.bob.new_device("tablet")
    with given("Bob's tablet joins"):
        tablet.join(house.uri)
    house.agree(house.bob.phone, tablet)
    bobs = house.room(house.bob)
    with given("Bob says something, and commits"):
        bobs.send("from the phone")
        bobs.commit()
    house.expect_message(tablet, "from the phone")
    house.expect_epoch(tablet, bobs.epoch)


@checks("ARCH-5.4-04", "ARCH-2-06")
def test_a_leaver_is_told_of_the_commit_that_takes_it_out(house: Clubhouse) -> None:
    """Bob's proposals go to the hub; when Cathy has committed them, Bob's client learns that it is out."""
    house.everybody_is_in()
    with judging("ARCH-5.4-04", expected="the proposals to be accepted"):
        house.room(house.bob).leave()
    with given("Cathy commits the proposals"):
        house.with_proposals(house.cathy.phone).commit()
    room = house.bob.phone.rooms[house.uri]
    expect(house.comes(house.bob.phone, lambda: room.membership.is_over), expected="the commit", got="nothing")


@checks("PROTO-3.6-01", "ARCH-5.4-04")
def test_a_new_device_comes_in_through_the_hub(house: Clubhouse) -> None:
    """Bob's watch gets the GroupInfo from the hub and commits itself in there; both his clients hear what follows."""
    house.bob_is_in()
    watch, mark = house.bob.new_device("watch"), house.alice.provider.mark()
    with judging(expected="Bob's watch to be let in"):
        watch.join(house.uri)
    # The follower may ask for the GroupInfo in its own name as well.
    asked = [len(sent_to_hub(house, endpoint, mark)) for endpoint in ("groupInfo", "update")]
    expect(0 not in asked, "PROTO-3.6-01", expected="a request for the GroupInfo, and an update", got=asked)
    house.agree(house.alice.phone, watch)
    with given("Alice says something"):
        house.room(house.alice).send("welcome back")
    for device in (watch, house.bob.phone):
        house.expect_message(device, "welcome back", "ARCH-5.4-04")
