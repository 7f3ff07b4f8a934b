"""What a member does with what it receives (RFC 9420, sections 12.1, 12.4.2 and 15)."""

from dataclasses import dataclass, replace
from functools import partial

from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.framing import private_message, semi_private_message
from mimi_conformance.reference.mls.framing.authenticated_content import proposal_ref
from mimi_conformance.reference.mls.framing.public_message import unprotect
from mimi_conformance.reference.mls.group.group import (
    Group,
    MemberStateError,
    MemberStateRule,
    group_in_epoch,
)
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets, joiner_secret_after, no_commit_secret
from mimi_conformance.reference.mls.group.senders import check_additional_data, member_key
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.mls.tree.treekem import TreeKEMPrivate, receive_update_path
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    PrivateMessage,
    PublicMessage,
    SenderType,
)
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.semi_private_message import SemiPrivateMessage


class ProcessingRule(Rule):
    """What a member checks of a message beyond what everybody can."""

    KIND = RuleText("RFC 9420, section 6", "What is processed is a message within a group.")
    NOT_OWN = RuleText("RFC 9420, section 12.4.2", "A member doesn't process its own Commit: it has the outcome.")
    CONFIRMATION_TAG = RuleText(
        "RFC 9420, section 12.4.2", "The confirmation tag of a Commit is that of the epoch that it leads to."
    )
    OWN_UPDATE = RuleText("RFC 9420, section 12.1.2", "A member has the private keys of its own Update.")
    EXTERNAL_INIT = RuleText("RFC 9420, section 12.1.6", "The kem_output of an ExternalInit is one of the suite's KEM.")


class ProcessingError(RuleError):
    """A message breaks a `ProcessingRule`."""


@dataclass(frozen=True, slots=True)
class ReceivedProposal:
    """A proposal came in.

    Attributes:
        group: the group in which a Commit may refer to it.
        content: the proposal as it was signed.
        reference: its ProposalRef.

    """

    group: Group
    content: AuthenticatedContent
    reference: ProposalRef


@dataclass(frozen=True, slots=True)
class ReceivedCommit:
    """A Commit came in.

    Attributes:
        group: the group in the new epoch; if the Commit removes this member, in the old one, as `Group.removed` says.
        staged: what the Commit changed.

    """

    group: Group
    staged: StagedCommit


@dataclass(frozen=True, slots=True)
class ReceivedApplicationData:
    """An application message came in.

    Attributes:
        group: the group in which the message's key is used up.
        data: what it says.
        authenticated_data: what came with it in the clear.
        sender: the leaf of the member that sent it, in the epoch in which it was sent.
        epoch: that epoch.

    """

    group: Group
    data: bytes
    authenticated_data: bytes
    sender: LeafIndex
    epoch: int


Received = ReceivedProposal | ReceivedCommit | ReceivedApplicationData

GroupMessage = PublicMessage | PrivateMessage | SemiPrivateMessage


def process(group: Group, message: MLSMessage | GroupMessage, now: int | None) -> Received:
    """Receive a message.

    Args:
        group: the group.
        message: the message.
        now: seconds of the Unix epoch; None to leave lifetimes unchecked, for messages that may be old.

    Raises:
        RuleError: a rule is broken; the subclass and the rule say which. The group is as it was.

    """
    framed = _framed(message)
    if isinstance(framed, PrivateMessage) and framed.content_type is ContentType.application:
        return _process_application_data(group, framed)
    group.check_in_use()
    content, group = _opened(group, framed)
    if content.content.content_type is ContentType.proposal:
        public = group.public.with_proposal(content, now)
        return ReceivedProposal(
            replace(group, public=public), content, proposal_ref(group.context.cipher_suite, content)
        )
    return _process_commit(group, content, now)


def _framed(message: MLSMessage | GroupMessage) -> GroupMessage:
    if not isinstance(message, MLSMessage):
        return message
    framed = message.public_message or message.private_message or message.semiprivate_message
    if framed is None:
        raise ProcessingError(ProcessingRule.KIND, message.wire_format)
    return framed


