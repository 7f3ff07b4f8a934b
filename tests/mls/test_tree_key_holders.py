"""The index of keys against a plain dictionary, and what it costs to change."""

from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.tree.key_holders import KeyHolders

keys = st.integers(0, 60).map(lambda number: number.to_bytes(32, "big"))
changes = st.lists(st.tuples(st.booleans(), keys, st.integers(0, 5)), max_size=200)


class SameHash(bytes):
    def __hash__(self):
        return 7


def changed(model, adding, key, node):
    holders = model.get(key, ())
    return {**model, key: (*holders, node) if adding else tuple(holder for holder in holders if holder != node)}


@given(st.lists(st.tuples(keys, st.integers(0, 5))), changes)
def test_it_finds_what_a_dictionary_finds_and_forgets_nothing_it_was(start, sequence):
    holders, model = KeyHolders.of(start), {}
    for key, node in start:
        model = changed(model, True, key, node)
    history = [(holders, model)]
    for adding, key, node in sequence:
        holders = holders.with_holder(key, node) if adding else holders.without_holder(key, node)
        model = changed(model, adding, key, node)
        history.append((holders, model))
    for earlier, was in history:
        assert all(earlier.nodes_with(key) == nodes for key, nodes in was.items())
        assert earlier.nodes_with(b"unknown") == ()


def test_keys_with_the_same_hash_are_kept_apart():
    holders = KeyHolders.of((SameHash(bytes([number])), number) for number in range(50)).with_holder(SameHash(b"x"), 50)
    assert [holders.nodes_with(SameHash(bytes([number]))) for number in range(50)] == [(n,) for n in range(50)]
    assert holders.nodes_with(SameHash(b"x")) == (50,)


def test_keys_without_holders_are_forgotten():
    assert KeyHolders().with_holder(b"key", 1).without_holder(b"key", 1) == KeyHolders()


def test_a_change_shares_all_but_one_branch_on_every_level():
    holders = KeyHolders.of((number.to_bytes(32, "big"), number) for number in range(30_000))
    later = holders.with_holder(b"another", 30_000)
    before, after, levels = holders._trie, later._trie, 0
    while isinstance(after, tuple):
        different = [pair for pair in zip(before, after, strict=True) if pair[0] is not pair[1]]
        assert len(different) == 1
        ((before, after),), levels = different, levels + 1
    assert len(after) <= 17
    assert levels >= 2
