"""Every rule about proposals and their lists refuses what breaks it, by its name; what is valid passes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule
from mimi_conformance.reference.mls.group.application import Application, AuthenticationService
from mimi_conformance.reference.mls.group.commit_processing import check_outcome
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.key_package import KeyPackageRule
from mimi_conformance.reference.mls.proposals.components import Component, ComponentRefusal, ComponentRegistry, Replaced
from mimi_conformance.reference.mls.proposals.extensions import APP_COMPONENTS, ExtensionRule
from mimi_conformance.reference.mls.proposals.proposal_list import ProposalList
from mimi_conformance.reference.mls.proposals.proposal_rules import (
    ListedProposal,
    ProposalError,
    ProposalListRule,
    ProposalRule,
)
from mimi_conformance.reference.mls.proposals.proposals import ProposalKind, ProposalRegistry
from mimi_conformance.reference.mls.schedule.pre_shared_keys import external_psk, resumption_psk
from mimi_conformance.reference.mls.tree.leaf_checks import MemberRule
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation, AppEphemeral
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders, RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Extension, Lifetime
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from tests.mls.group_examples import COMPONENT, NOW, SUITE, Client, Room, dictionary

UNKNOWN_COMPONENT = 0x9999
UNTRUSTED = Credential.basic(b"nobody")


class Fussy(Component):
    """Refuses whatever says "no"."""

    def updated(self, data, updates):
        if any(update.data == b"no" for update in updates):
            raise ComponentRefusal("The update says no.")
        return b"+".join(update.data for update in updates)

    def check_removal(self, data, sender):
        if data == b"stays":
            raise ComponentRefusal("The state stays.")

    def check_ephemeral(self, contribution):
        if contribution.data == b"no":
            raise ComponentRefusal("The data says no.")


class Distrustful(AuthenticationService):
    def accepts(self, credential, signature_key):
        return credential != UNTRUSTED

    def accepts_successor(self, old, new):
        return new.identity != b"impostor"


REFUSED_KIND = ProposalKind(
    ProposalType.app_ephemeral,
    path_required=False,
    objection=lambda body, _sender: "no" if body.data == b"objection" else None,
)
APPLICATION = Application(
    proposals=ProposalRegistry().with_kinds(REFUSED_KIND),
    components=ComponentRegistry().with_components({COMPONENT: Fussy(), 0x8002: Replaced()}),
    authentication=Distrustful(),
    client_of=lambda leaf_node: leaf_node.credential.identity,
)


@pytest.fixture(scope="module")
def room() -> Room:
    """Alice, Bob, Carol and Dave; the dictionary has state that may be removed, and state that must stay."""
    extensions = (dictionary(c8001=b"stays", c8002=b"state"),)
    room = Room.of("alice", "bob", "carol", "dave", application=APPLICATION, extensions=extensions)
    room.check_agreement()
    return room


def client(name: str) -> Client:
    return Client(name, application=APPLICATION)


def member(leaf_index: int) -> Sender:
    return Sender(sender_type=SenderType.member, leaf_index=leaf_index)


def update(name: str = "bob", leaf_index: int = 1, **changes):
    """An Update of a member, its own signature on it."""
    owner = client(name)
    owner.random = Client(name + "'s update").random
    key_pair = parameters(SUITE).new_hpke_key_pair(owner.random)
    leaf_node = owner.template.leaf_node(
        parameters(SUITE).signature.public_key(owner.signature_private_key), key_pair.public_key
    )
    signed = signed_leaf_node(
        SUITE,
        replace(leaf_node, **changes),
        owner.signature_private_key,
        group_id=b"group",
        leaf_index=leaf_index,
    )
    return Update(signed), member(leaf_index), b"ref"


def add(name: str = "eve", **changes):
    return Add(client(name).key_package(**changes).key_package)


def changed_package(**changes):
    return Add(replace(add().key_package, **changes))


def psk(nonce: int = 32, **how):
    body = external_psk(SUITE, b"id", lambda _: bytes(nonce)) if not how else None
    return PreSharedKey(body or resumption_psk(SUITE, b"group", 1, bytes, **how))


def extensions(*others: Extension, state: Extension | None = None) -> GroupContextExtensions:
    return GroupContextExtensions((state or dictionary(c8001=b"stays", c8002=b"state"), *others))


def required(**lists) -> Extension:
    return Extension(ExtensionType.required_capabilities, RequiredCapabilities(**lists).encode())


def app_data(data: bytes | None, component: int = COMPONENT) -> AppDataUpdate:
    operation = AppDataUpdateOperation.remove if data is None else AppDataUpdateOperation.update
    return AppDataUpdate(component_id=component, op=operation, update=data)


def external_sender(credential: Credential) -> Extension:
    sender = ExternalSender(b"key", credential)
    return Extension(ExtensionType.external_senders, ExternalSenders((sender,)).encode())


REINIT = ReInit(b"new", ProtocolVersion.mls10, SUITE, ())
EXTERNAL_SENDER = Sender(sender_type=SenderType.external, sender_index=0)
JOINER = Sender(sender_type=SenderType.new_member_commit)
INIT = ExternalInit(bytes(32))


def without_dictionary():
    least = replace(client("x").template.capabilities, extensions=())
    return add(capabilities=least, leaf_extensions=())


REGULAR: dict[object, Callable[[], tuple]] = {
    KeyPackageRule.VERSION: lambda: (changed_package(version=ProtocolVersion(2)),),
    KeyPackageRule.CIPHER_SUITE: lambda: (changed_package(cipher_suite=CipherSuite(2)),),
    KeyPackageRule.SIGNATURE: lambda: (changed_package(signature=bytes(64)),),
    KeyPackageRule.INIT_KEY: lambda: (changed_package(init_key=add().key_package.leaf_node.encryption_key),),
    ProposalRule.UPDATE_BY_MEMBER: lambda: ((update()[0], EXTERNAL_SENDER, b"ref"),),
    ProposalRule.REMOVED_IS_MEMBER: lambda: (Remove(4),),
    ProposalRule.PSK_NOT_FOR_REINIT: lambda: (psk(usage=ResumptionPSKUsage.reinit),),
    ProposalRule.PSK_NOT_FOR_BRANCH: lambda: (psk(usage=ResumptionPSKUsage.branch),),
    ProposalRule.PSK_NONCE_LENGTH: lambda: (psk(nonce=31),),
    ProposalRule.REINIT_VERSION: lambda: (replace(REINIT, version=ProtocolVersion(0)),),
    ProposalRule.EXTERNAL_SENDER_CREDENTIAL: lambda: (extensions(external_sender(UNTRUSTED)),),
    ProposalRule.UPDATED_COMPONENT_KNOWN: lambda: (app_data(b"data", UNKNOWN_COMPONENT),),
    ProposalRule.REMOVED_STATE_PRESENT: lambda: (app_data(None, 0x0001),),
    ProposalRule.REMOVAL_ACCEPTED: lambda: (app_data(None),),
    ProposalRule.EPHEMERAL_COMPONENT_KNOWN: lambda: (AppEphemeral(UNKNOWN_COMPONENT, b""),),
    ProposalRule.EPHEMERAL_ACCEPTED: lambda: (AppEphemeral(COMPONENT, b"no"),),
    ProposalRule.SELF_REMOVE_BY_MEMBER: lambda: ((SelfRemove(), EXTERNAL_SENDER, b"ref"),),
    ProposalRule.APPLICATION_ACCEPTS: lambda: (AppEphemeral(COMPONENT, b"objection"),),
    ProposalListRule.NO_UPDATE_BY_COMMITTER: lambda: (update("alice", 0),),
    ProposalListRule.NO_REMOVAL_OF_COMMITTER: lambda: (Remove(0),),
    ProposalListRule.ONE_CHANGE_PER_LEAF: lambda: (update(), Remove(1)),
    ProposalListRule.ONE_ADD_PER_CLIENT: lambda: (add(), add()),
    ProposalListRule.CLIENT_NOT_IN_GROUP: lambda: (add("bob"),),
    ProposalListRule.PSK_ONCE: lambda: (psk(), psk()),
    ProposalListRule.ONE_GROUP_CONTEXT_EXTENSIONS: lambda: (extensions(), extensions()),
    ProposalListRule.REINIT_ALONE: lambda: (REINIT, psk()),
    ProposalListRule.NO_EXTERNAL_INIT: lambda: (INIT,),
    ProposalListRule.REQUIREMENTS_SUPPORTED: lambda: (extensions(required(proposal_types=(ProposalType(0xF00D),))),),
    ProposalListRule.BY_REFERENCE_ONLY: lambda: (SelfRemove(),),
    ProposalListRule.REMOVE_OR_UPDATE_OF_STATE: lambda: (app_data(b"data", 0x8002), app_data(None, 0x8002)),
    ProposalListRule.UPDATE_ACCEPTED: lambda: (app_data(b"yes"), app_data(b"no")),
    ExtensionRule.UNIQUE: lambda: (extensions(external_sender(UNTRUSTED), external_sender(UNTRUSTED)),),
    LeafNodeRule.SOURCE: lambda: ((Update(add().key_package.leaf_node), member(1), b"ref"),),
    LeafNodeRule.SIGNATURE: lambda: ((*update()[:1], member(2), b"ref"),),
    LeafNodeRule.LIFETIME_CURRENT: lambda: (add(lifetime=Lifetime(NOW + 1, NOW + 2)),),
    LeafNodeRule.GROUP_EXTENSIONS: lambda: (without_dictionary(),),
    LeafNodeRule.SIGNATURE_KEY_UNIQUE: lambda: (update("carol", 1),),
    PublicKeyRule.INIT_KEY: lambda: (changed_package(init_key=bytes(31)),),
    PublicKeyRule.LEAF_KEY: lambda: (update(encryption_key=bytes(33)),),
    MemberRule.CREDENTIAL: lambda: (update(credential=UNTRUSTED),),
    MemberRule.SUCCESSOR: lambda: (update(credential=Credential.basic(b"impostor")),),
    MemberRule.CLIENT_ONCE: lambda: (update(credential=Credential.basic(b"carol")),),
}

EXTERNAL: dict[object, Callable[[], tuple]] = {
    ProposalListRule.ONE_EXTERNAL_INIT: lambda: (Remove(1),),
    ProposalListRule.ONE_EXTERNAL_REMOVE: lambda: (INIT, Remove(1), Remove(2)),
    ProposalListRule.TYPE_IN_EXTERNAL_COMMIT: lambda: (INIT, add()),
    ProposalListRule.EXTERNAL_BY_VALUE: lambda: (INIT, (psk(), member(1), b"ref")),
    ProposalListRule.ONE_CHANGE_PER_LEAF: lambda: (INIT, Remove(1), (SelfRemove(), member(1), b"ref")),
    ProposalListRule.PSK_ONCE: lambda: (INIT, psk(), psk()),
}

VALID_LISTS = {
    "nothing": (),
    "an Add": (add(),),
    "an Add in place of a Remove": (Remove(1), add("bob")),
    "an Update": (update(),),
    "a SelfRemove": ((SelfRemove(), member(1), b"ref"),),
    "a ReInit": (REINIT,),
    "PSKs": (psk(), psk(usage=ResumptionPSKUsage.application)),
    "new extensions and app data": (
        extensions(external_sender(Credential.basic(b"x"))),
        app_data(b"a"),
        app_data(b"b"),
    ),
    "removed app data": (app_data(None, 0x8002),),
    "ephemeral data": (AppEphemeral(COMPONENT, b"a"), AppEphemeral(COMPONENT, b"a")),
    "supported requirements": (extensions(required(proposal_types=(ProposalType.self_remove,))),),
}


def listed(items: tuple, committer: Sender) -> tuple[ListedProposal, ...]:
    """A list of proposals: bodies by value, or bodies with their senders and references."""
    with_senders = (item if isinstance(item, tuple) else (item, committer, None) for item in items)
    return tuple(
        ListedProposal(index, Proposal.of(body), sender, reference)
        for index, (body, sender, reference) in enumerate(with_senders)
    )


def apply(room: Room, items: tuple, committer: Sender):
    proposals = ProposalList(listed(items, committer), committer.leaf_index)
    applied = room.server.apply(proposals, NOW)
    check_outcome(applied, applied.state, None)
    return applied


def check_refused(room: Room, items: tuple, committer: Sender, rule: object) -> ProposalError:
    with pytest.raises(ProposalError) as refusal:
        apply(room, items, committer)
    assert refusal.value.rule is rule
    assert rule.text in str(refusal.value)
    return refusal.value


@pytest.mark.parametrize("rule", REGULAR, ids=str)
def test_a_list_that_breaks_a_rule_is_refused(room, rule):
    items = REGULAR[rule]()
    assert check_refused(room, items, member(0), rule).index == len(items) - 1 or rule is ProposalListRule.REINIT_ALONE


@pytest.mark.parametrize("rule", EXTERNAL, ids=str)
def test_a_list_of_an_external_commit_that_breaks_a_rule_is_refused(room, rule):
    check_refused(room, EXTERNAL[rule](), JOINER, rule)


@pytest.mark.parametrize("items", VALID_LISTS.values(), ids=VALID_LISTS)
def test_a_valid_list_is_applied(room, items):
    assert len(apply(room, items, member(0)).proposals.proposals) == len(items)


def test_the_dictionary_is_left_to_app_data_update_where_that_is_required_or_the_application_says_so(room):
    changed = GroupContextExtensions((dictionary(c8002=b"other"),))
    apply(room, (changed,), member(0))
    strict = replace(room, server=with_application(room, dictionary_by_update_only=True))
    check_refused(strict, (changed,), member(0), ProposalRule.DICTIONARY_UNTOUCHED)
    apply(strict, (extensions(external_sender(Credential.basic(b"x"))),), member(0))
    requiring = Room.of(
        "alice", application=APPLICATION, extensions=(required(proposal_types=(ProposalType.app_data_update,)),)
    )
    check_refused(requiring, (changed,), member(0), ProposalRule.DICTIONARY_UNTOUCHED)
    apply(requiring, (app_data(b"yes"),), member(0))


def with_application(room: Room, **changes):
    state = room.server.state
    return replace(room.server, state=replace(state, application=replace(state.application, **changes)))


def test_types_that_the_application_does_not_use_are_refused(room):
    few = {kind: found for kind, found in ProposalRegistry().kinds.items() if kind is not ProposalType.app_ephemeral}
    other = replace(room, server=with_application(room, proposals=ProposalRegistry(few)))
    ephemeral = AppEphemeral(COMPONENT, b"")
    check_refused(other, (ephemeral,), member(0), ProposalRule.TYPE_KNOWN)
    bob, group = room.members["bob"]
    proposed = propose(group, ephemeral, now=NOW, random=bob.random).message.public_message
    with pytest.raises(ProposalError) as refusal:
        other.server.process_proposal(proposed, NOW)
    assert (refusal.value.rule, refusal.value.index) == (ProposalRule.TYPE_KNOWN, None)


def test_a_leaf_is_updated_once(room):
    twice = (update(), update(extensions=()))
    check_refused(room, twice, member(0), ProposalListRule.ONE_CHANGE_PER_LEAF)


def test_a_component_makes_only_what_others_can_read(room):
    careless = with_application(room, components=ComponentRegistry().with_components({APP_COMPONENTS: Replaced()}))
    check_refused(
        replace(room, server=careless), (app_data(b"\x01", APP_COMPONENTS),), member(0), ExtensionRule.DECODABLE
    )


def test_types_that_somebody_does_not_support_are_refused_unless_that_member_leaves(room):
    without = Client("old", application=APPLICATION)
    capabilities = replace(without.template.capabilities, proposals=())
    own = without.key_package(capabilities=capabilities)
    mixed = Room.of("alice", "bob", application=APPLICATION)
    mixed.commit("alice", Add(own.key_package))
    ephemeral = AppEphemeral(COMPONENT, b"")
    check_refused(mixed, (ephemeral,), member(0), ProposalListRule.TYPE_SUPPORTED)
    apply(mixed, (ephemeral, Remove(2)), member(0))


def test_every_rule_is_broken_somewhere():
    elsewhere = {ProposalRule.DICTIONARY_UNTOUCHED, ProposalRule.TYPE_KNOWN, ProposalListRule.TYPE_SUPPORTED}
    elsewhere.add(ProposalRule.ONE_SELF_REMOVE)  # about what came before, not about a list: see test_refusals
    assert {*ProposalRule, *ProposalListRule} <= {*REGULAR, *EXTERNAL, *elsewhere}
