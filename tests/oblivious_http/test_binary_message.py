"""Binary HTTP messages: the examples of RFC 9292, every encoding of a message, and nothing that is none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.oblivious_http.binary_message import (
    MOST_FIELDS,
    Framing,
    InformationalResponse,
    Request,
    Response,
    decode,
    encode,
)
from mimi_conformance.reference.wire.errors import DecodeError, EncodeError
from tests.oblivious_http.messages import messages

# RFC 9292, section 5.1: the request, with known and with indeterminate length.
REQUEST = Request(
    "GET",
    "https",
    "",
    "/hello.txt",
    (
        ("user-agent", "curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3"),
        ("host", "www.example.com"),
        ("accept-language", "en, mi"),
    ),
)
KNOWN_LENGTH_REQUEST = bytes.fromhex(
    "00034745540568747470 73000a2f68656c6c6f2e74787440 6c0a757365722d6167656e743463 75726c2f372e31362e33"
    "206c69626375726c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e33"
    "04686f73740f7777772e6578616d706c652e636f6d0f6163636570742d6c616e677561676506656e2c206d690000"
)
INDETERMINATE_LENGTH_REQUEST = bytes.fromhex(
    "02034745540568747470 73000a2f68656c6c6f2e7478740a757365722d6167656e743463 75726c2f372e31362e33"
    "206c69626375726c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e33"
    "04686f73740f7777772e6578616d706c652e636f6d0f6163636570742d6c616e677561676506656e2c206d69"
    "00000000000000000000000000"
)

# RFC 9292, section 5.2: a response with informational ones before it, and one with a trailer.
RESPONSE = Response(
    200,
    (
        ("date", "Mon, 27 Jul 2009 12:28:53 GMT"),
        ("server", "Apache"),
        ("last-modified", "Wed, 22 Jul 2009 19:15:56 GMT"),
        ("etag", '"34aa387-d-1568eb00"'),
        ("accept-ranges", "bytes"),
        ("content-length", "51"),
        ("vary", "Accept-Encoding"),
        ("content-type", "text/plain"),
    ),
    b"Hello World! My content includes a trailing CRLF.\r\n",
    informational=(
        InformationalResponse(102, (("running", '"sleep 15"'),)),
        InformationalResponse(
            103,
            (("link", "</style.css>; rel=preload; as=style"), ("link", "</script.js>; rel=preload; as=script")),
        ),
    ),
)
INDETERMINATE_LENGTH_RESPONSE = bytes.fromhex(
    "03406607 72756e6e 696e670a 22736c65 65702031 35220040 67046c69 6e6b233c 2f737479 6c652e63 73733e3b 2072656c"
    "3d707265 6c6f6164 3b206173 3d737479 6c65046c 696e6b24 3c2f7363 72697074 2e6a733e 3b207265 6c3d7072 656c6f61"
    "643b2061 733d7363 72697074 0040c804 64617465 1d4d6f6e 2c203237 204a756c 20323030 39203132 3a32383a 35332047"
    "4d540673 65727665 72064170 61636865 0d6c6173 742d6d6f 64696669 65641d57 65642c20 3232204a 756c2032 30303920"
    "31393a31 353a3536 20474d54 04657461 67142233 34616133 38372d64 2d313536 38656230 30220d61 63636570 742d7261"
    "6e676573 05627974 65730e63 6f6e7465 6e742d6c 656e6774 68023531 04766172 790f4163 63657074 2d456e63 6f64696e"
    "670c636f 6e74656e 742d7479 70650a74 6578742f 706c6169 6e003348 656c6c6f 20576f72 6c642120 4d792063 6f6e7465"
    "6e742069 6e636c75 64657320 61207472 61696c69 6e672043 524c462e 0d0a0000"
)
CHUNKED = Response(200, (), b"This content contains CRLF.\r\n", (("trailer", "text"),))
KNOWN_LENGTH_CHUNKED = bytes.fromhex(
    "0140c800 1d546869 7320636f 6e74656e 7420636f 6e746169 6e732043 524c462e 0d0a0d07 74726169 6c657204 74657874"
)

EXAMPLES = [
    pytest.param(REQUEST, Framing.KNOWN_LENGTH, KNOWN_LENGTH_REQUEST, id="request-known"),
    pytest.param(REQUEST, Framing.INDETERMINATE_LENGTH, INDETERMINATE_LENGTH_REQUEST, id="request-indeterminate"),
    pytest.param(RESPONSE, Framing.INDETERMINATE_LENGTH, INDETERMINATE_LENGTH_RESPONSE, id="response-indeterminate"),
    pytest.param(CHUNKED, Framing.KNOWN_LENGTH, KNOWN_LENGTH_CHUNKED, id="response-with-trailer"),
]


@pytest.mark.parametrize(("message", "framing", "example"), EXAMPLES)
def test_the_examples_of_the_rfc_are_read_and_written(message, framing, example):
    assert decode(example) == message
    shortest = encode(message, framing)
    assert encode(message, framing, len(example) - len(shortest)) == example


def test_what_is_empty_at_the_end_of_an_example_can_be_left_out():
    for length in range(1, 3):
        assert decode(KNOWN_LENGTH_REQUEST[:-length]) == REQUEST
    for length in range(1, 13):
        assert decode(INDETERMINATE_LENGTH_REQUEST[:-length]) == REQUEST
    with pytest.raises(DecodeError):
        decode(INDETERMINATE_LENGTH_REQUEST[:-13])


@given(messages, st.sampled_from(Framing), st.integers(0, 20))
def test_what_is_written_is_read(message, framing, padding):
    assert decode(encode(message, framing, padding)) == message


@given(messages, st.sampled_from(Framing), st.data())
def test_any_mutation_is_a_message_that_can_be_written_again_or_an_error(message, framing, data):
    encoded = bytearray(encode(message, framing, 2))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(encoded) - 1))
        match data.draw(st.sampled_from(["change", "insert", "remove", "cut"])):
            case "change":
                encoded[place] = data.draw(st.integers(0, 255))
            case "insert":
                encoded[place:place] = data.draw(st.binary(min_size=1, max_size=4))
            case "remove" if len(encoded) > 1:
                del encoded[place]
            case _:
                del encoded[max(place, 1) :]
    try:
        read = decode(bytes(encoded))
    except DecodeError:
        return
    for other in Framing:
        assert decode(encode(read, other)) == read


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_an_error(data):
    try:
        message = decode(data)
    except DecodeError:
        return
    assert decode(encode(message)) == message


@given(messages, st.sampled_from(Framing), st.data())
def test_a_message_that_ends_too_early_is_an_error_or_only_lacks_what_is_empty(message, framing, data):
    encoded = encode(message, framing)
    cut = encoded[: data.draw(st.integers(0, len(encoded) - 1))]
    try:
        read = decode(cut)
    except DecodeError:
        return
    empty = replace(message, content=b"", trailers=())
    assert read in (replace(message, trailers=()), empty, replace(empty, headers=()))


def test_lengths_need_not_be_in_their_shortest_form_and_content_comes_in_chunks():
    request = bytes.fromhex("02 4003474554 80000005 6874747073 00 c000000000000001 2f 00 0161 026263 00")
    assert decode(request) == Request("GET", "https", "", "/", content=b"abc")


GET = b"\0\3GET\5https\1a\1/"


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (b"", "an integer is missing"),
        (b"\4", "the framing indicator is 4"),
        (b"\x40", "an integer is cut short"),
        (b"\0\3GET", "an integer is missing"),
        (b"\0\3GE", "a length announces 3 bytes, but 2 bytes are left"),
        (b"\0\0\5https\1a\1/", "'' is no method"),
        (b"\0\3G T\5https\1a\1/", "'G T' is no method"),
        (b"\0\3GET\0\1a\1/", "the scheme is empty"),
        (b"\0\3GET\5https\1a\0", "the path is empty"),
        (b"\0\3GET\5https\1\xe4\1/", "is no authority"),
        (b"\0\3GET\5https\1a\3/ b", "is no path"),
        (GET + b"\0\0\0\0\1", "2 bytes are left after the message, not all of them zero"),
        (GET + b"\3\1a", "a length announces 3 bytes"),
        (GET + b"\2\1a", "an integer is missing"),
        (GET + b"\3\1a\1", "a length announces 1 bytes, but 0 bytes are left"),
        (GET + b"\3\0\1a", "'' is no name of a field"),
        (GET + b"\3\1A\0", "'A' is no name of a field"),
        (GET + b"\4\2a \0", "is no name of a field"),
        (GET + b"\4\2\xe4a\0", "is no name of a field"),
        (GET + b"\x08\5:path\1/", "':path' is no name of a field"),
        (GET + b"\5\1a\0\2:b", "a length announces"),
        (GET + b"\7\1a\0\2:b\0", "the pseudo-field :b stands after other fields"),
        (GET + b"\0\0\4\2:b\0", "the pseudo-field :b stands in a trailer"),
        (GET + b"\5\1a\2b\n", "is no value of a field"),
        (GET + b"\5\1a\2b\r", "is no value of a field"),
        (GET + b"\5\1a\2b\0", "is no value of a field"),
        (GET + b"\5\1a\2b ", "is no value of a field"),
        (GET + b"\5\1a\2\tb", "is no value of a field"),
        (b"\1\x40\x63", "an integer is missing"),
        (b"\1\x40\x66\0", "an integer is missing"),
        (b"\1\x40\x66\0\x42\x58", "the status is 600"),
        (b"\1\x05\0\x40\xc8", "the status of an informational response is 5"),
        (b"\2\3GET\5https\1a\1/\1a", "an integer is missing"),
        (b"\2\3GET\5https\1a\1/\0\1a", "an integer is missing"),
        (b"\3\x40\xc8" + b"\1a\0" * (MOST_FIELDS + 1), f"more than {MOST_FIELDS} fields"),
        (b"\1" + b"\x40\x66\0" * (MOST_FIELDS + 1), f"more than {MOST_FIELDS} informational responses"),
    ],
)
def test_what_is_no_message_is_an_error_with_a_reason(encoded, reason):
    with pytest.raises(DecodeError) as caught:
        decode(encoded)
    assert reason in str(caught.value)
    assert str(caught.value).startswith("message/bhttp at offset ")


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Request("", "https", "a", "/"), "Request: '' is no method"),
        (Request("GET", "https", "ä", "/"), "Request: 'ä' is no authority"),
        (Request("GET", "https", "a", "/", (("A", "b"),)), "Request: 'A' is no name of a field"),
        (Request("GET", "https", "a", "/", (("a", "€"),)), "Request: '€' is no value of a field"),
        (
            Request("GET", "https", "a", "/", trailers=((":a", "b"),)),
            "Request: the pseudo-field :a stands in a trailer",
        ),
        (Response(199), "Response: the status is 199"),
        (Response(200, informational=(InformationalResponse(200),)), "Response: the status of an informational"),
        (Response(200, (("a", ""),) * (MOST_FIELDS + 1)), f"Response: a section has more than {MOST_FIELDS} fields"),
    ],
)
def test_what_could_not_be_read_is_not_written(message, reason):
    with pytest.raises(EncodeError) as caught:
        encode(message)
    assert str(caught.value).startswith(reason)
