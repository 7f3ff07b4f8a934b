"""The folder of official MLS vectors is there, and holds what the tests are for and nothing that no test knows."""

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES
from tests.mls.official_vectors import FOLDER, Kind, cases

if not FOLDER.is_dir():
    pytest.skip(
        f"the official MLS vectors are not in {FOLDER}: set MIMI_MLS_VECTORS to their folder", allow_module_level=True
    )

WITHOUT_SUITES = {Kind.TREE_MATH, Kind.MESSAGES, Kind.DESERIALIZATION}
IN_ONE_SUITE = {Kind.TREE_OPERATIONS}


def test_every_official_vector_is_of_a_known_kind():
    assert not [case.name for case in cases() if case.kind is None]


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_every_kind_has_vectors_in_every_suite(kind):
    suites = {case.vector.get("cipher_suite") for case in cases() if case.kind is kind}
    if kind in WITHOUT_SUITES:
        assert suites == {None}
    else:
        assert suites == (set(SUPPORTED_CIPHER_SUITES[:1]) if kind in IN_ONE_SUITE else set(SUPPORTED_CIPHER_SUITES))
