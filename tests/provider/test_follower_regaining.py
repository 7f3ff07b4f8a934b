"""A follower asks the hub for a room of which it has lost track, as the external sender that it is (PROTO 5.6)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE, IN_PUBLIC
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Unanswered
from mimi_conformance.reference.wire.protocol.common import Protocol
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoCode,
    GroupInfoRatchetTreeTBE,
    GroupInfoRequest,
    GroupInfoRequestTBS,
    GroupInfoResponse,
    GroupInfoResponseTBS,
    PendingProposal,
)
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.provider.follower_scene import FollowedHub
from tests.provider.hub_scene import Hub
from tests.provider.test_follower_following import same_room
from tests.provider.test_follower_own_events import application
from tests.room.house import HUB, ROOM


@pytest.fixture
def hub():
    """A room with Bob's client at the follower, which does not know it."""
    hub = FollowedHub().found({"alice": 4, "bob": 2, "carl": 2}, "alice1", "bob1", "carl1", senders=("b.example",))
    hub.follower.put_in("bob1")
    hub.follower.notify(application(b"hi", hub.now))
    return hub


def questions(hub):
    with hub.follower.storage.transaction() as transaction:
        return hub.follower.provider.questions(transaction, hub.now)


def take(hub, question, outcome):
    with hub.follower.storage.transaction() as transaction:
        hub.follower.provider.take_answer(transaction, question, outcome)


def answer(hub, question, key=None, content=None, **changes) -> Answer:
    """What the hub answers, as section 5.6 describes it."""
    request, room = GroupInfoRequest.decode(question.outgoing.body), hub.room()
    proposals = tuple(room.proposals.values())
    plain = GroupInfoRatchetTreeTBE(room.group_info, full_tree(room.state.group.tree), proposals)
    plain = replace(plain, **(content or {})).encode()
    sealed = encrypt_with_label(
        SUITE,
        request.group_info_public_key,
        "GroupInfo and ratchet_tree encryption",
        bytes(ROOM),
        plain,
        random=hub.provider.random,
    )
    response = GroupInfoResponse(
        version=Protocol.mls10,
        room_id=bytes(ROOM),
        status=GroupInfoCode.success,
        cipher_suite=SUITE,
        hub_sender=hub.provider.external_sender(SUITE),
        encrypted_groupinfo_and_tree=sealed,
        signature=b"",
    )
    signed = GroupInfoResponseTBS.taken_from(response).encode()
    key = key or hub.provider.keys.external_sender(SUITE).private_key
    signature = sign_with_label(SUITE, key, "GroupInfoResponseTBS", signed)
    return Answer(200, replace(response, signature=signature, **changes).encode())


@exercises("PROTO-5.6-09")
def test_the_request_is_signed_with_the_key_by_which_the_group_lists_the_follower(hub):
    [question] = questions(hub)
    request = GroupInfoRequest.decode(question.outgoing.body)
    assert (question.outgoing.provider, question.outgoing.endpoint) == (HUB, Endpoint.GROUP_INFO)
    assert question.outgoing.subject == ROOM.text
    entry = next(
        each
        for each in hub.room().state.group.state.extensions.external_senders
        if each.signature_key == request.requesting_signature_key
    )
    assert entry.credential == request.requesting_credential
    signed = GroupInfoRequestTBS(
        Protocol.mls10, SUITE, entry.signature_key, entry.credential, request.group_info_public_key, None
    ).encode()
    assert verify_with_label(SUITE, entry.signature_key, "GroupInfoRequestTBS", signed, request.signature)


def test_the_answer_shows_the_room_with_what_waits_in_it(hub):
    hub.follower.catch_up = lambda: hub.notified("b.example")
    hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    [question] = questions(hub)
    take(hub, question, answer(hub, question))
    assert same_room(hub)
    assert questions(hub) == ()
    hub.follower.catch_up = lambda: hub.follower.notify(*hub.notified("b.example"))
    hub.commit("alice1")
    assert same_room(hub)


def test_the_answer_shows_who_has_left_and_when(hub):
    follower = hub.follower
    follower.catch_up = lambda: hub.notified("b.example")
    hub.propose("bob1", hub.listed(removed=["bob"]), *hub.removals("bob"))
    [question] = questions(hub)
    take(hub, question, answer(hub, question))
    follower.delivered("bob1")
    follower.notify(application(b"too late", hub.now + 1))
    assert follower.delivered("bob1") == []
    follower.notify(application(b"in time", hub.now))
    assert [each.event for each in follower.delivered("bob1")] == [FanoutEvent.application]


def waiting(hub, *bodies, first=IN_PUBLIC) -> tuple[PendingProposal, ...]:
    """Proposals of Bob that the hub has not accepted, with a time for each, and a framing for the first."""
    framed = zip(bodies, (first, IN_PUBLIC), strict=False)
    messages = [hub.proposals("bob1", body, framing=framing)[0][0] for body, framing in framed]
    return tuple(PendingProposal(message, hub.now + number) for number, message in enumerate(messages))


NO_ANSWERS = {
    "unreachable": lambda _hub, _question: Unanswered("It is away."),
    "an error": lambda _hub, _question: Answer(500),
    "nonsense": lambda _hub, _question: Answer(200, b"nonsense"),
    "a refusal": lambda _hub, _question: Answer(
        200,
        GroupInfoResponse(version=Protocol.mls10, room_id=bytes(ROOM), status=GroupInfoCode.not_authorized).encode(),
    ),
    "signed by another": lambda hub, question: answer(
        hub, question, key=hub.follower.provider.keys.external_sender(SUITE).private_key
    ),
    "another room": lambda hub, question: answer(hub, question, room_id=b"mimi://hub.example/r/other"),
    "a tree of another group": lambda hub, question: answer(
        hub,
        question,
        content={"ratchet_tree_option": full_tree(Hub().found({"alice": 4}, "alice1").room().state.group.tree)},
    ),
    "a proposal against the policy": lambda hub, question: answer(
        hub, question, content={"pending_proposals": waiting(hub, hub.listed(removed=["alice"]))}
    ),
    "a proposal that nobody can read": lambda hub, question: answer(
        hub,
        question,
        content={"pending_proposals": waiting(hub, hub.listed({"dora": 2}), hub.listed({"dan": 2}), first=IN_PRIVATE)},
    ),
    "another hub": lambda hub, question: answer(hub, question, hub_sender=hub.follower.provider.external_sender(SUITE)),
}


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_without_a_good_answer_the_room_stays_unknown_and_the_hub_is_left_alone_for_a_while(hub, kind):
    [question] = questions(hub)
    take(hub, question, NO_ANSWERS[kind](hub, question))
    assert hub.follower.room() is None
    assert questions(hub) == ()
    hub.now += 60_000
    assert len(questions(hub)) == 1


def test_an_answer_that_comes_too_late_changes_nothing(hub):
    [question] = questions(hub)
    late = answer(hub, question)
    hub.commit("bob1")
    take(hub, question, late)
    assert same_room(hub)


def test_after_a_restart_lost_rooms_are_asked_for_again(hub, tmp_path):
    follower = hub.follower
    follower.path = str(tmp_path / "follower.db")
    follower.restart()
    follower.put_in("bob1")
    follower.restart()
    assert questions(hub) == ()
    with follower.storage.transaction() as transaction:
        follower.provider.find_lost_rooms(transaction)
    assert [each.room_id for each in questions(hub)] == [ROOM]
