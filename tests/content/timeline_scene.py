"""Alice, Bob and Mona, who moderates, talk in a room."""

from dataclasses import dataclass, field, replace
from itertools import count

from mimi_conformance.reference.content.features import Uris, delete, edit, plain_text, react, say, sent_by
from mimi_conformance.reference.content.message import MimiContent, SinglePart
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.timeline.arrival import WITHOUT_ROLES, Arrival, Circumstances
from mimi_conformance.reference.content.timeline.timeline import Outcome, Present, Timeline, receive
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType

ALICE, BOB, MONA = (f"mimi://a.example/u/{name}" for name in ("alice", "bob", "mona"))
STRANGER = "mimi://x.example/u/stranger"
ROOM = "mimi://a.example/r/clubhouse"
START = 1_760_000_000_000
"""When the first message is accepted, in milliseconds."""

MODERATOR = WITHOUT_ROLES | {
    CapabilityType.can_delete_other_message,
    CapabilityType.can_delete_other_reaction,
    CapabilityType.can_edit_other_topic,
}
ROLES = {MONA: MODERATOR}

NOW = START + 1_000_000
CIRCUMSTANCES = Circumstances(now=NOW, room_uri=ROOM, members={ALICE, BOB, MONA}, room_created=START - 1)


NOTHING: dict = {}


@dataclass
class Talk:
    """Makes messages, each a second after the one before, with ids as the draft makes them.

    `fields` are those of the content, `of_arrival` those of the arrival.
    """

    numbers: count = field(default_factory=lambda: count(1))

    def sent(self, sender: str, content: MimiContent, **of_arrival) -> Arrival:
        number = next(self.numbers)
        content = sent_by(replace(content, salt=number.to_bytes(16)), Uris(sender, ROOM))
        fields = {"accepted_timestamp": START + 1000 * number, "capabilities": ROLES.get(sender, WITHOUT_ROLES)}
        return Arrival(message_id(content), content, sender, **{**fields, **of_arrival})

    def says(self, sender: str, said: str, of_arrival: dict = NOTHING, **fields) -> Arrival:
        return self.sent(sender, replace(say(plain_text(said), salt=bytes(16)), **fields), **of_arrival)

    def replies(self, sender: str, to: Arrival, said: str, of_arrival: dict = NOTHING, **fields) -> Arrival:
        return self.says(sender, said, of_arrival, in_reply_to=to.message_id, **fields)

    def reacts(self, sender: str, to: Arrival, said: str, of_arrival: dict = NOTHING, **fields) -> Arrival:
        content = react(said, to=to.message_id, salt=bytes(16))
        return self.sent(sender, replace(content, **fields), **of_arrival)

    def edits(self, sender: str, of: Arrival, said: str, of_arrival: dict = NOTHING, **fields) -> Arrival:
        body = replace(plain_text(said), disposition=of.content.nested_part.disposition)
        content = edit(of.content, of.message_id, body, salt=bytes(16))
        return self.sent(sender, replace(content, **fields), **of_arrival)

    def deletes(self, sender: str, of: Arrival, of_arrival: dict = NOTHING, **fields) -> Arrival:
        content = delete(of.content, of.message_id, salt=bytes(16))
        return self.sent(sender, replace(content, **fields), **of_arrival)


def received(*arrivals: Arrival, timeline: Timeline | None = None) -> tuple[Timeline, list[Outcome]]:
    """What a member has after some messages, and what became of each."""
    timeline = timeline or Timeline()
    outcomes = []
    for arrival in arrivals:
        timeline, outcome = receive(timeline, arrival, CIRCUMSTANCES)
        outcomes.append(outcome)
    return timeline, outcomes


def seen(timeline: Timeline, now: int = NOW) -> list[str]:
    """What a person sees, a line per message: what it says, or what it is instead."""
    lines = []
    for entry in timeline.messages(now):
        state = timeline.state(entry, now)
        line = type(state).__name__
        if isinstance(state, Present):
            assert isinstance(state.nested_part, SinglePart)
            line = state.nested_part.content.decode() + (" (edited)" if entry.edited else "")
        for reaction in timeline.reactions(entry, now):
            assert isinstance(reaction.nested_part, SinglePart)
            line += f" +{reaction.nested_part.content.decode()}"
        lines.append(line)
    return lines
