"""The safe exporter: a secret for each component and epoch, which can be had once (mls-extensions, section 4.4)."""

from dataclasses import dataclass

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.schedule.node_secrets import NodeSecrets
from mimi_conformance.reference.wire.mls.app_data import ComponentID
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_HEIGHT = 16
"""A leaf for each ComponentID."""


class ExporterRule(Rule):
    """What the safe exporter holds its user to."""

    ONCE = RuleText("mls-extensions, section 4.4", "A component's secret is exported once in an epoch.")


class ExporterError(RuleError):
    """A component has no secret left; `value` is the component."""


@dataclass(frozen=True, slots=True, repr=False)
class ExporterTree:
    """The secrets of an epoch that are not exported.

    Keeping only the new tree is deleting the exported secret and everything from which it follows.

    Attributes:
        nodes: secrets of which nothing was exported; None at the leaves whose secret was.

    """

    nodes: NodeSecrets[None]

    @classmethod
    def create(cls, cipher_suite: CipherSuite, application_export_secret: bytes) -> "ExporterTree":
        """The tree at the beginning of an epoch; the secret of the epoch must not be kept elsewhere."""
        return cls(NodeSecrets(cipher_suite, _HEIGHT, application_export_secret))

    def export_secret(self, component_id: ComponentID) -> tuple[bytes, "ExporterTree"]:
        """SafeExportSecret: the component's secret, and the tree without it.

        Raises:
            ExporterError: it was exported before.
            NoSuchNodeError: the component's number needs more than 16 bits.

        """

        def consumed(secret: bytes | None) -> tuple[bytes, None]:
            if secret is None:
                raise ExporterError(ExporterRule.ONCE, component_id)
            return secret, None

        secret, nodes = self.nodes.at_leaf(component_id, consumed)
        return secret, ExporterTree(nodes)
