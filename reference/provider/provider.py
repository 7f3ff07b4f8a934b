"""The provider: every endpoint put together, and the way of a request through the rules. No I/O.

A request goes through Host, path, method, From and certificate before anybody looks at its body. Each step is a method
of its own, so that a subclass can replace one rule and keep the others.
"""

from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.founding import Founding
from mimi_conformance.reference.provider.group_info import GroupInfoEndpoint
from mimi_conformance.reference.provider.identifier_query import IdentifierQueryEndpoint
from mimi_conformance.reference.provider.key_material import KeyMaterialEndpoint
from mimi_conformance.reference.provider.messages import (
    PLAIN_TEXT,
    Answer,
    Call,
    Endpoint,
    Outgoing,
    PeerRequest,
    Refusal,
    Relay,
    Unanswered,
    WellKnown,
)
from mimi_conformance.reference.provider.notify import NotifyEndpoint
from mimi_conformance.reference.provider.oblivious_gateway import ObliviousGatewayEndpoint
from mimi_conformance.reference.provider.own_events import OwnEvents
from mimi_conformance.reference.provider.own_requests import OwnRequests
from mimi_conformance.reference.provider.proxy_download import Download
from mimi_conformance.reference.provider.report_abuse import ReportAbuseEndpoint
from mimi_conformance.reference.provider.roles import serves
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.submit_message import SubmitMessageEndpoint
from mimi_conformance.reference.provider.transport import Route, TransportRules
from mimi_conformance.reference.provider.update import UpdateEndpoint


class Provider(
    KeyMaterialEndpoint,
    OwnEvents,
    NotifyEndpoint,
    IdentifierQueryEndpoint,
    ObliviousGatewayEndpoint,
    Founding,
    UpdateEndpoint,
    SubmitMessageEndpoint,
    GroupInfoEndpoint,
    ReportAbuseEndpoint,
    OwnRequests,
    TransportRules,
):
    """A MIMI provider as a value: what it answers follows from the request, the time and what it remembers."""

    def handle(self, transaction: Transaction, request: PeerRequest, now: int) -> Answer | Relay | Download:
        """Answer another provider's request, or say whom to ask first, or which asset the answer is.

        Every request gets an answer. One that is refused leaves no trace in ``transaction``, which has to be committed
        before the answer, or the question to somebody else, is sent. What comes of a relayed request goes to
        `answer_to_relayed`, with a transaction of its own: nothing is held while another provider thinks.

        Args:
            transaction: what the provider remembers.
            request: the whole request.
            now: milliseconds of the Unix epoch.

        """
        route = None
        try:
            self.check_host(request)
            route = self.route(request)
            self.check_method(request, route)
            source = self.source_of(request)
            self.check_certificate(request, source)
            if isinstance(route.endpoint, WellKnown):
                return self.answer_from_well_known(transaction, route.endpoint, request)
            call = Call(route.endpoint, source, route.subject, request.body)
            if call.endpoint is Endpoint.PROXY_DOWNLOAD:
                return self.answer_to_proxy_download(transaction, call)
            return self.answer(transaction, call, now)
        except Refusal as refusal:
            transaction.rollback()
            return self.answer_to_refusal(route, refusal)

    def answer_from_well_known(
        self, transaction: Transaction, place: WellKnown, request: PeerRequest
    ) -> Answer | Download:
        """Answer what an authenticated provider asks of a well-known place.

        Raises:
            Refusal: it is not served.

        """
        if place is WellKnown.DIRECTORY:
            return self.answer_to_directory()
        if request.method == "POST":
            return self.answer_to_encapsulated_request(transaction, request)
        return self.answer_to_key_request()

    def answer(  # noqa: PLR0911 - one arm for each endpoint
        self, transaction: Transaction, call: Call, now: int
    ) -> Answer | Relay:
        """Answer what an authenticated provider asks, or say whom to ask first.

        Raises:
            Refusal: it is not served.

        """
        if not serves(self.settings.roles, call.endpoint):
            raise Refusal(HTTPStatus.NOT_FOUND, f"{call.endpoint} is not served by {self.domain}.")
        match call.endpoint:
            case Endpoint.KEY_MATERIAL:
                return self.answer_to_key_material(transaction, call, now)
            case Endpoint.UPDATE:
                return self.answer_to_update(transaction, call, now)
            case Endpoint.SUBMIT_MESSAGE:
                return self.answer_to_submit_message(transaction, call, now)
            case Endpoint.GROUP_INFO:
                return self.answer_to_group_info(transaction, call)
            case Endpoint.NOTIFY:
                return self.answer_to_notify(transaction, call, now)
            case Endpoint.REQUEST_CONSENT | Endpoint.UPDATE_CONSENT:
                return self.answer_to_consent(transaction, call)
            case Endpoint.IDENTIFIER_QUERY:
                return self.answer_to_identifier_query(transaction, call)
            case Endpoint.REPORT_ABUSE:
                return self.answer_to_report_abuse(transaction, call, now)
            case _:
                raise Refusal(HTTPStatus.NOT_FOUND, f"{call.endpoint} is not served here.")

    def answer_to_relayed(
        self, transaction: Transaction, relay: Relay, outcome: Answer | Unanswered, now: int
    ) -> Answer:
        """Answer a request that had to wait for another provider, now that this one has answered or could not be asked.

        As with `handle`, a request that is refused leaves no trace in ``transaction``.

        Args:
            transaction: what the provider remembers.
            relay: what `handle` gave.
            outcome: the other provider's answer, or why there is none.
            now: milliseconds of the Unix epoch.

        """
        try:
            return self.relayed_answer(transaction, relay, outcome, now)
        except Refusal as refusal:
            transaction.rollback()
            return self.answer_to_refusal(None, refusal)

    def relayed_answer(
        self,
        transaction: Transaction,
        relay: Relay,
        outcome: Answer | Unanswered,
        now: int,
    ) -> Answer:
        """The other provider's answer as it came, unless the endpoint asked has rules of its own.

        Raises:
            Refusal: 502, there is none, or none that can be passed on.

        """
        match relay.call.endpoint, outcome:
            case Endpoint.KEY_MATERIAL, Answer():
                return self.relayed_key_material(transaction, relay, outcome, now)
            case _, Answer():
                return Answer(outcome.status, outcome.body, outcome.content_type)
            case _, Unanswered():
                raise Refusal(HTTPStatus.BAD_GATEWAY, outcome.reason)

    def answer_to_refusal(self, route: Route | None, refusal: Refusal) -> Answer:
        """The status with its reason as text; only notify has no body at all (PROTO 5.5)."""
        silent = route is not None and route.endpoint is Endpoint.NOTIFY
        return Answer(
            refusal.status,
            b"" if silent else f"{refusal.reason}\n".encode(),
            PLAIN_TEXT,
            refusal.headers,
            refusal.reason,
        )

    def answer_to_own_request(
        self, transaction: Transaction, client: MimiUri, outgoing: Outgoing, now: int
    ) -> Answer | Relay:
        """Answer what a local client asks of this provider, as `handle` does, without a detour over the network."""
        try:
            call = Call(outgoing.endpoint, self.domain, outgoing.subject, outgoing.body, client)
            return self.answer(transaction, call, now)
        except Refusal as refusal:
            transaction.rollback()
            return self.answer_to_refusal(None, refusal)
