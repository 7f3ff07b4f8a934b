"""The labelled functions: the official vectors, and the properties they don't show."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.cipher_suite import (
    SUPPORTED_CIPHER_SUITES,
    UnsupportedCipherSuiteError,
    parameters,
)
from mimi_conformance.reference.mls.crypto.labelled import (
    component_operation_label,
    decrypt_with_label,
    derive_secret,
    derive_tree_secret,
    encrypt_with_label,
    expand_with_label,
    ref_hash,
    sign_with_label,
    verify_with_label,
)
from mimi_conformance.reference.mls.crypto.primitive_errors import DeserializeError, OpenError, PrimitiveError
from mimi_conformance.reference.mls.crypto.signature_scheme import InvalidKeyError
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from tests.mls.official_vectors import Kind, octets, official, suite_of


@official(Kind.CRYPTO_BASICS)
def test_official_signatures_verify_and_ours_do_too(vector):
    suite, case = suite_of(vector), vector["sign_with_label"]
    private, public, content, signature = octets(case, "priv", "pub", "content", "signature")
    assert parameters(suite).signature.public_key(private) == public
    assert verify_with_label(suite, public, case["label"], content, signature)
    ours = sign_with_label(suite, private, case["label"], content)
    assert verify_with_label(suite, public, case["label"], content, ours)


@official(Kind.CRYPTO_BASICS)
def test_official_hash_references_are_ours(vector):
    value, out = octets(vector["ref_hash"], "value", "out")
    assert ref_hash(suite_of(vector), vector["ref_hash"]["label"], value) == out


@official(Kind.CRYPTO_BASICS)
def test_official_derivations_are_ours(vector):
    suite = suite_of(vector)
    case = vector["expand_with_label"]
    secret, context, out = octets(case, "secret", "context", "out")
    assert expand_with_label(suite, secret, case["label"], context, case["length"]) == out
    case = vector["derive_secret"]
    secret, out = octets(case, "secret", "out")
    assert derive_secret(suite, secret, case["label"]) == out
    case = vector["derive_tree_secret"]
    secret, out = octets(case, "secret", "out")
    assert derive_tree_secret(suite, secret, case["label"], case["generation"], case["length"]) == out


@official(Kind.CRYPTO_BASICS)
def test_official_ciphertexts_decrypt_and_ours_do_too(vector):
    suite, case = suite_of(vector), vector["encrypt_with_label"]
    names = ("priv", "pub", "context", "plaintext", "kem_output", "ciphertext")
    private, public, context, plaintext, *ciphertext = octets(case, *names)
    assert parameters(suite).kem.public_key(private) == public
    assert decrypt_with_label(suite, private, case["label"], context, HPKECiphertext(*ciphertext)) == plaintext
    ours = encrypt_with_label(suite, public, case["label"], context, plaintext, random=random.Random(8).randbytes)
    assert decrypt_with_label(suite, private, case["label"], context, ours) == plaintext


@pytest.fixture(params=SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def suite(request):
    return request.param


def test_a_signature_is_bound_to_key_label_and_content(suite):
    scheme = parameters(suite).signature
    private, other = (scheme.new_private_key(random.Random(seed).randbytes) for seed in (1, 2))
    public = scheme.public_key(private)
    signature = sign_with_label(suite, private, "purpose", b"content")
    assert verify_with_label(suite, public, "purpose", b"content", signature)
    assert not verify_with_label(suite, public, "other purpose", b"content", signature)
    assert not verify_with_label(suite, public, "purpose", b"other content", signature)
    assert not verify_with_label(suite, scheme.public_key(other), "purpose", b"content", signature)
    assert not verify_with_label(suite, public, "purpose", b"content", signature[:-1])
    assert not verify_with_label(suite, b"", "purpose", b"content", signature)


def test_signing_is_deterministic(suite):
    private = parameters(suite).signature.new_private_key(random.Random(3).randbytes)
    assert sign_with_label(suite, private, "purpose", b"") == sign_with_label(suite, private, "purpose", b"")


def test_key_pairs_follow_from_the_randomness_that_is_given(suite):
    new_key_pair = parameters(suite).new_hpke_key_pair
    assert new_key_pair(random.Random(4).randbytes) == new_key_pair(random.Random(4).randbytes)
    assert new_key_pair(random.Random(4).randbytes) != new_key_pair(random.Random(5).randbytes)


def test_what_is_no_private_key_is_refused(suite):
    with pytest.raises(InvalidKeyError):
        sign_with_label(suite, b"", "purpose", b"")
    with pytest.raises(DeserializeError):
        decrypt_with_label(suite, b"", "purpose", b"", HPKECiphertext(b"", b""))


def test_a_compressed_point_is_no_public_key():
    suite = CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256
    scheme = parameters(suite).signature
    private = scheme.new_private_key(random.Random(6).randbytes)
    point = scheme.public_key(private)
    compressed = bytes([2 + point[-1] % 2]) + point[1:33]
    assert not verify_with_label(suite, compressed, "purpose", b"", sign_with_label(suite, private, "purpose", b""))
    with pytest.raises(DeserializeError):
        encrypt_with_label(suite, compressed, "purpose", b"", b"", random=bytes)


def test_an_unknown_suite_is_named():
    with pytest.raises(UnsupportedCipherSuiteError, match="0x0a0a"):
        ref_hash(CipherSuite(0x0A0A), "label", b"")


def test_a_ciphertext_is_bound_to_key_label_and_context(suite):
    alice, bob = (parameters(suite).new_hpke_key_pair(random.Random(seed).randbytes) for seed in (1, 2))
    ciphertext = encrypt_with_label(suite, alice.public_key, "purpose", b"context", b"text", random=bytes)
    assert decrypt_with_label(suite, alice.private_key, "purpose", b"context", ciphertext) == b"text"
    with pytest.raises(OpenError):
        decrypt_with_label(suite, bob.private_key, "purpose", b"context", ciphertext)
    with pytest.raises(OpenError):
        decrypt_with_label(suite, alice.private_key, "other purpose", b"context", ciphertext)
    with pytest.raises(OpenError):
        decrypt_with_label(suite, alice.private_key, "purpose", b"other context", ciphertext)


def test_encryption_follows_from_the_randomness_that_is_given(suite):
    public = parameters(suite).new_hpke_key_pair(random.Random(1).randbytes).public_key

    def encrypted(seed: int) -> HPKECiphertext:
        return encrypt_with_label(suite, public, "purpose", b"", b"text", random=random.Random(seed).randbytes)

    assert encrypted(2) == encrypted(2)
    assert encrypted(2).kem_output != encrypted(3).kem_output


@given(st.sampled_from(SUPPORTED_CIPHER_SUITES), st.binary(max_size=200), st.binary(max_size=50), st.booleans())
def test_whatever_arrives_is_decrypted_or_refused(suite, kem_output, ciphertext, fitting):
    private, public = parameters(suite).new_hpke_key_pair(bytes)
    with pytest.raises(PrimitiveError):
        decrypt_with_label(suite, private, "", b"", HPKECiphertext(public if fitting else kem_output, ciphertext))


def test_what_a_component_signs_or_decrypts_is_bound_to_it(suite):
    first, second = (component_operation_label(component_id, "purpose") for component_id in (0xF001, 0xF002))
    scheme, key_pair = parameters(suite).signature, parameters(suite).new_hpke_key_pair(bytes)
    private = scheme.new_private_key(random.Random(3).randbytes)
    signature = sign_with_label(suite, private, first, b"content")
    assert verify_with_label(suite, scheme.public_key(private), first, b"content", signature)
    assert not verify_with_label(suite, scheme.public_key(private), second, b"content", signature)
    ciphertext = encrypt_with_label(suite, key_pair.public_key, first, b"", b"text", random=bytes)
    assert decrypt_with_label(suite, key_pair.private_key, first, b"", ciphertext) == b"text"
    with pytest.raises(OpenError):
        decrypt_with_label(suite, key_pair.private_key, second, b"", ciphertext)


def test_a_component_operation_label_is_the_structure_of_the_draft():
    assert component_operation_label(0xF001, "purpose") == b"\x0dMLS Component\xf0\x01\x07purpose"
