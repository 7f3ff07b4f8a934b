"""The contract of the control interface: its operations, its errors, and documents held against its JSON Schema.

No HTTP; the harness's side is client.py, and reference_adapter.py the reference's.
"""

import base64
import json
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

VERSION = 1
LONGEST_WAIT_SECONDS = 30.0

Document = dict[str, Any]
"""A JSON object."""


SEARCH_TYPES: Mapping[str, SearchIdentifierType] = MappingProxyType(
    {
        "handle": SearchIdentifierType.handle,
        "nick": SearchIdentifierType.nick,
        "email": SearchIdentifierType.email,
        "phone": SearchIdentifierType.phone,
        "partialName": SearchIdentifierType.partial_name,
        "wholeProfile": SearchIdentifierType.whole_profile,
        "oidcStdClaim": SearchIdentifierType.oidc_std_claim,
        "vcardField": SearchIdentifierType.vcard_field,
    }
)
"""The names of search types in the contract: those of PROTO 5.8."""


class Operation(StrEnum):
    """What can be asked of a server under test, each at ``POST <url>/<operation>``."""

    DESCRIBE = "describe"
    RESET = "reset"
    PEERS = "peers"
    USERS = "users"
    ROOMS = "rooms"
    REQUESTS = "requests"
    DELIVERIES = "deliveries"


class ErrorCode(StrEnum):
    """Why an operation was not done; the list is closed."""

    INVALID_REQUEST = "invalid_request"
    UNAUTHORIZED = "unauthorized"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INTERNAL = "internal"
    NOT_SUPPORTED = "not_supported"

    @property
    def status(self) -> int:
        """The HTTP status that goes with it."""
        return _STATUS[self]


_STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.UNAUTHORIZED: 401,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.CONFLICT: 409,
    ErrorCode.INTERNAL: 500,
    ErrorCode.NOT_SUPPORTED: 501,
}


class ContractError(ValueError):
    """A document that is not what the contract asks for; the text is a sentence with the place in the document."""


def check(operation: Operation, side: Literal["Request", "Response"], document: object) -> Document:
    """Hold a document against the contract, and give it back.

    Raises:
        ContractError: it does not fit.
    """
    return _checked(f"{operation}{side}", document)


def check_error(document: object) -> Document:
    """Hold the answer of an operation that was not done against the contract, and give it back.

    Raises:
        ContractError: it does not fit.
    """
    return _checked("error", document)


def _checked(name: str, document: object) -> Document:
    error = best_match(_validator(name).iter_errors(document))
    if error is not None:
        place = error.json_path.removeprefix("$").removeprefix(".") or name
        raise ContractError(f"{place}: {error.message}")
    assert isinstance(document, dict)  # the schema asks for an object everywhere
    return document


@cache
def schema() -> Document:
    """The contract's JSON Schema."""
    text = (files("mimi_conformance.mocks.control") / "contract.schema.json").read_text(encoding="utf-8")
    document: Document = json.loads(text)
    return document


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]})


def to_text(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """The bytes of a base64url text that fits the contract."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
