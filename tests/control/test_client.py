"""Whatever a control interface answers, the client has a sentence for it."""

import socket

import httpx
import pytest
import respx

from mimi_conformance.mocks.control.client import (
    ControlBrokenError,
    ControlClient,
    ControlError,
    ControlNotSupportedError,
    ControlRefusedError,
    ControlUnavailableError,
)
from mimi_conformance.reference.identity.uri import MimiUri

URL = "http://control.test/mimi"
CLIENT = MimiUri("mimi://a.example/d/bob/phone")


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        (httpx.Response(500, text="oops"), ControlBrokenError, "`describe` with status 500: 'oops' is not JSON, which"),
        (httpx.Response(500), ControlBrokenError, "status 500: an empty body is not JSON"),
        (httpx.Response(200, text="<html>"), ControlBrokenError, "status 200: '<html>' is not JSON"),
        (httpx.Response(200, text="\x1b[31m"), ControlBrokenError, r"status 200: '\\x1b\[31m' is not JSON"),
        (httpx.Response(200, text="x" * 300), ControlBrokenError, "status 200: 'x{200}'… is not JSON"),
        (httpx.Response(200, text="[" * 100_000), ControlBrokenError, r"status 200: '\[{200}'… is not JSON"),
        (httpx.Response(200, json={}), ControlBrokenError, "status 200: .*'contract' is a required property"),
        (httpx.Response(200, json=[]), ControlBrokenError, "is not of type 'object'"),
        (httpx.Response(404, json={"error": "unheard_of", "detail": "x"}), ControlBrokenError, "unheard_of"),
        (
            httpx.Response(400, json={"error": "conflict", "detail": "x"}),
            ControlBrokenError,
            "conflict goes with status 4",
        ),
        (httpx.Response(500, json={"error": "internal", "detail": "No disk."}), ControlBrokenError, "No disk."),
        (httpx.Response(501, json={"error": "not_supported", "detail": "No."}), ControlNotSupportedError, "No."),
        (
            httpx.Response(409, json={"error": "conflict", "detail": "Twice."}),
            ControlRefusedError,
            "with conflict: Twice.",
        ),
    ],
)
@respx.mock
def test_answers_that_are_no_success(answer: httpx.Response, error: type[ControlError], sentence: str) -> None:
    respx.post(f"{URL}/describe").mock(answer)
    with ControlClient(URL) as control, pytest.raises(error, match=sentence):
        control.describe()


@respx.mock
def test_a_control_interface_that_takes_too_long() -> None:
    respx.post(f"{URL}/describe").mock(side_effect=httpx.ReadTimeout("late"))
    with (
        ControlClient(URL) as control,
        pytest.raises(ControlUnavailableError, match="did not answer `describe` in time"),
    ):
        control.describe()


def test_a_control_interface_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with (
        ControlClient(f"http://127.0.0.1:{port}") as control,
        pytest.raises(ControlUnavailableError, match=r"can't be asked for `reset`: connection refused\.$"),
    ):
        control.reset()


@respx.mock
def test_the_token_goes_along_and_the_wait_is_bounded() -> None:
    route = respx.post(f"{URL}/deliveries").respond(json={"deliveries": []})
    with ControlClient(URL, "secret", answer_seconds=1.0) as control:
        control.deliveries(CLIENT, wait_seconds=1000)
    request = route.calls.last.request
    assert request.headers["Authorization"] == "Bearer secret"
    assert b'"wait_seconds":30.0' in request.content
    assert request.extensions["timeout"]["read"] == 31.0
