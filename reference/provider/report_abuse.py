"""reportAbuse: what somebody shows the hub of a room, and what the franks prove of it (PROTO 5.9)."""

from http import HTTPStatus

from mimi_conformance.reference.content.franking.abuse_report import NOBODY, Finding, Unproven, examine
from mimi_conformance.reference.content.franking.rules import AbuseReportRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.abuse_reports import ReceivedReport
from mimi_conformance.reference.provider.hosting import Hosting
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal
from mimi_conformance.reference.provider.repetition import Repetition
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import Member
from mimi_conformance.reference.room.authorization.question import acting_role
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


class ReportAbuseEndpoint(Hosting, Repetition):
    """Answers for reportAbuse. What becomes of a report that was taken is for people to decide."""

    def answer_to_report_abuse(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """201 without a body (AMB-124), also when it comes again; ``now`` in milliseconds of the Unix epoch."""
        report = self.decoded(AbuseReport, call.body)
        state = self.room_in_path(transaction, call.subject).state
        if self.earlier_answer(transaction, call, now) is None:
            self.check_reporting_user(call.source, report)
            doubts = tuple(self.doubt(finding) for finding in self.findings(state, report))
            transaction.add_abuse_report(ReceivedReport(state.room_id, call.source, now, report, doubts))
            self.remember_answer(transaction, call, b"", now)
        return Answer(HTTPStatus.CREATED)

    def check_reporting_user(self, source: str, report: AbuseReport) -> None:
        """Refuse a report in the name of somebody else's user. One that is withheld is nobody's (AMB-123).

        Raises:
            Refusal: 400, it is no user; 403.

        """
        if report.reporting_user != NOBODY and self.parsed_user(report.reporting_user).provider != source:
            raise Refusal(HTTPStatus.FORBIDDEN, f"{source} reports in the name of {report.reporting_user.text}.")

    def findings(self, state: RoomState, report: AbuseReport) -> tuple[Finding, ...]:
        """What the report proves: of each message whether the hub has franked it (AMB-125).

        Raises:
            Refusal: 400, it is none that can be taken; 403, its author may not report (AMB-126).

        """
        media_types = state.group.state.extensions.media_types
        capabilities = self.capabilities(state, report)
        try:
            return examine(
                report, state.room_id, self.franking_keys, media_types=media_types, capabilities=capabilities
            )
        except RuleError as error:
            forbidden = error.rule is AbuseReportRule.MAY_REPORT
            raise Refusal(HTTPStatus.FORBIDDEN if forbidden else HTTPStatus.BAD_REQUEST, str(error)) from error

    def capabilities(self, state: RoomState, report: AbuseReport) -> frozenset[CapabilityType]:
        """What the author's role allows, which is that of strangers for those who have left."""
        return acting_role(state.updated, Member(report.reporting_user.uri)).capabilities

    def doubt(self, finding: Finding) -> str:
        """Why a message proves nothing, for people; empty where it does."""
        return str(finding.error) if isinstance(finding, Unproven) else ""
