"""The From header, with which a request names the provider it comes from (PROTO 4.1).

The header is read literally (AMB-019): exactly ``mimi@`` and the provider's domain. A display name, angle
brackets, comments, white space and any other local part are refused.
"""

from typing import Final

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError

KIND: Final = "the From header of a provider"
LOCAL_PART: Final = code_points().from_local_part


def parse_from_header(*values: str) -> str:
    """The domain of the provider that a request says it comes from.

    Args:
        values: every value of the header in the request, in order. Only one is allowed, but a caller that passes
            them all gets the right error for none and for two.

    Raises:
        IdentifierError: the header is missing, repeated, or not ``mimi@<provider domain>``.
    """
    if not values:
        raise IdentifierError(KIND, "", "the request carries none")
    if len(values) > 1:
        raise IdentifierError(KIND, ", ".join(values), f"the request carries {len(values)} of them")
    [value] = values
    for character, reason in (
        (",", "it lists several mailboxes"),
        ("<", "the mailbox must be a bare addr-spec, without name and angle brackets"),
    ):
        if character in value:
            raise IdentifierError(KIND, value, reason, value.index(character))
    local_part, at, domain = value.partition("@")
    if not at:
        raise IdentifierError(KIND, value, f"it has no @; it should read {LOCAL_PART}@ and the provider's domain")
    if local_part != LOCAL_PART:
        raise IdentifierError(KIND, value, f"the local part must be {LOCAL_PART!r}, not {local_part!r}", 0)
    try:
        return provider_domain(domain)
    except IdentifierError as error:
        position = len(LOCAL_PART) + 1 + (error.position or 0)
        raise IdentifierError(KIND, value, f"its domain {domain!r}: {error.reason}", position) from error


def format_from_header(domain: str) -> str:
    """The From header of the provider at a domain.

    Raises:
        IdentifierError: the domain is no provider domain.
    """
    return f"{LOCAL_PART}@{provider_domain(domain)}"
