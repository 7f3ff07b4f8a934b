from importlib.resources import files
from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.catalogue import CatalogueError
from mimi_conformance.reference.drafts.code_points import (
    CURRENT,
    CodePoints,
    UnknownCodePoint,
    code_points,
    load_code_points,
)


@pytest.fixture
def current() -> CodePoints:
    return code_points()


def test_names_have_the_numbers_of_the_drafts(current: CodePoints) -> None:
    assert current.component_id("participant_list") == 0x0022
    assert current.component_id("message_expiration_policy") == 0x0030
    assert current.extension_type("app_data_dictionary") == 6
    assert current.proposal_type("self_remove") == 0x000A
    assert current.wire_format("mls_welcome") == 3
    assert current.credential_type("x509") == 2
    assert current.capability("canUnBan") == 0x000B
    assert current.capability("canSendMLSReinitProposal") == 0x0601


def test_the_components_of_the_protocol_and_the_policy_follow_each_other(current: CodePoints) -> None:
    assert [number for number in current.components.values() if number >= 0x20] == list(range(0x20, 0x31))


def test_what_the_drafts_give_no_number_has_one_for_private_use(current: CodePoints) -> None:
    assert current.private_use == {
        ("wire_formats", "mls_semiprivate_message"),
        ("extensions", "ratchet_tree_source_domains"),
        ("credentials", "pseudonymous"),
    }
    assert current.wire_format("mls_semiprivate_message") >= 0xF000
    assert current.extension_type("ratchet_tree_source_domains") >= 0xF000
    assert current.credential_type("pseudonymous") >= 0xF000


def test_endpoints_have_the_names_of_the_directory(current: CodePoints) -> None:
    assert len(current.endpoints) == 10
    assert current.endpoint("requestConsent").variables == ("targetUser", "targetDomain")
    assert (current.endpoint("notify").success, current.endpoint("update").success) == (201, 200)
    assert current.well_known_name == "mimi-protocol-directory"


def test_a_name_that_a_registry_lacks_is_an_error(current: CodePoints) -> None:
    for look_up in (
        current.endpoint,
        current.wire_format,
        current.extension_type,
        current.proposal_type,
        current.credential_type,
        current.component_id,
        current.capability,
    ):
        with pytest.raises(UnknownCodePoint, match="canGrantVoice"):
            look_up("canGrantVoice")


def test_an_unknown_set_of_revisions_is_an_error() -> None:
    with pytest.raises(CatalogueError, match="mimi-protocol-99"):
        code_points("mimi-protocol-99")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("asset_policy = 0x002C", "asset_policy = 0x002B", "components gives a name or a number away twice"),
        (
            "mls_semiprivate_message = 0xF001",
            "mls_welcome = 0xF001",
            "wire_formats gives a name or a number away twice",
        ),
        ("canBan = 0x000A", "canBan = 0x1000A", "0x1000a"),
        ("canBan = 0x000A", "canBan = true", "canBan should be a number"),
        ("canBan = 0x000A", "canBan = -1", "canBan should be a number"),
        ("success = 200", "success = 200\nfailure = 400", "nothing is known of failure"),
        ("[private_use.credentials]", "[private_use.colours]", "nothing is known of colours"),
        ("[proposals]", "[propositions]", "should be a table"),
    ],
)
def test_what_is_wrong_with_a_set_of_code_points_is_said(tmp_path: Path, old: str, new: str, reason: str) -> None:
    right = (files("mimi_conformance.reference.drafts") / "code_points" / f"{CURRENT}.toml").read_text(encoding="utf-8")
    assert old in right
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(right.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"wrong\.toml") as caught:
        load_code_points("wrong", wrong)
    assert reason in str(caught.value)
