"""Every structure of every draft: values round-trip, and tampered bytes never raise anything but the codec's error."""

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import Choices, mutate, strategy_for, value_from
from mimi_conformance.reference.wire import DecodeError, EncodeError, Struct
from mimi_conformance.reference.wire.registry import STRUCTURES
from mimi_conformance.reference.wire.structure import struct_encoding

EXAMPLES = int(os.environ.get("MIMI_FUZZ_EXAMPLES", "200"))
"""How many values of each structure; `tox -e fuzz` asks for 10,000."""

BATCH = 8
"""How many values one example draws: what Hypothesis does between examples costs more than making a value."""

every_structure = pytest.mark.parametrize("structure", dict.fromkeys(STRUCTURES.values()), ids=lambda one: one.__name__)
in_batches = settings(
    max_examples=-(-EXAMPLES // BATCH), deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def around(value: Struct) -> dict[str, object]:
    """Return what the value needs from a structure around it."""
    return {field.name: getattr(value, field.name) for field in struct_encoding(type(value)).given}


def decoded_or_error(structure: type[Struct], data: bytes, given: dict[str, object]) -> Struct | DecodeError:
    """Return what decoding returns or raises."""
    try:
        return structure.decode(data, **given)
    except DecodeError as error:
        return error


@every_structure
def test_values_survive_bytes_and_json(structure: type[Struct]) -> None:
    @in_batches
    @given(st.tuples(*[strategy_for(structure)] * BATCH))
    def check(values: tuple[Struct, ...]) -> None:
        for value in values:
            assert structure.decode(value.encode(), **around(value)) == value
            assert structure.from_json(value.to_json()) == value

    check()


@every_structure
def test_tampered_bytes_decode_to_themselves_or_raise_the_codecs_error(structure: type[Struct]) -> None:
    tampered = st.tuples(strategy_for(structure), st.binary(min_size=24, max_size=24))

    @in_batches
    @given(st.tuples(*[tampered] * BATCH))
    def check(cases: tuple[tuple[Struct, bytes], ...]) -> None:
        for value, tampering in cases:
            data = mutate(value.encode(), Choices(tampering))
            decoded = decoded_or_error(structure, data, around(value))
            if isinstance(decoded, DecodeError):
                assert decoded.structure == structure.__name__
                assert 0 <= decoded.offset <= len(data)
                assert decoded.reason in str(decoded)
            else:
                assert decoded.encode() == data

    check()


def tampered_json(form: Any, choose: random.Random) -> Any:
    """Return a JSON form in which some parts are something else, and some are missing."""
    if choose.random() < 0.08:
        return choose.choice([None, 0, -1, 300, 2**70, True, 1.5, "x", "00", "add", [], {}])
    if isinstance(form, dict):
        return {name: tampered_json(part, choose) for name, part in form.items() if choose.random() > 0.02}
    return [tampered_json(part, choose) for part in form] if isinstance(form, list) else form


def test_tampered_json_is_a_value_or_the_codecs_error() -> None:
    choose = random.Random(9420)
    refused = 0
    for structure in STRUCTURES.values():
        for _ in range(20):
            form = tampered_json(value_from(structure, choose.randbytes(200)).to_json(), choose)
            try:
                structure.from_json(form).encode()
            except EncodeError:
                refused += 1
    assert refused
