"""SafeAAD: the `authenticated_data` that several components share (mls-extensions, section 4.9).

Where the GroupContext has the `safe_aad` component, every message of the group has one, if only an empty one.
"""

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from mimi_conformance.reference.mls.framing.rules import FramingError, SafeAADRule
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import SafeAAD, SafeAADItem


def encode_safe_aad(items: Mapping[int, bytes]) -> bytes:
    """The `authenticated_data` with the data of these components, by their numbers, in any order.

    Raises:
        EncodeError: a number is no ComponentID.

    """
    return SafeAAD(tuple(SafeAADItem(component_id, items[component_id]) for component_id in sorted(items))).encode()


def read_safe_aad(authenticated_data: bytes) -> Mapping[int, bytes]:
    """The data of each component that has some in the `authenticated_data` of a message.

    Components that nobody knows are kept.

    Raises:
        FramingError: it is no SafeAAD, has bytes after it, or its items are not sorted and unique.

    """
    try:
        items = SafeAAD.decode(authenticated_data).aad_items
    except DecodeError as error:
        raise FramingError(SafeAADRule.STRUCTURE, authenticated_data) from error
    for before, after in pairwise(items):
        if before.component_id == after.component_id:
            raise FramingError(SafeAADRule.UNIQUE, after.component_id)
        if before.component_id > after.component_id:
            raise FramingError(SafeAADRule.SORTED, after.component_id)
    return MappingProxyType({item.component_id: item.aad_item_data for item in items})
