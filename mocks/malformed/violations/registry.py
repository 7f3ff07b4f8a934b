"""How a violation is declared, where to find all of them, and how to do one.

    @violation(UpdatePathRule.PARENT_HASH, at=LEAF_NODE)
    def bad_parent_hash(leaf_node: LeafNode, maker: Maker) -> LeafNode:
        '''A path whose LeafNode has a parent hash that is not that of the path.'''
        return replace(leaf_node, parent_hash=flipped(leaf_node.parent_hash))

The name is that of the function, its words joined by hyphens.
"""

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, TypeVar

from mimi_conformance.mocks.malformed import violations as package
from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.remake import Object, remake
from mimi_conformance.mocks.malformed.unchecked.steps import Change, Making, Step
from mimi_conformance.reference.mls.rules import Rule
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome

T = TypeVar("T")


class View(Flag):
    """Who can see that a rule is broken."""

    MEMBER = auto()
    SERVER = auto()
    NEWCOMER = auto()


MEMBER = View.MEMBER
"""Only members, who have the secrets of the epoch."""

SERVER = View.SERVER
"""Only who follows the group without being in it."""

EVERYBODY = View.MEMBER | View.SERVER
"""Members, and servers that read the message: public ones, and SemiPrivateMessages as external receivers."""

NEWCOMER = View.NEWCOMER
"""Who joins with a Welcome, and where the object is a GroupInfo, also who joins or starts to follow the group by it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that can be wrong with an MLS object.

    Attributes:
        name: words joined by hyphens.
        description: what is wrong, in a sentence.
        rule: the rule that is broken, which also names the section of the specification.
        seen_by: who can see it.
        change: at which step of the making, and what becomes of the value there.

    """

    name: str
    description: str
    rule: Rule
    seen_by: View
    change: Change[Any]


class ViolationError(LookupError):
    """There is no violation of a name; or one is declared twice, or says nothing of itself."""


_declared: dict[str, Violation] = {}


def violation(
    breaks: Rule, *, at: Step[T], seen_by: View = EVERYBODY
) -> Callable[[Callable[[T, Maker], T]], Callable[[T, Maker], T]]:
    """Declare a violation: a function from the right value at a step, and the maker of the object, to a wrong one.

    Args:
        breaks: the rule that is broken.
        at: the step.
        seen_by: who can see it.

    Raises:
        ViolationError: the name is taken, or the docstring is missing.

    """

    def declared(change: Callable[[T, Maker], T]) -> Callable[[T, Maker], T]:
        name = getattr(change, "__name__", "").strip("_").replace("_", "-")
        declare(name, change, breaks, at=at, seen_by=seen_by)
        return change

    return declared


def declare(
    name: str, change: Callable[[T, Maker], T], breaks: Rule, *, at: Step[T], seen_by: View, description: str = ""
) -> None:
    """As `violation`, for a function that serves several violations and says nothing of itself."""
    description = description or inspect.cleandoc(change.__doc__ or "").replace("\n", " ")
    if name in _declared or not description:
        raise ViolationError(f"The violation {name} is declared twice, or does not say what is wrong.")
    _declared[name] = Violation(name, description, breaks, seen_by, Change(at, change))


@cache
def violations() -> Mapping[str, Violation]:
    """Every violation by its name, in the order of the files and of the places in them."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return MappingProxyType(_declared)


def find_violation(name: str) -> Violation:
    """The violation of a name.

    Raises:
        ViolationError: there is none.

    """
    try:
        return violations()[name]
    except KeyError:
        raise ViolationError(f"No violation is called {name}.") from None


def violate(name: str, subject: Object, maker: Maker) -> Object:
    """Make an invalid object from a valid one.

    Args:
        name: what is to be wrong with it.
        subject: the valid one: a message to a group, a KeyPackage, a GroupInfo, a Welcome, ...
        maker: who made it, with the secrets to make it again. It must still have the key of an encrypted message.

    Raises:
        ViolationError: there is no violation of this name.
        CannotMakeError: the object has nothing that could be wrong in this way, or the maker lacks something.
        RuleError: the object can't be read by its maker, or refers to what it hasn't received.

    """
    what = find_violation(name)
    if isinstance(subject, GroupInfo | Welcome) and not what.seen_by & NEWCOMER:
        raise CannotMakeError(f"Who joins doesn't see {name}.")
    making = Making(maker, what.change)
    made = remake(subject, making)
    if not making.changed:
        raise CannotMakeError(f"A {type(subject).__name__} of this maker has not got what {name} changes.")
    return made
