"""Requests of our own clients to the hubs of rooms that have no answer yet."""

from mimi_conformance.reference.identity.uri import MimiUri


class OpenRequests:
    """Numbers requests in the order in which they began. It lives as long as the process, as the requests do."""

    def __init__(self) -> None:
        self._begun = 0
        self._open: dict[MimiUri, set[int]] = {}

    def begin(self, room: MimiUri) -> int:
        """The number of a request about a room that begins now."""
        self._begun += 1
        self._open.setdefault(room, set()).add(self._begun)
        return self._begun

    def end(self, room: MimiUri, number: int) -> None:
        """A request has its answer, or will never have one."""
        self._open[room].remove(number)
        if not self._open[room]:
            del self._open[room]

    def newest(self, room: MimiUri) -> int:
        """The last open request about a room to begin; 0 when there is none."""
        return max(self._open.get(room, ()), default=0)

    def is_open(self, room: MimiUri, until: int) -> bool:
        """Whether a request about a room is open that began no later than the one with number ``until``."""
        return min(self._open.get(room, ()), default=until + 1) <= until
