"""The target as the hub of the clubhouse (PROTO 3): what it asks, accepts and refuses, and whom it tells."""

from collections.abc import Iterator

import pytest

from mimi_conformance.reference.client import changes
from mimi_conformance.reference.client.group_info import opened, question
from mimi_conformance.reference.client.joining import joined_by_external_commit
from mimi_conformance.reference.client.room import commit_bundle
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from mimi_conformance.reference.wire.protocol.submit import SubmitResponseCode
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode
from mimi_conformance.suites.participation.clubhouse import Clubhouse, clubhouse_at_target, given, judging, refused
from mimi_conformance.suites.target.judgement import checks, expect, feature, role
from mimi_conformance.suites.target.world import World

pytestmark = [role("hub"), feature("key-material")]


@pytest.fixture
def house(world: World) -> Iterator[Clubhouse]:
    """The clubhouse, with the target as its hub: Alice is its user, Bob and Cathy are of providers of ours."""
    with clubhouse_at_target(world) as house:
        yield house


# 3.1 Alice creates a room.


@checks("PROTO-3.1-01")
def test_a_new_room_concerns_nobody_else_and_is_complete(house: Clubhouse) -> None:
    """Making a room sends nothing to other providers, and another client of its maker finds everything in it."""
    mark = house.world.recorder.mark()
    made = house.room(house.alice)
    tablet = house.alice.new_device("tablet")
    with judging(expected="another client of Alice to find the room, and to join it"):
        found = tablet.join(house.uri)
    expect(found.participants == made.participants, expected=f"{made.participants}", got=found.participants)
    since = house.world.recorder.since(mark)
    sent = [f"{each.endpoint} at {each.peer}" for each in since if each.subject == house.uri.text]
    expect(not sent, expected="nothing to be sent to other providers about the room", got=sent)


# 3.2 Alice adds Bob to the room.


@checks("PROTO-3.2-02")
def test_the_hub_fetches_key_packages_for_its_own_client(house: Clubhouse) -> None:
    """The hub asks the other user's provider, with the claim that its client has signed, and passes on what it gets."""
    house.consents(house.bob, house.alice)
    mark = house.bob.provider.mark()
    with judging(expected="KeyPackages of Bob"):
        given_out = house.alice.phone.claim(house.bob.uri, house.room(house.alice))
    asked = [_claim(each.request_body) for each in house.bob.provider.received("keyMaterial", since=mark)]
    named = [(claim.requesting_user.text, claim.target_user.text) for claim in asked if claim is not None]
    expect(
        named == [(house.alice.uri.text, house.bob.uri.text)],
        expected=f"a claim of {house.alice.uri} for KeyPackages of {house.bob.uri}",
        got=named,
    )
    expect(len(given_out) == 1, expected="the KeyPackage of Bob's one client", got=f"{len(given_out)} KeyPackages")


@checks("PROTO-3.2-05", "PROTO-3.2-06", "PROTO-5.5-05")
def test_a_welcome_goes_where_its_key_packages_came_from(house: Clubhouse) -> None:
    """The provider that gave the KeyPackages gets the Welcome with the tree, and its client comes in; no other does."""
    house.consents(house.bob, house.alice)
    with given("Alice adds Bob"):
        house.room(house.alice).add(house.bob.uri)
    welcome = house.wait_until_told(house.bob.provider, lambda event: event.event is FanoutEvent.welcome)
    expect(welcome is not None, expected=f"a Welcome for {house.bob.uri} at its provider", got="none")
    house.agree(house.alice.phone, house.bob.phone)
    house.consents(house.cathy, house.alice)
    with given("Alice adds Cathy"):
        house.room(house.alice).add(house.cathy.uri)
    house.room(house.cathy)
    others = [event.event for event in house.told(house.cathy.provider)][:-1]
    expect(not others, "PROTO-3.2-06", expected=f"nothing of Bob's Welcome for {house.cathy.uri}", got=others)


