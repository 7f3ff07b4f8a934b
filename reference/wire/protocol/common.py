"""What every endpoint's bodies are made of (mimi-protocol-06, sections 5 and 5.2)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.structure import Struct


class Protocol(Enumeration):
    """The end-to-end protocol of a room (mimi-protocol-06, section 5).

    It has one value, so the drafts' `select (protocol)` has one arm, whose fields are declared as the structure's own.
    """

    mls10 = 1


@dataclass(frozen=True, slots=True)
class IdentifierUri(Struct):
    """A MIMI URI as bytes; empty where a draft's optional identifier is unset (mimi-protocol-06, section 5.2)."""

    uri: opaque

    @property
    def text(self) -> str:
        r"""The URI as text; bytes that are not UTF-8 appear as `\xNN`, which no URI has."""
        return self.uri.decode(errors="backslashreplace")

    @classmethod
    def of(cls, uri: str) -> "IdentifierUri":
        """Return the identifier with this URI."""
        return cls(uri.encode())
