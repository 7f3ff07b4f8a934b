"""Defects of the directory that a provider serves (PROTO 5.1)."""

import json
from dataclasses import replace
from http import HTTPStatus

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.provider.messages import Answer, Endpoint, PeerRequest, WellKnown
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.transport import Route


@defect("serves-the-directory-elsewhere", breaks=("PROTO-5.1-01",))
class ServesTheDirectoryElsewhere(Provider):
    """Has the directory at a well-known name that nobody knows."""

    def route(self, request: PeerRequest) -> Route:
        asked = request.raw_path.replace("mimi-protocol-directory", "mimi-directory")
        return super().route(replace(request, raw_path=asked))


@defect("calls-the-directory-text", breaks=("PROTO-5.1-17",))
class CallsTheDirectoryText(Provider):
    """Sends the directory as text/plain."""

    def answer_to_directory(self) -> Answer:
        return replace(super().answer_to_directory(), content_type="text/plain")


@defect("creates-the-directory", breaks=("PROTO-5.1-17",))
class CreatesTheDirectory(Provider):
    """Answers 201 to a fetch of the directory."""

    def answer_to_directory(self) -> Answer:
        return replace(super().answer_to_directory(), status=HTTPStatus.CREATED)


@defect("lists-endpoints-in-an-array", breaks=("PROTO-5.1-02",))
class ListsEndpointsInAnArray(Provider):
    """Sends the directory as a JSON array of names and templates."""

    def answer_to_directory(self) -> Answer:
        members = [{"name": name, "url": url} for name, url in self.directory().items()]
        return replace(super().answer_to_directory(), body=json.dumps(members).encode())


@defect("lists-urls-that-lead-nowhere", breaks=("PROTO-5.1-02",))
class ListsUrlsThatLeadNowhere(Provider):
    """Lists URLs at which its endpoints are not to be found."""

    def answer_to_directory(self) -> Answer:
        answer = super().answer_to_directory()
        return replace(answer, body=answer.body.replace(b"/v1/", b"/v0/"))


@defect(
    "lists-urls-without-variables",
    breaks=(
        "PROTO-5.1-04",
        "PROTO-5.1-05",
        "PROTO-5.1-06",
        "PROTO-5.1-07",
        "PROTO-5.1-08",
        "PROTO-5.1-09",
        "PROTO-5.1-10",
        "PROTO-5.1-11",
        "PROTO-5.1-12",
        "PROTO-5.1-13",
    ),
)
class ListsUrlsWithoutVariables(Provider):
    """Lists a plain URL for each endpoint of the draft, with no place for what a request is about."""

    def answer_to_directory(self) -> Answer:
        members = {endpoint: f"{self.settings.url}/{endpoint}" for endpoint in Endpoint}
        return replace(super().answer_to_directory(), body=json.dumps(members).encode())


@defect("lists-plain-http", breaks=("PROTO-5.1-14",))
class ListsPlainHttp(Provider):
    """Lists URLs that are not https."""

    def answer_to_directory(self) -> Answer:
        answer = super().answer_to_directory()
        return replace(answer, body=answer.body.replace(b"https://", b"http://"))


@defect("gives-the-directory-to-every-method", breaks=("PROTO-5.1-16",))
class GivesTheDirectoryToEveryMethod(Provider):
    """Answers a POST, PUT, PATCH or DELETE of the directory as it does a GET."""

    def check_method(self, request: PeerRequest, route: Route) -> None:
        if route.endpoint is not WellKnown.DIRECTORY:
            super().check_method(request, route)


@defect("lists-the-wrong-url-for-notify", breaks=("PROTO-5.1-02",))
class ListsTheWrongUrlForNotify(Provider):
    """Lists the URL of requestConsent as that of notify, too."""

    def answer_to_directory(self) -> Answer:
        directory = self.directory()
        members = directory | {Endpoint.NOTIFY: directory[Endpoint.REQUEST_CONSENT]}
        return replace(super().answer_to_directory(), body=json.dumps(members).encode())
