"""What an application message holds: bare content, or content under its media type (mls-extensions, section 6.2.4)."""

from mimi_conformance.reference.wire.mls.app_data import ApplicationFraming, MediaType

MediaTypes = tuple[MediaType, ...] | None
"""What a GroupContext has as `content_media_types`; None when application data isn't framed."""

MIMI_CONTENT = MediaType(b"application/mimi-content")
"""The media type of MIMI content, which has no parameters (mimi-content-08, section 8.1)."""


def frame(content: bytes, media_types: MediaTypes) -> bytes:
    """The `application_data` that carries MIMI content in a group.

    Args:
        content: the encoded message.
        media_types: the `content_media_types` of the group.

    """
    return content if media_types is None else ApplicationFraming(MIMI_CONTENT, content).encode()


def unframe(application_data: bytes, media_types: MediaTypes) -> tuple[MediaType, bytes]:
    """The media type of what an application message carries, and the content itself.

    Without framing it is MIMI content. A framing whose type is empty means the group's first media type.

    Args:
        application_data: as it was decrypted.
        media_types: the `content_media_types` of the group.

    Raises:
        DecodeError: the group's messages are framed, and this is no ApplicationFraming.

    """
    if media_types is None:
        return MIMI_CONTENT, application_data
    framing = ApplicationFraming.decode(application_data)
    media_type = framing.media_type if framing.media_type.type else media_types[0]
    return media_type, framing.inner_application_content
