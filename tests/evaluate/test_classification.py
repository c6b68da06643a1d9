"""Classifiers: figures worked out by hand, and against plain loops on random pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cvdata.evaluate.classify import (
    class_figures,
    class_metrics,
    class_results,
    classify,
    confusion_of,
    suspect_labels,
    worst_pictures,
)

from .classifiers_made import FOUND, GUESS, SEVERAL, TRUTH, classified, pair_of, wide


def test_accuracy_is_the_share_of_pictures_whose_surest_class_is_right() -> None:
    metrics = class_metrics(classified(10, 3, TRUTH, FOUND))

    assert metrics["top1"] == 6 / 10
    assert metrics["balanced_accuracy"] == pytest.approx((4 / 5 + 1 / 3 + 1 / 2) / 3)
    # F1 is 2 hits / (guessed + there): 8 / 11, 2 / 5, 2 / 3.
    assert metrics["macro_F1"] == pytest.approx((8 / 11 + 2 / 5 + 2 / 3) / 3)
    assert metrics["weighted_F1"] == pytest.approx((5 * 8 / 11 + 3 * 2 / 5 + 2 * 2 / 3) / 10)
    assert list(metrics) == ["top1", "top5", "balanced_accuracy", "macro_F1", "weighted_F1"]


def test_each_class_has_its_precision_recall_and_f1() -> None:
    figures = class_figures(classified(10, 3, TRUTH, FOUND))

    assert figures["precision"].tolist() == pytest.approx([4 / 6, 1 / 2, 1])
    assert figures["recall"].tolist() == pytest.approx([4 / 5, 1 / 3, 1 / 2])
    assert figures["F1"].tolist() == pytest.approx([8 / 11, 2 / 5, 2 / 3])


def test_results_of_classes_count_pictures_and_guesses() -> None:
    results = class_results(classified(10, 3, TRUTH, FOUND))

    assert [(r.name, r.images, r.objects, r.detections) for r in results] == [
        ("class 0", 5, 5, 6),
        ("class 1", 3, 3, 2),
        ("class 2", 2, 2, 1),
    ]
    assert results[1].metrics["precision"].value == 0.5


def test_the_confusion_matrix_has_the_truth_in_its_rows_and_no_background() -> None:
    confusion = confusion_of(classified(10, 3, TRUTH, FOUND))

    assert confusion is not None
    assert confusion.counts == [[4, 1, 0], [2, 1, 0], [0, 0, 1]]
    assert confusion.names == ["class 0", "class 1", "class 2"]
    assert not confusion.background


def test_pictures_without_prediction_count_as_wrong_and_are_told() -> None:
    pair = pair_of(10, 3, TRUTH, FOUND)
    said = classify(pair)

    assert said.guess.tolist()[9] == -1
    assert math.isnan(said.score[9])
    assert not said.right[9]
    assert [(f.code, f.count, f.examples) for f in said.findings] == [("no-prediction", 1, ["9.jpg"])]


def test_figures_that_nothing_defines_are_not_numbers() -> None:
    # Class 1 is never there and never guessed, class 2 is guessed once and never there.
    said = classified(2, 3, [(0, 0), (1, 0)], [(0, 0, 0.5), (1, 2, 0.5)])

    figures, results = class_figures(said), class_results(said)

    assert [None if math.isnan(v) else v for v in figures["precision"].tolist()] == [1.0, None, 0.0]
    assert [None if math.isnan(v) else v for v in figures["recall"].tolist()] == [0.5, None, None]
    assert [None if math.isnan(v) else v for v in figures["F1"].tolist()] == [pytest.approx(2 / 3), None, 0.0]
    assert results[1].metrics["F1"].value is None
    assert class_metrics(said)["balanced_accuracy"] == 0.5
    assert class_metrics(said)["macro_F1"] == pytest.approx((2 / 3 + 0) / 2)


def test_of_equally_sure_classes_the_first_is_the_guess() -> None:
    said = classified(1, 3, [(0, 1)], [(0, 2, 0.5), (0, 1, 0.5), (0, 0, 0.1)])

    assert said.guess.tolist() == [1]


def test_of_two_scores_of_a_class_the_surer_counts() -> None:
    said = classified(1, 2, [(0, 1)], [(0, 1, 0.2), (0, 0, 0.5), (0, 1, 0.9)])

    assert said.guess.tolist() == [1]
    assert said.score.tolist() == [0.9]
    assert said.own.tolist() == [0.9]


def test_top_5_takes_the_five_surest_and_of_equal_ones_the_first_listed() -> None:
    scores = [
        [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.0],  # the truth, 4, is the fifth
        [0.9, 0.8, 0.7, 0.6, 0.4, 0.5, 0.0],  # the truth, 4, is the sixth
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],  # seven alike: 4 is the fifth listed
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],  # and 5 the sixth
    ]

    said = classified(4, 7, [(0, 4), (1, 4), (2, 4), (3, 5)], wide(scores))

    assert said.top5 is not None
    assert said.top5.tolist() == [True, False, True, False]
    assert class_metrics(said)["top5"] == 0.5


def test_top_5_is_not_defined_of_five_classes_or_where_fewer_are_named() -> None:
    five = classified(1, 5, [(0, 0)], wide([[0.5, 0.4, 0.3, 0.2, 0.1]]))
    four = classified(2, 6, [(0, 0), (1, 0)], [*wide([[0.5, 0.4, 0.3, 0.2, 0.1, 0.0]]), (1, 0, 0.5)])

    assert math.isnan(class_metrics(five)["top5"])
    assert math.isnan(class_metrics(four)["top5"])


def test_a_picture_without_prediction_takes_nothing_from_top_5_of_the_others() -> None:
    said = classified(2, 6, [(0, 5), (1, 0)], wide([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]))

    assert class_metrics(said)["top5"] == 0.5


def test_pictures_without_class_are_left_out_and_told() -> None:
    said = classified(3, 2, [(0, 0), (2, 1)], [(0, 0, 0.5), (1, 1, 0.5), (2, 1, 0.5)])

    assert class_metrics(said)["top1"] == 1.0
    assert said.pictures.tolist() == [0, 2]
    assert [(f.code, f.count) for f in said.findings] == [("pictures-without-class", 1)]


def test_weights_count_pictures_as_often_as_they_were_drawn() -> None:
    said, weights = classified(10, 3, TRUTH, FOUND), np.array([0, 2, 1, 0, 3, 1, 0, 2, 0, 1])
    drawn = np.repeat(np.arange(10), weights)
    again = [(i, TRUTH[old][1]) for i, old in enumerate(drawn.tolist())]
    guesses = [(i, GUESS[old], 0.5) for i, old in enumerate(drawn.tolist()) if old < 9]

    expected = class_metrics(classified(10, 3, again, guesses))

    assert class_metrics(said, weights) == pytest.approx(expected, nan_ok=True)


def by_loops(truth: np.ndarray[Any, Any], score: np.ndarray[Any, Any]) -> dict[str, float]:
    """Work the figures out picture by picture."""
    classes = score.shape[1]
    ranked = [[c for _, c in sorted((-s, c) for c, s in enumerate(row))] for row in score.tolist()]
    guess = [order[0] for order in ranked]
    recalls, f1, weighted = [], [], 0.0
    for c in range(classes):
        hits = sum(g == c == t for g, t in zip(guess, truth, strict=True))
        there, said = sum(truth == c), guess.count(c)
        if there:
            recalls.append(hits / there)
        if there + said:
            f1.append(2 * hits / (there + said))
            weighted += there * f1[-1] / len(truth)
    return {
        "top1": sum(g == t for g, t in zip(guess, truth, strict=True)) / len(truth),
        "top5": sum(t in order[:5] for t, order in zip(truth, ranked, strict=True)) / len(truth),
        "balanced_accuracy": sum(recalls) / len(recalls),
        "macro_F1": sum(f1) / len(f1),
        "weighted_F1": weighted,
    }


@pytest.mark.parametrize("seed", range(20))
def test_figures_are_those_of_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, score = rng.integers(0, 8, 60), np.round(rng.random((60, 8)), 1)  # with many ties

    said = classified(60, 8, [(i, int(c)) for i, c in enumerate(truth)], wide(score.tolist()))

    assert class_metrics(said) == pytest.approx(by_loops(truth, score))


def test_of_very_many_classes_the_most_confused_are_shown() -> None:
    truth = [(i, i) for i in range(150)]
    guesses = [(i, 149 if i == 148 else i, 0.5) for i in range(150)]

    confusion = confusion_of(classified(150, 150, truth, guesses))

    assert confusion is not None
    assert len(confusion.names) == len(confusion.counts) == 100
    assert confusion.names[-2:] == ["class 148", "class 149"]
    assert confusion.counts[-2][-1] == 1


# --- several labels a picture


def test_average_precision_sums_precision_over_the_recall_that_is_won() -> None:
    # Class 0 is in pictures 0, 1 and 3; by score: 1 (right), 2 (wrong), 0 (right), and 3 is never said.
    # Class 1 is in 0 and 2: 0 and 3 are equally sure, so both come at once, then 2.
    found = [(1, 0, 0.9), (2, 0, 0.8), (0, 0, 0.3), (0, 1, 0.6), (3, 1, 0.6), (2, 1, 0.1)]

    said = classified(4, 2, SEVERAL, found)

    assert said.several is not None
    figures = class_figures(said)
    assert figures["AP"].tolist() == pytest.approx([(1 + 2 / 3) / 3, (1 / 2 + 2 / 3) / 2])
    # At 0.5: class 0 is said of 1 and 2, one right of three; class 1 of 0 and 3, one right of two.
    assert figures["precision"].tolist() == [0.5, 0.5]
    assert figures["recall"].tolist() == pytest.approx([1 / 3, 1 / 2])
    metrics = class_metrics(said)
    assert metrics["mAP"] == pytest.approx(figures["AP"].mean())
    assert metrics["macro_F1"] == pytest.approx((2 / 5 + 2 / 4) / 2)
    assert metrics["micro_F1"] == pytest.approx(2 * 2 / (4 + 5))
    assert metrics["weighted_F1"] == pytest.approx((3 * 2 / 5 + 2 * 2 / 4) / 5)


def test_with_several_labels_nothing_is_said_of_confusion() -> None:
    pair = pair_of(4, 2, SEVERAL, [(0, 0, 0.9)])
    said = classify(pair)

    assert confusion_of(said) is None
    assert worst_pictures(pair, said) == []
    assert suspect_labels(pair, said) == []


def test_scores_above_one_still_rank_but_say_no_yes() -> None:
    said = classified(4, 2, SEVERAL, [(1, 0, 9.0), (0, 0, 3.0)])

    metrics = class_metrics(said)

    assert metrics["mAP"] == pytest.approx((2 / 3 + 0) / 2)
    assert math.isnan(metrics["macro_F1"])
    assert math.isnan(class_figures(said)["precision"][0])


@pytest.mark.parametrize("seed", range(10))
def test_average_precision_is_that_of_plain_loops_also_of_resamples(seed: int) -> None:
    rng = np.random.default_rng(seed)
    there, score = rng.random((12, 3)) < 0.5, np.round(rng.random((12, 3)), 1)
    there[0] = True
    weights = rng.integers(0, 3, 12)
    truth = [(i, c) for i in range(12) for c in range(3) if there[i, c]]

    said = classified(12, 3, truth, wide(score.tolist()))

    def ap(c: int) -> float:
        total, area, before = float(weights[there[:, c]].sum()), 0.0, 0.0
        for level in sorted(set(score[:, c].tolist()), reverse=True):
            chosen = score[:, c] >= level
            hits, count = float(weights[chosen & there[:, c]].sum()), float(weights[chosen].sum())
            area += (hits - before) / total * (hits / count if count else 0.0)
            before = hits
        return area

    assert class_figures(said, weights)["AP"].tolist() == pytest.approx([ap(c) for c in range(3)])
