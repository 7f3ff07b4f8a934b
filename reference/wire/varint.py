"""The variable-size vector header `<V>` (RFC 9420, section 2.1.2; read so in the MIMI drafts, AMB-001)."""

from mimi_conformance.reference.wire.errors import DecodeError, EncodeError, in_bytes

LARGEST = 2**30 - 1
"""The longest vector, in bytes, that a header can announce."""


def read_length(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Read a header at `position` and return the length it announces and the position after it.

    The length is in bytes and certain to fit before `end`. Raises `DecodeError` when the header is cut short, has the
    prefix 11, is not the shortest one for its length, or announces more than there is.
    """
    if position >= end:
        raise DecodeError("a vector's length is missing: the input ends here", position)
    length = data[position]
    after = position + 1
    if length >= 0x40:
        prefix = length >> 6
        if prefix == 3:
            raise DecodeError(f"the vector length starts with 0x{length:02x}, whose prefix 11 is not allowed", position)
        after = position + (1 << prefix)
        if after > end:
            raise DecodeError("a vector's length is cut short by the end of the input", position)
        length = int.from_bytes(data[position:after], "big") & (0x3FFF if prefix == 1 else 0x3FFF_FFFF)
        if length < (0x40 if prefix == 1 else 0x4000):
            raise DecodeError(f"the vector length {length} is not written in its shortest form", position)
    if after + length > end:
        raise DecodeError(f"the vector announces {length} bytes, but {in_bytes(end - after)} left", position)
    return length, after


_SHORT = tuple(length.to_bytes(1, "big") for length in range(0x40))


def write_length(length: int) -> bytes:
    """Return the shortest header for a vector of `length` bytes; `EncodeError` when no header is long enough."""
    if length < 0x40:
        return _SHORT[length]
    if length < 0x4000:
        return (length | 0x4000).to_bytes(2, "big")
    if length <= LARGEST:
        return (length | 0x8000_0000).to_bytes(4, "big")
    raise EncodeError(f"the vector has {length} bytes, more than the {LARGEST} that a length can say")
