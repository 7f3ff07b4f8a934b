"""The official MLS test vectors: every file of their folder, each vector known by its fields, never by its file's name.

The folder is the environment's MIMI_MLS_VECTORS, or `shared/mls-vectors` beside the checkout; FORMAT.md in it says what
each kind means. A test takes all vectors of a kind, one by one:

    @official(Kind.PSK_SECRET)
    def test_psk_secrets_are_those_of_the_vectors(vector): ...

Where the folder is missing, such tests are not collected; `test_official_vectors.py` has the one skip that says so, and
fails for a vector of no known kind.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mimi_conformance.reference.wire.mls.registries import CipherSuite

FOLDER = Path(os.environ.get("MIMI_MLS_VECTORS", Path(__file__).parents[3] / "shared" / "mls-vectors"))


def _fields(names: str) -> frozenset[str]:
    return frozenset(names.split())


class Kind(Enum):
    """A section of FORMAT.md, and the fields that its vectors have: all of them and no others.

    A field that nobody reads would be a check that nobody makes, so it makes the vector one of an unknown kind.
    """

    TREE_MATH = _fields("n_leaves n_nodes root left right parent sibling")
    CRYPTO_BASICS = _fields(
        "cipher_suite ref_hash expand_with_label derive_secret derive_tree_secret sign_with_label encrypt_with_label"
    )
    SECRET_TREE = _fields("cipher_suite sender_data encryption_secret leaves")
    MESSAGE_PROTECTION = _fields(
        "cipher_suite group_id epoch tree_hash confirmed_transcript_hash signature_priv signature_pub encryption_secret"
        " sender_data_secret membership_key proposal proposal_pub proposal_priv commit commit_pub commit_priv"
        " application application_priv"
    )
    KEY_SCHEDULE = _fields("cipher_suite group_id initial_init_secret epochs")
    PSK_SECRET = _fields("cipher_suite psks psk_secret")
    TRANSCRIPT_HASHES = _fields(
        "cipher_suite confirmation_key authenticated_content interim_transcript_hash_before"
        " confirmed_transcript_hash_after interim_transcript_hash_after"
    )
    WELCOME = _fields("cipher_suite init_priv signer_pub key_package welcome")
    TREE_OPERATIONS = _fields(
        "cipher_suite tree_before proposal proposal_sender tree_hash_before tree_after tree_hash_after"
    )
    TREE_VALIDATION = _fields("cipher_suite tree group_id resolutions tree_hashes")
    TREEKEM = _fields("cipher_suite group_id epoch confirmed_transcript_hash ratchet_tree leaves_private update_paths")
    MESSAGES = _fields(
        "mls_welcome mls_group_info mls_key_package ratchet_tree group_secrets add_proposal update_proposal"
        " remove_proposal pre_shared_key_proposal re_init_proposal external_init_proposal"
        " group_context_extensions_proposal commit public_message_application public_message_proposal"
        " public_message_commit private_message"
    )
    PASSIVE_CLIENT = _fields(
        "cipher_suite external_psks key_package signature_priv encryption_priv init_priv welcome ratchet_tree"
        " initial_epoch_authenticator epochs"
    )
    DESERIALIZATION = _fields("vlbytes_header length")


@dataclass(frozen=True)
class Case:
    """One vector, where it was found, and its kind; None when no kind has such fields."""

    name: str
    vector: Any
    kind: Kind | None


@cache
def cases() -> tuple[Case, ...]:
    """All vectors of the folder and its subfolders."""
    return tuple(
        Case(f"{path.relative_to(FOLDER).with_suffix('')}-{number}", vector, _kind_of(vector))
        for path in sorted(FOLDER.rglob("*.json"))
        for number, vector in enumerate(json.loads(path.read_text()))
    )


def _kind_of(vector: object) -> Kind | None:
    try:
        return Kind(frozenset(vector)) if isinstance(vector, dict) else None
    except ValueError:
        return None


def official(kind: Kind) -> Callable[[Callable[..., None]], Any]:
    """Run a test for each official vector of a kind, which it takes as ``vector``."""
    if not FOLDER.is_dir():
        return _not_collected
    found = [pytest.param(case.vector, id=case.name) for case in cases() if case.kind is kind]
    assert found, f"{FOLDER} has no vectors of the kind {kind.name}"
    return pytest.mark.parametrize("vector", found)


def _not_collected(test: Callable[..., None]) -> Callable[..., None]:
    test.__test__ = False  # type: ignore[attr-defined]  # pytest reads it from functions as it does from classes
    return test


def suite_of(vector: dict[str, Any]) -> CipherSuite:
    """The vector's cipher suite."""
    return CipherSuite(vector["cipher_suite"])


def octets(fields: dict[str, Any], *names: str) -> list[bytes]:
    """What some hex-encoded fields of a vector, or of a part of it, hold."""
    return [bytes.fromhex(fields[name]) for name in names]
