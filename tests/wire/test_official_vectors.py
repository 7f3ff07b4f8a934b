"""Everything encoded in the official MLS test vectors decodes and encodes back to the same bytes.

The vectors' folder is the environment's MIMI_MLS_VECTORS, or `shared/mls-vectors` beside the checkout. What a file is
follows from its fields, as the vectors' FORMAT.md describes them.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mimi_conformance.reference.wire import Struct
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent
from mimi_conformance.reference.wire.mls.group import GroupContext, GroupSecrets
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
)
from mimi_conformance.reference.wire.mls.tree import RatchetTree, UpdatePath
from mimi_conformance.reference.wire.varint import read_length, write_length

FOLDER = Path(os.environ.get("MIMI_MLS_VECTORS", Path(__file__).parents[3] / "shared" / "mls-vectors"))
if not FOLDER.is_dir():
    pytest.skip(
        f"the official MLS vectors are not in {FOLDER}: set MIMI_MLS_VECTORS to their folder", allow_module_level=True
    )

# The fields that tell a kind of vector from the others, and what is encoded in its fields.
KINDS: dict[frozenset[str], dict[str, type[Struct]]] = {
    frozenset({"mls_welcome", "group_secrets"}): {
        "mls_welcome": MLSMessage,
        "mls_group_info": MLSMessage,
        "mls_key_package": MLSMessage,
        "ratchet_tree": RatchetTree,
        "group_secrets": GroupSecrets,
        "add_proposal": Add,
        "update_proposal": Update,
        "remove_proposal": Remove,
        "pre_shared_key_proposal": PreSharedKey,
        "re_init_proposal": ReInit,
        "external_init_proposal": ExternalInit,
        "group_context_extensions_proposal": GroupContextExtensions,
        "commit": Commit,
        "public_message_application": MLSMessage,
        "public_message_proposal": MLSMessage,
        "public_message_commit": MLSMessage,
        "private_message": MLSMessage,
    },
    frozenset({"initial_epoch_authenticator"}): {
        "key_package": MLSMessage,
        "welcome": MLSMessage,
        "ratchet_tree": RatchetTree,
        "proposals": MLSMessage,
        "commit": MLSMessage,
    },
    frozenset({"tree", "tree_hashes"}): {"tree": RatchetTree},
    frozenset({"tree_before", "tree_after"}): {
        "proposal": Proposal,
        "tree_before": RatchetTree,
        "tree_after": RatchetTree,
    },
    frozenset({"ratchet_tree", "update_paths"}): {"ratchet_tree": RatchetTree, "update_path": UpdatePath},
    frozenset({"membership_key", "proposal_pub"}): {
        "proposal": Proposal,
        "proposal_pub": MLSMessage,
        "proposal_priv": MLSMessage,
        "commit": Commit,
        "commit_pub": MLSMessage,
        "commit_priv": MLSMessage,
        "application_priv": MLSMessage,
    },
    frozenset({"authenticated_content"}): {"authenticated_content": AuthenticatedContent},
    frozenset({"signer_pub", "welcome"}): {"key_package": MLSMessage, "welcome": MLSMessage},
    frozenset({"initial_init_secret", "epochs"}): {"group_context": GroupContext},
}


def encoded(vector: Any, structures: dict[str, type[Struct]]) -> Iterator[tuple[type[Struct], bytes]]:
    """Yield what is encoded anywhere in a vector, and as which structure."""
    if isinstance(vector, list):
        for item in vector:
            yield from encoded(item, structures)
    elif isinstance(vector, dict):
        for name, value in vector.items():
            for text in value if isinstance(value, list) else [value]:
                if name in structures and isinstance(text, str):
                    yield structures[name], bytes.fromhex(text)
                else:
                    yield from encoded(text, structures)


def vector_files() -> list[Path]:
    """Return the files whose vectors hold encoded structures."""
    return [path for path in sorted(FOLDER.rglob("*.json")) if structures_of(json.loads(path.read_text())[0])]


def structures_of(vector: dict[str, Any]) -> dict[str, type[Struct]]:
    """Return which fields of a vector of this kind are encoded structures."""
    return next((found for fields, found in KINDS.items() if fields <= vector.keys()), {})


@pytest.mark.parametrize("path", vector_files(), ids=lambda path: path.stem)
def test_every_structure_encodes_back_to_the_same_bytes(path: Path) -> None:
    vectors = json.loads(path.read_text())
    found = 0
    for structure, data in encoded(vectors, structures_of(vectors[0])):
        value = structure.decode(data)
        assert value.encode() == data
        found += 1
    assert found >= len(vectors)


def test_every_kind_of_vector_was_found() -> None:
    """A renamed field would otherwise leave its vectors unread."""
    kinds = [frozenset(structures_of(json.loads(path.read_text())[0])) for path in vector_files()]
    assert {frozenset(found) for found in KINDS.values()} == set(kinds)


def test_vector_lengths_are_those_of_the_vectors() -> None:
    path = next(path for path in FOLDER.rglob("*.json") if "vlbytes_header" in json.loads(path.read_text())[0])
    for vector in json.loads(path.read_text()):
        header, length = bytes.fromhex(vector["vlbytes_header"]), vector["length"]
        assert read_length(header, 0, len(header) + length) == (length, len(header))
        assert write_length(length) == header
