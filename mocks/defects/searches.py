"""Defects in what identifier queries find, and whom they must not find (PROTO 5.8)."""

from collections.abc import Iterable

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.query_policy import PARTIAL_TYPES, Condition
from mimi_conformance.reference.provider.users import ProfileEntry, User
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType


@defect(
    "finds-nobody",
    breaks=("PROTO-5.8-07", "PROTO-5.8-08", "PROTO-5.8-09", "PROTO-5.8-10", "PROTO-5.8-13", "PROTO-5.8-14"),
)
class FindsNobody(Provider):
    """Does not find the user who has the value that is asked for."""

    def matches(self, user: User, conditions: tuple[Condition, ...]) -> bool:
        return False


@defect(
    "finds-pieces-of-exact-values",
    breaks=("PROTO-5.8-07", "PROTO-5.8-08", "PROTO-5.8-09", "PROTO-5.8-10", "PROTO-5.8-13", "PROTO-5.8-14"),
)
class FindsPiecesOfExactValues(Provider):
    """Finds a user by a piece of a value where the whole of it is asked for."""

    def entry_meets(self, entry: ProfileEntry, condition: Condition) -> bool:
        if condition.type in PARTIAL_TYPES:
            return super().entry_meets(entry, condition)
        return entry.type is condition.type and self.same_name(entry, condition) and condition.value in entry.value


@defect("does-not-search-handles-for-nicks", breaks=("PROTO-5.8-08",))
class DoesNotSearchHandlesForNicks(Provider):
    """Does not look for a nick in the user part of handles."""

    def nicks(self, entry: ProfileEntry) -> tuple[str, ...]:
        return (entry.value,) if entry.type is SearchIdentifierType.nick else ()


@defect("does-not-look-at-names-of-fields", breaks=("PROTO-5.8-13", "PROTO-5.8-14"))
class DoesNotLookAtNamesOfFields(Provider):
    """Finds a value under another claim or property than the one that is asked for."""

    def same_name(self, entry: ProfileEntry, condition: Condition) -> bool:
        return True


@defect("looks-for-names-in-nicks-only", breaks=("PROTO-5.8-11",))
class LooksForNamesInNicksOnly(Provider):
    """Finds pieces of nicknames, and not of the names that people have."""

    def is_name(self, entry: ProfileEntry) -> bool:
        return entry.type is SearchIdentifierType.nick


@defect("looks-for-names-everywhere", breaks=("PROTO-5.8-11",))
class LooksForNamesEverywhere(Provider):
    """Finds a piece of a name in fields that are no name."""

    def is_name(self, entry: ProfileEntry) -> bool:
        return True


@defect("minds-the-case-of-names", breaks=("PROTO-5.8-11",))
class MindsTheCaseOfNames(Provider):
    """Does not find the piece of a name that is written in another case."""

    def entry_meets(self, entry: ProfileEntry, condition: Condition) -> bool:
        return super().entry_meets(entry, condition) and (
            condition.type is not SearchIdentifierType.partial_name or condition.value in entry.value
        )


@defect("looks-for-whole-profiles-in-nicks-only", breaks=("PROTO-5.8-12",))
class LooksForWholeProfilesInNicksOnly(Provider):
    """Searches a part of the profile where the whole is asked for."""

    def entry_meets(self, entry: ProfileEntry, condition: Condition) -> bool:
        return super().entry_meets(entry, condition) and (
            condition.type is not SearchIdentifierType.whole_profile or entry.type is SearchIdentifierType.nick
        )


@defect("finds-by-any-condition", breaks=("PROTO-5.8-05",))
class FindsByAnyCondition(Provider):
    """Finds users who match one element of a query, whether or not they match the others."""

    def matches(self, user: User, conditions: tuple[Condition, ...]) -> bool:
        return any(self.meets(user, condition) for condition in conditions)


@defect("searches-what-is-not-searchable", breaks=("PROTO-5.8-15", "PROTO-5.8-16"))
class SearchesWhatIsNotSearchable(Provider):
    """Finds users by fields that they keep out of searches."""

    def searchable(self, user: User) -> Iterable[ProfileEntry]:
        return user.profile


@defect("searches-in-ways-a-user-does-not-allow", breaks=("PROTO-5.8-15",))
class SearchesInWaysAUserDoesNotAllow(Provider):
    """Does not look at the types of search that a user is open to."""

    def meets(self, user: User, condition: Condition) -> bool:
        return any(self.entry_meets(entry, condition) for entry in self.searchable(user))
