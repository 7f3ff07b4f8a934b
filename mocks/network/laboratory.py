"""The files of a laboratory: an authority, the certificates of our peers, and one for a server under test.

ca.pem, ca.key               the authority; its key is for issuing more, and stays here
peer/b.example/chain.pem, key.pem
target/chain.pem, key.pem    when the server under test gets its certificate from us
"""

from collections.abc import Sequence
from pathlib import Path

from mimi_conformance.mocks.network.authority import (
    CERTIFICATE_FILE,
    CHAIN_FILE,
    IDENTITY_KEY_FILE,
    KEY_FILE,
    CertificateAuthority,
)

PEER_FOLDER = Path("peer")
TARGET_FOLDER = Path("target")


def laboratory_files(peers: Sequence[str], target: str | None) -> tuple[Path, ...]:
    """What `write_laboratory` writes, relative to the laboratory's folder."""
    folders = [PEER_FOLDER / domain for domain in peers]
    if target is not None:
        folders.append(TARGET_FOLDER)
    identities = [folder / name for folder in folders for name in (CHAIN_FILE, IDENTITY_KEY_FILE)]
    return (Path(CERTIFICATE_FILE), Path(KEY_FILE), *identities)


def write_laboratory(folder: Path, peers: Sequence[str], target: str | None) -> None:
    """Make a new authority, and issue a certificate to each of our ``peers`` and to the ``target``, if there is one.

    Whatever is there is overwritten.

    Raises:
        OSError: the folder can't be written to.
    """
    authority = CertificateAuthority.create("mimi-conformance laboratory")
    authority.save(folder)
    for domain in peers:
        authority.issue([domain], folder / PEER_FOLDER / domain)
    if target is not None:
        authority.issue([target], folder / TARGET_FOLDER)
