"""The oblivious gateway of a hub: assets for clients that even their own provider can't watch (PROTO 5.10.3).

It is at the well-known location of RFC 9540 (AMB-130): GET brings its key configuration, and POST is for relays, which
are providers like any other peer. What is wrong with an encapsulated request is told in the open when it can't be
opened, and in the encapsulated response from then on (RFC 9458, section 5.2).
"""

import json
from http import HTTPStatus

from mimi_conformance.reference.oblivious_http import binary_message
from mimi_conformance.reference.oblivious_http.encapsulation import (
    KEYS_MEDIA_TYPE,
    REQUEST_MEDIA_TYPE,
    RESPONSE_MEDIA_TYPE,
    Context,
    EncapsulationError,
    GatewayKey,
    UnknownKeyError,
    encode_key_configurations,
)
from mimi_conformance.reference.provider.messages import PLAIN_TEXT, Answer, PeerRequest, Refusal
from mimi_conformance.reference.provider.proxy_download import (
    Download,
    Fields,
    ObliviousDownload,
    ProxyDownloadEndpoint,
)
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.errors import DecodeError

KEY_ID = 1
KEY_PROBLEM = "https://iana.org/assignments/http-problem-types#ohttp-key"
"""The problem type of a request for another key (RFC 9458, section 5.3)."""


class ObliviousGatewayEndpoint(ProxyDownloadEndpoint):
    """Answers for the gateway."""

    @property
    def gateway_key(self) -> GatewayKey:
        """The gateway's only key, which follows from what the provider keeps."""
        return GatewayKey(KEY_ID, self.keys.oblivious_http.private_key)

    def answer_to_key_request(self) -> Answer:
        """The gateway's key configuration (RFC 9458, section 3.2)."""
        keys = encode_key_configurations(self.gateway_key.configuration)
        return Answer(HTTPStatus.OK, keys, KEYS_MEDIA_TYPE)

    def answer_to_encapsulated_request(self, transaction: Transaction, request: PeerRequest) -> Answer | Download:
        """The asset that a client asks for, or an encapsulated refusal.

        Raises:
            Refusal: the request can't be opened.

        """
        content_type = ", ".join(request.header("content-type"))
        if content_type.partition(";")[0].strip().lower() != REQUEST_MEDIA_TYPE:
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"{content_type!r} is not {REQUEST_MEDIA_TYPE}.")
        try:
            plaintext, context = self.gateway_key.open_request(request.body)
        except UnknownKeyError as error:
            return self.answer_to_unknown_key(error)
        except EncapsulationError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
        try:
            return self.oblivious_download(transaction, plaintext, context)
        except Refusal as refusal:
            return self.sealed_refusal(context, refusal)

    def answer_to_unknown_key(self, error: UnknownKeyError) -> Answer:
        """Tell a client that its key configuration is out of date (RFC 9458, section 5.3)."""
        problem = json.dumps({"type": KEY_PROBLEM, "title": str(error)}).encode()
        return Answer(HTTPStatus.BAD_REQUEST, problem, "application/problem+json", reason=str(error))

    def oblivious_download(self, transaction: Transaction, plaintext: bytes, context: Context) -> Download:
        """The asset that a request asks for.

        Nothing of the request but its target goes to the asset host.

        Raises:
            Refusal: it is none that this gateway serves.

        """
        try:
            message = binary_message.decode(plaintext)
        except DecodeError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The request can't be read: {error}.") from error
        if not isinstance(message, binary_message.Request):
            raise Refusal(HTTPStatus.BAD_REQUEST, "The request is a response.")
        self.check_oblivious_request(message)
        url = f"{message.scheme}://{self.authority(message)}{message.path}"
        return ObliviousDownload(self.asset(transaction, url), context)

    def check_oblivious_request(self, message: binary_message.Request) -> None:
        """Refuse what is no plain GET.

        Raises:
            Refusal: 405 for another method, 417 for an expectation (RFC 9458, section 5.1), 400 for content.

        """
        if message.method != "GET":
            reason = f"{message.method} is not possible here, only GET."
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, reason, (("Allow", "GET"),))
        if any(name == "expect" for name, _ in message.headers):
            raise Refusal(HTTPStatus.EXPECTATION_FAILED, "Nothing can be expected of an oblivious request.")
        if message.content:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The GET has content.")

    def authority(self, message: binary_message.Request) -> str:
        """The host and port that a request is for, from its control data, its Host field, or both.

        Raises:
            Refusal: 400, there is none, or they contradict each other (RFC 9113, section 8.3.1).

        """
        named = {value for name, value in message.headers if name == "host"} | {message.authority} - {""}
        if len(named) != 1:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The request is for {len(named)} hosts.")
        return named.pop()

    def sealed(self, context: Context, status: int, headers: Fields, content: bytes) -> Answer:
        """A response that only the client can read, in one that says nothing but that it is one."""
        response = binary_message.encode(binary_message.Response(status, headers, content))
        return Answer(HTTPStatus.OK, context.seal_response(response, self.random), RESPONSE_MEDIA_TYPE)

    def sealed_refusal(self, context: Context, refusal: Refusal) -> Answer:
        """A refusal that only the client can read; not even this server's log says what it is about."""
        headers = (("content-type", PLAIN_TEXT), *((name.lower(), value) for name, value in refusal.headers))
        return self.sealed(context, refusal.status, headers, f"{refusal.reason}\n".encode())
