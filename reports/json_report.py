"""A run as JSON, and back; the contract is ``run.schema.json`` beside this file.

Names are those of the model. Bytes are base64, times are ISO 8601 in UTC, an enum is its value, an absent value is
null. What the model derives (`exit_code`, `counts`, `seconds`) is written for readers in other languages and ignored
when reading.
"""

import json
import types
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from importlib import resources
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from mimi_conformance.reports.model import Run

FORMAT = 1  # raised when a reader of the old format would misread the new one

T = TypeVar("T")


class ReportError(ValueError):
    """A JSON report that can't be read; says where and why."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a run."""
    text = resources.files("mimi_conformance.reports").joinpath("run.schema.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def dumps(run: Run) -> str:
    """A run as a JSON document."""
    derived = {
        "format": FORMAT,
        "exit_code": int(run.exit_code),
        "seconds": run.seconds,
        "counts": {verdict.value: count for verdict, count in sorted(run.counts.items())},
    }
    text = json.dumps(derived | cast("dict[str, Any]", plain(run)), indent=1, ensure_ascii=False) + "\n"
    # A server can send half of a surrogate pair, in JSON; what UTF-8 can't hold is left escaped.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def loads(text: str) -> Run:
    """Read what `dumps` wrote; ReportError when it is something else."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ReportError(f"The report is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ReportError(f"The report is not a run in format {FORMAT}.")
    return restored(Run, document)


def plain(value: object) -> object:
    """A value of the model as what JSON can say."""
    match value:
        case Enum():
            return value.value
        case bytes():
            return b64encode(value).decode("ascii")
        case datetime():
            return value.isoformat()
        case tuple():
            return [plain(element) for element in value]
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value


def restored(type_: type[T], document: object) -> T:
    """A value of the model from what `plain` made of it; ReportError when it has another shape."""
    try:
        return cast("T", _restored(type_, document, type_.__name__))
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        if isinstance(error, ReportError):
            raise
        raise ReportError(f"{type_.__name__}: {error}") from error


def _restored(type_: Any, document: Any, place: str) -> Any:
    origin = get_origin(type_)
    if origin in (Union, types.UnionType):
        (inner,) = (argument for argument in get_args(type_) if argument is not type(None))
        return None if document is None else _restored(inner, document, place)
    if origin is tuple:
        return _restored_tuple(get_args(type_), document, place)
    if is_dataclass(type_):
        return _restored_dataclass(type_, document, place)
    return _restored_scalar(type_, document, place)


def _restored_tuple(arguments: tuple[Any, ...], document: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(document, list):
        raise ReportError(f"{place}: not an array")
    if arguments[-1] is Ellipsis:
        arguments = (arguments[0],) * len(document)
    pairs = enumerate(zip(arguments, document, strict=True))
    return tuple(_restored(argument, element, f"{place}[{index}]") for index, (argument, element) in pairs)


def _restored_dataclass(type_: Any, document: Any, place: str) -> Any:
    if not isinstance(document, Mapping):
        raise ReportError(f"{place}: not an object")
    hints = get_type_hints(type_)
    missing = [field.name for field in fields(type_) if field.name not in document]
    if missing:
        raise ReportError(f"{place}: {', '.join(missing)} missing")
    return type_(
        **{
            field.name: _restored(hints[field.name], document[field.name], f"{place}.{field.name}")
            for field in fields(type_)
        }
    )


def _restored_scalar(type_: Any, document: Any, place: str) -> Any:
    try:
        if type_ is bytes:
            return b64decode(document, validate=True)
        if type_ is datetime:
            return datetime.fromisoformat(document)
        if issubclass(type_, Enum):
            return type_(document)
    except (TypeError, ValueError) as error:
        raise ReportError(f"{place}: {error}") from error
    if type_ is float and type(document) is int:
        return float(document)
    if type(document) is not type_:
        raise ReportError(f"{place}: {document!r} is not {type_.__name__}")
    return document
