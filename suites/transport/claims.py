"""Claims for key material: what a peer of ours asks of the target, and what the answer holds (PROTO 5.2)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.key_material import (
    ClientKeyMaterial,
    KeyMaterialRequest,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.suites.target.judgement import expect, other_reading
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import decoded

_NO_READING: Mapping[KeyMaterialUserCode, str] = MappingProxyType({})
CATCH_ALL: Mapping[KeyMaterialUserCode, str] = MappingProxyType({KeyMaterialUserCode.no_consent: "AMB-039"})
"""What a provider may say instead of any other failure."""


def request_for(
    world: World, requester: PeerUser, target: MimiUri, room: MimiUri | None = None, **wishes: Any
) -> KeyMaterialRequest:
    """A claim for the KeyPackages of a user; `wishes` are those of `PeerUser.key_material_request`."""
    wishes = {"credential": world.credential(requester), **wishes}
    return requester.key_material_request(target.text, "" if room is None else room.text, **wishes)


def send_claim(
    world: World, requester: PeerUser, target: MimiUri, room: MimiUri | None = None, **wishes: Any
) -> Exchange:
    """What comes of a claim that the first of our peers sends."""
    return world.peer.key_material(request_for(world, requester, target, room, **wishes))


def response_to_claim(
    world: World,
    requester: PeerUser,
    target: MimiUri,
    room: MimiUri | None = None,
    *,
    ids: tuple[str, ...] = (),
    **wishes: Any,
) -> KeyMaterialResponse:
    """The answer to a claim, judging (`ids`) that it is a KeyMaterialResponse."""
    return decoded(send_claim(world, requester, target, room, **wishes), KeyMaterialResponse, *ids)


def expect_code(
    response: KeyMaterialResponse,
    code: KeyMaterialUserCode,
    *ids: str,
    readings: Mapping[KeyMaterialUserCode, str] = _NO_READING,
) -> None:
    """Judge the code for the user. `readings` are other codes that are accepted, each with its ambiguity."""
    got = response.user_status
    if got is not code and got in readings:
        other_reading(readings[got], f"the answer is {got.name}", *ids)
        return
    expect(got is code, *ids, expected=code.name, got=got.name)


def of_client(response: KeyMaterialResponse, client: MimiUri) -> ClientKeyMaterial | None:
    """What an answer says of a client; None when it does not list it."""
    return next((each for each in response.clients if each.client_uri.text == client.text), None)


def given_in(response: KeyMaterialResponse) -> list[KeyPackage]:
    """The KeyPackages that an answer gives out."""
    return [each.key_package for each in response.clients if each.key_package is not None]
