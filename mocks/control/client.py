"""The harness's side of the control interface: one method per operation, typed answers, errors that are sentences.

What the answers mean for conformance is for the suites.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx

from mimi_conformance.mocks.control.contract import (
    LONGEST_WAIT_SECONDS,
    SEARCH_TYPES,
    ContractError,
    Document,
    ErrorCode,
    Operation,
    check,
    check_error,
    from_text,
    to_text,
)
from mimi_conformance.mocks.network.addresses import Address
from mimi_conformance.mocks.network.failure import classify
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

ANSWER_SECONDS = 10.0
_HUB_KEYS = ("external_sender", "external_receiver", "franking_signature_key")
LONGEST_QUOTE = 200  # characters of an answer that is not the contract's


class ControlError(Exception):
    """An operation of the control interface was not done; the text is a sentence.

    Attributes:
        operation: the operation.
    """

    def __init__(self, operation: Operation, sentence: str) -> None:
        self.operation = operation
        super().__init__(sentence)


class ControlUnavailableError(ControlError):
    """Nobody answers at the control interface's URL, or not in time."""


class ControlNotSupportedError(ControlError):
    """The server cannot do this operation, or not in the way that was asked for."""


class ControlRefusedError(ControlError):
    """The server refuses the operation.

    Attributes:
        code: why.
    """

    def __init__(self, operation: Operation, code: ErrorCode, detail: str) -> None:
        self.code = code
        super().__init__(operation, f"The control interface refused `{operation}` with {code}: {detail}")