def _opened(group: Group, message: GroupMessage) -> tuple[AuthenticatedContent, Group]:
    """What a handshake of the present epoch says, and the group in which its key, if it has one, is used up."""
    epoch, secret_tree = group.keys.framing, group.keys.secret_tree
    if isinstance(message, PublicMessage):
        return unprotect(message, epoch, group.public.signature_key), group

    key_of = partial(member_key, group.keys.tree)
    if isinstance(message, PrivateMessage):
        content, secret_tree = private_message.unseal(message, epoch, secret_tree, key_of)
    else:
        content, secret_tree = semi_private_message.unseal(message, epoch, secret_tree, key_of)
    return content, group.with_secret_tree(secret_tree)


def _process_application_data(group: Group, message: PrivateMessage) -> ReceivedApplicationData:
    """RFC 9420, section 15: of the present epoch, or late."""
    by_epoch = {keys.framing.group_context.epoch: keys for keys in (*group.late, group.keys)}
    keys = by_epoch.get(message.epoch)
    if keys is None:
        raise MemberStateError(MemberStateRule.EPOCH_KEPT, message.epoch)
    key_of = partial(member_key, keys.tree)
    content, secret_tree = private_message.unseal(message, keys.framing, keys.secret_tree, key_of)
    check_additional_data(content.content.authenticated_data, safe=keys.safe_aad)
    framed = content.content
    assert framed.application_data is not None
    assert framed.sender.leaf_index is not None
    used = replace(keys, secret_tree=secret_tree)
    after = replace(
        group,
        keys=used if keys is group.keys else group.keys,
        late=tuple(used if kept is keys else kept for kept in group.late),
    )
    return ReceivedApplicationData(
        after, framed.application_data, framed.authenticated_data, framed.sender.leaf_index, framed.epoch
    )


def _process_commit(group: Group, content: AuthenticatedContent, now: int | None) -> ReceivedCommit:
    """RFC 9420, section 12.4.2, from the point where the Commit has been unprotected."""
    sender = content.content.sender
    if sender.sender_type is SenderType.member and sender.leaf_index == group.leaf_index:
        raise ProcessingError(ProcessingRule.NOT_OWN, sender.leaf_index)
    staged = group.public.staged(content, now)
    if group.leaf_index in staged.applied.removed:
        return ReceivedCommit(replace(group, removed=True), staged)
    psks = group.psks.look_up(staged.applied.psks)
    private, signature_private_key = _with_own_update(group, staged)
    if staged.path is None:
        private, commit_secret = private.kept_for(staged.group.tree), no_commit_secret(group.context.cipher_suite)
    else:
        received = receive_update_path(staged.path, private, staged.provisional_context)
        private, commit_secret = received.private, received.commit_secret
    joiner = joiner_secret_after(staged.group.state, _init_secret(group, staged), commit_secret)
    secrets = NewSecrets.of_joiner(staged.group.state, joiner, psks, group.retention.ratchets)
    if not secrets.confirms(staged.group.confirmation_tag):
        raise ProcessingError(ProcessingRule.CONFIRMATION_TAG, staged.group.confirmation_tag)
    after = group_in_epoch(
        staged.group,
        secrets,
        private,
        signature_private_key,
        psks=group.psks,
        retention=group.retention,
        late=(*group.late, group.keys),
    )
    return ReceivedCommit(after, staged)


def _with_own_update(group: Group, staged: StagedCommit) -> tuple[TreeKEMPrivate, bytes]:
    """The member's private keys of the tree and its signature key when its own Update, if there is one, is applied."""
    if group.leaf_index not in staged.applied.updated:
        return group.private, group.signature_private_key
    encryption_key = staged.applied.state.tree.member(group.leaf_index).encryption_key
    keys = group.updates.get(encryption_key)
    if keys is None:
        raise ProcessingError(ProcessingRule.OWN_UPDATE, encryption_key)
    return group.private.with_leaf_key(keys.encryption), keys.signature


def _init_secret(group: Group, staged: StagedCommit) -> bytes:
    """The `init_secret` that the next epoch follows from: this epoch's, or an external committer's."""
    external_init = staged.applied.external_init
    if external_init is None:
        return group.secrets.init_secret
    try:
        return group.secrets.external_init_secret(external_init.kem_output)
    except PrimitiveError as error:
        raise ProcessingError(ProcessingRule.EXTERNAL_INIT, str(error)) from error
