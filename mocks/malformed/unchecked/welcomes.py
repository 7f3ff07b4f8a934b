"""Welcomes (RFC 9420, section 12.4.3.1)."""

from mimi_conformance.mocks.malformed.unchecked.group_infos import make_group_info
from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Inviter
from mimi_conformance.mocks.malformed.unchecked.steps import (
    ENCRYPTED_GROUP_INFO,
    GROUP_SECRETS,
    GROUP_SECRETS_PLAINTEXT,
    WELCOME,
    Making,
)
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label
from mimi_conformance.reference.mls.group.welcome import open_group_info, open_group_secrets
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.mls.schedule.key_schedule import (
    confirmation_tag,
    epoch_secret,
    start_epoch,
    welcome_key,
    welcome_secret,
)
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey, psk_secret
from mimi_conformance.reference.wire.mls.group import EncryptedGroupSecrets, GroupContext, Welcome


def make_welcome(making: Making, welcome: Welcome) -> Welcome:
    """Make a Welcome that tells its maker's one reader what another one tells it.

    Raises:
        CannotMakeError: the maker is no `Inviter`.
        RuleError: the other Welcome can't be read.

    """
    maker = making.maker
    if not isinstance(maker, Inviter):
        raise CannotMakeError("Making a Welcome again takes the keys of one who is invited.")
    secrets = open_group_secrets(welcome, maker.invited)
    group_info = open_group_info(welcome, secrets.joiner_secret, maker.psks.look_up(secrets.psks))
    secrets = making.at(GROUP_SECRETS, secrets)
    suite = welcome.cipher_suite
    injected = tuple(PreSharedKey(psk, maker.psks.find(psk) or b"nobody's") for psk in secrets.psks)
    of_psks = psk_secret(suite, injected)

    def tag_of(context: GroupContext) -> bytes:
        secret = epoch_secret(suite, secrets.joiner_secret, of_psks, context.encode())
        epoch, _, _ = start_epoch(suite, secret, leaf_count=1)
        return confirmation_tag(suite, epoch.confirmation_key, context.confirmed_transcript_hash)

    group_info = make_group_info(making, group_info, tag_of)
    key, nonce = welcome_key(suite, welcome_secret(suite, secrets.joiner_secret, of_psks))
    encrypted_group_info = making.at(
        ENCRYPTED_GROUP_INFO, parameters(suite).aead.seal(key, nonce, b"", group_info.encode())
    )
    encrypted_secrets = encrypt_with_label(
        suite,
        maker.invited.key_package.init_key,
        "Welcome",
        encrypted_group_info,
        making.at(GROUP_SECRETS_PLAINTEXT, secrets.encode()),
        random=maker.random,
    )
    entry = EncryptedGroupSecrets(key_package_ref(maker.invited.key_package), encrypted_secrets)
    return making.at(WELCOME, Welcome(suite, (entry,), encrypted_group_info))
