"""Names and meaning of COCO's figures under settings that are not COCO's."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from cvdata.errors import EvaluationError
from cvdata.evaluate.coco import coco_numbers, grid_of, overlaps_of
from cvdata.evaluate.matching import COCO_THRESHOLDS
from cvdata.evaluate.settings import AREAS, EvalSettings

from .drawn import dataset_of, hand, pair_of
from .shapes import peer, with_keypoints

BOTH = pytest.mark.parametrize("engine", ["hotcoco", "pycocotools"])
SQUARE = [0, 0, 10, 10]


def names(settings: EvalSettings, kind: str = "boxes") -> list[str]:
    pair = pair_of(1) if kind == "boxes" else with_keypoints(pair_of(1), 1)
    return list(coco_numbers(pair, "boxes" if kind == "boxes" else "keypoints", settings).metrics)


def test_every_number_of_detections_has_its_recall() -> None:
    figures = names(EvalSettings(max_detections=(5, 300)))

    assert figures == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR5", "AR300", "ARs", "ARm", "ARl"]


def test_thresholds_without_a_half_have_no_ap50() -> None:
    assert names(EvalSettings(thresholds=(0.3,)))[:3] == ["AP", "AP30", "APs"]
    assert names(EvalSettings(thresholds=tuple(np.linspace(0.55, 0.95, 9).tolist())))[:3] == ["AP", "AP75", "APs"]


def test_a_few_thresholds_have_a_figure_each() -> None:
    assert names(EvalSettings(thresholds=(0.25, 0.5, 0.625)))[:5] == ["AP", "AP25", "AP50", "AP62.5", "APs"]


def test_size_classes_are_called_by_their_name() -> None:
    areas = {"all": (0.0, 1e10), "tiny": (0.0, 256.0), "large": (256.0, 1e10)}

    figures = names(EvalSettings(areas=areas))

    assert figures == ["AP", "AP50", "AP75", "AP_tiny", "APl", "AR1", "AR10", "AR100", "AR_tiny", "ARl"]


def test_all_sizes_come_first_wherever_they_are_named() -> None:
    grid = grid_of("boxes", EvalSettings(areas={"big": (400.0, 1e10)}))

    assert grid.areas == {"all": (0.0, 1e10), "big": (400.0, 1e10)}


def test_keypoints_have_no_small_objects_and_twenty_detections_unless_asked_for() -> None:
    grid, other = grid_of("keypoints", EvalSettings()), grid_of("keypoints", EvalSettings(max_detections=(1, 5)))

    assert (list(grid.areas), grid.max_detections) == (["all", "medium", "large"], (20,))
    assert (other.areas, other.max_detections) == ({k: v for k, v in AREAS.items() if k != "small"}, (1, 5))
    assert names(EvalSettings(), "keypoints") == [
        "AP",
        "AP50",
        "AP75",
        "APm",
        "APl",
        "AR",
        "AR50",
        "AR75",
        "ARm",
        "ARl",
    ]


@BOTH
def test_ap_is_read_at_the_last_number_of_detections(engine: str) -> None:
    # 150 surer ones are wrong: with 100 nothing is found, with 300 the object is, at a precision of 1/151.
    found = [(0, 0, [50, 50, 9, 9], 1 - n / 1000) for n in range(150)] + [(0, 0, SQUARE, 0.1)]
    pair = hand([(0, 0, SQUARE)], found)

    few = coco_numbers(pair, "boxes", _settings(engine))
    many = coco_numbers(pair, "boxes", _settings(engine, (1, 300)))

    assert (few.metrics["AP"], few.metrics["AR100"]) == (0, 0)
    assert many.metrics["AP"] == pytest.approx(1 / 151)
    assert many.metrics["AR300"] == 1


def _settings(engine: str, most: tuple[int, ...] = (1, 10, 100)) -> EvalSettings:
    return EvalSettings(engine="hotcoco" if engine == "hotcoco" else "pycocotools", max_detections=most)


@pytest.mark.parametrize("seed", range(5))
def test_other_settings_give_what_pycocotools_gives_under_them(seed: int) -> None:
    pair = pair_of(seed, images=2, detections=300)
    settings = EvalSettings(
        thresholds=(0.35, 0.5, 1.0), areas={"all": (0.0, 1e10), "odd": (500.0, 2000.0)}, max_detections=(2, 7, 60)
    )
    book = peer(
        pair,
        "boxes",
        iouThrs=np.array(settings.thresholds),
        areaRng=[[0, 1e10], [500, 2000]],
        areaRngLbl=["all", "odd"],
        maxDets=[2, 7, 60],
    )

    for engine in ("hotcoco", "pycocotools"):
        numbers = coco_numbers(pair, "boxes", msgspec.structs.replace(settings, engine=engine))
        for name in ("precision", "recall", "scores"):
            assert np.array_equal(np.nan_to_num(getattr(numbers, name), nan=-1), book.eval[name])


@BOTH
def test_nothing_found_is_zero_and_nothing_there_is_undefined(engine: str) -> None:
    missed = coco_numbers(hand([(0, 0, SQUARE)], []), "boxes", _settings(engine))
    nothing = coco_numbers(hand([], [(0, 0, SQUARE, 0.5)]), "boxes", _settings(engine))

    assert (missed.metrics["AP"], missed.metrics["APs"], missed.metrics["APm"]) == (0, 0, None)
    assert set(nothing.metrics.values()) == {None}
    assert set(nothing.classes[0].values()) == {None}
    assert np.isnan(nothing.precision).all()


@BOTH
def test_a_class_without_objects_is_no_part_of_the_mean(engine: str) -> None:
    pair = hand([(0, 0, SQUARE), (0, 2, SQUARE)], [(0, 0, SQUARE, 0.9), (0, 1, SQUARE, 0.9)])

    numbers = coco_numbers(pair, "boxes", _settings(engine))

    assert [row["AP"] for row in numbers.classes] == [pytest.approx(1), None, 0]
    assert numbers.metrics["AP"] == pytest.approx(0.5)


def test_the_figures_of_a_class_are_those_of_an_evaluation_of_it_alone() -> None:
    pair = pair_of(6, classes=3)

    numbers = coco_numbers(pair, "boxes", EvalSettings())

    for row, figures in enumerate(numbers.classes):
        assert list(figures) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR100"]
        rows = np.flatnonzero(pair.truth.annotations.category == row)
        alone = replace(pair, truth=replace(pair.truth, annotations=pair.truth.annotations.take(rows)))
        wanted = coco_numbers(alone, "boxes", EvalSettings()).metrics
        assert figures == {
            name: pytest.approx(value) if value is not None else None
            for name, value in wanted.items()
            if name in figures
        }


def test_equal_boxes_match_at_a_threshold_of_one() -> None:
    pair = hand([(0, 0, [0.1, 0.2, 0.3, 0.7])], [(0, 0, [0.1, 0.2, 0.3, 0.7], 0.5)])

    assert coco_numbers(pair, "boxes", EvalSettings(thresholds=(1.0,))).metrics["AP100"] == pytest.approx(1)


def test_labels_of_whole_pictures_have_no_boxes_to_compare() -> None:
    pair = hand([(0, 0, SQUARE), (1, 0, SQUARE)], [(1, 0, SQUARE, 0.5)])
    box = np.array([[np.nan] * 4, SQUARE])
    pair = replace(pair, truth=replace(pair.truth, annotations=replace(pair.truth.annotations, box=box)))

    for run in (lambda: coco_numbers(pair, "boxes", EvalSettings()), lambda: overlaps_of(pair, "boxes")):
        with pytest.raises(EvaluationError, match=r"no box at 1 object \(labels of whole pictures\); .* 0\.jpg"):
            run()


def test_there_may_be_no_class_and_no_picture() -> None:
    empty = dataset_of(
        0, 0, {"image": np.zeros(0, np.int32), "category": np.zeros(0, np.int32), "box": np.zeros((0, 4))}
    )
    pair = replace(hand([(0, 0, SQUARE)], []), truth=empty, found=empty, order=np.zeros(0, np.int64))

    for engine in ("hotcoco", "pycocotools"):
        assert set(coco_numbers(pair, "boxes", _settings(engine)).metrics.values()) == {None}


def test_neither_engine_prints_anything(capfd: pytest.CaptureFixture[str]) -> None:
    for engine in ("hotcoco", "pycocotools"):
        coco_numbers(pair_of(2), "boxes", _settings(engine, (1, 10, 300)))

    assert capfd.readouterr() == ("", "")


def test_the_thresholds_are_those_of_linspace() -> None:
    assert grid_of("boxes", EvalSettings()).thresholds == COCO_THRESHOLDS == tuple(np.linspace(0.5, 0.95, 10).tolist())


def test_thresholds_that_lie_near_each_other_have_a_figure_each() -> None:
    names = grid_of("boxes", EvalSettings(thresholds=(0.5, 0.50001))).ap_names

    assert list(names)[:3] == ["AP", "AP50", "AP50.001"]
