"""Intervals hold the truth as often as they say, on simulated detectors of which the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.evaluate.matching import COCO_THRESHOLDS
from cvdata.evaluate.precision import COCO_RECALLS
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty import Units, draws, interval, resampled
from cvdata.evaluate.uncertainty.ap_bootstrap import Evidence, Reading, class_figures
from cvdata.evaluate.uncertainty.figures import bias_of, over_classes, units_with_objects

READING = Reading(COCO_RECALLS, {"AP": None, "AP50": 0}, {"AR100": (None, 100)})
PICTURES = 250
RESAMPLES = 400
POINTS = 0.02


@dataclass(frozen=True)
class World:
    """Objects and detections of one class on endlessly many pictures, some of which are harder than others.

    Attributes:
        objects, found: picture of each object and detection, ascending.
        score: of each detection; `iou`: with the object that it finds, 0 for none.
    """

    objects: NDArray[np.int64]
    found: NDArray[np.int64]
    score: NDArray[np.float64]
    iou: NDArray[np.float64]

    @staticmethod
    def of(rng: np.random.Generator, pictures: int, rate: float, skill: float) -> World:
        hard = rng.normal(0, 1, pictures)
        often = rate * np.exp(0.5 * hard - 0.125)
        objects = np.repeat(np.arange(pictures), rng.poisson(often))
        quality = skill + rng.normal(0, 1, len(objects)) - 0.5 * hard[objects]
        seen = quality > -1
        ghosts = np.repeat(np.arange(pictures), rng.poisson(often))
        iou = np.clip(0.45 + 0.18 * quality[seen] + rng.normal(0, 0.12, int(seen.sum())), 0, 0.999)
        found = np.concatenate([objects[seen], ghosts])
        score = np.concatenate([quality[seen] + rng.normal(0, 0.6, int(seen.sum())), rng.normal(-0.5, 1, len(ghosts))])
        order = np.argsort(found, kind="stable")
        return World(objects, found[order], score[order], np.append(iou, np.zeros(len(ghosts)))[order])

    def evidence(self, first: int, count: int) -> Evidence:
        """Return what is known from some of the pictures."""
        ours = slice(*np.searchsorted(self.objects, [first, first + count]))
        theirs = slice(*np.searchsorted(self.found, [first, first + count]))
        order = np.argsort(-self.score[theirs], kind="stable")
        true = self.iou[theirs][order] >= np.array(COCO_THRESHOLDS)[:, None]
        found = self.found[theirs][order] - first
        return Evidence(found, true, np.ones_like(true), np.zeros(len(order), np.int64), self.objects[ours] - first)


def _coverage(rates: list[float], skill: float, sets: int) -> dict[tuple[str, float], float]:
    """Return the share of data sets whose interval holds the truth, by figure and level; the mean over the classes."""
    rng = np.random.default_rng(0)
    large = [World.of(rng, int(200_000 / max(rate, 0.5)), rate, skill) for rate in rates]
    truth = _means([one.evidence(0, int(one.objects[-1]) + 1) for one in large])
    worlds = [World.of(rng, PICTURES * sets, rate, skill) for rate in rates]
    held: dict[tuple[str, float], int] = {}
    for place in range(sets):
        evidence = [world.evidence(place * PICTURES, PICTURES) for world in worlds]
        counts = np.concatenate(list(draws(PICTURES, RESAMPLES, place)))
        values, samples = _means(evidence), _means(evidence, counts.T.astype(np.float32, order="C"))
        among = units_with_objects(evidence, Units.pictures(PICTURES))
        for name in READING.names:
            for level in (0.95, 0.8):
                number = interval(samples[name], float(values[name][0]), level, bias=bias_of(name), among=among)
                assert number.low is not None and number.high is not None
                holds = number.low <= truth[name][0] <= number.high
                held[name, level] = held.get((name, level), 0) + holds
    return {key: count / sets for key, count in held.items()}


def _means(evidence: list[Evidence], weights: NDArray[np.float32] | None = None) -> dict[str, NDArray[np.float64]]:
    pictures = 1 + max(int(max(one.found.max(), one.objects.max())) for one in evidence)
    once = np.ones((pictures, 1), np.float32)
    figures = [class_figures(one, once if weights is None else weights, READING) for one in evidence]
    return over_classes({name: np.stack([one[name] for one in figures], axis=1) for name in READING.names})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rates", "skill"),
    [([0.8], 1.2), ([0.2], 1.5), ([0.12] * 10, 1.2)],
    ids=["200 objects", "50 objects", "ten classes of 30 objects"],
)
def test_intervals_of_average_precision_and_recall_hold_the_truth_at_the_stated_rate(
    rates: list[float], skill: float
) -> None:
    coverage = _coverage(rates, skill, sets=1000)

    assert coverage == {key: pytest.approx(key[1], abs=POINTS) for key in coverage}
    assert len(coverage) == 6


@pytest.mark.slow
def test_intervals_of_accuracy_and_mean_iou_hold_the_truth_at_the_stated_rate() -> None:
    # Accuracy is 0.8. Pixels of two classes on each picture: intersection and union, in proportion 0.6 and 0.3.
    rng = np.random.default_rng(0)
    held = {(name, level): 0 for name in ("accuracy", "mIoU") for level in (0.95, 0.8)}
    sets = 1000
    for place in range(sets):
        right = rng.random(PICTURES) < 0.8
        union = rng.gamma(2.0, 500.0, (PICTURES, 2))
        share = rng.beta([3.0, 1.5], [2.0, 3.5], (PICTURES, 2))
        shared = union * share

        def metrics(
            weights: NDArray[np.int32],
            right: NDArray[np.bool_] = right,
            union: NDArray[np.float64] = union,
            shared: NDArray[np.float64] = shared,
        ) -> dict[str, float | None]:
            iou = (weights @ shared) / (weights @ union)
            return {"accuracy": float(weights @ right) / PICTURES, "mIoU": float(iou.mean())}

        for level in (0.95, 0.8):
            settings = EvalSettings(resamples=200, seed=place, level=level)
            for name, number in resampled(metrics, PICTURES, settings).items():
                assert number.low is not None and number.high is not None
                held[name, level] += number.low <= {"accuracy": 0.8, "mIoU": 0.45}[name] <= number.high

    assert {key: count / sets for key, count in held.items()} == {
        key: pytest.approx(key[1], abs=POINTS) for key in held
    }
