"""Every structure by name: for the command line, for tests of all of them, and for broken variants."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from mimi_conformance.reference.wire.mls import (
    app_data,
    credential,
    crypto,
    framing,
    group,
    key_package,
    leaf_node,
    message,
    proposals,
    psk,
    ratchet_tree_options,
    semi_private_message,
    tree,
)
from mimi_conformance.reference.wire.protocol import (
    abuse,
    common,
    consent,
    franking,
    group_info,
    identifier,
    identity_link,
    key_material,
    notify,
    participant_list,
    pseudonym,
    room_metadata,
    submit,
    update,
)
from mimi_conformance.reference.wire.room_policy import assets, base, links, messages, operational, roles
from mimi_conformance.reference.wire.structure import Struct

_MODULES = (
    *(common, key_material, update, submit, franking, notify, group_info, consent, identifier, abuse),
    *(pseudonym, identity_link, participant_list, room_metadata),
    *(base, roles, messages, links, assets, operational),
    *(message, framing, group, key_package, leaf_node, credential, proposals, tree, psk, crypto),
    *(app_data, ratchet_tree_options, semi_private_message),
)


def _declared(module: ModuleType) -> Iterator[tuple[str, type[Struct]]]:
    """Yield the structures of a module, those too that are only another name for one."""
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, Struct) and value.__module__ == module.__name__:
            yield name, value


STRUCTURES: Mapping[str, type[Struct]] = MappingProxyType(
    {name: structure for module in _MODULES for name, structure in _declared(module)}
)
"""The structures of all drafts under the drafts' names, in the order MIMI, room policy, MLS."""

BODIES = (
    key_material.KeyMaterialRequest,
    key_material.KeyMaterialResponse,
    update.UpdateRequest,
    update.UpdateRoomResponse,
    submit.SubmitMessageRequest,
    submit.SubmitMessageResponse,
    notify.FanoutMessage,
    group_info.GroupInfoRequest,
    group_info.GroupInfoResponse,
    consent.ConsentEntry,
    identifier.IdentifierRequest,
    identifier.IdentifierResponse,
    abuse.AbuseReport,
    message.MLSMessage,
)
"""What travels by itself: the bodies of the endpoints, and MLSMessage."""
