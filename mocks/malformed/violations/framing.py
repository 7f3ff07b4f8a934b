"""Violations of how messages are framed, signed and tagged (RFC 9420, sections 6.1 and 6.2)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import (
    CONFIRMATION_TAG,
    CONTENT,
    MEMBERSHIP_TAG,
    PRIVATE_CONTENT,
    PUBLIC_CONTENT,
    SIGNATURE,
)
from mimi_conformance.mocks.malformed.violations.registry import MEMBER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped
from mimi_conformance.reference.mls.framing.rules import FramingRule, SafeAADRule
from mimi_conformance.reference.mls.group.group import MemberStateRule
from mimi_conformance.reference.mls.group.group_processing import ProcessingRule
from mimi_conformance.reference.wire.mls.app_data import SafeAAD, SafeAADItem
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContent


@violation(FramingRule.SIGNATURE, at=SIGNATURE)
def wrong_signature(signature: bytes, _maker: Maker) -> bytes:
    """A message whose signature does not verify; its tags are those of a message with this signature."""
    return flipped(signature)


@violation(FramingRule.MEMBERSHIP_TAG, at=MEMBERSHIP_TAG, seen_by=MEMBER)
def wrong_membership_tag(tag: bytes, _maker: Maker) -> bytes:
    """A member's PublicMessage with a wrong membership tag."""
    return flipped(tag)


@violation(ProcessingRule.CONFIRMATION_TAG, at=CONFIRMATION_TAG, seen_by=MEMBER)
def wrong_confirmation_tag(tag: bytes, _maker: Maker) -> bytes:
    """A Commit with a wrong confirmation tag."""
    return flipped(tag)


@violation(FramingRule.GROUP, at=CONTENT)
def other_group(content: FramedContent, _maker: Maker) -> FramedContent:
    """A message that names another group."""
    return replace(content, group_id=flipped(content.group_id))


@violation(FramingRule.EPOCH, at=CONTENT)
def past_epoch(content: FramedContent, _maker: Maker) -> FramedContent:
    """A handshake that names the epoch before."""
    if _handshake(content).epoch == 0:
        raise CannotMakeError("There is no epoch before the first one.")
    return replace(content, epoch=content.epoch - 1)


@violation(FramingRule.EPOCH, at=CONTENT)
def future_epoch(content: FramedContent, _maker: Maker) -> FramedContent:
    """A handshake that names the next epoch."""
    return replace(_handshake(content), epoch=content.epoch + 1)


@violation(MemberStateRule.EPOCH_KEPT, at=PRIVATE_CONTENT, seen_by=MEMBER)
def application_message_of_a_future_epoch(content: FramedContent, _maker: Maker) -> FramedContent:
    """An application message that names the next epoch, whose secrets nobody has yet."""
    if content.application_data is None:
        raise CannotMakeError("The message is a handshake.")
    return replace(content, epoch=content.epoch + 1)


@violation(FramingRule.NOT_APPLICATION, at=PUBLIC_CONTENT)
def application_data_in_public(content: FramedContent, _maker: Maker) -> FramedContent:
    """A PublicMessage with application data in it."""
    application = ContentType.application
    return replace(content, content_type=application, application_data=b"hello", proposal=None, commit=None)


@violation(SafeAADRule.STRUCTURE, at=CONTENT)
def additional_data_that_is_no_safe_aad(content: FramedContent, maker: Maker) -> FramedContent:
    """Additional data of a message that is no SafeAAD, in a group with the `safe_aad` component."""
    return _with_additional_data(content, maker, b"\xff")


@violation(SafeAADRule.SORTED, at=CONTENT)
def unsorted_safe_aad(content: FramedContent, maker: Maker) -> FramedContent:
    """A SafeAAD whose items are the wrong way round, in a group with the `safe_aad` component."""
    return _with_items(content, maker, 2, 1)


@violation(SafeAADRule.UNIQUE, at=CONTENT)
def safe_aad_with_a_component_twice(content: FramedContent, maker: Maker) -> FramedContent:
    """A SafeAAD with two items of one component, in a group with the `safe_aad` component."""
    return _with_items(content, maker, 1, 1)


def _handshake(content: FramedContent) -> FramedContent:
    if content.content_type is ContentType.application:
        raise CannotMakeError("The message is no handshake.")
    return content


def _with_items(content: FramedContent, maker: Maker, *component_ids: int) -> FramedContent:
    items = tuple(SafeAADItem(component_id, b"") for component_id in component_ids)
    return _with_additional_data(content, maker, SafeAAD(items).encode())


def _with_additional_data(content: FramedContent, maker: Maker, data: bytes) -> FramedContent:
    if maker.public.state.extensions.safe_aad is None:
        raise CannotMakeError("The group has no safe_aad component, so that any additional data will do.")
    return replace(content, authenticated_data=data)
