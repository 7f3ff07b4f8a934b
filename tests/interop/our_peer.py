"""This project's own MLS as one of the peers, in process."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, join_externally
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Covering, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_creation import Member, create
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE, IN_PUBLIC
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_messages import group_info, send
from mimi_conformance.reference.mls.group.group_processing import ReceivedApplicationData, ReceivedProposal, process
from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import NewKeyPackage, create_key_package, key_package_ref
from mimi_conformance.reference.mls.proposals.components import ComponentRegistry, Contribution, Replaced
from mimi_conformance.reference.mls.proposals.extensions import read_dictionary
from mimi_conformance.reference.mls.schedule.pre_shared_keys import (
    PreSharedKeys,
    application_psk,
    external_psk,
)
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation, AppEphemeral
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import PublicMessage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    ProposalBody,
    Remove,
    SelfRemove,
)
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from tests.interop.peers import Json, Peer, PeerError

HOUR = 3600
LIFETIME = 28 * 24 * HOUR

Results = dict[str, Any]
"""What an operation gives: JSON values, and bytes that are yet to become hexadecimal digits."""


class OurPeer(Peer):
    """`reference.mls` behind the operations of README.md."""

    name = "ours"

    def __init__(self) -> None:
        self._clients: dict[str, OurClient] = {}

    def ask(self, operation: str, **members: object) -> Json:
        name = str(members.pop("client", ""))
        arguments = {key: _decoded(key, value) for key, value in members.items()}
        started = time.perf_counter_ns()
        try:
            results = self._perform(operation, name, arguments)
        except ValueError as error:
            raise PeerError(f"{operation}: {error}") from error
        nanoseconds = time.perf_counter_ns() - started
        return {"nanoseconds": nanoseconds, **_encoded(results)}

    def _perform(self, operation: str, name: str, arguments: Results) -> Results:
        if operation == "about":
            return {
                "implementation": "ours",
                "suites": [suite.value for suite in SUPPORTED_CIPHER_SUITES],
                "abilities": [
                    "update",
                    "psk",
                    "group_context_extensions",
                    "resync",
                    "observe",
                    "extensions",
                ],
            }
        if operation == "client":
            self._clients[name] = OurClient(**arguments)
            return {}
        if operation == "forget":
            del self._clients[name]
            return {}
        perform: Callable[..., Results] = getattr(self._clients[name], operation)
        return perform(**arguments)


class OurClient:
    """One client; each public method is an operation."""

    def __init__(self, suite: int, identity: bytes, extensions: list[int], proposals: list[int]) -> None:
        self._suite = CipherSuite(suite)
        self._signature_private_key = parameters(self._suite).signature.new_private_key(secrets.token_bytes)
        capabilities = Capabilities(
            (ProtocolVersion.mls10,),
            (self._suite,),
            tuple(ExtensionType(number) for number in extensions),
            tuple(ProposalType(number) for number in proposals),
            (CredentialType.basic,),
        )
        self._template = LeafTemplate(Credential.basic(identity), capabilities)
        self._application = Application(components=ComponentRegistry(unknown=AnyComponent()))
        self._key_packages: dict[bytes, NewKeyPackage] = {}
        self._psks = PreSharedKeys()
        self._place: Group | PublicGroup | None = None

    def key_package(self) -> Results:
        own = self._new_key_package()
        self._key_packages[key_package_ref(own.key_package)] = own
        return {"key_package": MLSMessage.of(own.key_package).encode()}

    def create(self, group_id: bytes, extensions: list[Json]) -> Results:
        self._place = create(
            group_id,
            Member(self._new_key_package(), self._signature_private_key),
            self._application,
            now=_now(),
            random=secrets.token_bytes,
            extensions=_extensions(extensions),
        )
        return {}

    def join(self, welcome: bytes, tree: bytes | None = None) -> Results:
        message = MLSMessage.decode(welcome).welcome
        assert message is not None
        own = next(
            self._key_packages[entry.new_member] for entry in message.secrets if entry.new_member in self._key_packages
        )
        self._place = join(
            message,
            own,
            self._signature_private_key,
            self._application,
            now=_now(),
            tree=_tree(tree),
            psks=self._psks,
        )
        return {}

    def external_join(
        self, group_info: bytes, tree: bytes | None = None, *, resync: bool = False, self_removes: Sequence[str] = ()
    ) -> Results:
        message = MLSMessage.decode(group_info).group_info
        assert message is not None
        replaces = self._member().leaf_index if resync else None
        joined = join_externally(
            message,
            self._template,
            self._signature_private_key,
            self._application,
            now=_now(),
            random=secrets.token_bytes,
            tree=_tree(tree),
            what=ExternalJoin(replaces=replaces, self_removes=[_public_message(message) for message in self_removes]),
        )
        self._place = joined.group
        return {"commit": joined.message.encode()}

    def observe(self, group_info: bytes, tree: bytes | None = None) -> Results:
        message = MLSMessage.decode(group_info).group_info
        assert message is not None
        self._place = follow(message, self._application, _now(), _tree(tree))
        return {}

    def propose(self, proposal: Json, *, public: bool) -> Results:
        framing = IN_PUBLIC if public else IN_PRIVATE
        group, now, random = self._member(), _now(), secrets.token_bytes
        if proposal["type"] == "update":
            proposed = propose_update(group, now=now, random=random, framing=framing)
        else:
            proposed = propose(group, self._proposal(**proposal), now=now, random=random, framing=framing)
        self._place = proposed.group
        return {"message": proposed.message.encode()}

    def commit(self, proposals: list[Json], *, public: bool, path: bool, tree: bool) -> Results:
        committed = commit(
            self._member().with_psks(self._psks),
            Covering(tuple(self._proposal(**proposal) for proposal in proposals)),
            now=_now(),
            random=secrets.token_bytes,
            path=path,
            framing=IN_PUBLIC if public else IN_PRIVATE,
            welcome=WelcomeContents(tree=tree),
        )
        self._place = committed.after
        results: Results = {"commit": committed.message.encode()}
        if committed.welcome is not None:
            results["welcome"] = MLSMessage.of(committed.welcome).encode()
        return results

    def process(self, message: bytes) -> Results:
        decoded = MLSMessage.decode(message)
        if isinstance(self._place, PublicGroup):
            return self._observed(self._place, decoded)
        received = process(self._member().with_psks(self._psks), decoded, _now())
        self._place = received.group
        match received:
            case ReceivedApplicationData():
                return {"kind": "application", "data": received.data}
            case ReceivedProposal():
                return {"kind": "proposal"}
            case _:
                return {"kind": "commit"}

    def _observed(self, group: PublicGroup, message: MLSMessage) -> Results:
        assert message.public_message is not None
        if message.public_message.content.proposal is not None:
            self._place = group.process_proposal(message.public_message, _now())
            return {"kind": "proposal"}
        self._place = group.process_commit(message.public_message, _now())
        return {"kind": "commit"}

    def send(self, data: bytes) -> Results:
        message, self._place = send(self._member(), data, random=secrets.token_bytes)
        return {"message": message.encode()}

    def group_info(self, *, tree: bool) -> Results:
        return {"group_info": MLSMessage.of(group_info(self._member(), tree=tree)).encode()}

    def tree(self) -> Results:
        return {"tree": self._member().public.tree.to_wire().encode()}

    def export(self, label: str, context: bytes, length: int) -> Results:
        return {"secret": self._member().export(label, context, length)}

    def export_component(self, component: int) -> Results:
        secret, self._place = self._member().export_for_component(component)
        return {"secret": secret}

    def psk(self, psk_id: bytes, psk: bytes, component: int | None = None) -> Results:
        if component is None:
            self._psks = replace(self._psks, external={**self._psks.external, psk_id: psk})
        else:
            self._psks = replace(self._psks, application={**self._psks.application, (component, psk_id): psk})
        return {}

    def state(self) -> Results:
        assert self._place is not None
        member = self._place if isinstance(self._place, Group) else None
        public = self._place if isinstance(self._place, PublicGroup) else self._place.public
        context, dictionary = public.context, read_dictionary(public.context.extensions)
        components = () if dictionary is None else dictionary.component_data
        results: Results = {
            "epoch": context.epoch,
            "tree_hash": context.tree_hash,
            "confirmed_transcript_hash": context.confirmed_transcript_hash,
            "members": [
                {"leaf": leaf, "identity": (leaf_node.credential.identity or b"").hex()}
                for leaf, leaf_node in public.tree.members()
            ],
            "components": [{"component": entry.component_id, "data": entry.data.hex()} for entry in components],
            "active": member is None or not member.removed,
        }
        if member is not None:
            results |= {"epoch_authenticator": member.epoch_authenticator, "leaf": member.leaf_index}
        return results

    def _member(self) -> Group:
        assert isinstance(self._place, Group)
        return self._place

    def _new_key_package(self) -> NewKeyPackage:
        return create_key_package(
            self._suite,
            self._template.credential,
            self._signature_private_key,
            lifetime=Lifetime(_now() - HOUR, _now() + LIFETIME),
            random=secrets.token_bytes,
            capabilities=self._template.capabilities,
        )

    def _psk_id(self, psk_id: str, component: int | None = None) -> PreSharedKeyID:
        if component is None:
            return external_psk(self._suite, bytes.fromhex(psk_id), secrets.token_bytes)
        return application_psk(self._suite, component, bytes.fromhex(psk_id), secrets.token_bytes)

    def _proposal(self, type: str, **members: Any) -> ProposalBody:  # noqa: A002 - the protocol's name
        match type:
            case "add":
                key_package = MLSMessage.decode(bytes.fromhex(members["key_package"])).key_package
                assert key_package is not None
                return Add(key_package)
            case "remove":
                return Remove(members["leaf"])
            case "psk":
                return PreSharedKey(self._psk_id(**members))
            case "group_context_extensions":
                return GroupContextExtensions(_extensions(members["extensions"]))
            case "self_remove":
                return SelfRemove()
            case _:
                return _app_data(type, **members)


class AnyComponent(Replaced):
    """A component that takes any data, as ephemeral data too."""

    def check_ephemeral(self, contribution: Contribution) -> None:
        pass


def _app_data(kind: str, component: int, data: str | None) -> AppDataUpdate | AppEphemeral:
    if data is None:
        return AppDataUpdate(component_id=component, op=AppDataUpdateOperation.remove)
    if kind == "app_data_update":
        return AppDataUpdate(component_id=component, op=AppDataUpdateOperation.update, update=bytes.fromhex(data))
    return AppEphemeral(component, bytes.fromhex(data))


def _now() -> int:
    return int(time.time())


def _tree(tree: bytes | None) -> RatchetTree | None:
    return None if tree is None else RatchetTree.decode(tree)


def _public_message(message: str) -> PublicMessage:
    decoded = MLSMessage.decode(bytes.fromhex(message)).public_message
    assert decoded is not None
    return decoded


def _extensions(extensions: list[Json]) -> tuple[Extension, ...]:
    return tuple(Extension(ExtensionType(entry["type"]), bytes.fromhex(entry["data"])) for entry in extensions)


def _decoded(name: str, value: object) -> object:
    if isinstance(value, str) and name != "label":
        return bytes.fromhex(value)
    return value


def _encoded(results: Results) -> Json:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in results.items()}
