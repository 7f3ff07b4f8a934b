"""What a provider serves that is only a hub, or only a follower, and what its own clients may ask of it (AMB-017)."""

import json

import pytest

from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import DIRECTORY_PATH, GATEWAY_PATH, Endpoint, LocalRequestError
from mimi_conformance.reference.provider.roles import Role
from tests.exercised import exercises
from tests.provider.conftest import make_provider
from tests.provider.hub_scene import Hub
from tests.provider.test_robustness import SUBJECTS

ALICE = MimiUri.user("a.example", "alice")
PHONE = MimiUri.client("a.example", "alice", "phone")
HERE, THERE = MimiUri.room("a.example", "clubhouse"), MimiUri.room("b.example", "clubhouse")

USERS = {"keyMaterial", "requestConsent", "updateConsent", "identifierQuery"}
ROOMS = {"update", "submitMessage", "groupInfo", "reportAbuse", "proxyDownload"}
SERVED = {Role.HUB: USERS | ROOMS, Role.FOLLOWER: USERS | {"notify"}}

each_role = pytest.mark.parametrize("role", Role)


def use(world, *roles: Role) -> None:
    world.use(make_provider(roles=frozenset(roles)))
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(PHONE),)))


def listed(world) -> set[str]:
    return set(json.loads(world.ask("GET", DIRECTORY_PATH).body))


@exercises("PROTO-5.1-01")
@each_role
def test_the_directory_lists_what_the_role_serves(world, role):
    use(world, role)
    assert listed(world) == SERVED[role]


def test_between_them_the_roles_serve_everything(world):
    use(world, *Role)
    assert listed(world) == SERVED[Role.HUB] | SERVED[Role.FOLLOWER] == set(Endpoint)


@each_role
@pytest.mark.parametrize("endpoint", list(Endpoint))
def test_what_is_not_listed_is_not_there(world, role, endpoint):
    use(world, role)
    answer = world.post(endpoint, SUBJECTS[endpoint], b"")
    assert (b"There is nothing at" in answer.body) == (endpoint not in SERVED[role])


@pytest.mark.parametrize(("role", "status"), [(Role.HUB, 200), (Role.FOLLOWER, 404)])
def test_only_hubs_are_oblivious_gateways(world, role, status):
    use(world, role)
    assert world.ask("GET", GATEWAY_PATH).status == status


@pytest.mark.parametrize("endpoint", ["update", "submitMessage", "groupInfo", "reportAbuse", "proxyDownload"])
def test_the_clients_of_a_hub_ask_nothing_of_other_hubs(world, endpoint):
    use(world, Role.HUB)
    with pytest.raises(LocalRequestError, match=r"a\.example follows no rooms of others"):
        world.service.request(PHONE, Endpoint(endpoint), "b.example", THERE.text, b"")


def test_the_clients_of_a_hub_claim_nothing_for_other_hubs(world):
    use(world, Role.HUB)
    claim = PeerUser("a.example", "alice").key_material_request("mimi://b.example/u/bob", THERE.text)
    with pytest.raises(LocalRequestError, match=r"a\.example follows no rooms of others"):
        world.service.request(PHONE, Endpoint.KEY_MATERIAL, "b.example", "mimi://b.example/u/bob", claim.encode())


def test_the_clients_of_a_hub_hide_from_no_other_hub(world):
    use(world, Role.HUB)
    with pytest.raises(LocalRequestError, match=r"a\.example follows no rooms of others"):
        world.service.gateway_keys(PHONE, "b.example")


@pytest.mark.parametrize("endpoint", sorted(ROOMS))
def test_the_clients_of_a_follower_find_no_rooms_at_home(world, endpoint):
    use(world, Role.FOLLOWER)
    answer = world.service.request(PHONE, Endpoint(endpoint), "a.example", HERE.text, b"")
    assert answer.status == 404
    assert b"is not served by a.example" in answer.body


def test_a_follower_makes_no_rooms():
    hub = Hub(roles=frozenset({Role.FOLLOWER}))
    with pytest.raises(LocalRequestError, match="is the hub of no rooms"):
        hub.service.create_room(hub.new_room({"alice": 4}, "alice1"))
