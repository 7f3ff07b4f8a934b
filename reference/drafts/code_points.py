"""Numbers and names that belong to a set of draft revisions: one TOML file per set in ``code_points/``.

The next revision is a new file, and the difference between two revisions is the difference between two files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.abc import Traversable
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from mimi_conformance.reference.drafts.catalogue import Table

CURRENT: Final = "mimi-protocol-06"
"""The set that everything is written against, called after the protocol draft in it."""

_LARGEST: Final = 0xFFFF  # every registry in here is two octets wide


class UnknownCodePoint(LookupError):  # noqa: N818 - reads as what it is
    """A registry has no entry of this name."""

    def __init__(self, registry: str, name: str) -> None:
        self.registry = registry
        self.name = name
        super().__init__(f"there is no {registry} called {name!r}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One member of the directory (PROTO 5.1).

    Attributes:
        member: its name in the directory.
        variables: the names that the drafts use for the one variable in its URL template (AMB-013).
        success: the HTTP status of a request that succeeded (AMB-008, AMB-009).
    """

    member: str
    variables: tuple[str, ...]
    success: int


@dataclass(frozen=True, slots=True)
class CodePoints:
    """The code points of one set of revisions. Names are those of the registries, numbers fit two octets.

    Attributes:
        name: what the set is called.
        revisions: the documents in it.
        well_known_name: the well-known URI of the directory, after ``/.well-known/`` (PROTO 5.1).
        from_local_part: the local part of every From header (PROTO 4.1).
        endpoints: by directory member.
        wire_formats: RFC 9420 17.2, SPM 5.1.
        extensions: RFC 9420 17.3, EXT 7.1, RTO 6.1.
        proposals: RFC 9420 17.4, EXT 7.2.
        credentials: RFC 9420 17.5, EXT 7.3, PROTO 6.1.
        components: EXT 7.5, SPM 5.2, PROTO 10, POLICY 10.1.
        capabilities: what a role may allow (POLICY 10.2), with those that are only reserved.
        private_use: registry and name of what the drafts give no number, so that ours is one for private use.
    """

    name: str
    revisions: tuple[str, ...]
    well_known_name: str
    from_local_part: str
    endpoints: Mapping[str, Endpoint]
    wire_formats: Mapping[str, int]
    extensions: Mapping[str, int]
    proposals: Mapping[str, int]
    credentials: Mapping[str, int]
    components: Mapping[str, int]
    capabilities: Mapping[str, int]
    private_use: frozenset[tuple[str, str]]

    def endpoint(self, member: str) -> Endpoint:
        """The endpoint of a directory member; UnknownCodePoint when there is none."""
        try:
            return self.endpoints[member]
        except KeyError:
            raise UnknownCodePoint("endpoint", member) from None

    def wire_format(self, name: str) -> int:
        """The number of a wire format; UnknownCodePoint when there is none."""
        return _found(self.wire_formats, "wire format", name)

    def extension_type(self, name: str) -> int:
        """The number of an extension; UnknownCodePoint when there is none."""
        return _found(self.extensions, "extension", name)

    def proposal_type(self, name: str) -> int:
        """The number of a proposal; UnknownCodePoint when there is none."""
        return _found(self.proposals, "proposal", name)

    def credential_type(self, name: str) -> int:
        """The number of a credential; UnknownCodePoint when there is none."""
        return _found(self.credentials, "credential", name)

    def component_id(self, name: str) -> int:
        """The number of a component; UnknownCodePoint when there is none."""
        return _found(self.components, "component", name)

    def capability(self, name: str) -> int:
        """The number of a role capability; UnknownCodePoint when there is none."""
        return _found(self.capabilities, "capability", name)


@cache
def code_points(name: str = CURRENT) -> CodePoints:
    """The code points of a set of revisions.

    Raises:
        CatalogueError: there is no such set, or its file is damaged.
    """
    return load_code_points(name, files(__package__) / "code_points" / f"{name}.toml")


def load_code_points(name: str, file: Traversable) -> CodePoints:
    """Read the code points of a set of revisions, and call the set by a name.

    Raises:
        CatalogueError: the file isn't TOML, lacks something, or gives a name or a number away twice.
    """
    top = Table.read(file)
    private = top.table("private_use")
    private_use: set[tuple[str, str]] = set()

    def registry(key: str) -> Mapping[str, int]:
        """What a registry assigns, with the numbers for private use that make up for what it lacks."""
        assigned = top.table(key).each(_number)
        added = private.table(key).each(_number) if private.holds(key) else {}
        private_use.update((key, entry) for entry in added)
        if len({*assigned.values(), *added.values()}) < len(assigned) + len(added) or assigned.keys() & added.keys():
            raise top.error(f"{key} gives a name or a number away twice")
        return MappingProxyType({**assigned, **added})

    made = CodePoints(
        name=name,
        revisions=top.texts("revisions"),
        well_known_name=top.text("well_known_name"),
        from_local_part=top.text("from_local_part"),
        endpoints=top.table("endpoints").each(_endpoint),
        wire_formats=registry("wire_formats"),
        extensions=registry("extensions"),
        proposals=registry("proposals"),
        credentials=registry("credentials"),
        components=registry("components"),
        capabilities=registry("capabilities"),
        private_use=frozenset(private_use),
    )
    private.finish()
    top.finish()
    return made


def _found(registry: Mapping[str, int], what: str, name: str) -> int:
    try:
        return registry[name]
    except KeyError:
        raise UnknownCodePoint(what, name) from None


def _number(table: Table, name: str) -> int:
    number = table.number(name)
    if number > _LARGEST:
        raise table.error(f"{name} is {number:#x}, and the registry ends at {_LARGEST:#x}")
    return number


def _endpoint(table: Table, member: str) -> Endpoint:
    inner = table.table(member)
    endpoint = Endpoint(member, inner.texts("variables"), inner.number("success"))
    inner.finish()
    return endpoint
