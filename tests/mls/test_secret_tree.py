"""The secret tree: official vectors, messages out of order, and that nothing used can be had again."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.labelled import derive_secret, derive_tree_secret, expand_with_label
from mimi_conformance.reference.mls.framing.epoch import MemberEpoch
from mimi_conformance.reference.mls.framing.sender_data import sender_data_key_and_nonce
from mimi_conformance.reference.mls.schedule.ratchet import Ratchet, RatchetError, RatchetLimits, RatchetRule
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.mls.tree.tree_math import NoSuchNodeError
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from tests.mls.official_vectors import Kind, octets, official, suite_of

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
LIMITS = RatchetLimits(kept=4, skipped=8)


@official(Kind.SECRET_TREE)
def test_received_messages_have_the_keys_of_the_vectors(vector):
    tree = SecretTree.create(suite_of(vector), *octets(vector, "encryption_secret"), len(vector["leaves"]))
    for leaf_index, generations in enumerate(vector["leaves"]):
        for expected in generations:
            handshake, tree = tree.handshake_key(leaf_index, expected["generation"])
            application, tree = tree.application_key(leaf_index, expected["generation"])
            assert [*handshake] == octets(expected, "handshake_key", "handshake_nonce")
            assert [*application] == octets(expected, "application_key", "application_nonce")


@official(Kind.SECRET_TREE)
def test_sent_messages_have_the_keys_of_the_vectors(vector):
    tree = SecretTree.create(suite_of(vector), *octets(vector, "encryption_secret"), len(vector["leaves"]))
    for leaf_index, generations in enumerate(vector["leaves"]):
        expected = {generation["generation"]: generation for generation in generations}
        for number in range(max(expected) + 1):
            handshake_number, handshake, tree = tree.next_handshake_key(leaf_index)
            application_number, application, tree = tree.next_application_key(leaf_index)
            assert handshake_number == application_number == number
            if number in expected:
                names = ("handshake_key", "handshake_nonce", "application_key", "application_nonce")
                assert [*handshake, *application] == octets(expected[number], *names)


@official(Kind.SECRET_TREE)
def test_sender_data_has_the_key_of_the_vectors(vector):
    secret, ciphertext = octets(vector["sender_data"], "sender_data_secret", "ciphertext")
    context = GroupContext(
        cipher_suite=suite_of(vector),
        group_id=b"",
        epoch=0,
        tree_hash=b"",
        confirmed_transcript_hash=b"",
        extensions=(),
    )
    epoch = MemberEpoch(group_context=context, membership_key=b"", sender_data_secret=secret)
    assert [*sender_data_key_and_nonce(epoch, ciphertext)] == octets(vector["sender_data"], "key", "nonce")


def new_tree(leaf_count: int = 4, limits: RatchetLimits = LIMITS) -> SecretTree:
    return SecretTree.create(SUITE, b"encryption secret", leaf_count, limits)


def refused(rule: RatchetRule, generation: int, tree: SecretTree) -> bool:
    with pytest.raises(RatchetError) as caught:
        tree.application_key(0, generation)
    assert caught.value.value == generation
    return caught.value.rule is rule


@given(st.lists(st.integers(0, 30), max_size=60))
def test_any_order_gives_the_keys_of_the_right_order_each_once(arriving):
    in_order = []
    sender = receiver = new_tree()
    for _ in range(31):
        _, key, sender = sender.next_application_key(2)
        in_order.append(key)
    assert len(set(in_order)) == 31
    newest, used = -1, set()
    for generation in arriving:
        try:
            key, receiver = receiver.application_key(2, generation)
        except RatchetError as error:
            refusal = error.rule
        else:
            refusal = None
            assert key == in_order[generation]
        assert refusal is expected_refusal(generation, newest, used)
        if refusal is None:
            used.add(generation)
            newest = max(newest, generation)


def expected_refusal(generation: int, newest: int, used: set[int]) -> RatchetRule | None:
    if generation > newest:
        return RatchetRule.NOT_TOO_FAR if generation - newest - 1 > LIMITS.skipped else None
    if newest - generation >= LIMITS.kept:
        return RatchetRule.NOT_TOO_OLD
    return RatchetRule.UNUSED if generation in used else None


def test_the_limits_are_exact():
    _, tree = new_tree().application_key(0, LIMITS.skipped)
    assert refused(RatchetRule.NOT_TOO_FAR, LIMITS.skipped + 1, new_tree())
    oldest = LIMITS.skipped + 1 - LIMITS.kept
    tree.application_key(0, oldest)
    assert refused(RatchetRule.NOT_TOO_OLD, oldest - 1, tree)
    assert refused(RatchetRule.UNUSED, LIMITS.skipped, tree)
    assert refused(RatchetRule.NOT_TOO_FAR, 2**32 - 1, tree)


def test_there_is_no_generation_after_the_last():
    last = 2**32 - 1
    _, after = Ratchet(b"ratchet secret", last).key(last, SUITE, LIMITS)
    with pytest.raises(RatchetError) as caught:
        after.key(after.generation, SUITE, LIMITS)
    assert (caught.value.rule, caught.value.value) == (RatchetRule.IN_RANGE, last + 1)


def test_handshakes_and_application_messages_and_senders_have_keys_of_their_own():
    tree, keys = new_tree(), set()
    for leaf_index in range(4):
        _, key, tree = tree.next_handshake_key(leaf_index)
        keys.add(key)
        _, key, tree = tree.next_application_key(leaf_index)
        keys.add(key)
    assert len(keys) == 8


@pytest.mark.parametrize("leaf_index", [-1, 4])
def test_a_sender_is_a_leaf_of_the_tree(leaf_index):
    with pytest.raises(NoSuchNodeError, match=f"{leaf_index}"):
        new_tree().handshake_key(leaf_index, 0)


def test_a_key_that_was_not_used_can_be_had_again():
    tree = new_tree()
    assert tree.application_key(1, 5)[0] == tree.application_key(1, 5)[0]


def everything_in(value: object) -> Iterator[bytes]:
    """All byte strings that a value holds, however deep."""
    if isinstance(value, bytes):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from everything_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from everything_in(item)
    elif hasattr(value, "items"):
        yield from everything_in(tuple(value.items()))


def child(secret: bytes, side: bytes) -> bytes:
    return expand_with_label(SUITE, secret, "tree", side, 32)


def ratcheted(secret: bytes, generation: int) -> bytes:
    return derive_tree_secret(SUITE, secret, "secret", generation, 32)


def key_of(secret: bytes, generation: int) -> tuple[bytes, bytes]:
    return tuple(
        derive_tree_secret(SUITE, secret, *what) for what in (("key", generation, 16), ("nonce", generation, 12))
    )


def test_what_a_used_key_follows_from_is_gone_and_the_rest_is_there():
    """The example of RFC 9420, section 9.2: D's message of generation 1 comes before that of generation 0."""
    g = b"encryption secret"
    e, f = child(g, b"left"), child(g, b"right")
    c, d = child(f, b"left"), child(f, b"right")
    hr0, ar0 = derive_secret(SUITE, d, "handshake"), derive_secret(SUITE, d, "application")
    ar1 = ratcheted(ar0, 0)
    ar2 = ratcheted(ar1, 1)
    key, tree = new_tree().application_key(3, 1)
    assert key == key_of(ar1, 1)
    assert set(everything_in(tree)) == {*key_of(ar0, 0), ar2, hr0, e, c}
    key, tree = tree.application_key(3, 0)
    assert key == key_of(ar0, 0)
    assert set(everything_in(tree)) == {ar2, hr0, e, c}


