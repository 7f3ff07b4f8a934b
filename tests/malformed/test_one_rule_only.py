"""Whoever doesn't mind the rule that a violation breaks finds nothing else wrong with the object.

Shown with a copy of the code in which that one rule is not kept (`tolerance`).
"""

import pytest

from mimi_conformance.mocks.malformed.violations.registry import violations
from tests.malformed.tolerance import tolerant, tolerating

COSTLY = {"generation-too-far-ahead"}
"""Who doesn't mind this is busy for hours."""

NOTHING_TO_GO_ON_WITH = {
    "additional-data-that-is-no-safe-aad",
    "application-message-of-a-future-epoch",
    "ciphertext-that-does-not-decrypt",
    "content-that-is-none",
    "encrypted-by-nobody",
    "ephemeral-data-of-an-unknown-component",
    "external-commit-without-path",
    "external-sender-not-listed",
    "group-info-signed-by-nobody",
    "group-info-that-does-not-decrypt",
    "group-info-without-tree",
    "group-secrets-that-are-none",
    "group-secrets-that-do-not-decrypt",
    "padding-that-is-not-zero",
    "path-too-long",
    "path-too-short",
    "psk-that-nobody-has",
    "receiver-keys-that-are-none",
    "receiver-keys-that-do-not-decrypt",
    "reference-to-an-unknown-proposal",
    "removal-of-a-blank-leaf",
    "removal-of-nobody",
    "removal-proposed-by-new-member",
    "self-remove-and-removal-of-a-leaf",
    "sender-data-that-are-none",
    "sender-data-that-do-not-decrypt",
    "sent-by-nobody",
    "two-removals-of-a-leaf",
    "type-that-the-application-does-not-use",
    "update-and-removal-of-a-leaf",
    "update-of-an-unknown-component",
    "welcome-to-a-tree-without-the-reader",
    "welcome-with-a-psk-that-nobody-has",
    "without-external-receivers",
}
"""What is missing or unreadable can't be passed over: there is no key, no value, no member to take."""

ANOTHER_RULE_ABOUT_THE_SAME = {
    # of two rules, one says what the other one implies
    "add-of-a-member": "LeafNodeRule.SIGNATURE_KEY_UNIQUE",
    "application-data-in-public": "CommitRule.IS_COMMIT",
    "commit-by-external-sender": "SenderRule.EXTERNAL_TYPE",
    "credential-not-listed": "LeafNodeRule.CREDENTIAL_SUPPORTED",
    "group-extension-not-supported": "LeafNodeRule.REQUIRED_CAPABILITIES",
    "parent-with-the-key-of-a-member": "TreeRule.PARENT_HASH",
    "path-with-a-key-twice": "LeafNodeRule.ENCRYPTION_KEY_UNIQUE",
    "path-with-the-key-of-another-member": "LeafNodeRule.ENCRYPTION_KEY_UNIQUE",
    "resync-without-removal": "MemberRule.CLIENT_ONCE",
    "self-remove-by-value": "ProposalListRule.NO_REMOVAL_OF_COMMITTER",
    "two-adds-of-a-client": "LeafNodeRule.SIGNATURE_KEY_UNIQUE",
    "type-not-for-external-senders": "ProposalListRule.NO_EXTERNAL_INIT",
    "unmerged-leaf-that-is-merged-below": "TreeRule.PARENT_HASH",
    "update-by-an-external-sender": "LeafNodeRule.SOURCE",
    # a wrong secret or hash leads to a wrong outcome, whoever computes it
    "external-init-by-a-member": "ProcessingRule.CONFIRMATION_TAG",
    "leaf-in-the-place-of-a-parent": "TreeRule.TREE_HASH",
    "malformed-external-init": "ProcessingRule.CONFIRMATION_TAG",
    "no-external-init": "ProcessingRule.CONFIRMATION_TAG",
    "path-secrets-of-other-keys": "ProcessingRule.CONFIRMATION_TAG",
    "path-secrets-that-do-not-decrypt": "TreeKEMRule.RECIPIENT",
    "path-with-a-malformed-key": "TreeKEMRule.PUBLIC_KEYS",
    "tree-that-ends-in-a-blank-node": "TreeRule.TREE_HASH",
    "welcome-of-another-cipher-suite": "WelcomeRule.GROUP_SECRETS",
}
"""Whoever doesn't mind the rule of the violation meets this one."""


def outcomes(name: str) -> set[str]:
    """What becomes of the objects that a violation makes, one word for each: "accepted", "stopped", or a rule."""
    stage, views = tolerant("tests.malformed.stage"), tolerant("tests.malformed.views")
    registry = tolerant("mimi_conformance.mocks.malformed.violations.registry")
    makers = tolerant("mimi_conformance.mocks.malformed.unchecked.makers")
    found = set()
    for of_what in stage.SCENES:
        valid = stage.scene(of_what)
        try:
            wrong = registry.violate(name, valid.subject, valid.maker)
        except makers.CannotMakeError:
            continue
        with tolerating(registry.violations()[name].rule):
            try:
                rules = set(views.verdicts(valid, wrong).values()) - {None}
            except (ArithmeticError, AttributeError, AssertionError, LookupError, NameError, TypeError, ValueError):
                found.add("stopped")
            else:
                found |= {str(rule) for rule in rules} or {"accepted"}
    return found


@pytest.mark.parametrize("name", [name for name in violations() if name not in COSTLY])
def test_nothing_else_is_wrong(name):
    found = outcomes(name)
    if name in NOTHING_TO_GO_ON_WITH:
        assert "stopped" in found
    elif name in ANOTHER_RULE_ABOUT_THE_SAME:
        assert ANOTHER_RULE_ABOUT_THE_SAME[name] in found
    else:
        assert "accepted" in found
        return
    assert "accepted" not in found


def test_exceptions_are_violations():
    named = COSTLY | NOTHING_TO_GO_ON_WITH | set(ANOTHER_RULE_ABOUT_THE_SAME)
    assert named <= set(violations())
    assert len(named) == len(COSTLY) + len(NOTHING_TO_GO_ON_WITH) + len(ANOTHER_RULE_ABOUT_THE_SAME)
