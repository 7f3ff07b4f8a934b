"""Franking through all three parties: the sender commits, the hub stamps, the receiver finds every alteration."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.content.application_data import frame
from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.franking.commitment import (
    FRANK_AAD,
    commit,
    franking_tag,
    read_commitment,
    read_franking_tag,
)
from mimi_conformance.reference.content.franking.rules import (
    AgentRule,
    CommitmentRule,
    FrankingError,
    StampRule,
    VerificationRule,
)
from mimi_conformance.reference.content.franking.stamp import FrankingKeys, HubKey, SigningKey, frank
from mimi_conformance.reference.content.franking.verification import FrankedMessage, Received, verify
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.rules import FramingError, SafeAADRule
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.rules import Rule, RuleError
from mimi_conformance.reference.wire.mls.app_data import ApplicationFraming, MediaType, SafeAAD, SafeAADItem
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.franking import ServerFrankingContext
from tests.content.franking_scene import (
    ACCEPTED,
    ALICE,
    BOB,
    FRAMED,
    FRANKING_ROOM,
    KEYS,
    OTHER_ROOM,
    OTHER_SIGNATURES,
    OTHER_SIGNING_KEY,
    ROOM,
    SAME_SIGNATURES,
    SIGNING_KEY,
    Scene,
    agent_of,
    said,
)
from tests.exercised import exercises

SCENE = Scene()
FRAMED_ROOM = replace(FRANKING_ROOM, media_types=FRAMED)


def broken(act: Callable[[], object]) -> Rule:
    """The rule that something breaks."""
    with pytest.raises(RuleError) as raised:
        act()
    return raised.value.rule


def vector(data: bytes) -> bytes:
    """`opaque<V>` of up to 63 octets, without the codec."""
    assert len(data) < 64
    return bytes([len(data)]) + data


class TestTheSender:
    @exercises("PROTO-5.4.1.1-03", "PROTO-5.4.1.1-05", "PROTO-5.4.1-03")
    def test_the_additional_data_is_a_safe_aad_with_the_hmac_of_the_content_under_its_salt(self):
        content = said()
        tag = hmac.digest(content.salt, encode_content(content), hashlib.sha256)
        assert SCENE.authenticated_data == bytes.fromhex("23 0020 20") + tag

    @exercises("PROTO-5.4.1.1-04")
    def test_the_hmac_covers_the_framing_where_the_group_has_one(self):
        content = said()
        framed = vector(b"application/mimi-content") + b"\0" + b"\x40" + bytes([len(encode_content(content))])
        framed += encode_content(content)
        assert 64 <= len(encode_content(content)) < 256
        assert frame(encode_content(content), FRAMED) == framed
        tag = hmac.digest(content.salt, framed, hashlib.sha256)
        assert read_franking_tag(Scene(room=FRAMED_ROOM).authenticated_data) == tag

    @exercises("PROTO-5.4.1.1-01", "PROTO-5.4.1.1-02")
    @pytest.mark.parametrize(
        ("key", "rule"), [(SENDER_URI, CommitmentRule.SENDER_URI), (ROOM_URI, CommitmentRule.ROOM_URI)]
    )
    def test_a_message_that_does_not_name_its_sender_and_its_room_is_not_committed_to(self, key, rule):
        content = said()
        rest = {name: uri for name, uri in content.mimi_extensions.items() if name != key}
        application_data = encode_content(replace(content, mimi_extensions=rest))
        assert broken(lambda: commit(application_data, None)) is rule

    @exercises("PROTO-5.4.1.1-01")
    def test_salt_and_uris_are_those_of_the_content(self):
        commitment = read_commitment(encode_content(said(sender=BOB, room=OTHER_ROOM, salt=9)), None)
        assert (commitment.salt, commitment.sender_uri, commitment.room_uri) == (b"\t" * 16, str(BOB), str(OTHER_ROOM))

    def test_an_empty_media_type_stands_for_the_first_of_the_group(self):
        application_data = ApplicationFraming(MediaType(b""), encode_content(said())).encode()
        assert read_commitment(application_data, FRAMED).sender_uri == str(ALICE)
        other_first = (MediaType(b"text/plain"), *FRAMED)
        assert broken(lambda: read_commitment(application_data, other_first)) is CommitmentRule.MEDIA_TYPE

    @pytest.mark.parametrize(
        ("application_data", "media_types", "rule"),
        [
            (ApplicationFraming(MediaType(b"text/plain"), b"hi").encode(), FRAMED, CommitmentRule.MEDIA_TYPE),
            (b"hi", FRAMED, CommitmentRule.CONTENT),
            (b"hi", None, CommitmentRule.CONTENT),
        ],
    )
    def test_what_is_no_mimi_content_is_not_committed_to(self, application_data, media_types, rule):
        assert broken(lambda: commit(application_data, media_types)) is rule


class TestTheHub:
    @exercises(
        "PROTO-5.4.1.2-02",
        "PROTO-5.4.1.2-04",
        "PROTO-5.4.1.2-05",
        "PROTO-5.4.1.2-06",
        "PROTO-5.4.1.2-07",
        "PROTO-5.4.1.2-08",
        "PROTO-5.4-08",
        "PROTO-5.4-14",
    )
    def test_a_frank_is_what_the_draft_says_computed_without_our_codec(self):
        tag = read_franking_tag(SCENE.authenticated_data)
        assert tag is not None
        context = vector(bytes(ALICE)) + vector(bytes(ROOM)) + ACCEPTED.to_bytes(8)
        stamp = hmac.digest(b"the hub's secret", tag + context, hashlib.sha256)
        franked = SCENE.franked_by_hub()
        assert franked is not None
        assert franked.encode()[:35] == stamp + b"\0\x01" + b"\x40"
        label = vector(b"MLS 1.0 FrankingIntegrityTBS")
        signed = stamp + b"\0\x01" + context
        content = label + b"\x40" + bytes([len(signed)]) + signed
        public_key = Ed25519PublicKey.from_public_bytes(SIGNING_KEY.public_key)
        public_key.verify(franked.franking_integrity_signature, content)

    @exercises("PROTO-5.4.1-01")
    def test_the_hub_franks_what_it_cannot_read(self):
        tag_alone = encode_safe_aad({FRANK_AAD: bytes(32)})
        assert frank(tag_alone, ALICE, ACCEPTED, FRANKING_ROOM, KEYS) is not None

    @exercises("PROTO-5.4.1.2-10", "PROTO-5.4.1.4-01", "PROTO-5.4.1-02")
    def test_neither_the_frank_nor_the_additional_data_show_the_sender_or_the_content(self):
        franked = SCENE.franked_by_hub()
        assert franked is not None
        for shown in (franked.encode(), SCENE.authenticated_data):
            assert b"alice" not in shown
            assert b"fools" not in shown

    @exercises("PROTO-5.4.1.2-01", "PROTO-5.4.1-05")
    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"agent": None}, id="no-agent"),
            pytest.param({"agent": agent_of(OTHER_SIGNING_KEY)}, id="agent-with-a-key-that-is-not-the-hub's"),
            pytest.param({"agent": agent_of(SIGNING_KEY, b"mimi://other.example")}, id="agent-of-another-domain"),
            pytest.param({"cipher_suite": OTHER_SIGNATURES}, id="key-of-another-signature-algorithm"),
            pytest.param({"safe_aad": False}, id="no-safe-aad"),
        ],
    )
    def test_without_a_valid_agent_of_its_own_the_hub_accepts_a_message_and_does_not_frank_it(self, changes):
        room = replace(FRANKING_ROOM, **changes)
        assert frank(SCENE.authenticated_data, ALICE, ACCEPTED, room, KEYS) is None

    @exercises("PROTO-5.4-08")
    def test_a_message_without_a_tag_is_not_franked(self):
        others = encode_safe_aad({FRANK_AAD + 1: b"something else"})
        assert frank(others, ALICE, ACCEPTED, FRANKING_ROOM, KEYS) is None

    def test_a_hub_without_a_hub_key_does_not_frank(self):
        assert SCENE.but(keys=FrankingKeys((), KEYS.signing_keys)).franked_by_hub() is None
        assert SCENE.but(accepted_timestamp=KEYS.hub_keys[0].since - 1).franked_by_hub() is None

    @exercises("PROTO-5.4.1-03")
    @given(st.binary(max_size=40).filter(lambda item: len(item) != 32))
    def test_a_frank_aad_that_is_no_tag_of_32_octets_gets_the_message_refused(self, item):
        authenticated_data = encode_safe_aad({FRANK_AAD: item})
        act = lambda: frank(authenticated_data, ALICE, ACCEPTED, FRANKING_ROOM, KEYS)  # noqa: E731
        assert broken(act) is CommitmentRule.TAG_SIZE

    def test_two_tags_get_the_message_refused(self):
        authenticated_data = SafeAAD((SafeAADItem(FRANK_AAD, bytes(32)),) * 2).encode()
        act = lambda: frank(authenticated_data, ALICE, ACCEPTED, FRANKING_ROOM, KEYS)  # noqa: E731
        assert broken(act) is SafeAADRule.UNIQUE

    @exercises("PROTO-5.4.1.2-08")
    def test_the_frank_names_the_suite_of_the_group_even_where_another_one_signs_alike(self):
        franked = Scene(room=replace(FRANKING_ROOM, cipher_suite=SAME_SIGNATURES)).franked_by_hub()
        assert franked is not None
        assert franked.franking_signature_ciphersuite is SAME_SIGNATURES


class TestTheReceiver:
    @exercises("PROTO-5.4.1.3-08")
    @pytest.mark.parametrize("room", [FRANKING_ROOM, FRAMED_ROOM], ids=["bare", "framed"])
    def test_a_message_that_nobody_altered_is_verified_and_kept_with_what_a_report_needs(self, room):
        scene = Scene(room=room)
        context = ServerFrankingContext(IdentifierUri(bytes(ALICE)), IdentifierUri(bytes(ROOM)), ACCEPTED)
        assert scene.verified() == FrankedMessage(scene.application_data, scene.franked_by_hub(), context)

    @exercises("PROTO-5.4.1.3-02")
    def test_a_suite_with_the_same_signature_algorithm_is_understood(self):
        franked = Scene(room=replace(FRANKING_ROOM, cipher_suite=SAME_SIGNATURES)).received()
        verify(franked, FRANKING_ROOM)

    @exercises("PROTO-5.4.1.3-01")
    def test_a_message_lacks_a_frank_for_one_of_three_reasons(self):
        received = SCENE.received()
        empty = encode_safe_aad({})
        assert broken(lambda: verify(replace(received, authenticated_data=empty), FRANKING_ROOM)) is (
            VerificationRule.TAG_PRESENT
        )
        assert broken(lambda: verify(received, replace(FRANKING_ROOM, safe_aad=False))) is VerificationRule.TAG_PRESENT
        assert broken(lambda: verify(replace(received, frank=None), FRANKING_ROOM)) is VerificationRule.FRANK_PRESENT
        assert broken(lambda: verify(received, replace(FRANKING_ROOM, agent=None))) is VerificationRule.AGENT_PRESENT

    def test_a_message_whose_additional_data_is_damaged_is_no_message_without_a_frank(self):
        received = replace(SCENE.received(), authenticated_data=b"\x01")
        assert broken(lambda: verify(received, FRANKING_ROOM)) is SafeAADRule.STRUCTURE


other_octets = st.binary(min_size=32, max_size=32)
other_uris = st.sampled_from(["mimi://b.example/u/alicf", "mimi://c.example/u/bob", "mimi://B.example/u/alice", "x"])
other_rooms = st.sampled_from(["mimi://hub.example/r/clubhous", "mimi://other.example/r/clubhouse", ""])


def retold(key: int) -> Callable[[Received, str], Received]:
    """Give a message another URI in its extensions."""

    def alter(received: Received, uri: str) -> Received:
        content = decode_content(received.application_data)
        extensions = {**content.mimi_extensions, key: uri}
        return replace(received, application_data=encode_content(replace(content, mimi_extensions=extensions)))

    return alter


def resalted(received: Received, salt: bytes) -> Received:
    content = decode_content(received.application_data)
    return replace(received, application_data=encode_content(replace(content, salt=salt[:16])))


def reworded(received: Received, text: str) -> Received:
    return replace(received, application_data=encode_content(said(text)))


def retagged(received: Received, tag: bytes) -> Received:
    return replace(received, authenticated_data=encode_safe_aad({FRANK_AAD: tag}))


def in_frank(name: str) -> Callable[[Received, Any], Received]:
    def alter(received: Received, value: Any) -> Received:
        assert received.frank is not None
        return replace(received, frank=replace(received.frank, **{name: value}))

    return alter


def in_message(name: str) -> Callable[[Received, Any], Received]:
    return lambda received, value: replace(received, **{name: value})


ALTERATIONS = {
    "the franking_tag": (retagged, other_octets, VerificationRule.TAG),
    "the server_frank": (in_frank("server_frank"), other_octets, VerificationRule.SIGNATURE),
    "the signature": (in_frank("franking_integrity_signature"), st.binary(max_size=80), VerificationRule.SIGNATURE),
    "the suite, to one that signs alike": (
        in_frank("franking_signature_ciphersuite"),
        st.just(SAME_SIGNATURES),
        VerificationRule.SIGNATURE,
    ),
    "the suite, to one that signs otherwise": (
        in_frank("franking_signature_ciphersuite"),
        st.sampled_from([*(CipherSuite(n) for n in (0, 2, 4, 5, 6, 7, 0x0A0A, 0xFFFF))]),
        VerificationRule.CIPHER_SUITE,
    ),
    "the accepted_timestamp": (
        in_message("accepted_timestamp"),
        st.integers(0, 2**64 - 1),
        VerificationRule.SIGNATURE,
    ),
    "the sender that the message names": (retold(SENDER_URI), other_uris, VerificationRule.SIGNATURE),
    "the room that the message names": (retold(ROOM_URI), other_rooms, VerificationRule.SIGNATURE),
    "the salt": (resalted, other_octets, VerificationRule.TAG),
    "the text": (reworded, st.text(), VerificationRule.TAG),
    "the sender's credential": (in_message("sender"), st.just(BOB), VerificationRule.SENDER),
}
"""What a follower, a hub or a sender can tamper with after the hub's stamp, how, and what the receiver calls it."""


