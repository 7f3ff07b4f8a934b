"""The key schedule and what feeds it: official vectors, and what they don't show."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, derive_secret
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.mls.schedule.key_schedule import (
    confirmation_tag,
    epoch_secret,
    joiner_secret,
    new_external_init,
    start_epoch,
    verify_confirmation_tag,
    welcome_key,
    welcome_secret,
)
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey, psk_secret
from mimi_conformance.reference.mls.schedule.transcript import confirmed_transcript_hash, interim_transcript_hash
from mimi_conformance.reference.wire.errors import EncodeError
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, ContentType
from mimi_conformance.reference.wire.mls.group import GroupContext, GroupInfo, GroupSecrets
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, PSKType
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from tests.mls.official_vectors import Kind, octets, official, suite_of

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519


@official(Kind.KEY_SCHEDULE)
def test_every_epoch_of_the_vectors_has_its_secrets(vector):
    suite = suite_of(vector)
    group_id, init_secret = octets(vector, "group_id", "initial_init_secret")
    for number, epoch in enumerate(vector["epochs"]):
        tree_hash, transcript_hash, commit, psk = octets(
            epoch, "tree_hash", "confirmed_transcript_hash", "commit_secret", "psk_secret"
        )
        context = GroupContext(
            cipher_suite=suite,
            group_id=group_id,
            epoch=number,
            tree_hash=tree_hash,
            confirmed_transcript_hash=transcript_hash,
            extensions=(),
        ).encode()
        assert context.hex() == epoch["group_context"]
        joiner = joiner_secret(suite, init_secret, commit, context)
        secrets, secret_tree, _ = start_epoch(suite, epoch_secret(suite, joiner, psk, context), leaf_count=1)
        exporter = epoch["exporter"]
        ours = {
            "joiner_secret": joiner,
            "welcome_secret": welcome_secret(suite, joiner, psk),
            "init_secret": secrets.init_secret,
            "sender_data_secret": secrets.sender_data_secret,
            "encryption_secret": secret_tree.nodes.root,
            "exporter_secret": secrets.exporter_secret,
            "epoch_authenticator": secrets.epoch_authenticator,
            "external_secret": secrets.external_secret,
            "confirmation_key": secrets.confirmation_key,
            "membership_key": secrets.membership_key,
            "resumption_psk": secrets.resumption_psk,
            "external_pub": secrets.external_key_pair().public_key,
        }
        assert {name: value.hex() for name, value in ours.items()} == {name: epoch[name] for name in ours}
        exported = secrets.export(exporter["label"], bytes.fromhex(exporter["context"]), exporter["length"])
        assert exported.hex() == exporter["secret"]
        init_secret = secrets.init_secret


@official(Kind.PSK_SECRET)
def test_psk_secrets_are_those_of_the_vectors(vector):
    psks = [external_psk(*octets(psk, "psk_id", "psk_nonce", "psk")) for psk in vector["psks"]]
    assert psk_secret(suite_of(vector), psks).hex() == vector["psk_secret"]


@official(Kind.TRANSCRIPT_HASHES)
def test_transcript_hashes_are_those_of_the_vectors(vector):
    suite = suite_of(vector)
    key, before, encoded = octets(vector, "confirmation_key", "interim_transcript_hash_before", "authenticated_content")
    commit = AuthenticatedContent.decode(encoded)
    assert commit.content.content_type is ContentType.commit
    confirmed = confirmed_transcript_hash(suite, before, commit)
    assert confirmed.hex() == vector["confirmed_transcript_hash_after"]
    assert verify_confirmation_tag(suite, key, confirmed, commit.auth.confirmation_tag)
    assert confirmation_tag(suite, key, confirmed) == commit.auth.confirmation_tag
    interim = interim_transcript_hash(suite, confirmed, commit.auth.confirmation_tag)
    assert interim.hex() == vector["interim_transcript_hash_after"]
    proposal = replace(commit, content=replace(commit.content, content_type=ContentType.proposal))
    with pytest.raises(EncodeError):
        confirmed_transcript_hash(suite, before, proposal)


@official(Kind.WELCOME)
def test_a_welcome_key_opens_the_group_info_of_the_vectors(vector):
    suite = suite_of(vector)
    private_key, encoded_key_package, encoded = octets(vector, "init_priv", "key_package", "welcome")
    ref = key_package_ref(MLSMessage.decode(encoded_key_package).key_package)
    welcome = MLSMessage.decode(encoded).welcome
    (encrypted,) = [s.encrypted_group_secrets for s in welcome.secrets if s.new_member == ref]
    opened = decrypt_with_label(suite, private_key, "Welcome", welcome.encrypted_group_info, encrypted)
    joiner, psk = GroupSecrets.decode(opened).joiner_secret, psk_secret(suite, ())
    key = welcome_key(suite, welcome_secret(suite, joiner, psk))
    group_info = GroupInfo.decode(parameters(suite).aead.open(*key, b"", welcome.encrypted_group_info))
    context = group_info.group_context
    secrets, *_ = start_epoch(suite, epoch_secret(suite, joiner, psk, context.encode()), leaf_count=2)
    assert verify_confirmation_tag(
        suite, secrets.confirmation_key, context.confirmed_transcript_hash, group_info.confirmation_tag
    )


def external_psk(psk_id: bytes, nonce: bytes, secret: bytes) -> PreSharedKey:
    return PreSharedKey(PreSharedKeyID(psktype=PSKType.external, psk_id=psk_id, psk_nonce=nonce), secret)


ANY_PSKS = st.lists(st.builds(external_psk, st.binary(), st.binary(), st.binary()), max_size=5, unique=True)


@given(ANY_PSKS)
def test_every_key_and_their_order_matter(psks):
    secret = psk_secret(SUITE, psks)
    assert secret == psk_secret(SUITE, tuple(psks))
    if psks:
        assert secret != psk_secret(SUITE, psks[1:])
    if len(psks) > 1:
        assert secret != psk_secret(SUITE, psks[::-1])


def test_without_keys_the_psk_secret_is_zero():
    assert psk_secret(SUITE, ()) == bytes(32)


def test_an_application_key_is_bound_to_its_component():
    names = [
        PreSharedKeyID(psktype=PSKType.application, component_id=component, psk_id=b"id", psk_nonce=b"nonce")
        for component in (1, 2)
    ]
    first, second = (psk_secret(SUITE, [PreSharedKey(name, b"secret")]) for name in names)
    assert first != second


@pytest.fixture(params=SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def suite(request):
    return request.param


def test_group_and_joiner_agree_on_the_init_secret_of_an_external_commit(suite):
    secrets, *_ = start_epoch(suite, b"epoch secret", leaf_count=2)
    kem_output, init_secret = new_external_init(suite, secrets.external_key_pair().public_key, bytes)
    assert len(init_secret) == parameters(suite).kdf.size
    assert secrets.external_init_secret(kem_output) == init_secret
    context = parameters(suite).hpke.setup_receiver(kem_output, secrets.external_key_pair().private_key, b"")
    assert context.export(b"MLS 1.0 external init secret", parameters(suite).kdf.size) == init_secret
    others, *_ = start_epoch(suite, b"another epoch secret", leaf_count=2)
    assert others.external_init_secret(kem_output) != init_secret


def test_an_external_init_that_is_no_kem_output_is_refused(suite):
    secrets, *_ = start_epoch(suite, b"epoch secret", leaf_count=2)
    with pytest.raises(PrimitiveError):
        secrets.external_init_secret(bytes(parameters(suite).kem.public_key_size))
    with pytest.raises(PrimitiveError):
        new_external_init(suite, b"", bytes)


def test_a_confirmation_tag_is_bound_to_key_and_transcript(suite):
    tag = confirmation_tag(suite, b"key", b"hash")
    assert verify_confirmation_tag(suite, b"key", b"hash", tag)
    assert not verify_confirmation_tag(suite, b"other", b"hash", tag)
    assert not verify_confirmation_tag(suite, b"key", b"other", tag)
    assert not verify_confirmation_tag(suite, b"key", b"hash", tag[:-1])
    assert not verify_confirmation_tag(suite, b"key", b"hash", b"")


def test_the_secrets_of_an_epoch_all_differ_and_are_not_printed(suite):
    secrets, secret_tree, exporter_tree = start_epoch(suite, b"epoch secret", leaf_count=2)
    values = [getattr(secrets, name) for name in secrets.__slots__ if name != "cipher_suite"]
    values += [secret_tree.nodes.root, exporter_tree.nodes.root]
    assert len(set(values)) == len(values) == 10
    assert not [value for value in values if repr(value) in repr((secrets, secret_tree, exporter_tree))]


def test_the_exporter_tree_grows_from_a_secret_of_its_own(suite):
    """No official vector knows the label of mls-extensions, section 4.4."""
    *_, exporter_tree = start_epoch(suite, b"epoch secret", leaf_count=1)
    assert exporter_tree.nodes.root == derive_secret(suite, b"epoch secret", "application_export")


def test_more_than_a_kdf_can_give_is_refused():
    secrets, *_ = start_epoch(SUITE, b"epoch secret", leaf_count=1)
    assert len(secrets.export("label", b"", 255 * 32)) == 255 * 32
    with pytest.raises(ValueError, match="8160"):
        secrets.export("label", b"", 255 * 32 + 1)
