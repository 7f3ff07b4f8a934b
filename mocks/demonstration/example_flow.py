"""The example of PROTO 3, step by step: the same for whoever watches it, over whatever network."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from mimi_conformance.reference.client.asynchronous import AsyncClient, AsyncProvider, AsyncRoom, text


@dataclass(frozen=True, slots=True)
class Step:
    """A step that has been taken, and everybody has been told.

    Attributes:
        section: where it is in the draft.
        title: what has happened.
        rooms: the room as each client has it that is in it, by whose it is and its device: ``bob's phone``.

    """

    section: str
    title: str
    rooms: dict[str, AsyncRoom]


async def example_flow(a: AsyncProvider, b: AsyncProvider, c: AsyncProvider) -> AsyncIterator[Step]:
    """Play the example; gives back each step when it is done.

    Args:
        a: the provider of Alice, which is the hub.
        b: that of Bob.
        c: that of Cathy.

    """
    alice, bob = await a.client("alice", "phone"), await b.client("bob", "phone")
    cathy, laptop = await c.client("cathy", "phone"), await c.client("cathy", "laptop")

    alices = await alice.create_room("clubhouse", preset="cooperative")
    rooms = {"alice's phone": alices}
    yield Step("3.1", "Alice creates a room", dict(rooms))

    await _consent(bob, alice)
    yield Step("8", "Bob consents to being added by Alice", dict(rooms))

    await alices.add(bob.user)
    bobs = rooms["bob's phone"] = await bob.room(alices.uri)
    yield Step("3.2", "Alice adds Bob", dict(rooms))

    await _consent(cathy, bob)
    await bobs.add(cathy.user)
    cathys = rooms["cathy's phone"] = await cathy.room(alices.uri)
    rooms["cathy's laptop"] = await laptop.room(alices.uri)
    await _agree(rooms)
    yield Step("3.3", "Bob adds Cathy, who has two devices", dict(rooms))

    said = await cathys.send(text("Hello everyone!"))
    for room in rooms.values():
        heard = await room.next_message()
        assert heard.message_id == said.message_id, "everybody reads the same"
    yield Step("3.4", "Cathy says hello, and everybody reads it", dict(rooms))

    await bobs.leave()
    for room in rooms.values():
        await room.wait_until(lambda each: bool(each.membership.group.public.pending))
    yield Step("3.5", "Bob asks to leave: his proposals wait for a commit", dict(rooms))

    await cathys.commit()
    await bobs.wait_until(lambda room: room.membership.is_over)
    del rooms["bob's phone"]
    await _agree(rooms)
    yield Step("3.5", "Cathy commits, and Bob is out", dict(rooms))

    watch = await c.client("cathy", "watch")
    rooms["cathy's watch"] = await watch.join(alices.uri)
    await _agree(rooms)
    yield Step("3.6", "Cathy's new watch joins by itself", dict(rooms))

    said = await rooms["cathy's watch"].send(text("Hello from my watch."))
    for room in rooms.values():
        heard = await room.next_message()
        assert heard.message_id == said.message_id, "everybody reads the same"
    yield Step("3.4", "Cathy speaks from her watch", dict(rooms))


async def _consent(user: AsyncClient, requester: AsyncClient) -> None:
    """Let somebody ask another for consent, and the other one give it (PROTO 5.7)."""
    await requester.request_consent(user.user)
    await user.wait_until(lambda: bool(user.client.happenings), what="a request for consent")
    await user.grant_consent(requester.user)


async def _agree(rooms: dict[str, AsyncRoom]) -> None:
    """Let every client learn of the newest epoch."""
    newest = max(room.epoch for room in rooms.values())
    for room in rooms.values():
        await room.wait_until(lambda each: each.epoch >= newest)
