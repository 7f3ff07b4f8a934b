"""Whether the bytes of a `Uri` are a valid URI (RFC 3986), which is all that the drafts ask of most of them."""

import re

from mimi_conformance.reference.wire.protocol.room_metadata import Uri

_URI = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")
_AUTHORITY = re.compile(rb"[^:]+://(?:[^/?#@]*@)?([^/?#:]*)")


def is_uri(uri: Uri) -> bool:
    """Whether it is one, with a scheme and with nothing in it that a URI cannot hold."""
    return _URI.fullmatch(uri.uri) is not None


def is_uri_or_empty(uri: Uri) -> bool:
    """Whether it is one, or has been left out."""
    return not uri.uri or is_uri(uri)


def host(uri: Uri) -> bytes:
    """The host that a URI names, in lower case; empty when it names none."""
    found = _AUTHORITY.match(uri.uri)
    return found[1].lower() if found else b""
