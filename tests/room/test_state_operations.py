"""What the operational policy asks of clients that come, and of how handshakes travel."""

from dataclasses import replace

import pytest
from cryptography import x509

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.semi_private_message import unseal_as_external_receiver
from mimi_conformance.reference.mls.group.group_framing import Framing, framed
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.group.senders import SenderRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.operations import OperationsRule, unfit
from mimi_conformance.reference.room.updates import (
    CommitAccepted,
    InvalidProposal,
    NotAllowed,
    ProposalsAccepted,
    accept_commit,
    accept_proposals,
)
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import FramedContentAuthData, PublicMessage, Sender, SenderType
from mimi_conformance.reference.wire.mls.proposals import Add, Commit, SelfRemove
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
    WireFormat,
)
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceiver, ExternalReceivers
from mimi_conformance.reference.wire.room_policy.operational import ExtendedCapabilities
from tests.exercised import exercises
from tests.mls.group_examples import LIFETIME, NOW, SUITE
from tests.room.component_examples import OPERATIONAL
from tests.room.house import HUB, House, client
from tests.room.test_claims import certificate

USERS = {"alice": 4, "bob": 2, "carol": 3}
LASTS = LIFETIME.not_after - LIFETIME.not_before


def house_with(**changes) -> House:
    policy = replace(OPERATIONAL, **changes)
    return House.of(USERS, "alice1", "bob1", components={"mls_operational_policy": policy})


def refused(answer) -> OperationsRule:
    assert isinstance(answer, NotAllowed), answer
    return answer.refused.rule


def every_way_in(house: House) -> list[object]:
    """The answers when a client is added by a commit, by a proposal, and when it joins by itself."""
    package = client("bob2").key_package().key_package
    return [
        house.commit("alice1", newcomers={"carol1": client("carol1")}),
        house.propose("bob1", Add(package)),
        house.join("bob3"),
    ]


@pytest.mark.parametrize(
    "mandatory",
    [
        ExtendedCapabilities(versions=(ProtocolVersion(2),)),
        ExtendedCapabilities(cipher_suites=(CipherSuite(2),)),
        ExtendedCapabilities(extensions=(ExtensionType.supported_wire_formats,)),
        ExtendedCapabilities(proposals=(ProposalType(0xF000),)),
        ExtendedCapabilities(credentials=(CredentialType.x509,)),
        ExtendedCapabilities(component_ids=(0x20,)),
        ExtendedCapabilities(safe_aad_types=(0x20,)),
        ExtendedCapabilities(
            wire_formats=(replace(OPERATIONAL.handshake_formats[0], wire_formats=(WireFormat(0xF001),)),)
        ),
    ],
)
@exercises("POLICY-7.1-11")
def test_a_client_that_comes_has_what_is_mandatory(mandatory):
    for answer in every_way_in(house_with(mandatory_capabilities=mandatory)):
        assert refused(answer) is OperationsRule.MANDATORY_CAPABILITIES


@exercises("POLICY-7.1-11", "POLICY-7.1-16")
def test_a_client_that_has_it_comes():
    mandatory = ExtendedCapabilities(
        versions=(ProtocolVersion.mls10,),
        cipher_suites=(SUITE,),
        extensions=(ExtensionType.external_senders, ExtensionType.app_data_dictionary),
        proposals=(ProposalType.add, ProposalType.self_remove),
        credentials=(CredentialType.basic,),
        component_ids=(0x0008,),
    )
    house = house_with(mandatory_capabilities=mandatory, max_kp_lifetime=LASTS)
    commit, proposal, join = every_way_in(house)
    assert isinstance(commit, CommitAccepted)
    assert isinstance(proposal, ProposalsAccepted)
    assert isinstance(join, CommitAccepted)


@exercises("POLICY-7.1-16")
def test_a_key_package_is_not_valid_for_too_long():
    commit, proposal, join = every_way_in(house_with(max_kp_lifetime=LASTS - 1))
    assert refused(commit) is refused(proposal) is OperationsRule.KEY_PACKAGE_LIFETIME
    assert isinstance(join, CommitAccepted)


