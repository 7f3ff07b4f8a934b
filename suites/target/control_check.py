"""The part of the preflight that asks the control interface, and through it whether the target can call our peers.

What needs no control interface is in preflight.py.
"""

from collections.abc import Iterator

from mimi_conformance.mocks.control.client import (
    ClientDevice,
    ControlClient,
    ControlError,
    ControlledServer,
    ControlNotSupportedError,
    ControlRefusedError,
)
from mimi_conformance.mocks.control.contract import ErrorCode, Operation
from mimi_conformance.mocks.network.addresses import show_address
from mimi_conformance.mocks.network.exchange import Direction, Exchange
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierRequest,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.finding import Finding, Outcome
from mimi_conformance.suites.target.introduction import introduce
from mimi_conformance.suites.target.laboratory import Laboratory
from mimi_conformance.suites.target.sections import Reach

ANSWER_SECONDS = 3.0
_CONTROL = "control interface"
_CALLBACK = "callback"

_ADVICE = {
    Reach.NONE: "set `reach` in [peers], so that it can",
    Reach.HOST_MAP: "it has to connect where the `peers` operation says, and to trust the authority given there",
    Reach.HOSTS_FILE: "its hosts file needs the lines that `mimi-conformance init` printed, and our peers port 443",
    Reach.OWN_DOMAINS: "the domains in [peers.domains] have to resolve, from its place, to where our peers listen",
}


def check_control(description: TargetDescription, laboratory: Laboratory) -> Iterator[Finding]:
    """Ask who answers, start from nothing, and have the target call a peer of ours."""
    if description.control is None:
        sentence = "There is none; tests that need to see or steer the server's own side are blocked."
        yield Finding(_CONTROL, Outcome.UNKNOWN, sentence)
        yield Finding(_CALLBACK, Outcome.UNKNOWN, "Not checked: that takes a control interface.")
        return
    url, token = description.control.url, description.control.token
    with ControlClient(url, token, answer_seconds=ANSWER_SECONDS) as control:
        try:
            server = control.describe()
            _reset(control)
        except ControlError as error:
            yield Finding(_CONTROL, Outcome.PROBLEM, f"{error} {_advice(error)}")
            return
        finding = _identity(server, description)
        yield finding
        if finding.outcome is Outcome.OK:
            yield _callback(control, server, description, laboratory)


def check_presence(description: TargetDescription) -> Iterator[Finding]:
    """Ask who answers, when somebody should."""
    if description.control is None:
        return
    with ControlClient(description.control.url, description.control.token, answer_seconds=ANSWER_SECONDS) as control:
        try:
            control.describe()
        except ControlError as error:
            yield Finding(_CONTROL, Outcome.PROBLEM, f"{error} {_advice(error)}")


def _reset(control: ControlClient) -> None:
    """Let what an earlier run has left behind go; a server that can't forget is used as it is."""
    try:
        control.reset()
    except ControlNotSupportedError:
        return


def _advice(error: ControlError) -> str:
    if isinstance(error, ControlRefusedError) and error.code is ErrorCode.UNAUTHORIZED:
        return "Set `token` in [control]."
    return "Check it with docs/control-interface.md, or leave [control] out to run what needs none."


def _identity(server: ControlledServer, description: TargetDescription) -> Finding:
    unknown = [domain for domain in description.provider.domains if domain not in server.domains]
    if unknown:
        sentence = (
            f"The control interface is that of {', '.join(server.domains)}, and not of {', '.join(unknown)}; correct "
            "`url` in [control], or `provider.domains`."
        )
        return Finding(_CONTROL, Outcome.PROBLEM, sentence)
    missing = ", ".join(sorted(set(Operation) - server.operations))
    sentence = f"{server.implementation} answers" + (f", and has no {missing}." if missing else ".")
    return Finding(_CONTROL, Outcome.OK, sentence)


def _callback(
    control: ControlClient, server: ControlledServer, description: TargetDescription, laboratory: Laboratory
) -> Finding:
    if description.peers.reach is Reach.NONE:
        return Finding(_CALLBACK, Outcome.UNKNOWN, 'Not checked: `reach` in [peers] is "none".')
    if not {Operation.USERS, Operation.REQUESTS} <= server.operations:
        return Finding(_CALLBACK, Outcome.UNKNOWN, "Not checked: that takes the operations users and requests.")
    peer = laboratory.peers[0]
    recorder = laboratory.network.recorder
    domain = description.provider.domain
    client = MimiUri.client(domain, "mimi-conformance-preflight", "client")
    query = IdentifierRequest((QueryElement(search_type=SearchIdentifierType.nick, search_value=b"nobody"),))
    mark = recorder.mark()
    try:
        introduce(control, laboratory, description)
        control.users(MimiUri.user(domain, "mimi-conformance-preflight"), clients=[ClientDevice(client)])
        outcome = control.requests(client, "identifierQuery", peer.domain, peer.domain, query.encode())
    except ControlNotSupportedError as error:
        return Finding(_CALLBACK, Outcome.UNKNOWN, f"Not checked: {error}")
    except ControlError as error:
        return Finding(_CALLBACK, Outcome.PROBLEM, f"{error} {_advice(error)}")

    def came(exchange: Exchange) -> bool:
        return exchange.direction is Direction.TO_PEER and exchange.peer == peer.domain and exchange.finished

    arrived = tuple(filter(came, recorder.since(mark)))
    if arrived:
        return Finding(_CALLBACK, Outcome.OK, f"The server can call our peer {peer.domain}.", arrived)
    reason = outcome.failure or f"it reports status {outcome.status}, and nothing came here"
    sentence = (
        f"The server can't call our peer {peer.domain} at {show_address(peer.address)}: {reason}. "
        f"To mend this, {_ADVICE[description.peers.reach]}."
    )
    return Finding(_CALLBACK, Outcome.PROBLEM, sentence, arrived)
