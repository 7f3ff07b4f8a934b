"""The official vectors of Welcomes, and of clients that join a group and follow it."""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import verify_with_label
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_processing import ReceivedCommit, ReceivedProposal, process
from mimi_conformance.reference.mls.group.welcome import join, open_group_info, open_group_secrets
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.schedule.key_schedule import epoch_secret, start_epoch, verify_confirmation_tag
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.mls.schedule.psk import psk_secret
from mimi_conformance.reference.wire.mls.group import GroupInfoTBS
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from tests.mls.official_vectors import Kind, octets, official, suite_of


@official(Kind.WELCOME)
def test_welcomes_open_and_are_confirmed(vector):
    suite = suite_of(vector)
    init_private_key, signer_pub, key_package, welcome = octets(
        vector, "init_priv", "signer_pub", "key_package", "welcome"
    )
    own = NewKeyPackage(MLSMessage.decode(key_package).key_package, init_private_key, b"")
    message = MLSMessage.decode(welcome).welcome
    secrets = open_group_secrets(message, own)
    assert secrets.psks == ()
    group_info = open_group_info(message, secrets.joiner_secret, ())
    signed = GroupInfoTBS.taken_from(group_info).encode()
    assert verify_with_label(suite, signer_pub, "GroupInfoTBS", signed, group_info.signature)
    context = group_info.group_context
    secret = epoch_secret(suite, secrets.joiner_secret, psk_secret(suite, ()), context.encode())
    epoch, _, _ = start_epoch(suite, secret, 1)
    assert verify_confirmation_tag(
        suite, epoch.confirmation_key, context.confirmed_transcript_hash, group_info.confirmation_tag
    )


@official(Kind.PASSIVE_CLIENT)
def test_a_client_follows_its_group(vector):
    suite = parameters(suite_of(vector))
    own = own_key_package(vector)
    signature_private_key, welcome = octets(vector, "signature_priv", "welcome")
    leaf_node = own.key_package.leaf_node
    assert suite.signature.public_key(signature_private_key) == leaf_node.signature_key
    assert suite.kem.public_key(own.encryption_private_key) == leaf_node.encryption_key
    assert suite.kem.public_key(own.init_private_key) == own.key_package.init_key
    tree = vector["ratchet_tree"]
    group = join(
        MLSMessage.decode(welcome).welcome,
        own,
        signature_private_key,
        Application(),
        now=None,
        tree=None if tree is None else RatchetTree.decode(bytes.fromhex(tree)),
        psks=PreSharedKeys(external=dict(octets(psk, "psk_id", "psk") for psk in vector["external_psks"])),
    )
    assert group.epoch_authenticator.hex() == vector["initial_epoch_authenticator"]
    for epoch in vector["epochs"]:
        for proposal in epoch["proposals"]:
            received = process(group, MLSMessage.decode(bytes.fromhex(proposal)), None)
            assert isinstance(received, ReceivedProposal)
            group = received.group
        received = process(group, MLSMessage.decode(bytes.fromhex(epoch["commit"])), None)
        assert isinstance(received, ReceivedCommit)
        group = received.group
        assert group.epoch_authenticator.hex() == epoch["epoch_authenticator"]


def own_key_package(vector) -> NewKeyPackage:
    key_package, encryption_private_key, init_private_key = octets(
        vector, "key_package", "encryption_priv", "init_priv"
    )
    size = parameters(suite_of(vector)).kem.private_key_size
    return NewKeyPackage(
        MLSMessage.decode(key_package).key_package,
        init_private_key.rjust(size, b"\0"),  # some vectors leave out leading zeros
        encryption_private_key.rjust(size, b"\0"),
    )
