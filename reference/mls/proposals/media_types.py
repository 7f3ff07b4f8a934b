"""Which media types a group wants its members to read, and which they can (mls-extensions, section 6.2).

Nothing in MLS forbids adding a client that lacks some: whether to do so is for the application (section 6.2.3).
"""

from mimi_conformance.reference.mls.proposals.extensions import CONTENT_MEDIA_TYPES, read_component, read_dictionary
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.wire.mls.app_data import MediaType, MediaTypeList
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode

_Compared = tuple[bytes, frozenset[tuple[bytes, bytes]]]


def missing_media_types(leaf_node: LeafNode, extensions: GroupExtensions) -> tuple[MediaType, ...]:
    """The media types that a group requires and a client doesn't say that it can read.

    Types and the names of parameters are compared without regard to case, parameters in any order (AMB-218).

    Raises:
        ExtensionError: the LeafNode's list is not one.

    """
    listed = read_component(read_dictionary(leaf_node.extensions), CONTENT_MEDIA_TYPES, MediaTypeList)
    readable = {_compared(media_type) for media_type in listed.media_type_list} if listed else set()
    return tuple(required for required in extensions.media_types or () if _compared(required) not in readable)


def _compared(media_type: MediaType) -> _Compared:
    parameters = ((item.parameter_name.lower(), item.parameter_value) for item in media_type.parameters)
    return media_type.type.lower(), frozenset(parameters)
