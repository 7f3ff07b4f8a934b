"""A peer that means harm, over mutual TLS: nothing it sends is answered as a failure of ours, or leaves a trace.

It has a certificate and a user in a room of the hub, so that everything it sends is read by the endpoint it goes to.
"""

import resource
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.mocks.faults.sending import oversize_body
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.content.franking.abuse_report import report
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.provider.local import UserChange
from mimi_conformance.reference.provider.messages import GATEWAY_PATH, Answer, Endpoint
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.mls.app_data import ComponentsList
from mimi_conformance.reference.wire.mls.credential import Certificate, Credential
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption, RatchetTreeRepresentation
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoRequest, GroupInfoRequestTBS
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, QueryElement, SearchIdentifierType
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.reference.wire.protocol.update import (
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)
from tests.content.strategies import mutated
from tests.mls.group_examples import SUITE
from tests.provider.conftest import consent_entry
from tests.provider.hub_scene import ROOM
from tests.provider.served_scene import ServedHub
from tests.provider.test_hub_group_info import signed
from tests.provider.test_hub_submit_message import committed
from tests.provider.test_relayed_claims import request_of
from tests.room.house import HUB, client, user

ALICE, BOB = MimiUri.parse(user("alice")), MimiUri.parse(user("bob"))
PEER = "b.example"
E = Endpoint

examples = settings(max_examples=60, deadline=None)


def is_done(endpoint: Endpoint, answer: Answer) -> bool:
    """Whether an answer says that something was done, after which things may have changed."""
    if endpoint not in CODES:
        return answer.status == 201
    structure, field, codes = CODES[endpoint]
    return answer.status == 200 and getattr(structure.decode(answer.body), field) in codes


CODES = {
    E.UPDATE: (UpdateRoomResponse, "response_code", (UpdateResponseCode.success,)),
    E.SUBMIT_MESSAGE: (SubmitMessageResponse, "status_code", (SubmitResponseCode.accepted,)),
    E.KEY_MATERIAL: (
        KeyMaterialResponse,
        "user_status",
        (KeyMaterialUserCode.success, KeyMaterialUserCode.partial_success),
    ),
}


