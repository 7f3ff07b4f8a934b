"""Reading and writing MIMI content beside plain cbor2 on the same bytes: `python -m benchmarks.content`.

The messages are the draft's examples (MIMI_CONTENT_EXAMPLES, or `shared/content-examples` beside the checkout). cbor2
makes lists of them and checks nothing that the draft asks for, so it is the bound; the aim is to stay within 3 times.
Both take turns, and the fastest turn of each counts, because whatever else runs can only add time.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cbor2

from mimi_conformance.reference.content.codec import decode_content, encode_content

FOLDER = Path(os.environ.get("MIMI_CONTENT_EXAMPLES", Path(__file__).parents[2] / "shared" / "content-examples"))
SECONDS = 4.0
"""How long each pair is measured."""
REPETITIONS = 50
"""How often one turn goes through all messages."""


def seconds(operation: Callable[[Any], object], inputs: Iterable[Any]) -> float:
    """Return the seconds that one turn takes, per message."""
    turn = list(inputs) * REPETITIONS
    start = time.perf_counter()
    for each in turn:
        operation(each)
    return (time.perf_counter() - start) / len(turn)


def fastest(*pairs: tuple[Callable[[Any], object], list[Any]]) -> list[float]:
    """Return the fastest turn of each pair of an operation and its inputs."""
    best = [float("inf")] * len(pairs)
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        best = [min(so_far, seconds(*pair)) for so_far, pair in zip(best, pairs, strict=True)]
    return best


def main() -> int:
    """Measure and print a table."""
    examples = [file.read_bytes() for file in sorted(FOLDER.glob("*.cbor")) if not file.stem.startswith("implied")]
    if not examples:
        print(f"the examples of mimi-content are not in {FOLDER}: nothing measured")
        return 0
    contents, values = [decode_content(each) for each in examples], [cbor2.loads(each) for each in examples]
    assert [encode_content(each) for each in contents] == [cbor2.dumps(each) for each in values] == examples
    gc.disable()
    decoding = fastest((decode_content, examples), (cbor2.loads, examples))
    encoding = fastest((encode_content, contents), (cbor2.dumps, values))
    both = [sum(times) for times in zip(decoding, encoding, strict=True)]
    print(f"{len(examples)} messages, {sum(map(len, examples)) // len(examples)} bytes on average; messages per second")
    print(f"{'':8} {'ours':>10} {'cbor2':>10} {'times slower':>14}")
    for name, (ours, plain) in {"decode": decoding, "encode": encoding, "both": both}.items():
        print(f"{name:8} {1 / ours:10,.0f} {1 / plain:10,.0f} {ours / plain:14.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
