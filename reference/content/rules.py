"""What makes a message well made, one name per check, and the error that says which check failed."""

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText

DRAFT = "mimi-content-08"


class EncodingRule(Rule):
    """What every CBOR item of a message keeps to."""

    WELL_FORMED = RuleText("RFC 8949, section 3", "The bytes are a well-formed CBOR item.")
    ONE_ITEM = RuleText("RFC 8949, section 3", "Nothing follows the item.")
    SHORTEST_INTEGER = RuleText(f"{DRAFT}, section 6.1", "An integer is in its shortest form.")
    SHORTEST_LENGTH = RuleText(f"{DRAFT}, section 6.1", "The length of a string, array or map is in its shortest form.")
    SHORTEST_TAG = RuleText(f"{DRAFT}, section 6.1", "The number of a tag is in its shortest form.")
    SHORTEST_FLOAT = RuleText(f"{DRAFT}, section 6.1", "A floating point number is in its shortest form.")
    SHORTEST_BIGNUM = RuleText(
        f"{DRAFT}, section 6.1", "A bignum does not fit into an integer and has no leading zero octets."
    )
    DEFINITE_LENGTH = RuleText(f"{DRAFT}, section 6.1", "Strings, arrays and maps have definite lengths.")
    KEY_ORDER = RuleText(f"{DRAFT}, section 6.1", "The keys of a map are in the bytewise order of their encodings.")
    UNIQUE_KEYS = RuleText(f"{DRAFT}, section 4.3", "No key occurs twice in a map.")
    KEY_TYPE = RuleText(f"{DRAFT}, section 6.2", "A map key is an integer, a text string or a byte string.")
    KEY_RANGE = RuleText(f"{DRAFT}, section 6.2", "An integer that is a map key is within plus or minus 2^53 - 1.")
    NAN = RuleText(f"{DRAFT}, section 6.2", "The only NaN is the half-width quiet one, 0xf97e00.")
    UTF8 = RuleText(f"{DRAFT}, section 6.2", "A text string is valid UTF-8.")
    NESTING = RuleText(f"{DRAFT}, section 6.3", "Nothing nests much deeper than a message can.")


class ContentRule(Rule):
    """What a MIMI content message keeps to besides."""

    ARRAY = RuleText(f"{DRAFT}, section 4.1", "A message is an array of seven fields.")
    SALT = RuleText(f"{DRAFT}, section 4.1", "The salt is a byte string of 16 octets.")
    MESSAGE_ID = RuleText(f"{DRAFT}, section 4.1", "A reference is null or a message id of 32 octets.")
    TOPIC_ID = RuleText(f"{DRAFT}, section 4.1", "A topic id is a byte string.")
    TOPIC_ID_LENGTH = RuleText(f"{DRAFT}, section 9.1", "A topic id is at most 4,096 octets long.")
    EXPIRATION = RuleText(f"{DRAFT}, section 4.1", "An expiration is null, or a boolean and a time of 32 bits.")
    EXTENSIONS = RuleText(f"{DRAFT}, section 4.3", "The extensions are a map.")
    EXTENSION_KEY = RuleText(
        f"{DRAFT}, section 6.2", "An extension's key is an integer or a text string of at most 255 octets."
    )
    EXTENSION_URI = RuleText(f"{DRAFT}, section 4.3", "The sender's and the room's URI are text strings.")
    EXTENSION_DEPTH = RuleText(
        f"{DRAFT}, section 6.3", "Tags, maps and arrays of the extensions nest at most four levels deep."
    )
    PART = RuleText(f"{DRAFT}, section 4.4", "A part is an array whose third field is its cardinality, from 0 to 3.")
    PART_FIELDS = RuleText(f"{DRAFT}, section 4.4", "A part has the fields of its cardinality, of their types.")
    DISPOSITION = RuleText(f"{DRAFT}, section 4.4", "A disposition is an integer from 0 to 255.")
    LANGUAGE = RuleText(f"{DRAFT}, section 4.4", "The language is empty or language tags separated by commas.")
    NOT_ENCRYPTED = RuleText(f"{DRAFT}, section 4.5", "An ExternalPart with encAlg 0 has no key, nonce or aad.")
    PART_SEMANTICS = RuleText(f"{DRAFT}, section 4.4", "The part semantics are an integer from 0 to 2.")
    TWO_PARTS = RuleText(f"{DRAFT}, section 4.4", "A MultiPart has two parts or more.")
    PART_DEPTH = RuleText(f"{DRAFT}, section 6.3", "Parts nest at most four levels deep.")
    PART_COUNT = RuleText(f"{DRAFT}, section 9.1", "A message has at most 1,024 parts.")
    SIZE = RuleText(f"{DRAFT}, section 9.1", "A message is no larger than local policy allows.")


