"""Whatever a member signs, and whatever comes as bytes: it is refused by a named rule, or it is valid."""

import tracemalloc
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.framing.public_message import protect, protect_from_outside
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_framing import framed, member_sender
from mimi_conformance.reference.mls.group.group_info import (
    follow,
    partial_group_info,
    rebuilt_group_info,
    sign_group_info,
)
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.group.group_proposals import propose_update
from mimi_conformance.reference.mls.proposals.components import ComponentRegistry, Replaced
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys, external_psk
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation, AppEphemeral
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    Commit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    Remove,
)
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo
from mimi_conformance.reference.wire.mls.registries import WireFormat
from tests.mls.group_examples import NOW, SUITE, Client, Room, dictionary

MUTATIONS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3)
EXAMPLES = settings(max_examples=150, deadline=None)


def mutated(data: bytes, mutations) -> bytes:
    """Bytes in which some have others in their place."""
    changed = bytearray(data)
    for place, value in mutations:
        changed[int(place * len(changed))] = value
    return bytes(changed)


def make_room() -> Room:
    room = Room.of("alice", "bob", "carol", "dave", extensions=(dictionary(c0003=b"\x03\x01a\x00"),))
    for name in room.members:
        room.put(name, room.group(name).with_psks(PreSharedKeys(external={b"id": b"secret"})))
    bob, group = room.members["bob"]
    room.propose("bob", propose_update(group, now=NOW, random=bob.random))
    return room


ROOM = make_room()
ALICE, OF_ALICE = ROOM.members["alice"]
BODIES = (
    Add(Client("eve").key_package().key_package),
    Remove(3),
    PreSharedKey(external_psk(SUITE, b"id", ALICE.random)),
    GroupContextExtensions(ROOM.server.context.extensions),
    AppDataUpdate(component_id=3, op=AppDataUpdateOperation.update, update=b"\x03\x01b\x00"),
    AppEphemeral(5, b"\0"),
)
COMMIT = commit(OF_ALICE, Covering(BODIES), now=NOW, random=ALICE.random).message
INFO = group_info(ROOM.group("bob"))


def test_the_examples_are_valid():
    assert process(ROOM.group("dave"), COMMIT, NOW).group.removed
    assert process(ROOM.group("carol"), COMMIT, NOW).group.context.epoch == 2


def check_views(message) -> None:
    """Both views take a message or refuse it by a rule; nothing else happens."""
    content = message.content
    receive = ROOM.server.process_commit if content.commit else ROOM.server.process_proposal
    for view in (receive, lambda message, now: process(ROOM.group("carol"), message, now)):
        with suppress(RuleError):
            view(message, NOW)


def signed_by_alice(body: Commit | Proposal):
    epoch = OF_ALICE.keys.framing
    content = framed(b"group", OF_ALICE.context.epoch, member_sender(0), body, b"")
    signed = sign(content, WireFormat.mls_public_message, epoch, ALICE.signature_private_key)
    return protect(confirmed(signed, bytes(32)) if isinstance(body, Commit) else signed, epoch)


@EXAMPLES
@given(MUTATIONS)
def test_a_member_may_sign_any_commit(mutations):
    try:
        body = Commit.decode(mutated(COMMIT.public_message.content.commit.encode(), mutations))
    except DecodeError:
        return
    check_views(signed_by_alice(body))


@EXAMPLES
@given(st.sampled_from(BODIES), MUTATIONS)
def test_a_member_may_sign_any_proposal(body, mutations):
    try:
        proposal = Proposal.decode(mutated(Proposal.of(body).encode(), mutations))
    except DecodeError:
        return
    check_views(signed_by_alice(proposal))


@EXAMPLES
@given(MUTATIONS)
def test_anybody_may_sign_any_external_commit(mutations):
    outsider = Client("outsider")
    try:
        body = Commit.decode(mutated(COMMIT.public_message.content.commit.encode(), mutations))
    except DecodeError:
        return
    if body.path is not None:
        scheme_key = outsider.as_member().key_package.key_package.leaf_node.signature_key
        body = replace(body, path=replace(body.path, leaf_node=replace(body.path.leaf_node, signature_key=scheme_key)))
    content = framed(b"group", ROOM.server.context.epoch, Sender(sender_type=SenderType.new_member_commit), body, b"")
    signed = sign(content, WireFormat.mls_public_message, ROOM.server.epoch, outsider.signature_private_key)
    check_views(protect_from_outside(confirmed(signed, bytes(32))))


