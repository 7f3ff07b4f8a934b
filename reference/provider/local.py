"""What a provider offers its own clients: the side that MIMI leaves to every provider.

This is ordinary API for whatever sits between a client and its provider. Durable delivery of what clients send is the
outbox's business; here a request goes out at once and its answer comes back.
"""

import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.key_package import key_package_ref, verify_key_package
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.abuse_reports import ReceivedReport
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.hub_identity import HubIdentity
from mimi_conformance.reference.provider.inbox import Delivery
from mimi_conformance.reference.provider.messages import (
    Answer,
    Endpoint,
    LocalRequestError,
    Outgoing,
    Relay,
    Unanswered,
)
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.outbox import Backlog, Loss
from mimi_conformance.reference.provider.outgoing import Address
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reference.provider.storage import Storage, Transaction
from mimi_conformance.reference.provider.users import ConsentDecision, ProfileEntry
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

T = TypeVar("T")


class Run(Protocol):
    """Waits for what a coroutine returns, wherever requests to other providers are sent from."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T:
        """Run it to its end."""


class OtherProviders(Protocol):
    """How a provider reaches others; `PeerClient` does, over the network."""

    async def send(self, outgoing: Outgoing) -> Answer:
        """Send a request. Raises PeerError when there is no answer."""

    async def ask(self, outgoing: Outgoing) -> Answer | Unanswered:
        """Send a request, and say so when there is no answer."""

    async def gateway_keys(self, hub: str) -> Answer:
        """Fetch the keys of a hub's oblivious gateway."""

    async def relay(self, hub: str, encapsulated: bytes) -> Answer:
        """Relay an encapsulated request to it."""

    def add_peers(self, addresses: Mapping[str, Address], authorities: str = "") -> None:
        """Learn where hosts are, and whom to trust for their certificates (PEM)."""

    def forget_directories(self) -> None:
        """Fetch directories anew."""


@dataclass(frozen=True, slots=True)
class ClientChange:
    """A client to add to a user, and KeyPackages to add to those it has."""

    client: MimiUri
    key_packages: tuple[KeyPackage, ...] = ()


@dataclass(frozen=True, slots=True)
class UserChange:
    """What to change about a local user, who is made when there is none; None leaves things as they are.

    Clients that are lost have to leave all rooms, and so has the user when deleted.
    """

    user: MimiUri
    clients: tuple[ClientChange, ...] = ()
    profile: tuple[ProfileEntry, ...] | None = None
    search_types: frozenset[SearchIdentifierType] | None = None
    consent: tuple[ConsentDecision, ...] = ()
    deleted: bool | None = None
    lost: tuple[MimiUri, ...] = ()


