"""Proposals of an application's own types go through codec and rules like those of the drafts."""

from dataclasses import dataclass

import pytest

from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalError, ProposalListRule, ProposalRule
from mimi_conformance.reference.mls.proposals.proposals import ProposalKind, ProposalRegistry
from mimi_conformance.reference.wire.declaration import opaque
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.proposals import Add, Proposal, register_proposal
from mimi_conformance.reference.wire.mls.registries import ProposalType
from mimi_conformance.reference.wire.structure import Struct, struct_encoding
from tests.mls.group_examples import NOW, Client, Room, capabilities

GREETING = ProposalType(0xF00D)


@dataclass(frozen=True, slots=True)
class Greeting(Struct):
    """A proposal to say something."""

    words: opaque


@pytest.fixture
def greetings():
    """The type is known to the codec for the time of a test; applications have no reason to take one back."""
    register_proposal(GREETING, Greeting)
    yield
    kind, body = struct_encoding(Proposal).fields
    kind.encoding.among -= {GREETING}
    del kind.encoding.members[GREETING.value], body.arms[GREETING], register_proposal.__globals__["_BODIES"][GREETING]


KIND = ProposalKind(
    GREETING,
    path_required=False,
    objection=lambda body, _sender: None if body.words.islower() else "It shouts.",
)
APPLICATION = Application(proposals=ProposalRegistry().with_kinds(KIND))


class Greeter(Client):
    @property
    def template(self):
        template = super().template
        own = template.capabilities
        return type(template)(template.credential, _with_greetings(own), template.extensions)

    def key_package(self, **changes):
        return super().key_package(**{"capabilities": _with_greetings(capabilities()), **changes})


def _with_greetings(own):
    return type(own)(own.versions, own.cipher_suites, own.extensions, (*own.proposals, GREETING), own.credentials)


@pytest.fixture
def room(greetings) -> Room:
    alice, bob = Greeter("alice", application=APPLICATION), Greeter("bob", application=APPLICATION)
    room = Room.of("alice", application=APPLICATION)
    group = alice.create()
    room.members["alice"] = alice, group
    room.server = type(room.server).at_start_of_epoch(group.public.state, group.public.confirmation_tag, 0)
    room.add("alice", bob)
    return room


def test_an_unknown_type_cannot_be_read(greetings):
    encoded = Proposal.of(Greeting(b"hello")).encode()
    assert Proposal.decode(encoded).body == Greeting(b"hello")
    with pytest.raises(DecodeError):
        Proposal.decode(b"\xf0\x0e" + encoded[2:])


def test_a_type_is_registered_once(greetings):
    with pytest.raises(ValueError, match="Greeting already"):
        register_proposal(GREETING, Greeting)
    with pytest.raises(ValueError, match="Add already"):
        register_proposal(ProposalType.add, Greeting)


def test_own_proposals_are_proposed_and_committed(room):
    bob, group = room.members["bob"]
    room.propose("bob", propose(group, Greeting(b"hello"), now=NOW, random=bob.random))
    room.commit("alice", Greeting(b"good morning"), path=False)
    room.check_agreement()


def test_the_application_refuses_what_it_objects_to(room):
    with pytest.raises(ProposalError) as refusal:
        room.commit("alice", Greeting(b"HELLO"))
    assert (refusal.value.rule, refusal.value.value) == (ProposalRule.APPLICATION_ACCEPTS, "It shouts.")


def test_all_members_must_support_them(room):
    own = Client("carol").key_package()
    room.commit("alice", Add(own.key_package), Greeting(b"hello"))
    alice, group = room.members["alice"]
    with pytest.raises(ProposalError) as refusal:
        commit(group, Covering((Greeting(b"hello"),)), now=NOW, random=alice.random)
    assert refusal.value.rule is ProposalListRule.TYPE_SUPPORTED