def consumed_by(leaf_index: int, kind: str, generation: int) -> set[bytes]:
    """What a message consumes in a tree of eight leaves: its key, and everything from which the key follows."""
    secrets = [b"encryption secret"]
    for level in (2, 1, 0):
        secrets.append(child(secrets[-1], b"right" if leaf_index >> level & 1 else b"left"))
    secrets.append(derive_secret(SUITE, secrets[-1], kind))
    for number in range(generation):
        secrets.append(ratcheted(secrets[-1], number))
    return {*secrets, *key_of(secrets[-1], generation)}


@given(st.lists(st.tuples(st.integers(0, 7), st.sampled_from(["handshake", "application"]), st.integers(0, 5))))
def test_a_tree_holds_nothing_that_its_messages_consumed(messages):
    tree, consumed = new_tree(leaf_count=8), set()
    for leaf_index, kind, generation in messages:
        take = tree.handshake_key if kind == "handshake" else tree.application_key
        try:
            _, tree = take(leaf_index, generation)
        except RatchetError:
            continue
        consumed |= consumed_by(leaf_index, kind, generation)
    assert consumed.isdisjoint(everything_in(tree))


def test_trees_share_what_a_message_does_not_change():
    _, before = new_tree(leaf_count=1024).application_key(0, 0)
    _, after = before.application_key(1023, 0)
    assert after.nodes.root.left is before.nodes.root.left
