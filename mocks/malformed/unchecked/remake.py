"""Making an object again: what every violation goes through, and what changes nothing without one."""

from typing import TypeVar

from mimi_conformance.mocks.malformed.unchecked.commits import make_commit
from mimi_conformance.mocks.malformed.unchecked.framing import content_of, protect, sign
from mimi_conformance.mocks.malformed.unchecked.group_infos import make_group_info, make_partial_group_info
from mimi_conformance.mocks.malformed.unchecked.key_packages import make_key_package
from mimi_conformance.mocks.malformed.unchecked.proposals import make_proposal
from mimi_conformance.mocks.malformed.unchecked.steps import TREE_OPTION, Making
from mimi_conformance.mocks.malformed.unchecked.welcomes import make_welcome
from mimi_conformance.reference.wire.mls.framing import ContentType
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreeOption

Object = TypeVar("Object", MLSMessage, KeyPackage, GroupInfo, PartialGroupInfo, RatchetTreeOption, Welcome)
"""What can be made again. A MLSMessage may hold anything but a PartialGroupInfo or a RatchetTreeOption."""


def remake(subject: Object, making: Making) -> Object:
    """Make an object again that says what a valid one says, with everything fresh in it that has to be.

    Args:
        subject: the valid one. Its maker must not have used up the key of an encrypted message.
        making: the making, by the one who made it.

    Raises:
        CannotMakeError: the maker lacks something.
        RuleError: the object can't be read by its maker, or refers to what it hasn't received.

    """
    match subject:
        case KeyPackage():
            return make_key_package(making, subject)
        case GroupInfo():
            return make_group_info(making, subject)
        case Welcome():
            return make_welcome(making, subject)
        case PartialGroupInfo():
            return make_partial_group_info(making, subject)
        case RatchetTreeOption():
            return making.at(TREE_OPTION, subject)
        case MLSMessage():
            return _remade_message(subject, making)


def _remade_message(message: MLSMessage, making: Making) -> MLSMessage:
    if message.key_package is not None:
        return MLSMessage.of(make_key_package(making, message.key_package))
    if message.group_info is not None:
        return MLSMessage.of(make_group_info(making, message.group_info))
    if message.welcome is not None:
        return MLSMessage.of(make_welcome(making, message.welcome))
    content = content_of(message, making)
    match content.content_type:
        case ContentType.commit:
            return make_commit(making, content, message.wire_format)
        case ContentType.proposal:
            return make_proposal(making, content, message.wire_format)
        case ContentType.application:
            return protect(making, sign(making, content, message.wire_format))