@exercises("POLICY-7.1-11")
def test_nobody_uses_what_is_forbidden():
    for answer in every_way_in(
        house_with(
            mandatory_capabilities=ExtendedCapabilities(),
            forbidden_capabilities=ExtendedCapabilities(credentials=(CredentialType.basic,)),
        )
    ):
        assert refused(answer) is OperationsRule.FORBIDDEN_CAPABILITIES
    house = house_with(forbidden_capabilities=ExtendedCapabilities(proposals=(ProposalType.self_remove,)))
    answer = house.propose("bob1", SelfRemove())
    assert refused(answer) is OperationsRule.FORBIDDEN_CAPABILITIES
    assert "self_remove" in str(answer)


@exercises("POLICY-7.1-17")
@pytest.mark.parametrize(("longest", "fits"), [(0, True), (86400, True), (86399, False)])
def test_a_credential_is_not_valid_for_too_long(longest, fits):
    policy = house_with(max_credential_lifetime=longest).state.committed.policy
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier("mimi://b.example/d/bob/2")])
    leaf_node = replace(client("bob2").key_package().key_package.leaf_node, credential=certificate(names))
    found = unfit(policy, (), [leaf_node])
    assert (found is None) is fits
    if not fits:
        assert found.rule is OperationsRule.CREDENTIAL_LIFETIME


@exercises("POLICY-7.1-13")
def test_nothing_is_proposed_from_outside_where_that_is_not_allowed():
    house = house_with(external_proposal_allowed=False)
    answer = house.proposes_itself(client("bob2"))
    assert isinstance(answer, NotAllowed)
    assert answer.refused.rule is PresenceRule.EXTERNAL_PROPOSALS


class SemiPrivate:
    """A room whose hub reads SemiPrivateMessages."""

    def __init__(self) -> None:
        keys = parameters(SUITE).kem.derive_key_pair(bytes(32))
        self.private_key = keys.private_key
        self.receiver = ExternalReceiver(keys.public_key, Credential.basic(f"mimi://{HUB}".encode()))
        receivers = ExternalReceivers((self.receiver,))
        self.house = House.of(USERS, "alice1", "bob1", components={"external_receivers": receivers})

    def read(self, message):
        group = self.house.state.group
        return unseal_as_external_receiver(
            message.semiprivate_message,
            group.epoch,
            self.receiver,
            self.private_key,
            lambda leaf_index: group.tree.member(leaf_index).signature_key,
        )


@exercises("PROTO-5.3-23", "PROTO-5.3-24", "PROTO-5.3-25", "POLICY-7-03")
def test_what_only_the_hub_and_the_members_can_read_is_judged_like_what_all_can():
    room = SemiPrivate()
    sender, group = room.house.members["bob1"]
    framing = Framing(WireFormat.mls_semiprivate_message)
    for added, allowed in (({"dave": 2}, True), ({"dora": 3}, False)):
        body = room.house.listed(added=added)
        proposed = propose(group, body, now=NOW, random=sender.random, framing=framing)
        answer = accept_proposals(room.house.state, [room.read(proposed.message)], NOW)
        assert isinstance(answer, ProposalsAccepted if allowed else NotAllowed)


@exercises("PROTO-7.3-02", "ARCH-4.3-05")
def test_no_server_commits():
    house = House.of(USERS, "alice1")
    context = house.state.group.context
    sender = Sender(sender_type=SenderType.external, sender_index=0)
    content = framed(context.group_id, context.epoch, sender, Commit(()), b"")
    auth = FramedContentAuthData(content_type=content.content_type, signature=bytes(64), confirmation_tag=b"tag")
    answer = accept_commit(house.state, PublicMessage(content=content, auth=auth), NOW)
    assert isinstance(answer, InvalidProposal)
    assert answer.error.rule is SenderRule.EXTERNAL_PROPOSES
