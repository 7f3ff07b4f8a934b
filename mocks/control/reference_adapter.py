"""The control interface of the reference provider: each operation is a few calls of the API its own clients use.

There is no other door into the reference; what `LocalService` can't do, the adapter can't either.
"""

import hmac
from collections.abc import Callable, Mapping
from types import MappingProxyType

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from mimi_conformance.mocks.control.contract import (
    SEARCH_TYPES,
    VERSION,
    ContractError,
    Document,
    ErrorCode,
    Operation,
    check,
    from_text,
    to_text,
)
from mimi_conformance.mocks.peers.directory import OBLIVIOUS_GATEWAY
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES
from mimi_conformance.reference.provider.founding import NewRoom, RoomExistsError
from mimi_conformance.reference.provider.hub_identity import HubIdentity
from mimi_conformance.reference.provider.local import ClientChange, LocalService, UserChange
from mimi_conformance.reference.provider.messages import Endpoint, LocalRequestError
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.provider.server import ASGIApp, Receive, Scope, Send, TLSConfigurationError
from mimi_conformance.reference.provider.users import ConsentDecision, ProfileEntry
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import GroupInfo
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.mls.tree import RatchetTree

IMPLEMENTATION = "mimi-conformance reference"


class OperationError(Exception):
    """An operation is not done; becomes the contract's error."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def create_control_app(service: LocalService, token: str = "") -> ASGIApp:
    """An ASGI app that serves the control interface of ``service``.

    With a ``token``, requests must carry it as a bearer token (RFC 6750 2.1).
    """
    adapter = ReferenceAdapter(service)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        try:
            if token:
                _require_token(request, token)
            operation, document = await _operation_of(request)
            answer = await run_in_threadpool(adapter.do, operation, document)
            response = JSONResponse(answer)
        except OperationError as error:
            response = JSONResponse({"error": error.code, "detail": str(error)}, status_code=error.code.status)
        await response(scope, receive, send)

    return app


def _require_token(request: Request, token: str) -> None:
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode("latin-1"), f"Bearer {token}".encode()):
        raise OperationError(ErrorCode.UNAUTHORIZED, "The bearer token is missing or wrong.")


async def _operation_of(request: Request) -> tuple[Operation, Document]:
    """Which operation a request asks for, and its document, held against the contract."""
    name = request.url.path.removeprefix("/")
    if name not in set(Operation):
        raise OperationError(ErrorCode.NOT_FOUND, f"There is no operation {name!r}.")
    if request.method != "POST":
        raise OperationError(ErrorCode.INVALID_REQUEST, f"Operations are asked for by POST, not {request.method}.")
    operation = Operation(name)
    try:
        return operation, check(operation, "Request", await request.json())
    except (ContractError, ValueError) as error:
        raise OperationError(ErrorCode.INVALID_REQUEST, f"The request breaks the contract: {error}") from error


class ReferenceAdapter:
    """Does the operations that `LocalService` can do."""

    def __init__(self, service: LocalService) -> None:
        self._service = service
        every: Mapping[Operation, Callable[[Document], Document]] = MappingProxyType(
            {
                Operation.DESCRIBE: self._describe,
                Operation.RESET: self._reset,
                Operation.PEERS: self._peers,
                Operation.USERS: self._users,
                Operation.ROOMS: self._rooms,
                Operation.REQUESTS: self._requests,
                Operation.DELIVERIES: self._deliveries,
            }
        )
        self._operations = {each: do for each, do in every.items() if each is not Operation.ROOMS or service.is_hub}

    def do(self, operation: Operation, request: Document) -> Document:
        """Do an operation; ``request`` fits the contract, and so does the result.

        Raises:
            OperationError: it was not done.
        """
        do = self._operations.get(operation)
        if do is None:
            raise OperationError(ErrorCode.NOT_SUPPORTED, f"This server has no {operation}.")
        try:
            return do(request)
        except IdentifierError as error:
            raise OperationError(ErrorCode.INVALID_REQUEST, str(error)) from error

    def _describe(self, _: Document) -> Document:
        suites = SUPPORTED_CIPHER_SUITES if self._service.is_hub else ()
        return {
            "contract": VERSION,
            "implementation": IMPLEMENTATION,
            "domains": [self._service.domain],
            "operations": sorted(self._operations),
            "hub_keys": [_hub_keys(self._service.hub_identity, suite) for suite in suites],
        }

    def _reset(self, _: Document) -> Document:
        self._service.reset()
        return {}

    def _peers(self, request: Document) -> Document:
        addresses = {host: (place["address"], place["port"]) for host, place in request["hosts"].items()}
        try:
            self._service.add_peers(addresses, request.get("trust", ""), request.get("asset_hosts", {}))
        except TLSConfigurationError as error:
            raise OperationError(ErrorCode.INVALID_REQUEST, str(error)) from error
        return {}

    def _users(self, request: Document) -> Document:
        user = MimiUri(request["user"])
        profile, search_types = request.get("profile"), request.get("search_types")
        try:
            change = UserChange(
                user,
                clients=tuple(_client(it) for it in request.get("clients", ())),
                profile=None if profile is None else tuple(_profile_entry(it) for it in profile),
                search_types=None if search_types is None else frozenset(SEARCH_TYPES[name] for name in search_types),
                consent=tuple(_decision(user, it) for it in request.get("consent", ())),
                deleted=request.get("deleted"),
                lost=tuple(MimiUri(it) for it in request.get("lost", ())),
            )
            self._service.change_user(change)
        except (DecodeError, LocalRequestError) as error:
            raise OperationError(ErrorCode.INVALID_REQUEST, str(error)) from error
        return {}

    def _rooms(self, request: Document) -> Document:
        changeable = request.get("policy_envelope")
        try:
            self._service.create_room(
                NewRoom(
                    MimiUri(request["room"]),
                    MimiUri(request["creator"]),
                    GroupInfo.decode(from_text(request["group_info"])),
                    RatchetTree.decode(from_text(request["ratchet_tree"])),
                    tuple(from_text(code) for code in request.get("joining_codes", ())),
                    None if changeable is None else frozenset(changeable),
                )
            )
        except RoomExistsError as error:
            raise OperationError(ErrorCode.CONFLICT, str(error)) from error
        except (DecodeError, LocalRequestError) as error:
            raise OperationError(ErrorCode.INVALID_REQUEST, str(error)) from error
        return {}

    def _requests(self, request: Document) -> Document:
        client, provider, body = MimiUri(request["client"]), request["provider"], from_text(request["body"])
        try:
            if request["endpoint"] == OBLIVIOUS_GATEWAY:
                answer = self._service.relay(client, provider, body)
            else:
                endpoint = Endpoint(request["endpoint"])
                answer = self._service.request(client, endpoint, provider, request["about"], body)
        except (LocalRequestError, PeerError) as error:
            return {"failure": str(error)}
        return {"status": answer.status, "body": to_text(answer.body)}

    def _deliveries(self, request: Document) -> Document:
        try:
            deliveries = self._service.deliveries(MimiUri(request["client"]), request["after"], request["wait_seconds"])
        except LocalRequestError as error:
            raise OperationError(ErrorCode.NOT_FOUND, str(error)) from error
        return {
            "deliveries": [
                {
                    "cursor": delivery.cursor,
                    "kind": delivery.kind,
                    "provider": delivery.provider,
                    **({} if delivery.room is None else {"room": delivery.room.text}),
                    "body": to_text(delivery.body),
                }
                for delivery in deliveries
            ]
        }


def _hub_keys(hub: HubIdentity, cipher_suite: CipherSuite) -> Document:
    return {
        "cipher_suite": int(cipher_suite),
        "external_sender": to_text(hub.external_sender(cipher_suite).encode()),
        "external_receiver": to_text(hub.external_receiver(cipher_suite).encode()),
        "franking_signature_key": to_text(hub.franking_agent(cipher_suite).encode()),
    }


def _client(document: Document) -> ClientChange:
    key_packages = tuple(KeyPackage.decode(from_text(text)) for text in document.get("key_packages", ()))
    return ClientChange(MimiUri(document["client"]), key_packages)


def _profile_entry(document: Document) -> ProfileEntry:
    return ProfileEntry(
        SEARCH_TYPES[document["type"]],
        document["value"],
        document.get("name", ""),
        document["searchable"],
        document.get("shared", False),
    )


def _decision(user: MimiUri, document: Document) -> ConsentDecision:
    room = document.get("room")
    return ConsentDecision(MimiUri(document["requester"]), user, room and MimiUri(room), document["granted"])
