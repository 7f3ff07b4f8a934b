"""Small changes that several violations make."""

from collections.abc import Iterable

from mimi_conformance.reference.mls.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ExtensionType


def flipped(data: bytes | None) -> bytes:
    """The bytes with the last bit changed; one byte where there are none."""
    return b"\1" if not data else data[:-1] + bytes([data[-1] ^ 1])


def other_suite(suite: CipherSuite) -> CipherSuite:
    """Another cipher suite, if possible one whose keys and signatures are alike."""
    others = [other for other in SUPPORTED_CIPHER_SUITES if other != suite]
    alike = [other for other in others if parameters(other).signature == parameters(suite).signature]
    return (alike or others)[0]


def with_extension(
    extensions: Iterable[Extension], extension_type: ExtensionType, data: bytes
) -> tuple[Extension, ...]:
    """The extensions with this one, in the place of one of the same type if there is one."""
    new = Extension(extension_type, data)
    replaced = tuple(new if old.extension_type == extension_type else old for old in extensions)
    return replaced if new in replaced else (*replaced, new)


def with_entries(dictionary: AppDataDictionary | None, *more: ComponentData) -> bytes:
    """The encoded dictionary with more entries at its end."""
    return AppDataDictionary((*dictionary.component_data, *more) if dictionary else more).encode()
