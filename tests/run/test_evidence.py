"""What our peers recorded, as the report shows it."""

from mimi_conformance.mocks.network.exchange import Direction, Exchange
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, QueryElement, SearchIdentifierType
from mimi_conformance.reports.model import CheckOutcome, ExitCode, Verdict
from mimi_conformance.suites.runner.evidence import LARGEST_BODY, as_evidence, finding_as_evidence
from mimi_conformance.suites.runner.run import RunOptions, run_suites
from mimi_conformance.suites.target.finding import Finding, Outcome

QUERY = IdentifierRequest(
    (QueryElement(search_type=SearchIdentifierType.handle, search_value=b"im:bob@a.example"),)
).encode()


def recorded(body=b"", endpoint=None, **changes):
    url = "https://a.example/x"
    given = {"request_headers": (("From", "b"),), "request_body": body, "started": 1.0, "endpoint": endpoint} | changes
    return Exchange("1", Direction.TO_TARGET, "b.example", "POST", url, "/x", **given)


def test_the_body_of_a_known_endpoint_is_decoded_with_offsets():
    message = as_evidence(recorded(QUERY, "identifierQuery")).request
    assert message.structure == "IdentifierRequest"
    assert "'im:bob@a.example'" in message.tree
    assert message.body == QUERY


def test_a_body_that_does_not_decode_says_where():
    message = as_evidence(recorded(QUERY + b"!", "identifierQuery")).request
    assert message.tree.startswith("does not decode: ")
    assert "1 byte is left over" in message.tree


def test_a_body_of_an_unknown_endpoint_is_left_as_it_is():
    message = as_evidence(recorded(QUERY)).request
    assert (message.structure, message.tree, message.body) == (None, None, QUERY)


def test_an_oversize_body_is_cut_and_its_size_kept():
    message = as_evidence(recorded(bytes(LARGEST_BODY + 1), "notify")).request
    assert (len(message.body), message.body_size, message.tree) == (LARGEST_BODY, LARGEST_BODY + 1, None)


def test_an_exchange_without_an_answer_says_why():
    exchange = as_evidence(recorded(error="timeout: 10 seconds", ended=2.0))
    assert (exchange.status, exchange.response, exchange.error) == (None, None, "timeout: 10 seconds")


def test_a_finding_keeps_its_exchanges():
    finding = finding_as_evidence(Finding("clock", Outcome.NOTICE, "Slow.", (recorded(),)))
    assert (finding.outcome, finding.exchanges[0].peer) == (CheckOutcome.NOTICE, "b.example")


def test_the_exchanges_of_each_test_are_its_evidence(write, suites):
    """The whole way: the reference on sockets, its world, and both directions of what was said."""
    write(
        "family/test_things.py",
        """
        @checks("PROTO-5.1-01")
        def test_silent(world):
            pass

        @checks("PROTO-5.1-01")
        def test_talking(world, target, peer, other_peer, control):
            assert target.provider.domain == "a.example"
            assert peer is world.peer and other_peer is world.other_peer and control is world.control
            peer.directory()
            expect(False, expected="nothing", got="something")
        """,
    )
    run = run_suites(RunOptions(reference=True, folder=suites))
    silent, talking = run.tests
    assert (silent.verdict, silent.exchanges) == (Verdict.PASS, ())
    [exchange] = talking.exchanges
    assert exchange.url.startswith(f"https://{MimiUri.parse('mimi://a.example').provider}/.well-known/")
    assert exchange.response.body.startswith(b"{")
    assert (talking.verdict, talking.attempts) == (Verdict.FAIL, 2)
    assert run.exit_code is ExitCode.REQUIREMENT_FAILED
    assert dict(run.target)["domains"] == "a.example"
    assert all(finding.outcome is CheckOutcome.OK for finding in run.preflight)