@checks("PROTO-3.2-09")
def test_the_hub_refuses_an_addition_that_the_policy_does_not_allow(house: Clubhouse) -> None:
    """Who may add ordinary users only can't add somebody with more rights, and can add the same user without them."""
    house.bob_is_in()
    house.consents(house.cathy, house.bob)
    bobs = house.room(house.bob)
    with given("Bob claims KeyPackages of Cathy"):
        claimed = house.bob.phone.claim(house.cathy.uri, bobs)
    powerful = changes.role_called(bobs.membership.view.policy, "super_admin")
    with refused(expected="the commit to be refused, because Bob may not give away this role"):
        bobs.commit(lambda room: changes.adding(room, house.cathy.uri, claimed, powerful), unchecked=True)
    with given("a commit with a role that Bob may give away"):
        bobs.commit(lambda room: changes.adding(room, house.cathy.uri, claimed, None))


# 3.3 Bob adds Cathy to the room.


@checks("PROTO-3.3-02", "PROTO-3.3-03")
def test_a_follower_s_claim_goes_through_the_hub_and_the_welcome_finds_its_way(house: Clubhouse) -> None:
    """What Bob's provider asks, reaches Cathy's as it was signed; Cathy's gets the Welcome for what it gave."""
    house.bob_is_in()
    house.consents(house.cathy, house.bob)
    bobs, mark = house.room(house.bob), house.cathy.provider.mark()
    with judging("PROTO-3.3-02", expected="KeyPackages of Cathy"):
        claimed = house.bob.phone.claim(house.cathy.uri, bobs)
    relayed = [each.request_body for each in house.cathy.provider.received("keyMaterial", since=mark)]
    asked = [each.request_body for each in house.world.recorder.exchanges if each.request_body in relayed]
    expect(len(relayed) == 1, "PROTO-3.3-02", expected="the claim, once", got=f"{len(relayed)} claims")
    expect(len(asked) > 1, "PROTO-3.3-02", expected="the claim as Bob has signed it", got=relayed[0])
    with given("Bob adds Cathy"):
        bobs.commit(lambda room: changes.adding(room, house.cathy.uri, claimed, None))
    welcome = house.wait_until_told(house.cathy.provider, lambda event: event.event is FanoutEvent.welcome)
    expect(welcome is not None, "PROTO-3.3-03", expected=f"a Welcome for {house.cathy.uri}", got="none")


@checks("PROTO-3.3-05", "PROTO-5.5-02")
def test_an_addition_is_a_commit_to_those_inside_and_a_welcome_to_newcomers(house: Clubhouse) -> None:
    """When Alice adds Cathy, Bob's provider gets the commit, and Cathy's just the Welcome."""
    house.bob_is_in()
    house.consents(house.cathy, house.alice)
    mark = house.bob.provider.mark()
    with given("Alice adds Cathy"):
        house.room(house.alice).add(house.cathy.uri)
    commit = house.wait_until_told(house.bob.provider, lambda event: event.event is FanoutEvent.commit, since=mark)
    expect(commit is not None, expected="the commit at Bob's provider", got="none")
    with given("Bob says something, and Cathy's provider is told"):
        house.room(house.cathy)
        house.room(house.bob).send("hello")
        house.hear(house.cathy.phone, "hello")
    told = [event.event for event in house.told(house.cathy.provider)]
    expected = [FanoutEvent.welcome, FanoutEvent.application]
    expect(told == expected, "PROTO-3.3-05", expected="a Welcome, and then what Bob has said", got=told)


@checks("PROTO-5.5-03")
def test_a_commit_reaches_the_hub_s_own_clients(house: Clubhouse) -> None:
    """What Bob commits is delivered to Alice's client."""
    house.bob_is_in()
    bobs = house.room(house.bob)
    with given("Bob commits"):
        bobs.commit()
    house.expect_epoch(house.alice.phone, bobs.epoch)


# 3.4 Cathy sends a message.


