"""An epoch of a small group to send messages in: what the tests of framing share."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.framing.epoch import Epoch, MemberEpoch
from mimi_conformance.reference.mls.group.senders import SenderError, SenderRule
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    Sender,
    SenderType,
)
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal, Remove
from mimi_conformance.reference.wire.mls.registries import CipherSuite, WireFormat

SMALL = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
LEAVES = 4
BLANK = 3
"""The leaf that no member has."""


@dataclass(frozen=True)
class Group:
    """An epoch, its keys, and what each of the members 0, 1 and 2 has to sign with."""

    epoch: MemberEpoch
    secret_tree: SecretTree
    private_keys: tuple[bytes, ...]

    @classmethod
    def of(cls, cipher_suite: CipherSuite = SMALL, seed: int = 0) -> "Group":
        suite, octets = parameters(cipher_suite), Random(seed).randbytes
        context = GroupContext(
            cipher_suite=cipher_suite,
            group_id=b"group",
            epoch=7,
            tree_hash=octets(suite.kdf.size),
            confirmed_transcript_hash=octets(suite.kdf.size),
            extensions=(),
        )
        return cls(
            MemberEpoch(
                group_context=context,
                membership_key=octets(suite.kdf.size),
                sender_data_secret=octets(suite.kdf.size),
            ),
            SecretTree.create(cipher_suite, octets(suite.kdf.size), LEAVES),
            tuple(suite.signature.new_private_key(octets) for _ in range(BLANK)),
        )

    @property
    def server_epoch(self) -> Epoch:
        """The same epoch, without its secrets."""
        return Epoch(group_context=self.epoch.group_context)

    def key(self, leaf_index: int) -> bytes:
        """The signature key of a member, found as a member of the group finds it."""
        if not 0 <= leaf_index < BLANK:
            raise SenderError(SenderRule.MEMBER, leaf_index)
        return parameters(self.epoch.cipher_suite).signature.public_key(self.private_keys[leaf_index])

    def sender_key(self, content: FramedContent) -> bytes:
        """As `key`, by what a member sent; everybody else signs with the key of member 0 in these tests."""
        return self.key(content.sender.leaf_index or 0)

    def signed(
        self, content: FramedContent, wire_format: WireFormat, signer: int | None = None
    ) -> AuthenticatedContent:
        """Content signed by its sender, or by somebody else; a commit gets some confirmation tag."""
        private_key = self.private_keys[(content.sender.leaf_index or 0) if signer is None else signer]
        signed = sign(content, wire_format, self.epoch, private_key)
        return confirmed(signed, b"tag") if content.content_type is ContentType.commit else signed


def member(leaf_index: int) -> Sender:
    return Sender(sender_type=SenderType.member, leaf_index=leaf_index)


SENDERS = (
    member(1),
    Sender(sender_type=SenderType.external, sender_index=1),
    Sender(sender_type=SenderType.new_member_proposal),
    Sender(sender_type=SenderType.new_member_commit),
)


def content_of(
    body: bytes | Proposal | Commit, sender: Sender = SENDERS[0], authenticated_data: bytes = b"", **others: object
) -> FramedContent:
    """Content of `Group`'s epoch."""
    kinds = {bytes: ContentType.application, Proposal: ContentType.proposal, Commit: ContentType.commit}
    kind = kinds[type(body)]
    field = "application_data" if kind is ContentType.application else kind.name
    headers = {"group_id": b"group", "epoch": 7, "sender": sender, "authenticated_data": authenticated_data}
    return FramedContent(**{**headers, "content_type": kind, field: body, **others})


REMOVE = Proposal.of(Remove(2))
EMPTY_COMMIT = Commit(())
BODIES = (b"Hello!", REMOVE, EMPTY_COMMIT)
HANDSHAKES = (REMOVE, EMPTY_COMMIT)


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    return data[: bit // 8] + bytes([data[bit // 8] ^ 0x80 >> bit % 8]) + data[bit // 8 + 1 :]


def every_bit_flipped(data: bytes) -> Iterator[bytes]:
    """The bytes with one bit changed, once for each bit."""
    return (flipped(data, bit) for bit in range(8 * len(data)))
