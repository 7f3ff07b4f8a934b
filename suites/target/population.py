"""Users of the target for tests: made over the control interface, or else found among the fixtures of target.toml.

What a test does with them is in world.py.
"""

import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mimi_conformance.mocks.control.client import ClientDevice, ConsentDecision, ControlClient, ControlledField
from mimi_conformance.mocks.peers.user import CIPHER_SUITE, PeerDevice
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Lifetime
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.judgement import blocked
from mimi_conformance.suites.target.sections import CredentialIdentity
from mimi_conformance.suites.target.users import Consent, ProfileEntry, ProfileType, TargetUser

KEY_PACKAGES_PER_CLIENT = 3


@dataclass(frozen=True)
class UserWish:
    """What a test needs of a user of the target; `World.user` explains each part."""

    profile: tuple[ProfileEntry, ...] = ()
    clients: int = 0
    key_packages: bool = False
    consent_for: MimiUri | None = None
    no_consent_for: MimiUri | None = None
    room: MimiUri | None = None
    search_types: frozenset[SearchIdentifierType] | None = None

    def is_met_by(self, user: TargetUser) -> bool:
        """Whether a fixture has everything that is wished for."""
        return (
            all(any(_fits(entry, wished) for entry in user.profile) for wished in self.profile)
            and len(user.clients) >= self.clients
            and (user.key_packages or not self.key_packages)
            and (self.consent_for is None or user.consents_to(self.consent_for, self.room))
            # Consent for one room only is none for any.
            and (self.consent_for is None or self.room is None or not user.consents_to(self.consent_for))
            and (self.no_consent_for is None or not user.consents_to(self.no_consent_for, self.room))
            # What a provider lets queries do besides is not in target.toml.
            and self.search_types is None
        )

    def __str__(self) -> str:
        # Without names that are new in every run: the reports of two runs should say the same.
        parts = [_shown(entry) for entry in self.profile]
        if self.search_types is not None:
            names = " or ".join(type_.name for type_ in sorted(self.search_types))
            parts.append(f"found by {names or 'no search'} only")
        if self.key_packages:
            parts.append("KeyPackages")
        if self.clients:
            parts.append(f"{self.clients} client{'s' if self.clients > 1 else ''}")
        if self.consent_for is not None:
            only = "" if self.room is None else " in one room only"
            parts.append(f"consent for users of {self.consent_for.provider}{only}")
        if self.no_consent_for is not None:
            parts.append(f"no consent for users of {self.no_consent_for.provider}")
        return f"a user with {', '.join(parts)}" if parts else "a user"


class Population:
    """Makes and finds the users of one target, for one worker."""

    def __init__(self, description: TargetDescription, control: ControlClient | None, worker: int) -> None:
        self._description = description
        self._control = control
        # Of fixed length, so that no name is part of another: a partial search must find one user only.
        self._devices: dict[tuple[MimiUri, CipherSuite], PeerDevice] = {}
        self._names = (f"{secrets.token_hex(4)}{worker:02}{number:05}" for number in itertools.count())

    def new_name(self) -> str:
        """Letters and digits that name nothing yet, here or anywhere."""
        return next(self._names)

    def user(self, wish: UserWish) -> TargetUser:
        """A user that meets a wish: a new one, or a fixture. Ends the test as blocked when there is none."""
        if self._control is not None:
            return self._make(self._control, wish)
        found = next(filter(wish.is_met_by, self._description.fixtures.users.values()), None)
        if found is None:
            blocked(f"fixture {wish}")
        return found

    def device(self, client: MimiUri, cipher_suite: CipherSuite = CIPHER_SUITE) -> PeerDevice:
        """A client of the target, which we play; the same each time, so that it never makes a KeyPackage twice."""
        return self._devices.setdefault((client, cipher_suite), PeerDevice(client, cipher_suite))

    def new_key_packages(
        self,
        user: MimiUri,
        device: PeerDevice,
        count: int,
        *,
        lifetime: Lifetime | None = None,
        capabilities: Capabilities | None = None,
    ) -> tuple[bytes, ...]:
        """KeyPackages for a client of the target, encoded, with the kind of credential that the target has."""
        credential = self.credential(user, device)
        return tuple(
            device.key_package(credential=credential, lifetime=lifetime, capabilities=capabilities).key_package.encode()
            for _ in range(count)
        )

    def credential(self, user: MimiUri, device: PeerDevice) -> Credential:
        """The credential of a client, of the kind that the target expects (AMB-024)."""
        kind = self._description.settings.credential_identity
        if kind is CredentialIdentity.X509:
            blocked("clients with x509 credentials, which this version can't make")
        return device.credential if kind is CredentialIdentity.BASIC_CLIENT_URI else Credential.basic(bytes(user))

    def _make(self, control: ControlClient, wish: UserWish) -> TargetUser:
        name, domain = self.new_name(), self._description.provider.domain
        clients = wish.clients or int(wish.key_packages)
        devices = [self.device(MimiUri.client(domain, name, f"client{number}")) for number in range(clients)]
        count = KEY_PACKAGES_PER_CLIENT if wish.key_packages else 0
        user = TargetUser(
            name=name,
            uri=MimiUri.user(domain, name),
            clients=tuple(device.uri for device in devices),
            key_packages=wish.key_packages,
            consent=() if wish.consent_for is None else (Consent(wish.consent_for.text, wish.room),),
            profile=tuple(_valued(entry, name, domain) for entry in wish.profile),
        )
        control.users(
            user.uri,
            clients=[ClientDevice(device.uri, self.new_key_packages(user.uri, device, count)) for device in devices],
            profile=_fields(user.profile),
            search_types=wish.search_types,
            # A denial is told, too: a provider may let some fetch KeyPackages unasked (PROTO 8).
            consent=[
                ConsentDecision(requester, granted=granted, room=wish.room)
                for requester, granted in ((wish.no_consent_for, False), (wish.consent_for, True))
                if requester is not None
            ],
        )
        return user


def _fits(entry: ProfileEntry, wished: ProfileEntry) -> bool:
    same_field = (entry.type, entry.name, entry.searchable) == (wished.type, wished.name, wished.searchable)
    return same_field and wished.value in ("", entry.value) and (entry.shared or not wished.shared)


def _shown(entry: ProfileEntry) -> str:
    field = f"{entry.type} {entry.name}".strip()
    value = " of the test's choice" if entry.value else ""
    return f"a {'searchable' if entry.searchable else 'hidden'} {field}{value}"


def _valued(entry: ProfileEntry, name: str, domain: str) -> ProfileEntry:
    """The entry with a value that no other user has, when it came without one."""
    if entry.value:
        return entry
    match entry.type:
        case ProfileType.HANDLE:
            value = f"im:{name}@{domain}"
        case ProfileType.EMAIL:
            value = f"{name}@{domain}"
        case ProfileType.PHONE:
            value = f"+999{int(name, 16) % 10**12:012}"
        case _:
            value = name
    return replace(entry, value=value)


def _fields(profile: Sequence[ProfileEntry]) -> Sequence[ControlledField]:
    return [ControlledField(it.type, it.value, it.searchable, it.name, it.shared) for it in profile]
