"""Two more peers as programs, so that all are measured alike: `python -m benchmarks.mls_programs ours` or `rfc9420`."""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from rfc9420 import DefaultCryptoProvider, GroupConfig, MemoryStorageProvider, MLSGroup
from rfc9420.messages.data_structures import Welcome
from rfc9420.messages.key_packages import KeyPackage
from rfc9420.messages.messages import MLSCiphertext

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from tests.interop.our_peer import LIFETIME, OurPeer
from tests.interop.peers import Json, Peer, PeerError

WELCOME, PRIVATE_MESSAGE = bytes.fromhex("00010003"), bytes.fromhex("00010002")
"""What an MLSMessage has before the structure that rfc9420 reads and writes: version and wire format."""


class TheirPeer(Peer):
    """The PyPI package rfc9420 behind those operations of tests/interop/README.md that it can do.

    It can't process a Commit with a path; and it makes no KeyPackage that it would take itself, so those are ours.
    """

    name = "rfc9420"

    def __init__(self) -> None:
        self._clients: dict[str, TheirClient] = {}

    def ask(self, operation: str, **members: object) -> Json:
        name = str(members.pop("client"))
        if operation == "client":
            self._clients[name] = TheirClient(
                CipherSuite(int(str(members["suite"]))), bytes.fromhex(str(members["identity"]))
            )
            return {}
        perform: Callable[..., Json] | None = getattr(self._clients[name], operation, None)
        if perform is None:
            raise PeerError(f"{operation}: rfc9420 cannot do it")
        return perform(**members)


class TheirClient:
    """One client of theirs."""

    def __init__(self, suite: CipherSuite, identity: bytes) -> None:
        self._configuration = GroupConfig(
            crypto_provider=DefaultCryptoProvider(suite_id=suite.value), storage_provider=MemoryStorageProvider()
        )
        now = int(time.time())
        self._signature_private_key = parameters(suite).signature.new_private_key(os.urandom)
        self._own = create_key_package(
            suite,
            Credential.basic(identity),
            self._signature_private_key,
            lifetime=Lifetime(now - 3600, now + LIFETIME),
            random=os.urandom,
        )

    def _their_key_package(self) -> Any:
        return KeyPackage.deserialize(self._own.key_package.encode())

    def key_package(self) -> Json:
        return {"key_package": MLSMessage.of(self._own.key_package).encode().hex()}

    def create(self, group_id: str, extensions: list[Json]) -> Json:
        assert not extensions
        started = time.perf_counter_ns()
        self._group = MLSGroup.create(self._configuration, bytes.fromhex(group_id), self._their_key_package())
        return {"nanoseconds": time.perf_counter_ns() - started}

    def commit(self, proposals: list[Json], *, public: bool, path: bool, tree: bool) -> Json:
        assert (public, path, tree) == (False, False, True)
        key_packages = [bytes.fromhex(proposal["key_package"])[4:] for proposal in proposals]
        started = time.perf_counter_ns()
        for key_package in key_packages:
            add = self._group.add(KeyPackage.deserialize(key_package), self._signature_private_key)
            self._group.process_proposal(add, 0)
        staged = self._group.create_commit(self._signature_private_key)
        self._group.apply_staged_commit(staged)
        commit, welcome = staged.commit_message.serialize(), WELCOME + staged.welcomes[0].serialize()
        nanoseconds = time.perf_counter_ns() - started
        return {"nanoseconds": nanoseconds, "commit": commit.hex(), "welcome": welcome.hex()}

    def join(self, welcome: str) -> Json:
        encoded = bytes.fromhex(welcome)[4:]
        started = time.perf_counter_ns()
        self._group = MLSGroup.join_from_welcome(
            self._configuration, Welcome.deserialize(encoded), self._own.init_private_key, self._their_key_package()
        )
        return {"nanoseconds": time.perf_counter_ns() - started}

    def send(self, data: str) -> Json:
        plaintext = bytes.fromhex(data)
        started = time.perf_counter_ns()
        message = PRIVATE_MESSAGE + self._group.protect(plaintext, self._signature_private_key).serialize()
        return {"nanoseconds": time.perf_counter_ns() - started, "message": message.hex()}

    def process(self, message: str) -> Json:
        encoded = bytes.fromhex(message)
        started = time.perf_counter_ns()
        _, data = self._group.unprotect(MLSCiphertext.deserialize(encoded[4:]))
        nanoseconds = time.perf_counter_ns() - started
        return {"nanoseconds": nanoseconds, "kind": "application", "data": data.hex()}

    def forget(self) -> Json:
        del self._group
        return {}


def main() -> None:
    """Answer requests until there are no more."""
    peer = {"ours": OurPeer, "rfc9420": TheirPeer}[sys.argv[1]]()
    for line in sys.stdin:
        request = json.loads(line)
        number, operation = request.pop("id"), request.pop("do")
        try:
            answer = peer.ask(operation, **request)
        except PeerError as error:
            answer = {"error": str(error)}
        print(json.dumps({"id": number, **answer}), flush=True)


if __name__ == "__main__":
    main()
