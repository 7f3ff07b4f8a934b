"""What becomes of an object in each view: members, a server, external receivers, newcomers."""

from collections.abc import Callable
from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import Insider
from mimi_conformance.mocks.malformed.unchecked.remake import remake
from mimi_conformance.mocks.malformed.unchecked.steps import PROPOSAL, PROPOSALS, Change, Making
from mimi_conformance.mocks.malformed.violations.registry import View
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import commit
from mimi_conformance.reference.mls.group.group_info import rebuilt_group_info
from mimi_conformance.reference.mls.group.group_processing import ReceivedProposal, process
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal
from mimi_conformance.reference.mls.rules import Rule, RuleError
from mimi_conformance.reference.mls.tree.ratchet_tree_options import tree_url
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreeOption
from tests.malformed.stage import Scene
from tests.mls.group_examples import NOW, Client
from tests.mls.served import served

Verdicts = dict[View, Rule | None]
"""The rule for which each view refuses an object; None where it accepts it."""


def refusal(attempt: Callable[[], object]) -> Rule | None:
    """The rule for which something is refused; None when it isn't."""
    try:
        attempt()
    except RuleError as error:
        return error.rule
    return None


def verdicts(scene: Scene, made: object) -> Verdicts:
    match made:
        case KeyPackage():
            return _of_message(scene, _committing(scene, Change(PROPOSAL, lambda _body, _maker: Add(made))))
        case PartialGroupInfo():
            return {View.SERVER: refusal(lambda: rebuilt_group_info(scene.server, made, tree_before=False))}
        case RatchetTreeOption():
            extensions = scene.maker.public.context.extensions
            return {View.NEWCOMER: refusal(lambda: tree_url(made, extensions))}
        case GroupInfo() | Welcome():
            decoded = type(made).decode(made.encode())
            return {View.NEWCOMER: refusal(lambda: scene.newcomer(decoded))}
        case MLSMessage():
            return _of_message(scene, made)
    raise TypeError(made)


def _of_message(scene: Scene, message: MLSMessage) -> Verdicts:
    message = MLSMessage.decode(message.encode())
    found: Verdicts = {View.MEMBER: refusal(lambda: process(scene.reader, message, NOW))}
    if scene.server is not None:
        found[View.SERVER] = refusal(lambda: served(scene.server, message, NOW))
    if set(found.values()) == {None}:
        received = process(scene.reader, message, NOW)
        if isinstance(received, ReceivedProposal):
            server = None if scene.server is None else served(scene.server, message, NOW)
            after = replace(scene, reader=received.group, server=server)
            return _of_message(after, _committing(scene, _covering(received)))
    return found


def _committing(scene: Scene, change: Change) -> MLSMessage:
    """A Commit of another member than the reader, by somebody who doesn't mind what it covers."""
    valid = commit(scene.committer, now=NOW, random=Client("heidi commits").random).message
    return remake(valid, Making(Insider.of(scene.committer, Client("heidi forges").random), change))


def _covering(received: ReceivedProposal) -> Change:
    content = received.content.content
    item = ListedProposal(0, content.proposal, content.sender, received.reference)
    return Change(PROPOSALS, lambda _listed, _maker: (item,))


def group_after(scene: Scene) -> Group:
    """The reader's group when it has accepted the valid message."""
    return process(scene.reader, scene.subject, NOW).group
