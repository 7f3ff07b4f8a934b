"""What the primitives refuse: bytes that are no key, or that do not open."""


class PrimitiveError(ValueError):
    """A primitive refuses bytes that somebody else may have sent."""


class DeserializeError(PrimitiveError):
    """Bytes that have not the form of a KEM's keys (RFC 9180, section 7.1.1)."""


class ValidationError(PrimitiveError):
    """A public key that is no point of its group, or leads to a secret everybody knows (RFC 9180, section 7.1.4)."""


class OpenError(PrimitiveError):
    """A ciphertext that is not that of its key, nonce and additional data (RFC 9180, section 5.2)."""

    def __init__(self, ciphertext: bytes) -> None:
        super().__init__(f"A ciphertext of {len(ciphertext)} bytes does not open.")
        self.ciphertext = ciphertext
