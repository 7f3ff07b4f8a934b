"""HTTP messages as bytes of their own: `message/bhttp` (RFC 9292).

A message has many encodings: two framings, lengths in more bytes than they need, content in chunks, empty parts left
out at the end, zeros after it. All of them decode to the same value; `encode` writes the shortest of a framing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

from mimi_conformance.reference.wire.errors import DecodeError, EncodeError, in_bytes

MOST_FIELDS: Final = 1000
"""How many fields a section may have: a megabyte of empty ones would take a hundred megabytes to keep."""

Fields = tuple[tuple[str, str], ...]
"""Names, in lower case, with their values, whose octets are read as Latin-1; in order."""

_CONTROL_DATA: Final = ("method", "scheme", "authority", "path")
_NOT_FIELDS: Final = frozenset({":status", *(f":{part}" for part in _CONTROL_DATA)})
_TOKEN: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NAME: Final = re.compile(r":?[!#$%&'*+\-.^_`|~0-9a-z]+")
_VALUE: Final = re.compile(r"(?![ \t])[\x01-\x09\x0b\x0c\x0e-\xff]*(?<![ \t])")
_VISIBLE: Final = re.compile(r"[!-~]*")


class Framing(IntEnum):
    """How a reader knows where a part ends (RFC 9292, section 3.3). The indicator of a response is one more."""

    KNOWN_LENGTH = 0
    """It begins with its length."""
    INDETERMINATE_LENGTH = 2
    """It ends with a zero."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request (RFC 9292, section 3.4). The authority is empty when only a Host field says it."""

    method: str
    scheme: str
    authority: str
    path: str
    headers: Fields = ()
    content: bytes = b""
    trailers: Fields = ()


@dataclass(frozen=True, slots=True)
class InformationalResponse:
    """What came before the final response, with a status of 100 to 199 (RFC 9292, section 3.5.1)."""

    status: int
    headers: Fields = ()


@dataclass(frozen=True, slots=True)
class Response:
    """A response, with a status of 200 to 599 (RFC 9292, section 3.5)."""

    status: int
    headers: Fields = ()
    content: bytes = b""
    trailers: Fields = ()
    informational: tuple[InformationalResponse, ...] = ()


Message = Request | Response


def encode(message: Message, framing: Framing = Framing.KNOWN_LENGTH, padding: int = 0) -> bytes:
    """The shortest encoding of a message in this framing, with ``padding`` zero bytes after it (RFC 9292, section 3.8).

    Raises:
        EncodeError: a part of the message is not valid HTTP.

    """
    try:
        start = _request_start(message, framing) if isinstance(message, Request) else _response_start(message, framing)
        parts = [
            _section(message.headers, framing),
            _content(message.content, framing),
            _section(message.trailers, framing, trailing=True),
        ]
    except _InvalidPartError as invalid:
        error = EncodeError(str(invalid))
        error.structure = type(message).__name__
        raise error from invalid
    while parts and parts[-1] == b"\0":
        parts.pop()
    return start + b"".join(parts) + bytes(padding)


def decode(data: bytes) -> Message:
    """The message that ``data`` is.

    Raises:
        DecodeError: it is none, or not a valid one (RFC 9292, section 4).

    """
    try:
        return _Reader(data, 0, len(data)).message()
    except DecodeError as error:
        error.structure = "message/bhttp"
        raise


class _Reader:
    """Takes bytes apart from ``position`` to ``end``; every method raises `DecodeError` for what can't be there."""

    def __init__(self, data: bytes, position: int, end: int) -> None:
        self._data = data
        self._position = position
        self._end = end

    @property
    def _left(self) -> int:
        return self._end - self._position

    def message(self) -> Message:
        """A whole message with its padding."""
        indicator = self._integer()
        if indicator > Framing.INDETERMINATE_LENGTH + 1:
            raise DecodeError(f"the framing indicator is {indicator}, more than 3", 0)
        framing = Framing(indicator & 2)
        start = self._response(framing) if indicator & 1 else self._request()
        headers = self._section(framing) if self._left else ()
        content = self._content(framing) if self._left else b""
        trailers = self._section(framing, trailing=True) if self._left else ()
        if any(self._data[self._position : self._end]):
            raise DecodeError(f"{in_bytes(self._left)} left after the message, not all of them zero", self._position)
        return replace(start, headers=headers, content=content, trailers=trailers)

    def _request(self) -> Request:
        """The control data of a request."""
        start = self._position
        request = Request(method=self._text(), scheme=self._text(), authority=self._text(), path=self._text())
        _check(start, lambda: _check_control_data(request))
        return request

    def _response(self, framing: Framing) -> Response:
        """The informational responses, and the control data of the final one."""
        informational: list[InformationalResponse] = []
        while True:
            start = self._position
            status = self._integer()
            if status >= 200:
                break
            informational.append(InformationalResponse(status, self._section(framing)))
            if len(informational) > MOST_FIELDS:
                raise DecodeError(f"there are more than {MOST_FIELDS} informational responses", start)
        response = Response(status, informational=tuple(informational))
        _check(start, lambda: _check_statuses(response))
        return response

    def _section(self, framing: Framing, *, trailing: bool = False) -> Fields:
        """A header or trailer section (RFC 9292, section 3.6)."""
        start = self._position
        if framing is Framing.KNOWN_LENGTH:
            end = self._end_of_next()
            fields = _Reader(self._data, self._position, end)._fields(framing)
            self._position = end
        else:
            fields = self._fields(framing)
        _check(start, lambda: _check_fields(fields, trailing=trailing))
        return fields

    def _fields(self, framing: Framing) -> Fields:
        fields: list[tuple[str, str]] = []
        while framing is Framing.INDETERMINATE_LENGTH or self._left:
            name = self._text()
            if not name and framing is Framing.INDETERMINATE_LENGTH:
                break
            fields.append((name, self._text()))
            if len(fields) > MOST_FIELDS:
                break
        return tuple(fields)

    def _content(self, framing: Framing) -> bytes:
        """The content, in one piece or in chunks before an empty one (RFC 9292, section 3.7)."""
        if framing is Framing.KNOWN_LENGTH:
            return self._octets()
        content = bytearray()
        while chunk := self._octets():
            content += chunk
        return bytes(content)

    def _text(self) -> str:
        return self._octets().decode("latin-1")

    def _octets(self) -> bytes:
        """As many bytes as the integer before them says."""
        end = self._end_of_next()
        octets = self._data[self._position : end]
        self._position = end
        return octets

    def _end_of_next(self) -> int:
        """Where that ends whose length is here, and which comes next."""
        start = self._position
        length = self._integer()
        if length > self._left:
            raise DecodeError(f"a length announces {length} bytes, but {in_bytes(self._left)} left", start)
        return self._position + length

    def _integer(self) -> int:
        """A variable-length integer (RFC 9000, section 16), which need not be in its shortest form."""
        if not self._left:
            raise DecodeError("an integer is missing: the input ends here", self._position)
        size = 1 << (self._data[self._position] >> 6)
        if size > self._left:
            raise DecodeError("an integer is cut short by the end of the input", self._position)
        number = int.from_bytes(self._data[self._position : self._position + size])
        self._position += size
        return number & (1 << 8 * size - 2) - 1


