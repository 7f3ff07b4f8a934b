"""The IANA registries of MLS, with what the MIMI drafts add (RFC 9420, section 17; mls-extensions, section 7).

Values that nobody has named, GREASE among them, are kept: a list of capabilities is there to hold them.
"""

from mimi_conformance.reference.wire.enumerations import Registry


class ProtocolVersion(Registry):
    """The version of MLS (RFC 9420, section 6); later ones can stand in a list of capabilities."""

    mls10 = 1


class CipherSuite(Registry):
    """A cipher suite (RFC 9420, section 17.1)."""

    MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519 = 0x0001
    MLS_128_DHKEMP256_AES128GCM_SHA256_P256 = 0x0002
    MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519 = 0x0003
    MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448 = 0x0004
    MLS_256_DHKEMP521_AES256GCM_SHA512_P521 = 0x0005
    MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448 = 0x0006
    MLS_256_DHKEMP384_AES256GCM_SHA384_P384 = 0x0007


class WireFormat(Registry):
    """What an MLSMessage holds (RFC 9420, section 17.2).

    `mls_semiprivate_message` has no value in its draft (AMB-174): the one here is for private use.
    """

    mls_public_message = 0x0001
    mls_private_message = 0x0002
    mls_welcome = 0x0003
    mls_group_info = 0x0004
    mls_key_package = 0x0005
    mls_semiprivate_message = 0xF001


class ExtensionType(Registry):
    """What an Extension holds (RFC 9420, section 17.3; mls-extensions, section 7.1; ratchet-tree-options, section 6.1).

    `ratchet_tree_source_domains` has no value in its draft (AMB-174): the one here is for private use.
    """

    application_id = 0x0001
    ratchet_tree = 0x0002
    required_capabilities = 0x0003
    external_pub = 0x0004
    external_senders = 0x0005
    app_data_dictionary = 0x0006
    supported_wire_formats = 0x0007
    required_wire_formats = 0x0008
    ratchet_tree_source_domains = 0xF001


class ProposalType(Registry):
    """What a Proposal proposes (RFC 9420, section 17.4; mls-extensions, section 7.2)."""

    add = 0x0001
    update = 0x0002
    remove = 0x0003
    psk = 0x0004
    reinit = 0x0005
    external_init = 0x0006
    group_context_extensions = 0x0007
    app_data_update = 0x0008
    app_ephemeral = 0x0009
    self_remove = 0x000A


class CredentialType(Registry):
    """What a Credential holds (RFC 9420, section 17.5; mls-extensions, section 7.3; mimi-protocol-06, section 6.1).

    `pseudonymous` has no value in its draft (AMB-132): the one here is for private use.
    """

    basic = 0x0001
    x509 = 0x0002
    multi = 0x0003
    weak_multi = 0x0004
    pseudonymous = 0xF001
