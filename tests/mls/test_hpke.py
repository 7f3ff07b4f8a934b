"""HPKE: RFC 9180's vectors, another implementation in every suite of MLS, and how bad keys are refused."""

import json
import random

import cryptography_vectors
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId

from mimi_conformance.reference.mls.crypto.aead import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.crypto.hpke import HPKE
from mimi_conformance.reference.mls.crypto.kdf import HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, KDF
from mimi_conformance.reference.mls.crypto.kem import (
    DHKEM,
    DHKEM_P256,
    DHKEM_P384,
    DHKEM_P521,
    DHKEM_X448,
    DHKEM_X25519,
    NISTKEM,
)
from mimi_conformance.reference.mls.crypto.primitive_errors import DeserializeError, OpenError, ValidationError
from tests.mls.official_vectors import octets

MODE_BASE = 0
KEMS = {kem.id: kem for kem in (DHKEM_P256, DHKEM_P384, DHKEM_P521, DHKEM_X25519, DHKEM_X448)}
KDFS = {kdf.id: kdf for kdf in (HKDF_SHA256, HKDF_SHA384, HKDF_SHA512)}
AEADS = {aead.id: aead for aead in (AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305)}


def rfc_9180_vectors() -> list:
    """Those of base mode that encrypt; MLS has no suite that can only export."""
    with cryptography_vectors.open_vector_file("HPKE/test-vectors.json", "r") as file:
        return [
            pytest.param(vector, id="-".join(f"{vector[name]:04x}" for name in ("kem_id", "kdf_id", "aead_id")))
            for vector in json.load(file)
            if vector["mode"] == MODE_BASE and vector["aead_id"] in AEADS
        ]


@pytest.mark.parametrize("vector", rfc_9180_vectors())
def test_rfc_9180_vectors_come_out_as_they_are(vector):
    hpke = HPKE(KEMS[vector["kem_id"]], KDFS[vector["kdf_id"]], AEADS[vector["aead_id"]])
    info, receiver, sender, kem_output, shared_secret = octets(vector, "info", "ikmR", "ikmE", "enc", "shared_secret")
    ephemeral, key_pair = hpke.kem.derive_key_pair(sender), hpke.kem.derive_key_pair(receiver)
    assert [*ephemeral] == octets(vector, "skEm", "pkEm")
    assert [*key_pair] == octets(vector, "skRm", "pkRm")
    assert hpke.kem.encapsulate(key_pair.public_key, ephemeral.private_key) == (shared_secret, kem_output)
    assert hpke.kem.decapsulate(kem_output, key_pair.private_key) == shared_secret

    def drawn(size: int) -> bytes:
        assert size == len(sender)
        return sender

    ours, sending = hpke.setup_sender(key_pair.public_key, info, drawn)
    receiving = hpke.setup_receiver(kem_output, key_pair.private_key, info)
    assert (ours, sending) == (kem_output, receiving)
    assert [sending.key, sending.base_nonce, sending.exporter_secret] == octets(
        vector, "key", "base_nonce", "exporter_secret"
    )
    number_of = {sending.nonce(number): number for number in range(257)}
    for encryption in vector["encryptions"]:
        additional_data, plaintext, nonce, ciphertext = octets(encryption, "aad", "pt", "nonce", "ct")
        assert sending.seal(additional_data, plaintext, number_of[nonce]) == ciphertext
        assert receiving.open(additional_data, ciphertext, number_of[nonce]) == plaintext
    for export in vector["exports"]:
        context, value = octets(export, "exporter_context", "exported_value")
        assert receiving.export(context, export["L"]) == value


