"""The safe exporter: one secret for each component, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.crypto.labelled import expand_with_label
from mimi_conformance.reference.mls.schedule.exporter_tree import ExporterError, ExporterRule, ExporterTree
from mimi_conformance.reference.mls.tree.tree_math import NoSuchNodeError

SUITE = SUPPORTED_CIPHER_SUITES[0]
COMPONENTS = st.integers(0, 0xFFFF)


def secret_of(suite, component_id: int) -> bytes:
    """The secret as mls-extensions, section 4.4, has it: the bits of the number lead from the root to the leaf."""
    secret = b"application_export_secret"
    for bit in f"{component_id:016b}":
        side = b"right" if bit == "1" else b"left"
        secret = expand_with_label(suite, secret, "tree", side, parameters(suite).kdf.size)
    return secret


def new_tree(suite=SUITE) -> ExporterTree:
    return ExporterTree.create(suite, b"application_export_secret")


@pytest.mark.parametrize("suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
@pytest.mark.parametrize("component_id", [0, 1, 0x8000, 0xF00D, 0xFFFF])
def test_the_secret_lies_at_the_leaf_of_the_component(suite, component_id):
    assert new_tree(suite).export_secret(component_id)[0] == secret_of(suite, component_id)


@given(st.lists(COMPONENTS, unique=True, min_size=1, max_size=8))
def test_a_secret_can_be_had_once_and_does_not_depend_on_what_was_had_before(components):
    tree = new_tree()
    for component_id in components:
        secret, tree = tree.export_secret(component_id)
        assert secret == secret_of(SUITE, component_id)
    for component_id in components:
        with pytest.raises(ExporterError) as caught:
            tree.export_secret(component_id)
        assert (caught.value.rule, caught.value.value) == (ExporterRule.ONCE, component_id)


@pytest.mark.parametrize("component_id", [-1, 0x10000])
def test_what_is_no_component_id_has_no_secret(component_id):
    with pytest.raises(NoSuchNodeError):
        new_tree().export_secret(component_id)
