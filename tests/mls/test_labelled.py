"""Labelled signatures and hash references: the official vectors, and the properties they don't show."""

import json
import os
import random
from pathlib import Path

import pytest

from mimi_conformance.reference.mls.cipher_suite import (
    SUPPORTED_CIPHER_SUITES,
    UnsupportedCipherSuiteError,
    parameters,
)
from mimi_conformance.reference.mls.labelled import ref_hash, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.signature_scheme import InvalidKeyError
from mimi_conformance.reference.wire.mls.registries import CipherSuite

VECTORS = Path(os.environ.get("MIMI_MLS_VECTORS", Path(__file__).parents[3] / "shared" / "mls-vectors"))


def official(name: str) -> list[dict]:
    path = VECTORS / name
    if not path.exists():
        pytest.skip(f"no official MLS vectors: {path} is missing; set MIMI_MLS_VECTORS to the folder that has them")
    return json.loads(path.read_text())


def hexadecimal(case: dict, *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def test_official_signatures_verify_and_ours_do_too():
    cases = official("crypto-basics.json")
    assert {case["cipher_suite"] for case in cases} == set(SUPPORTED_CIPHER_SUITES)
    for vector in cases:
        suite, case = CipherSuite(vector["cipher_suite"]), vector["sign_with_label"]
        private, public, content, signature = hexadecimal(case, "priv", "pub", "content", "signature")
        assert parameters(suite).signature.public_key(private) == public
        assert verify_with_label(suite, public, case["label"], content, signature)
        ours = sign_with_label(suite, private, case["label"], content)
        assert verify_with_label(suite, public, case["label"], content, ours)


def test_official_hash_references_are_ours():
    for vector in official("crypto-basics.json"):
        value, out = hexadecimal(vector["ref_hash"], "value", "out")
        assert ref_hash(CipherSuite(vector["cipher_suite"]), vector["ref_hash"]["label"], value) == out


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


def test_a_compressed_point_is_no_public_key():
    suite = CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256
    scheme = parameters(suite).signature
    private = scheme.new_private_key(random.Random(6).randbytes)
    point = scheme.public_key(private)
    compressed = bytes([2 + point[-1] % 2]) + point[1:33]
    assert not verify_with_label(suite, compressed, "purpose", b"", sign_with_label(suite, private, "purpose", b""))


def test_an_unknown_suite_is_named():
    with pytest.raises(UnsupportedCipherSuiteError, match="0x0a0a"):
        ref_hash(CipherSuite(0x0A0A), "label", b"")