@checks("PROTO-3.4-02")
def test_the_hub_refuses_a_message_of_somebody_who_has_left(house: Clubhouse) -> None:
    """A message that Bob has sealed before he left is refused afterwards, and one of Cathy's is accepted before it."""
    house.everybody_is_in()
    with given("Cathy says something"):
        house.room(house.cathy).send("hello")
    bobs = house.room(house.bob)
    letter = bobs.seal(bobs.written("One more thing"))
    with given("Bob leaves"):
        bobs.leave()
    with given("an answer to Bob's message"):
        code = bobs.submit(letter).status_code
    expect(code is SubmitResponseCode.not_allowed, expected="not_allowed", got=code.name)


@checks("PROTO-3.4-03", "PROTO-3.4-04")
def test_a_message_reaches_everybody_else_as_it_was_sent(house: Clubhouse) -> None:
    """What Cathy says is accepted, is notified to Bob's provider as it was sent, and is delivered to Alice's client."""
    house.everybody_is_in()
    cathys, mark = house.room(house.cathy), house.bob.provider.mark()
    letter = cathys.seal(cathys.written("hello"))
    with judging("PROTO-3.4-03", expected="the message to be accepted"):
        code = cathys.submit(letter).status_code
    expect(code is SubmitResponseCode.accepted, "PROTO-3.4-03", expected="accepted", got=code.name)
    sent = letter.request.app_message
    event = house.wait_until_told(house.bob.provider, lambda each: each.message == sent, since=mark)
    expect(event is not None, "PROTO-3.4-03", expected="the message at Bob's provider, as it was sent", got="none")
    house.expect_message(house.alice.phone, "hello", "PROTO-3.4-04")


# 3.5 Bob leaves the room.


@checks("PROTO-3.5-03", "PROTO-3.5-05")
def test_a_leave_waits_for_a_commit_and_everybody_learns_of_it(house: Clubhouse) -> None:
    """Bob's proposals are accepted and notified to Cathy's provider; the next commit, which has them, comes after."""
    house.everybody_is_in()
    mark, before = house.cathy.provider.mark(), house.room(house.cathy).epoch
    with judging("PROTO-3.5-03", expected="the proposals to be accepted"):
        house.room(house.bob).leave()
    event = house.wait_until_told(house.cathy.provider, lambda each: each.event is FanoutEvent.proposal, since=mark)
    expect(event is not None, "PROTO-3.5-05", expected="the proposals at Cathy's provider", got="none")
    cathys = house.with_proposals(house.cathy.phone)
    with judging("PROTO-3.5-03", expected="a commit of the same epoch to be accepted, which has the proposals"):
        cathys.commit()
    expect(cathys.epoch == before + 1, "PROTO-3.5-03", expected=f"epoch {before + 1}", got=cathys.epoch)


@checks("PROTO-3.5-04")
def test_a_commit_that_leaves_out_a_leave_is_refused(house: Clubhouse) -> None:
    """A commit that Cathy has made before Bob left is refused after, and one that has his proposals is not."""
    house.everybody_is_in()
    cathys = house.room(house.cathy)
    made = cathys.prepared()
    with given("Bob leaves"):
        house.room(house.bob).leave()
    with given("an answer to Cathy's commit"):
        bundle = commit_bundle(made.message, made.after, made.welcome)
        code = house.cathy.phone.update(house.uri, bundle).response_code
    expect(code is not UpdateResponseCode.success, expected="the commit to be refused", got=code.name)
    with given("Cathy's commit of the proposals"):
        house.with_proposals(house.cathy.phone).commit()


