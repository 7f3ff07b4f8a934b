"""Violations of Welcomes, apart from the GroupInfo in them (RFC 9420, sections 11.2, 11.3 and 12.4.3.1)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Inviter, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import (
    ENCRYPTED_GROUP_INFO,
    GROUP_CONTEXT,
    GROUP_INFO_TAG,
    GROUP_SECRETS,
    GROUP_SECRETS_PLAINTEXT,
    TREE,
    WELCOME,
)
from mimi_conformance.mocks.malformed.violations.registry import NEWCOMER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped, other_suite
from mimi_conformance.reference.mls.group.linked_groups import LinkRule, linking_psk
from mimi_conformance.reference.mls.group.welcome import WelcomeRule
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeyRule, external_psk
from mimi_conformance.reference.mls.tree.tree_math import leaf_index_of, leaves_under, node_of
from mimi_conformance.reference.mls.tree.treekem import TreeKEMRule
from mimi_conformance.reference.wire.mls.group import (
    EncryptedGroupSecrets,
    GroupContext,
    GroupSecrets,
    PathSecret,
    Welcome,
)
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.mls.tree import RatchetTree


@violation(WelcomeRule.KEY_PACKAGE, at=WELCOME, seen_by=NEWCOMER)
def welcome_for_somebody_else(welcome: Welcome, _maker: Maker) -> Welcome:
    """A Welcome without secrets for a KeyPackage of its reader."""
    secrets = tuple(replace(entry, new_member=flipped(entry.new_member)) for entry in welcome.secrets)
    return replace(welcome, secrets=secrets)


@violation(WelcomeRule.CIPHER_SUITE, at=WELCOME, seen_by=NEWCOMER)
def welcome_of_another_cipher_suite(welcome: Welcome, _maker: Maker) -> Welcome:
    """A Welcome that says it is of another cipher suite than the KeyPackage that it is for."""
    return replace(welcome, cipher_suite=other_suite(welcome.cipher_suite))


@violation(WelcomeRule.GROUP_SECRETS, at=WELCOME, seen_by=NEWCOMER)
def group_secrets_that_do_not_decrypt(welcome: Welcome, _maker: Maker) -> Welcome:
    """A Welcome whose encrypted GroupSecrets somebody has changed."""

    def changed(entry: EncryptedGroupSecrets) -> EncryptedGroupSecrets:
        encrypted = entry.encrypted_group_secrets
        return replace(entry, encrypted_group_secrets=replace(encrypted, ciphertext=flipped(encrypted.ciphertext)))

    return replace(welcome, secrets=tuple(map(changed, welcome.secrets)))


@violation(WelcomeRule.GROUP_SECRETS, at=GROUP_SECRETS_PLAINTEXT, seen_by=NEWCOMER)
def group_secrets_that_are_none(encoded: bytes, _maker: Maker) -> bytes:
    """A Welcome that tells its reader something too long."""
    return encoded + b"\0"


@violation(WelcomeRule.GROUP_INFO, at=ENCRYPTED_GROUP_INFO, seen_by=NEWCOMER)
def group_info_that_does_not_decrypt(encrypted: bytes, _maker: Maker) -> bytes:
    """A Welcome whose encrypted GroupInfo is not encrypted with the key of its secrets."""
    return flipped(encrypted)


@violation(WelcomeRule.GROUP_CIPHER_SUITE, at=GROUP_CONTEXT, seen_by=NEWCOMER)
def welcome_to_a_group_of_another_cipher_suite(context: GroupContext, maker: Maker) -> GroupContext:
    """A Welcome to a group that says it is of another cipher suite than the Welcome."""
    _inviter(maker)
    return replace(context, cipher_suite=other_suite(context.cipher_suite))


@violation(WelcomeRule.OWN_LEAF, at=TREE, seen_by=NEWCOMER)
def welcome_to_a_tree_without_the_reader(tree: RatchetTree, maker: Maker) -> RatchetTree:
    """A Welcome to a group that has the leaf of somebody else where its reader should be."""
    own = _inviter(maker).invited.key_package
    _require_unmerged(tree, own.leaf_node)
    lifetime = own.leaf_node.lifetime
    assert lifetime is not None, "it is from a KeyPackage"
    somebody = create_key_package(
        own.cipher_suite,
        own.leaf_node.credential,
        maker.random(32),
        lifetime=lifetime,
        capabilities=own.leaf_node.capabilities,
        leaf_extensions=own.leaf_node.extensions,
        random=maker.random,
    ).key_package.leaf_node
    return RatchetTree(
        tuple(
            replace(node, leaf_node=somebody) if node and node.leaf_node == own.leaf_node else node
            for node in tree.nodes
        )
    )


@violation(WelcomeRule.CONFIRMATION_TAG, at=GROUP_INFO_TAG, seen_by=NEWCOMER)
def welcome_with_a_wrong_confirmation_tag(tag: bytes, maker: Maker) -> bytes:
    """A Welcome whose GroupInfo has a confirmation tag that doesn't follow from its secrets."""
    _inviter(maker)
    return flipped(tag)


