"""Reports of abuse: made by a client of what it has verified, examined by the hub."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import mutated
from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.franking.abuse_report import NOBODY, Proven, Unproven, examine, report
from mimi_conformance.reference.content.franking.rules import (
    AbuseReportRule,
    CommitmentRule,
    EvidenceRule,
    FrankingError,
)
from mimi_conformance.reference.content.franking.stamp import FrankingKeys, HubKey
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.proposals.extensions import ExtensionError, ExtensionRule
from mimi_conformance.reference.mls.rules import Rule, RuleError
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport, AbuseType, AbusiveMessage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.franking import ServerFrankingContext
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
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
    Scene,
    agent_of,
    said,
)
from tests.exercised import exercises

SCENE = Scene()
REPORT = report(ALICE, [SCENE.verified()], note="Three times today.")
PROVEN = Proven(ServerFrankingContext(IdentifierUri(bytes(ALICE)), IdentifierUri(bytes(ROOM)), ACCEPTED))
MAY_REPORT = frozenset({CapabilityType.can_report_abuse})


def broken(act: Callable[[], object]) -> Rule:
    """The rule that something breaks."""
    with pytest.raises(RuleError) as raised:
        act()
    return raised.value.rule


def found(changed: AbuseReport, room: MimiUri = ROOM, keys: FrankingKeys = KEYS) -> Rule | ServerFrankingContext:
    """What the hub finds about the only message of a report: the rule that it breaks, or what it proves."""
    (finding,) = examine(changed, room, keys)
    match finding:
        case Unproven(error):
            return error.rule
        case Proven(context):
            return context


class TestTheClient:
    @exercises("PROTO-5.9-02", "PROTO-5.9-05", "PROTO-5.9-08", "PROTO-5.9-13")
    def test_a_report_is_what_the_draft_says_in_bytes(self):
        franked = SCENE.franked_by_hub()
        content = encode_content(said())
        assert franked is not None
        message = b"\x40" + bytes([len(content)]) + content + franked.encode() + ACCEPTED.to_bytes(8)
        parts = [
            b"\0",
            bytes([len(bytes(ALICE))]) + bytes(ALICE),
            b"\0",
            b"\x12Three times today.",
            (0x4000 | len(message)).to_bytes(2) + message,
            b"\0",
        ]
        assert REPORT.encode() == b"".join(parts)

    @exercises("PROTO-5.9-03")
    def test_the_reporting_user_is_named_or_withheld(self):
        assert report(ALICE, []).reporting_user == NOBODY == IdentifierUri(b"")
        assert report(ALICE, [], reporting_user=BOB).reporting_user == IdentifierUri(bytes(BOB))

    @exercises("PROTO-5.9-04")
    def test_nobody_is_accused_of_what_another_one_said(self):
        assert broken(lambda: report(BOB, [SCENE.verified()])) is EvidenceRule.ABUSER

    def test_messages_of_two_rooms_do_not_go_into_one_report(self):
        elsewhere = Scene(content=said(room=OTHER_ROOM), room=replace(FRANKING_ROOM, uri=OTHER_ROOM))
        with pytest.raises(FrankingError, match="In message 1: ") as raised:
            report(ALICE, [SCENE.verified(), elsewhere.verified()])
        assert raised.value.rule is EvidenceRule.ROOM


class TestWhatTheHubTakes:
    @exercises("PROTO-5.9-10", "PROTO-5.9-11", "PROTO-5.9-12")
    def test_what_it_stamped_itself_is_proven(self):
        assert examine(REPORT, ROOM, KEYS) == (PROVEN,)

    @exercises("PROTO-5.9-10", "PROTO-5.4.1.1-04")
    def test_a_framed_message_is_shown_with_its_framing(self):
        scene = Scene(room=replace(FRANKING_ROOM, media_types=FRAMED))
        framed = report(ALICE, [scene.verified()])
        assert examine(framed, ROOM, KEYS, media_types=FRAMED) == (PROVEN,)
        bare = replace(framed, messages=(replace(framed.messages[0], message_content=encode_content(said())),))
        assert found(bare) is EvidenceRule.SERVER_FRANK

    @exercises("PROTO-5.9-07")
    def test_a_report_has_any_number_of_messages_each_with_a_finding_of_its_own(self):
        assert examine(replace(REPORT, messages=()), ROOM, KEYS) == ()
        (good,) = REPORT.messages
        bad = replace(good, accepted_timestamp=ACCEPTED + 1)
        findings = examine(replace(REPORT, messages=(good, bad, good)), ROOM, KEYS)
        assert [type(finding) for finding in findings] == [Proven, Unproven, Proven]

    @exercises("PROTO-5.9-04")
    def test_a_report_accuses_a_user(self):
        for uri in (b"", b"alice", b"\xff", bytes(ROOM), b"mimi://b.example/d/alice/phone", b"mimi://b.example"):
            accused = replace(REPORT, alleged_abuser_uri=IdentifierUri(uri))
            assert broken(lambda: examine(accused, ROOM, KEYS)) is AbuseReportRule.ALLEGED_ABUSER  # noqa: B023

    @exercises("PROTO-5.9-03")
    def test_a_report_comes_from_a_user_or_from_nobody(self):
        for uri in (b"bob", b"\xff", bytes(ROOM)):
            signed = replace(REPORT, reporting_user=IdentifierUri(uri))
            assert broken(lambda: examine(signed, ROOM, KEYS, capabilities=MAY_REPORT)) is (  # noqa: B023
                AbuseReportRule.REPORTING_USER
            )

    @exercises("POLICY-8.3-04")
    def test_who_reports_by_name_must_be_allowed_to(self):
        signed = replace(REPORT, reporting_user=IdentifierUri(bytes(BOB)))
        assert broken(lambda: examine(signed, ROOM, KEYS)) is AbuseReportRule.MAY_REPORT
        assert examine(signed, ROOM, KEYS, capabilities=MAY_REPORT) == (PROVEN,)
        assert examine(REPORT, ROOM, KEYS) == (PROVEN,)

    @exercises("PROTO-5.9-06")
    def test_a_note_is_utf_8_and_may_be_empty(self):
        assert broken(lambda: examine(replace(REPORT, note=b"\xff"), ROOM, KEYS)) is AbuseReportRule.NOTE
        assert examine(replace(REPORT, note=b""), ROOM, KEYS) == (PROVEN,)
        assert examine(replace(REPORT, note="É".encode()), ROOM, KEYS) == (PROVEN,)

    @exercises("PROTO-5.9-05")
    @given(st.integers(0, 255))
    def test_any_reason_is_understood(self, reason):
        assert examine(replace(REPORT, reason_code=AbuseType(reason)), ROOM, KEYS) == (PROVEN,)

    @exercises("PROTO-5.9-13")
    def test_unknown_extensions_are_ignored_and_unsorted_ones_refused(self):
        first, second = ComponentData(0x8001, b"x"), ComponentData(0x8002, b"y")
        extended = replace(REPORT, abuse_extensions=AppDataDictionary((first, second)))
        assert examine(extended, ROOM, KEYS) == (PROVEN,)
        for entries, rule in (
            ((second, first), ExtensionRule.DICTIONARY_SORTED),
            ((first, first), ExtensionRule.DICTIONARY_UNIQUE),
        ):
            damaged = replace(REPORT, abuse_extensions=AppDataDictionary(entries))
            with pytest.raises(ExtensionError) as raised:
                examine(damaged, ROOM, KEYS)
            assert raised.value.rule is rule

    @exercises("PROTO-5.9-14")
    @given(mutated(REPORT.encode()))
    def test_any_bytes_are_a_report_or_refused(self, data):
        try:
            findings = examine(AbuseReport.decode(data), ROOM, KEYS, capabilities=MAY_REPORT)
        except (DecodeError, RuleError):
            return
        assert all(finding == PROVEN or isinstance(finding, Unproven) for finding in findings)


(MESSAGE,) = REPORT.messages


def shown(**changes) -> AbuseReport:
    return replace(REPORT, messages=(replace(MESSAGE, **changes),))


def retold(key: int, uri: str) -> AbuseReport:
    content = said()
    return shown(
        message_content=encode_content(replace(content, mimi_extensions={**content.mimi_extensions, key: uri}))
    )


def without(key: int) -> AbuseReport:
    content = said()
    rest = {name: uri for name, uri in content.mimi_extensions.items() if name != key}
    return shown(message_content=encode_content(replace(content, mimi_extensions=rest)))


def in_frank(**changes) -> AbuseReport:
    return shown(frank=replace(MESSAGE.frank, **changes))


FORGERIES: dict[str, tuple[AbuseReport, Rule]] = {
    "other words": (shown(message_content=encode_content(said("I quit."))), EvidenceRule.SERVER_FRANK),
    "another salt": (shown(message_content=encode_content(said(salt=8))), EvidenceRule.SERVER_FRANK),
    "another sender": (retold(SENDER_URI, str(BOB)), EvidenceRule.ABUSER),
    "another abuser": (replace(REPORT, alleged_abuser_uri=IdentifierUri(bytes(BOB))), EvidenceRule.ABUSER),
    "another room": (retold(ROOM_URI, str(OTHER_ROOM)), EvidenceRule.ROOM),
    "no sender": (without(SENDER_URI), CommitmentRule.SENDER_URI),
    "no room": (without(ROOM_URI), CommitmentRule.ROOM_URI),
    "no content": (shown(message_content=b""), CommitmentRule.CONTENT),
    "a later time": (shown(accepted_timestamp=ACCEPTED + 1), EvidenceRule.SERVER_FRANK),
    "a time before the hub's first key": (shown(accepted_timestamp=0), EvidenceRule.HUB_KEY),
    "another server_frank": (in_frank(server_frank=bytes(32)), EvidenceRule.SERVER_FRANK),
    "no signature": (in_frank(franking_integrity_signature=b""), EvidenceRule.SIGNATURE),
    "a suite that signs alike": (in_frank(franking_signature_ciphersuite=SAME_SIGNATURES), EvidenceRule.SIGNATURE),
    "a suite that signs otherwise": (
        in_frank(franking_signature_ciphersuite=OTHER_SIGNATURES),
        EvidenceRule.CIPHER_SUITE,
    ),
    "a suite that nobody knows": (
        in_frank(franking_signature_ciphersuite=CipherSuite(0x0A0A)),
        EvidenceRule.CIPHER_SUITE,
    ),
}


@exercises("PROTO-5.9-10", "PROTO-5.9-11", "PROTO-5.9-12")
@pytest.mark.parametrize(("forged", "rule"), FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_taken_and_proves_nothing_for_a_reason_with_a_name(forged, rule):
    assert found(forged) is rule


def test_a_report_to_the_wrong_room_proves_nothing():
    assert found(REPORT, room=OTHER_ROOM) is EvidenceRule.ROOM


@exercises("PROTO-5.9-11")
def test_another_hub_cannot_prove_it():
    assert found(REPORT, keys=FrankingKeys((HubKey(0, b"another secret"),), KEYS.signing_keys)) is (
        EvidenceRule.SERVER_FRANK
    )


@exercises("PROTO-5.9-12")
def test_a_stamp_that_another_key_signed_is_not_the_hub_s():
    assert found(REPORT, keys=replace(KEYS, signing_keys=(OTHER_SIGNING_KEY,))) is EvidenceRule.SIGNATURE


class TestRotation:
    """Old messages stay provable when the hub has new keys (AMB-074, AMB-082)."""

    LATER = ACCEPTED + 1_000_000

    @exercises("PROTO-5.9-11")
    def test_after_a_change_of_the_hub_key_messages_from_before_and_after_are_proven(self):
        keys = KEYS.with_hub_key(HubKey(self.LATER, b"a newer secret"))
        later = SCENE.but(keys=keys, accepted_timestamp=self.LATER)
        both = report(ALICE, [SCENE.verified(), later.verified()])
        assert [type(finding) for finding in examine(both, ROOM, keys)] == [Proven, Proven]
        assert [type(finding) for finding in examine(both, ROOM, KEYS)] == [Proven, Unproven]

    @exercises("PROTO-5.9-12")
    def test_after_a_change_of_the_signing_key_with_the_group_old_messages_are_proven(self):
        keys = KEYS.with_signing_key(OTHER_SIGNING_KEY)
        new_room = replace(FRANKING_ROOM, agent=agent_of(OTHER_SIGNING_KEY))
        later = SCENE.but(keys=keys, room=new_room, accepted_timestamp=self.LATER)
        both = report(ALICE, [SCENE.verified(), later.verified()])
        assert [type(finding) for finding in examine(both, ROOM, keys)] == [Proven, Proven]


def test_the_report_of_a_message_says_what_its_receiver_kept():
    kept = SCENE.verified()
    assert REPORT.messages == (AbusiveMessage(kept.application_data, kept.frank, ACCEPTED),)
