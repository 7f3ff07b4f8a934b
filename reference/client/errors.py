"""What can go wrong for a client, in sentences."""

from mimi_conformance.reference.wire.enumerations import Enumeration


class ClientError(Exception):
    """A client can't do what it was asked to do; the text is a sentence."""


class UnansweredError(ClientError):
    """The provider that was asked gave no answer, so that nobody knows whether it has done what it was asked."""


class NotSentError(ClientError):
    """The client's own provider does not send this, or the policy of the room is against it already here."""


class BadAnswerError(ClientError):
    """An answer is not what the draft says."""


class HTTPRefusalError(ClientError):
    """A provider answered with an HTTP status that is no success.

    Attributes:
        status: the status.

    """

    def __init__(self, asked: str, status: int) -> None:
        super().__init__(f"{asked} was answered with the HTTP status {status}.")
        self.status = status


class RefusedError(ClientError):
    """A provider answered, and its answer is no.

    Attributes:
        code: the response code of the endpoint.
        epoch: the epoch that the room is in, where that is the reason.

    """

    def __init__(self, asked: str, code: Enumeration, reason: str = "", epoch: int | None = None) -> None:
        super().__init__(f"{asked} was answered with {code.name}" + (f": {reason}" if reason else "."))
        self.code = code
        self.epoch = epoch


class NoKeyMaterialError(RefusedError):
    """There is no KeyPackage to be had of a user (PROTO 5.2)."""


class NotInRoomError(ClientError):
    """The client is not in the room, no longer, or about to leave it."""


class TooLateError(ClientError):
    """Something that was waited for did not come in time."""
