"""Which identifier queries a provider answers at all (PROTO 5.8): the provider's half of "searchable"."""

from dataclasses import dataclass
from itertools import combinations

from mimi_conformance.reference.wire.protocol.identifier import IdentifierQueryCode, SearchIdentifierType

# OpenID Connect Core 1.0, section 5.1.
OIDC_STANDARD_CLAIMS = frozenset(
    """
    sub name given_name family_name middle_name nickname preferred_username profile picture website email
    email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at
    """.split()  # noqa: SIM905  # a table, not a list to read down
)
# The vCard Properties registry, begun by RFC 6350, section 10.3.1.
VCARD_PROPERTIES = frozenset(
    """
    SOURCE KIND XML FN N NICKNAME PHOTO BDAY ANNIVERSARY GENDER ADR TEL EMAIL IMPP LANG TZ GEO TITLE ROLE LOGO ORG
    MEMBER RELATED CATEGORIES NOTE PRODID REV SOUND UID CLIENTPIDMAP URL VERSION KEY FBURL CALADRURI CALURI
    BIRTHPLACE DEATHPLACE DEATHDATE EXPERTISE HOBBY INTEREST ORG-DIRECTORY CONTACT-URI CREATED GRAMGENDER LANGUAGE
    PRONOUNS SOCIALPROFILE JSPROP
    """.split()  # noqa: SIM905
)
PARTIAL_TYPES = frozenset({SearchIdentifierType.partial_name, SearchIdentifierType.whole_profile})


@dataclass(frozen=True, slots=True)
class Condition:
    """One element of a query, decoded to text: what to look at, for which claim or property, and the value."""

    type: SearchIdentifierType
    value: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class QueryPolicy:
    """What a provider lets others ask.

    Attributes:
        open: whether the endpoint may be used at all.
        refused_providers: domains that may not use it (AMB-120).
        claims: OpenID Connect claims that can be asked for, case-sensitive.
        properties: vCard properties that can be asked for, in upper case; queries may write them in any case.
        forbidden_combinations: types that may not stand in the same query. By default nobody can look up a phone
            number or an e-mail address by guessing at pieces of a profile.
        shortest_partial_value: a partial search for fewer characters must be an exact one (AMB-119).
        most_partial_matches: a partial search with more matches must be an exact one (AMB-119).

    """

    open: bool = True
    refused_providers: frozenset[str] = frozenset()
    claims: frozenset[str] = OIDC_STANDARD_CLAIMS
    properties: frozenset[str] = VCARD_PROPERTIES
    forbidden_combinations: frozenset[frozenset[SearchIdentifierType]] = frozenset(
        frozenset({exact, partial})
        for exact in (SearchIdentifierType.email, SearchIdentifierType.phone)
        for partial in PARTIAL_TYPES
    )
    shortest_partial_value: int = 2
    most_partial_matches: int = 10

    def objection(self, source: str, conditions: tuple[Condition, ...]) -> IdentifierQueryCode | None:
        """Why a query is not searched for, whoever there is to find; None when it is."""
        if not self.open or source in self.refused_providers:
            return IdentifierQueryCode.forbidden
        if not all(self.supports(condition) for condition in conditions):
            return IdentifierQueryCode.unsupported_field
        types = {condition.type for condition in conditions}
        if any(frozenset(pair) in self.forbidden_combinations for pair in combinations(types, 2)):
            return IdentifierQueryCode.forbidden
        if any(self.too_short(condition) for condition in conditions):
            return IdentifierQueryCode.ambiguous
        return None

    def supports(self, condition: Condition) -> bool:
        """Whether a condition looks at a field that this provider can search."""
        match condition.type:
            case SearchIdentifierType.oidc_std_claim:
                return condition.name in self.claims
            case SearchIdentifierType.vcard_field:
                return condition.name.upper() in self.properties
            case _:
                return True

    def too_short(self, condition: Condition) -> bool:
        """Whether a partial search would find nearly everybody."""
        return condition.type in PARTIAL_TYPES and len(condition.value) < self.shortest_partial_value

    def too_many(self, conditions: tuple[Condition, ...], matches: int) -> bool:
        """Whether a query matched so many users that it has to be made exact."""
        partial = any(condition.type in PARTIAL_TYPES for condition in conditions)
        return partial and matches > self.most_partial_matches
