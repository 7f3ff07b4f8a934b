"""The draft's own schemas, run by a CDDL tool that knows nothing of this project, agree with what is read and written.

The schemas' folder is the environment's MIMI_SPECIFICATIONS, or `shared/specs` beside the checkout.
"""

import os
from functools import cache
from pathlib import Path

import pytest
from cddl_verifier import Validator
from hypothesis import given, settings

from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.derived import MessageDerivedValues, encode_derived
from mimi_conformance.reference.content.message import MimiContent
from mimi_conformance.reference.content.rules import ContentError, ContentRule, EncodingRule
from tests.content.official_examples import EXAMPLES
from tests.content.strategies import derived_values, messages, mutated
from tests.exercised import exercises

SPECIFICATIONS = Path(os.environ.get("MIMI_SPECIFICATIONS", Path(__file__).parents[3] / "shared" / "specs"))

if not (SPECIFICATIONS / "mimi-content.cddl").exists():
    pytest.skip(
        f"the schemas of mimi-content are not in {SPECIFICATIONS}: set MIMI_SPECIFICATIONS to their folder",
        allow_module_level=True,
    )

IN_PROSE = {
    *EncodingRule,
    ContentRule.EXTENSION_DEPTH,
    ContentRule.LANGUAGE,
    ContentRule.NOT_ENCRYPTED,
    ContentRule.PART_COUNT,
    ContentRule.PART_DEPTH,
    ContentRule.TOPIC_ID_LENGTH,
}
"""The rules that the draft gives in words only, so that its schema can't know them."""


@cache
def schema(name: str) -> Validator:
    """Return one of the draft's schemas."""
    return Validator(SPECIFICATIONS / name)


def is_mimi_content(data: bytes) -> bool:
    """Whether the complete schema accepts some bytes."""
    return schema("mimi-content.cddl").validate(data, root_type="mimiContent").valid


@exercises("CONTENT-A.1-01")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_schema_accepts_the_examples_of_the_draft(name: str) -> None:
    assert is_mimi_content(EXAMPLES[name].encoded)


@exercises("CONTENT-A.1-01")
@settings(max_examples=50)
@given(messages.filter(lambda content: "" not in content.mimi_extensions))
def test_the_schema_accepts_what_is_written_here(content: MimiContent) -> None:
    assert is_mimi_content(encode_content(content))


@exercises("CONTENT-A.1-01")
@settings(max_examples=200)
@given(mutated(messages.map(encode_content)))
def test_what_the_schema_accepts_is_read_or_breaks_a_rule_that_the_draft_gives_in_words(data: bytes) -> None:
    try:
        content = decode_content(data)
    except ContentError as error:
        refused_for = error.rule
    else:
        refused_for = None
        assert is_mimi_content(data) or "" in content.mimi_extensions  # which stands for nothing (AMB-194)
    assert refused_for in {None, *IN_PROSE} or not is_mimi_content(data)


@exercises("CONTENT-4.6-02", "CONTENT-A.2-01")
@settings(max_examples=50)
@given(derived_values)
def test_the_schema_of_implied_fields_accepts_derived_values(derived: MessageDerivedValues) -> None:
    assert schema("implied.cddl").validate(encode_derived(derived), root_type="MessageDerivedValues").valid
