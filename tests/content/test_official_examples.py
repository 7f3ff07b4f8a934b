"""The drafts' own examples decode, encode to the same bytes, and have the message ids that are printed beside them."""

from dataclasses import FrozenInstanceError

import pytest

from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.message import MimiContent
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.ordinary import ordinary_content
from tests.content.official_examples import EXAMPLES, FOLDER, Example
from tests.exercised import exercises

if not EXAMPLES:
    pytest.skip(
        f"the examples of mimi-content are not in {FOLDER}: set MIMI_CONTENT_EXAMPLES to their folder",
        allow_module_level=True,
    )


@pytest.fixture(params=EXAMPLES.values(), ids=EXAMPLES)
def example(request: pytest.FixtureRequest) -> Example:
    """Each example in turn."""
    return request.param


@exercises("CONTENT-5.1-01", "CONTENT-B.1-01", "CONTENT-B.2-01")
def test_an_example_encodes_to_the_bytes_that_it_was_decoded_from(example: Example) -> None:
    assert encode_content(decode_content(example.encoded)) == example.encoded


def test_an_example_is_read_by_the_short_cut_for_ordinary_messages(example: Example) -> None:
    content = ordinary_content(example.encoded)
    assert content is not None
    assert type(content) is MimiContent
    with pytest.raises(FrozenInstanceError):
        content.salt = bytes(16)


@exercises("CONTENT-3.3-03", "CONTENT-3.3-04", "CONTENT-3.3-05")
def test_an_example_has_the_message_id_printed_beside_it(example: Example) -> None:
    assert message_id(decode_content(example.encoded)).hex() == example.message_id.hex()