@exercises(
    "PROTO-5.4.1.3-02",
    "PROTO-5.4.1.3-04",
    "PROTO-5.4.1.3-05",
    "PROTO-5.4.1.3-06",
    "PROTO-5.4.1.4-02",
)
@pytest.mark.parametrize(("alter", "values", "rule"), ALTERATIONS.values(), ids=ALTERATIONS)
@given(data=st.data())
def test_the_receiver_catches_every_alteration_after_the_stamp_and_names_it(alter, values, rule, data):
    received = SCENE.received()
    altered = alter(received, data.draw(values))
    if altered != received:
        assert broken(lambda: verify(altered, FRANKING_ROOM)) is rule


@exercises("PROTO-5.4.1.3-03", "PROTO-5.4.1.3-07")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        pytest.param({"uri": OTHER_ROOM}, VerificationRule.ROOM, id="received-in-another-room-of-the-hub"),
        pytest.param({"uri": MimiUri("mimi://other.example/r/x")}, AgentRule.DOMAIN, id="in-a-room-of-another-hub"),
        pytest.param({"agent": agent_of(OTHER_SIGNING_KEY)}, VerificationRule.SIGNATURE, id="another-agent"),
        pytest.param(
            {"agent": agent_of(SIGNING_KEY, b"mimi://b.example")}, AgentRule.DOMAIN, id="somebody-else's-agent"
        ),
        pytest.param({"cipher_suite": OTHER_SIGNATURES}, VerificationRule.CIPHER_SUITE, id="another-suite"),
        pytest.param({"media_types": FRAMED}, CommitmentRule.CONTENT, id="framing-expected"),
    ],
)
def test_the_receiver_catches_a_message_that_is_not_of_its_room(changes, rule):
    assert broken(lambda: verify(SCENE.received(), replace(FRANKING_ROOM, **changes))) is rule