@pytest.fixture(params=SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def hpke(request):
    return parameters(request.param).hpke


@given(seed=st.integers(), info=st.binary(), additional_data=st.binary(), plaintext=st.binary())
@pytest.mark.parametrize("suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_another_implementation_does_the_same(suite, seed, info, additional_data, plaintext):
    ours = parameters(suite).hpke
    theirs = CipherSuite.new(KEMId(ours.kem.id), KDFId(ours.kdf.id), AEADId(ours.aead.id))
    input_key, ephemeral_input_key = (
        random.Random(seed + number).randbytes(ours.kem.private_key_size) for number in (0, 1)
    )
    key_pair, their_key_pair = ours.kem.derive_key_pair(input_key), theirs.kem.derive_key_pair(input_key)
    # pyhpke serializes private keys of NIST curves with a byte for each bit; the public keys tell as much.
    assert key_pair.public_key == their_key_pair.public_key.to_public_bytes()
    kem_output, ciphertext = ours.seal(
        key_pair.public_key, info, additional_data, plaintext, lambda size: ephemeral_input_key
    )
    their_output, sending = theirs.create_sender_context(
        their_key_pair.public_key, info, eks=theirs.kem.derive_key_pair(ephemeral_input_key)
    )
    assert (their_output, sending.seal(plaintext, additional_data)) == (kem_output, ciphertext)
    assert ours.open(kem_output, key_pair.private_key, info, additional_data, ciphertext) == plaintext
    assert sending.export(b"context", 40) == ours.setup_receiver(kem_output, key_pair.private_key, info).export(
        b"context", 40
    )


def test_a_ciphertext_is_bound_to_everything(hpke):
    key_pair = hpke.kem.derive_key_pair(b"alice")
    kem_output, ciphertext = hpke.seal(key_pair.public_key, b"info", b"aad", b"text", bytes)
    whole = (kem_output, key_pair.private_key, b"info", b"aad", ciphertext)
    assert hpke.open(*whole) == b"text"
    for place, other in enumerate((hpke.kem.derive_key_pair(b"bob").public_key, hpke.kem.derive_key_pair(b"bob")[0])):
        with pytest.raises(OpenError):
            hpke.open(*whole[:place], other, *whole[place + 1 :])
    for place in (2, 3, 4):
        for other in (b"", whole[place][:-1], bytes([whole[place][0] ^ 1]) + whole[place][1:]):
            with pytest.raises(OpenError):
                hpke.open(*whole[:place], other, *whole[place + 1 :])


def test_keys_have_their_length(hpke):
    private_key, public_key = hpke.kem.derive_key_pair(b"alice")
    for wrong in (b"", private_key[:-1], private_key + b"\0"):
        with pytest.raises(DeserializeError, match=f"{hpke.kem.private_key_size} bytes, not {len(wrong)}"):
            hpke.kem.public_key(wrong)
    for wrong in (b"", public_key[:-1], public_key + b"\0"):
        with pytest.raises(DeserializeError, match=f"{hpke.kem.public_key_size} bytes, not {len(wrong)}"):
            hpke.kem.encapsulate(wrong, private_key)
        with pytest.raises(DeserializeError, match=f"{hpke.kem.public_key_size} bytes, not {len(wrong)}"):
            hpke.kem.decapsulate(wrong, private_key)


def test_a_public_key_that_gives_everybody_the_same_secret_is_refused(hpke):
    """Zero is a point of small order in RFC 7748's groups, and no point at all of the NIST curves."""
    private_key, _ = hpke.kem.derive_key_pair(b"alice")
    zero = bytes(hpke.kem.public_key_size)
    with pytest.raises(ValidationError):
        hpke.kem.encapsulate(zero, private_key)
    with pytest.raises(ValidationError):
        hpke.kem.decapsulate(zero, private_key)


NIST_KEMS = [DHKEM_P256, DHKEM_P384, DHKEM_P521]


@pytest.mark.parametrize("kem", NIST_KEMS, ids=lambda kem: kem.curve.name)
def test_a_point_beside_the_curve_is_refused(kem: DHKEM):
    private_key, public_key = kem.derive_key_pair(b"alice")
    with pytest.raises(ValidationError, match=public_key[:-1].hex()):
        kem.decapsulate(public_key[:-1] + bytes([public_key[-1] ^ 1]), private_key)


@pytest.mark.parametrize("kem", NIST_KEMS, ids=lambda kem: kem.curve.name)
def test_zero_and_the_order_are_no_private_keys(kem: NISTKEM):
    for scalar in (0, kem.curve.group_order):
        with pytest.raises(DeserializeError):
            kem.public_key(scalar.to_bytes(kem.private_key_size))


class HighKDF(KDF):
    """Gives candidates that are no private keys, because they are too large, up to a number."""

    __slots__ = ()

    def expand(self, secret: bytes, info: bytes, length: int) -> bytes:
        return b"\xff" * length if info[-1] < self.id else bytes(length - 1) + info[-1:]


@pytest.mark.parametrize("kem", NIST_KEMS, ids=lambda kem: kem.curve.name)
def test_a_private_key_is_the_first_candidate_that_is_one(kem: NISTKEM):
    def derived(rejected: int) -> int:
        kdf = HighKDF(rejected, kem.kdf.hash)
        stub = NISTKEM(kem.id, kdf, kem.private_key_size, kem.public_key_size, kem.read_private_key, kem.curve)
        return int.from_bytes(stub.derive_private_key(b"secret"))

    assert [derived(3), derived(255)] == [3, 255]
    with pytest.raises(DeserializeError, match="follows"):
        derived(256)


def test_nonces_differ_by_the_sequence_number(hpke):
    _, context = hpke.setup_sender(hpke.kem.derive_key_pair(b"alice").public_key, b"", bytes)
    assert len({context.nonce(number) for number in range(300)}) == 300
    first, second = (context.seal(b"", b"text", number) for number in (0, 1))
    assert first != second
    with pytest.raises(OpenError):
        context.open(b"", second)
