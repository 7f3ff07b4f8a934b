"""Each violation is refused for the rule that it breaks, by all who can see it, and by nobody else."""

from functools import cache

import pytest

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.remake import remake
from mimi_conformance.mocks.malformed.unchecked.steps import Making
from mimi_conformance.mocks.malformed.violations.registry import (
    NEWCOMER,
    ViolationError,
    find_violation,
    violate,
    violation,
    violations,
)
from mimi_conformance.reference.mls.group.group_info import GroupInfoRule
from mimi_conformance.reference.mls.proposals.extensions import ExtensionRule
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalListRule
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from tests.malformed.snapshots import snapshot
from tests.malformed.stage import SCENES, scene
from tests.malformed.views import verdicts

OTHER_RULES = {
    # two proposals or more are one more than a ReInit may have beside it, and a resync removes somebody already
    ("extension-twice-in-reinit", "covering commit"): ProposalListRule.REINIT_ALONE,
    ("reinit-to-an-earlier-version", "covering commit"): ProposalListRule.REINIT_ALONE,
    ("removal-of-nobody", "resync"): ProposalListRule.ONE_EXTERNAL_REMOVE,
    ("removal-of-a-blank-leaf", "resync"): ProposalListRule.ONE_EXTERNAL_REMOVE,
    # what is wrong between two members shows at the first of them that is looked at: here, who has proposed an Update
    ("credential-that-others-do-not-support", "covering commit"): LeafNodeRule.CREDENTIALS_SUPPORTED,
    ("credential-of-others-not-supported", "covering commit"): LeafNodeRule.CREDENTIAL_SUPPORTED,
    ("requirement-that-members-do-not-support", "covering commit"): LeafNodeRule.REQUIRED_CAPABILITIES,
}
"""Where an object breaks a second rule that is looked at before the one that the violation is about."""

NOT_SEEN = {
    # who follows a group without joining has no use for the external_pub
    ("group-info-without-external-pub", "GroupInfo for a server"): GroupInfoRule.EXTERNAL_PUB,
    ("malformed-external-pub", "GroupInfo for a server"): ExtensionRule.DECODABLE,
}


@cache
def as_it_was(name: str) -> object:
    """What readers of a scene knew before anything was refused."""
    return snapshot((scene(name).reader, scene(name).server))


@pytest.mark.parametrize("name", SCENES)
def test_an_object_made_again_without_violation_is_as_valid_as_the_first(name):
    valid = scene(name)
    made = remake(valid.subject, Making(valid.maker))
    assert set(verdicts(valid, valid.subject).values()) == set(verdicts(valid, made).values()) == {None}


@pytest.mark.parametrize("name", violations())
def test_a_violation_is_refused_by_the_name_of_its_rule_and_leaves_everything_as_it_was(name):
    what, found = violations()[name], 0
    for of_what in SCENES:
        valid = scene(of_what)
        try:
            wrong = violate(name, valid.subject, valid.maker)
        except CannotMakeError:
            continue
        found += 1
        rule = OTHER_RULES.get((name, of_what), what.rule)
        before = as_it_was(of_what)
        for view, refused_for in verdicts(valid, wrong).items():
            seen = view in what.seen_by and (name, of_what) not in NOT_SEEN
            assert refused_for is (rule if seen else None), (of_what, view)
        assert snapshot((valid.reader, valid.server)) == before
    assert found, "nothing on the stage can be wrong so"


def test_a_violation_says_what_it_is():
    for name, what in violations().items():
        assert what.name == name
        assert what.description.endswith((".", ".."))
        assert what.rule.section
        assert what.seen_by


def test_an_unknown_violation_has_no_object():
    valid = scene("commit")
    with pytest.raises(ViolationError, match="No violation is called wrong-everything"):
        violate("wrong-everything", valid.subject, valid.maker)


def test_an_object_without_what_would_be_wrong_stays_unmade():
    update, info = scene("update"), scene("GroupInfo")
    with pytest.raises(CannotMakeError, match="has not got what missing-path changes"):
        violate("missing-path", update.subject, update.maker)
    with pytest.raises(CannotMakeError, match="Who joins doesn't see bad-parent-hash"):
        violate("bad-parent-hash", info.subject, info.maker)
    assert not find_violation("bad-parent-hash").seen_by & NEWCOMER


def test_a_violation_has_a_name_of_its_own_and_a_description():
    what = find_violation("wrong-signature")

    def wrong_signature(value: bytes, _maker: Maker) -> bytes:
        """Once more."""
        return value

    def indescribable(value: bytes, _maker: Maker) -> bytes:
        return value

    for function in (wrong_signature, indescribable):
        with pytest.raises(ViolationError, match="is declared twice, or does not say what is wrong"):
            violation(what.rule, at=what.change.step)(function)
