"""The key schedule: from one epoch's secrets to the next one's (RFC 9420, section 8).

A commit leads to the next epoch step by step: `joiner_secret`, `epoch_secret`, `start_epoch`. Members take all steps;
new members are told the `joiner_secret` and take the others; the creator of a group draws the first `epoch_secret`.
What goes into a step is to be deleted after it, or once a Welcome is made of it.
"""

from dataclasses import dataclass

from mimi_conformance.reference.mls.crypto.aead import KeyAndNonce
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.crypto.labelled import derive_secret, expand_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.schedule.exporter_tree import ExporterTree
from mimi_conformance.reference.mls.schedule.ratchet import DEFAULT_LIMITS, RatchetLimits
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_EXTERNAL_INIT = b"MLS 1.0 external init secret"


def joiner_secret(cipher_suite: CipherSuite, init_secret: bytes, commit_secret: bytes, group_context: bytes) -> bytes:
    """The `joiner_secret`, which those whom a commit adds learn from their Welcome.

    Args:
        cipher_suite: of the group.
        init_secret: of the old epoch, or from an external commit's ExternalInit.
        commit_secret: of the commit; all zero when it has no path.
        group_context: the encoded GroupContext of the new epoch.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    kdf = parameters(cipher_suite).kdf
    extracted = kdf.extract(init_secret, commit_secret)
    return expand_with_label(cipher_suite, extracted, "joiner", group_context, kdf.size)


def welcome_secret(cipher_suite: CipherSuite, joiner_secret: bytes, psk_secret: bytes) -> bytes:
    """The `welcome_secret`, which encrypts the GroupInfo in a Welcome."""
    return derive_secret(cipher_suite, parameters(cipher_suite).kdf.extract(joiner_secret, psk_secret), "welcome")


def welcome_key(cipher_suite: CipherSuite, welcome_secret: bytes) -> KeyAndNonce:
    """The `welcome_key` and `welcome_nonce` (RFC 9420, section 12.4.3.1)."""
    aead = parameters(cipher_suite).aead
    return KeyAndNonce(
        expand_with_label(cipher_suite, welcome_secret, "key", b"", aead.key_size),
        expand_with_label(cipher_suite, welcome_secret, "nonce", b"", aead.nonce_size),
    )


def epoch_secret(cipher_suite: CipherSuite, joiner_secret: bytes, psk_secret: bytes, group_context: bytes) -> bytes:
    """The `epoch_secret`.

    Args:
        cipher_suite: of the group.
        joiner_secret: of the commit.
        psk_secret: of the commit's pre-shared keys.
        group_context: the encoded GroupContext of the new epoch.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    kdf = parameters(cipher_suite).kdf
    return expand_with_label(cipher_suite, kdf.extract(joiner_secret, psk_secret), "epoch", group_context, kdf.size)


@dataclass(frozen=True, slots=True, repr=False)
class EpochSecrets:
    """What a member knows while an epoch lasts (RFC 9420, section 8, table 4).

    Attributes:
        cipher_suite: of the group.
        init_secret: goes into the next epoch.
        sender_data_secret: hides who sends a PrivateMessage.
        exporter_secret: what `export` derives from.
        external_secret: the external key pair follows from it.
        confirmation_key: key of the confirmation tag.
        membership_key: key of the membership tags.
        resumption_psk: a pre-shared key for later.
        epoch_authenticator: equal at two members who see the group alike.

    """

    cipher_suite: CipherSuite
    init_secret: bytes
    sender_data_secret: bytes
    exporter_secret: bytes
    external_secret: bytes
    confirmation_key: bytes
    membership_key: bytes
    resumption_psk: bytes
    epoch_authenticator: bytes

    def external_key_pair(self) -> KeyPair:
        """The key pair of the whole group, to which an external commit encrypts; the public one is `external_pub`."""
        return parameters(self.cipher_suite).kem.derive_key_pair(self.external_secret)

    def external_init_secret(self, kem_output: bytes) -> bytes:
        """The `init_secret` of an external commit, from its ExternalInit (RFC 9420, section 8.3).

        Raises:
            PrimitiveError: the `kem_output` is none of the suite's KEM.

        """
        suite = parameters(self.cipher_suite)
        private_key = suite.kem.derive_private_key(self.external_secret)
        return suite.hpke.setup_receiver(kem_output, private_key, b"").export(_EXTERNAL_INIT, suite.kdf.size)

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """MLS-Exporter: ``length`` secret bytes for an application's purpose (RFC 9420, section 8.5).

        The same arguments give the same bytes as long as the epoch lasts; `ExporterTree` exports once.

        Raises:
            ValueError: the length is more than 255 times that of the KDF's secrets, which it can't give.

        """
        secret = derive_secret(self.cipher_suite, self.exporter_secret, label)
        context_hash = parameters(self.cipher_suite).digest(context)
        return expand_with_label(self.cipher_suite, secret, "exported", context_hash, length)


def start_epoch(
    cipher_suite: CipherSuite, epoch_secret: bytes, leaf_count: int, limits: RatchetLimits = DEFAULT_LIMITS
) -> tuple[EpochSecrets, SecretTree, ExporterTree]:
    """What follows from an `epoch_secret`: secrets for the whole epoch, and two trees of secrets that serve once.

    Args:
        cipher_suite: of the group.
        epoch_secret: of the epoch; for the first one of a group, fresh random bytes as long as the KDF's secrets.
        leaf_count: how many leaves the ratchet tree has, blank ones included.
        limits: how far from in order messages may arrive.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """

    def derived(label: str) -> bytes:
        return derive_secret(cipher_suite, epoch_secret, label)

    secrets = EpochSecrets(
        cipher_suite,
        init_secret=derived("init"),
        sender_data_secret=derived("sender data"),
        exporter_secret=derived("exporter"),
        external_secret=derived("external"),
        confirmation_key=derived("confirm"),
        membership_key=derived("membership"),
        resumption_psk=derived("resumption"),
        epoch_authenticator=derived("authentication"),
    )
    secret_tree = SecretTree.create(cipher_suite, derived("encryption"), leaf_count, limits)
    return secrets, secret_tree, ExporterTree.create(cipher_suite, derived("application_export"))


def confirmation_tag(cipher_suite: CipherSuite, confirmation_key: bytes, confirmed_transcript_hash: bytes) -> bytes:
    """The `confirmation_tag`: that whoever made it got to the same epoch (RFC 9420, section 6.1).

    Args:
        cipher_suite: of the group.
        confirmation_key: of the epoch that the commit begins.
        confirmed_transcript_hash: of the same epoch.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    return parameters(cipher_suite).mac(confirmation_key, confirmed_transcript_hash)


def verify_confirmation_tag(
    cipher_suite: CipherSuite, confirmation_key: bytes, confirmed_transcript_hash: bytes, tag: bytes
) -> bool:
    """Whether a `confirmation_tag` is the right one; arguments and errors are those of `confirmation_tag`."""
    return parameters(cipher_suite).verify_mac(confirmation_key, confirmed_transcript_hash, tag)


def new_external_init(cipher_suite: CipherSuite, external_pub: bytes, random: Random) -> tuple[bytes, bytes]:
    """The `kem_output` for an ExternalInit, and the `init_secret` that it tells the group (RFC 9420, section 8.3).

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        PrimitiveError: the `external_pub` is no public key of the suite's KEM.

    """
    suite = parameters(cipher_suite)
    kem_output, context = suite.hpke.setup_sender(external_pub, b"", random)
    return kem_output, context.export(_EXTERNAL_INIT, suite.kdf.size)
