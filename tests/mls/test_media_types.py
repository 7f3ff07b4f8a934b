"""What a group wants to be read, and what a client can read."""

from dataclasses import replace

from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.proposals.media_types import missing_media_types
from mimi_conformance.reference.wire.mls.app_data import MediaType, MediaTypeList, Parameter
from tests.exercised import exercises
from tests.mls.group_examples import Client, dictionary

PLAIN = MediaType(b"text/plain", (Parameter(b"charset", b"UTF-8"), Parameter(b"format", b"flowed")))
SAME = MediaType(b"Text/PLAIN", (Parameter(b"Format", b"flowed"), Parameter(b"charset", b"UTF-8")))
OTHER = replace(PLAIN, parameters=(Parameter(b"charset", b"utf-8"), Parameter(b"format", b"flowed")))
IMAGE = MediaType(b"image/png")


def listed(*media_types: MediaType):
    return (dictionary(c0003=MediaTypeList(media_types).encode()),)


def missing(of_leaf: tuple, required: tuple) -> tuple[MediaType, ...]:
    leaf_node = replace(Client("alice").key_package().key_package.leaf_node, extensions=of_leaf)
    return missing_media_types(leaf_node, GroupExtensions.read(required))


@exercises("CONTENT-2-01")
def test_what_is_required_and_not_listed_is_missing():
    assert missing(listed(SAME, IMAGE), listed(PLAIN, IMAGE)) == ()
    assert missing(listed(OTHER), listed(PLAIN, IMAGE)) == (PLAIN, IMAGE)
    assert missing((), listed(IMAGE)) == (IMAGE,)
    assert missing((), ()) == ()
