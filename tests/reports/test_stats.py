"""The numbers of a dataset, held against the same numbers counted one by one."""

from __future__ import annotations

import statistics
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given

from cvdata.convert import read
from cvdata.dataset import Categories, Dataset
from cvdata.reports.stats import Stats, stats

from ..strategies import datasets
from ..tiny import build, tiny


def test_counts_are_those_of_the_tables() -> None:
    found = stats(tiny())

    assert (found.images, found.annotations, found.labelled, found.empty, found.unlabelled) == (6, 10, 4, 1, 1)
    assert [(s.name, s.images, s.annotations) for s in found.splits] == [("train", 2, 5), ("val", 2, 3), (None, 2, 2)]
    cat, dog, unused, person = found.categories
    assert (cat.annotations, cat.images, cat.split_annotations, cat.split_images) == (7, 3, [4, 2, 1], [1, 1, 1])
    assert (dog.annotations, unused.annotations, person.annotations) == (2, 0, 1)


def test_what_is_undefined_is_none() -> None:
    found = stats(tiny())

    unused = found.categories[2]
    assert (unused.side, unused.share, unused.aspect) == (None, None, None)
    assert found.groups is None


def test_an_empty_dataset_has_no_quantiles() -> None:
    found = stats(build({}, [], Categories(names=())))

    assert (found.images, found.annotations, found.splits[0].images) == (0, 0, 0)
    assert (found.per_image.median, found.side.mean, found.picture_side.most) == (None, None, None)
    assert found.together.images == []


def test_kinds_of_labels_are_counted_where_there_are_any() -> None:
    assert stats(tiny()).kinds == {
        "boxes": 10,
        "polygons": 2,
        "masks": 2,
        "keypoints": 1,
        "rotated": 1,
        "crowd": 1,
        "difficult": 1,
        "truncated": 1,
        "occluded": 1,
        "area": 1,
        "extra": 1,
    }


def test_outlines_that_were_only_counted_count() -> None:
    assert stats(tiny(), unread_polygons=5).kinds["polygons"] == 7


def test_classes_of_whole_pictures_have_no_size() -> None:
    nan = float("nan")
    rows = [{"image": "a.png", "category": "cat", "box": [nan] * 4}]

    found = stats(build({"a.png": (4, 4)}, rows, Categories(names=("cat",))))

    assert found.kinds == {"image-labels": 1}
    assert (found.small, found.medium, found.large, found.side.count) == (0, 0, 0, 0)
    assert found.categories[0].images == 1


def test_sizes_follow_the_area_of_the_source_and_the_limits_of_coco() -> None:
    rows: list[dict[str, Any]] = [
        {"image": "a.png", "category": "cat", "box": [0, 0, 31.9, 32]},
        {"image": "a.png", "category": "cat", "box": [0, 0, 32, 32]},
        {"image": "a.png", "category": "cat", "box": [0, 0, 96, 96]},
        {"image": "a.png", "category": "cat", "box": [0, 0, 96, 96], "area": 100.0},
    ]

    found = stats(build({"a.png": (200, 200)}, rows, Categories(names=("cat",))))

    assert (found.small, found.medium, found.large) == (2, 1, 1)


def test_a_picture_of_unknown_size_has_no_share_and_is_counted() -> None:
    rows = [{"image": "a.png", "category": "cat", "box": [0, 0, 10, 10]}]

    found = stats(build({"a.png": (0, 0)}, rows, Categories(names=("cat",))))

    assert (found.size_unknown, found.sizes, found.share.count, found.side.median) == (1, 0, 0, 10.0)
    assert found.heat_maps[0].grid == [[0] * 32] * 32


def test_centres_lie_where_the_boxes_are() -> None:
    rows = [{"image": "a.png", "category": "cat", "box": [90, 0, 10, 10]}]

    found = stats(build({"a.png": (100, 100)}, rows, Categories(names=("cat",))))

    grid = np.array(found.heat_maps[1].grid)
    assert found.heat_maps[1].category == "cat"
    assert np.argwhere(grid).tolist() == [[1, 30]]


