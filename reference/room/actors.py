"""Who asks for a change: whatever can sign a proposal or a commit (PROTO 7.3, 7.4; RFC 9420, section 6).

Whose credential belongs to which user is decided before, by reference/identity.
"""

from dataclasses import dataclass
from typing import TypeAlias

from mimi_conformance.reference.room.participants import Client, User
from mimi_conformance.reference.wire.room_policy.roles import Claim

NO_CLAIMS: frozenset[Claim] = frozenset()


@dataclass(frozen=True, slots=True)
class Member:
    """A client in the group.

    Attributes:
        user: whose client it is.
        leaf_index: its leaf; None where nobody but the group can see it, as for whoever sends an application message.
        claims: what its credential claims (POLICY 4).

    """

    user: User
    leaf_index: int | None = None
    claims: frozenset[Claim] = NO_CLAIMS


@dataclass(frozen=True, slots=True)
class JoinCode:
    """A code by which a user may join, which the hub has found valid for this room (PROTO 5.6, AMB-164).

    Attributes:
        code: the code.
        role_index: the role that it refers to.

    """

    code: bytes
    role_index: int


@dataclass(frozen=True, slots=True)
class ExternalJoiner:
    """A client that adds itself by an external commit.

    Attributes:
        user: whose client it is.
        client: the client.
        claims: what its credential claims (POLICY 4).
        join_code: the code with which it asked for the GroupInfo, if any.

    """

    user: User
    client: Client
    claims: frozenset[Claim] = NO_CLAIMS
    join_code: JoinCode | None = None


@dataclass(frozen=True, slots=True)
class ExternalProposer:
    """A client that proposes its own addition, as a new member (RFC 9420, section 12.1.8; AMB-081).

    Attributes:
        user: whose client it is.
        client: the client.
        claims: what its credential claims (POLICY 4).

    """

    user: User
    client: Client
    claims: frozenset[Claim] = NO_CLAIMS


@dataclass(frozen=True, slots=True)
class ExternalSender:
    """A server of the hub or of a follower that is one of the group's external senders (PROTO 7.4).

    Attributes:
        user: what its credential calls it, by which the participant list may give it a role (AMB-166).
        domain: its provider.
        claims: what its credential claims (POLICY 4).

    """

    user: User
    domain: str
    claims: frozenset[Claim] = NO_CLAIMS


Actor: TypeAlias = Member | ExternalJoiner | ExternalProposer | ExternalSender
Committer: TypeAlias = Member | ExternalJoiner
"""Only clients send commits (PROTO 7.3)."""
