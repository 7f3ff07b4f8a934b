"""What an exchange between providers says, in a few words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.room.credentials import server_domains
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContent
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoRequest, GroupInfoResponse
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest, KeyMaterialResponse
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest, SubmitMessageResponse
from mimi_conformance.reference.wire.protocol.update import UpdateRequest, UpdateRoomResponse


def request_gist(endpoint: Endpoint, body: bytes) -> str:
    """What a request asks; its size where there is nothing more to say."""
    return _told(_REQUESTS, endpoint, body)


def response_gist(endpoint: Endpoint, body: bytes) -> str:
    """What an answer says; empty where it has no body."""
    return _told(_RESPONSES, endpoint, body) if body else ""


def _told(tellers: Mapping[Endpoint, Callable[[bytes], str]], endpoint: Endpoint, body: bytes) -> str:
    teller = tellers.get(endpoint)
    try:
        return f"{len(body)} bytes" if teller is None else teller(body)
    except DecodeError:
        return f"{len(body)} bytes"


def message_gist(message: MLSMessage) -> str:
    """What a message of MLS is."""
    if message.welcome is not None:
        count = len(message.welcome.secrets)
        return f"Welcome for {count} client{'s' if count > 1 else ''}"
    if message.public_message is not None:
        return content_gist(message.public_message.content)
    framed = message.private_message or message.semiprivate_message
    if framed is None:
        return message.wire_format.name
    kind = "message" if framed.content_type is ContentType.application else framed.content_type.name
    return f"encrypted {kind} of epoch {framed.epoch}"


def content_gist(content: FramedContent) -> str:
    """What a handshake is."""
    if content.commit is not None:
        covered = [
            "reference" if each.proposal is None else each.proposal.proposal_type.name
            for each in content.commit.proposals
        ]
        return f"commit of epoch {content.epoch} ({', '.join(covered) or 'new keys only'})"
    assert content.proposal is not None, "a PublicMessage holds nothing else"
    return f"proposal of epoch {content.epoch} ({content.proposal.proposal_type.name})"


def _notify(body: bytes) -> str:
    told = []
    for event in FanoutMessage.decode_all(body):
        along = event.more_proposals or event.external_proposals or ()
        told.append(" + ".join(message_gist(each) for each in (event.message, *along)))
    return "; ".join(told)


def _update(body: bytes) -> str:
    bundle = UpdateRequest.decode(body).bundle
    parts = [message_gist(each) for each in (bundle.proposal_or_commit, *(bundle.more_proposals or ()))]
    if bundle.welcome is not None:
        parts.append("Welcome")
    return " + ".join(parts)


def _key_material(body: bytes) -> str:
    request = KeyMaterialRequest.decode(body)
    return f"{request.requesting_user.text} wants KeyPackages of {request.target_user.text}"


def _key_packages(body: bytes) -> str:
    response = KeyMaterialResponse.decode(body)
    count = sum(client.key_package is not None for client in response.clients)
    return f"{response.user_status.name}, {count} KeyPackage{'' if count == 1 else 's'}"


def _consent(body: bytes) -> str:
    entry = ConsentEntry.decode(body)
    return f"{entry.consent_operation.name}: {entry.target_uri.text} for {entry.requester_uri.text}"


def _group_info(body: bytes) -> str:
    servers = server_domains(GroupInfoRequest.decode(body).requesting_credential)
    return f"{servers[0]} wants to follow the room" if servers else "a client wants to join"


_REQUESTS: Mapping[Endpoint, Callable[[bytes], str]] = MappingProxyType(
    {
        Endpoint.NOTIFY: _notify,
        Endpoint.UPDATE: _update,
        Endpoint.KEY_MATERIAL: _key_material,
        Endpoint.REQUEST_CONSENT: _consent,
        Endpoint.UPDATE_CONSENT: _consent,
        Endpoint.SUBMIT_MESSAGE: lambda body: message_gist(SubmitMessageRequest.decode(body).app_message),
        Endpoint.GROUP_INFO: _group_info,
    }
)
_RESPONSES: Mapping[Endpoint, Callable[[bytes], str]] = MappingProxyType(
    {
        Endpoint.UPDATE: lambda body: UpdateRoomResponse.decode(body).response_code.name,
        Endpoint.KEY_MATERIAL: _key_packages,
        Endpoint.SUBMIT_MESSAGE: lambda body: SubmitMessageResponse.decode(body).status_code.name,
        Endpoint.GROUP_INFO: lambda body: GroupInfoResponse.decode(body).status.name,
    }
)
