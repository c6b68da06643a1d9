"""Slices of pictures and of objects."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Ragged
from cvdata.errors import UsageError
from cvdata.evaluate.coco import coco_numbers, overlaps_of
from cvdata.evaluate.pair import Pair, chosen
from cvdata.evaluate.report import Slice
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty import slices
from tests.evaluate.drawn import hand, pair_of


def _sliced(pair: Pair, *by: str, **more: Any) -> list[Slice]:
    settings = EvalSettings(by=by, **{"resamples": 0, **more})
    return slices(pair, "boxes", settings, overlaps_of(pair, "boxes", least=0.1))


def _with_images(pair: Pair, **columns: Any) -> Pair:
    return replace(pair, truth=replace(pair.truth, images=replace(pair.truth.images, **columns)))


def _with_objects(pair: Pair, **columns: Any) -> Pair:
    return replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, **columns)))


def _json(rows: list[Any]) -> Ragged:
    return Ragged.texts([json.dumps(row).encode() if row is not None else b"" for row in rows])


def _values(found: list[Slice]) -> list[str]:
    return [one.value for one in found]


@pytest.mark.parametrize("seed", range(4))
def test_a_slice_of_pictures_is_evaluated_as_if_there_were_no_others(seed: int) -> None:
    pair = pair_of(seed, images=10, objects=80, detections=160)
    split = np.array([0, 1, 0, 1, 1, 0, 0, 1, -1, 0], np.int32)
    pair = _with_images(pair, split=split, splits=("train", "val"))

    found = _sliced(pair, "split")

    assert _values(found) == ["train", "val", "not given"]
    for one, code in zip(found, (0, 1, -1), strict=True):
        rows = np.flatnonzero(split == code)
        numbers = coco_numbers(chosen(pair, rows), "boxes", EvalSettings())
        assert one.of == "pictures"
        assert one.pictures == len(rows)
        for name in ("AP", "AP50", "AR100"):
            assert one.metrics[name].value == pytest.approx(numbers.metrics[name], abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_slices_by_size_are_the_sizes_of_coco(seed: int) -> None:
    pair = pair_of(seed, images=10, objects=80, detections=160)
    numbers = coco_numbers(pair, "boxes", EvalSettings()).metrics

    found = _sliced(pair, "size")

    assert _values(found) == ["small", "medium", "large"]
    assert [one.metrics["AP"].value for one in found] == pytest.approx([numbers[n] for n in ("APs", "APm", "APl")])
    assert [one.metrics["AR100"].value for one in found] == pytest.approx([numbers[n] for n in ("ARs", "ARm", "ARl")])


def test_in_a_slice_of_objects_the_others_are_set_aside() -> None:
    # One object of two is hidden. The surest detection lies on the hidden one, the second finds nothing, the third
    # lies on the other one: seen alone, that one is found with one false detection before it.
    pair = hand(
        [(0, 0, (0, 0, 10, 10)), (0, 0, (50, 0, 10, 10))],
        [(0, 0, (0, 0, 10, 10), 0.9), (0, 0, (80, 80, 10, 10), 0.8), (0, 0, (50, 0, 10, 10), 0.7)],
    )
    pair = _with_objects(pair, occluded=np.array([1, 0], np.int8))

    yes, no = _sliced(pair, "occluded")

    assert (yes.value, yes.of, yes.objects, yes.pictures) == ("yes", "objects", 1, 1)
    assert yes.metrics["AP50"].value == pytest.approx(1.0)
    assert (no.value, no.objects) == ("no", 1)
    assert no.metrics["AP50"].value == pytest.approx(0.5)
    assert no.metrics["AR100"].value == pytest.approx(1.0)


@pytest.mark.parametrize("protocol", ["coco", "voc07", "voc12"])
def test_slices_of_objects_are_parts_under_every_protocol(protocol: str) -> None:
    # A small object that is found, and a large one that is missed.
    pair = hand(
        [(0, 0, (0, 0, 10, 10)), (0, 0, (50, 0, 40, 40))],
        [(0, 0, (0, 0, 10, 10), 0.9)],
    )
    pair = _with_objects(pair, truncated=np.array([0, 1], np.int8))

    sizes, truncated = (_sliced(pair, by, protocol=protocol) for by in ("size", "truncated"))

    assert [(one.value, one.objects, one.metrics["AP50"].value) for one in sizes] == [
        ("small", 1, pytest.approx(1.0)),
        ("medium", 1, 0.0),
        ("large", 0, None),
    ]
    assert [(one.value, one.objects, one.metrics["AP50"].value) for one in truncated] == [
        ("yes", 1, 0.0),
        ("no", 1, pytest.approx(1.0)),
    ]


def test_attributes_of_pictures_and_objects_are_columns() -> None:
    pair = hand(
        [(0, 0, (0, 0, 10, 10)), (1, 0, (50, 0, 10, 10))],
        [(0, 0, (0, 0, 10, 10), 0.9), (1, 0, (0, 0, 10, 10), 0.8)],
    )
    pair = _with_images(pair, extra=_json([{"weather": "rain"}, {"weather": "sun", "hour": 7}]))
    pair = _with_objects(pair, extra=_json([{"attributes": {"colour": "red"}}, None]))

    weather = _sliced(pair, "weather")
    colour = _sliced(pair, "attributes.colour")
    hour = _sliced(pair, "hour")

    assert [(one.value, one.of, one.metrics["AP50"].value) for one in weather] == [
        ("rain", "pictures", pytest.approx(1.0)),
        ("sun", "pictures", 0.0),
    ]
    assert [(one.value, one.of, one.objects) for one in colour] == [("red", "objects", 1), ("not given", "objects", 1)]
    assert _values(hour) == ["not given", "7"]


def test_folders_are_the_first_of_the_names() -> None:
    pair = pair_of(0, images=3)
    pair = _with_images(pair, names=("b/x/1.jpg", "a/1.jpg", "c.jpg"))

    assert _values(_sliced(pair, "folder")) == ["b", "a", "."]


def test_classes_are_sliced_by_their_kind() -> None:
    pair = hand(
        [(0, 0, (0, 0, 10, 10)), (0, 1, (50, 0, 10, 10)), (0, 2, (0, 50, 10, 10))],
        [(0, 0, (0, 0, 10, 10), 0.9), (0, 2, (80, 80, 10, 10), 0.8)],
    )
    categories = replace(pair.truth.categories, supercategory=("animal", "animal", None))
    pair = replace(pair, truth=replace(pair.truth, categories=categories))

    found = _sliced(pair, "supercategory")

    assert [(one.value, one.objects, one.metrics["AP"].value) for one in found] == [
        ("animal", 2, pytest.approx(0.5)),
        ("not given", 1, 0.0),
    ]


def test_only_the_most_frequent_values_have_a_slice_of_their_own() -> None:
    pair = pair_of(0, images=30, objects=60, detections=60)
    place = [f"place {min(row, 23)}" for row in range(30)]
    pair = _with_images(pair, extra=_json([{"place": one} for one in place]))

    found = _sliced(pair, "place")

    assert len(found) == 21
    assert _values(found)[-2:] == ["place 23", "4 others"]
    assert sum(one.pictures for one in found) == 30


def test_many_different_numbers_are_cut_into_four_ranges() -> None:
    pair = pair_of(0, images=41, objects=60, detections=60)
    pair = _with_images(pair, extra=_json([{"light": row / 4} for row in range(41)]))

    found = _sliced(pair, "light")

    assert _values(found) == ["0 to 2.5", "2.5 to 5", "5 to 7.5", "7.5 to 10"]
    assert [one.pictures for one in found] == [10, 10, 10, 11]


def test_ranges_of_large_numbers_are_told_apart() -> None:
    pair = pair_of(0, images=41, objects=60, detections=60)
    pair = _with_images(pair, extra=_json([{"taken": 1_622_505_600 + 60 * row} for row in range(41)]))

    assert _values(_sliced(pair, "taken")) == [
        "1622505600 to 1622506200",
        "1622506200 to 1622506800",
        "1622506800 to 1622507400",
        "1622507400 to 1622508000",
    ]


def test_slices_come_with_intervals_where_resamples_are_asked_for() -> None:
    pair = pair_of(0, images=30, objects=200, detections=300)

    found = _sliced(pair, "size", resamples=200)

    number = found[0].metrics["AP"]
    assert number.low is not None and number.high is not None
    assert number.low < number.high


def test_a_slice_on_two_groups_is_less_sure_than_the_same_on_many_pictures() -> None:
    pair = pair_of(0, images=40, objects=300, detections=400)
    split = (np.arange(40) >= 20).astype(np.int32)
    groups = np.where(split == 0, np.arange(40) % 2, np.arange(40)).astype(np.int32)
    pair = _with_images(pair, split=split, splits=("few", "many"))
    pair = _with_images(pair, group=groups, groups=tuple(str(row) for row in range(40)))

    few, _ = _sliced(pair, "split", resamples=200, resample="groups")

    # Two groups give one degree of freedom: 12.7 standard errors, half of AR and more whatever the figure.
    number = few.metrics["AR100"]
    assert number.low is not None and number.high is not None
    assert number.high - number.low > 0.25


def test_an_unknown_column_is_refused_with_the_one_that_was_meant() -> None:
    pair = _with_images(pair_of(0, images=2), extra=_json([{"weather": "rain"}, None]))

    with pytest.raises(UsageError, match="no column 'wether' to slice by") as error:
        _sliced(pair, "wether")

    assert "'weather'" in str(error.value)


def test_a_protocol_that_cannot_be_sliced_is_refused() -> None:
    with pytest.raises(UsageError, match="no slices under the protocol 'openimages'"):
        _sliced(pair_of(0), "size", protocol="openimages")


def test_under_voc_slices_have_its_figure_alone() -> None:
    pair = pair_of(2, images=10, objects=80, detections=160)

    found = _sliced(pair, "folder", protocol="voc12")

    assert list(found[0].metrics) == ["AP50"]
