"""Small changes that several violations make."""

from collections.abc import Iterable

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker, Outsider
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.proposals.features import Feature, Purpose
from mimi_conformance.reference.mls.proposals.proposals import InExternalCommit
from mimi_conformance.reference.mls.schedule.pre_shared_keys import resumption_psk
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from mimi_conformance.reference.wire.mls.framing import SenderType
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import Proposal, ProposalBody
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ExtensionType


def flipped(data: bytes | None) -> bytes:
    """The bytes with the last bit changed; one byte where there are none."""
    return b"\1" if not data else data[:-1] + bytes([data[-1] ^ 1])


def other_suite(suite: CipherSuite) -> CipherSuite:
    """Another cipher suite, if possible one whose keys and signatures are alike."""
    others = [other for other in SUPPORTED_CIPHER_SUITES if other != suite]
    alike = [other for other in others if parameters(other).signature == parameters(suite).signature]
    return (alike or others)[0]


def proposable(body: ProposalBody, maker: Maker) -> ProposalBody:
    """What somebody proposes, or adds to a Commit by value.

    Raises:
        CannotMakeError: whoever makes the message can't do that with proposals of this type, whatever they say.

    """
    proposal, sender_type, support = Proposal.of(body), maker.sender.sender_type, maker.public.tree.support
    kind = maker.public.state.application.proposals.kind_of(proposal)
    assert support is not None, "a group has members"
    if kind is None or not (kind.default or Feature(Purpose.PROPOSAL, kind.proposal_type) in support.features):
        raise CannotMakeError(f"Not all members know proposals of type {proposal.proposal_type.name}.")
    by_sender = {
        SenderType.member: True,
        SenderType.external: kind.from_external_sender,
        SenderType.new_member_commit: kind.in_external_commit is InExternalCommit.BY_VALUE,
    }
    if not by_sender.get(sender_type, False):
        raise CannotMakeError(f"A {sender_type.name} doesn't propose anything of type {proposal.proposal_type.name}.")
    return body


def of_this_epoch(maker: Maker, usage: ResumptionPSKUsage = ResumptionPSKUsage.application) -> PreSharedKeyID:
    """The name of the resumption PSK of a group's present epoch.

    Raises:
        CannotMakeError: the maker is about to join by a Commit, for which it would have to know the PSK.

    """
    context = maker.public.context
    psk = resumption_psk(context.cipher_suite, context.group_id, context.epoch, maker.random, usage)
    joins = maker.sender.sender_type is SenderType.new_member_commit
    if joins and isinstance(maker, Outsider) and maker.psks.find(psk) is None:
        raise CannotMakeError("Who joins doesn't know the PSK of the present epoch, unless it was a member before.")
    return psk


def with_extension(
    extensions: Iterable[Extension], extension_type: ExtensionType, data: bytes
) -> tuple[Extension, ...]:
    """The extensions with this one, in the place of one of the same type if there is one."""
    new = Extension(extension_type, data)
    replaced = tuple(new if old.extension_type == extension_type else old for old in extensions)
    return replaced if new in replaced else (*replaced, new)


def with_entries(dictionary: AppDataDictionary | None, *more: ComponentData) -> bytes:
    """The encoded dictionary with more entries at its end."""
    return AppDataDictionary((*dictionary.component_data, *more) if dictionary else more).encode()
