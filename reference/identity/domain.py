"""Provider domains: a provider is the domain name in the host of its MIMI URIs (PROTO 3)."""

import re
from functools import lru_cache
from typing import Final

import idna

from mimi_conformance.reference.identity.errors import IdentifierError

KIND: Final = "a provider domain"

# RFC 1035 2.3.4 allows 255 octets on the wire: 253 characters without the root's trailing dot.
MAXIMUM_LENGTH: Final = 253
MAXIMUM_LABEL_LENGTH: Final = 63

_FORBIDDEN_CHARACTER: Final = re.compile(r"[^a-z0-9.-]")


@lru_cache(maxsize=4096)  # every request names a few, and most requests the same ones
def provider_domain(text: str) -> str:
    """Check that a text names a provider, and return it unchanged.

    A provider domain is a host name in the canonical form of AMB-022: lower case, internationalised labels as
    IDNA 2008 A-labels, no trailing dot, no IP address. ``local.invalid``, which draft-mahy-mimi-identity
    suggests where there is no domain, is as good as any other; so is a single label.

    Raises:
        IdentifierError: it is none, or not in canonical form.
    """
    if not text:
        raise IdentifierError(KIND, text, "it is empty")
    if len(text) > MAXIMUM_LENGTH:
        raise IdentifierError(KIND, text, f"it has {len(text)} characters, and DNS allows {MAXIMUM_LENGTH}")
    if found := _FORBIDDEN_CHARACTER.search(text):
        raise IdentifierError(KIND, text, _why_forbidden(found.group()), found.start())
    position = 0
    labels = text.split(".")
    for label in labels:
        _check_label(text, label, position)
        position += len(label) + 1
    if labels[-1].isdigit():
        raise IdentifierError(KIND, text, "it ends in a number, as IP addresses do", len(text) - len(labels[-1]))
    return text


def _why_forbidden(character: str) -> str:
    if not character.isascii():
        return f"{character!r} is not ASCII; an internationalised name is written with A-labels (xn--...)"
    if character.isupper():
        return f"{character!r} is upper case, and the canonical form is lower case"
    if character == ":":
        return "a provider is named without a port, and never by an IPv6 address"
    return f"{character!r} does not occur in host names"


def _check_label(text: str, label: str, position: int) -> None:
    """Apply the rules for one label (RFC 1123 2.1, RFC 5890 2.3.1), which begins at ``position`` of ``text``."""
    if not label:
        ends = position == len(text)
        reason = "it ends in a dot, which the canonical form leaves out" if ends else "it has an empty label"
        raise IdentifierError(KIND, text, reason, position - 1 if ends else position)
    if len(label) > MAXIMUM_LABEL_LENGTH:
        reason = f"a label has {len(label)} characters, and DNS allows {MAXIMUM_LABEL_LENGTH}"
        raise IdentifierError(KIND, text, reason, position)
    if label.startswith("-") or label.endswith("-"):
        raise IdentifierError(KIND, text, f"the label {label!r} begins or ends with a hyphen", position)
    if label[2:4] == "--":
        _check_a_label(text, label, position)


def _check_a_label(text: str, label: str, position: int) -> None:
    """Refuse a label with hyphens in its third and fourth place that is no A-label of IDNA 2008."""
    if not label.startswith("xn--"):
        raise IdentifierError(KIND, text, f"the label {label!r} has a prefix that is reserved", position)
    try:
        idna.ulabel(label)
    except UnicodeError as error:
        raise IdentifierError(KIND, text, f"the label {label!r} is no A-label: {error}", position) from error
