"""``mimi-conformance demo``: the draft's example, played by three providers, for a newcomer to watch."""

import asyncio
import queue

import click
from rich.console import Console
from rich.table import Table

from mimi_conformance.mocks.demonstration.example_flow import Step, example_flow
from mimi_conformance.mocks.demonstration.gist import request_gist, response_gist
from mimi_conformance.mocks.demonstration.providers import providers
from mimi_conformance.reference.client.asynchronous import AsyncProvider
from mimi_conformance.reference.content.message import SinglePart
from mimi_conformance.reference.provider.app import ServedRequest
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.messages import Endpoint


@click.command
def command() -> None:
    """Watch three providers play the example of the protocol draft (section 3).

    They run on loopback and talk over real mutual TLS. Each line is one HTTP request from a provider to another; after
    each step comes the room as its clients have it.
    """
    console = Console(highlight=False)
    console.print(
        "Alice is a user of a.example, which is the hub, Bob of b.example, and Cathy of c.example.", soft_wrap=True
    )
    served = queue.SimpleQueue[tuple[str, ServedRequest]]()
    with providers(served=lambda domain, request: served.put((domain, request))) as running:
        asyncio.run(_play(console, running, served))


async def _play(
    console: Console,
    running: tuple[ReferenceInstance, ...],
    served: queue.SimpleQueue[tuple[str, ServedRequest]],
) -> None:
    async for step in example_flow(*(AsyncProvider.of(each.service) for each in running)):
        while any(each.service.backlogs() for each in running):
            await asyncio.sleep(0.01)  # somebody is still being told
        console.rule(f"[bold]{step.title}[/bold]  (PROTO {step.section})", align="left")
        while not served.empty():
            _show_exchange(console, *served.get())
        _show_room(console, step)


def _show_exchange(console: Console, domain: str, served: ServedRequest) -> None:
    """One line: who asks whom for what, and the answer."""
    request, answer = served.request, served.answer
    source = next(iter(request.header("from")), "").rpartition("@")[2]
    name = request.raw_path.removeprefix("/v1/").partition("/")[0]
    if name not in set(Endpoint):
        console.print(f"  {source} → {domain}  directory → {answer.status}", style="dim", soft_wrap=True)
        return
    asked = request_gist(Endpoint(name), request.body)
    said = " ".join((str(answer.status), response_gist(Endpoint(name), answer.body))).rstrip()
    console.print(f"  {source} → {domain}  [bold]{name}[/bold]  {asked} → {said}", soft_wrap=True)


def _show_room(console: Console, step: Step) -> None:
    """The room after the step, as the first of its clients has it."""
    whose, room = next(iter(step.rooms.items()))
    participants, pending = room.membership.state.committed.participants, room.membership.group.public.pending
    table = Table("participant", "role", "clients in the group", box=None, padding=(0, 2))
    for user, role in room.participants.items():
        clients = (each.uri.path[-1] for each in participants.clients(user.encode()) if each.uri is not None)
        table.add_row(user, role, ", ".join(clients))
    waiting = f", {len(pending)} proposals wait for a commit" if pending else ""
    console.print(f"  {room.uri} on {whose}: epoch {room.epoch}{waiting}", soft_wrap=True)
    console.print(table)
    for said in room.messages[-1:]:
        body = said.content.nested_part
        spoken = body.content.decode() if isinstance(body, SinglePart) else "something"
        console.print(f"  {said.sender} said: {spoken}")
