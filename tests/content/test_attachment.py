"""Attachments: what is uploaded, what the message says about it, and what comes back out of a download."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.content.attachment import (
    Upload,
    download_url,
    downloaded_content,
    encrypted_upload,
    public_upload,
)
from mimi_conformance.reference.content.message import Disposition, ExternalPart
from mimi_conformance.reference.content.rules import AttachmentRule, ContentError
from tests.exercised import exercises

KEY, NONCE = bytes(range(16)), bytes(range(12))
URL = "https://a.example/storage/8ksB4bSrrRE.mp4"
VIDEO = b"not really a video"


def upload() -> Upload:
    """Return a video, encrypted."""
    return encrypted_upload(
        VIDEO, "video/mp4", key=KEY, nonce=NONCE, description="2 hours of key signing", filename="big.mp4", expires=2000
    )


@exercises("CONTENT-4.5-03", "CONTENT-4.5-04", "CONTENT-4.5-06", "CONTENT-4.5-07", "CONTENT-7.1-05")
@given(st.binary(max_size=200), st.binary(min_size=16, max_size=16), st.binary(min_size=12, max_size=12))
def test_what_was_encrypted_comes_back_from_the_message_and_the_download(
    content: bytes, key: bytes, nonce: bytes
) -> None:
    made = encrypted_upload(content, "image/png", key=key, nonce=nonce)
    part = made.at(URL)
    assert (part.enc_alg, part.key, part.nonce, part.aad, part.hash_alg) == (1, key, nonce, b"", 1)
    assert len(made.octets) == len(content) + 16
    assert downloaded_content(part, made.octets) == content


@exercises("CONTENT-4.5-01", "CONTENT-4.5-02", "CONTENT-5.9-01")
def test_a_part_says_what_the_receiver_needs_to_know() -> None:
    part = upload().at(URL)
    assert (part.url, part.content_type, part.size, part.expires) == (URL, "video/mp4", len(VIDEO) + 16, 2000)
    assert (part.description, part.filename) == ("2 hours of key signing", "big.mp4")
    assert part.disposition is Disposition.attachment
    inline = encrypted_upload(VIDEO, "video/mp4", key=KEY, nonce=NONCE, disposition=Disposition.inline)
    assert inline.part.disposition is Disposition.inline


@exercises("CONTENT-4.5-05")
def test_public_content_is_uploaded_as_it_is() -> None:
    made = public_upload(VIDEO, "video/mp4")
    assert made.octets == VIDEO
    assert (made.part.enc_alg, made.part.key, made.part.nonce, made.part.aad) == (0, b"", b"", b"")
    assert downloaded_content(made.at(URL), VIDEO) == VIDEO


@exercises("CONTENT-4.5-01", "CONTENT-4.5-02", "CONTENT-4.5-07")
def test_what_the_part_does_not_say_is_not_checked() -> None:
    silent = ExternalPart("video/mp4", URL)
    assert downloaded_content(silent, VIDEO) == VIDEO
    assert downloaded_content(replace(silent, hash_alg=6, content_hash=b"????"), VIDEO) == VIDEO
    assert download_url(silent, now=2**32) == URL


def test_a_size_may_be_that_of_the_octets_or_that_of_the_content() -> None:
    made = upload()
    for size in (0, len(VIDEO), len(VIDEO) + 16):
        assert downloaded_content(replace(made.part, size=size), made.octets) == VIDEO


def test_other_algorithms_are_decrypted_and_hashed_too() -> None:
    octets = ChaCha20Poly1305(2 * KEY).encrypt(NONCE, VIDEO, b"extra")
    part = ExternalPart("video/mp4", URL, enc_alg=29, key=2 * KEY, nonce=NONCE, aad=b"extra")
    assert downloaded_content(part, octets) == VIDEO


@exercises("CONTENT-4.5-03", "CONTENT-4.5-07")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"size": 5}, AttachmentRule.SIZE),
        ({"content_hash": bytes(32)}, AttachmentRule.CONTENT_HASH),
        ({"hash_alg": 8}, AttachmentRule.CONTENT_HASH),
        ({"enc_alg": 99}, AttachmentRule.ENC_ALG),
        ({"enc_alg": 2}, AttachmentRule.KEY),
        ({"key": KEY[1:]}, AttachmentRule.KEY),
        ({"nonce": NONCE[1:]}, AttachmentRule.NONCE),
        ({"key": bytes(16)}, AttachmentRule.DECRYPTION),
        ({"nonce": bytes(12)}, AttachmentRule.DECRYPTION),
        ({"aad": b"more"}, AttachmentRule.DECRYPTION),
    ],
)
def test_a_part_that_does_not_fit_the_download_is_refused_by_the_name_of_its_rule(
    change: dict[str, object], rule: AttachmentRule
) -> None:
    made = upload()
    with pytest.raises(ContentError) as raised:
        downloaded_content(replace(made.part, **change), made.octets)
    assert raised.value.rule is rule


@exercises("CONTENT-4.5-07")
@given(st.integers(0, len(VIDEO) + 15), st.integers(0, 7))
def test_any_bit_that_changed_on_the_way_is_noticed(at: int, bit: int) -> None:
    made = upload()
    changed = bytearray(made.octets)
    changed[at] ^= 1 << bit
    with pytest.raises(ContentError) as raised:
        downloaded_content(made.part, bytes(changed))
    assert raised.value.rule is AttachmentRule.CONTENT_HASH


@exercises("CONTENT-7.1-05", "CONTENT-4.5-02")
def test_content_is_fetched_over_http_or_https_and_before_it_expires() -> None:
    part = upload().at(URL)
    assert download_url(part, now=1999) == URL
    assert download_url(replace(part, url="HTTP://a.example/x"), now=0) == "HTTP://a.example/x"
    for changed, now, rule in (
        (part, 2000, AttachmentRule.EXPIRES),
        (replace(part, url="file:///etc/passwd"), 0, AttachmentRule.URL),
        (replace(part, url=""), 0, AttachmentRule.URL),
        (replace(part, url="http:///nowhere"), 0, AttachmentRule.URL),
    ):
        with pytest.raises(ContentError) as raised:
            download_url(changed, now=now)
        assert raised.value.rule is rule


def test_a_key_or_nonce_of_another_length_is_refused_before_anything_is_encrypted() -> None:
    for key, nonce, rule in ((KEY[1:], NONCE, AttachmentRule.KEY), (KEY, NONCE[1:], AttachmentRule.NONCE)):
        with pytest.raises(ContentError) as raised:
            encrypted_upload(VIDEO, "video/mp4", key=key, nonce=nonce)
        assert raised.value.rule is rule
