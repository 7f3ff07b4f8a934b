"""The examples of mimi-content: every message in their folder, with the message id that its EDN says.

The folder is the environment's MIMI_CONTENT_EXAMPLES, or `shared/content-examples` beside the checkout. Where it is
missing there are no examples, and `test_official_examples.py` has the one skip that says so.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from mimi_conformance.reference.content.message import MessageId

FOLDER = Path(os.environ.get("MIMI_CONTENT_EXAMPLES", Path(__file__).parents[3] / "shared" / "content-examples"))

_PRINTED_ID = re.compile(r"message ID = h'([0-9a-f]+)\s*#?\s*([0-9a-f]+)'")


@dataclass(frozen=True)
class Example:
    """One message, and the id printed beside it."""

    name: str
    encoded: bytes
    message_id: MessageId


def _example(file: Path) -> Example:
    printed = _PRINTED_ID.search(file.with_suffix(".edn").read_text())
    assert printed, f"{file.with_suffix('.edn')} says no message id"
    return Example(file.stem, file.read_bytes(), MessageId(bytes.fromhex("".join(printed.groups()))))


EXAMPLES = {file.stem: _example(file) for file in sorted(FOLDER.glob("*.cbor")) if not file.stem.startswith("implied")}