class ControlBrokenError(ControlError):
    """What the control interface answers is not what its contract says.

    Attributes:
        status: the HTTP status.
        detail: what is wrong with the answer, or what it says.
    """

    def __init__(self, operation: Operation, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(operation, f"The control interface answered `{operation}` with status {status}: {detail}")


@dataclass(frozen=True)
class ControlledHubKeys:
    """What the creator of a room puts into its group for the server as the hub.

    Attributes:
        external_sender: the MLS ExternalSender.
        external_receiver: the ExternalReceiver, for groups with SemiPrivateMessages; None when it reads none.
        franking_signature_key: the data of the component of this name; None when it franks nothing.
    """

    external_sender: bytes
    external_receiver: bytes | None = None
    franking_signature_key: bytes | None = None


@dataclass(frozen=True)
class ControlledServer:
    """Who answers at a control interface, and what it can do.

    Attributes:
        implementation: name and version.
        domains: its provider domains.
        operations: those it supports.
        hub_keys: what goes into the group of a room that it is to host, by the number of the group's cipher suite.
    """

    implementation: str
    domains: tuple[str, ...]
    operations: frozenset[Operation]
    hub_keys: Mapping[int, ControlledHubKeys]


@dataclass(frozen=True)
class ClientDevice:
    """A client that a user is to have, with KeyPackages (RFC 9420 10, encoded) to hand out."""

    uri: MimiUri
    key_packages: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class ControlledField:
    """One field of the profile of a user to be made; `name` for claims and properties only."""

    type: str
    value: str
    searchable: bool
    name: str = ""
    shared: bool = False


@dataclass(frozen=True)
class ConsentDecision:
    """What a local user decided about a requester, for one room or (None) any."""

    requester: MimiUri
    granted: bool
    room: MimiUri | None = None


@dataclass(frozen=True)
class RequestOutcome:
    """What came of a request that the server sent for a local client.

    Attributes:
        status: the HTTP status that the other provider answered; None when there was no answer.
        body: the answer's body.
        failure: why there was none, in the server's words; empty when there was one.
    """

    status: int | None
    body: bytes = b""
    failure: str = ""


@dataclass(frozen=True)
class Delivery:
    """One thing that a local client was delivered.

    Attributes:
        cursor: its number; grows with every delivery to the client.
        kind: ``fanout`` or ``consent``.
        provider: the provider that it came from.
        room: the URI of the room; empty for consent.
        body: one FanoutMessage (PROTO 5.5) or one ConsentEntry (PROTO 5.7), encoded.
    """

    cursor: int
    kind: str
    provider: str
    room: str
    body: bytes


class ControlClient:
    """Asks the control interface at ``url``; safe to use from several threads. Close it, or use it in a ``with``.

    Every operation raises a :class:`ControlError`: ControlUnavailableError, ControlNotSupportedError,
    ControlRefusedError or ControlBrokenError.
    """

    def __init__(self, url: str, token: str = "", *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self.url = url
        self._answer_seconds = answer_seconds
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(headers=headers, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def describe(self) -> ControlledServer:
        """Ask who answers."""
        answer = self.ask(Operation.DESCRIBE, {})
        return ControlledServer(
            implementation=answer["implementation"],
            domains=tuple(answer["domains"]),
            operations=frozenset(Operation(name) for name in answer["operations"]),
            hub_keys={each["cipher_suite"]: _hub_keys(each) for each in answer.get("hub_keys", ())},
        )

    def reset(self) -> None:
        """Make the server forget everything that came through this interface."""
        self.ask(Operation.RESET, {})

    def peers(
        self,
        hosts: Mapping[str, Address],
        trust: str = "",
        asset_hosts: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        """Tell where peers live, the authorities (PEM) of their certificates, and where each keeps its assets."""
        told = {host: {"address": address, "port": port} for host, (address, port) in hosts.items()}
        kept = asset_hosts and {provider: sorted(names) for provider, names in asset_hosts.items()}
        self.ask(Operation.PEERS, _without_none(hosts=told, trust=trust or None, asset_hosts=kept))

    def users(
        self,
        user: MimiUri,
        *,
        clients: Sequence[ClientDevice] | None = None,
        profile: Sequence[ControlledField] | None = None,
        search_types: Collection[SearchIdentifierType] | None = None,
        consent: Sequence[ConsentDecision] | None = None,
        deleted: bool | None = None,
        lost: Collection[MimiUri] = (),
    ) -> None:
        """Make a local user or change one; None leaves things as they are."""
        request = _without_none(
            user=user.text,
            clients=clients
            and [{"client": it.uri.text, "key_packages": [to_text(kp) for kp in it.key_packages]} for it in clients],
            profile=None if profile is None else [_field(entry) for entry in profile],
            search_types=None
            if search_types is None
            else [name for name, type_ in SEARCH_TYPES.items() if type_ in search_types],
            consent=consent
            and [
                _without_none(requester=it.requester.text, granted=it.granted, room=it.room and it.room.text)
                for it in consent
            ],
            deleted=deleted,
            lost=[client.text for client in lost] or None,
        )
        self.ask(Operation.USERS, request)

    def rooms(
        self,
        room: MimiUri,
        creator: MimiUri,
        group_info: bytes,
        ratchet_tree: bytes,
        *,
        joining_codes: Sequence[bytes] = (),
        policy_envelope: Sequence[str] | None = None,
    ) -> None:
        """Make a room of which the server is the hub, from the group that the local client ``creator`` made."""
        request = _without_none(
            room=room.text,
            creator=creator.text,
            group_info=to_text(group_info),
            ratchet_tree=to_text(ratchet_tree),
            joining_codes=[to_text(code) for code in joining_codes] or None,
            policy_envelope=policy_envelope,
        )
        self.ask(Operation.ROOMS, request)

    def requests(self, client: MimiUri, endpoint: str, provider: str, about: str, body: bytes) -> RequestOutcome:
        """Have the server send a local client's request.

        Args:
            client: whose request it is.
            endpoint: the directory member to ask, such as ``identifierQuery``.
            provider: domain of the provider asked.
            about: what its URL template is filled with: URI or domain.
            body: the encoded request.
        """
        request = {
            "client": client.text,
            "endpoint": endpoint,
            "provider": provider,
            "about": about,
            "body": to_text(body),
        }
        # The other provider may take its time, and the server may wait for it.
        answer = self.ask(Operation.REQUESTS, request, LONGEST_WAIT_SECONDS)
        if "failure" in answer:
            return RequestOutcome(None, failure=answer["failure"])
        return RequestOutcome(answer["status"], from_text(answer["body"]))

    def deliveries(self, client: MimiUri, after: int = 0, wait_seconds: float = 0.0) -> tuple[Delivery, ...]:
        """What a local client was delivered after a cursor, in order; waits for the first at most ``wait_seconds``."""
        wait = min(wait_seconds, LONGEST_WAIT_SECONDS)
        request = {"client": client.text, "after": after, "wait_seconds": wait}
        answer = self.ask(Operation.DELIVERIES, request, wait)
        return tuple(
            Delivery(it["cursor"], it["kind"], it["provider"], it.get("room", ""), from_text(it["body"]))
            for it in answer["deliveries"]
        )

    def ask(self, operation: Operation, request: Document, patience_seconds: float = 0.0) -> Document:
        """Ask for an operation with a document that fits the contract, and give back the answer, which fits it too.

        ``patience_seconds`` is how much longer than usual the answer may take.
        """
        check(operation, "Request", request)
        try:
            response = self._http.post(
                f"{self.url}/{operation}", json=request, timeout=self._answer_seconds + patience_seconds
            )
        except httpx.TimeoutException as error:
            sentence = f"The control interface at {self.url} did not answer `{operation}` in time."
            raise ControlUnavailableError(operation, sentence) from error
        except httpx.HTTPError as error:
            reason = classify(error)[1].removesuffix(".")
            sentence = f"The control interface at {self.url} can't be asked for `{operation}`: {reason}."
            raise ControlUnavailableError(operation, sentence) from error
        return _answer(operation, response)


def _answer(operation: Operation, response: httpx.Response) -> Document:
    try:
        document = response.json()
        if response.status_code == 200:
            return check(operation, "Response", document)
        error = check_error(document)
    except ContractError as problem:
        detail = f"{_quoted(response)} does not fit the contract ({problem})."
        raise ControlBrokenError(operation, response.status_code, detail) from problem
    except (ValueError, RecursionError) as problem:
        detail = f"{_quoted(response)} is not JSON, which the contract asks for."
        raise ControlBrokenError(operation, response.status_code, detail) from problem
    code = ErrorCode(error["error"])
    if code.status != response.status_code:
        detail = f"{code} goes with status {code.status} ({error['detail']})"
        raise ControlBrokenError(operation, response.status_code, detail)
    if code is ErrorCode.NOT_SUPPORTED:
        raise ControlNotSupportedError(operation, f"The server's control interface can't do this: {error['detail']}")
    if code is ErrorCode.INTERNAL:
        raise ControlBrokenError(operation, response.status_code, error["detail"])
    raise ControlRefusedError(operation, code, error["detail"])


def _quoted(response: httpx.Response) -> str:
    text = response.text.strip()
    if not text:
        return "an empty body"
    return repr(text[:LONGEST_QUOTE]) + ("…" if len(text) > LONGEST_QUOTE else "")


def _field(entry: ControlledField) -> Document:
    named = {"name": entry.name, "shared": entry.shared} if entry.name else {}
    return {"type": entry.type, "value": entry.value, "searchable": entry.searchable, **named}


def _without_none(**members: Any) -> Document:
    return {name: value for name, value in members.items() if value is not None}


def _hub_keys(document: Document) -> ControlledHubKeys:
    found = {name: from_text(document[name]) for name in _HUB_KEYS if name in document}
    return ControlledHubKeys(**found)
