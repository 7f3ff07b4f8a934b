"""Encapsulation: the example of RFC 9458, clients and gateways with every algorithm, and nothing that is forged."""

import os
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.aead import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305
from mimi_conformance.reference.mls.crypto.kdf import HKDF_SHA256, HKDF_SHA384, HKDF_SHA512
from mimi_conformance.reference.mls.crypto.kem import DHKEM, DHKEM_P256, DHKEM_P521, DHKEM_X448, DHKEM_X25519
from mimi_conformance.reference.oblivious_http.encapsulation import (
    EncapsulationError,
    GatewayKey,
    KeyConfiguration,
    SymmetricAlgorithms,
    UnknownKeyError,
    decode_key_configurations,
    encode_key_configurations,
)

# RFC 9458, appendix A.
PRIVATE_KEY = bytes.fromhex("3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a")
CONFIGURATION = bytes.fromhex(
    "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500080001000100010003"
)
REQUEST = bytes.fromhex("00034745540568747470730b6578616d706c652e636f6d012f")
EPHEMERAL_KEY = bytes.fromhex("bc51d5e930bda26589890ac7032f70ad12e4ecb37abb1b65b1256c9c48999c73")
ENCAPSULATED_REQUEST = bytes.fromhex(
    "010020000100014b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472"
    "6374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525"
)
RESPONSE = bytes.fromhex("0140c8")
RESPONSE_NONCE = bytes.fromhex("c789e7151fcba46158ca84b04464910d")
ENCAPSULATED_RESPONSE = RESPONSE_NONCE + bytes.fromhex("86f9013e404feea014e7be4a441f234f857fbd")

KEY = GatewayKey(1, PRIVATE_KEY)


class GivenEphemeralKey(DHKEM):
    """X25519, whose ephemeral keys are what a sender draws: the example has the key, not what it was derived from."""

    def __init__(self) -> None:
        x25519 = DHKEM_X25519
        super().__init__(
            x25519.id, x25519.kdf, x25519.private_key_size, x25519.public_key_size, x25519.read_private_key
        )

    def derive_private_key(self, input_key: bytes) -> bytes:
        return input_key


def test_the_gateway_of_the_rfc_opens_the_request_and_seals_the_response():
    assert KEY.configuration.encode() == CONFIGURATION
    request, context = KEY.open_request(ENCAPSULATED_REQUEST)
    assert request == REQUEST
    assert context.seal_response(RESPONSE, lambda size: RESPONSE_NONCE[:size]) == ENCAPSULATED_RESPONSE


def test_the_client_of_the_rfc_encapsulates_the_request_and_opens_the_response():
    configuration = KEY.configuration
    configuration = KeyConfiguration(1, GivenEphemeralKey(), configuration.public_key, configuration.algorithms)
    encapsulated, context = configuration.encapsulate(REQUEST, lambda size: EPHEMERAL_KEY[:size])
    assert encapsulated == ENCAPSULATED_REQUEST
    assert context.open_response(ENCAPSULATED_RESPONSE) == RESPONSE


@pytest.mark.parametrize("kem", [DHKEM_P256, DHKEM_P521, DHKEM_X25519, DHKEM_X448])
@pytest.mark.parametrize("kdf", [HKDF_SHA256, HKDF_SHA384, HKDF_SHA512])
@pytest.mark.parametrize("aead", [AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305])
def test_a_client_and_a_gateway_understand_each_other(kem, kdf, aead):
    private_key = kem.new_key_pair(os.urandom).private_key
    key = GatewayKey(7, private_key, kem, (SymmetricAlgorithms(kdf.id, aead.id),))
    [configuration] = decode_key_configurations(encode_key_configurations(key.configuration))
    encapsulated, of_client = configuration.encapsulate(b"request", os.urandom)
    request, of_gateway = key.open_request(encapsulated)
    assert request == b"request"
    assert of_client.open_response(of_gateway.seal_response(b"response", os.urandom)) == b"response"


def test_a_client_takes_the_first_algorithms_that_it_knows():
    algorithms = (SymmetricAlgorithms(0x7777, 1), SymmetricAlgorithms(1, 3))
    key = GatewayKey(1, PRIVATE_KEY, algorithms=algorithms)
    encapsulated, _ = key.configuration.encapsulate(b"request", os.urandom)
    assert key.open_request(encapsulated)[0] == b"request"


