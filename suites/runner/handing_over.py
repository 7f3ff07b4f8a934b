"""Hands the target's description from the process that leads a run to the workers that run its tests."""

import copyreg
import io
import pickle
from types import MappingProxyType

from mimi_conformance.suites.target.description import TargetDescription


def dumped(target: TargetDescription) -> bytes:
    """A description as bytes, for `loaded` in another process on this machine."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer)
    # Read-only views of mappings, which descriptions are full of, are the one thing that pickle does not know.
    pickler.dispatch_table = copyreg.dispatch_table | {MappingProxyType: lambda view: (MappingProxyType, (dict(view),))}
    pickler.dump(target)
    return buffer.getvalue()


def loaded(data: bytes) -> TargetDescription:
    """The description that `dumped` made the bytes of; they come from the process that started this one."""
    target = pickle.loads(data)  # noqa: S301 - written by ourselves, and handed over by pytest-xdist's own pipe
    if not isinstance(target, TargetDescription):
        raise TypeError(f"A {type(target).__name__} was handed over instead of a target's description.")
    return target
