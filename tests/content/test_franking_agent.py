"""The franking_agent component: whose it must be, and how a room gets one."""

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mimi_conformance.mocks.network.authority import CertificateAuthority
from mimi_conformance.reference.content.franking.agent import FRANKING_AGENT, FrankingRoom, check_agent, propose_agent
from mimi_conformance.reference.content.franking.rules import AgentRule, FrankingError
from mimi_conformance.reference.mls.crypto.signature_scheme import signature_public_key
from mimi_conformance.reference.mls.proposals.components import with_component, with_dictionary
from mimi_conformance.reference.mls.proposals.extensions import ExtensionError, read_dictionary
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.wire.mls.app_data import (
    NO_APP_DATA,
    AppDataUpdate,
    AppDataUpdateOperation,
    ComponentsList,
    MediaTypeList,
)
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import ReInit
from mimi_conformance.reference.wire.mls.registries import CredentialType, ExtensionType
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData
from tests.content.franking_scene import FRAMED, OTHER_SIGNING_KEY, ROOM, SIGNING_KEY, SUITE, agent_of
from tests.exercised import exercises

AGENT = agent_of(SIGNING_KEY)
HUB = ROOM.provider


def dictionary(components: dict[int, bytes]) -> tuple[Extension, ...]:
    data = NO_APP_DATA
    for number, each in components.items():
        data = with_component(data, number, each)
    return with_dictionary((), data)


def context(components: dict[int, bytes]) -> GroupContext:
    extensions = (Extension(ExtensionType.application_id, b"stays"), *dictionary(components))
    return GroupContext(
        cipher_suite=SUITE,
        group_id=b"old",
        epoch=3,
        tree_hash=b"",
        confirmed_transcript_hash=b"",
        extensions=extensions,
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> x509.Certificate:
    folder = tmp_path_factory.mktemp("hub")
    identity = CertificateAuthority.create().issue([HUB], folder)
    return x509.load_pem_x509_certificates(identity.certificate_chain.read_bytes())[0]


def certified(certificate: x509.Certificate) -> FrankingAgentData:
    key = signature_public_key(certificate.public_key())
    assert key is not None
    return FrankingAgentData(key, Credential.x509(certificate.public_bytes(Encoding.DER)))


@exercises("PROTO-5.4.1-04", "PROTO-5.4.1-06", "PROTO-5.4.1.2-01")
def test_a_room_has_the_agent_and_the_framing_that_its_components_say():
    components = {
        0x0002: ComponentsList(()).encode(),
        0x0003: MediaTypeList(FRAMED or ()).encode(),
        0x0021: b"\x20" + SIGNING_KEY.public_key + b"\x00\x01" + b"\x12" + b"mimi://hub.example",
    }
    room = FrankingRoom.of(ROOM, SUITE, GroupExtensions.read(dictionary(components)))
    assert room == FrankingRoom(ROOM, SUITE, AGENT, safe_aad=True, media_types=FRAMED)


def test_a_room_without_the_components_has_no_agent():
    room = FrankingRoom.of(ROOM, SUITE, GroupExtensions.read(()))
    assert room == FrankingRoom(ROOM, SUITE, agent=None, safe_aad=False, media_types=None)


@exercises("PROTO-5.4.1-04")
@pytest.mark.parametrize("data", [b"", SIGNING_KEY.public_key, AGENT.encode() + b"\0"])
def test_a_component_that_is_no_key_with_a_credential_is_no_agent(data):
    extensions = GroupExtensions.read(dictionary({FRANKING_AGENT: data}))
    with pytest.raises(ExtensionError):
        FrankingRoom.of(ROOM, SUITE, extensions)


class TestWhose:
    @exercises("PROTO-5.4.1.3-03")
    @pytest.mark.parametrize("identity", [b"mimi://hub.example", b"hub.example"])
    def test_a_basic_credential_is_the_hub_s_uri_or_its_domain(self, identity):
        check_agent(agent_of(SIGNING_KEY, identity), HUB)

    @exercises("PROTO-5.4.1.3-03")
    @pytest.mark.parametrize(
        "identity",
        [
            b"",
            b"mimi://b.example",
            b"mimi://HUB.example",
            b"mimi://hub.example/",
            b"mimi://hub.example/u/alice",
            b"\xff",
        ],
    )
    def test_any_other_basic_credential_is_somebody_else_s(self, identity):
        with pytest.raises(FrankingError) as raised:
            check_agent(agent_of(SIGNING_KEY, identity), HUB)
        assert raised.value.rule is AgentRule.DOMAIN

    @exercises("PROTO-5.4.1.3-03")
    def test_a_certificate_is_for_the_hub_s_domain(self, certificate):
        check_agent(certified(certificate), HUB)
        with pytest.raises(FrankingError) as raised:
            check_agent(certified(certificate), "b.example")
        assert raised.value.rule is AgentRule.DOMAIN

    def test_a_certificate_is_for_the_agent_s_key(self, certificate):
        stolen = replace(certified(certificate), franking_signature_key=SIGNING_KEY.public_key)
        with pytest.raises(FrankingError) as raised:
            check_agent(stolen, HUB)
        assert raised.value.rule is AgentRule.CERTIFIED_KEY

    @pytest.mark.parametrize(
        "credential",
        [
            Credential.x509(),
            Credential.x509(b"no certificate"),
            Credential.x509(b""),
        ],
    )
    def test_without_a_readable_certificate_it_is_nobody_s(self, credential):
        with pytest.raises(FrankingError) as raised:
            check_agent(FrankingAgentData(SIGNING_KEY.public_key, credential), HUB)
        assert raised.value.rule is AgentRule.DOMAIN
        assert credential.credential_type is CredentialType.x509


class TestGettingOne:
    @exercises("PROTO-5.4.1-06", "PROTO-5.4.1-07")
    def test_the_first_agent_comes_by_an_app_data_update(self):
        assert propose_agent(context({0x0002: b"\0"}), AGENT, b"new") == AppDataUpdate(
            component_id=0x0021, op=AppDataUpdateOperation.update, update=AGENT.encode()
        )

    @exercises("PROTO-5.4.1-07", "PROTO-5.4.1-08")
    def test_another_agent_comes_with_a_new_group_that_is_as_the_old_one_otherwise(self):
        new = agent_of(OTHER_SIGNING_KEY)
        proposal = propose_agent(context({0x0002: b"\0", 0x0021: AGENT.encode()}), new, b"new")
        assert isinstance(proposal, ReInit)
        assert (proposal.group_id, proposal.cipher_suite) == (b"new", SUITE)
        assert proposal.extensions == context({0x0002: b"\0", 0x0021: new.encode()}).extensions
        assert read_dictionary(proposal.extensions) is not None
