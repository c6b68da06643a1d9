"""Average precision of resamples, against datasets in which the pictures really are there that often."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.evaluate.matching import Matches, Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.precision import COCO_RECALLS, class_curves, coco_precision
from cvdata.evaluate.uncertainty import ap_bootstrap
from cvdata.evaluate.uncertainty.ap_bootstrap import Reading, class_figures, evidence_of
from tests.evaluate.drawn import pair_of, repeated

READING = Reading(COCO_RECALLS, {"AP": None, "AP50": 0, "AP75": 5}, {"AR1": (None, 1), "AR100": (None, 100)})


def _matched(pair: Pair, rules: Rules) -> Matches:
    return match(pair, box_overlaps(pair, least=0.5, same_class=True), rules)


def _expected(pair: Pair, rules: Rules) -> dict[str, NDArray[np.float64]]:
    """Return the figures of every class by COCO's own way of accumulating."""
    table = coco_precision(pair, class_curves(pair, _matched(pair, rules)))
    one = _limited(rules, 1)
    first = coco_precision(pair, class_curves(pair, _matched(pair, one)))
    precision = table.precision.mean(axis=1)
    return {
        "AP": precision.mean(axis=0),
        "AP50": precision[0],
        "AP75": precision[5],
        "AR1": first.recall.mean(axis=0),
        "AR100": table.recall.mean(axis=0),
    }


def _limited(rules: Rules, limit: int) -> Rules:
    return Rules(thresholds=rules.thresholds, area=rules.area, max_detections=limit)


@pytest.mark.parametrize("area", [None, (0.0, 1024.0)])
@pytest.mark.parametrize("seed", range(0, 16, 2))
def test_a_resample_scores_as_the_dataset_that_it_stands_for(seed: int, area: tuple[float, float] | None) -> None:
    pair = pair_of(seed, images=8, objects=60, detections=120)
    rules = Rules(area=area)
    counts = np.random.default_rng(seed).multinomial(8, np.full(8, 1 / 8), size=3)

    evidence = evidence_of(pair, _matched(pair, rules))
    weights = counts.T.astype(np.float64)
    figures = [class_figures(one, weights, READING) for one in evidence]

    for resample, often in enumerate(counts):
        expected = _expected(repeated(pair, often), rules)
        for name, values in expected.items():
            got = [figure[name][resample] for figure in figures]
            np.testing.assert_allclose(got, values, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("seed", range(1, 20))
def test_with_every_picture_once_the_figures_are_those_of_coco(seed: int) -> None:
    # Odd seeds have many equal scores.
    pair = pair_of(seed, images=9, objects=80, detections=200, crowd=0.2)

    evidence = evidence_of(pair, _matched(pair, Rules()))

    for kind, within in ((np.float64, 1e-14), (np.float32, 1e-6)):
        figures = [class_figures(one, np.ones((9, 1), kind), READING) for one in evidence]
        for name, values in _expected(pair, Rules()).items():
            np.testing.assert_allclose([one[name][0] for one in figures], values, rtol=0, atol=within, err_msg=name)


@pytest.mark.parametrize("columns", [1, 64, 100])
def test_work_in_chunks_changes_nothing(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = pair_of(4, images=8, classes=2, objects=90, detections=300)
    evidence = evidence_of(pair, _matched(pair, Rules()))
    weights = np.random.default_rng(0).integers(0, 4, (8, columns)).astype(np.float64)
    whole = [class_figures(one, weights, READING) for one in evidence]

    monkeypatch.setattr(ap_bootstrap, "_CELLS", 7 * columns)
    parts = [class_figures(one, weights, READING) for one in evidence]

    for one, other in zip(whole, parts, strict=True):
        for name in READING.names:
            np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-14)


def test_a_resample_without_an_object_of_a_class_has_no_figure_of_it() -> None:
    pair = pair_of(2, images=4, classes=1, objects=12, detections=20, crowd=0.0)
    empty = int(pair.truth.annotations.image[0])
    weights = np.zeros((4, 2))
    weights[empty, 1] = 2

    figures = class_figures(evidence_of(pair, _matched(pair, Rules()))[0], weights, READING)

    assert np.isnan(figures["AP"][0]) and np.isnan(figures["AR1"][0])
    assert not np.isnan(figures["AP"][1])


def test_a_class_without_detections_scores_0() -> None:
    pair = pair_of(2, images=4, classes=1, objects=12, detections=0)

    figures = class_figures(evidence_of(pair, _matched(pair, Rules()))[0], np.ones((4, 1)), READING)

    assert figures["AP"].tolist() == [0.0]
    assert figures["AR100"].tolist() == [0.0]


def test_the_whole_area_is_that_under_the_envelope() -> None:
    # Surest first: true, false, true, of 4 objects: envelope 1 up to recall 1/4, then 2/3 up to 1/2.
    evidence = ap_bootstrap.Evidence(
        found=np.array([0, 1, 2]),
        true=np.array([[True, False, True]]),
        counts=np.ones((1, 3), np.bool_),
        rank=np.zeros(3, np.int64),
        objects=np.array([0, 1, 2, 2]),
    )

    figures = class_figures(evidence, np.ones((3, 1)), Reading(None, {"AP50": 0}))

    assert figures["AP50"][0] == pytest.approx(1 / 4 + 2 / 3 / 4)


def test_eleven_recalls_are_read_where_each_is_reached() -> None:
    # The same curve: recalls 0, 0.1, 0.2 at precision 1; 0.3, 0.4, 0.5 at 2/3; the other five at 0.
    evidence = ap_bootstrap.Evidence(
        found=np.array([0, 1, 2]),
        true=np.array([[True, False, True]]),
        counts=np.ones((1, 3), np.bool_),
        rank=np.zeros(3, np.int64),
        objects=np.array([0, 1, 2, 2]),
    )

    figures = class_figures(evidence, np.ones((3, 1)), Reading(np.linspace(0, 1, 11), {"AP50": 0}))

    assert figures["AP50"][0] == pytest.approx((3 + 3 * 2 / 3) / 11)
