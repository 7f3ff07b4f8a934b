"""Links and bots (mimi-room-policy-03, sections 6.2, 6.3 and 6.7).

`join_link_policy`, `join_links`, `link_preview_policy` and `bot_policy`.
"""

from collections.abc import Iterator

from mimi_conformance.reference.mls.proposals.components import Contribution
from mimi_conformance.reference.room.components.component import ReplacedComponent, RoomComponent, decoded
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.components.uris import is_uri, is_uri_or_empty
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.base import Optionality
from mimi_conformance.reference.wire.room_policy.links import (
    BotPolicy,
    JoinLink,
    JoinLinkPolicy,
    JoinLinksData,
    JoinLinksUpdate,
    LinkPreviewPolicy,
)


class LinksRule(RoomRule):
    """What makes policies about links and bots valid by themselves, and updates of join links."""

    JOIN_LINK_IS_URI = ("POLICY-6.2-07", "The link for requests is a valid URI, or empty.", "AMB-152")
    JOIN_LINK_INDEX = ("POLICY-6.2-08", "A removed join link is one of the list.", "AMB-133")
    JOIN_LINK_REMOVED_ONCE = ("POLICY-6.2-08", "A commit removes a join link once.", "AMB-133")
    HYPERLINKS_NOT_REQUIRED = ("POLICY-6.3-01", "To detect hyperlinks in text is never required.")
    PROXY_NAMED = ("POLICY-6.3-05", "Where the preview proxy may be used, its valid URI is there.", "AMB-148")
    LOCAL_BOT_HAS_NO_ROLE = ("POLICY-6.7-02", "A bot that is local to a client has role zero.")
    BOT_HOMEPAGE_IS_URI = ("POLICY-6.7-01", "The homepage of a bot is a valid URI, or empty.")


def join_link_policy_faults(policy: JoinLinkPolicy) -> Iterator[Fault]:
    """What is wrong with a join link policy by itself."""
    if not is_uri_or_empty(policy.join_link):
        yield LinksRule.JOIN_LINK_IS_URI, policy.join_link.uri


def link_preview_faults(policy: LinkPreviewPolicy) -> Iterator[Fault]:
    """What is wrong with a link preview policy."""
    if policy.autodetect_hyperlinks_in_text is Optionality.required:
        yield LinksRule.HYPERLINKS_NOT_REQUIRED, policy.autodetect_hyperlinks_in_text.name
    proxies = policy.link_preview_proxy
    if proxies is not None and not (proxies and all(is_uri(proxy) for proxy in proxies)):
        yield LinksRule.PROXY_NAMED, [proxy.uri for proxy in proxies]


def bot_faults(policy: BotPolicy) -> Iterator[Fault]:
    """What is wrong with a bot policy by itself."""
    for bot in policy.allowed_bots:
        if bot.local_client_bot and bot.bot_role_index != NO_ROLE:
            yield LinksRule.LOCAL_BOT_HAS_NO_ROLE, f"role {bot.bot_role_index} of {bot.name!r}"
        if not is_uri_or_empty(bot.homepage):
            yield LinksRule.BOT_HOMEPAGE_IS_URI, bot.homepage.uri


class JoinLinksComponent(RoomComponent[JoinLinksData]):
    """The links of a room, which updates remove by their place and append to.

    As with participants, every index of a commit counts in the list at its start (AMB-133, AMB-134).
    """

    cumulative = True

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:
        """The links that stay, and those that are added, in their order."""
        before = self.read(data).join_links if data is not None else ()
        removed: set[int] = set()
        added: list[JoinLink] = []
        for contribution in updates:
            update = decoded(self.name, JoinLinksUpdate, contribution.data)
            for index in update.removed_indices:
                if index >= len(before):
                    raise self.error(LinksRule.JOIN_LINK_INDEX, f"index {index} in a list of {len(before)}")
                if index in removed:
                    raise self.error(LinksRule.JOIN_LINK_REMOVED_ONCE, f"index {index}")
                removed.add(index)
            added += update.added_links
        stay = (link for index, link in enumerate(before) if index not in removed)
        return JoinLinksData((*stay, *added)).encode()


JOIN_LINK_POLICY = ReplacedComponent("join_link_policy", JoinLinkPolicy, join_link_policy_faults)
JOIN_LINKS = JoinLinksComponent("join_links", JoinLinksData)
LINK_PREVIEW_POLICY = ReplacedComponent("link_preview_policy", LinkPreviewPolicy, link_preview_faults)
BOT_POLICY = ReplacedComponent("bot_policy", BotPolicy, bot_faults)
