"""What the engine has to know about each type of proposal (RFC 9420, sections 12.1 and 17.4).

The registry is open: an application adds a `ProposalKind` of its own, and the rules about lists of proposals treat it
as they treat those of RFC 9420 and of mls-extensions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType

from mimi_conformance.reference.wire.mls.framing import Sender
from mimi_conformance.reference.wire.mls.proposals import Proposal, ProposalBody
from mimi_conformance.reference.wire.mls.registries import ProposalType


class InExternalCommit(Enum):
    """How an external Commit may contain proposals of a type (RFC 9420, section 12.2)."""

    NEVER = auto()
    BY_VALUE = auto()
    BY_REFERENCE = auto()


@dataclass(frozen=True, slots=True)
class ProposalKind:
    """A type of proposal.

    Attributes:
        proposal_type: its number.
        default: whether every client knows it, so that capabilities don't list it (RFC 9420, section 7.2).
        from_external_sender: whether an external sender may propose it: "Ext" in the registry.
        path_required: whether a Commit that covers it needs a path (RFC 9420, section 12.4; AMB-214).
        in_external_commit: how it may appear in an external Commit.
        by_reference_only: whether no Commit may contain it by value.
        objection: what is wrong with such a proposal, by itself, from this sender; None when it is valid. For the
            types of an application; those of RFC 9420 and mls-extensions have named rules instead.

    """

    proposal_type: ProposalType
    default: bool = False
    from_external_sender: bool = False
    path_required: bool = True
    in_external_commit: InExternalCommit = InExternalCommit.NEVER
    by_reference_only: bool = False
    objection: Callable[[ProposalBody, Sender], str | None] = lambda _body, _sender: None


@dataclass(frozen=True, slots=True)
class ProposalRegistry:
    """The types of proposal that an application uses."""

    kinds: Mapping[ProposalType, ProposalKind] = field(default_factory=lambda: _mapping(_KINDS))

    def kind_of(self, proposal: Proposal) -> ProposalKind | None:
        """The kind of a proposal; None when the application doesn't use such proposals."""
        return self.kinds.get(proposal.proposal_type)

    def with_kinds(self, *kinds: ProposalKind) -> "ProposalRegistry":
        """The same registry with more kinds, or with others in place of those with the same numbers."""
        return ProposalRegistry(_mapping((*self.kinds.values(), *kinds)))


def _mapping(kinds: Iterable[ProposalKind]) -> Mapping[ProposalType, ProposalKind]:
    return MappingProxyType({kind.proposal_type: kind for kind in kinds})


_BY_VALUE = InExternalCommit.BY_VALUE

_KINDS: tuple[ProposalKind, ...] = (
    ProposalKind(ProposalType.add, default=True, from_external_sender=True, path_required=False),
    ProposalKind(ProposalType.update, default=True),
    ProposalKind(ProposalType.remove, default=True, from_external_sender=True, in_external_commit=_BY_VALUE),
    ProposalKind(
        ProposalType.psk,
        default=True,
        from_external_sender=True,
        path_required=False,
        in_external_commit=_BY_VALUE,
    ),
    ProposalKind(ProposalType.reinit, default=True, from_external_sender=True, path_required=False),
    ProposalKind(ProposalType.external_init, default=True, in_external_commit=_BY_VALUE),
    ProposalKind(ProposalType.group_context_extensions, default=True, from_external_sender=True),
    ProposalKind(
        ProposalType.app_data_update, from_external_sender=True, path_required=False, in_external_commit=_BY_VALUE
    ),
    ProposalKind(
        ProposalType.app_ephemeral, from_external_sender=True, path_required=False, in_external_commit=_BY_VALUE
    ),
    ProposalKind(ProposalType.self_remove, in_external_commit=InExternalCommit.BY_REFERENCE, by_reference_only=True),
)
"""RFC 9420, section 17.4, and mls-extensions, sections 4.7, 4.8, 6.3.1 and 7.2."""

DEFAULT_PROPOSAL_TYPES = frozenset(kind.proposal_type for kind in _KINDS if kind.default)
"""The types that every client knows (RFC 9420, section 7.2)."""
