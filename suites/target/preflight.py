"""The preflight: what keeps the tests from judging the target, told apart from what the target does wrong.

A directory with wrong content, a refused query, a strange status: those are the tests' business. A server that is not
there, does not trust our peers or is no MIMI server at all is the user's, and gets a sentence that says what to do.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parsedate_to_datetime

from mimi_conformance.mocks.network.addresses import show_address
from mimi_conformance.mocks.network.authority import CERTIFICATE_FILE
from mimi_conformance.mocks.network.exchange import Exchange, Failure
from mimi_conformance.mocks.peers.directory import DIRECTORY, ENDPOINTS, WELL_KNOWN_PATH, Directory, EndpointError
from mimi_conformance.mocks.peers.peer import Peer
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.url_template import UrlStyle, UrlTemplateError, expand
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierRequest,
    IdentifierResponse,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.suites.target.control_check import check_control, check_presence
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.finding import Finding, Outcome
from mimi_conformance.suites.target.laboratory import Laboratory, LaboratoryError, open_laboratory
from mimi_conformance.suites.target.reachability import Door, check_reachability
from mimi_conformance.suites.target.users import ProfileType, TargetUser

ANSWER_SECONDS = 3.0
CLOCK_NOTICE_SECONDS = 60.0
CLOCK_PROBLEM_SECONDS = 300.0


def preflight(description: TargetDescription) -> tuple[Finding, ...]:
    """Look at everything that the tests take for granted; takes about ten seconds at most.

    A finding with the outcome PROBLEM means that no test should run (exit code 6).
    """
    try:
        with open_laboratory(description, worker=0) as laboratory:
            return tuple(_findings(description, laboratory))
    except LaboratoryError as error:
        return (Finding("our peers", Outcome.PROBLEM, str(error)),)


def lost(description: TargetDescription) -> tuple[Finding, ...]:
    """What no longer answers after the tests: the target, or its control interface. Each is a PROBLEM.

    A server that has died in the middle leaves tests that are blocked, and must not pass for it.
    """
    provider = description.provider
    try:
        with open_laboratory(description, worker=0) as laboratory:
            peer = laboratory.peers[0]
            findings = list(check_reachability(Door(provider.domain, provider.address, provider.trust, peer.identity)))
            if findings[-1].outcome is not Outcome.PROBLEM:
                url = f"https://{provider.domain}{WELL_KNOWN_PATH}"
                exchange = peer.send("GET", url, endpoint=DIRECTORY, deadline_seconds=ANSWER_SECONDS)
                findings.append(_client_certificate(exchange, description, peer))
            findings += check_presence(description)
    except LaboratoryError as error:
        return (Finding("after the tests", Outcome.PROBLEM, str(error)),)
    return tuple(
        replace(finding, name=f"after the tests, {finding.name}")
        for finding in findings
        if finding.outcome is Outcome.PROBLEM
    )


def _findings(description: TargetDescription, laboratory: Laboratory) -> Iterator[Finding]:
    peer = laboratory.peers[0]
    provider = description.provider
    reached = True
    for finding in check_reachability(Door(provider.domain, provider.address, provider.trust, peer.identity)):
        yield finding
        reached = finding.outcome is not Outcome.PROBLEM
    if reached:
        yield from _check_over_http(description, peer)
    yield from check_control(description, laboratory)


def _check_over_http(description: TargetDescription, peer: Peer) -> Iterator[Finding]:
    domain = description.provider.domain
    exchange = peer.send(
        "GET", f"https://{domain}{WELL_KNOWN_PATH}", endpoint=DIRECTORY, deadline_seconds=ANSWER_SECONDS
    )
    accepted = _client_certificate(exchange, description, peer)
    yield accepted
    if accepted.outcome is Outcome.PROBLEM:
        return
    yield _clock(exchange)
    try:
        directory = Directory.read(domain, exchange)
    except EndpointError:
        directory = None
    if directory is None or not directory.members.keys() & set(ENDPOINTS):
        yield _no_mimi_server(exchange, domain)
        return
    yield Finding("directory", Outcome.OK, f"{domain} has a directory.", (exchange,))
    yield _url_template_style(description, peer, directory)
    yield from _fixtures(description, peer)


def _client_certificate(exchange: Exchange, description: TargetDescription, peer: Peer) -> Finding:
    """Whether the server lets our peer in, as far as TLS and HTTP show it."""
    name = "client certificate"
    since, until = peer.identity.certificate.not_valid_before_utc, peer.identity.certificate.not_valid_after_utc
    where = show_address(description.provider.address)
    advice = (
        f"make it trust the authority of our peers ({_authority(description, peer)}), and see that its clock lies "
        f"between {since:%Y-%m-%d %H:%M} and {until:%Y-%m-%d %H:%M} UTC"
    )
    if exchange.refused_in_transport:
        sentence = f"The server refuses the certificate of our peer {peer.domain} ({exchange.error}); {advice}."
        return Finding(name, Outcome.PROBLEM, sentence, (exchange,))
    if exchange.failure is Failure.TIMEOUT:
        sentence = (
            f"{where} accepts TLS, and then does not answer a GET of {WELL_KNOWN_PATH} within {ANSWER_SECONDS:g} "
            "seconds; is this a MIMI server, and does its log show the request?"
        )
        return Finding("HTTP", Outcome.PROBLEM, sentence, (exchange,))
    if exchange.status is None:
        sentence = f"{where} does not answer a GET of {WELL_KNOWN_PATH} in HTTP ({exchange.error}); is this its port?"
        return Finding("HTTP", Outcome.PROBLEM, sentence, (exchange,))
    if exchange.status in (401, 403):
        sentence = f"The server refuses our peer {peer.domain} with status {exchange.status}; {advice}."
        return Finding(name, Outcome.PROBLEM, sentence, (exchange,))
    if exchange.status == 421:
        sentence = f"The server says that it is not {exchange.host} (status 421); correct the target's domain."
        return Finding("provider domain", Outcome.PROBLEM, sentence, (exchange,))
    return Finding(name, Outcome.OK, f"The server lets our peer {peer.domain} in.", (exchange,))


def _authority(description: TargetDescription, peer: Peer) -> str:
    """Where the authority of a peer's certificate is found, or who it is."""
    file = description.peers.folder / CERTIFICATE_FILE
    return str(file) if file.is_file() else peer.identity.certificate.issuer.rfc4514_string()


