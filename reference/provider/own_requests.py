"""Requests of our own clients on their way out: what must not be sent for them, and what follows from it here."""

from collections.abc import Iterator
from http import HTTPStatus

from mimi_conformance.reference.content.franking.abuse_report import NOBODY
from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.provider.consent import ConsentEndpoint
from mimi_conformance.reference.provider.messages import Endpoint, LocalRequestError, Outgoing, Refusal
from mimi_conformance.reference.provider.roles import Role, for_hubs_only
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import SenderType
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoRequest
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest
from mimi_conformance.reference.wire.protocol.update import UpdateRequest

_FOR_THE_HUB = (Endpoint.UPDATE, Endpoint.SUBMIT_MESSAGE, Endpoint.REPORT_ABUSE)


class OwnRequests(ConsentEndpoint):
    """The rules for what local users ask of providers, this one included."""

    def accept_own_request(self, transaction: Transaction, user: MimiUri, outgoing: Outgoing) -> None:
        """Check what a local user's client wants sent, and remember what follows from it.

        Raises:
            LocalRequestError: a rule forbids this provider to send it.

        """
        try:
            if outgoing.provider != self.domain and for_hubs_only(outgoing.endpoint):
                self.check_is_follower()
            if outgoing.endpoint in _FOR_THE_HUB and outgoing.provider != self.domain:
                self.check_own_hub(outgoing)
            match outgoing.endpoint:
                case Endpoint.REQUEST_CONSENT | Endpoint.UPDATE_CONSENT:
                    self.accept_own_consent(transaction, user, outgoing)
                case Endpoint.KEY_MATERIAL:
                    self.check_own_claim(user, outgoing)
                case Endpoint.NOTIFY:
                    raise LocalRequestError("Hubs notify, clients don't.")
                case _:
                    self.check_own_names(user, outgoing)
        except Refusal as refusal:
            raise LocalRequestError(refusal.reason) from refusal

    def check_own_names(self, user: MimiUri, outgoing: Outgoing) -> None:
        """Let users act under their own names only (PROTO 5.4.1.1). What can't be read is for others to refuse.

        Raises:
            LocalRequestError: it is another name.
            Refusal: it is none.

        """
        try:
            names = tuple(self.own_names(outgoing))
        except DecodeError:
            return
        for name in names:
            self.check_own_name(user, name)

    def own_names(self, outgoing: Outgoing) -> Iterator[MimiUri]:
        """The users in whose names a request is made, where nothing but their provider vouches for them.

        Members of a group sign with keys that the group knows; whoever joins it does not (PROTO 5.3, 5.4, 5.6, 5.9).

        Raises:
            DecodeError: the request can't be read.
            Refusal: a name is none.

        """
        match outgoing.endpoint:
            case Endpoint.SUBMIT_MESSAGE:
                yield self.parsed_user(SubmitMessageRequest.decode(outgoing.body).sending_uri)
            case Endpoint.REPORT_ABUSE:
                reporting = AbuseReport.decode(outgoing.body).reporting_user
                if reporting != NOBODY:
                    yield self.parsed_user(reporting)
            case Endpoint.GROUP_INFO:
                yield self.user_named(GroupInfoRequest.decode(outgoing.body).requesting_credential)
            case Endpoint.UPDATE:
                bundle = UpdateRequest.decode(outgoing.body).bundle
                for message in (bundle.proposal_or_commit, *(bundle.more_proposals or ())):
                    leaf_node = joining_leaf(message)
                    if leaf_node is not None:
                        yield self.user_named(leaf_node.credential)

    def user_named(self, credential: Credential) -> MimiUri:
        """The user that a credential stands for.

        Raises:
            Refusal: it stands for nobody.

        """
        try:
            return client_identity(credential, DEFAULT_MAPPING).user
        except CredentialError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{error}.") from error

    def check_own_name(self, user: MimiUri, name: MimiUri) -> None:
        """Refuse a name that is not the user's.

        Whose a pseudonym is, only those in the room can tell (PROTO 6.1): here it has to be one of this provider.

        Raises:
            LocalRequestError: it is another name.

        """
        pseudonym = name.type is IdentifierType.PSEUDONYM and name.provider == self.domain
        if name != user and not pseudonym:
            raise LocalRequestError(f"{user} can't act in the name of {name}.")

    def accept_own_consent(self, transaction: Transaction, user: MimiUri, outgoing: Outgoing) -> None:
        """Hold a consent entry against PROTO 5.7 and record it, unless this provider is about to receive it, too.

        Raises:
            LocalRequestError: it is not the user's to send, or cancels what was never requested.
            Refusal: the entry is not one for this endpoint.

        """
        entry = self.decoded(ConsentEntry, outgoing.body)
        self.check_consent_operation(outgoing.endpoint, entry)
        requester, target = self.parsed_user(entry.requester_uri), self.parsed_user(entry.target_uri)
        sender, receiver = (requester, target) if outgoing.endpoint is Endpoint.REQUEST_CONSENT else (target, requester)
        if sender != user:
            raise LocalRequestError(f"{user} can't send a consent entry of {sender}.")
        if receiver.provider != outgoing.provider:
            raise LocalRequestError(f"{receiver} is no user of {outgoing.provider}.")
        if entry.room_id is not None:
            self.parsed_room(entry.room_id)
        self.give_away(transaction, entry.client_key_packages or ())
        if outgoing.provider == self.domain:
            return
        changed = self.record_consent(transaction, entry)
        if entry.consent_operation is ConsentOperation.cancel and not changed:
            raise LocalRequestError("A cancel needs a request of the same scope before it.")

    def check_is_follower(self) -> None:
        """Ask nothing of the hubs of rooms unless this provider is to follow them.

        Raises:
            LocalRequestError: it is not.

        """
        if Role.FOLLOWER not in self.settings.roles:
            raise LocalRequestError(f"{self.domain} follows no rooms of others.")

    def give_away(self, transaction: Transaction, key_packages: tuple[KeyPackage, ...]) -> None:
        """Never hand out again what a grant conveys (PROTO 5.7, 5.2)."""
        for key_package in key_packages:
            try:
                transaction.use_key_package(key_package_ref(key_package))
            except UnsupportedCipherSuiteError as error:
                raise LocalRequestError(f"A KeyPackage in the grant can't be used: {error}") from error

    def check_own_hub(self, outgoing: Outgoing) -> None:
        """Send what happens in a room to its hub only (PROTO 3.3, 3.4, 5.9).

        Raises:
            LocalRequestError: it would go to another provider.
            Refusal: it is about no room.

        """
        room_id = self.parsed_room(IdentifierUri.of(outgoing.subject))
        if room_id.provider != outgoing.provider:
            raise LocalRequestError(f"{room_id.provider} is the hub of {room_id}, not {outgoing.provider}.")

    def check_own_claim(self, user: MimiUri, outgoing: Outgoing) -> None:
        """Hold a claim for key material against PROTO 5.2: with a room it goes through the room's hub.

        Raises:
            LocalRequestError: it is somebody else's claim, or goes to the wrong provider.
            Refusal: it can't be read.

        """
        request = self.decoded(KeyMaterialRequest, outgoing.body)
        requester, target = self.parsed_user(request.requesting_user), self.parsed_user(request.target_user)
        if requester != user:
            raise LocalRequestError(f"{user} can't claim key material in the name of {requester}.")
        through = self.parsed_room(request.room_id) if request.room_id.uri else target
        if outgoing.provider != through.provider:
            raise LocalRequestError(f"This claim goes to {through.provider}, not to {outgoing.provider}.")
        if request.room_id.uri and through.provider != self.domain:
            self.check_is_follower()


def joining_leaf(message: MLSMessage) -> LeafNode | None:
    """The LeafNode of a client that asks to be in a group itself (RFC 9420, sections 12.1.1 and 12.4.3.2)."""
    content = None if message.public_message is None else message.public_message.content
    if content is None:
        return None
    match content.sender.sender_type, content.proposal, content.commit:
        case SenderType.new_member_commit, _, commit if commit is not None and commit.path is not None:
            return commit.path.leaf_node
        case SenderType.new_member_proposal, proposal, _ if proposal is not None and isinstance(proposal.body, Add):
            return proposal.body.key_package.leaf_node
    return None