@exercises("PROTO-5.4.1.1-06", "PROTO-5.4.1.3-04")
@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"sending_uri": BOB}, id="another-sender"),
        pytest.param({"sending_uri": MimiUri("mimi://b.example/p/x19")}, id="a-pseudonym-of-the-sender"),
        pytest.param({"room": replace(FRANKING_ROOM, uri=OTHER_ROOM)}, id="another-room"),
        pytest.param({"accepted_timestamp": ACCEPTED + 1}, id="another-time-than-in-the-fanout"),
    ],
)
def test_the_receiver_catches_what_the_hub_was_told_otherwise(told):
    stamped = SCENE.but(**told).franked_by_hub()
    assert stamped is not None
    received = replace(SCENE.received(), frank=stamped)
    assert broken(lambda: verify(received, FRANKING_ROOM)) is VerificationRule.SIGNATURE


@exercises("PROTO-5.4.1.3-06")
def test_the_receiver_catches_a_sender_who_lies_to_everybody():
    scene = Scene(content=said(sender=BOB), sending_uri=BOB)
    assert broken(scene.verified) is VerificationRule.SENDER


@exercises("PROTO-5.4.1.1-06")
def test_a_pseudonym_is_as_good_as_a_name_when_everybody_uses_it():
    pseudonym = MimiUri("mimi://b.example/p/x19")
    scene = Scene(content=said(sender=pseudonym), sending_uri=pseudonym)
    verify(replace(scene.received(), sender=pseudonym), FRANKING_ROOM)


