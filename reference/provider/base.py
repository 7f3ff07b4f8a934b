"""What every endpoint of the provider stands on: its settings, and how a body becomes a structure or a refusal.

The endpoints are classes that `provider.Provider` puts together, in small methods: what is answered to what can be
replaced one rule at a time.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from typing import TypeVar

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.messages import Refusal
from mimi_conformance.reference.provider.outbox import RetryPolicy
from mimi_conformance.reference.provider.query_policy import QueryPolicy
from mimi_conformance.reference.provider.roles import EVERY_ROLE, Role
from mimi_conformance.reference.provider.storage import SeenWindow
from mimi_conformance.reference.provider.url_template import UrlStyle
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.structure import Struct

S = TypeVar("S", bound=Struct)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the operator of a provider chooses.

    Attributes:
        domain: the provider's domain.
        url: what its endpoints' URLs begin with; ``https://<domain>/v1`` when empty.
        url_style: how peers write a URI into those URLs (AMB-014).
        max_body_bytes: largest request body that is accepted.
        body_seconds: how long a peer may take to send a body.
        reveal_unknown_users: whether peers are told that a user does not exist or was deleted (AMB-107, AMB-039).
        query_policy: what identifier queries may ask.
        seen_window: how long requests are recognised that come again.
        most_pending_proposals: how many proposals may wait for a commit in one room; each is held against all of them.
        retry: how patient this provider, as a hub, is with followers.
        downloads: which assets are fetched for peers.
        roles: what it is in rooms.

    Raises:
        IdentifierError: ``domain`` is no provider domain.

    """

    domain: str
    url: str = ""
    url_style: UrlStyle = UrlStyle.ENCODED
    max_body_bytes: int = 1024 * 1024
    body_seconds: float = 10.0
    reveal_unknown_users: bool = True
    query_policy: QueryPolicy = field(default_factory=QueryPolicy)
    seen_window: SeenWindow = field(default_factory=SeenWindow)
    most_pending_proposals: int = 250
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    downloads: DownloadSettings = field(default_factory=DownloadSettings)
    roles: frozenset[Role] = EVERY_ROLE

    def __post_init__(self) -> None:
        provider_domain(self.domain)
        if not self.url:
            object.__setattr__(self, "url", f"https://{self.domain}/v1")


class ProviderBase:
    """What makes a provider this one, and what its endpoints have in common.

    Args:
        settings: what its operator has chosen.
        keys: what it signs and decrypts with.
        random: where everything comes from that nobody else may guess.

    """

    def __init__(self, settings: ProviderSettings, keys: ProviderKeys, random: Random) -> None:
        self.settings = settings
        self.keys = keys
        self.random = random

    @property
    def domain(self) -> str:
        """The provider's domain."""
        return self.settings.domain

    def decoded(self, structure: type[S], body: bytes) -> S:
        """A body as the structure that its endpoint takes.

        Raises:
            Refusal: 400, with the codec's field, offset and reason.

        """
        try:
            return structure.decode(body)
        except DecodeError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The body is no {structure.__name__}: {error}.") from error

    def check_extensions(self, extensions: AppDataDictionary) -> None:
        """Refuse components that are not in order, or there twice (mls-extensions 4.6, AMB-145); unknown ones are fine.

        Raises:
            Refusal: 400.

        """
        ids = [component.component_id for component in extensions.component_data]
        for first, second in pairwise(ids):
            if first >= second:
                raise Refusal(HTTPStatus.BAD_REQUEST, f"The component {second:#06x} stands after {first:#06x}.")

    def parsed_user(self, identifier: IdentifierUri) -> MimiUri:
        """The user that an identifier names.

        Raises:
            Refusal: 400, it names no user.

        """
        uri = self._parsed(identifier)
        if not uri.names_user:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{uri} is not the URI of a user.")
        return uri

    def parsed_room(self, identifier: IdentifierUri) -> MimiUri:
        """The room that an identifier names.

        Raises:
            Refusal: 400, it names no room.

        """
        uri = self._parsed(identifier)
        if uri.type is not IdentifierType.ROOM:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{uri} is not the URI of a room.")
        return uri

    def _parsed(self, identifier: IdentifierUri) -> MimiUri:
        try:
            return MimiUri.parse(identifier.uri)
        except IdentifierError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{error}.") from error