def _no_mimi_server(exchange: Exchange, domain: str) -> Finding:
    media_type = next(iter(exchange.response_header("content-type")), "no media type")
    return Finding(
        "directory",
        Outcome.PROBLEM,
        f"This does not look like the MIMI server of {domain}: GET {WELL_KNOWN_PATH} gives status {exchange.status} "
        f"with {media_type}, not a JSON object of URL templates; correct the target's URL, or serve the directory "
        "(PROTO 5.1).",
        (exchange,),
    )


def _clock(exchange: Exchange) -> Finding:
    """Compare clocks by the Date of a response, which has a resolution of a second."""
    try:
        [value] = exchange.response_header("date")
        theirs = parsedate_to_datetime(value).timestamp()
    except ValueError:
        return Finding("clock", Outcome.UNKNOWN, "Not checked: the response has no Date to compare.", (exchange,))
    ours = (exchange.started + (exchange.ended or time.time())) / 2
    off = theirs - ours
    if abs(off) <= CLOCK_NOTICE_SECONDS:
        return Finding("clock", Outcome.OK, "The server's clock agrees with ours.", (exchange,))
    outcome = Outcome.NOTICE if abs(off) <= CLOCK_PROBLEM_SECONDS else Outcome.PROBLEM
    direction = "ahead of" if off > 0 else "behind"
    sentence = (
        f"The server's clock is {round(abs(off) / 60)} minutes {direction} ours; certificates, KeyPackages and "
        "timestamps are judged by it, so set the one that is wrong."
    )
    return Finding("clock", outcome, sentence, (exchange,))


def _url_template_style(description: TargetDescription, peer: Peer, directory: Directory) -> Finding:
    """See which way of writing a URI into a template leads somewhere (AMB-014).

    A request without a body changes nothing: no endpoint has a body that may be empty, except notify's empty list.
    """
    name, domain = "URL templates", description.provider.domain
    subjects = {
        "keyMaterial": MimiUri.user(domain, "mimi-conformance-preflight"),
        "notify": MimiUri.room(peer.domain, "mimi-conformance-preflight"),
    }
    endpoint = next((endpoint for endpoint in subjects if endpoint in directory.members), None)
    if endpoint is None:
        sentence = "Not checked: the directory has neither keyMaterial nor notify."
        return Finding(name, Outcome.UNKNOWN, sentence)
    exchanges = {}
    for style in UrlStyle:
        try:
            url = expand(directory.members[endpoint], subjects[endpoint].text, style)
            exchanges[style] = peer.send("POST", url, endpoint=endpoint, deadline_seconds=ANSWER_SECONDS)
        except (UrlTemplateError, ValueError) as error:
            sentence = f"Not checked: the {endpoint} template of the directory can't be used ({error})."
            return Finding(name, Outcome.UNKNOWN, sentence)
    served = [style for style, exchange in exchanges.items() if exchange.status not in (None, 404, 405, 421)]
    declared = description.settings.url_template_style
    seen = tuple(exchanges.values())
    if not served:
        sentence = f"Not checked: {endpoint} is not to be found in any style of writing a URI into its template."
        return Finding(name, Outcome.UNKNOWN, sentence, seen)
    if declared in served:
        return Finding(name, Outcome.OK, f"URIs are written into URL templates in the style {declared!s}.", seen)
    sentence = (
        f"The server expects URIs in its URL templates in the style {served[0]!s}, and the description says "
        f'{declared!s}; set url_template_style = "{served[0]!s}" in [settings].'
    )
    return Finding(name, Outcome.PROBLEM, sentence, seen)


def _fixtures(description: TargetDescription, peer: Peer) -> Iterator[Finding]:
    """Look for the users of target.toml that a handle finds; what else they have shows only when it is used up."""
    for user in description.fixtures.users.values():
        handle = user.entry(ProfileType.HANDLE, searchable=True)
        if handle is not None and "search-handle" in description.provider.features:
            yield _fixture(description, peer, user, handle.value)


def _fixture(description: TargetDescription, peer: Peer, user: TargetUser, handle: str) -> Finding:
    name = f"fixture users.{user.name}"
    element = QueryElement(search_type=SearchIdentifierType.handle, search_value=handle.encode())
    try:
        exchange = peer.identifier_query(
            description.provider.domain, IdentifierRequest((element,)), deadline_seconds=ANSWER_SECONDS
        )
        found = IdentifierResponse.decode(exchange.response_body) if exchange.status == 200 else None
    except (EndpointError, DecodeError) as error:
        return Finding(name, Outcome.UNKNOWN, f"Not checked: {error}")
    if found is not None and any(uri.text == user.uri.text for uri in found.uri):
        return Finding(name, Outcome.OK, f"{user.uri} is found by the handle {handle}.", (exchange,))
    sentence = (
        f"{user.uri} is not found by the handle {handle} that target.toml gives as searchable; tests that need this "
        "user will judge the server wrongly, or not at all."
    )
    return Finding(name, Outcome.NOTICE, sentence, (exchange,))