class Attacked:
    """A hub that is the franking agent of a room of Alice, Bob at the peer and Carol, and the peer.

    Attributes:
        hub: the hub.
        bodies: by name, an endpoint, what its URL is about, and a body that is good there.

    """

    def __init__(self, network: Network) -> None:
        self.peer = network.add_peer(PEER)
        network.add_peer("c.example")
        self.hub = ServedHub(network)
        self.begin()

    def begin(self) -> None:
        """Have the hub know nothing but one room that nothing has happened in."""
        hub = self.hub
        hub.service.reset()
        components = {"franking_signature_key": hub.provider.franking_agent(SUITE), "safe_aad": ComponentsList(())}
        hub.found({"alice": 4, "bob": 2, "carol": 3}, "alice1", components=components)
        framing = Framing(authenticated_data=encode_safe_aad({}))
        hub.commit("alice1", newcomers=("bob1", "carol1"), framing=framing)
        hub.service.change_user(UserChange(ALICE, consent=(ConsentDecision(BOB, ALICE, None, True),)))
        hub.claimed("alice2")
        self.bodies = dict(self.good_bodies())

    def good_bodies(self) -> Iterator[tuple[str, tuple[Endpoint, str, bytes]]]:
        """What the peer could send in earnest."""
        hub, room = self.hub, ROOM.text
        framing = Framing(authenticated_data=encode_safe_aad({}))
        proposals, _ = hub.proposals("bob1", *hub.removals("bob"), hub.listed(removed=["bob"]), framing=framing)
        yield "proposals", (E.UPDATE, room, UpdateRequest(hub.proposal_bundle(*proposals)).encode())
        _, package = hub.claimed("bob3")
        made = hub.made_commit("bob1", newcomers=[package], framing=framing)
        for name, how in (("commit", {}), ("short commit", {"partial": True, "tree": False})):
            yield name, (E.UPDATE, room, UpdateRequest(hub.bundle(made, **how)).encode())
        message = committed(hub, "bob1")
        said = SubmitMessageRequest(Protocol.mls10, message, IdentifierUri(user("bob")))
        yield "message", (E.SUBMIT_MESSAGE, room, said.encode())
        yield "groupInfo", (E.GROUP_INFO, room, group_info_request("bob1"))
        yield "claim", (E.KEY_MATERIAL, ALICE.text, request_of("bob1", "alice").encode())
        yield "claim for no room", (E.KEY_MATERIAL, ALICE.text, request_of("bob1", "alice", None).encode())
        carol = MimiUri.parse(user("carol")).text
        yield "claim of others", (E.KEY_MATERIAL, carol, request_of("bob1").encode())
        yield "report", (E.REPORT_ABUSE, room, report(ALICE, [], reporting_user=BOB, note="Him!").encode())
        for endpoint, operation in ((E.REQUEST_CONSENT, "request"), (E.UPDATE_CONSENT, "grant")):
            requester, target = (BOB, ALICE) if operation == "request" else (ALICE, BOB)
            entry = consent_entry(operation, requester=requester, target=target)
            yield operation, (endpoint, ALICE.text, entry.encode())
        nick = QueryElement(search_type=SearchIdentifierType.nick, search_value=b"Ally")
        yield "query", (E.IDENTIFIER_QUERY, HUB, IdentifierRequest((nick,)).encode())

    def check(self, endpoint: Endpoint, subject: str, body: bytes, source: str = PEER) -> Answer:
        """Send something, and see that it is answered, and changes nothing unless it is taken for good."""
        before = self.hub.dump(), self.hub.room()
        answer = self.hub.ask(endpoint, body, source, subject)
        assert 200 <= answer.status < 500, answer
        if is_done(endpoint, answer):
            self.begin()
        else:
            assert (self.hub.dump(), self.hub.room()) == before
        return answer


def group_info_request(name: str) -> bytes:
    """A client's request for the GroupInfo, which nobody needs to be able to open."""
    asking = client(name)
    package = asking.key_package()
    request = GroupInfoRequestTBS(
        Protocol.mls10,
        SUITE,
        package.key_package.leaf_node.signature_key,
        asking.credential,
        package.key_package.init_key,
        None,
    )
    return signed(request, asking.signature_private_key).encode()


@pytest.fixture(scope="module")
def attacked() -> Iterator[Attacked]:
    with Network() as network:
        attacked = Attacked(network)
        with attacked.hub:
            yield attacked


NAMES = (
    "proposals",
    "commit",
    "short commit",
    "message",
    "groupInfo",
    "claim",
    "claim for no room",
    "claim of others",
    "report",
    "request",
    "grant",
    "query",
)
SIGNED = ("proposals", "commit", "short commit", "groupInfo", "claim", "claim for no room", "claim of others")
SUBJECTS = {
    E.KEY_MATERIAL: ALICE.text,
    E.UPDATE: ROOM.text,
    E.SUBMIT_MESSAGE: ROOM.text,
    E.GROUP_INFO: ROOM.text,
    E.NOTIFY: f"mimi://{PEER}/r/library",
    E.REQUEST_CONSENT: ALICE.text,
    E.UPDATE_CONSENT: ALICE.text,
    E.REPORT_ABUSE: ROOM.text,
    E.IDENTIFIER_QUERY: HUB,
}
LENGTHS = (b"\x80\x0f\x42\x40", b"\x7f\xff", b"\xbf\xff\xff\xff", b"\xff" * 8, b"\xc0" + bytes(6) + b"\x01")
"""A million, the largest in two and in four bytes, 2^62-1, and a 1 that takes eight bytes."""


def with_another_length(body: bytes) -> st.SearchStrategy[bytes]:
    """Bodies with something that may be taken for the length of a vector in a place where one may be expected."""

    def changed(at: int, length: bytes, instead_of: int) -> bytes:
        return body[:at] + length + body[at + instead_of :]

    return st.builds(changed, st.integers(0, len(body)), st.sampled_from(LENGTHS), st.sampled_from((1, 2, 4)))


