"""The directory: the document that the target serves to its peers (PROTO 5.1)."""

import json
import re
from collections.abc import Mapping
from email.message import Message
from types import MappingProxyType

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.directory import DIRECTORY, WELL_KNOWN_PATH
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reference.provider.url_template import UrlTemplateError, variable
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.suites.target.judgement import (
    blocked,
    checks,
    expect,
    feature,
    inconclusive,
    observe,
    other_reading,
)
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_accepted, expect_refusal, must_accept
from mimi_conformance.suites.transport.fanout import HostedRoom
from mimi_conformance.suites.transport.well_formed import at_every_endpoint, introduction, well_formed

MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "keyMaterial": "PROTO-5.1-04",
        "update": "PROTO-5.1-05",
        "notify": "PROTO-5.1-06",
        "submitMessage": "PROTO-5.1-07",
        "groupInfo": "PROTO-5.1-08",
        "requestConsent": "PROTO-5.1-09",
        "updateConsent": "PROTO-5.1-10",
        "identifierQuery": "PROTO-5.1-11",
        "reportAbuse": "PROTO-5.1-12",
        "proxyDownload": "PROTO-5.1-13",
    }
)
"""Each member of the directory, with the requirement that is about it."""

FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "keyMaterial": "key-material",
        "requestConsent": "consent",
        "updateConsent": "consent",
        "identifierQuery": "identifier-query",
        "proxyDownload": "proxy-download",
    }
)
"""The members that a target with a certain feature has to list."""

every_member = pytest.mark.parametrize(
    ("member", "rule"), [pytest.param(member, rule, marks=checks(rule), id=member) for member, rule in MEMBERS.items()]
)


def fetch(world: World, method: str = "GET") -> Exchange:
    """Ask the target for its directory."""
    return world.peer.send(method, f"https://{world.domain}{WELL_KNOWN_PATH}", endpoint=DIRECTORY)


def document_of(exchange: Exchange) -> object:
    """The JSON value in a response; `blocked` when it holds none."""
    try:
        return json.loads(must_accept(exchange).response_body)
    except (ValueError, RecursionError) as error:
        blocked(f"the directory is not JSON: {error}")


def members_of(exchange: Exchange) -> Mapping[str, object]:
    """The members of the directory in a response; `blocked` when it is no JSON object."""
    document = document_of(exchange)
    if not isinstance(document, dict):
        blocked("the directory is not a JSON object")
    return document


@checks("PROTO-5.1-01", "PROTO-5.1-17")
def test_the_directory_is_served_at_its_well_known_name(world: World) -> None:
    """A GET of the well-known name mimi-protocol-directory gives 200 and JSON, by its media type too."""
    exchange = expect_accepted(fetch(world), "PROTO-5.1-01")
    observe(exchange.status == 200, "PROTO-5.1-17", expected="200", got=exchange.status)
    media_type = Message()
    media_type["Content-Type"] = next(iter(exchange.response_header("content-type")), "none/none")
    kind = media_type.get_content_type()
    expect(kind == "application/json" or kind.endswith("+json"), "PROTO-5.1-17", expected="a JSON media type", got=kind)


@checks("PROTO-5.1-02")
def test_the_directory_is_a_json_object_of_url_templates(world: World) -> None:
    """The document is a JSON object, and names at least one endpoint that the drafts define."""
    exchange = must_accept(fetch(world))
    try:
        document = json.loads(exchange.response_body)
    except (ValueError, RecursionError) as error:
        document = error
    expect(isinstance(document, dict), expected="a JSON object", got=document)
    known = {member: template for member, template in document.items() if member in MEMBERS}
    expect(known, expected=f"at least one of {', '.join(MEMBERS)}", got=", ".join(document) or "no members")
    for member, template in known.items():
        observe(isinstance(template, str), expected=f"{member} to be a URL template", got=repr(template))


@every_member
def test_a_member_is_an_https_template_over_one_variable(world: World, member: str, rule: str) -> None:
    """The URL of an endpoint has exactly one variable, which stands for whom or what a request is about."""
    template = members_of(fetch(world)).get(member)
    if template is None:
        expect(
            not is_declared(world, member), rule, expected=f"{member}, which the target declares", got="no such member"
        )
        other_reading("AMB-017", f"{member} is not listed", rule)
        return
    try:
        variable(str(template))
        problem = "" if str(template).startswith("https://") else f"{template!r} is no https URL"
    except UrlTemplateError as error:
        problem = f"{error}"
    expect(not problem, rule, expected="an https URL template with one variable", got=problem)


def is_declared(world: World, member: str) -> bool:
    """Whether the target's description says that it has an endpoint."""
    provider = world.description.provider
    return not world.description.wire_only and (
        FEATURES.get(member) in provider.features or (member == "notify" and Role.FOLLOWER in provider.roles)
    )


@checks("PROTO-5.1-02")
@at_every_endpoint
def test_a_listed_url_leads_to_its_endpoint(world: World, endpoint: str) -> None:
    """A request to the URL in the directory, filled with whom or what it is about, is served."""
    if endpoint == "notify":
        request = introduction(world, HostedRoom.of(world.peer), world.peer)
    else:
        request = well_formed(world, endpoint)
    request.expect_served(request.send())


@checks("PROTO-5.1-09")
@feature("consent")
def test_the_case_of_percent_encoding_does_not_matter(world: World) -> None:
    """%3a and %3A are the same octet of a URL (RFC 3986, 2.1), so that both lead to the endpoint."""
    request = well_formed(world, "requestConsent")
    request.must_be_served()
    url = re.sub("%[0-9A-F]{2}", lambda octet: octet[0].lower(), request.url)
    if url == request.url:
        inconclusive("this URL has no percent-encoded octet with a letter")
    request.expect_served(world.peer.send("POST", url, body=request.body, endpoint=request.endpoint))


@checks("PROTO-5.1-09")
@feature("consent")
def test_a_user_whose_uri_has_percent_encoded_octets_is_reached(world: World) -> None:
    """The template is filled with the URI as it is: what is percent-encoded in it is encoded once more, and no less."""
    name = world.new_name()
    users = {spelling: MimiUri.parse(f"mimi://{world.domain}/u/{spelling}") for spelling in (name, f"{name}%C3%AB")}
    for user in users.values():
        world.control.users(user)
    exchanges = [
        world.peer.request_consent(
            ConsentEntry(
                consent_operation=ConsentOperation.request,
                requester_uri=world.peer_user().identifier,
                target_uri=IdentifierUri.of(user.text),
            )
        )
        for user in users.values()
    ]
    must_accept(exchanges[0])
    expect_accepted(exchanges[1])


@checks("PROTO-5.1-14")
def test_every_listed_url_is_https(world: World) -> None:
    """No endpoint is offered without TLS."""
    for member, template in members_of(fetch(world)).items():
        if member in MEMBERS:
            expect(str(template).startswith("https://"), expected=f"{member} to be an https URL", got=repr(template))


@checks("PROTO-5.1-16")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_directory_can_only_be_read(world: World, method: str) -> None:
    """A method other than GET or HEAD is refused at the directory's URL."""
    must_accept(fetch(world))
    expect_refusal(fetch(world, method))
