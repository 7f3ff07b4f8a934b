"""What MLS leaves to the application that uses a group: who is who, and what its proposals and components mean."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mimi_conformance.reference.mls.proposals.components import ComponentRegistry
from mimi_conformance.reference.mls.proposals.proposals import ProposalRegistry
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode

if TYPE_CHECKING:
    from mimi_conformance.reference.mls.group.staged_commit import StagedCommit


class AuthenticationService(ABC):
    """Says which credentials are to be believed (RFC 9420, section 5.3.1)."""

    @abstractmethod
    def accepts(self, credential: Credential, signature_key: bytes) -> bool:
        """Whether a credential's identifiers belong to the owner of a signature key."""

    @abstractmethod
    def accepts_successor(self, old: Credential, new: Credential) -> bool:
        """Whether a member that had one credential may have another."""


class EveryCredential(AuthenticationService):
    """Believes every credential, as tests and groups without an Authentication Service do."""

    def accepts(self, credential: Credential, signature_key: bytes) -> bool:  # noqa: ARG002
        """Yes."""
        return True

    def accepts_successor(self, old: Credential, new: Credential) -> bool:  # noqa: ARG002
        """Yes."""
        return True


@dataclass(frozen=True, slots=True)
class Application:
    """The application of a group.

    Attributes:
        proposals: the types of proposal that it uses.
        components: the components that it knows (mls-extensions, section 4).
        authentication: its Authentication Service.
        client_of: which client a LeafNode represents, so that none is in a group twice (RFC 9420, section 12.2); None
            for a leaf that is told from others by its signature key only, which always counts as well (AMB-215).
        accepts_new_member: whether a client may propose to add itself (RFC 9420, section 12.1.8).
        maximum_lifetime: how long a LeafNode from a KeyPackage may be valid in all, in seconds (section 7.2).
        commit_rules: further rules about Commits, which raise an error of their own (RFC 9420, section 12.2).
        dictionary_by_update_only: whether no GroupContextExtensions proposal may touch the `app_data_dictionary`, even
            where members need not know AppDataUpdate (mls-extensions, section 4.7; AMB-219).

    """

    proposals: ProposalRegistry = field(default_factory=ProposalRegistry)
    components: ComponentRegistry = field(default_factory=ComponentRegistry)
    authentication: AuthenticationService = field(default_factory=EveryCredential)
    client_of: Callable[[LeafNode], bytes | None] = lambda _leaf_node: None
    accepts_new_member: Callable[[KeyPackage], bool] = lambda _key_package: True
    maximum_lifetime: int = 2**64
    commit_rules: "tuple[Callable[[StagedCommit], None], ...]" = ()
    dictionary_by_update_only: bool = False
