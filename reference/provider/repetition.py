"""Requests that come again, because an answer was lost: nothing is done twice where the bytes show it."""

from hashlib import sha256

from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.provider.messages import Call
from mimi_conformance.reference.provider.storage import Transaction


class Repetition(ProviderBase):
    """Recognises requests by endpoint, subject and body (PROTO 5.5, AMB-088; AMB-079)."""

    def earlier_answer(self, transaction: Transaction, call: Call, now: int) -> bytes | None:
        """The body of the answer that the same request got lately; None when it is new.

        ``now`` is in milliseconds of the Unix epoch.
        """
        return transaction.seen_request(
            call.source, self.fingerprint(call), now - self.settings.seen_window.milliseconds
        )

    def remember_answer(self, transaction: Transaction, call: Call, answer: bytes, now: int) -> None:
        """Remember a request, and the body of its answer."""
        count = self.settings.seen_window.count
        transaction.remember_request(call.source, self.fingerprint(call), answer, now, count)

    def fingerprint(self, call: Call) -> bytes:
        """By what a request is recognised."""
        return sha256(f"{call.endpoint} {call.subject} ".encode() + call.body).digest()
