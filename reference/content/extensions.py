"""The extensions of a message: any CBOR by key, within limits (mimi-content-08, sections 4.3, 6.2 and 6.3)."""

from collections.abc import Iterable, Mapping
from typing import Final

from cbor2 import CBORTag, frozendict

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.deterministic import Value
from mimi_conformance.reference.content.rules import ContentError, ContentRule

ExtensionKey = int | str
Extensions = Mapping[ExtensionKey, Value]

SENDER_URI: Final = 1
"""The key of the extension that names the sender."""
ROOM_URI: Final = 2
"""The key of the extension that names the room."""

LONGEST_KEY: Final = 255
"""Octets of the longest key that is text."""
DEEPEST: Final = 4
"""Levels of tags, maps and arrays. The map of extensions is level 1."""

_PLACE: Final = "mimiExtensions"


def checked_extensions(extensions: Extensions) -> Extensions:
    """Return extensions as they will be decoded: in the order of their encoding, and with nothing in them to change.

    Key 0 and an empty text, which stand for nothing, are accepted (AMB-194); so are values of whatever size (AMB-186).

    Raises:
        ContentError: they break a `ContentRule` or an `EncodingRule`.
    """
    if not isinstance(extensions, Mapping):
        raise ContentError(ContentRule.EXTENSIONS, extensions, _PLACE)
    for key, value in extensions.items():
        if not _is_key(key):
            raise ContentError(ContentRule.EXTENSION_KEY, key, _PLACE)
        if key in (SENDER_URI, ROOM_URI) and type(value) is not str:
            raise ContentError(ContentRule.EXTENSION_URI, value, f"{_PLACE}[{key}]")
        if _nests_too_deep(value, 2):
            raise ContentError(ContentRule.EXTENSION_DEPTH, value, f"{_PLACE}[{key!r}]")
    checked = deterministic.decode(deterministic.encode(extensions))
    assert isinstance(checked, frozendict)
    return checked


def _is_key(key: object) -> bool:
    return type(key) is int or (type(key) is str and len(key.encode(errors="surrogatepass")) <= LONGEST_KEY)


def _nests_too_deep(value: Value, level: int) -> bool:
    """Whether a value at a level of the extensions has containers at a level below the deepest."""
    inner: Iterable[Value]
    match value:
        case Mapping():
            inner = value.values()
        case tuple() | list():
            inner = value
        case CBORTag():
            inner = (value.value,)
        case int() if not -(2**64) <= value < 2**64:
            inner = ()  # a bignum is a tag
        case _:
            return False
    return level > DEEPEST or any(_nests_too_deep(each, level + 1) for each in inner)
