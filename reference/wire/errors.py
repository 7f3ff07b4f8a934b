"""What the codec raises: one error for bytes that are not the structure, one for values that don't fit it."""

from collections.abc import Iterable


def in_bytes(count: int) -> str:
    """Return a count of bytes in words: "1 byte is", "2 bytes are"."""
    return "1 byte is" if count == 1 else f"{count} bytes are"


def one_of(values: Iterable[object]) -> str:
    """Return values in words, sorted: "commit, proposal"."""
    return ", ".join(sorted(getattr(value, "name", str(value)) for value in values))


def _joined(steps: list[str]) -> str:
    """Steps collected while unwinding, innermost first, as a path like `clients[2].key_package`."""
    path = "".join(step if step.startswith("[") else f".{step}" for step in reversed(steps))
    return path.removeprefix(".")


def _place(structure: str, path: str) -> str:
    """Return where an error is: "KeyMaterialResponse.clients[2]"; in a row of values "FanoutMessage[1].message"."""
    return f"{structure}{path}" if path.startswith("[") else f"{structure}.{path}".removesuffix(".")


class DecodeError(ValueError):
    """Bytes that are not the structure they were decoded as.

    `structure` names the structure that was asked for, `path` the field in it (empty for the structure as a whole),
    `offset` the place in the input, in bytes, where the fault was found, and `reason` says in words what is wrong.
    """

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason, offset)
        self.structure = ""
        self.offset = offset
        self.reason = reason
        self._steps: list[str] = []

    @property
    def path(self) -> str:
        """The field at fault, for instance `clients[2].key_package`."""
        return _joined(self._steps)

    def within(self, step: str) -> None:
        """Add one step to the front of the path: called on the way out, so that decoding well costs nothing."""
        self._steps.append(step)

    def __str__(self) -> str:
        return f"{_place(self.structure, self.path)} at offset {self.offset}: {self.reason}"


class EncodeError(ValueError):
    """A value that does not fit its declaration, or a JSON form that is not one of the structure.

    `structure`, `path` and `reason` are those of `DecodeError`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.structure = ""
        self.reason = reason
        self._steps: list[str] = []

    @property
    def path(self) -> str:
        """The field at fault, for instance `clients[2].key_package`."""
        return _joined(self._steps)

    def within(self, step: str) -> None:
        """Add one step to the front of the path."""
        self._steps.append(step)

    def __str__(self) -> str:
        return f"{_place(self.structure, self.path)}: {self.reason}"
