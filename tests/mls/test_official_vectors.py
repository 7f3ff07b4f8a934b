"""The folder of official MLS vectors is there and holds nothing that no test knows."""

import pytest

from tests.mls.official_vectors import FOLDER, Kind, cases


def test_every_official_vector_is_of_a_known_kind():
    if not FOLDER.is_dir():
        pytest.skip(f"the official MLS vectors are not in {FOLDER}: set MIMI_MLS_VECTORS to their folder")
    assert not [case.name for case in cases() if case.kind is None]
    assert {case.kind for case in cases()} == set(Kind)