def test_a_client_that_knows_none_of_the_algorithms_says_so():
    configuration = GatewayKey(1, PRIVATE_KEY, algorithms=(SymmetricAlgorithms(0x7777, 1),)).configuration
    with pytest.raises(EncapsulationError, match="No algorithms of the gateway's key 1 are known"):
        configuration.encapsulate(b"request", os.urandom)


def test_a_public_key_that_gives_a_known_secret_is_not_used():
    configuration = KeyConfiguration(1, DHKEM_X25519, bytes(32), KEY.algorithms)
    with pytest.raises(EncapsulationError, match="key 1 can't be used"):
        configuration.encapsulate(b"request", os.urandom)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("02 0020 0001 0001", "There is no key 2 for the KEM 0x0020."),
        ("01 0010 0001 0001", "There is no key 1 for the KEM 0x0010."),
        ("01 0020 0002 0001", "not for the KDF and AEAD 0x00020001."),
        ("01 0020 0001 0002", "not for the KDF and AEAD 0x00010002."),
        ("01 0020 0001 ffff", "not for the KDF and AEAD 0x0001ffff."),
    ],
)
def test_a_request_for_another_key_is_told_from_one_that_is_forged(header, reason):
    with pytest.raises(UnknownKeyError) as caught:
        KEY.open_request(bytes.fromhex(header) + ENCAPSULATED_REQUEST[7:])
    assert str(caught.value).endswith(reason)


@given(st.integers(7, len(ENCAPSULATED_REQUEST) - 1), st.integers(1, 255))
def test_a_request_with_a_changed_byte_does_not_open(place, change):
    forged = bytearray(ENCAPSULATED_REQUEST)
    forged[place] ^= change
    # The most significant bit of an X25519 public key does not count (RFC 7748, section 5).
    if forged[7:39] != ENCAPSULATED_REQUEST[7:39] and place == 38 and change == 0x80:
        return
    with pytest.raises(EncapsulationError, match="does not open"):
        KEY.open_request(bytes(forged))


@given(st.binary(max_size=60))
def test_any_bytes_are_no_request_of_anybody(data):
    with pytest.raises(EncapsulationError):
        KEY.open_request(data)


@given(st.integers(0, len(ENCAPSULATED_RESPONSE) - 1), st.integers(1, 255))
def test_a_response_with_a_changed_byte_or_cut_short_does_not_open(place, change):
    _, context = KEY.open_request(ENCAPSULATED_REQUEST)
    forged = bytearray(ENCAPSULATED_RESPONSE)
    forged[place] ^= change
    for wrong in (bytes(forged), ENCAPSULATED_RESPONSE[:place]):
        with pytest.raises(EncapsulationError, match="does not open"):
            context.open_response(wrong)


def test_the_response_to_another_request_does_not_open():
    (_, mine), (_, others) = (KEY.configuration.encapsulate(REQUEST, Random(seed).randbytes) for seed in (1, 2))
    with pytest.raises(EncapsulationError):
        mine.open_response(others.seal_response(RESPONSE, os.urandom))


def test_configurations_for_unknown_kems_are_passed_over():
    unknown = b"\2\x77\x77and who knows what"
    encoded = len(unknown).to_bytes(2) + unknown + encode_key_configurations(KEY.configuration)
    assert decode_key_configurations(encoded) == (KEY.configuration,)


@given(st.data())
def test_a_collection_with_any_mistake_in_its_form_is_discarded_whole(data):
    good = encode_key_configurations(KEY.configuration, GatewayKey(2, PRIVATE_KEY).configuration)
    wrong = data.draw(
        st.one_of(
            st.integers(1, len(good) - 1).filter(lambda end: end != len(good) // 2).map(lambda end: good[:end]),
            st.binary(min_size=1, max_size=2).map(lambda more: good + more),
            st.sampled_from([35, 36]).map(lambda place: good[: place + 2] + b"\x09" + good[place + 3 :]),
        )
    )
    with pytest.raises(EncapsulationError):
        decode_key_configurations(wrong)


def test_secrets_are_not_shown():
    assert PRIVATE_KEY.hex() not in repr(KEY)
    assert "3c16" not in repr(KEY.open_request(ENCAPSULATED_REQUEST)[1])
