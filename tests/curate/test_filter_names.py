"""`cvdata.curate.filter.names`: pictures by a list of their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.curate.filter import FilterSettings, encode_names, filter_dataset, read_names
from cvdata.errors import UsageError

from ..tiny import tiny


def test_named_pictures_stay_with_all_that_is_in_them_in_the_order_of_the_dataset() -> None:
    names = ("turned.jpg", "rooms/two words é.png", "turned.jpg")

    outcome = filter_dataset(tiny(), FilterSettings(names=names))

    assert outcome.dataset.images.names == ("rooms/two words é.png", "turned.jpg")
    assert [row.category for row in outcome.dataset.rows()] == ["cat", "person", "dog <b>&amp;"]
    assert outcome.dataset.categories.names == tiny().categories.names
    assert (outcome.filtered.of, outcome.filtered.looked_at, outcome.filtered.fitting) == ("pictures", 6, 2)


def test_a_name_that_no_picture_has_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match=r"there is no picture .stret\.jpg. in SRC, nor 1 other name") as caught:
        filter_dataset(tiny(), FilterSettings(names=("stret.jpg", "turned.jpg", "gone.jpg")))

    assert "street.jpg" in (caught.value.hint or "")


def test_names_go_with_no_expression_and_choose_no_annotations() -> None:
    with pytest.raises(UsageError, match="either keep or drop, or names"):
        filter_dataset(tiny(), FilterSettings(names=("new.jpg",), keep="class == cat"))
    with pytest.raises(UsageError, match="names choose pictures"):
        filter_dataset(tiny(), FilterSettings(names=("new.jpg",), of="annotations"))


def test_a_list_is_read_whoever_wrote_it(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes("\ufeffa b.jpg\r\n\r\nrooms/é.png\n".encode())

    assert read_names(tmp_path / "names.txt") == ("a b.jpg", "rooms/é.png")


def test_a_list_that_was_written_is_read_whatever_the_names(tmp_path: Path) -> None:
    names = ("caf\udce9.jpg", "a\u2028b.jpg", " c.jpg", "d\x0b.jpg")
    (tmp_path / "names.txt").write_bytes(encode_names(names))

    assert read_names(tmp_path / "names.txt") == names
    with pytest.raises(UsageError, match="has a line break"):
        encode_names(["a\nb"])


@pytest.mark.parametrize(
    ("content", "found"), [(b"\n \n", "names no picture"), (b"\xff\xfe", "is not text"), (None, "cannot be read")]
)
def test_a_list_that_is_none_is_one_clear_message(content: bytes | None, found: str, tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=found) as caught:
        read_names(path)

    assert "names.txt" in str(caught.value)