def test_pictures_are_counted_by_size_the_most_common_first() -> None:
    sizes = {"a": (10, 20), "b": (30, 30), "c": (30, 30), "d": (0, 0)}

    found = stats(build(sizes, [], Categories(names=())))

    assert [msgspec.to_builtins(size) for size in found.picture_sizes] == [
        {"width": 30, "height": 30, "images": 2},
        {"width": 10, "height": 20, "images": 1},
    ]


def test_groups_are_counted() -> None:
    group = np.array([0, 0, -1, 1], np.int32)
    sizes = dict.fromkeys("abcd", (10, 10))

    found = stats(build(sizes, [], Categories(names=()), group=group, groups=("x", "y", "unused")))

    assert found.groups is not None
    assert (found.groups.groups, found.groups.images, found.groups.largest) == (2, 3, 2)


def plain(dataset: Dataset) -> dict[str, object]:
    """Count the same numbers row by row, without NumPy."""
    images, table = dataset.images, dataset.annotations
    rows = [(int(table.image[i]), int(table.category[i]), table.box[i].tolist()) for i in range(len(table))]
    boxes = [(image, category, box) for image, category, box in rows if box[2] > 0 and box[3] > 0]
    held = {(image, category) for image, category, _ in rows}
    pairs: Counter[tuple[int, int]] = Counter()
    for image in {image for image, _ in held}:
        pairs.update(combinations(sorted(c for i, c in held if i == image), 2))
    sides: dict[int, list[float]] = {}
    for _, category, box in boxes:
        sides.setdefault(category, []).append((box[2] * box[3]) ** 0.5)
    return {
        "per_class": Counter(category for _, category, _ in rows),
        "pictures": Counter(category for _, category in held),
        "pairs": pairs,
        "sides": {category: statistics.median(values) for category, values in sides.items()},
        "by_split": Counter((category, int(images.split[image])) for image, category, _ in rows),
    }


def measured(found: Stats) -> dict[str, object]:
    """Return the same numbers as `plain` from the report."""
    names = [c.name for c in found.categories]
    rows = [names.index(name) for name in found.together.categories]
    pairs = {
        (min(rows[a], rows[b]), max(rows[a], rows[b])): found.together.images[a][b]
        for a, b in combinations(range(len(rows)), 2)
        if found.together.images[a][b]
    }
    splits = [-1 if split.name is None else number for number, split in enumerate(found.splits)]
    return {
        "per_class": Counter({row: c.annotations for row, c in enumerate(found.categories) if c.annotations}),
        "pictures": Counter({row: c.images for row, c in enumerate(found.categories) if c.images}),
        "pairs": Counter(pairs),
        "sides": {row: c.side for row, c in enumerate(found.categories) if c.side is not None},
        "by_split": Counter(
            {
                (row, split): count
                for row, c in enumerate(found.categories)
                for split, count in zip(splits, c.split_annotations, strict=True)
                if count
            }
        ),
    }


def assert_same(dataset: Dataset) -> None:
    wanted, found = plain(dataset), measured(stats(dataset))
    assert found.pop("sides") == pytest.approx(wanted.pop("sides"))
    assert found == wanted


def test_the_tiny_dataset_counted_one_by_one_gives_the_same() -> None:
    assert_same(tiny())


@given(datasets(frozenset({"splits", "states", "score", "area", "rings"})))
def test_any_dataset_counted_one_by_one_gives_the_same(dataset: Dataset) -> None:
    assert_same(dataset)


def test_blood_cells_counted_one_by_one_give_the_same(shared: Path) -> None:
    assert_same(read(shared / "data/bccd_voc/BCCD", "voc", verify="none").dataset)


def test_a_report_travels_through_json() -> None:
    found = stats(tiny())

    assert msgspec.json.decode(msgspec.json.encode(found), type=Stats) == found
