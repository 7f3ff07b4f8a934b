"""Welcomes: each way in which one can be wrong is refused by its name."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_info import GroupInfoRule, sign_group_info
from mimi_conformance.reference.mls.group.linked_groups import LinkRule, check_link, linking_psk
from mimi_conformance.reference.mls.group.welcome import WelcomeRule, open_group_info, open_group_secrets
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.schedule.key_schedule import welcome_key, welcome_secret
from mimi_conformance.reference.mls.schedule.pre_shared_keys import resumption_psk
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from mimi_conformance.reference.mls.tree.treekem import TreeKEMRule
from mimi_conformance.reference.wire.mls.group import EncryptedGroupSecrets, PathSecret, Welcome
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import Add, ReInit
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ExtensionType, ProtocolVersion
from tests.mls.group_examples import NOW, SUITE, Client, Room

OTHER_SUITE = CipherSuite.MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519


class Invitation:
    """Alice adds Carol to her group with Bob."""

    def __init__(self) -> None:
        self.carol = Client("carol")
        self.own = self.carol.key_package()
        self.alice, group = Room.of("alice", "bob").members["alice"]
        committed = commit(group, Covering((Add(self.own.key_package),)), now=NOW, random=self.alice.random)
        self.welcome, self.outcome = committed.welcome, committed.after
        self.secrets = open_group_secrets(self.welcome, self.own)
        self.group_info = open_group_info(self.welcome, self.secrets.joiner_secret, ())

    def join(self, welcome: Welcome, own=None, **how) -> Group:
        return self.carol.join(welcome, own or self.own, **how)

    def encrypted(self, group_info: bytes, secrets: bytes | None = None) -> Welcome:
        """A Welcome that holds anything."""
        key = welcome_key(SUITE, welcome_secret(SUITE, self.secrets.joiner_secret, bytes(32)))
        encrypted = parameters(SUITE).aead.seal(*key, b"", group_info)
        init_key = self.own.key_package.init_key
        to_carol = encrypt_with_label(
            SUITE, init_key, "Welcome", encrypted, secrets or self.secrets.encode(), random=self.alice.random
        )
        return Welcome(SUITE, (EncryptedGroupSecrets(self.welcome.secrets[0].new_member, to_carol),), encrypted)

    def with_group_info(self, **changes) -> Welcome:
        """The Welcome with another GroupInfo, signed by Alice."""
        info = replace(self.group_info, **changes)
        signed = sign_group_info(
            info.group_context, info.extensions, info.confirmation_tag, info.signer, self.alice.signature_private_key
        )
        return self.encrypted(signed.encode())

    def with_context(self, **changes) -> Welcome:
        return self.with_group_info(group_context=replace(self.group_info.group_context, **changes))


@pytest.fixture(scope="module")
def invitation() -> Invitation:
    return Invitation()


def check_refused(rule, join) -> None:
    with pytest.raises(RuleError) as refusal:
        join()
    assert refusal.value.rule is rule


def test_a_welcome_is_accepted_as_it_is_and_made_again(invitation):
    for welcome in (invitation.welcome, invitation.with_group_info(), Welcome.decode(invitation.welcome.encode())):
        assert invitation.join(welcome).epoch_authenticator == invitation.outcome.epoch_authenticator


def test_unknown_group_info_extensions_are_ignored(invitation):
    grease = Extension(ExtensionType(0x1A1A), b"ignored")
    assert invitation.join(invitation.with_group_info(extensions=(grease, *invitation.group_info.extensions)))


def test_a_welcome_for_somebody_else(invitation):
    own = invitation.carol.key_package()
    check_refused(WelcomeRule.KEY_PACKAGE, lambda: invitation.join(invitation.welcome, own))


def test_a_welcome_of_another_cipher_suite(invitation):
    welcome = replace(invitation.welcome, cipher_suite=OTHER_SUITE)
    check_refused(WelcomeRule.CIPHER_SUITE, lambda: invitation.join(welcome))


def test_a_group_of_another_cipher_suite_than_its_welcome(invitation):
    welcome = invitation.with_context(cipher_suite=OTHER_SUITE)
    check_refused(WelcomeRule.GROUP_CIPHER_SUITE, lambda: invitation.join(welcome))


def test_secrets_and_group_infos_that_do_not_decrypt_or_decode(invitation):
    entry = invitation.welcome.secrets[0]
    broken = replace(entry, encrypted_group_secrets=replace(entry.encrypted_group_secrets, ciphertext=bytes(80)))
    info = invitation.group_info.encode()
    for welcome, rule in (
        (replace(invitation.welcome, secrets=(broken,)), WelcomeRule.GROUP_SECRETS),
        (invitation.encrypted(info, b"nothing"), WelcomeRule.GROUP_SECRETS),
        (invitation.encrypted(info + b"\0"), WelcomeRule.GROUP_INFO),
        (
            invitation.encrypted(info, replace(invitation.secrets, joiner_secret=bytes(32)).encode()),
            WelcomeRule.GROUP_INFO,
        ),
    ):
        check_refused(rule, lambda welcome=welcome: invitation.join(welcome))


def test_a_welcome_to_a_group_that_the_client_is_in(invitation):
    check_refused(GroupInfoRule.GROUP_NEW, lambda: invitation.join(invitation.welcome, current_groups={b"group"}))


def test_a_group_without_the_new_member(invitation):
    bob = Room.of("alice", "bob").group("bob")
    other = invitation.with_group_info(
        extensions=(),
        group_context=replace(invitation.group_info.group_context, tree_hash=bob.public.tree.tree_hash),
    )
    tree = bob.public.tree.to_wire()
    check_refused(WelcomeRule.OWN_LEAF, lambda: invitation.join(other, tree=tree))


def test_a_group_info_without_tree_or_signature(invitation):
    no_tree = invitation.with_group_info(extensions=())
    check_refused(GroupInfoRule.TREE_AVAILABLE, lambda: invitation.join(no_tree))
    unsigned = invitation.encrypted(replace(invitation.group_info, signature=bytes(64)).encode())
    check_refused(GroupInfoRule.SIGNATURE, lambda: invitation.join(unsigned))


def test_a_group_with_extensions_that_the_new_member_does_not_support(invitation):
    welcome = invitation.with_context(extensions=(Extension(ExtensionType(0xF00D), b""),))
    check_refused(LeafNodeRule.GROUP_EXTENSIONS, lambda: invitation.join(welcome))


def test_a_wrong_path_secret_and_a_wrong_confirmation_tag(invitation):
    secrets = replace(invitation.secrets, path_secret=PathSecret(bytes(32)))
    welcome = invitation.encrypted(invitation.group_info.encode(), secrets.encode())
    check_refused(TreeKEMRule.PUBLIC_KEYS, lambda: invitation.join(welcome))
    welcome = invitation.with_group_info(confirmation_tag=bytes(32))
    check_refused(WelcomeRule.CONFIRMATION_TAG, lambda: invitation.join(welcome))


def test_one_psk_at_most_links_groups():
    link = [resumption_psk(SUITE, b"old", epoch, bytes, ResumptionPSKUsage.reinit) for epoch in (1, 2)]
    other = resumption_psk(SUITE, b"old", 1, bytes)
    assert linking_psk([other, link[0]]) is link[0]
    assert linking_psk([other]) is None
    check_refused(LinkRule.ALONE, lambda: linking_psk(link))


REINIT = ReInit(b"group", ProtocolVersion.mls10, SUITE, ())
SMALL, LARGE = Room.of("alice", "bob"), Room.of("alice", "bob", "carol")
"""Two groups in epoch 1 with the same ID, to be taken for predecessors of each other or of themselves."""


@pytest.mark.parametrize(
    ("rule", "old", "link_to", "new"),
    [
        (LinkRule.PREDECESSOR, (SMALL, REINIT), (b"other", 1), {}),
        (LinkRule.EPOCH, (SMALL, REINIT), (b"group", 1), {"epoch": 2}),
        (LinkRule.REINIT_COMMITTED, (SMALL, None), (b"group", 1), {}),
        (LinkRule.REINIT_COMMITTED, (SMALL, REINIT), (b"group", 0), {}),
        (LinkRule.REINIT_PARAMETERS, (SMALL, replace(REINIT, group_id=b"other")), (b"group", 1), {}),
        (LinkRule.REINIT_PARAMETERS, (SMALL, replace(REINIT, cipher_suite=OTHER_SUITE)), (b"group", 1), {}),
        (LinkRule.REINIT_MEMBERS, (LARGE, REINIT), (b"group", 1), {}),
        (None, (SMALL, REINIT), (b"group", 1), {}),
    ],
)
def test_a_reinitialized_group_is_as_announced(rule, old, link_to, new):
    link = resumption_psk(SUITE, *link_to, bytes, ResumptionPSKUsage.reinit)
    check_linked(rule, link, old, changed(SMALL, **new))


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (LinkRule.BRANCH_MEMBERS, SMALL, {}),
        (LinkRule.BRANCH_PARAMETERS, LARGE, {"cipher_suite": OTHER_SUITE}),
        (LinkRule.EPOCH, LARGE, {"epoch": 0}),
        (None, LARGE, {}),
    ],
)
def test_a_branch_is_a_subgroup_with_the_same_parameters(rule, old, new):
    link = resumption_psk(SUITE, b"group", 1, bytes, ResumptionPSKUsage.branch)
    check_linked(rule, link, (old, None), changed(LARGE, **new))


def changed(room, **changes):
    state = replace(room.server.state, context=replace(room.server.context, **changes))
    return replace(room.server, state=state)


def check_linked(rule, link, old, new) -> None:
    room, reinit = old
    predecessor = replace(room.group("alice"), public=replace(room.group("alice").public, reinit=reinit))
    if rule is None:
        check_link(link, predecessor, new)
    else:
        check_refused(rule, lambda: check_link(link, predecessor, new))
