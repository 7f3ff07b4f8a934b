"""Defects in what a path leads to, and with which HTTP method (PROTO 5)."""

import re
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import unquote

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.provider.messages import PeerRequest, Refusal
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.transport import Route


@defect(
    "does-not-look-at-methods",
    breaks=("PROTO-5.2-01", "PROTO-5.5-01", "PROTO-5.7-01", "PROTO-5.7-02", "PROTO-5.8-01"),
)
class DoesNotLookAtMethods(Provider):
    """Serves PUT, PATCH and DELETE as if they were POST."""

    def check_method(self, request: PeerRequest, route: Route) -> None:
        pass


@defect("decodes-paths-twice", breaks=("PROTO-5.1-09", "PROTO-5.2-02"))
class DecodesPathsTwice(Provider):
    """Takes percent-encoded octets of a URI for some of the URL that the URI is written into."""

    def route(self, request: PeerRequest) -> Route:
        route = super().route(request)
        return replace(route, subject=unquote(route.subject))


@defect("compares-paths-by-octets", breaks=("PROTO-5.1-09",))
class ComparesPathsByOctets(Provider):
    """Does not know that %3a is %3A."""

    def route(self, request: PeerRequest) -> Route:
        if re.search("%[0-9A-F]?[a-f]", request.raw_path):
            raise Refusal(HTTPStatus.NOT_FOUND, f"There is nothing at {request.raw_path}.")
        return super().route(request)
