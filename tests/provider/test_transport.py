"""Host, path, method, From and certificate: who is served at all (PROTO 4.1)."""

import json
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from mimi_conformance.reference.provider.messages import DIRECTORY_PATH, Endpoint
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.url_template import UrlStyle
from tests.exercised import exercises
from tests.provider.conftest import make_provider

QUERY = "/v1/identifierQuery/a.example"
EMPTY_QUERY = b"\0\0"


def headers(host: str = "a.example", *sources: str) -> tuple[tuple[str, str], ...]:
    return (("host", host), *(("from", source) for source in sources or ("mimi@b.example",)))


def test_a_well_formed_request_is_served(world):
    assert world.ask("POST", QUERY, EMPTY_QUERY).status == 200


@pytest.mark.parametrize("host", ["a.example:8443", "A.Example", "a.example:"])
def test_port_and_case_of_host_do_not_matter(world, host):
    assert world.ask("POST", QUERY, EMPTY_QUERY, headers=headers(host)).status == 200


@pytest.mark.parametrize("host", ["c.example", "sub.a.example", "example", "127.0.0.1", ""])
def test_a_request_for_another_provider_is_misdirected(world, host):
    assert world.ask("POST", QUERY, EMPTY_QUERY, headers=headers(host)).status == 421


def test_the_host_of_the_urls_is_ours_too(world):
    world.use(make_provider(url="https://mimi.a.example/x"))
    assert (
        world.ask("POST", "/x/identifierQuery/a.example", EMPTY_QUERY, headers=headers("mimi.a.example")).status == 200
    )


def test_one_host_is_needed(world):
    assert world.ask("POST", QUERY, EMPTY_QUERY, headers=headers()[1:]).status == 400


@pytest.mark.parametrize(
    "sources",
    [
        ("",),
        ("b.example",),
        ("Bob <mimi@b.example>",),
        ("<mimi@b.example>",),
        ("bob@b.example",),
        ("mimi+x@b.example",),
        ("mimi@",),
        ("mimi@b.example, mimi@b.example",),
        ("mimi@b.example", "mimi@b.example"),
        ("mimi@b.example", "mimi@c.example"),
    ],
)
def test_from_that_is_not_one_plain_mailbox_is_refused(world, sources):
    assert world.ask("POST", QUERY, EMPTY_QUERY, headers=headers("a.example", *sources)).status == 400


def test_from_is_needed(world):
    assert world.ask("POST", QUERY, EMPTY_QUERY, headers=headers()[:1]).status == 400


def test_from_must_be_what_the_certificate_says(world):
    answer = world.ask("POST", QUERY, EMPTY_QUERY, headers=headers("a.example", "mimi@c.example"))
    assert (answer.status, "does not authenticate c.example" in answer.reason) == (403, True)


@pytest.mark.parametrize("certificate", [None, b"", b"junk"])
def test_a_certificate_is_needed(world, certificate):
    assert world.ask("POST", QUERY, EMPTY_QUERY, certificate=certificate).status == 403
    assert world.ask("GET", DIRECTORY_PATH, certificate=certificate).status == 403


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/notify", "/v1/notify/", "/v1/nothing/x", "/v2/notify/x", "/v1/notify/a/b", "/%2Fv1", ""]
)
def test_other_paths_lead_nowhere(world, path):
    assert world.ask("POST", path).status == 404


@exercises(
    "PROTO-5.2-01", "PROTO-5.4-01", "PROTO-5.5-01", "PROTO-5.6-01", "PROTO-5.7-01", "PROTO-5.7-02", "PROTO-5.8-01"
)
@pytest.mark.parametrize("endpoint", [each for each in Endpoint if each is not Endpoint.PROXY_DOWNLOAD])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "post"])
def test_endpoints_are_for_post(world, method, endpoint):
    answer = world.ask(method, f"/v1/{endpoint}/a.example")
    assert (answer.status, dict(answer.headers)) == (405, {"Allow": "POST"})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_directory_is_for_reading(world, method):
    answer = world.ask(method, DIRECTORY_PATH)
    assert (answer.status, dict(answer.headers)) == (405, {"Allow": "GET, HEAD"})


def test_the_directory_fits_its_schema_and_names_what_is_served(world):
    answer = world.ask("GET", DIRECTORY_PATH)
    document = json.loads(answer.body)
    schema = json.loads(files("mimi_conformance.reference.provider").joinpath("directory.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert answer.content_type == "application/json"
    assert document["notify"] == "https://a.example/v1/notify/{roomId}"
    assert set(document) == {
        "keyMaterial",
        "update",
        "notify",
        "submitMessage",
        "groupInfo",
        "requestConsent",
        "updateConsent",
        "identifierQuery",
        "reportAbuse",
        "proxyDownload",
    }
    assert set(schema["properties"]) == set(Endpoint)


@pytest.mark.parametrize("template", ["http://a.example/{x}", "https://a.example/", "https://a.example/{a}{b}", 7])
def test_the_schema_refuses_what_is_no_template(template):
    schema = json.loads(files("mimi_conformance.reference.provider").joinpath("directory.schema.json").read_text())
    assert not Draft202012Validator(schema).is_valid({"notify": template})
    assert Draft202012Validator(schema).is_valid({"something else": template})


def test_urls_can_be_written_with_slashes(world):
    world.use(make_provider(url_style=UrlStyle.SLASHES))
    path = "/v1/notify/b.example/r/clubhouse"
    assert "no FanoutMessage" in world.ask("POST", path).reason


class Gullible(Provider):
    def check_certificate(self, request, source):
        pass


def test_a_subclass_replaces_one_rule_and_keeps_the_others(world):
    world.use(make_provider(Gullible))
    assert world.ask("POST", QUERY, EMPTY_QUERY, certificate=None).status == 200
    assert world.ask("POST", QUERY, EMPTY_QUERY, headers=headers("c.example")).status == 421
