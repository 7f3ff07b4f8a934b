"""Pre-shared keys of all kinds, injected by members and told to new ones."""

import pytest

from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalError, ProposalListRule, ProposalRule
from mimi_conformance.reference.mls.schedule.pre_shared_keys import (
    PreSharedKeyError,
    PreSharedKeys,
    application_psk,
    external_psk,
    resumption_psk,
)
from mimi_conformance.reference.wire.mls.proposals import Add, PreSharedKey
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage
from tests.mls.group_examples import COMPONENT, NOW, SUITE, Client, Room

PSKS = PreSharedKeys(external={b"id": b"secret"}, application={(COMPONENT, b"id"): b"other"})


def with_psks(*names: str) -> Room:
    room = Room.of(*names)
    for name in names:
        room.put(name, room.group(name).with_psks(PSKS))
    return room


def random(size: int) -> bytes:
    return bytes(range(size))


def test_external_and_application_psks_change_the_epoch():
    room = with_psks("alice", "bob")
    psks = external_psk(SUITE, b"id", random), application_psk(SUITE, COMPONENT, b"id", random)
    room.commit("alice", *map(PreSharedKey, psks), path=False)
    room.check_agreement()


def test_the_order_of_psks_counts():
    room = with_psks("alice", "bob")
    alice, group = room.members["alice"]
    psks = [PreSharedKey(external_psk(SUITE, b"id", alice.random)) for _ in range(2)]
    outcomes = {
        commit(group, Covering(order), now=NOW, random=random, path=False).after.epoch_authenticator
        for order in (tuple(psks), tuple(reversed(psks)))
    }
    assert len(outcomes) == 2


def test_psks_of_earlier_epochs_are_known_to_those_who_were_there():
    room = Room.of("alice", "bob")
    room.commit("bob")
    for epoch in (1, 2):
        room.commit("alice", PreSharedKey(resumption_psk(SUITE, b"group", epoch, random)))
        room.check_agreement()


def test_new_members_are_told_which_psks_were_injected():
    room = with_psks("alice", "bob")
    carol = Client("carol")
    own = carol.key_package()
    committed = room.commit("alice", PreSharedKey(external_psk(SUITE, b"id", random)), Add(own.key_package))
    with pytest.raises(PreSharedKeyError):
        carol.join(committed.welcome, own)
    room.members["carol"] = carol, carol.join(committed.welcome, own, psks=PSKS)
    room.check_agreement()


def test_who_lacks_a_psk_refuses_the_commit():
    room = Room.of("alice", "bob")
    alice, group = room.members["alice"]
    body = PreSharedKey(external_psk(SUITE, b"id", random))
    with pytest.raises(PreSharedKeyError):
        commit(group, Covering((body,)), now=NOW, random=alice.random)
    message = commit(group.with_psks(PSKS), Covering((body,)), now=NOW, random=alice.random).message
    with pytest.raises(PreSharedKeyError) as refusal:
        process(room.group("bob"), message, NOW)
    assert refusal.value.value == body.psk
    assert room.server.process_commit(message.public_message, NOW).context.epoch == 2


@pytest.mark.parametrize(
    ("usage", "rule"),
    [
        (ResumptionPSKUsage.reinit, ProposalRule.PSK_NOT_FOR_REINIT),
        (ResumptionPSKUsage.branch, ProposalRule.PSK_NOT_FOR_BRANCH),
    ],
)
def test_psks_that_link_groups_are_for_nothing_else(usage, rule):
    alice, group = Room.of("alice", "bob").members["alice"]
    psk = PreSharedKey(resumption_psk(SUITE, b"group", 1, random, usage))
    with pytest.raises(ProposalError) as refusal:
        commit(group, Covering((psk,)), now=NOW, random=alice.random)
    assert refusal.value.rule is rule


def test_nonces_have_their_length_and_psks_come_once():
    alice, group = with_psks("alice", "bob").members["alice"]
    psk = PreSharedKey(external_psk(SUITE, b"id", random))
    short = PreSharedKey(external_psk(SUITE, b"id", lambda size: random(size - 1)))
    for bodies, rule in (((short,), ProposalRule.PSK_NONCE_LENGTH), ((psk, psk), ProposalListRule.PSK_ONCE)):
        with pytest.raises(ProposalError) as refusal:
            commit(group, Covering(bodies), now=NOW, random=alice.random)
        assert refusal.value.rule is rule
        assert refusal.value.index == len(bodies) - 1