@pytest.mark.parametrize("name", NAMES)
def test_the_bodies_to_damage_are_good(attacked, name):
    endpoint, subject, body = attacked.bodies[name]
    answer = attacked.hub.ask(endpoint, body, PEER, subject)
    attacked.begin()
    assert is_done(endpoint, answer) or name in ("groupInfo", "claim of others", "query"), answer
    assert answer.status in (200, 201)


@pytest.mark.parametrize("endpoint", SUBJECTS)
@examples
@given(body=st.binary(max_size=300))
def test_any_bytes(attacked, endpoint, body):
    attacked.check(endpoint, SUBJECTS[endpoint], body)


@examples
@given(body=st.binary(max_size=300))
def test_any_bytes_at_the_oblivious_gateway(attacked, body):
    before = attacked.hub.dump()
    headers = (*attacked.peer.default_headers(), ("Content-Type", "message/ohttp-req"))
    exchange = attacked.peer.send("POST", f"https://{HUB}{GATEWAY_PATH}", body=body, headers=headers)
    assert 400 <= exchange.status < 500
    assert attacked.hub.dump() == before


@examples
@given(url=st.text(min_size=1, max_size=50) | st.text(max_size=50).map("https://{}".format))
def test_any_download(attacked, url):
    before = attacked.hub.dump()
    encoded = quote(url.encode("utf-8", "surrogatepass"), safe="")
    exchange = attacked.peer.send("GET", f"https://{HUB}/v1/proxyDownload/{encoded}")
    assert 400 <= exchange.status < 500
    assert attacked.hub.dump() == before


@pytest.mark.parametrize("name", NAMES)
@examples
@given(data=st.data())
def test_a_good_body_that_is_damaged(attacked, name, data):
    endpoint, subject, body = attacked.bodies[name]
    attacked.check(endpoint, subject, data.draw(mutated(st.just(body))))


@pytest.mark.parametrize("name", NAMES)
@examples
@given(data=st.data())
def test_a_good_body_in_which_a_vector_claims_another_length(attacked, name, data):
    endpoint, subject, body = attacked.bodies[name]
    attacked.check(endpoint, subject, data.draw(with_another_length(body)))


def unsigned(name: str, body: bytes) -> bytes:
    """A good body, with a signature that is none in the place of its own."""
    match name:
        case "proposals" | "commit" | "short commit":
            request = UpdateRequest.decode(body)
            public = request.bundle.proposal_or_commit.public_message
            forged = replace(public, auth=replace(public.auth, signature=bytes(64)))
            return replace(request, bundle=replace(request.bundle, proposal_or_commit=MLSMessage.of(forged))).encode()
        case "groupInfo":
            return replace(GroupInfoRequest.decode(body), signature=bytes(64)).encode()
        case _:
            return replace(KeyMaterialRequest.decode(body), key_material_request_signature=bytes(64)).encode()


@pytest.mark.parametrize("name", [name for name in NAMES if name in SIGNED])
def test_a_good_body_with_a_wrong_signature(attacked, name):
    endpoint, subject, body = attacked.bodies[name]
    answer = attacked.check(endpoint, subject, unsigned(name, body))
    assert not is_done(endpoint, answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_good_body_that_comes_from_somebody_else(attacked, name):
    """What is the user's own is refused; what anybody may say is another matter."""
    endpoint, subject, body = attacked.bodies[name]
    answer = attacked.check(endpoint, subject, body, source="c.example")
    assert not is_done(endpoint, answer)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "grant"])
def test_a_good_body_that_comes_again_and_again(attacked, name):
    """A grant is shown to clients each time: between two of the same there may have been a revocation."""
    endpoint, subject, body = attacked.bodies[name]
    attacked.hub.ask(endpoint, body, PEER, subject)
    before = attacked.hub.dump(), attacked.hub.room()
    for _ in range(3):
        attacked.hub.ask(endpoint, body, PEER, subject)
    after = attacked.hub.dump(), attacked.hub.room()
    attacked.begin()
    assert after == before


