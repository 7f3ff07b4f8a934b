"""The codec itself, on structures made for the purpose: what it accepts, what it refuses, and what it says then."""

import pickle
from dataclasses import dataclass, replace
from typing import Annotated

import pytest

from mimi_conformance.reference.wire import DecodeError, EncodeError, Struct
from mimi_conformance.reference.wire.declaration import (
    Among,
    Given,
    Giving,
    Requires,
    Select,
    When,
    opaque,
    optional,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from mimi_conformance.reference.wire.encodings import Fixed, Padding
from mimi_conformance.reference.wire.enumerations import Enumeration, Registry
from mimi_conformance.reference.wire.varint import LARGEST, write_length


class Colour(Enumeration):
    """A closed enum."""

    red = 1
    green = 2


class Shape(Registry):
    """An open registry."""

    circle = 1
    square = 2


@dataclass(frozen=True, slots=True)
class Numbers(Struct):
    """Every width."""

    a: uint8
    b: uint16
    c: uint32
    d: uint64


@dataclass(frozen=True, slots=True)
class Words(Struct):
    """Everything that has a length, or none."""

    data: opaque
    text: string
    key: Annotated[bytes, Fixed(4)]


@dataclass(frozen=True, slots=True)
class Flags(Struct):
    """Everything with few values."""

    flag: bool
    colour: Colour
    shape: Shape
    maybe: optional[uint16]


@dataclass(frozen=True, slots=True)
class Lists(Struct):
    """Vectors."""

    numbers: tuple[uint16, ...]
    shapes: tuple[Shape, ...]
    colours: tuple[Colour, ...]
    flags: tuple[Flags, ...]
    maybes: tuple[optional[opaque], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Struct):
    """A select with named fields."""

    colour: Colour
    number: Annotated[uint16 | None, When("colour", Colour.red)] = None
    maybe: Annotated[optional[uint16], When("colour", Colour.green)] = None
    end: uint8 = 9


_SHAPES = {Shape.circle: uint16, Shape.square: Numbers}


@dataclass(frozen=True, slots=True)
class Drawing(Struct):
    """A select with one field of several types."""

    shape: Annotated[Shape, Among(*_SHAPES)]
    body: Annotated[int | Numbers, Select("shape", _SHAPES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner(Struct):
    """Depends on the structure around it."""

    colour: Annotated[Colour, Given()]
    number: Annotated[uint8 | None, When("colour", Colour.red)] = None
    padding: Annotated[bytes, Padding()] = b""


@dataclass(frozen=True, slots=True)
class Outer(Struct):
    """Gives an inner structure what it needs, two levels down."""

    chosen: Annotated[Chosen, Requires("chosen.end", 9)]
    inner: Annotated[Inner, Giving(colour="chosen.colour")]


FLAGS = Flags(flag=True, colour=Colour.red, shape=Shape.circle, maybe=None)
LISTS = Lists((1, 2), (Shape.circle, Shape(0x0A0A)), (Colour.green,), (FLAGS, FLAGS), (None, b"x"))


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (Numbers(1, 2, 3, 4), "01 0002 00000003 0000000000000004"),
        (Numbers(255, 2**16 - 1, 2**32 - 1, 2**64 - 1), "ff ffff ffffffff ffffffffffffffff"),
        (Words(b"", "", b"abcd"), "00 00 61626364"),
        (Words(b"\0", "\u00e9", b"abcd"), "0100 02c3a9 61626364"),
        (FLAGS, "01 01 0001 00"),
        (Flags(flag=False, colour=Colour.green, shape=Shape(0xFFFF), maybe=7), "00 02 ffff 01 0007"),
        (LISTS, "04 0001 0002  04 0001 0a0a  01 02  0a 0101000100 0101000100  04 00 01 0178"),
        (Lists((), (), (), (), ()), "00 00 00 00 00"),
        (Chosen(colour=Colour.red, number=5), "01 0005 09"),
        (Chosen(colour=Colour.green), "02 00 09"),
        (Chosen(colour=Colour.green, maybe=5), "02 01 0005 09"),
        (Drawing(Shape.circle, 5), "0001 0005"),
        (Drawing(Shape.square, Numbers(0, 0, 0, 0)), "0002" + "00" * 15),
        (Outer(Chosen(colour=Colour.red, number=1), Inner(colour=Colour.red, number=7)), "01 0001 09 07"),
        (Outer(Chosen(colour=Colour.green), Inner(colour=Colour.green, padding=b"\0\0")), "02 00 09 0000"),
    ],
)
def test_values_have_the_bytes_of_the_presentation_language(value: Struct, data: str) -> None:
    assert value.encode() == bytes.fromhex(data)
    assert type(value).decode(bytes.fromhex(data)) == value
    assert type(value).from_json(value.to_json()) == value


@pytest.mark.parametrize("length", [0, 63, 64, 16383, 16384, 100_000])
def test_lengths_are_written_in_the_shortest_form_and_read_back(length: int) -> None:
    value = Words(bytes(length), "x" * length, b"abcd")
    header = write_length(length)
    assert value.encode()[: len(header)] == header
    assert len(header) == (1 if length < 64 else 2 if length < 16384 else 4)
    assert Words.decode(value.encode()) == value


@pytest.mark.parametrize(
    ("structure", "data", "path", "offset", "reason"),
    [
        (Numbers, "", "a", 0, "1 byte is needed, but 0 bytes are left"),
        (Numbers, "01 00", "b", 1, "2 bytes are needed, but 1 byte is left"),
        (Numbers, "01 0002 00000003 0000000000000004 05", "", 15, "1 byte is left over after the structure"),
        (Words, "c0", "data", 0, "prefix 11 is not allowed"),
        (Words, "ff00000000000000", "data", 0, "prefix 11 is not allowed"),
        (Words, "4000", "data", 0, "the vector length 0 is not written in its shortest form"),
        (Words, "403f", "data", 0, "the vector length 63 is not written in its shortest form"),
        (Words, "80003fff", "data", 0, "the vector length 16383 is not written in its shortest form"),
        (Words, "40", "data", 0, "a vector's length is cut short"),
        (Words, "800040", "data", 0, "a vector's length is cut short"),
        (Words, "05 61", "data", 0, "the vector announces 5 bytes, but 1 byte is left"),
        (Words, "bfffffff", "data", 0, "the vector announces 1073741823 bytes, but 0 bytes are left"),
        (Words, "00", "text", 1, "a vector's length is missing"),
        (Words, "00 02 61c3", "text", 3, "the string is not UTF-8"),
        (Words, "00 02 c080 61626364", "text", 2, "the string is not UTF-8"),
        (Words, "00 03 eda080 61626364", "text", 2, "the string is not UTF-8"),
        (Words, "00 00 616263", "key", 2, "4 bytes are needed, but 3 bytes are left"),
        (Flags, "02", "flag", 0, "a bool is 0 or 1, not 2"),
        (Flags, "", "flag", 0, "1 byte is needed"),
        (Flags, "01 00", "colour", 1, "0 is no Colour"),
        (Flags, "01 03", "colour", 1, "3 is no Colour"),
        (Flags, "01 01 00", "shape", 2, "2 bytes are needed, but 1 byte is left"),
        (Flags, "01 01 0001 02 0001", "maybe", 4, "a presence octet is 0 or 1, not 2"),
        (Flags, "01 01 0001", "maybe", 4, "1 byte is needed"),
        (Lists, "03 000100", "numbers[1]", 3, "2 bytes are needed, but 1 byte is left"),
        (Lists, "00 03 0a0a00", "shapes[1]", 4, "2 bytes are needed, but 1 byte is left"),
        (Lists, "00 00 02 0203", "colours[1]", 4, "3 is no Colour"),
        (Lists, "00 00 00 08 0101000100 010100 00", "flags[1].shape", 11, "2 bytes are needed, but 1 byte is left"),
        (Lists, "00 00 00 00 02 0102", "maybes[0]", 6, "the vector announces 2 bytes, but 0 bytes are left"),
        (Chosen, "01 00", "number", 1, "2 bytes are needed, but 1 byte is left"),
        (Drawing, "0003", "shape", 0, "3 is not allowed here, only circle, square"),
        (Outer, "02 00 08", "chosen", 0, "chosen.end is 8, none of 9"),
        (Outer, "01 0001 09 07 0001", "inner.padding", 6, "the padding is not all zero"),
    ],
)
def test_bad_bytes_are_named_by_path_offset_and_reason(
    structure: type[Struct], data: str, path: str, offset: int, reason: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        structure.decode(bytes.fromhex(data))
    error = caught.value
    assert (error.structure, error.path, error.offset) == (structure.__name__, path, offset)
    assert reason in error.reason
    place = f"{structure.__name__}.{path}" if path else structure.__name__
    assert str(error) == f"{place} at offset {offset}: {error.reason}"


def test_a_vector_ends_where_its_length_says_even_when_more_bytes_follow() -> None:
    with pytest.raises(DecodeError) as caught:
        Lists.decode(bytes.fromhex("00 00 00 04 01010001 00 00"))
    assert caught.value.path == "flags[0].maybe"


@pytest.mark.parametrize(
    ("value", "path", "reason"),
    [
        (Numbers(256, 0, 0, 0), "a", "256 does not fit a uint8"),
        (Numbers(-1, 0, 0, 0), "a", "-1 does not fit a uint8"),
        (Numbers(True, 0, 0, 0), "a", "True is not a number"),
        (Numbers("1", 0, 0, 0), "a", "'1' is not a number"),  # type: ignore[arg-type]
        (Words("x", "", b"abcd"), "data", "'x' is not bytes"),  # type: ignore[arg-type]
        (Words(b"", b"", b"abcd"), "text", "b'' is not text"),  # type: ignore[arg-type]
        (Words(b"", "\ud800", b"abcd"), "text", "is not text that UTF-8 can hold"),
        (Words(b"", "", b"abc"), "key", "b'abc' is not 4 bytes"),
        (replace(FLAGS, flag=1), "flag", "1 is not True or False"),
        (replace(FLAGS, colour=1), "colour", "1 is not of type Colour"),
        (replace(FLAGS, shape=1), "shape", "1 is not of type Shape"),
        (replace(FLAGS, shape=Colour.red), "shape", "is not of type Shape"),
        (replace(FLAGS, maybe=65536), "maybe", "65536 does not fit a uint16"),
        (replace(LISTS, numbers=(1, 65536)), "numbers[1]", "65536 does not fit a uint16"),
        (replace(LISTS, numbers=[1]), "numbers", "[1] is not a tuple"),
        (replace(LISTS, shapes=(Shape.circle, 5)), "shapes[1]", "5 is not of type Shape"),
        (replace(LISTS, flags=(FLAGS, 5)), "flags[1]", "Flags is needed here, not int"),
        (replace(LISTS, flags=(FLAGS, replace(FLAGS, flag=None))), "flags[1].flag", "None is not True or False"),
        (Chosen(colour=Colour.red), "number", "None is not a number"),
        (Chosen(colour=Colour.red, number=1, maybe=1), "maybe", "must be None here"),
        (Drawing(Shape(3), 5), "shape", "is not allowed here, only circle, square"),
        (Drawing(Shape.square, 5), "body", "Numbers is needed here, not int"),
        (
            Outer(Chosen(colour=Colour.green), Inner(colour=Colour.red, number=1)),
            "inner",
            "the structure around it says",
        ),
        (Outer(Chosen(colour=Colour.green, end=8), Inner(colour=Colour.green)), "chosen", "chosen.end is 8, none of 9"),
        (Outer(Chosen(colour=Colour.green), Inner(colour=Colour.green, padding=b"\1")), "inner.padding", "zero bytes"),
    ],
)
def test_values_that_do_not_fit_are_named_by_path_and_reason(value: Struct, path: str, reason: str) -> None:
    with pytest.raises(EncodeError) as caught:
        value.encode()
    assert (caught.value.structure, caught.value.path) == (type(value).__name__, path)
    assert reason in caught.value.reason
    assert str(caught.value).startswith(f"{type(value).__name__}.{path}: ")


def test_the_longest_vector_is_the_one_that_a_length_can_announce() -> None:
    assert write_length(LARGEST) == b"\xbf\xff\xff\xff"
    with pytest.raises(EncodeError, match="more than the 1073741823 that a length can say"):
        write_length(LARGEST + 1)


@pytest.mark.parametrize(
    ("structure", "form", "path", "reason"),
    [
        (Numbers, [], "", "a Numbers is a JSON object"),
        (Numbers, {"a": 1, "b": 1, "c": 1}, "d", "is missing"),
        (Numbers, {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}, "", "e is no field of a Numbers"),
        (Numbers, {"a": True, "b": 1, "c": 1, "d": 1}, "a", "True is not a number"),
        (Words, {"data": "6", "text": "", "key": "61626364"}, "data", "'6' is not a string of hex digits"),
        (Words, {"data": 6, "text": "", "key": "61626364"}, "data", "6 is not a string of hex digits"),
        (Words, {"data": "", "text": 1, "key": "61626364"}, "text", "1 is not text"),
        (Flags, {"flag": 1}, "flag", "1 is not true or false"),
        (Flags, {"flag": True, "colour": 1}, "colour", "1 is not in Colour"),
        (Flags, {"flag": True, "colour": "red", "shape": 65536}, "shape", "65536 is not in Shape"),
        (Flags, {"flag": True, "colour": "red", "shape": "oval"}, "shape", "'oval' is not in Shape"),
        (Lists, {"numbers": 1}, "numbers", "1 is not a list"),
        (Drawing, {"shape": 3, "body": 1}, "shape", "3 is not allowed here, only circle, square"),
        (Drawing, {"shape": "square", "body": 1}, "body", "a Numbers is a JSON object"),
        (Lists, {"numbers": [1, "2"]}, "numbers[1]", "'2' is not a number"),
        (Chosen, {"colour": "green", "maybe": None, "end": 9, "number": 1}, "", "number is no field of a Chosen"),
        (Outer, {"chosen": {"colour": "green", "maybe": None, "end": 8}}, "chosen", "chosen.end is 8, none of 9"),
    ],
)
def test_json_that_is_no_form_of_the_structure_is_named(
    structure: type[Struct], form: object, path: str, reason: str
) -> None:
    with pytest.raises(EncodeError) as caught:
        structure.from_json(form)
    assert (caught.value.structure, caught.value.path) == (structure.__name__, path)
    assert reason in caught.value.reason


def test_json_shows_bytes_as_hex_names_where_there_are_any_and_only_the_fields_of_the_arm() -> None:
    assert Words(b"\xab", "x", b"abcd").to_json() == {"data": "ab", "text": "x", "key": "61626364"}
    assert replace(FLAGS, shape=Shape(9)).to_json() == {"flag": True, "colour": "red", "shape": 9, "maybe": None}
    assert Chosen(colour=Colour.red, number=1).to_json() == {"colour": "red", "number": 1, "end": 9}


def test_a_structure_that_depends_on_another_is_decoded_with_what_it_is_given() -> None:
    inner = Inner(colour=Colour.red, number=7)
    assert inner.encode() == b"\7"
    assert Inner.decode(b"\7", colour=Colour.red) == inner
    with pytest.raises(TypeError, match="Inner can only be decoded with the colour of the structure around it"):
        Inner.decode(b"\7")
    with pytest.raises(DecodeError, match="'red' is not of type Colour"):
        Inner.decode(b"\7", colour="red")
    with pytest.raises(EncodeError, match="Inner: 1 is not of type Colour"):
        replace(inner, colour=1).encode()


def test_errors_survive_the_way_between_processes() -> None:
    """pytest's workers pickle what they raise."""
    with pytest.raises(DecodeError) as caught:
        Lists.decode(bytes.fromhex("03 000100"))
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (str(copied), copied.path, copied.offset) == (str(caught.value), "numbers[1]", 3)


def test_values_in_a_row_are_read_to_the_end() -> None:
    assert Chosen.decode_all(b"") == ()
    assert Chosen.decode_all(bytes.fromhex("01000509 020009")) == (
        Chosen(colour=Colour.red, number=5),
        Chosen(colour=Colour.green),
    )
    with pytest.raises(DecodeError) as caught:
        Chosen.decode_all(bytes.fromhex("01000509 0100"))
    assert (caught.value.path, caught.value.offset) == ("[1].number", 5)
    assert str(caught.value).startswith("Chosen[1].number at offset 5: ")


def test_fields_of_one_structure_make_another() -> None:
    assert Drawing.taken_from(FLAGS, body=5) == Drawing(Shape.circle, 5)


def test_values_of_a_registry_without_a_name_are_values_like_any_other() -> None:
    assert Shape(0x0A0A) == Shape(0x0A0A) == 0x0A0A
    assert Shape(1) is Shape.circle
    assert (Shape.circle.known, Shape(0x0A0A).known, Shape(0x0A0A).name) == (True, False, "0x0a0a")
    assert list(Shape) == [Shape.circle, Shape.square]
    for beyond in (-1, 65536):
        with pytest.raises(ValueError, match="is not a valid Shape"):
            Shape(beyond)


def test_a_value_without_a_name_is_kept_only_once() -> None:
    """A peer can send every number there is; each takes memory for good, so it must not do so in every field."""
    single = Flags.decode(bytes.fromhex("00 01 3a3a 00")).shape
    (listed,) = Lists.decode(bytes.fromhex("00 02 3a3a 00 00 00")).shapes
    assert listed is single


def test_a_declaration_that_names_no_encoding_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Undeclared(Struct):
        number: int

    with pytest.raises(TypeError, match="names no encoding"):
        Undeclared(1).encode()
