"""Pre-shared keys (RFC 9420, section 8.4; mls-extensions, section 4.5)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, uint16, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import ComponentID
from mimi_conformance.reference.wire.structure import Struct


class PSKType(Enumeration):
    """Where a pre-shared key comes from (RFC 9420, section 8.4; mls-extensions, section 4.5, adds `application`)."""

    external = 1
    resumption = 2
    application = 3


class ResumptionPSKUsage(Enumeration):
    """What a resumption key is for (RFC 9420, section 8.4)."""

    application = 1
    reinit = 2
    branch = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PreSharedKeyID(Struct):
    """The name of a pre-shared key (RFC 9420, section 8.4; mls-extensions, section 4.5, adds `component_id`)."""

    psktype: PSKType
    component_id: Annotated[ComponentID | None, When("psktype", PSKType.application)] = None
    psk_id: Annotated[opaque | None, When("psktype", PSKType.external, PSKType.application)] = None
    usage: Annotated[ResumptionPSKUsage | None, When("psktype", PSKType.resumption)] = None
    psk_group_id: Annotated[opaque | None, When("psktype", PSKType.resumption)] = None
    psk_epoch: Annotated[uint64 | None, When("psktype", PSKType.resumption)] = None
    psk_nonce: opaque


@dataclass(frozen=True, slots=True)
class PSKLabel(Struct):
    """The context of the key derived from one pre-shared key of several (RFC 9420, section 8.4)."""

    id: PreSharedKeyID
    index: uint16
    count: uint16
