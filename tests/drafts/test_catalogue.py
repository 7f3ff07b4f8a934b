import pytest

from mimi_conformance.reference.drafts.catalogue import CatalogueError, Table


def test_a_truth_is_no_other_value() -> None:
    table = Table("rooms.toml", "base", {"fixed": True, "open": 1})
    assert table.truth("fixed") is True
    assert table.truth("absent", default=False) is False
    with pytest.raises(CatalogueError, match=r"rooms\.toml, base: open should be true or false, not 1"):
        table.truth("open")
    with pytest.raises(CatalogueError, match="closed should be true or false, not None"):
        table.truth("closed")


@pytest.mark.parametrize("value", [1, [-1], [True], ["1"], None])
def test_a_list_of_numbers_holds_nothing_else(value: object) -> None:
    with pytest.raises(CatalogueError, match="targets should be a list of numbers, not"):
        Table("rooms.toml", "base", {"targets": value}).numbers("targets")


def test_a_list_of_numbers_keeps_its_order() -> None:
    assert Table("rooms.toml", "base", {"targets": [3, 0]}).numbers("targets") == (3, 0)