def _request_start(request: Request, framing: Framing) -> bytes:
    _check_control_data(request)
    return _integer(framing) + b"".join(_octets(getattr(request, part).encode("ascii")) for part in _CONTROL_DATA)


def _response_start(response: Response, framing: Framing) -> bytes:
    _check_statuses(response)
    start = _integer(framing + 1)
    for informational in response.informational:
        start += _integer(informational.status) + _section(informational.headers, framing)
    return start + _integer(response.status)


def _section(fields: Fields, framing: Framing, *, trailing: bool = False) -> bytes:
    _check_fields(fields, trailing=trailing)
    lines = b"".join(_octets(name.encode("ascii")) + _octets(value.encode("latin-1")) for name, value in fields)
    return _octets(lines) if framing is Framing.KNOWN_LENGTH else lines + b"\0"


def _content(content: bytes, framing: Framing) -> bytes:
    return _octets(content) + (b"\0" if content and framing is Framing.INDETERMINATE_LENGTH else b"")


def _octets(data: bytes) -> bytes:
    return _integer(len(data)) + data


def _integer(number: int) -> bytes:
    """A variable-length integer in its shortest form (RFC 9000, section 16)."""
    prefix = next(prefix for prefix in range(4) if number < 1 << 8 * (1 << prefix) - 2)
    size = 1 << prefix
    return (number | prefix << 8 * size - 2).to_bytes(size)


class _InvalidPartError(ValueError):
    """A message must not have this part, whichever way it is encoded."""


def _check(offset: int, check: Callable[[], None]) -> None:
    """Do a check of what was read at an offset."""
    try:
        check()
    except _InvalidPartError as invalid:
        raise DecodeError(str(invalid), offset) from invalid


def _check_control_data(request: Request) -> None:
    """Refuse what could not stand in the control data of HTTP/2 (RFC 9113, section 8.3.1)."""
    if not _TOKEN.fullmatch(request.method):
        raise _InvalidPartError(f"{request.method!r} is no method")
    for part in _CONTROL_DATA[1:]:
        if not _VISIBLE.fullmatch(value := getattr(request, part)):
            raise _InvalidPartError(f"{value!r} is no {part}")
    for part in ("scheme", "path"):
        if not getattr(request, part):
            raise _InvalidPartError(f"the {part} is empty")


def _check_statuses(response: Response) -> None:
    for informational in response.informational:
        if not 100 <= informational.status < 200:
            raise _InvalidPartError(f"the status of an informational response is {informational.status}")
    if not 200 <= response.status < 600:
        raise _InvalidPartError(f"the status is {response.status}")


def _check_fields(fields: Fields, *, trailing: bool) -> None:
    """Refuse what is no section of HTTP/2, or repeats control data (RFC 9113, section 8.2.1; RFC 9292, section 6)."""
    if len(fields) > MOST_FIELDS:
        raise _InvalidPartError(f"a section has more than {MOST_FIELDS} fields")
    pseudo_fields_end = trailing
    for name, value in fields:
        if not _NAME.fullmatch(name) or name in _NOT_FIELDS:
            raise _InvalidPartError(f"{name!r} is no name of a field")
        if name.startswith(":") and pseudo_fields_end:
            raise _InvalidPartError(
                f"the pseudo-field {name} stands " + ("in a trailer" if trailing else "after other fields")
            )
        if not _VALUE.fullmatch(value):
            raise _InvalidPartError(f"{value!r} is no value of a field")
        pseudo_fields_end |= not name.startswith(":")