@violation(TreeKEMRule.PUBLIC_KEYS, at=GROUP_SECRETS, seen_by=NEWCOMER)
def welcome_with_a_wrong_path_secret(secrets: GroupSecrets, _maker: Maker) -> GroupSecrets:
    """A Welcome with a path secret from which other keys follow than those in the tree."""
    if secrets.path_secret is None:
        raise CannotMakeError("The Commit has no path.")
    return replace(secrets, path_secret=PathSecret(flipped(secrets.path_secret.path_secret)))


@violation(PreSharedKeyRule.AVAILABLE, at=GROUP_SECRETS, seen_by=NEWCOMER)
def welcome_with_a_psk_that_nobody_has(secrets: GroupSecrets, maker: Maker) -> GroupSecrets:
    """A Welcome with a PSK that its reader doesn't have."""
    suite = _inviter(maker).invited.key_package.cipher_suite
    return replace(secrets, psks=(*secrets.psks, external_psk(suite, maker.random(16), maker.random)))


@violation(LinkRule.ALONE, at=GROUP_SECRETS, seen_by=NEWCOMER)
def welcome_linked_twice(secrets: GroupSecrets, _maker: Maker) -> GroupSecrets:
    """A Welcome to a group that is linked to another one by two PSKs."""
    link = _link(secrets)
    return replace(secrets, psks=(*secrets.psks, replace(link, psk_nonce=flipped(link.psk_nonce))))


@violation(LinkRule.REINIT_COMMITTED, at=GROUP_SECRETS, seen_by=NEWCOMER)
def welcome_linked_to_an_epoch_without_reinit(secrets: GroupSecrets, _maker: Maker) -> GroupSecrets:
    """A Welcome to a group that continues another one from before the epoch that its ReInit led to."""
    link = _link(secrets)
    earlier = replace(link, psk_epoch=(link.psk_epoch or 0) - 1)
    return replace(secrets, psks=tuple(earlier if psk is link else psk for psk in secrets.psks))


@violation(LinkRule.EPOCH, at=GROUP_CONTEXT, seen_by=NEWCOMER)
def welcome_to_a_later_epoch_of_a_linked_group(context: GroupContext, maker: Maker) -> GroupContext:
    """A Welcome to a group that continues another one, but not to its first common epoch."""
    _require_predecessor(maker)
    return replace(context, epoch=context.epoch + 1)


@violation(LinkRule.REINIT_PARAMETERS, at=GROUP_CONTEXT, seen_by=NEWCOMER)
def welcome_to_a_group_that_the_reinit_did_not_announce(context: GroupContext, maker: Maker) -> GroupContext:
    """A Welcome to a group that continues another one, with another extension than the ReInit says."""
    _require_predecessor(maker)
    more = Extension(ExtensionType.application_id, b"\0")
    return replace(context, extensions=(*context.extensions, more))


def _inviter(maker: Maker) -> Inviter:
    if not isinstance(maker, Inviter):
        raise CannotMakeError("Only the maker of a Welcome does this.")
    return maker


def _require_predecessor(maker: Maker) -> None:
    if not _inviter(maker).psks.resumption:
        raise CannotMakeError("The group continues no other one that its reader knows.")


def _require_unmerged(tree: RatchetTree, leaf_node: LeafNode) -> None:
    """Parent hashes cover a new leaf as soon as a path is above it."""
    leaves = {number for number, node in enumerate(tree.nodes) if node and node.leaf_node == leaf_node}
    for number, node in enumerate(tree.nodes):
        if node is not None and node.parent_node is not None:
            below = {leaf for leaf in leaves if leaf_index_of(leaf) in leaves_under(number)}
            if below - {node_of(leaf_index) for leaf_index in node.parent_node.unmerged_leaves}:
                raise CannotMakeError("The Commit has a path, which covers the leaf of its reader.")


def _link(secrets: GroupSecrets) -> PreSharedKeyID:
    link = linking_psk(secrets.psks)
    if link is None:
        raise CannotMakeError("The group continues no other one.")
    return link
