"""The format of status reports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import mutated
from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.message import MessageId, MimiContent, NullPart, SinglePart
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.rules import ContentError, EncodingRule
from mimi_conformance.reference.content.status.report import (
    MessageStatus,
    MessageStatusReport,
    PerMessageStatus,
    ReportRule,
    as_part,
    decode,
    encode,
    read_part,
)
from tests.exercised import exercises

EXAMPLE = bytes.fromhex(
    "84"
    "82 5820 017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4 02"
    "82 5820 015354973c2b65ca937bf1e035ae53a5ab80e947afa43d46920d4202e5cc0b27 02"
    "82 5820 018d825adf9f6be00dcafc5704c4102f5022e74219d0b603e4ba7622654042af 00"
    "82 5820 01e59db8173939facc2c8a4a0f0ae8d0c7a11a81239626630c9464a8d6717a03 03"
)
"""The report of message-status, section 5."""

message_ids = st.binary(min_size=32, max_size=32).map(MessageId)
statuses = st.integers(0, 255).map(MessageStatus)
reports = st.lists(st.builds(PerMessageStatus, message_ids, statuses)).map(
    lambda entries: MessageStatusReport(tuple(entries))
)
SOME_ID = MessageId(b"\x01" * 32)


def entry(status: bytes) -> bytes:
    """A report with one entry, whose status is these bytes."""
    return bytes.fromhex("81 82 5820") + SOME_ID + status


@exercises("STATUS-5-01", "STATUS-3-01", "STATUS-4-01")
def test_the_example_decodes_and_encodes_to_the_same_bytes():
    report = decode(EXAMPLE)
    assert [each.status for each in report.statuses] == [
        MessageStatus.read,
        MessageStatus.read,
        MessageStatus.unread,
        MessageStatus.expired,
    ]
    assert report.statuses[0].message_id.hex().startswith("017ce548")
    assert encode(report) == EXAMPLE


@exercises("STATUS-3-04", "STATUS-3-05", "STATUS-3-06", "STATUS-3-07", "STATUS-3-08", "STATUS-3-09", "STATUS-3-10")
@pytest.mark.parametrize(
    ("number", "status"),
    [
        (0, MessageStatus.unread),
        (1, MessageStatus.delivered),
        (2, MessageStatus.read),
        (3, MessageStatus.expired),
        (4, MessageStatus.deleted),
        (5, MessageStatus.hidden),
        (6, MessageStatus.error),
    ],
)
def test_each_status_has_its_number(number, status):
    assert decode(entry(bytes([number]))).statuses == (PerMessageStatus(SOME_ID, status),)


@exercises("STATUS-4-02")
@given(st.integers(7, 255))
def test_statuses_without_a_name_are_kept(number):
    report = MessageStatusReport((PerMessageStatus(SOME_ID, MessageStatus(number)),))
    assert decode(encode(report)) == report
    assert not report.statuses[0].status.known


@exercises("STATUS-4-01")
@given(reports)
def test_every_report_comes_back(report):
    assert decode(encode(report)) == report


@given(mutated(EXAMPLE))
def test_any_bytes_are_the_one_encoding_of_a_report_or_refused(data):
    try:
        report = decode(data)
    except ContentError:
        return
    assert encode(report) == data


@exercises("STATUS-4-01")
@pytest.mark.parametrize(
    ("data", "rule"),
    [
        pytest.param("a0", ReportRule.ARRAY, id="a-map"),
        pytest.param("00", ReportRule.ARRAY, id="a-number"),
        pytest.param("8100", ReportRule.PAIR, id="an-entry-that-is-no-array"),
        pytest.param("8180", ReportRule.PAIR, id="an-empty-entry"),
        pytest.param("8183 5820" + "01" * 32 + "0000", ReportRule.PAIR, id="an-entry-of-three"),
        pytest.param("8182 581f" + "01" * 31 + "00", ReportRule.MESSAGE_ID, id="a-short-message-id"),
        pytest.param("8182 7820" + "61" * 32 + "00", ReportRule.MESSAGE_ID, id="a-message-id-of-text"),
        pytest.param(entry(b"\x19\x01\x00").hex(), ReportRule.STATUS, id="a-status-over-255"),
        pytest.param(entry(b"\x20").hex(), ReportRule.STATUS, id="a-negative-status"),
        pytest.param(entry(b"\xf5").hex(), ReportRule.STATUS, id="a-status-that-is-true"),
        pytest.param(entry(b"\xf9\x3c\x00").hex(), ReportRule.STATUS, id="a-status-of-1.0"),
        pytest.param(entry(b"\x18\x02").hex(), EncodingRule.SHORTEST_INTEGER, id="a-status-in-two-bytes"),
        pytest.param("9fff", EncodingRule.DEFINITE_LENGTH, id="an-indefinite-array"),
        pytest.param("8000", EncodingRule.ONE_ITEM, id="something-after-it"),
        pytest.param("", EncodingRule.WELL_FORMED, id="nothing"),
    ],
)
def test_what_is_no_report_is_refused_for_a_reason_with_a_name(data, rule):
    with pytest.raises(ContentError) as raised:
        decode(bytes.fromhex(data))
    assert raised.value.rule is rule


def test_a_report_with_something_that_is_no_message_id_is_not_sent():
    with pytest.raises(ContentError) as raised:
        encode(MessageStatusReport((PerMessageStatus(MessageId(b"short"), MessageStatus.read),)))
    assert (raised.value.rule, raised.value.place) == (ReportRule.MESSAGE_ID, "entry 0")


class TestHowItTravels:
    """As the body of MIMI content, so that it has a message id and can be franked (AMB-197)."""

    @exercises("STATUS-3-01", "STATUS-7.1-01")
    def test_a_report_is_a_single_part_of_its_media_type(self):
        part = as_part(decode(EXAMPLE))
        assert (part.content_type, part.content) == ("application/mimi-message-status", EXAMPLE)
        content = MimiContent(salt=bytes(16), nested_part=part)
        received = decode_content(encode_content(content))
        assert read_part(received.nested_part) == decode(EXAMPLE)
        assert len(message_id(received, sender_uri="mimi://b.example/u/bob", room_uri="mimi://b.example/r/x")) == 32

    @exercises("STATUS-7.1-01")
    @pytest.mark.parametrize(
        "content_type",
        ["application/mimi-message-status", "Application/MIMI-Message-Status", "application/mimi-message-status ;a=b"],
    )
    def test_media_types_are_compared_as_media_types_are(self, content_type):
        assert read_part(SinglePart(content_type, EXAMPLE)) == decode(EXAMPLE)

    @pytest.mark.parametrize("part", [NullPart(), SinglePart("text/plain", EXAMPLE), SinglePart("", EXAMPLE)])
    def test_everything_else_is_no_report(self, part):
        assert read_part(part) is None

    def test_a_part_that_only_says_it_is_a_report_is_refused(self):
        with pytest.raises(ContentError):
            read_part(SinglePart("application/mimi-message-status", b"read it all"))
