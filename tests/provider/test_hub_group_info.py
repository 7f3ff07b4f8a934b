"""groupInfo at a hub: who gets it, what is in it, and that only the one who asks can read it (PROTO 5.6)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.group.external_join import join_externally
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_info import verify_group_info
from mimi_conformance.reference.mls.tree.ratchet_tree_options import tree_in
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.proposals import Add, ReInit
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProtocolVersion
from mimi_conformance.reference.wire.protocol.common import Protocol
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoCode,
    GroupInfoRatchetTreeTBE,
    GroupInfoRequest,
    GroupInfoRequestTBS,
    GroupInfoResponse,
    GroupInfoResponseTBS,
    PendingProposal,
)
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, PreAuthRoleEntry
from tests.exercised import exercises
from tests.mls.group_examples import NOW, SUITE
from tests.provider.hub_scene import HUB, ROOM, Hub, asker, bundle_of, follower
from tests.provider.test_hub_update import Untouched
from tests.provider.test_hub_update import accepted as updated
from tests.room.house import client, user
from tests.room.test_state_joins import open_to_all

ROLES = {"alice": 4, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "bob1", "carol1")
Code = GroupInfoCode
OTHER_SUITE = CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256


@pytest.fixture
def hub() -> Hub:
    return Hub().found(ROLES, *CLIENTS)


@dataclass(frozen=True)
class Asked:
    """A request of a client, and what its provider gets for it."""

    request: GroupInfoRequest
    private_key: bytes
    response: GroupInfoResponse
    reason: str | None

    def content(self) -> GroupInfoRatchetTreeTBE:
        assert self.response.status is Code.success
        plain = decrypt_with_label(
            self.request.cipher_suite,
            self.private_key,
            "GroupInfo and ratchet_tree encryption",
            bytes(ROOM),
            self.response.encrypted_groupinfo_and_tree,
        )
        return GroupInfoRatchetTreeTBE.decode(plain)


def strict_room(preauthorized_as: int) -> Hub:
    """A hub with a strict room in which everybody is preauthorised for a role."""
    entry = PreAuthRoleEntry((), preset("strict").roles_list.roles[preauthorized_as])
    return Hub().found({"alice": 4}, "alice1", policy="strict", components={"preauth_list": PreAuthData((entry,))})


def signed(unsigned: GroupInfoRequestTBS, signature_key: bytes, *, form: bytes | None = None) -> GroupInfoRequest:
    """The request with a signature over this form of it."""
    to_sign = unsigned.encode() if form is None else form
    signature = sign_with_label(unsigned.cipher_suite, signature_key, "GroupInfoRequestTBS", to_sign)
    return GroupInfoRequest.taken_from(unsigned, joining_code=unsigned.joining_code or b"", signature=signature)


def ask(hub: Hub, name: str, code: bytes = b"", *, source: str | None = None, room: str = ROOM.text, **how) -> Asked:
    """Ask as a client, through its provider or another one."""
    change, suite = how.pop("change", lambda request: request), how.pop("suite", SUITE)
    asking = how.pop("asking", None) or client(name)
    hub.know(name)
    key = asking.signature_private_key if suite is SUITE else parameters(suite).signature.new_private_key(asking.random)
    reply_keys = parameters(suite).new_hpke_key_pair(asking.random)
    public_key = parameters(suite).signature.public_key(key)
    unsigned = GroupInfoRequestTBS(
        Protocol.mls10, suite, public_key, asking.credential, reply_keys.public_key, code or None
    )
    request = change(signed(unsigned, key, **how))
    answer = hub.ask(Endpoint.GROUP_INFO, request.encode(), source or asker(name), room)
    assert answer.status == 200, answer
    return Asked(request, reply_keys.private_key, GroupInfoResponse.decode(answer.body), answer.reason)


def refused(hub: Hub, name: str, *arguments, code: Code = Code.not_authorized, **how) -> None:
    hub.know(name)
    with Untouched(hub):
        response = ask(hub, name, *arguments, **how).response
    asked = how.get("room", ROOM.text)
    assert response == GroupInfoResponse(version=Protocol.mls10, room_id=asked.encode(), status=code)


def ask_as_server(hub: Hub, domain: str, source: str | None = None) -> GroupInfoResponse:
    """What a server gets that asks for itself, through its provider or another one."""
    server = follower(domain)
    entry, own = server.external_sender(SUITE), server.keys.external_sender(SUITE)
    reply_key = parameters(SUITE).new_hpke_key_pair(client("bob1").random).public_key
    unsigned = GroupInfoRequestTBS(Protocol.mls10, SUITE, entry.signature_key, entry.credential, reply_key, None)
    body = signed(unsigned, own.private_key).encode()
    return GroupInfoResponse.decode(hub.ask(Endpoint.GROUP_INFO, body, source or domain).body)


class TestSuccess:
    @exercises("PROTO-5.6-16", "PROTO-5.6-20", "PROTO-5.6-21", "PROTO-5.6-24", "PROTO-5.6-30", "PROTO-5.6-32")
    def test_the_answer_holds_the_group_info_and_the_tree_of_the_epoch(self, hub):
        updated(hub.commit("bob1"))
        content = ask(hub, "bob2").content()
        tree = tree_in(content.ratchet_tree_option)
        assert tree is not None
        assert content.group_info.group_context == hub.room().state.group.context
        assert tree.nodes == hub.room().state.group.tree.to_wire().nodes
        verify_group_info(content.group_info, hub.group("alice1").public.tree)
        assert content.pending_proposals == ()

    @exercises("PROTO-5.6-02", "PROTO-5.6-03", "PROTO-3.6-01", "PROTO-3.6-02", "PROTO-3.6-03", "PROTO-3.6-04")
    def test_a_new_client_joins_with_it(self, hub):
        content = ask(hub, "carol2").content()
        newcomer = client("carol2")
        joined = join_externally(
            content.group_info,
            newcomer.template,
            newcomer.signature_private_key,
            newcomer.application,
            now=NOW,
            random=newcomer.random,
            tree=tree_in(content.ratchet_tree_option),
        )
        updated(hub.update("carol2", bundle_of(joined.message, joined.group)))
        hub.receive([joined.message])
        hub.members["carol2"] = newcomer, joined.group
        hub.check()

    @exercises("PROTO-5.6-25", "PROTO-5.6-27", "PROTO-5.6-28", "PROTO-5.6-29")
    def test_the_hub_signs_it_with_the_key_of_its_entry(self, hub):
        response = ask(hub, "bob2").response
        sender, signature = response.hub_sender, response.signature
        assert sender in hub.room().state.group.state.extensions.external_senders
        assert sender is not None
        assert signature is not None
        assert (response.room_id, response.cipher_suite) == (bytes(ROOM), SUITE)
        to_verify = GroupInfoResponseTBS.taken_from(response).encode()
        assert verify_with_label(SUITE, sender.signature_key, "GroupInfoResponseTBS", to_verify, signature)

    @exercises("PROTO-5.6-22", "PROTO-5.6-23")
    def test_the_proposals_of_the_epoch_come_along_with_their_times(self, hub):
        messages, group = hub.proposals("bob1", *hub.removals("bob"), hub.listed(removed=["bob"]))
        response = updated(hub.update("bob1", hub.proposal_bundle(*messages)))
        hub.receive(messages, "bob1", group)
        proposals = ask(hub, "carol2").content().pending_proposals
        assert proposals == tuple(PendingProposal(each, response.accepted_timestamp) for each in messages)
        updated(hub.commit("alice1"))
        assert ask(hub, "carol2").content().pending_proposals == ()

    @exercises("PROTO-5.6-04")
    def test_a_participant_without_clients_gets_it(self, hub):
        assert ask(hub, "dora1").response.status is Code.success

    @exercises("PROTO-5.6-03")
    def test_a_client_that_is_in_the_group_gets_it_to_join_anew(self, hub):
        assert ask(hub, "bob1").response.status is Code.success

    @exercises("PROTO-5.6-05")
    def test_anybody_gets_it_where_the_room_is_open_and_can_join_then(self):
        hub = Hub().found({"alice": 4}, "alice1", components={"roles_list": open_to_all()})
        assert ask(hub, "boris1").response.status is Code.success
        updated(hub.join("boris1", hub.listed({"boris": 2})))

    def test_a_local_client_gets_it(self, hub):
        assert ask(hub, "alice2").response.status is Code.success

    @exercises("PROTO-5.6-06", "PROTO-5.6-12")
    def test_who_shows_a_joining_code_gets_it_and_can_join_then(self):
        hub = Hub().found({"alice": 4}, "alice1", policy="strict", joining_codes=(b"sesame",))
        refused(hub, "bob1")
        refused(hub, "bob1", b"open")
        assert ask(hub, "bob1", b"sesame").response.status is Code.success
        updated(hub.join("bob1", hub.listed({"bob": 2})))

    @pytest.mark.parametrize("form", ["the presence octet", "the request"])
    @exercises("PROTO-5.6-07", "PROTO-5.6-08")
    def test_a_code_may_be_signed_in_each_of_its_forms(self, form):
        hub = Hub().found({"alice": 4}, "alice1", policy="strict", joining_codes=(b"sesame",))

        def resigned(request: GroupInfoRequest) -> GroupInfoRequest:
            bare = replace(request, signature=b"").encode()[:-1]
            key = client("bob1").signature_private_key
            return replace(request, signature=sign_with_label(SUITE, key, "GroupInfoRequestTBS", bare))

        change = resigned if form == "the request" else lambda request: request
        assert ask(hub, "bob1", b"sesame", change=change).response.status is Code.success

    @exercises("PROTO-7.4-01", "PROTO-5.6-11")
    def test_a_follower_that_is_an_external_sender_gets_it(self):
        hub = Hub().found(ROLES, *CLIENTS, senders=("b.example",))
        assert ask_as_server(hub, "b.example").status is Code.success

    @exercises("PROTO-5.6-03", "POLICY-5-17")
    def test_a_client_takes_its_own_place_in_a_full_room(self):
        hub = Hub().found(ROLES, *CLIENTS, base={"max_clients": 3})
        assert ask(hub, "bob1").response.status is Code.success
        refused(hub, "bob2")

    @exercises("PROTO-5.6-03")
    def test_a_client_whose_addition_waits_for_a_commit_gets_it(self, hub):
        updated(hub.propose("bob1", Add(hub.claimed("bob2")[1].key_package)))
        assert ask(hub, "bob2").response.status is Code.success

    @exercises("PROTO-5.6-05", "POLICY-8.1.1-15")
    def test_who_is_preauthorised_gets_it_where_nobody_joins_openly(self):
        assert ask(strict_room(preauthorized_as=3), "boris1").response.status is Code.success


class TestRefusal:
    @exercises("PROTO-5.6-17", "PROTO-5.6-26")
    def test_a_user_who_is_not_listed_gets_nothing(self, hub):
        refused(hub, "boris1")

    @exercises("PROTO-7.4-01", "PROTO-5.6-11")
    @pytest.mark.parametrize(("listed", "source"), [("c.example", "b.example"), ("b.example", "c.example")])
    def test_a_server_that_is_no_external_sender_gets_nothing(self, listed, source):
        hub = Hub().found(ROLES, *CLIENTS, senders=(listed,))
        with Untouched(hub):
            assert ask_as_server(hub, "b.example", source).status is Code.not_authorized

    def test_the_hub_notes_why_the_first_way_in_is_closed(self, hub):
        assert ask(hub, "boris1").reason == f"{user('boris').decode()} can join {ROOM} in no role."
        assert "role 1 (banned), which does not hold" in ask(strict_room(preauthorized_as=1), "boris1").reason

    @exercises("PROTO-5.6-31")
    def test_a_banned_user_gets_nothing(self):
        refused(Hub().found(ROLES | {"bill": 1}, *CLIENTS), "bill1")

    @exercises("PROTO-5.6-31", "PROTO-5.3-09")
    def test_a_user_who_is_leaving_gets_nothing(self, hub):
        updated(hub.propose("bob1", *hub.removals("bob"), hub.listed(removed=["bob"])))
        refused(hub, "bob2")

    @exercises("PROTO-5.6-18", "PROTO-5.6-15")
    def test_there_has_to_be_a_room(self, hub):
        refused(hub, "bob2", room=f"mimi://{HUB}/r/nowhere", code=Code.no_such_room)

    @exercises("PROTO-5.6-17")
    def test_a_group_that_has_ended_takes_nobody(self, monkeypatch):
        monkeypatch.setattr(Group, "check_in_use", lambda _: None)  # the GroupInfo is of no use, but has to be there
        hub = Hub().found(ROLES, *CLIENTS, policy="strict")
        extensions = hub.room().state.group.context.extensions
        updated(hub.propose("alice1", ReInit(b"next", ProtocolVersion.mls10, SUITE, extensions)))
        assert ask(hub, "bob2").response.status is Code.success
        updated(hub.commit("carol1"))
        refused(hub, "bob2")

    @exercises("PROTO-5.6-09", "PROTO-5.6-10")
    def test_the_signature_has_to_be_right(self, hub):
        refused(hub, "bob2", change=lambda request: replace(request, signature=bytes(64)))
        refused(hub, "bob2", change=lambda request: replace(request, group_info_public_key=bytes(range(32))))

    @exercises("PROTO-5.6-11")
    def test_a_provider_asks_for_its_own_clients_only(self, hub):
        refused(hub, "bob2", source="c.example")

    @exercises("PROTO-5.6-11")
    def test_a_credential_that_names_nobody_proves_nothing(self, hub):
        def anonymous(request: GroupInfoRequest) -> GroupInfoRequest:
            unsigned = GroupInfoRequestTBS.taken_from(request, joining_code=None)
            nobody = replace(unsigned, requesting_credential=Credential.basic(b"nobody"))
            return signed(nobody, client("bob2").signature_private_key)

        refused(hub, "bob2", change=anonymous)

    @exercises("PROTO-5.6-13")
    def test_a_certificate_has_to_be_for_the_key(self, hub, authority):
        bob2 = client("bob2")
        names = [bob2.name, user("bob").decode()]

        def certified(key: bytes) -> Callable[[GroupInfoRequest], GroupInfoRequest]:
            public = ed25519.Ed25519PrivateKey.from_private_bytes(key).public_key()
            credential = Credential.x509(authority.issue_for_uris(names, public))

            def change(request: GroupInfoRequest) -> GroupInfoRequest:
                unsigned = GroupInfoRequestTBS.taken_from(request, joining_code=None)
                return signed(replace(unsigned, requesting_credential=credential), bob2.signature_private_key)

            return change

        assert ask(hub, "bob2", change=certified(bob2.signature_private_key)).response.status is Code.success
        refused(hub, "bob2", change=certified(bytes(32)))

    @exercises("PROTO-5.6-12")
    def test_a_code_is_not_shown_with_a_key_that_nothing_can_be_encrypted_to(self):
        hub = Hub().found({"alice": 4}, "alice1", policy="strict", joining_codes=(b"sesame",))

        def keyless(request: GroupInfoRequest) -> GroupInfoRequest:
            unsigned = GroupInfoRequestTBS.taken_from(request)
            return signed(replace(unsigned, group_info_public_key=b"no key"), client("bob1").signature_private_key)

        refused(hub, "bob1", b"sesame", change=keyless)

    @exercises("PROTO-5.6-14", "PROTO-5.6-28")
    def test_a_cipher_suite_for_which_the_group_lists_no_key_of_the_hub_is_refused(self, hub):
        refused(hub, "bob2", suite=OTHER_SUITE)

    def test_an_unknown_cipher_suite_is_refused(self, hub):
        refused(hub, "bob2", change=lambda request: replace(request, cipher_suite=CipherSuite(0x0A0A)))

    @exercises("PROTO-5.6-07")
    def test_what_is_no_request_is_refused(self, hub):
        with Untouched(hub):
            assert hub.ask(Endpoint.GROUP_INFO, b"\1\0", "b.example").status == 400
