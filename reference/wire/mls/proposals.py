"""Proposals and commits (RFC 9420, sections 12.1 and 12.4; mls-extensions, sections 4.7, 4.8 and 6.3)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Among, Select, When, opaque, optional, uint32
from mimi_conformance.reference.wire.encodings import Enumerated
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppEphemeral
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProposalType, ProtocolVersion
from mimi_conformance.reference.wire.mls.tree import UpdatePath
from mimi_conformance.reference.wire.structure import Struct, struct_encoding


@dataclass(frozen=True, slots=True)
class Add(Struct):
    """Add a client (RFC 9420, section 12.1.1)."""

    key_package: KeyPackage


@dataclass(frozen=True, slots=True)
class Update(Struct):
    """Replace the sender's leaf (RFC 9420, section 12.1.2)."""

    leaf_node: LeafNode


@dataclass(frozen=True, slots=True)
class Remove(Struct):
    """Remove the member at a leaf (RFC 9420, section 12.1.3)."""

    removed: uint32


@dataclass(frozen=True, slots=True)
class PreSharedKey(Struct):
    """Mix in a pre-shared key (RFC 9420, section 12.1.4)."""

    psk: PreSharedKeyID


@dataclass(frozen=True, slots=True)
class ReInit(Struct):
    """Close the group and start it again with other parameters (RFC 9420, section 12.1.5)."""

    group_id: opaque
    version: ProtocolVersion
    cipher_suite: CipherSuite
    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class ExternalInit(Struct):
    """The secret of an external join (RFC 9420, section 12.1.6)."""

    kem_output: opaque


@dataclass(frozen=True, slots=True)
class GroupContextExtensions(Struct):
    """Replace the extensions of the GroupContext (RFC 9420, section 12.1.7)."""

    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class SelfRemove(Struct):
    """Remove the sender; takes no bytes (mls-extensions, section 6.3.1)."""


_BODIES: dict[ProposalType, type[Struct]] = {
    ProposalType.add: Add,
    ProposalType.update: Update,
    ProposalType.remove: Remove,
    ProposalType.psk: PreSharedKey,
    ProposalType.reinit: ReInit,
    ProposalType.external_init: ExternalInit,
    ProposalType.group_context_extensions: GroupContextExtensions,
    ProposalType.app_data_update: AppDataUpdate,
    ProposalType.app_ephemeral: AppEphemeral,
    ProposalType.self_remove: SelfRemove,
}

ProposalBody = (
    Add
    | Update
    | Remove
    | PreSharedKey
    | ReInit
    | ExternalInit
    | GroupContextExtensions
    | AppDataUpdate
    | AppEphemeral
    | SelfRemove
)


@dataclass(frozen=True, slots=True)
class Proposal(Struct):
    """A change to the group (RFC 9420, section 12.1).

    One of an unknown type can't be framed and is an error; `register_proposal` makes a type known.
    """

    proposal_type: Annotated[ProposalType, Among(*_BODIES)]
    body: Annotated[ProposalBody, Select("proposal_type", _BODIES)]

    @classmethod
    def of(cls, body: ProposalBody) -> "Proposal":
        """Return the proposal with this body."""
        return cls(next(kind for kind, structure in _BODIES.items() if structure is type(body)), body)


def register_proposal(proposal_type: ProposalType, structure: type[Struct]) -> None:
    """Let proposals of an application's own type be read and written, everywhere and from now on.

    Raises:
        ValueError: proposals of this type are known already.

    """
    if proposal_type in _BODIES:
        raise ValueError(f"A {proposal_type.name} proposal is a {_BODIES[proposal_type].__name__} already.")
    kind, body = struct_encoding(Proposal).fields
    assert isinstance(kind.encoding, Enumerated)
    assert body.arms is not None
    _BODIES[proposal_type] = structure
    kind.encoding.allow(proposal_type)
    body.arms[proposal_type] = struct_encoding(structure)


class ProposalOrRefType(Enumeration):
    """Whether a commit holds a proposal or points to it (RFC 9420, section 12.4)."""

    proposal = 1
    reference = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalOrRef(Struct):
    """A proposal in a commit, by value or by reference (RFC 9420, section 12.4)."""

    type: ProposalOrRefType
    proposal: Annotated[Proposal | None, When("type", ProposalOrRefType.proposal)] = None
    reference: Annotated[ProposalRef | None, When("type", ProposalOrRefType.reference)] = None


@dataclass(frozen=True, slots=True)
class Commit(Struct):
    """The proposals that make the next epoch, and the new path if there is one (RFC 9420, section 12.4)."""

    proposals: tuple[ProposalOrRef, ...]
    path: optional[UpdatePath] = None