class LocalService:
    """One provider, seen by its own clients. Safe to use from several threads.

    Args:
        provider: the protocol logic.
        storage: what it remembers.
        peers: how it reaches other providers.
        trust_clients: told the PEM certificates of authorities that peers' client certificates may come from.
        retry_now: called when peers that could not be reached are worth another try.
        ask_again: told of requests that had no answer, of which nobody knows whether they were accepted.
        run: waits for requests to other providers.
        clock: milliseconds of the Unix epoch.

    """

    def __init__(
        self,
        provider: Provider,
        storage: Storage,
        peers: OtherProviders,
        *,
        trust_clients: Callable[[str], None],
        retry_now: Callable[[], None],
        ask_again: Callable[[OpenRequest], None],
        run: Run,
        clock: Callable[[], int],
    ) -> None:
        self._provider = provider
        self._storage = storage
        self._peers = peers
        self._trust_clients = trust_clients
        self._retry_now = retry_now
        self._ask_again = ask_again
        self._run = run
        self._clock = clock

    @property
    def domain(self) -> str:
        """The provider's domain."""
        return self._provider.domain

    @property
    def is_hub(self) -> bool:
        """Whether rooms can be made here."""
        return Role.HUB in self._provider.settings.roles

    @property
    def hub_identity(self) -> HubIdentity:
        """What whoever makes a room puts into its group for this provider."""
        return self._provider

    def reset(self) -> None:
        """Forget users, consent, rooms, inboxes and what was learned from peers; host map and trust stay."""
        with self._storage.transaction() as transaction:
            transaction.clear()
        self._peers.forget_directories()
        self._retry_now()

    def add_peers(
        self,
        addresses: Mapping[str, Address],
        authorities: str = "",
        asset_hosts: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> None:
        """Learn of other providers.

        Args:
            addresses: where to connect to for hosts of their URLs.
            authorities: trusted (PEM) for their certificates of both roles.
            asset_hosts: at which hosts a provider keeps its assets, by its domain (PROTO 5.10).

        Raises:
            IdentifierError: in ``asset_hosts`` is something that is no domain name.
            TLSConfigurationError: ``authorities`` holds no certificate.

        """
        for provider, hosts in asset_hosts.items():
            for domain in (provider, *hosts):
                provider_domain(domain)
        self._peers.add_peers(addresses, authorities)
        with self._storage.transaction() as transaction:
            for provider, hosts in asset_hosts.items():
                for host in hosts:
                    transaction.add_asset_host(provider, host)
        if authorities:
            self._trust_clients(authorities)
        self._retry_now()

    def change_user(self, change: UserChange) -> None:
        """Make or change a local user; everything in ``change`` happens or nothing.

        Raises:
            LocalRequestError: the user is not local, a client or decision is not the user's, or a KeyPackage does not
                verify or was there before.

        """
        with self._storage.transaction() as transaction:
            self._require_local(change.user)
            transaction.add_user(change.user)
            for client in change.clients:
                self._change_client(transaction, change.user, client)
            if change.profile is not None:
                transaction.set_profile(change.user, change.profile)
            if change.search_types is not None:
                transaction.set_search_types(change.user, change.search_types)
            for decision in change.consent:
                if decision.target != change.user:
                    raise LocalRequestError(f"{change.user} can't decide for {decision.target}.")
                transaction.record_decision(decision)
            if change.deleted is not None:
                self._set_deleted(transaction, change.user, deleted=change.deleted)
            for lost in change.lost:
                if transaction.user_of(lost) != change.user:
                    raise LocalRequestError(f"{lost} is no client of {change.user}.")
                self._provider.client_lost(transaction, lost, self._clock())

    def create_room(self, new: NewRoom) -> None:
        """Make a room of which this provider is the hub.

        Raises:
            RoomExistsError: there is one with this identifier.
            LocalRequestError: the client is not local, or the group is not one of a room that this hub takes.

        """
        with self._storage.transaction() as transaction:
            self._provider.create_room(transaction, new)

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Answer:
        """Send a client's MIMI request to a provider, or serve it where that is this one, and give back the answer.

        Args:
            client: the local client that asks.
            endpoint: the endpoint asked.
            provider: domain of the provider asked.
            about: what the URL template is filled with; see `Outgoing`.
            body: the request structure, as the client encoded and signed it.

        Raises:
            LocalRequestError: a rule forbids this provider to send it.
            PeerError: the other provider could not be reached or understood.

        """
        outgoing = Outgoing(provider, endpoint, about, body)
        with self._storage.transaction() as transaction:
            user = self._user_of(transaction, client)
            self._provider.accept_own_request(transaction, user, outgoing)
            if provider == self.domain:
                answer = self._provider.answer_to_own_request(transaction, client, outgoing, self._clock())
            else:
                begun = self._provider.begin_own_request(transaction, client, outgoing)
        if provider != self.domain:
            return self._forwarded(outgoing, begun)
        return self._relayed(answer) if isinstance(answer, Relay) else answer

    def gateway_keys(self, client: MimiUri, hub: str) -> Answer:
        """Fetch the keys of a hub's oblivious gateway for a client (PROTO 5.10.3).

        Raises:
            LocalRequestError: the client is not local.
            PeerError: the hub could not be reached.

        """
        self._check_relaying(client, hub)
        return self._run(self._peers.gateway_keys(hub))

    def relay(self, client: MimiUri, hub: str, encapsulated: bytes) -> Answer:
        """Relay a client's encapsulated request to a hub's oblivious gateway (PROTO 5.10.3, RFC 9458).

        Nothing that says which client it is goes along, and what comes back can be read by the client only.

        Args:
            client: the local client that asks.
            hub: the domain of the hub, which has to be another provider: this one would know who asks for what.
            encapsulated: `message/ohttp-req`.

        Raises:
            LocalRequestError: the client is not local, or the hub is.
            PeerError: the hub could not be reached.

        """
        self._check_relaying(client, hub)
        return self._run(self._peers.relay(hub, encapsulated))

    def _check_relaying(self, client: MimiUri, hub: str) -> None:
        with self._storage.transaction() as transaction:
            self._user_of(transaction, client)
        if hub == self.domain:
            raise LocalRequestError(f"{hub} can't hide from itself who asks for what.")
        self._provider.check_is_follower()

    def deliveries(self, client: MimiUri, after: int = 0, wait_seconds: float = 0) -> tuple[Delivery, ...]:
        """A client's deliveries after a cursor, oldest first; waits up to ``wait_seconds`` for the first one.

        Raises:
            LocalRequestError: the client is not local.

        """
        deadline = time.monotonic() + wait_seconds
        while True:
            seen = self._storage.commits
            with self._storage.transaction() as transaction:
                self._user_of(transaction, client)
                found = transaction.deliveries(client, after)
            remaining = deadline - time.monotonic()
            if found or remaining <= 0:
                return found
            self._storage.wait_for_commit(seen, remaining)

    def backlogs(self) -> tuple[Backlog, ...]:
        """What other providers are still to be told of our rooms, for an operator to see."""
        with self._storage.transaction() as transaction:
            return transaction.backlogs()

    def losses(self) -> tuple[Loss, ...]:
        """What other providers will never be told, oldest first, for an operator to see."""
        with self._storage.transaction() as transaction:
            return transaction.losses()

    def abuse_reports(self) -> tuple[ReceivedReport, ...]:
        """What was reported of our rooms, oldest first, for an operator to act on."""
        with self._storage.transaction() as transaction:
            return transaction.abuse_reports()

    def _forwarded(self, outgoing: Outgoing, begun: OpenRequest | None) -> Answer:
        if begun is None:
            return self._run(self._peers.send(outgoing))
        try:
            answer = self._run(self._peers.send(outgoing))
        except Exception:
            self._ask_again(begun)
            raise
        with self._storage.transaction() as transaction:
            self._provider.end_own_request(transaction, begun, answer, self._clock())
        return answer

    def _relayed(self, relay: Relay) -> Answer:
        outcome = self._run(self._peers.ask(relay.outgoing))
        with self._storage.transaction() as transaction:
            return self._provider.answer_to_relayed(transaction, relay, outcome, self._clock())

    def _user_of(self, transaction: Transaction, client: MimiUri) -> MimiUri:
        user = transaction.user_of(client)
        if user is None:
            raise LocalRequestError(f"{client} is no client of a user of {self.domain}.")
        return user

    def _require_local(self, user: MimiUri) -> None:
        if not user.names_user or user.provider != self.domain:
            raise LocalRequestError(f"{user} is no user of {self.domain}.")

    def _set_deleted(self, transaction: Transaction, user: MimiUri, *, deleted: bool) -> None:
        before = transaction.user(user)
        if before is None or before.deleted == deleted:
            return
        transaction.set_deleted(user, deleted=deleted)
        if deleted:
            self._provider.user_deleted(transaction, user, self._clock())
        else:
            self._provider.user_restored(transaction, user)

    def _change_client(self, transaction: Transaction, user: MimiUri, change: ClientChange) -> None:
        if transaction.user_of(change.client) not in (None, user):
            raise LocalRequestError(f"{change.client} belongs to another user.")
        transaction.add_client(user, change.client)
        for key_package in change.key_packages:
            try:
                verify_key_package(key_package)
            except (RuleError, UnsupportedCipherSuiteError) as error:
                raise LocalRequestError(f"A KeyPackage of {change.client} is not valid. {error}") from error
            if not transaction.add_key_package(change.client, key_package_ref(key_package), key_package):
                raise LocalRequestError(f"A KeyPackage of {change.client} was given before.")
