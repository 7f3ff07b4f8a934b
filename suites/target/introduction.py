"""Telling the target, over its control interface, where our peers live."""

from cryptography.hazmat.primitives.serialization import Encoding

from mimi_conformance.mocks.control.client import ControlClient
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.laboratory import Laboratory
from mimi_conformance.suites.target.sections import Reach


def introduce(control: ControlClient, laboratory: Laboratory, description: TargetDescription) -> None:
    """Give the target the host map, when that is how it is to find our peers, and the authority of their certificates.

    Raises:
        ControlError: it did not take it.
    """
    if description.peers.reach is Reach.HOST_MAP:
        authority = laboratory.network.authority.certificate.public_bytes(Encoding.PEM).decode("ascii")
        control.peers(laboratory.network.host_map, authority if laboratory.can_issue else "")
