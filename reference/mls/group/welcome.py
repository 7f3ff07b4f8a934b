"""Welcome: how a Commit tells new members what they need, and how they join with it (RFC 9420, section 12.4.3.1)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, encrypt_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group import Group, Retention, group_in_epoch
from mimi_conformance.reference.mls.group.group_info import check_group_new, follow
from mimi_conformance.reference.mls.group.linked_groups import check_link, linking_psk
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.key_package import NewKeyPackage, key_package_ref
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.schedule.key_schedule import welcome_key, welcome_secret
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey, psk_secret
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, common_ancestor, leaf_index_of
from mimi_conformance.reference.mls.tree.treekem import TreeKEMPrivate
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.group import (
    EncryptedGroupSecrets,
    GroupInfo,
    GroupSecrets,
    PathSecret,
    Welcome,
)
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_LABEL = "Welcome"


class WelcomeRule(Rule):
    """What a new member checks of its Welcome, apart from the GroupInfo in it."""

    KEY_PACKAGE = RuleText("RFC 9420, section 12.4.3.1", "A Welcome has secrets for a KeyPackage of the new member.")
    CIPHER_SUITE = RuleText("RFC 9420, section 12.4.3.1", "A Welcome has the cipher suite of the KeyPackage.")
    GROUP_SECRETS = RuleText("RFC 9420, section 12.4.3.1", "The GroupSecrets decrypt with the KeyPackage's init key.")
    GROUP_INFO = RuleText("RFC 9420, section 12.4.3.1", "The GroupInfo decrypts with the key of the welcome_secret.")
    GROUP_CIPHER_SUITE = RuleText("RFC 9420, section 12.4.3.1", "The group has the cipher suite of the KeyPackage.")
    OWN_LEAF = RuleText("RFC 9420, section 12.4.3.1", "The LeafNode of the KeyPackage is in the tree.")
    CONFIRMATION_TAG = RuleText(
        "RFC 9420, section 12.4.3.1", "The confirmation tag is that of the epoch that the joiner_secret leads to."
    )


class WelcomeError(RuleError):
    """A Welcome breaks a `WelcomeRule`."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is told of a group.

    Attributes:
        key_package: the KeyPackage it was added with.
        path_secret: that of the lowest parent above both it and the committer; None when the Commit has no path.

    """

    key_package: KeyPackage
    path_secret: bytes | None


def make_welcome(
    group_info: GroupInfo,
    joiner_secret: bytes,
    psks: Sequence[PreSharedKey],
    newcomers: tuple[Newcomer, ...],
    random: Random,
) -> Welcome:
    """Make the Welcome for some or all of those that a Commit adds.

    Args:
        group_info: of the new epoch, with the extensions that newcomers need.
        joiner_secret: of the new epoch.
        psks: those that the Commit injects, in their order.
        newcomers: who is to read it.
        random: encrypts to each of them, in their order.

    Raises:
        PrimitiveError: the init key of a newcomer is none.

    """
    suite = group_info.group_context.cipher_suite
    key, nonce = _group_info_key(suite, joiner_secret, psks)
    encrypted_group_info = parameters(suite).aead.seal(key, nonce, b"", group_info.encode())
    ids = tuple(psk.id for psk in psks)

    def encrypted_to(newcomer: Newcomer) -> EncryptedGroupSecrets:
        path_secret = None if newcomer.path_secret is None else PathSecret(newcomer.path_secret)
        secrets = GroupSecrets(joiner_secret, path_secret, ids).encode()
        init_key = newcomer.key_package.init_key
        encrypted = encrypt_with_label(suite, init_key, _LABEL, encrypted_group_info, secrets, random=random)
        return EncryptedGroupSecrets(key_package_ref(newcomer.key_package), encrypted)

    return Welcome(suite, tuple(map(encrypted_to, newcomers)), encrypted_group_info)


def open_group_secrets(welcome: Welcome, own: NewKeyPackage) -> GroupSecrets:
    """What a Welcome tells the owner of a KeyPackage alone.

    Raises:
        WelcomeError: it tells it nothing, or nothing that can be read.

    """
    if welcome.cipher_suite != own.key_package.cipher_suite:
        raise WelcomeError(WelcomeRule.CIPHER_SUITE, welcome.cipher_suite)
    reference = key_package_ref(own.key_package)
    for entry in welcome.secrets:
        if entry.new_member == reference:
            break
    else:
        raise WelcomeError(WelcomeRule.KEY_PACKAGE, reference)
    try:
        secrets = decrypt_with_label(
            welcome.cipher_suite,
            own.init_private_key,
            _LABEL,
            welcome.encrypted_group_info,
            entry.encrypted_group_secrets,
        )
        return GroupSecrets.decode(secrets)
    except (PrimitiveError, DecodeError) as error:
        raise WelcomeError(WelcomeRule.GROUP_SECRETS, str(error)) from error


def open_group_info(welcome: Welcome, joiner_secret: bytes, psks: Sequence[PreSharedKey]) -> GroupInfo:
    """What a Welcome tells all its readers: the GroupInfo, whose signature has not been verified yet.

    Raises:
        WelcomeError: it can't be read.

    """
    key, nonce = _group_info_key(welcome.cipher_suite, joiner_secret, psks)
    try:
        group_info = parameters(welcome.cipher_suite).aead.open(key, nonce, b"", welcome.encrypted_group_info)
        return GroupInfo.decode(group_info)
    except (PrimitiveError, DecodeError) as error:
        raise WelcomeError(WelcomeRule.GROUP_INFO, str(error)) from error


def _group_info_key(suite: CipherSuite, joiner_secret: bytes, psks: Sequence[PreSharedKey]) -> tuple[bytes, bytes]:
    return welcome_key(suite, welcome_secret(suite, joiner_secret, psk_secret(suite, psks)))


def join(
    welcome: Welcome,
    own: NewKeyPackage,
    signature_private_key: bytes,
    application: Application,
    *,
    now: int | None,
    tree: wire.RatchetTree | None = None,
    psks: PreSharedKeys | None = None,
    predecessor: Group | None = None,
    current_groups: Container[bytes] = (),
    retention: Retention = Retention(),  # noqa: B008 - a frozen value
) -> Group:
    """Join a group with a Welcome.

    Args:
        welcome: the Welcome.
        own: the KeyPackage that it is for, and its private keys; neither is to be used again.
        signature_private_key: that of the KeyPackage's LeafNode.
        application: what the group is for.
        now: seconds of the Unix epoch; None to let the LeafNodes of members pass that have expired since they joined.
        tree: the ratchet tree, if it is not in the Welcome.
        psks: the pre-shared keys that the client has.
        predecessor: the group that this one continues, if it was reinitialized or branched.
        current_groups: the IDs of the groups that the client is in.
        retention: how much of the past is to be kept.

    Raises:
        RuleError: a rule is broken; the subclass and the rule say which.

    """
    group_secrets = open_group_secrets(welcome, own)
    link = linking_psk(group_secrets.psks)
    known = _with_predecessor(psks or PreSharedKeys(), predecessor)
    injected = known.look_up(group_secrets.psks)
    group_info = open_group_info(welcome, group_secrets.joiner_secret, injected)
    context = group_info.group_context
    if context.cipher_suite != own.key_package.cipher_suite:
        raise WelcomeError(WelcomeRule.GROUP_CIPHER_SUITE, context.cipher_suite)
    check_group_new(context, current_groups)
    public = follow(group_info, application, now, tree)
    private = TreeKEMPrivate.of_leaf(_own_leaf(public, own.key_package.leaf_node), own.encryption_private_key)
    if group_secrets.path_secret is not None:
        node = common_ancestor(private.leaf_index, group_info.signer)
        private, _ = private.with_path_secret(public.tree, node, group_secrets.path_secret.path_secret)
    secrets = NewSecrets.of_joiner(public.state, group_secrets.joiner_secret, injected, retention.ratchets)
    if not secrets.confirms(group_info.confirmation_tag):
        raise WelcomeError(WelcomeRule.CONFIRMATION_TAG, group_info.confirmation_tag)
    if link is not None:
        check_link(link, predecessor, public)
    return group_in_epoch(public, secrets, private, signature_private_key, psks=known, retention=retention)


def _own_leaf(public: PublicGroup, leaf_node: LeafNode) -> LeafIndex:
    for node in public.tree.signature_keys.nodes_with(leaf_node.signature_key):
        if public.tree.leaf(leaf_index_of(node)) == leaf_node:
            return leaf_index_of(node)
    raise WelcomeError(WelcomeRule.OWN_LEAF, leaf_node.signature_key)


def _with_predecessor(psks: PreSharedKeys, predecessor: Group | None) -> PreSharedKeys:
    if predecessor is None:
        return psks
    resumption = {**psks.resumption, **predecessor.psks.resumption}
    return replace(psks, resumption=MappingProxyType(resumption))
