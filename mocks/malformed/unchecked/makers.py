"""Who makes an object, and what it needs for that: the secrets of a member, or a key to sign with."""

from dataclasses import dataclass, field

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType

NEW_MEMBER_COMMIT = Sender(sender_type=SenderType.new_member_commit)
NEW_MEMBER_PROPOSAL = Sender(sender_type=SenderType.new_member_proposal)


class CannotMakeError(ValueError):
    """A maker lacks what an object takes, or an object has nothing to do wrong in it; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Whoever signs an object; by itself, the owner of a KeyPackage.

    Attributes:
        signature_private_key: what it signs with.
        random: makes whatever has to be fresh.

    """

    signature_private_key: bytes = field(repr=False)
    random: Random = field(repr=False)

    @property
    def public(self) -> PublicGroup:
        """The group that the object is for.

        Raises:
            CannotMakeError: it is for none.

        """
        raise CannotMakeError("This takes a group, but the maker of a KeyPackage or a Welcome names none.")

    @property
    def sender(self) -> Sender:
        """How the maker names itself in messages.

        Raises:
            CannotMakeError: it can't send any.

        """
        raise CannotMakeError("This takes a sender of messages, but the maker of a KeyPackage or a Welcome is none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Insider(Maker):
    """A member of a group.

    Attributes:
        group: the group as it was before the member made its valid message.

    """

    group: Group

    @classmethod
    def of(cls, group: Group, random: Random) -> "Insider":
        """The member whose view of a group this is."""
        return cls(signature_private_key=group.signature_private_key, random=random, group=group)

    @property
    def public(self) -> PublicGroup:
        """What everybody sees of the group."""
        return self.group.public

    @property
    def sender(self) -> Sender:
        """The member's leaf."""
        return Sender(sender_type=SenderType.member, leaf_index=self.group.leaf_index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outsider(Maker):
    """Somebody who sends messages to a group without being in it: an external sender, or a new member.

    Attributes:
        followed: the group.
        outside_sender: how it names itself.
        external_pub: what an external Commit encrypts to, from the GroupInfo; nothing else takes it.
        psks: the pre-shared keys that it has.

    """

    followed: PublicGroup
    outside_sender: Sender
    external_pub: bytes | None = None
    psks: PreSharedKeys = field(default_factory=PreSharedKeys)

    @property
    def public(self) -> PublicGroup:
        """The group."""
        return self.followed

    @property
    def sender(self) -> Sender:
        """How it names itself."""
        return self.outside_sender


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviter(Maker):
    """The member that made a Welcome, which signed the GroupInfo in it.

    Making a Welcome again takes secrets that its maker has long deleted, so they are read from it with the keys of one
    who is invited, for whom alone the new Welcome is.

    Attributes:
        invited: the KeyPackage and the private keys of the one who is invited.
        psks: the pre-shared keys that it has.

    """

    invited: NewKeyPackage
    psks: PreSharedKeys = field(default_factory=PreSharedKeys)