@EXAMPLES
@given(MUTATIONS)
def test_messages_may_be_any_bytes(mutations):
    try:
        message = MLSMessage.decode(mutated(COMMIT.encode(), mutations))
    except DecodeError:
        return
    if message.public_message is not None:
        check_views(message.public_message)
    else:
        with pytest.raises(RuleError):
            process(ROOM.group("carol"), message, NOW)


@EXAMPLES
@given(MUTATIONS)
def test_a_group_info_may_be_any_bytes_and_be_signed(mutations):
    try:
        info = GroupInfo.decode(mutated(INFO.encode(), mutations))
    except DecodeError:
        return
    signed = sign_group_info(
        replace(info.group_context, cipher_suite=SUITE),
        info.extensions,
        info.confirmation_tag,
        info.signer,
        ROOM.client("bob").signature_private_key,
    )
    with suppress(RuleError):
        follow(signed, ALICE.application, NOW)


JUDY = Client("judy")
JUDYS = JUDY.key_package()
WELCOME = commit(OF_ALICE, Covering((Add(JUDYS.key_package),), ()), now=NOW, random=ALICE.random).welcome


@EXAMPLES
@given(MUTATIONS)
def test_a_welcome_may_be_any_bytes(mutations):
    with suppress(DecodeError, RuleError):
        JUDY.join(Welcome.decode(mutated(WELCOME.encode(), mutations)), JUDYS)


AFTER = commit(OF_ALICE, Covering((), ()), now=NOW, random=ALICE.random)
SERVER_AFTER = ROOM.server.process_commit(AFTER.message.public_message, NOW)
PARTIAL = partial_group_info(group_info(AFTER.after), tree_before=True)


@EXAMPLES
@given(MUTATIONS)
def test_a_partial_group_info_may_be_any_bytes(mutations):
    try:
        made = PartialGroupInfo.decode(mutated(PARTIAL.encode(), mutations))
    except DecodeError:
        return
    if made == PARTIAL:
        return
    with pytest.raises(RuleError):
        rebuilt_group_info(SERVER_AFTER, made, tree_before=True)


A_GIGABYTE = b"\xbf\xff\xff\xff"
"""The length of a vector of 2^30 - 1 bytes; in the place of a number, one of about three thousand million."""

READERS = {
    "commit": (COMMIT.encode(), lambda data: check_views(MLSMessage.decode(data).public_message)),
    "GroupInfo": (INFO.encode(), lambda data: follow(GroupInfo.decode(data), ALICE.application, NOW)),
    "Welcome": (WELCOME.encode(), lambda data: JUDY.join(Welcome.decode(data), JUDYS)),
}


@pytest.mark.parametrize(("data", "read"), READERS.values(), ids=READERS)
def test_what_claims_to_be_large_takes_no_more_memory_than_what_is_there(data, read):
    tracemalloc.start()
    try:
        for place in range(0, len(data) - len(A_GIGABYTE), 3):
            claiming = data[:place] + A_GIGABYTE + data[place + len(A_GIGABYTE) :]
            with suppress(DecodeError, RuleError, UnsupportedCipherSuiteError):
                read(claiming)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_the_updates_of_many_components_are_read_once(monkeypatch):
    """Else a Commit of a few kilobytes would keep a server busy for minutes."""
    room = Room.of("alice", "bob", application=Application(components=ComponentRegistry(unknown=Replaced())))
    updates = [AppDataUpdate(component_id=0x8000 + n, op=AppDataUpdateOperation.update, update=b"") for n in range(99)]
    made = commit(room.group("alice"), Covering(tuple(updates)), now=NOW, random=bytes, path=False)
    read, count = GroupExtensions.read, []
    monkeypatch.setattr(GroupExtensions, "read", lambda extensions: count.append(0) or read(extensions))
    assert room.server.process_commit(made.message.public_message, NOW).context == made.after.context
    assert len(count) == 1
