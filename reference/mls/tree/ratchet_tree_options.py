"""Where a ratchet tree comes from that is not in a GroupInfo (draft-mahy-mls-ratchet-tree-options-03, section 3)."""

from urllib.parse import urlsplit

from mimi_conformance.reference.mls.proposals.extensions import source_domains
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption, RatchetTreeRepresentation


class RatchetTreeOptionRule(Rule):
    """What a RatchetTreeOption must be like."""

    URL = RuleText("ratchet-tree-options, section 3", "The URL of a ratchet tree is an HTTPS URL with a host.")
    URL_DOMAIN = RuleText(
        "ratchet-tree-options, section 3.1",
        "If the group has ratchet_tree_source_domains, the URL's host is one.",
    )


class RatchetTreeOptionError(RuleError):
    """A RatchetTreeOption breaks a `RatchetTreeOptionRule`."""


def full_tree(tree: RatchetTree) -> RatchetTreeOption:
    """The option with the whole tree, blank nodes included (AMB-200)."""
    return RatchetTreeOption(representation=RatchetTreeRepresentation.full, ratchet_tree=tree.to_wire().nodes)


def tree_by_distribution_service() -> RatchetTreeOption:
    """The option that leaves the tree to whoever follows all handshakes."""
    return RatchetTreeOption(representation=RatchetTreeRepresentation.distribution_service)


def tree_in(option: RatchetTreeOption) -> wire.RatchetTree | None:
    """The tree that an option brings; None when it is to be had elsewhere."""
    return None if option.ratchet_tree is None else wire.RatchetTree(option.ratchet_tree)


def tree_url(option: RatchetTreeOption, group_extensions: tuple[Extension, ...]) -> str | None:
    """The URL from which a tree may be fetched; None when the option has none.

    Args:
        option: the option.
        group_extensions: those of the GroupContext, which may say where the tree must come from (AMB-203).

    Raises:
        RatchetTreeOptionError: it is no URL, or one that the group doesn't permit.
        ExtensionError: the group's list of domains is not what it should be.

    """
    if option.ratchet_tree_url is None:
        return None
    try:
        url = option.ratchet_tree_url.decode("ascii")
        parts = urlsplit(url)
    except ValueError as error:
        raise RatchetTreeOptionError(RatchetTreeOptionRule.URL, option.ratchet_tree_url) from error
    if parts.scheme != "https" or not parts.hostname:
        raise RatchetTreeOptionError(RatchetTreeOptionRule.URL, url)
    permitted = source_domains(group_extensions)
    if permitted is not None and all(domain.lower() != parts.hostname.encode() for domain in permitted):
        raise RatchetTreeOptionError(RatchetTreeOptionRule.URL_DOMAIN, parts.hostname)
    return url
