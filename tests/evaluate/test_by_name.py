"""Which picture of one side is which of the other, by their names."""

from __future__ import annotations

import pytest

from cvdata.evaluate.by_name import match_names, stem
from cvdata.images.find import file_name

KEYS = (file_name, stem)


def partners(names: list[str], others: list[str]) -> list[str | None]:
    """Return the partner of each name."""
    rows = match_names(names, others, KEYS).rows.tolist()
    return [others[row] if row >= 0 else None for row in rows]


def test_a_whole_name_goes_before_a_file_name_and_that_before_a_stem() -> None:
    matched = match_names(["y/a.jpg", "a.jpg", "b.png"], ["a.jpg", "x/a.jpg", "b.jpg"], KEYS)

    assert (matched.rows.tolist(), matched.by.tolist(), matched.elsewhere) == ([1, 0, 2], [1, 0, 2], {})


@pytest.mark.parametrize(
    ("names", "others"),
    [
        (["z/a.jpg"], ["x/a.jpg", "y/a.jpg"]),
        (["a.bmp"], ["x/a.jpg", "a.png"]),
        (["x/a.jpg", "y/a.jpg"], ["a.jpg"]),
    ],
)
def test_a_part_of_a_name_that_two_pictures_share_matches_none(names: list[str], others: list[str]) -> None:
    assert partners(names, others) == [None] * len(names)


def test_folders_that_a_whole_name_shows_to_be_the_same_on_both_sides_tell_pictures_apart() -> None:
    others = ["b/1.jpg", "b/2.jpg"]

    assert match_names(["a/1.jpg", "b/2.jpg"], others, KEYS).elsewhere == {0: 0}
    assert partners(["a/1.jpg", "b/2.jpg"], others) == [None, "b/2.jpg"]
    assert partners(["a/1.jpg", "a/2.jpg"], others) == others  # nothing shows it


@pytest.mark.parametrize("name", ["x/b/1.jpg", "1.jpg", "1.png"])
def test_a_name_may_have_more_or_fewer_folders(name: str) -> None:
    assert partners([name, "b/2.jpg"], ["b/1.jpg", "b/2.jpg"]) == ["b/1.jpg", "b/2.jpg"]


def test_no_names_match_nothing() -> None:
    assert partners([], ["a"]) == []
    assert partners(["a"], []) == [None]


@pytest.mark.parametrize(("name", "expected"), [("a/b.c.jpg", "b.c"), ("a.b/c", "c"), (".jpg", ".jpg"), ("b.", "b")])
def test_a_stem_has_neither_folders_nor_the_last_suffix(name: str, expected: str) -> None:
    assert stem(name) == expected