MEGABYTE = 1024 * 1024
MILLION = 1_000_000


@contextmanager
def memory(megabytes: float) -> Iterator[None]:
    """No more than this is needed at any time, by the hub and by what attacks it together."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= megabytes * MEGABYTE, f"{peak / MEGABYTE:.1f} megabytes"


@contextmanager
def growth(megabytes: float) -> Iterator[None]:
    """This process becomes no larger than by so much; tracing millions of values would take too long."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown <= megabytes, f"{grown:.1f} megabytes"


@pytest.mark.parametrize("endpoint", SUBJECTS)
def test_bodies_of_ten_megabytes_are_not_kept(attacked, endpoint):
    url = attacked.peer.url(HUB, endpoint, SUBJECTS[endpoint])
    before = attacked.hub.dump()
    with memory(4):
        exchange = oversize_body(attacked.peer, url, 10 * MEGABYTE)
    # Whoever stops to read may be gone before its answer is.
    assert exchange.status == 413 or exchange.refused_in_transport, exchange.error
    assert attacked.hub.dump() == before


def with_half_a_million_cipher_suites(bodies) -> tuple[str, bytes]:
    suites = tuple(map(CipherSuite, range(1, 65_536)))
    request = KeyMaterialRequest.decode(bodies["claim"][2])
    return "claim", replace(request, acceptable_ciphersuites=(suites * 8)[: MILLION // 2]).encode()


def with_a_million_certificates(bodies) -> tuple[str, bytes]:
    certificates = Credential(credential_type=CredentialType.x509, certificates=(Certificate(b""),) * MILLION)
    request = GroupInfoRequest.decode(bodies["groupInfo"][2])
    return "groupInfo", replace(request, requesting_credential=certificates).encode()


def with_a_million_nodes(bodies) -> tuple[str, bytes]:
    request = UpdateRequest.decode(bodies["short commit"][2])
    tree = RatchetTreeOption(representation=RatchetTreeRepresentation.full, ratchet_tree=(None,) * MILLION)
    return "short commit", replace(request, bundle=replace(request.bundle, ratchet_tree_option=tree)).encode()


@pytest.mark.parametrize("make", [with_half_a_million_cipher_suites, with_a_million_certificates, with_a_million_nodes])
def test_vectors_of_a_million_entries(attacked, make):
    name, body = make(attacked.bodies)
    endpoint, subject, _ = attacked.bodies[name]
    with growth(200):
        answer = attacked.check(endpoint, subject, body)
    assert not is_done(endpoint, answer)


DIGITS = str.maketrans("01234567", "abcdefgh")
"""The names of users in these scenes have no digits in them."""


def test_ten_thousand_proposals(attacked):
    """Some of them wait for a commit, and the rest is turned away."""
    hub = attacked.hub
    most, together = hub.instance.settings.most_pending_proposals, 50
    messages, _ = hub.proposals(
        "bob1",
        *(hub.listed(added={f"d{number:o}".translate(DIGITS): 2}) for number in range(most + together)),
        framing=Framing(authenticated_data=encode_safe_aad({})),
    )

    def propose(first: int) -> Answer:
        bundle = hub.proposal_bundle(*messages[first : first + together])
        return hub.ask(E.UPDATE, UpdateRequest(bundle).encode(), PEER, ROOM.text)

    with memory(32):
        for first in range(0, most - together + 1, together):
            assert is_done(E.UPDATE, propose(first))
        waiting = len(hub.room().state.group.pending)
        before = hub.dump(), hub.room()
        for number in range((10_000 - waiting) // together):
            # None of these bundles is one that was accepted, which the hub would know again.
            assert propose(1 + number % (together - 1)).status == 429
    assert (hub.dump(), hub.room()) == before
    assert most - together < waiting <= most
    attacked.begin()
