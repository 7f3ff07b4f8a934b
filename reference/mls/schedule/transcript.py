"""The transcript hashes: all commits of a group in two hashes (RFC 9420, section 8.2).

Before a group's first commit both are the empty byte string; then the interim one covers the first confirmation tag.
"""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ConfirmedTranscriptHashInput,
    InterimTranscriptHashInput,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite


def confirmed_transcript_hash(
    cipher_suite: CipherSuite, interim_transcript_hash: bytes, commit: AuthenticatedContent
) -> bytes:
    """The `confirmed_transcript_hash` of the epoch that a commit begins.

    Args:
        cipher_suite: of the group.
        interim_transcript_hash: of the epoch in which the commit was sent.
        commit: the commit; its confirmation tag is not looked at, since it is a MAC of the result.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        EncodeError: the content is no commit.

    """
    hash_input = ConfirmedTranscriptHashInput(commit.wire_format, commit.content, commit.auth.signature)
    return parameters(cipher_suite).digest(interim_transcript_hash + hash_input.encode())


def interim_transcript_hash(
    cipher_suite: CipherSuite, confirmed_transcript_hash: bytes, confirmation_tag: bytes
) -> bytes:
    """The `interim_transcript_hash` of an epoch.

    Args:
        cipher_suite: of the group.
        confirmed_transcript_hash: of the same epoch.
        confirmation_tag: of the commit that began it, or in a new group, of its first GroupInfo.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    hash_input = InterimTranscriptHashInput(confirmation_tag)
    return parameters(cipher_suite).digest(confirmed_transcript_hash + hash_input.encode())
