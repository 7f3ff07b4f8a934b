"""An exchange as lines for people: who sent what to whom, the decoded bytes, and what came back."""

from collections.abc import Iterator

from rich.text import Text

from mimi_conformance.reports.model import Direction, Exchange, Message

_HEADERS = frozenset({"from", "host", "content-type", "location", "retry-after"})  # the ones that requirements speak of
_SHOWN_BYTES = 64
_SHOWN_LINES = 24


def exchange_lines(exchange: Exchange, *, verbose: bool) -> Iterator[Text]:
    """The lines of one exchange; `verbose` shows every header, byte and line of the decoded structures."""
    arrow = f"{exchange.peer} → target" if exchange.direction is Direction.TO_TARGET else f"target → {exchange.peer}"
    yield Text.assemble((arrow, "dim"), f"  {exchange.method} {exchange.url}")
    yield from _message_lines(exchange.request, verbose=verbose)
    if exchange.response is not None:
        yield Text.assemble(("answer", "dim"), f"  {exchange.status}")
        yield from _message_lines(exchange.response, verbose=verbose)
    if exchange.error is not None:
        yield Text.assemble(("no complete answer", "dim"), f"  {exchange.error}")


def _message_lines(message: Message, *, verbose: bool) -> Iterator[Text]:
    for name, value in message.headers:
        if verbose or name.lower() in _HEADERS:
            yield Text(f"  {name}: {value}", style="dim")
    if message.body_size:
        yield Text(f"  {_body(message, verbose=verbose)}", style="dim")
    if message.tree is not None:
        lines = message.tree.splitlines()
        shown = lines if verbose else lines[:_SHOWN_LINES]
        for line in shown:
            yield Text(f"  {line}")
        if len(shown) < len(lines):
            yield Text(f"  … {len(lines) - len(shown)} more lines", style="dim")


def _body(message: Message, *, verbose: bool) -> str:
    shown = message.body if verbose else message.body[:_SHOWN_BYTES]
    more = "" if len(shown) == message.body_size else "…"
    text = _as_text(shown)
    return f"{message.body_size} bytes  {text if text is not None else shown.hex()}{more}"


def _as_text(data: bytes) -> str | None:
    """The bytes as text, when somebody meant them to be: JSON and error pages rather than structures."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text.replace("\n", " ") if text.replace("\n", "").isprintable() else None
