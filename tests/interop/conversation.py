"""A group whose members live in different implementations, and what must hold in it after every epoch."""

from collections.abc import Sequence
from dataclasses import replace

from tests.interop.peers import Client, Json, add

LABELS = (("interop", b"", 32), ("another label", b"with a context", 64), ("", b"", 1))
"""What every member exports in every epoch: label, context, length."""


class Conversation:
    """A group, and the delivery service between its members.

    Args:
        creator: who creates the group.
        extensions: of its GroupContext.

    """

    def __init__(self, creator: Client, extensions: Sequence[tuple[int, bytes]] = ()) -> None:
        creator.create(b"a conversation", extensions)
        self.members = [creator]
        self.observers: list[Client] = []
        self.agree()

    def add(self, by: Client, *joiners: Client, public: bool = False, path: bool = False, tree: bool = True) -> None:
        """Add clients by one commit; without `tree` they get the tree beside the Welcome."""
        self.commit(
            by, *(add(joiner.key_package()) for joiner in joiners), joiners=joiners, public=public, path=path, tree=tree
        )

    def commit(
        self,
        by: Client,
        *proposals: Json,
        joiners: Sequence[Client] = (),
        leavers: Sequence[Client] = (),
        public: bool = False,
        path: bool = False,
        tree: bool = True,
    ) -> None:
        """Commit to proposals, and to those that were sent before; deliver the commit and the Welcome."""
        commit = by.commit(proposals, public=public, path=path, tree=tree)
        self._deliver(by, commit.commit)
        self._part_from(leavers)
        for joiner in joiners:
            assert commit.welcome is not None
            joiner.join(commit.welcome, None if tree else by.tree())
            self.members.append(joiner)
        self.agree()

    def join_externally(
        self,
        joiner: Client,
        by: Client,
        *,
        tree: bool = True,
        self_removes: Sequence[bytes] = (),
        leavers: Sequence[Client] = (),
    ) -> None:
        """Let a client in by an external commit to the GroupInfo of a member."""
        message = joiner.external_join(by.group_info(tree=tree), None if tree else by.tree(), self_removes=self_removes)
        self._deliver(joiner, message)
        self._part_from(leavers)
        self.members.append(joiner)
        self.agree()

    def come_back(self, joiner: Client, by: Client) -> None:
        """Let a member that lost its state back in by an external commit that removes its old leaf."""
        self.members.remove(joiner)
        self._deliver(joiner, joiner.external_join(by.group_info(), resync=True))
        self.members.append(joiner)
        self.agree()

    def propose(self, by: Client, proposal: Json, *, public: bool = False) -> bytes:
        """Send a proposal to everybody, and return the message."""
        message = by.propose(proposal, public=public)
        self._deliver(by, message)
        return message

    def watch(self, observer: Client, by: Client, *, tree: bool = True) -> None:
        """Let a client without secrets follow the group, from here on; only public messages work then."""
        observer.observe(by.group_info(tree=tree), None if tree else by.tree())
        self.observers.append(observer)
        self.agree()

    def talk(self) -> None:
        """Let everybody send a message that everybody else reads."""
        for sender in self.members:
            said = f"{sender.name} was here".encode()
            message = sender.send(said)
            for reader in self.members:
                if reader is not sender:
                    assert reader.read(message) == said

    def agree(self) -> None:
        """Check that all members have the same state and exporter values, and observers the same public state."""
        first, *others = self.members
        state = first.state()
        exported = [first.export(*label) for label in LABELS]
        for member in others:
            assert member.state() == state
            assert [member.export(*label) for label in LABELS] == exported
        for observer in self.observers:
            assert observer.state() == replace(state, epoch_authenticator=None)

    def _part_from(self, leavers: Sequence[Client]) -> None:
        for leaver in leavers:
            self.members.remove(leaver)
            assert not leaver.is_active()

    def _deliver(self, sender: Client, message: bytes) -> None:
        for receiver in (*self.members, *self.observers):
            if receiver is not sender:
                receiver.process(message)