@checks("PROTO-3.5-06", "PROTO-5.3-08", "ARCH-2-10")
def test_the_commit_is_the_last_thing_that_the_leaver_s_provider_is_told(house: Clubhouse) -> None:
    """Bob's provider gets the commit that takes him out; what Cathy says afterwards reaches Alice, and not him."""
    house.everybody_is_in()
    mark = house.bob.provider.mark()
    with given("Bob leaves, and Cathy commits that"):
        house.room(house.bob).leave()
        house.with_proposals(house.cathy.phone).commit()
    commit = house.wait_until_told(house.bob.provider, lambda event: event.event is FanoutEvent.commit, since=mark)
    expect(commit is not None, "PROTO-3.5-06", expected="the commit at Bob's provider", got="none")
    after = house.bob.provider.mark()
    with given("Cathy says two things, and Alice hears them"):
        for text in ("he is gone", "is he?"):
            house.room(house.cathy).send(text)
            house.agree(house.alice.phone, house.cathy.phone)
            house.hear(house.alice.phone, text)
    told = [event.event for event in house.told(house.bob.provider, since=after)]
    expect(not told, "PROTO-5.3-08", "ARCH-2-10", expected="nothing more at Bob's provider", got=told)


# 3.6 Cathy adds a new device.


@checks("PROTO-3.6-01", "PROTO-3.6-02", "PROTO-3.6-05", "PROTO-3.6-06")
def test_a_new_device_comes_in_by_itself_and_everybody_learns_of_it(house: Clubhouse) -> None:
    """Cathy's watch gets the GroupInfo, and its external commit is accepted and notified to everybody else."""
    house.everybody_is_in()
    watch, mark, before = house.cathy.new_device("watch"), house.bob.provider.mark(), house.room(house.cathy).epoch
    with judging("PROTO-3.6-01", "PROTO-3.6-02", "PROTO-3.6-05", expected="Cathy's watch to be let in"):
        room = watch.join(house.uri)
    expect(room.epoch == before + 1, "PROTO-3.6-05", expected=f"epoch {before + 1}", got=room.epoch)
    commit = house.wait_until_told(house.bob.provider, lambda event: event.event is FanoutEvent.commit, since=mark)
    expect(commit is not None, "PROTO-3.6-06", expected="the external commit at Bob's provider", got="none")
    house.agree(house.alice.phone, watch)
    with given("the watch says something"):
        room.send("from the watch")
    house.expect_message(house.alice.phone, "from the watch", "PROTO-3.6-06")


@checks("PROTO-3.6-03")
def test_the_group_info_is_not_for_strangers(house: Clubhouse) -> None:
    """Dave, who is no participant of a room that nobody may join by himself, does not get what Bob's tablet gets."""
    house.bob_is_in()
    with given("Bob's tablet gets the GroupInfo"):
        house.bob.new_device("tablet").join(house.uri)
    dave = house.stranger(house.bob)
    with refused(expected="the GroupInfo to be refused"):
        asked = question(dave.device, house.uri)
        reply = dave.ask(Endpoint.GROUP_INFO, house.uri.provider, house.uri.text, asked.request.encode())
        opened(asked, reply.body)


@checks("PROTO-3.6-05")
def test_an_external_commit_of_a_stranger_is_refused(house: Clubhouse) -> None:
    """Dave, who has the GroupInfo from Bob, is not let in with it, and Bob's tablet is."""
    house.bob_is_in()
    tablet, dave = house.bob.new_device("tablet"), house.stranger(house.bob)
    with given("Bob's tablet gets the GroupInfo"):
        asked = question(tablet.device, house.uri)
        content = opened(
            asked, tablet.ask(Endpoint.GROUP_INFO, house.uri.provider, house.uri.text, asked.request.encode()).body
        )
    joined = joined_by_external_commit(dave.device, house.uri, content, "ordinary_user")
    with given("an answer to Dave's commit"):
        code = dave.update(house.uri, commit_bundle(joined.message, joined.group)).response_code
    expect(code is not UpdateResponseCode.success, expected="the external commit to be refused", got=code.name)
    with given("Bob's tablet joins"):
        tablet.join(house.uri)


def _claim(body: bytes) -> KeyMaterialRequest | None:
    try:
        return KeyMaterialRequest.decode(body)
    except DecodeError:
        return None
