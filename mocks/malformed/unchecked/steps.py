"""The steps at which objects are made, and the one thing that may be done otherwise."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from mimi_conformance.mocks.malformed.unchecked.makers import Maker
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal
from mimi_conformance.reference.wire.mls.framing import FramedContent, SenderData
from mimi_conformance.reference.wire.mls.group import GroupContext, GroupInfoTBS, GroupSecrets, Welcome
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.proposals import ProposalBody, ProposalOrRef
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreeOption
from mimi_conformance.reference.wire.mls.semi_private_message import SemiPrivateContentAAD
from mimi_conformance.reference.wire.mls.tree import RatchetTree, UpdatePathNode

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Step(Generic[T]):
    """A step at which a value is fixed; the text says which."""

    text: str


class PathSecrets(NamedTuple):
    """The secrets of an update path: the leaf's key pair, a path secret for each node, and the commit secret."""

    leaf: KeyPair
    nodes: tuple[bytes, ...]
    commit_secret: bytes


LEAF_NODE = Step[LeafNode]("a LeafNode, before it is signed")
LEAF_NODE_SIGNATURE = Step[bytes]("the signature of a LeafNode")
KEY_PACKAGE = Step[KeyPackage]("a KeyPackage, before it is signed")
KEY_PACKAGE_SIGNATURE = Step[bytes]("the signature of a KeyPackage")

PROPOSAL = Step[ProposalBody | None]("what a message proposes; None in a Commit, which may get one more by value")
PROPOSALS = Step[tuple[ListedProposal, ...]]("the proposals that a Commit covers")
PROPOSAL_ITEMS = Step[tuple[ProposalOrRef, ...]]("how a Commit names what it covers")
HAS_PATH = Step[bool]("whether a Commit has a path")
PATH_SECRETS = Step[PathSecrets]("the secrets of an update path")
PATH_KEYS = Step[tuple[bytes, ...]]("the public keys of an update path, one for each node")
TOLD_PATH_SECRETS = Step[tuple[bytes, ...]]("the path secrets that are encrypted, one for each node")
PATH_NODES = Step[tuple[UpdatePathNode, ...]]("the nodes of an update path")

CONTENT = Step[FramedContent]("the content of a message, before it is signed")
PUBLIC_CONTENT = Step[FramedContent]("the content of a PublicMessage, before it is signed")
PRIVATE_CONTENT = Step[FramedContent]("the content of an encrypted message, before it is signed")
SIGNATURE = Step[bytes]("the signature of a message")
CONFIRMATION_TAG = Step[bytes]("the confirmation tag of a Commit")
MEMBERSHIP_TAG = Step[bytes]("the membership tag of a PublicMessage")

PLAINTEXT = Step[bytes]("what the ciphertext of a message encrypts")
CIPHERTEXT = Step[bytes]("the ciphertext of a message")
SENDER_DATA = Step[SenderData]("the sender data of a message")
SENDER_DATA_PLAINTEXT = Step[bytes]("what the encrypted sender data of a message encrypts")
ENCRYPTED_SENDER_DATA = Step[bytes]("the encrypted sender data of a message")
PARTIAL_CONTEXT_HASH = Step[bytes]("the `partial_context_hash` of a SemiPrivateMessage")
SEMI_PRIVATE_HEADERS = Step[SemiPrivateContentAAD]("the headers of a SemiPrivateMessage, which its encryption covers")
RECEIVER_KEYS = Step[bytes]("what a SemiPrivateMessage encrypts to its external receivers")

TREE = Step[RatchetTree]("the ratchet tree in a GroupInfo")
GROUP_CONTEXT = Step[GroupContext]("the GroupContext in a GroupInfo")
GROUP_INFO_TAG = Step[bytes]("the confirmation tag in a GroupInfo")
GROUP_INFO = Step[GroupInfoTBS]("a GroupInfo, before it is signed")
GROUP_INFO_SIGNATURE = Step[bytes]("the signature of a GroupInfo or a PartialGroupInfo")
PARTIAL_GROUP_INFO = Step[PartialGroupInfo]("a PartialGroupInfo, before it is signed")
TREE_OPTION = Step[RatchetTreeOption]("a RatchetTreeOption")

GROUP_SECRETS = Step[GroupSecrets]("the GroupSecrets in a Welcome")
GROUP_SECRETS_PLAINTEXT = Step[bytes]("what a Welcome encrypts to one who is invited")
ENCRYPTED_GROUP_INFO = Step[bytes]("the encrypted GroupInfo in a Welcome")
WELCOME = Step[Welcome]("a Welcome")


@dataclass(frozen=True)
class Change(Generic[T]):
    """What is done otherwise.

    Attributes:
        step: at which step.
        to: what the value becomes, given the right one and whoever makes the object.

    """

    step: Step[T]
    to: Callable[[T, Maker], T]


class Making:
    """The making of one object.

    Attributes:
        maker: who makes it.
        changed: whether the step was taken at which something is to be done otherwise.

    """

    def __init__(self, maker: Maker, change: Change[Any] | None = None) -> None:
        self.maker = maker
        self.changed = False
        self._change = change

    def at(self, step: Step[T], value: T) -> T:
        """The value that is fixed at a step, when this one is right."""
        if self._change is None or self._change.step is not step:
            return value
        self.changed = True
        changed: T = self._change.to(value, self.maker)
        return changed
