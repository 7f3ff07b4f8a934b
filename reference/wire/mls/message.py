"""MLSMessage, what MLS puts on the wire (RFC 9420, section 6; semiprivatemessage-07, section 3.1)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Among, When
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage, PublicMessage
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import SemiPrivateMessage
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class MLSMessage(Struct):
    """A message of MLS (RFC 9420, section 6). One of an unknown wire format can't be framed and is an error."""

    version: Annotated[ProtocolVersion, Among(ProtocolVersion.mls10)] = ProtocolVersion.mls10
    wire_format: Annotated[
        WireFormat,
        Among(
            WireFormat.mls_public_message,
            WireFormat.mls_private_message,
            WireFormat.mls_welcome,
            WireFormat.mls_group_info,
            WireFormat.mls_key_package,
            WireFormat.mls_semiprivate_message,
        ),
    ]
    public_message: Annotated[PublicMessage | None, When("wire_format", WireFormat.mls_public_message)] = None
    private_message: Annotated[PrivateMessage | None, When("wire_format", WireFormat.mls_private_message)] = None
    welcome: Annotated[Welcome | None, When("wire_format", WireFormat.mls_welcome)] = None
    group_info: Annotated[GroupInfo | None, When("wire_format", WireFormat.mls_group_info)] = None
    key_package: Annotated[KeyPackage | None, When("wire_format", WireFormat.mls_key_package)] = None
    semiprivate_message: Annotated[
        SemiPrivateMessage | None, When("wire_format", WireFormat.mls_semiprivate_message)
    ] = None

    @property
    def content_type(self) -> ContentType | None:
        """The content type of a public, private or semi-private message; None for anything else (AMB-043)."""
        if self.public_message is not None:
            return self.public_message.content.content_type
        framed = self.private_message or self.semiprivate_message
        return framed.content_type if framed is not None else None

    @classmethod
    def of(
        cls, content: PublicMessage | PrivateMessage | Welcome | GroupInfo | KeyPackage | SemiPrivateMessage
    ) -> "MLSMessage":
        """Return the message that holds this."""
        match content:
            case PublicMessage():
                return cls(wire_format=WireFormat.mls_public_message, public_message=content)
            case PrivateMessage():
                return cls(wire_format=WireFormat.mls_private_message, private_message=content)
            case Welcome():
                return cls(wire_format=WireFormat.mls_welcome, welcome=content)
            case GroupInfo():
                return cls(wire_format=WireFormat.mls_group_info, group_info=content)
            case KeyPackage():
                return cls(wire_format=WireFormat.mls_key_package, key_package=content)
            case SemiPrivateMessage():
                return cls(wire_format=WireFormat.mls_semiprivate_message, semiprivate_message=content)
