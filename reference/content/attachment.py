"""Content that travels beside the message: encrypted before it is uploaded, checked after it was downloaded.

mimi-content-08, section 4.5. Uploading and downloading are the caller's.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from mimi_conformance.reference.content.message import Disposition, ExternalPart
from mimi_conformance.reference.content.rules import AttachmentRule, ContentError

AES_128_GCM: Final = 1
"""The AEAD algorithm that every client implements, in IANA's registry of AEAD algorithms."""

SHA_256: Final = 1
"""The hash function used here, in IANA's registry of Named Information hash algorithms."""

HASH_FUNCTIONS: Final[Mapping[int, str]] = MappingProxyType(
    {
        SHA_256: "sha256",
        7: "sha384",
        8: "sha512",
        9: "sha3_224",
        10: "sha3_256",
        11: "sha3_384",
        12: "sha3_512",
    }
)
"""The names that hashlib has for the hash functions of that registry. Others are not checked (AMB-190)."""

_AEAD_ALGORITHMS: Final[Mapping[int, tuple[type[AESGCM | ChaCha20Poly1305], int]]] = MappingProxyType(
    {AES_128_GCM: (AESGCM, 16), 2: (AESGCM, 32), 29: (ChaCha20Poly1305, 32)}
)
"""The algorithms that are known here, and the octets of their keys."""
_HTTP: Final = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_NONCE_OCTETS: Final = 12
_TAG_OCTETS: Final = 16


@dataclass(frozen=True, slots=True)
class Upload:
    """Content on its way to a server.

    Attributes:
        octets: what is uploaded.
        part: what the message says about it, but for the URL.
    """

    octets: bytes
    part: ExternalPart

    def at(self, url: str) -> ExternalPart:
        """Return what the message says once the octets can be fetched at a URL."""
        return replace(self.part, url=url)


def encrypted_upload(
    content: bytes,
    content_type: str,
    *,
    key: bytes,
    nonce: bytes,
    disposition: Disposition = Disposition.attachment,
    language: str = "",
    description: str = "",
    filename: str = "",
    expires: int = 0,
) -> Upload:
    """Return content that only who reads the message can read, encrypted with AES-128-GCM.

    Args:
        content: what is attached.
        content_type: its IANA media type.
        key: 16 octets, used for nothing else.
        nonce: 12 octets.
        disposition: `inline` when it should be shown in the chat.
        language: of the content, see `ExternalPart`.
        description: a text for people.
        filename: a name to store it under.
        expires: when it can't be fetched any more, in seconds since the UNIX epoch; 0 for never.

    Raises:
        ContentError: the key or the nonce has another length.
    """
    part = ExternalPart(
        content_type,
        "",
        expires,
        enc_alg=AES_128_GCM,
        key=key,
        nonce=nonce,
        description=description,
        filename=filename,
        disposition=disposition,
        language=language,
    )
    return _upload(_cipher(part).encrypt(nonce, content, part.aad), part)


def public_upload(
    content: bytes,
    content_type: str,
    *,
    disposition: Disposition = Disposition.attachment,
    language: str = "",
    description: str = "",
    filename: str = "",
    expires: int = 0,
) -> Upload:
    """Return content that needs no secrecy. The arguments are those of `encrypted_upload`."""
    part = ExternalPart(
        content_type,
        "",
        expires,
        description=description,
        filename=filename,
        disposition=disposition,
        language=language,
    )
    return _upload(content, part)


def _upload(octets: bytes, part: ExternalPart) -> Upload:
    hashed = hashlib.sha256(octets).digest()
    return Upload(octets, replace(part, size=len(octets), hash_alg=SHA_256, content_hash=hashed))


def download_url(part: ExternalPart, now: int) -> str:
    """Return where the content of a part can be fetched.

    Args:
        part: the part.
        now: seconds since the UNIX epoch.

    Raises:
        ContentError: it has expired, or its URL is neither http nor https, the schemes every client can fetch
            (section 7.1).
    """
    if part.expires and part.expires <= now:
        raise ContentError(AttachmentRule.EXPIRES, part.expires, "expires")
    if not _HTTP.match(part.url):
        raise ContentError(AttachmentRule.URL, part.url, "url")
    return part.url


def downloaded_content(part: ExternalPart, octets: bytes) -> bytes:
    """Return the content of a part, from the octets that were fetched at its URL.

    The hash covers the octets at the URL (AMB-189), and is not checked when its function is unknown (AMB-190). The
    draft leaves open which size is meant, so both that of the octets and that of the content are right.

    Raises:
        ContentError: the octets are not those of the sender, or the part says wrongly how they were encrypted.
    """
    overhead = _TAG_OCTETS if part.enc_alg else 0
    if part.size not in {0, len(octets), len(octets) - overhead}:
        raise ContentError(AttachmentRule.SIZE, len(octets), "size")
    if part.hash_alg in HASH_FUNCTIONS:
        hashed = hashlib.new(HASH_FUNCTIONS[part.hash_alg], octets).digest()
        if hashed != part.content_hash:
            raise ContentError(AttachmentRule.CONTENT_HASH, hashed, "contentHash")
    if not part.enc_alg:
        return octets
    try:
        return _cipher(part).decrypt(part.nonce, octets, part.aad)
    except InvalidTag as error:
        raise ContentError(AttachmentRule.DECRYPTION, part.enc_alg, "key") from error


def _cipher(part: ExternalPart) -> AESGCM | ChaCha20Poly1305:
    if part.enc_alg not in _AEAD_ALGORITHMS:
        raise ContentError(AttachmentRule.ENC_ALG, part.enc_alg, "encAlg")
    cipher, key_octets = _AEAD_ALGORITHMS[part.enc_alg]
    if len(part.key) != key_octets:
        raise ContentError(AttachmentRule.KEY, len(part.key), "key")
    if len(part.nonce) != _NONCE_OCTETS:
        raise ContentError(AttachmentRule.NONCE, len(part.nonce), "nonce")
    return cipher(part.key)
