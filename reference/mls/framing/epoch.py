"""What framing needs of an epoch: the same for every message in it, so prepared once (RFC 9420, section 6)."""

from dataclasses import dataclass, field

from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.registries import CipherSuite


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An epoch as everybody sees it, the server included.

    Attributes:
        group_context: the GroupContext of the epoch.
        encoded_group_context: its bytes, which every signature of a member covers.

    """

    group_context: GroupContext
    encoded_group_context: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoded_group_context", self.group_context.encode())

    @property
    def cipher_suite(self) -> CipherSuite:
        """The cipher suite of the group."""
        return self.group_context.cipher_suite

    def check(self, group_id: bytes, epoch: int) -> None:
        """Check that a message with these headers belongs here.

        Raises:
            FramingError: it is for another group, or of another epoch.

        """
        if group_id != self.group_context.group_id:
            raise FramingError(FramingRule.GROUP, group_id)
        if epoch != self.group_context.epoch:
            raise FramingError(FramingRule.EPOCH, epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberEpoch(Epoch):
    """An epoch as its members see it.

    Attributes:
        membership_key: makes the membership tags of PublicMessages (RFC 9420, section 6.2).
        sender_data_secret: hides who sends a PrivateMessage (RFC 9420, section 6.3.2).

    """

    membership_key: bytes = field(repr=False)
    sender_data_secret: bytes = field(repr=False)
