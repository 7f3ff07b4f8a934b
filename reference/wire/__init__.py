"""The wire: a codec for the TLS presentation language, and every structure of the drafts, declared once."""

from mimi_conformance.reference.wire.errors import DecodeError, EncodeError
from mimi_conformance.reference.wire.structure import Struct

__all__ = ["DecodeError", "EncodeError", "Struct"]
