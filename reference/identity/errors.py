"""The error of this room."""

from typing import Final


class IdentifierError(ValueError):
    """A text that should have been an identifier, and is not.

    Attributes:
        kind: what it should have been, as a noun phrase: ``"a MIMI URI"``.
        value: the offending text. Bytes that are not ASCII appear as in the latin-1 character set.
        reason: what is wrong with it, a sentence without its full stop.
        position: where in ``value`` the fault begins, in characters; None when it is not at one place.
    """

    kind: Final[str]
    value: Final[str]
    reason: Final[str]
    position: Final[int | None]

    def __init__(self, kind: str, value: str, reason: str, position: int | None = None) -> None:
        self.kind = kind
        self.value = value
        self.reason = reason
        self.position = position
        place = "" if position is None else f" (at character {position})"
        super().__init__(f"{value!r} is not {kind}: {reason}{place}")


class CredentialError(ValueError):
    """A certificate or credential that does not say, or does not say clearly, whom it stands for."""
