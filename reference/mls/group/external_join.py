"""Joining a group without being added, by an external Commit (RFC 9420, section 12.4.3.2; mls-extensions, 6.3.1)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing.public_message import protect_from_outside
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.commit_creation import Committer, NewPath, build_commit
from mimi_conformance.reference.mls.group.commit_processing import covered_proposals
from mimi_conformance.reference.mls.group.group import Group, Retention, group_in_epoch
from mimi_conformance.reference.mls.group.group_framing import IN_PUBLIC, Framing
from mimi_conformance.reference.mls.group.group_info import check_group_new, external_pub, follow
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.schedule.key_schedule import new_external_init
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.framing import PublicMessage, Sender, SenderType
from mimi_conformance.reference.wire.mls.group import GroupInfo
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Commit,
    ExternalInit,
    Proposal,
    ProposalBody,
    ProposalOrRef,
    ProposalOrRefType,
    Remove,
)

_JOINER = Sender(sender_type=SenderType.new_member_commit)


@dataclass(frozen=True, slots=True)
class ExternalJoin:
    """What an external Commit is to do, besides bringing its sender in.

    Attributes:
        replaces: the leaf of an earlier appearance of the same client, which the Commit removes: a "resync".
        by_value: other proposals: PSKs, AppDataUpdates, AppEphemerals.
        self_removes: the pending SelfRemoves, all of which the Commit must cover.

    """

    replaces: LeafIndex | None = None
    by_value: tuple[ProposalBody, ...] = ()
    self_removes: Sequence[PublicMessage] = ()


@dataclass(frozen=True, slots=True)
class JoinedExternally:
    """An external Commit to send.

    Attributes:
        message: the message.
        group: the group in the new epoch, if the Commit turns out to be the one that counts.

    """

    message: MLSMessage
    group: Group


def join_externally(
    group_info: GroupInfo,
    template: LeafTemplate,
    signature_private_key: bytes,
    application: Application,
    *,
    now: int | None,
    random: Random,
    tree: wire.RatchetTree | None = None,
    what: ExternalJoin = ExternalJoin(),
    psks: PreSharedKeys | None = None,
    current_groups: Container[bytes] = (),
    retention: Retention = Retention(),  # noqa: B008 - a frozen value
    authenticated_data: bytes = b"",
) -> JoinedExternally:
    """Join a group by an external Commit.

    Args:
        group_info: the GroupInfo of the present epoch, with an `external_pub`.
        template: what the new member's LeafNode says.
        signature_private_key: that of its signature key.
        application: what the group is for.
        now: seconds of the Unix epoch; None to let the LeafNodes of members pass that have expired since they joined.
        random: encrypts the `init_secret`, then makes the path.
        tree: the ratchet tree, if it is not in the GroupInfo.
        what: what else the Commit is to do.
        psks: the pre-shared keys that the client has.
        current_groups: the IDs of the groups that the client is in; without this one if it joins it again.
        retention: how much of the past is to be kept.
        authenticated_data: what goes with the Commit; a SafeAAD where the group has `safe_aad`.

    Raises:
        RuleError: a rule is broken; the subclass and the rule say which.
        PrimitiveError: a key of the group is none.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    check_group_new(group_info.group_context, current_groups)
    public = follow(group_info, application, now, tree)
    suite = public.context.cipher_suite
    for message in what.self_removes:
        public = public.process_proposal(message, now)
    kem_output, init_secret = new_external_init(suite, external_pub(group_info), random)
    listed = covered_proposals(Commit(_items(public, ExternalInit(kem_output), what)), _JOINER, public.pending)
    applied = public.apply(listed, now)
    known = psks or PreSharedKeys()
    leaf_node = template.leaf_node(parameters(suite).signature.public_key(signature_private_key))
    built = build_commit(
        public,
        applied,
        Committer(_JOINER, signature_private_key, init_secret, known.look_up(applied.psks)),
        NewPath(leaf_node, signature_private_key),
        framing=Framing(IN_PUBLIC.wire_format, authenticated_data),
        limits=retention.ratchets,
        random=random,
    )
    assert built.path is not None
    group = group_in_epoch(
        built.staged.group, built.secrets, built.path.private, signature_private_key, psks=known, retention=retention
    )
    return JoinedExternally(MLSMessage.of(protect_from_outside(built.staged.content)), group)


def _items(public: PublicGroup, external_init: ExternalInit, what: ExternalJoin) -> tuple[ProposalOrRef, ...]:
    resync = () if what.replaces is None else (Remove(what.replaces),)
    return (
        *(
            ProposalOrRef(type=ProposalOrRefType.proposal, proposal=Proposal.of(body))
            for body in (external_init, *resync, *what.by_value)
        ),
        *(ProposalOrRef(type=ProposalOrRefType.reference, reference=reference) for reference in public.pending),
    )
