"""Members come, go and talk in any order, over a delivery service that delays, repeats and loses; and still they agree.

A third of `MIMI_FUZZ_EXAMPLES` says how many such stories are told.
"""

import os
import sys
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mimi_conformance.reference.mls.framing.rules import FramingRule
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender, propose_own_addition
from mimi_conformance.reference.mls.group.group import MemberStateRule
from mimi_conformance.reference.mls.group.group_framing import IN_PUBLIC
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.proposals.extensions import find_component, read_dictionary
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.schedule.pre_shared_keys import external_psk, resumption_psk
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation, WireFormats
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    ProposalBody,
    Remove,
    SelfRemove,
)
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from tests.mls.delivery_service import SEMI_PRIVATE, SERVICE, Delivery, Said, tried
from tests.mls.group_examples import COMPONENT, NOW, SUITE
from tests.mls.served import served

STORIES = int(os.environ.get("MIMI_FUZZ_EXAMPLES", "200")) // 3
LARGEST = 9
"""One more than eight, so that the tree grows to sixteen leaves, and shrinks again."""

numbers = st.integers(0, 2**16)
framings = st.sampled_from([IN_PUBLIC, SEMI_PRIVATE])


class GroupLife(RuleBasedStateMachine):
    """The life of a group of about nine members at most."""

    def __init__(self) -> None:
        super().__init__()
        self.delivery = Delivery()

    @initialize(others=st.integers(0, LARGEST - 1), number=numbers)
    def begins(self, others, number):
        """The founder adds some, and one of all these makes a path."""
        self.delivery.add("c0", others, path=False)
        self.commits(number, IN_PUBLIC)

    def anybody(self, number: int) -> str:
        names = self.delivery.names()
        return names[number % len(names)]

    def somebody_up_to_date(self, number: int, *, staying: bool = True) -> str | None:
        """A device that is where the server is, and, if it is to commit, hasn't proposed to leave."""
        names = self.delivery.names()
        for name in names[number % len(names) :] + names[: number % len(names)]:
            if name in self.delivery.devices and self.delivery.catch_up(name):
                leaving = self.delivery.devices[name].group.leaf_index in self.delivery.leaving()
                if not (staying and leaving):
                    return name
        return None

    # Commits

    def commit(self, number: int, *by_value: ProposalBody, **how) -> bool:
        """Let somebody commit; whether there is anybody who may."""
        name = self.somebody_up_to_date(number)
        if name is not None:
            self.delivery.accept(name, self.delivery.prepared(name, by_value, **how))
        return name is not None

    @precondition(lambda self: len(self.delivery.devices) < LARGEST)
    @rule(number=numbers, count=st.integers(1, 3), path=st.booleans(), framing=framings)
    def adds(self, number, count, path, framing):
        name = self.somebody_up_to_date(number)
        if name is not None:
            room = LARGEST - len(self.delivery.devices)
            self.delivery.add(name, min(count, room), path=path, framing=framing)

    @rule(number=numbers, framing=framings)
    def commits(self, number, framing):
        self.commit(number, framing=framing)

    @rule(number=numbers, which=numbers, framing=framings)
    def removes(self, number, which, framing):
        name = self.somebody_up_to_date(number)
        if name is None:
            return
        own = self.delivery.devices[name].group.leaf_index
        taken = {own, *self.delivery.leaving(), *self.proposed_for()}
        others = [index for index, _ in self.delivery.server.tree.members() if index not in taken]
        if others:
            self.delivery.accept(
                name, self.delivery.prepared(name, (Remove(others[which % len(others)]),), framing=framing)
            )

    def proposed_for(self) -> set[int | None]:
        """The leaves that pending Removes and Updates are about."""
        return {
            body.removed if isinstance(body, Remove) else sender.leaf_index for sender, body in self.delivery.proposed()
        }

    @rule(number=numbers, path=st.booleans())
    def injects_psks(self, number, path):
        context, random = self.delivery.server.context, SERVICE.random
        resumption = resumption_psk(SUITE, context.group_id, context.epoch, random)
        adding = any(isinstance(body, Add) for _, body in self.delivery.proposed())
        psks = [external_psk(SUITE, b"everybody's", random), *(() if adding else (resumption,))]
        self.commit(number, *map(PreSharedKey, psks), path=path)

    @rule(number=numbers, data=st.binary(max_size=3), path=st.booleans())
    def updates_app_data(self, number, data, path):
        if self.commit(number, self.app_data_update(data), path=path):
            dictionary = read_dictionary(self.delivery.server.context.extensions)
            assert find_component(dictionary, COMPONENT) == data

    @staticmethod
    def app_data_update(data: bytes) -> AppDataUpdate:
        return AppDataUpdate(component_id=COMPONENT, op=AppDataUpdateOperation.update, update=data)

    @rule(number=numbers)
    def changes_extensions(self, number):
        """Add an extension that all clients know to the GroupContext, or take it away again."""
        toggled = Extension(ExtensionType.required_wire_formats, WireFormats(()).encode())
        before = self.delivery.server.context.extensions
        after = tuple(item for item in before if item != toggled) if toggled in before else (*before, toggled)
        if self.commit(number, GroupContextExtensions(after)):
            assert (toggled in self.delivery.server.context.extensions) is (toggled in after)

    @precondition(lambda self: len(self.delivery.devices) > 1)
    @rule(first=numbers, second=numbers)
    def two_commit_at_once(self, first, second):
        """The server takes one Commit; the other one is refused, and its sender goes on as if it had made none."""
        winner, loser = self.somebody_up_to_date(first), self.somebody_up_to_date(second)
        if winner is None or loser in (None, winner):
            return
        losing = self.delivery.prepared(loser)
        self.delivery.accept(winner, self.delivery.prepared(winner))
        self.delivery.devices[loser].group = losing.before
        refused = tried(partial(served, self.delivery.server, losing.message, NOW))
        assert isinstance(refused, RuleError)
        assert refused.rule is FramingRule.EPOCH

    # Proposals

    @rule(number=numbers, framing=framings)
    def proposes_an_update(self, number, framing):
        name = self.somebody_up_to_date(number)
        if name is not None:
            device = self.delivery.devices[name]
            proposed = propose_update(device.group, now=NOW, random=device.client.random, framing=framing)
            self.delivery.propose(name, proposed)

    @rule(number=numbers, which=numbers, framing=framings)
    def proposes_a_removal(self, number, which, framing):
        name = self.somebody_up_to_date(number)
        if name is not None:
            members = [index for index, _ in self.delivery.server.tree.members()]
            self.propose(name, Remove(members[which % len(members)]), framing)

    @rule(number=numbers, data=st.binary(max_size=3), framing=framings)
    def proposes_app_data(self, number, data, framing):
        name = self.somebody_up_to_date(number)
        if name is not None:
            self.propose(name, self.app_data_update(data), framing)

    @precondition(lambda self: len(self.delivery.devices) > len(self.delivery.leaving()) + 2)
    @rule(number=numbers)
    def proposes_to_leave(self, number):
        name = self.somebody_up_to_date(number)
        if name is not None:
            self.propose(name, SelfRemove(), IN_PUBLIC)

    def propose(self, name: str, body: ProposalBody, framing) -> None:
        device = self.delivery.devices[name]
        self.delivery.propose(name, propose(device.group, body, now=NOW, random=device.client.random, framing=framing))

    @rule(which=numbers)
    def an_external_sender_proposes_a_removal(self, which):
        members = [index for index, _ in self.delivery.server.tree.members()]
        context = self.delivery.server.context
        body = Remove(members[which % len(members)])
        self.delivery.propose_from_outside(propose_as_external_sender(context, 0, body, SERVICE.signature_private_key))

    @precondition(lambda self: len(self.delivery.devices) < LARGEST)
    @rule()
    def a_new_member_proposes_itself(self):
        client, own = self.delivery.invite()
        context = self.delivery.server.context
        self.delivery.propose_from_outside(propose_own_addition(context, own.key_package, client.signature_private_key))

    # Outsiders

    @precondition(lambda self: len(self.delivery.devices) < LARGEST)
    @rule(number=numbers)
    def joins_from_outside(self, number):
        if self.somebody_up_to_date(number, staying=False) is not None:
            self.delivery.join(self.delivery.new_client())

    @precondition(lambda self: len(self.delivery.devices) > 1)
    @rule(number=numbers)
    def joins_again(self, number):
        name = self.anybody(number)
        others = [other for other in self.delivery.names() if other != name]
        if any(self.delivery.catch_up(other) for other in others if other in self.delivery.devices):
            device = self.delivery.devices.get(name)
            if device is not None and not self.delivery.was_removed(device):
                self.delivery.join(device.client, device)

    # Messages

    @rule(number=numbers, said=st.lists(st.binary(max_size=5), min_size=1, max_size=3), padding=st.integers(0, 3))
    def says(self, number, said, padding):
        name = self.anybody(number)
        device = self.delivery.devices[name]
        for data in said:
            sent = tried(partial(send, device.group, data, random=device.client.random, padding=padding))
            if isinstance(sent, RuleError):
                assert sent.rule is MemberStateRule.COMMIT_FIRST
                assert device.group.public.pending
                return
            message, device.group = sent
            self.delivery.said.append(Said(message, device.group.context.epoch, name, data))

    @precondition(lambda self: self.delivery.said)
    @rule(number=numbers, which=numbers, count=st.integers(1, 3))
    def hears(self, number, which, count):
        """Let a device read up to three messages, of which the last comes first."""
        name = self.anybody(number)
        for before in range(count):
            self.delivery.hear(name, which - before)

    @rule(number=numbers, data=st.binary(max_size=5))
    def one_talks_to_all(self, number, data):
        self.delivery.settle()
        if self.delivery.server.pending:
            self.commit(number)
            self.delivery.settle()
        self.says(number, [data], 0)
        for name in self.delivery.names() if self.delivery.said else ():
            self.delivery.hear(name, -1)

    # What the delivery service does

    @rule(number=numbers, count=st.integers(1, 3))
    def handshakes_come(self, number, count):
        self.delivery.catch_up(self.anybody(number), count)

    @rule(number=numbers)
    def a_handshake_comes_again(self, number):
        self.delivery.repeat(self.anybody(number))

    @precondition(lambda self: self.waiting())
    @rule(number=numbers)
    def a_handshake_comes_too_early(self, number):
        self.delivery.ahead_of_time(self.waiting()[number % len(self.waiting())])

    @precondition(lambda self: self.waiting())
    @rule(number=numbers)
    def a_handshake_gets_lost(self, number):
        self.delivery.lose(self.waiting()[number % len(self.waiting())])

    def waiting(self) -> list[str]:
        """The devices for which handshakes are on their way."""
        return [name for name, device in self.delivery.devices.items() if device.inbox]

    @rule()
    def all_is_quiet(self):
        self.delivery.settle()

    @invariant()
    def outsiders_learn_nothing(self):
        self.delivery.check_outsiders_learn_nothing()

    def teardown(self):
        if sys.exception() is not None:
            return  # what follows from a fault would hide it
        self.delivery.settle()
        for number in reversed(range(len(self.delivery.said))):  # so that messages come in the wrong order
            for name in self.delivery.names():
                self.delivery.hear(name, number)


TestGroupLife = GroupLife.TestCase
TestGroupLife.settings = settings(
    max_examples=STORIES,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