@exercises("PROTO-5.4.1.3-05")
def test_a_sender_that_sends_another_tag_than_that_of_its_message_is_caught():
    tag = franking_tag(said().salt, b"something else")
    authenticated_data = encode_safe_aad({FRANK_AAD: tag})
    stamped = frank(authenticated_data, ALICE, ACCEPTED, FRANKING_ROOM, KEYS)
    received = Received(SCENE.application_data, authenticated_data, ALICE, ACCEPTED, stamped)
    assert broken(lambda: verify(received, FRANKING_ROOM)) is VerificationRule.TAG


@given(
    text=st.text(), salt=st.integers(0, 255), accepted_timestamp=st.integers(ACCEPTED, 2**64 - 1), framed=st.booleans()
)
def test_whatever_is_said_and_whenever_its_frank_verifies(text, salt, accepted_timestamp, framed):
    room = FRAMED_ROOM if framed else FRANKING_ROOM
    Scene(content=said(text, salt=salt), accepted_timestamp=accepted_timestamp, room=room).verified()


class TestRotation:
    """How a hub changes its keys (AMB-074, AMB-082)."""

    LATER = ACCEPTED + 1_000_000

    def test_each_message_is_stamped_with_the_hub_key_of_its_time(self):
        keys = KEYS.with_hub_key(HubKey(self.LATER, b"a newer secret"))
        franks = {
            at: SCENE.but(keys=keys, accepted_timestamp=at).franked_by_hub() for at in (self.LATER - 1, self.LATER)
        }
        assert franks[self.LATER - 1] == SCENE.but(accepted_timestamp=self.LATER - 1).franked_by_hub()
        assert franks[self.LATER] != SCENE.but(accepted_timestamp=self.LATER).franked_by_hub()

    @pytest.mark.parametrize("since", [KEYS.hub_keys[0].since, KEYS.hub_keys[0].since - 1])
    def test_a_hub_key_that_begins_before_the_last_one_would_make_old_franks_unknown(self, since):
        assert broken(lambda: KEYS.with_hub_key(HubKey(since, b"new"))) is StampRule.HUB_KEYS_IN_ORDER

    def test_the_secrets_of_a_hub_are_in_no_log(self):
        shown = repr(KEYS)
        assert repr(SIGNING_KEY.public_key) in shown
        assert repr(SIGNING_KEY.private_key) not in shown
        assert repr(KEYS.hub_keys[0].key) not in shown

    def test_a_room_gets_the_key_that_its_agent_names(self):
        keys = KEYS.with_signing_key(OTHER_SIGNING_KEY)
        Scene(keys=keys).verified()
        Scene(keys=keys, room=replace(FRANKING_ROOM, agent=agent_of(OTHER_SIGNING_KEY))).verified()

    def test_one_hub_signs_with_the_scheme_of_each_room(self):
        key = SigningKey.of(OTHER_SIGNATURES, (1).to_bytes(32))
        room = replace(FRANKING_ROOM, cipher_suite=OTHER_SIGNATURES, agent=agent_of(key))
        keys = KEYS.with_signing_key(key)
        Scene(keys=keys, room=room).verified()
        Scene(keys=keys).verified()


def test_a_failure_says_where_the_rule_stands_and_what_broke_it():
    received = replace(SCENE.received(), sender=BOB)
    with pytest.raises(FrankingError, match=r"credential\. \(mimi-protocol-06, section 5\.4\.1\.3\) Found: 'mimi://b"):
        verify(received, FRANKING_ROOM)


@pytest.mark.parametrize("authenticated_data", [b"", b"\x02\x00", b"\x40\x00"])
def test_a_hub_refuses_additional_data_that_is_no_safe_aad(authenticated_data):
    with pytest.raises(FramingError):
        frank(authenticated_data, ALICE, ACCEPTED, FRANKING_ROOM, KEYS)
