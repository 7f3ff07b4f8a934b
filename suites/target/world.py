"""The world that a test sees: the target, our peers around it, and the target's users.

    @checks("PROTO-5.8-16")
    @feature("identifier-query", "search-handle")
    def test_a_user_who_is_not_searchable_is_never_found(world: World) -> None:
        zach = world.user(profile=[ProfileEntry(ProfileType.HANDLE, searchable=False)])
        exchange = world.peer.identifier_query(...)

Nothing is shared between tests: whatever they make has a name of its own, so that they run in any order, at the same
time, and without a reset. Whatever the target can't provide ends the test as blocked, and says what was missing.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from typing import Any

from mimi_conformance.mocks.control.client import ClientDevice, ConsentDecision, ControlClient, ControlError
from mimi_conformance.mocks.control.connection import ControlConnection
from mimi_conformance.mocks.control.contract import Document, Operation
from mimi_conformance.mocks.network.authority import CertificateAuthority, Identity
from mimi_conformance.mocks.network.recorder import Recorder
from mimi_conformance.mocks.peers.asset_host import AssetHost
from mimi_conformance.mocks.peers.behaving_peer import BehavingPeer
from mimi_conformance.mocks.peers.user import CIPHER_SUITE, PeerDevice, PeerUser
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Lifetime
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialResponse, KeyMaterialUserCode
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.inbox import Inbox
from mimi_conformance.suites.target.introduction import introduce
from mimi_conformance.suites.target.judgement import blocked
from mimi_conformance.suites.target.laboratory import Laboratory, LaboratoryError, open_laboratory
from mimi_conformance.suites.target.population import KEY_PACKAGES_PER_CLIENT, Population, UserWish
from mimi_conformance.suites.target.sections import Reach
from mimi_conformance.suites.target.users import ProfileEntry, RoomEntry, TargetRoom, TargetUser


@contextmanager
def open_world(description: TargetDescription, worker: int = 0) -> Iterator["World"]:
    """Start our peers for a worker (0, 1, ...), tell the target about them, and take everything down at the end.

    Raises:
        LaboratoryError: our own side can't be set up as the description asks, or the target does not take it.
    """
    with ExitStack() as stack:
        laboratory = stack.enter_context(open_laboratory(description, worker))
        control = None
        if description.control is not None:
            url, token = description.control.url, description.control.token
            try:
                with ControlClient(url, token) as asking:
                    introduce(asking, laboratory, description)
            except ControlError as error:
                raise LaboratoryError(f"The target can't be told where our peers are: {error}") from error
            control = stack.enter_context(_ControlOfTests(url, token))
        yield World(description, laboratory, control, worker)


class World:
    """One target and everything around it, in one of the processes that run tests.

    Attributes:
        description: what `target.toml` says.
    """

    def __init__(
        self, description: TargetDescription, laboratory: Laboratory, control: ControlClient | None, worker: int
    ) -> None:
        self.description = description
        self._laboratory = laboratory
        self._control = control
        self._population = Population(description, control, worker)
        self._peers = tuple(AddressedPeer(peer, description) for peer in laboratory.peers)

    def start_test(self) -> None:
        """Let our peers forget what an earlier test made them do."""
        for addressed in self._peers:
            addressed.peer.reset()

    # The target.

    @property
    def domain(self) -> str:
        """The target's main provider domain."""
        return self.description.provider.domain

    @property
    def control(self) -> ControlClient:
        """The target's control interface; whatever it can't do or gets wrong ends the test as blocked."""
        if self._control is None:
            blocked("control interface")
        return self._control

    @property
    def has_control(self) -> bool:
        """Whether there is a control interface, for tests that see more with it but do without."""
        return self._control is not None

    # Our side.

    @property
    def peer(self) -> AddressedPeer:
        """A provider of ours."""
        return self._peers[0]

    @property
    def other_peer(self) -> AddressedPeer:
        """Another provider of ours."""
        if len(self._peers) < 2:
            blocked("a second peer in [peers.domains]")
        return self._peers[1]

    @contextmanager
    def new_peer(self) -> Iterator[AddressedPeer]:
        """A provider of ours that the target has never met, for the length of the block.

        Ends the test as blocked when the target can't be told where it is.
        """
        if self.description.peers.reach is not Reach.HOST_MAP:
            blocked(f'a peer that the target has never met; that takes peers.reach = "{Reach.HOST_MAP}"')
        domain = f"{self.new_name()}.{self.peer.domain}"
        network = self._laboratory.network
        peer = network.add_peer(domain, (self.peer.peer.address[0], 0), identity=self.issue(domain))
        try:
            self.control.peers({domain: peer.address})
            yield AddressedPeer(peer, self.description)
        finally:
            network.peers.pop(domain).stop()

    @contextmanager
    def new_asset_host(self, provider: AddressedPeer | None) -> Iterator[AssetHost]:
        """A host that the target can reach, where a provider of ours keeps assets (None: nobody does), for the block.

        Ends the test as blocked when the target can't be told of it.
        """
        if self.description.peers.reach is not Reach.HOST_MAP:
            blocked(f'an asset host that the target has never met; that takes peers.reach = "{Reach.HOST_MAP}"')
        domain = f"{self.new_name()}.{provider.domain if provider else 'nobody.example'}"
        listen = (self.peer.peer.address[0], 0)
        with AssetHost(domain, self.issue(domain), self.recorder, listen=listen) as host:
            self.control.peers({domain: host.address}, asset_hosts={provider.domain: [domain]} if provider else None)
            yield host

    @contextmanager
    def behaving(self, addressed: AddressedPeer) -> Iterator[BehavingPeer]:
        """A provider of ours that plays its part in rooms by itself, for the length of the block."""
        with BehavingPeer(addressed.peer) as provider:
            yield provider

    @property
    def recorder(self) -> Recorder:
        """Everything that our peers sent and received."""
        return self._laboratory.network.recorder

    def issue(self, *domains: str, **wishes: Any) -> Identity:
        """A certificate of the authority that the target trusts; see `CertificateAuthority.issue` for the wishes."""
        if not self._laboratory.can_issue:
            blocked("the key of our peers' authority (ca.key in the folder of [peers])")
        return self._laboratory.network.issue(*domains, **wishes)

    def issue_untrusted(self, *domains: str, **wishes: Any) -> Identity:
        """A certificate of an authority that the target does not know."""
        return self._laboratory.network.issue(*domains, authority=self._stranger, **wishes)

    @cached_property
    def _stranger(self) -> CertificateAuthority:
        return CertificateAuthority.create("nobody knows me")

    def peer_user(self, peer: AddressedPeer | None = None) -> PeerUser:
        """A user, with one client, of a peer of ours (by default `peer`), whom the target has not heard of."""
        return (peer or self.peer).user(self.new_name(), "client")

    def new_name(self) -> str:
        """Letters and digits that name nothing yet; none of these names is part of another."""
        return self._population.new_name()

    def new_room(self, peer: AddressedPeer | None = None) -> MimiUri:
        """The URI of a room of a peer of ours that the target has not heard of."""
        return MimiUri.room((peer or self.peer).domain, self.new_name())

    # The target's users.

    def user(
        self,
        *,
        profile: Sequence[ProfileEntry] = (),
        clients: int = 0,
        key_packages: bool = False,
        consent_for: MimiUri | None = None,
        no_consent_for: MimiUri | None = None,
        room: MimiUri | None = None,
        search_types: Collection[SearchIdentifierType] | None = None,
    ) -> TargetUser:
        """A user of the target: a new one when there is a control interface, else a fixture that has all of this.

        Args:
            profile: fields that the profile has to have; one without a value gets one that nobody else has.
            clients: how many clients the user has at least.
            key_packages: whether each client has KeyPackages to hand out (and then there is a client).
            consent_for: a user of ours who may fetch them.
            no_consent_for: a user of ours who may not.
            room: the only room that `consent_for` and `no_consent_for` are about; None for any.
            search_types: the searches that may find the user; None for all.
        """
        return self._population.user(
            UserWish(
                profile=tuple(profile),
                clients=clients,
                key_packages=key_packages,
                consent_for=consent_for,
                no_consent_for=no_consent_for,
                room=room,
                search_types=None if search_types is None else frozenset(search_types),
            )
        )

    def client(self, user: MimiUri, device: str, *, key_packages: int = KEY_PACKAGES_PER_CLIENT) -> Client:
        """A client of a user of the target, both new or not, which we play over the control interface."""
        uri = MimiUri.client(self.domain, user.path[0], device)
        credential = self._population.credential(user, PeerDevice(uri))
        made = Client(Device(user, uri, credential=credential), ControlConnection(self.control, self.domain), pauses=())
        made.register(key_packages)
        return made

    def unknown_user(self) -> MimiUri:
        """The URI of a user that the target does not have."""
        return MimiUri.user(self.domain, self.new_name())

    def room(self, *entries: RoomEntry) -> TargetRoom:
        """A room of the target that a peer of ours can enter in one of these ways (none given: in whichever)."""
        rooms = self.description.fixtures.rooms.values()
        found = next((room for room in rooms if room.entry in (entries or tuple(RoomEntry))), None)
        if found is None:
            blocked(f"fixture a room to enter by {' or '.join(entries) or 'any means'}")
        return found

    def decide(self, user: TargetUser, requester: MimiUri, *, granted: bool, room: MimiUri | None = None) -> None:
        """Let a user of the target grant or revoke consent, without the target telling the requester's provider."""
        self.control.users(user.uri, consent=[ConsentDecision(requester, granted, room)])

    def delete(self, user: TargetUser) -> None:
        """Let a user's account be gone."""
        self.control.users(user.uri, deleted=True)

    def add_key_packages(
        self,
        user: TargetUser,
        client: MimiUri,
        count: int = 1,
        *,
        cipher_suite: CipherSuite = CIPHER_SUITE,
        lifetime: Lifetime | None = None,
        capabilities: Capabilities | None = None,
    ) -> tuple[KeyPackage, ...]:
        """Give a client of a user of the target more KeyPackages to hand out; see `PeerDevice.key_package`."""
        encoded = self._population.new_key_packages(
            user.uri, self._population.device(client, cipher_suite), count, lifetime=lifetime, capabilities=capabilities
        )
        self.control.users(user.uri, clients=[ClientDevice(client, encoded)])
        return tuple(KeyPackage.decode(each) for each in encoded)

    def inbox(self, client: MimiUri) -> Inbox:
        """What a client of the target is delivered from now on."""
        return Inbox(self.control, client, self.description.settings.delivery_seconds)

    # What tests do on the way to what they judge.

    def credential(self, user: PeerUser) -> Credential:
        """The credential of the first client of a user of ours, of the kind that the target expects (AMB-024)."""
        return self._population.credential(user.uri, user.device)

    def claim(self, user: TargetUser, requester: PeerUser, room: MimiUri | None = None) -> tuple[KeyPackage, ...]:
        """Fetch a KeyPackage of each client of a user of the target, who has to consent to that.

        Ends the test as blocked when the target gives none.
        """
        request = requester.key_material_request(
            user.uri.text, "" if room is None else room.text, credential=self.credential(requester)
        )
        exchange = self._peer_of(requester.uri).key_material(request)
        try:
            response = KeyMaterialResponse.decode(exchange.response_body) if exchange.status == 200 else None
        except DecodeError as error:
            blocked(f"KeyPackages of {user.name}: the answer can't be decoded ({error})")
        if response is None:
            blocked(f"KeyPackages of {user.name}: the answer is {exchange.error or exchange.status}")
        if response.user_status is not KeyMaterialUserCode.success:
            blocked(f"KeyPackages of {user.name}: the answer is {response.user_status.name}")
        return tuple(client.key_package for client in response.clients if client.key_package is not None)

    def _peer_of(self, uri: MimiUri) -> AddressedPeer:
        return next(peer for peer in self._peers if peer.domain == uri.provider)


class _ControlOfTests(ControlClient):
    """A control interface whose errors end the test: what it can't do keeps the test from judging."""

    def ask(self, operation: Operation, request: Document, patience_seconds: float = 0.0) -> Document:
        try:
            return super().ask(operation, request, patience_seconds)
        except ControlError as error:
            blocked(str(error))
