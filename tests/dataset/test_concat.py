from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest

from cvdata.dataset import Categories, Facts, Images, Ragged, State
from cvdata.dataset.concat import concat_categories, concat_images, fill_ids
from tests.tiny import tiny


def pictures(*names: str, **columns: object) -> Images:
    rows = len(names)
    table = Images(
        names=names,
        width=np.full(rows, 4, np.int32),
        height=np.full(rows, 3, np.int32),
        state=np.full(rows, State.UNLABELLED, np.uint8),
        split=np.full(rows, -1, np.int32),
        folder=np.full(rows, -1, np.int32),
    )
    return replace(table, **columns)  # type: ignore[arg-type]


def rows(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, np.int32)


def test_splits_groups_and_folders_of_one_name_are_one() -> None:
    a = pictures("1", "2", split=rows(0, 1), splits=("train", "val"), folder=rows(0, -1), folders=("/a",))
    b = pictures(
        "3", split=rows(0), splits=("val",), folder=rows(1), folders=("/a", "/b"), group=rows(0), groups=("g",)
    )

    both = concat_images([a, b])

    assert both.names == ("1", "2", "3")
    assert (both.splits, both.split.tolist()) == (("train", "val"), [0, 1, 1])
    assert (both.folders, both.folder.tolist()) == (("/a", "/b"), [0, -1, 1])
    assert both.group is not None
    assert (both.groups, both.group.tolist()) == (("g",), [-1, -1, 0])


def test_columns_that_one_table_lacks_are_filled_with_their_default() -> None:
    a = pictures("1", "2")
    b = pictures("3", files=("x/3",), extra=Ragged.texts([b"{}"]), facts=Facts.none(1), source_id=np.array([7]))

    both = concat_images([a, b])

    assert both.files == ("1", "2", "x/3")
    assert both.extra is not None
    assert both.extra.to_bytes() == [b"", b"", b"{}"]
    assert both.facts is not None
    assert both.facts.size.tolist() == [-1, -1, -1]
    assert both.source_id is not None
    assert list(both.source_id) == [8, 9, 7]


def test_columns_that_no_table_has_stay_unset_and_empty_tables_change_nothing() -> None:
    a = pictures("1", "2")

    both = concat_images([a, pictures("3")])

    assert [both.group, both.files, both.facts, both.extra, both.source_id] == [None] * 5
    assert concat_images([pictures(), a]) is a
    assert len(concat_images([pictures(), pictures()])) == 0


@pytest.mark.parametrize(
    ("given", "filled"),
    [
        ([3, None, 1, None], [3, 4, 1, 5]),
        ([None, "a"], [1, "a"]),
        ([np.int64(2), None], [2, 3]),
        ([], []),
    ],
)
def test_missing_ids_are_counted_on_from_the_largest(given: list[int | str | None], filled: list[int | str]) -> None:
    assert list(fill_ids(given)) == filled


def test_classes_of_one_name_are_one_as_the_first_describes_them() -> None:
    a = Categories(names=("cat", "dog"), supercategory=("pet", "pet"), source_id=(5, 9))
    b = Categories(names=("owl", "cat"), keypoints=(("beak",), ("nose",)), source_id=(1, 2))

    both, at = concat_categories([a, b])

    assert both.names == ("cat", "dog", "owl")
    assert both.supercategory == ("pet", "pet", None)
    assert both.keypoints == ((), (), ("beak",))
    assert both.source_id == (5, 9, 1)
    assert [part.tolist() for part in at] == [[0, 1], [2, 0]]


def test_class_ids_that_two_classes_share_are_dropped() -> None:
    a = Categories(names=("cat",), source_id=(1,))
    b = Categories(names=("owl",), source_id=(1,))

    assert concat_categories([a, b])[0].source_id is None
    assert concat_categories([a, Categories(names=("owl",))])[0].source_id is None


def test_the_classes_of_one_dataset_come_back_as_they_are() -> None:
    categories = tiny().categories

    both, at = concat_categories([categories, categories])

    assert asdict(both) == asdict(categories)
    assert at[1].tolist() == list(range(len(categories)))