class MessageIdRule(Rule):
    """What it takes to make a message id, and to understand one."""

    URIS_KNOWN = RuleText(f"{DRAFT}, section 3.3", "A message id covers the URIs of the sender and of the room.")
    URI_LENGTH = RuleText(f"{DRAFT}, section 3.3", "The URIs that a message id covers have at most 65,535 octets each.")
    HASH_KNOWN = RuleText(f"{DRAFT}, section 9.1", "The first octet of a message id is a known hash function.")


class PartRule(Rule):
    """How one part of a message refers to another."""

    CONTENT_ID_URI = RuleText(f"{DRAFT}, section 4.4", "A content ID URI is cid:, a part index, and @local.invalid.")
    CONTENT_ID_TARGET = RuleText(
        f"{DRAFT}, section 4.4", "A content ID URI refers to a SinglePart or an ExternalPart of the message."
    )


class FeatureRule(Rule):
    """What a message is not made to say here, though receivers might accept it."""

    REACTION = RuleText(f"{DRAFT}, section 5.7", "What is unliked is a reaction.")
    EXTENSION_ONCE = RuleText(f"{DRAFT}, section 4.3", "A message has an extension once.")
    EXTENSION_KEY = RuleText(f"{DRAFT}, section 8.2.1", "An extension is sent with a key, not with 0 or an empty text.")
    EXTENSION_SIZE = RuleText(
        f"{DRAFT}, section 4.3", "An extension is sent with a value of at most 4,095 octets (AMB-186)."
    )


class AttachmentRule(Rule):
    """What content that travels beside its message is checked for."""

    EXPIRES = RuleText(f"{DRAFT}, section 4.5", "External content is fetched before it expires.")
    URL = RuleText(f"{DRAFT}, section 7.1", "External content is fetched at http and https URLs.")
    SIZE = RuleText(f"{DRAFT}, section 4.5", "The size of external content is what the part says.")
    CONTENT_HASH = RuleText(f"{DRAFT}, section 4.5", "The hash of the octets at the URL is the contentHash.")
    ENC_ALG = RuleText(f"{DRAFT}, section 4.5", "The AEAD algorithm is known.")
    KEY = RuleText(f"{DRAFT}, section 4.5", "The key has the length that its algorithm asks for.")
    NONCE = RuleText(f"{DRAFT}, section 4.5", "The nonce has the length that its algorithm asks for.")
    DECRYPTION = RuleText(f"{DRAFT}, section 4.5", "The octets at the URL decrypt with the key, nonce and aad.")


class DerivedRule(Rule):
    """What values that are derived for a message keep to."""

    ARRAY = RuleText(f"{DRAFT}, section 4.6", "Derived values are an array of seven fields of their types.")
    MESSAGE_ID = RuleText(f"{DRAFT}, section 4.6", "A message id has 32 octets.")
    TIMESTAMP = RuleText(f"{DRAFT}, section 4.6", "A timestamp is milliseconds in 64 bits, or an extended time.")
    LEAF_INDEX = RuleText(f"{DRAFT}, section 4.6", "A leaf index is a number of 32 bits.")


class ContentError(RuleError):
    """Bytes, or a value, that break a rule of this room. The place is a field, or a byte of the encoding."""
