"""URL templates of the directory: RFC 6570 level 1, with exactly one variable (PROTO 5.1, AMB-014).

A server must match on the raw path: once a framework has decoded ``%2F``, the value's slashes can't be told from those
of the path.
"""

import re
from enum import StrEnum
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

_SCHEME = "mimi://"
_VARIABLE = re.compile(r"\{([A-Za-z0-9_.]+)\}")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HTTPS_URL = re.compile(r"https://[^/?#]+(?P<path>/[^?#]*)")


class UrlStyle(StrEnum):
    """How a MIMI URI is written into a template."""

    ENCODED = "encoded"
    """RFC 6570 simple expansion: everything but unreserved characters is percent-encoded."""
    SLASHES = "slashes"
    """As the example flows of PROTO 3 print it: without the scheme, the slashes kept."""


class UrlTemplateError(ValueError):
    """A template that can't be used; the message quotes it and says why."""


def variable(template: str) -> str:
    """The name of the template's only variable, such as ``targetUser``.

    Raises:
        UrlTemplateError: the template has no variable, several, or one with an RFC 6570 operator.

    """
    return _split(template)[1]


def expand(template: str, value: str, style: UrlStyle = UrlStyle.ENCODED) -> str:
    """The URL for ``value``: a MIMI URI, a provider domain or an https URL, whichever the variable stands for.

    Raises:
        UrlTemplateError: as for ``variable``.

    """
    before, _, after = _split(template)
    if style is UrlStyle.SLASHES and value.startswith(_SCHEME):
        return before + quote(value.removeprefix(_SCHEME), safe="/") + after
    return before + quote(value, safe="") + after


def match(template: str, raw_path: str, style: UrlStyle = UrlStyle.ENCODED) -> str | None:
    """The value that expands ``template`` to a URL with this path, or None when there is none.

    Args:
        template: an absolute https URL with one variable in its path.
        raw_path: path of a request as it was sent, not decoded, without the query.
        style: how the peer wrote the value. In the style with slashes a value that has one gets its scheme back.

    Raises:
        UrlTemplateError: as for ``variable``, or the template is no https URL.

    """
    before, _, after = _split(path_of(template))
    if not (raw_path.startswith(before) and raw_path.endswith(after)):
        return None
    encoded = raw_path[len(before) : len(raw_path) - len(after)]
    if not encoded or _BAD_PERCENT.search(encoded):
        return None
    if "/" in encoded and style is UrlStyle.ENCODED:
        return None
    try:
        value = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return None
    return _SCHEME + value if "/" in encoded else value


@lru_cache
def path_of(template: str) -> str:
    """The path of an https URL or template, as it stands.

    Raises:
        UrlTemplateError: it is no absolute https URL with a path.

    """
    found = _HTTPS_URL.match(template)
    if found is None:
        raise UrlTemplateError(f"{template!r} is not an absolute https URL with a path.")
    return found["path"]


@lru_cache
def _split(template: str) -> tuple[str, str, str]:
    before, *rest = _VARIABLE.split(template)
    if len(rest) != 2 or set("{}") & set(before + rest[1]):
        raise UrlTemplateError(f"{template!r} does not have exactly one simple variable, such as {{roomId}}.")
    return before, rest[0], rest[1]
