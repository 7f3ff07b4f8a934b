"""The certificates of our peers that are kept in a folder: what `mimi-conformance init` wrote, its ``peer/``, or less.

Issues none; that is the network's business, when the folder has an authority.
"""

from pathlib import Path

from mimi_conformance.mocks.network.authority import CHAIN_FILE, AuthorityError, Identity
from mimi_conformance.mocks.network.laboratory import PEER_FOLDER
from mimi_conformance.reference.identity.certificate import authenticates
from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError


def kept_identity(folder: Path, domain: str) -> Identity | None:
    """The identity of a peer: in ``peer/DOMAIN/``, in ``DOMAIN/`` or in the folder itself; None when there is none.

    Raises:
        AuthorityError: its files can't be used, or its certificate is for somebody else.
    """
    for place in (folder / PEER_FOLDER / domain, folder / domain, folder):
        if (place / CHAIN_FILE).is_file():
            identity = Identity.load(place)
            if not authenticates(identity.certificate, domain):
                names = ", ".join(identity.domains) or "nobody"
                raise AuthorityError(f"The certificate {identity.certificate_chain} is for {names}, not for {domain}.")
            return identity
    return None


def kept_identities(folder: Path) -> dict[str, Identity]:
    """Who can be played with an identity, or with those in a folder, each in a folder named as its domain.

    Raises:
        AuthorityError: there are none, or their files can't be used.
    """
    if (folder / CHAIN_FILE).is_file():
        identity = Identity.load(folder)
        identities = dict.fromkeys(filter(_is_provider_domain, identity.domains), identity)
        if not identities:
            raise AuthorityError(f"{folder / CHAIN_FILE} names no provider's domain in its subjectAltName")
        return identities
    inner = {place.name: Identity.load(place) for place in sorted(folder.iterdir()) if (place / CHAIN_FILE).is_file()}
    identities = {name: identity for name, identity in inner.items() if name in identity.domains}
    if not identities:
        raise AuthorityError(
            f"there is no {CHAIN_FILE} in {folder}, nor in a folder in it that is named as the certificate's domain; "
            f"`mimi-conformance init` makes such folders in its {PEER_FOLDER}/"
        )
    return identities


def _is_provider_domain(name: str) -> bool:
    try:
        provider_domain(name)
    except IdentifierError:  # a wildcard, for example
        return False
    return True
