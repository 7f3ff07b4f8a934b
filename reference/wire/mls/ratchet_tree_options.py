"""Ways to hand over the ratchet tree and the GroupInfo (draft-mahy-mls-ratchet-tree-options-03)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, optional
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.tree import Node
from mimi_conformance.reference.wire.structure import Struct


class RatchetTreeRepresentation(Enumeration):
    """How the tree is handed over (ratchet-tree-options-03, section 3)."""

    full = 1
    https_uri = 2
    out_of_band = 3
    distribution_service = 4


_HTTPS_URI, _OUT_OF_BAND = RatchetTreeRepresentation.https_uri, RatchetTreeRepresentation.out_of_band


@dataclass(frozen=True, slots=True, kw_only=True)
class RatchetTreeOption(Struct):
    """The tree, or where to find it (ratchet-tree-options-03, section 3).

    `ratchet_tree` is the extension of RFC 9420, blanks included (AMB-200); `tree_signature` is not defined (AMB-201).
    """

    representation: RatchetTreeRepresentation
    ratchet_tree: Annotated[
        tuple[optional[Node], ...] | None, When("representation", RatchetTreeRepresentation.full)
    ] = None
    ratchet_tree_url: Annotated[opaque | None, When("representation", _HTTPS_URI)] = None
    tree_signature: Annotated[opaque | None, When("representation", _HTTPS_URI, _OUT_OF_BAND)] = None


@dataclass(frozen=True, slots=True)
class Domain(Struct):
    """A domain name (ratchet-tree-options-03, section 3.1)."""

    domain: opaque


@dataclass(frozen=True, slots=True)
class DomainList(Struct):
    """The `ratchet_tree_source_domains` extension (ratchet-tree-options-03, section 3.1)."""

    domains: tuple[Domain, ...]


class RatchetTreePresence(Enumeration):
    """Whether the GroupInfo has a `ratchet_tree` extension, and had one before (ratchet-tree-options-03, section 4)."""

    no_ratchet_tree = 0
    present = 1
    removed = 2
    added = 3


@dataclass(frozen=True, slots=True)
class PartialGroupInfo(Struct):
    """The parts of a GroupInfo that a server can't compute (ratchet-tree-options-03, section 4)."""

    ratchet_tree_presence: RatchetTreePresence
    group_info_extensions: tuple[Extension, ...]
    signature: opaque
