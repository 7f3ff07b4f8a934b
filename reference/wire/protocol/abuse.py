"""reportAbuse (mimi-protocol-06, section 5.9)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque, uint64
from mimi_conformance.reference.wire.enumerations import Registry
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataDictionary
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class AbusiveMessage(Struct):
    """A message alleged to be abusive, and its frank (mimi-protocol-06, section 5.9).

    `message_content` is the `application_data` as it was franked (AMB-066).
    """

    message_content: opaque
    frank: Frank
    accepted_timestamp: uint64


class AbuseType(Registry, octets=1):
    """The kind of abuse (mimi-protocol-06, section 5.9).

    The draft has only `reserved`, so that value can be sent and any other is kept (AMB-122).
    """

    reserved = 0


@dataclass(frozen=True, slots=True)
class AbuseReport(Struct):
    """A report; `reporting_user` is empty when withheld, `note` is UTF-8 (mimi-protocol-06, section 5.9; AMB-123)."""

    reporting_user: IdentifierUri
    alleged_abuser_uri: IdentifierUri
    reason_code: AbuseType
    note: opaque
    messages: tuple[AbusiveMessage, ...] = ()
    abuse_extensions: AppDataDictionary = NO_APP_DATA
