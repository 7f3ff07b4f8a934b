"""Join links, link previews and bots (mimi-room-policy-03, sections 6.2, 6.3 and 6.7)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, uint32
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.room_policy.base import ALLOWED, Optionality
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class JoinLinkPolicy(Struct):
    """The `join_link_policy` component; the expiration in seconds (mimi-room-policy-03, section 6.2)."""

    on_request: bool
    join_link: Uri
    multiuser: bool
    expiration: uint32


JoinLinkPolicyData = JoinLinkPolicy
JoinLinkPolicyUpdate = JoinLinkPolicy


@dataclass(frozen=True, slots=True)
class JoinLink(Struct):
    """A link by which to join; printed without a length, read as `opaque<V>` (mimi-room-policy-03, 6.2; AMB-152)."""

    join_link: opaque


@dataclass(frozen=True, slots=True)
class JoinLinksData(Struct):
    """The `join_links` component: a bare vector in the draft (mimi-room-policy-03, section 6.2)."""

    join_links: tuple[JoinLink, ...]


@dataclass(frozen=True, slots=True)
class JoinLinksUpdate(Struct):
    """A change to the `join_links` component (mimi-room-policy-03, section 6.2)."""

    removed_indices: tuple[uint32, ...] = ()
    added_links: tuple[JoinLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreviewPolicy(Struct):
    """The `link_preview_policy` component (mimi-room-policy-03, section 6.3).

    `link_preview_proxy` is a vector of Uri, empty when unset (AMB-148).
    """

    autodetect_hyperlinks_in_text: Optionality
    send_link_previews: Optionality
    automatic_link_previews: Optionality
    link_preview_proxy_use: Optionality
    link_preview_proxy: Annotated[tuple[Uri, ...] | None, When("link_preview_proxy_use", *ALLOWED)] = None


LinkPreviewPolicyData = LinkPreviewPolicy
LinkPreviewPolicyUpdate = LinkPreviewPolicy


@dataclass(frozen=True, slots=True)
class Bot(Struct):
    """A bot that may be in the room (mimi-room-policy-03, section 6.7)."""

    name: opaque
    description: opaque
    homepage: Uri
    local_client_bot: bool
    bot_role_index: uint32
    can_target_message_in_group: bool
    per_user_content: bool


@dataclass(frozen=True, slots=True)
class BotPolicy(Struct):
    """The `bot_policy` component (mimi-room-policy-03, section 6.7)."""

    allowed_bots: tuple[Bot, ...]


BotPolicyData = BotPolicy
BotPolicyUpdate = BotPolicy
