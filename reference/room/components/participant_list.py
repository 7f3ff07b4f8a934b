"""The `participant_list` component (mimi-protocol-06, section 7.5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.mls.proposals.components import Contribution
from mimi_conformance.reference.room.components.component import RoomComponent, decoded
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListData,
    ParticipantListUpdate,
    UserRolePair,
)
from mimi_conformance.reference.wire.varint import write_length

_NAME: Final = "participant_list"
PARTICIPANT_LIST: Final = code_points().component_id(_NAME)
"""The number of the component."""


class ParticipantsRule(RoomRule):
    """What makes a participant list valid by itself, and updates of one."""

    LISTED_ONCE = ("PROTO-7.5-01", "A user is on the participant list once, in one role.", "AMB-135")
    IN_A_ROLE = ("POLICY-3-02", "A participant has another role than zero, which is for those who are none.", "AMB-135")
    NAMED_BY_URI = ("PROTO-7.5-06", "A participant is a user, or a server, and named by its URI.", "AMB-136")
    INDEX_IN_LIST = ("PROTO-7.5-14", "An index is one of the list at the start of the epoch.", "AMB-133")
    TOUCHED_ONCE = ("PROTO-7.5-13", "The updates of a commit operate on a user at most once.", "AMB-134")


_PARTICIPANTS = (IdentifierType.USER, IdentifierType.PSEUDONYM, IdentifierType.PROVIDER)


def participant_faults(data: ParticipantListData) -> Iterator[Fault]:
    """What is wrong with a participant list by itself."""
    seen: set[User] = set()
    for participant in data.participants:
        if participant.user in seen:
            yield ParticipantsRule.LISTED_ONCE, participant.user
        seen.add(participant.user)
        yield from _participant_faults(participant)


def _participant_faults(participant: UserRolePair) -> Iterator[Fault]:
    if participant.role_index == NO_ROLE:
        yield ParticipantsRule.IN_A_ROLE, participant.user
    try:
        named = MimiUri.parse(participant.user).type in _PARTICIPANTS
    except IdentifierError:
        named = False
    if not named:
        yield ParticipantsRule.NAMED_BY_URI, participant.user


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A list as the pieces that its data is made of, so that an update costs no more than copying them."""

    pieces: tuple[bytes, ...]
    users: frozenset[User]

    @classmethod
    def of(cls, participants: Iterable[UserRolePair]) -> "_Encoded":
        listed = tuple(participants)
        return cls(tuple(each.encode() for each in listed), frozenset(each.user for each in listed))

    def data(self) -> bytes:
        body = b"".join(self.pieces)
        return write_length(len(body)) + body

    def user(self, index: int) -> User:
        return UserRolePair.decode(self.pieces[index]).user


class ParticipantListComponent(RoomComponent[ParticipantListData]):
    """The participants, whom updates name by their places in the list at the start of the epoch (AMB-133, AMB-134).

    It remembers the two lists that it dealt with last. An application that has one of these per room therefore never
    decodes a list again that it has read or made.
    """

    cumulative = True

    def __init__(self) -> None:
        super().__init__(_NAME, ParticipantListData, participant_faults)
        self._remembered: list[tuple[bytes, _Encoded]] = []

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:
        """The list after all updates of a commit: roles changed, users removed, others appended."""
        before = _Encoded((), frozenset()) if data is None else self._encoded(data)
        after = self._after(before, [decoded(self.name, ParticipantListUpdate, each.data) for each in updates])
        made = after.data()
        self._remember(made, after)
        return made

    def _after(self, before: _Encoded, updates: Iterable[ParticipantListUpdate]) -> _Encoded:
        pieces, removed, touched = [*before.pieces], set[int](), set[User]()
        gone, added = set[User](), list[UserRolePair]()
        for update in updates:
            for change in update.changed_role_participants:
                user = self._touch(before, change.user_index, touched)
                changed = UserRolePair(user, change.role_index)
                self._check(changed)
                pieces[change.user_index] = changed.encode()
            for index in update.removed_indices:
                gone.add(self._touch(before, index, touched))
                removed.add(index)
            for participant in update.added_participants:
                if participant.user in touched:
                    raise self.error(ParticipantsRule.TOUCHED_ONCE, participant.user)
                if participant.user in before.users:
                    raise self.error(ParticipantsRule.LISTED_ONCE, participant.user)
                self._check(participant)
                touched.add(participant.user)
                added.append(participant)
        kept = (piece for index, piece in enumerate(pieces) if index not in removed) if removed else pieces
        new = _Encoded.of(added)
        return _Encoded((*kept, *new.pieces), (before.users - gone if gone else before.users) | new.users)

    def _touch(self, before: _Encoded, index: int, touched: set[User]) -> User:
        if index >= len(before.pieces):
            raise self.error(ParticipantsRule.INDEX_IN_LIST, f"index {index} in a list of {len(before.pieces)}")
        user = before.user(index)
        if user in touched:
            raise self.error(ParticipantsRule.TOUCHED_ONCE, user)
        touched.add(user)
        return user

    def _check(self, participant: UserRolePair) -> None:
        for rule, found in _participant_faults(participant):
            raise self.error(rule, found)

    def _encoded(self, data: bytes) -> _Encoded:
        known = next((encoded for each, encoded in self._remembered if each == data), None)
        encoded = known or _Encoded.of(self.read(data).participants)
        self._remember(data, encoded)
        return encoded

    def _remember(self, data: bytes, encoded: _Encoded) -> None:
        """Keep a list, and of the others the one that was needed last."""
        others = [(each, other) for each, other in self._remembered if each != data]
        self._remembered = [(data, encoded), *others[:1]]
