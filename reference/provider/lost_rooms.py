"""Rooms of other hubs with local clients in them that are not known here."""

from mimi_conformance.reference.identity.uri import MimiUri


class LostRooms:
    """Remembers when the hub was asked for each, and how often. What is lost at the start is for the storage to say."""

    def __init__(self) -> None:
        self._asked: dict[MimiUri, tuple[int | None, int]] = {}

    def lose(self, room: MimiUri) -> None:
        """A room is not known, as far as anybody has noticed."""
        self._asked.setdefault(room, (None, 0))

    def found(self, room: MimiUri) -> None:
        """A room is known, or nobody's any longer."""
        self._asked.pop(room, None)

    def due(self, now: int, pause: int) -> tuple[MimiUri, ...]:
        """The rooms about which nobody was asked for so many milliseconds."""
        return tuple(room for room, (asked, _) in self._asked.items() if asked is None or now - asked >= pause)

    def ask(self, room: MimiUri, now: int) -> int:
        """A hub is asked for a room; how often it was before."""
        _, tries = self._asked[room]
        self._asked[room] = now, tries + 1
        return tries
