"""Which class was taken for which."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.convert import read
from cvdata.evaluate.coco import overlaps_of
from cvdata.evaluate.diagnosis.confusion import confusion
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.objects import Kind
from cvdata.evaluate.pair import Pair, align
from cvdata.formats.results import read_results

from .drawn import hand, pair_of

HERE, THERE = (10, 10, 10, 10), (50, 50, 10, 10)


def counts_of(pair: Pair, score: float = 0.0, kind: Kind = "boxes") -> list[list[int]]:
    overlaps = overlaps_of(pair, kind, least=0.1, same_class=False)
    return confusion(pair, overlaps, match(pair, overlaps, Rules()), kind, score).counts


def test_rows_are_the_truth_columns_what_was_found_and_the_last_ones_the_background() -> None:
    truth = [(0, 0, HERE), (1, 0, HERE), (1, 1, THERE), (2, 1, HERE)]
    found = [(0, 0, HERE, 0.9), (1, 1, HERE, 0.9), (2, 0, THERE, 0.9), (2, 1, HERE, 0.1)]

    counts = counts_of(hand(truth, found), score=0.5)

    assert counts == [
        [1, 1, 0],  # class 0: found once, taken for class 1 once
        [0, 0, 2],  # class 1: missed twice, once by a detection that is not sure enough
        [1, 0, 0],  # class 0 found where nothing is
    ]


def test_the_surest_takes_the_object_whatever_its_class() -> None:
    pair = hand([(0, 0, HERE)], [(0, 0, HERE, 0.6), (0, 1, (10, 10, 10, 9), 0.9)])

    assert counts_of(pair) == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]


def test_of_too_many_classes_those_in_most_mistakes_are_shown() -> None:
    # Classes 5 and 1900 are taken for each other, class 1950 is missed; all others are found, 1,501 to 1,999 too.
    truth = [(row, row, HERE) for row in range(2000)]
    found = [(row, {5: 1900, 1900: 5}.get(row, row), HERE, 0.9) for row in range(2000) if row != 1950]
    pair = hand(truth, found)
    overlaps = overlaps_of(pair, "boxes", least=0.1, same_class=False)

    table = confusion(pair, overlaps, match(pair, overlaps, Rules()), "boxes", 0.0)

    assert len(table.names) == 1500
    assert len(table.counts) == 1501
    row, other, lost = (table.names.index(f"class {row}") for row in (5, 1900, 1950))
    assert (row, other, lost) == (5, 1498, 1499)
    assert (table.counts[row][other], table.counts[other][row], table.counts[lost][-1]) == (1, 1, 1)
    assert sum(map(sum, table.counts)) == 1500


@pytest.mark.parametrize("classes", [(0, 1), (1, 0)])
def test_of_objects_that_overlap_alike_its_own_class_is_taken(classes: tuple[int, int]) -> None:
    pair = hand([(0, classes[0], HERE), (0, classes[1], HERE)], [(0, 0, HERE, 0.9), (0, 1, HERE, 0.8)])

    assert counts_of(pair) == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_crowd_regions_and_what_lies_in_them_are_not_counted() -> None:
    pair = hand([(0, 0, HERE), (0, 1, THERE)], [(0, 1, HERE, 0.9), (0, 1, THERE, 0.9)])
    table = replace(pair.truth.annotations, crowd=np.array([True, False]))

    counts = counts_of(replace(pair, truth=replace(pair.truth, annotations=table)))

    assert counts == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_objects_that_the_rules_set_aside_are_not_counted() -> None:
    pair = hand([(0, 0, HERE), (0, 1, THERE)], [(0, 1, HERE, 0.9), (0, 1, THERE, 0.9)])
    table = replace(pair.truth.annotations, difficult=np.array([1, 0], np.int8))
    pair = replace(pair, truth=replace(pair.truth, annotations=table))
    overlaps = overlaps_of(pair, "boxes", least=0.1, same_class=False)

    matches = match(pair, overlaps, Rules(difficult="aside"))

    assert confusion(pair, overlaps, matches, "boxes", 0.0).counts == [[0, 0, 0], [0, 1, 0], [0, 0, 0]]


def test_without_objects_everything_is_found_on_the_background() -> None:
    assert counts_of(hand([], [(0, 0, HERE, 0.9)])) == [[0, 0], [1, 0]]


@pytest.mark.parametrize("seed", range(0, 20, 2))
def test_hotcoco_counts_the_same(seed: int) -> None:
    import hotcoco

    pair = pair_of(seed, crowd=0)
    truth, found = pair.truth.annotations, pair.found.annotations
    images = [{"id": i + 1, "file_name": n, "width": 100, "height": 100} for i, n in enumerate(pair.truth.images.names)]
    classes = [{"id": i + 1, "name": name} for i, name in enumerate(pair.classes)]
    columns = (truth.image.astype(np.int64) + 1, truth.category.astype(np.int64) + 1, truth.box)
    coco = hotcoco.COCO.from_arrays(images, classes, *columns, area=truth.area)
    rows = np.column_stack([found.image + 1, found.box, pair.score, found.category + 1]).astype(np.float64)
    theirs = hotcoco.COCOeval(coco, coco.load_res(rows), "bbox").confusion_matrix(iou_thr=0.5, min_score=0.3)

    assert counts_of(pair, score=0.3) == theirs["matrix"].tolist()


def test_the_published_matrix_comes_out(shared: Path) -> None:
    folder = shared / "data/coco_eval_100/tests/dataset"
    truth = read(folder / "gt_dataset.json", format="coco", verify="none").dataset
    pair = align(truth, read_results(folder / "dt_dataset.json", truth))

    counts = counts_of(pair, kind="masks")

    # Published: [2 1 0 0|1 0] [1 1 0 0|0 1] [0 0 1 0|0 0] [0 0 0 2|0 0], false positives and misses of each class last.
    assert counts == [[2, 1, 0, 0, 0], [1, 1, 0, 0, 1], [0, 0, 1, 0, 0], [0, 0, 0, 2, 0], [1, 0, 0, 0, 0]]
