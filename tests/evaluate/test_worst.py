"""The pictures with the most errors."""

from __future__ import annotations

from cvdata.evaluate.diagnosis import diagnose
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.report import WorstPicture

from .drawn import hand

HERE, THERE, AWAY = (10, 10, 10, 10), (50, 50, 10, 10), (80, 10, 10, 10)


def worst_of(pair: Pair) -> list[WorstPicture]:
    overlaps = box_overlaps(pair, least=0.1)
    return diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes").worst


def test_errors_are_those_of_detections_and_missed_objects() -> None:
    truth = [(0, 0, HERE), (1, 0, HERE), (1, 0, THERE), (1, 1, AWAY), (2, 1, HERE)]
    found = [
        (0, 0, HERE, 0.9),
        (1, 0, HERE, 0.9),
        (1, 0, HERE, 0.85),  # duplicate
        (1, 0, AWAY, 0.8),  # wrong class: the object there is no error of its own
        (1, 1, (30, 80, 10, 10), 0.8),  # background; the object THERE is missed
        (1, 0, (0, 80, 5, 5), 0.1),  # unsure
        (2, 1, HERE, 0.8),
    ]

    worst = worst_of(hand(truth, found))

    verdicts = {"true": 1, "wrong class": 1, "duplicate": 1, "background": 1, "missed": 1}
    assert worst == [WorstPicture(image="1.jpg", errors=4, objects=3, verdicts=verdicts)]


def test_equal_pictures_stand_by_name_and_no_more_than_24_are_shown() -> None:
    truth = [(row, 0, HERE) for row in range(41)]
    found = [(row, 0, HERE if row < 11 else THERE, 0.9) for row in range(41)]

    worst = worst_of(hand(truth, found))

    assert [picture.image for picture in worst] == sorted(f"{row}.jpg" for row in range(11, 41))[:24]


def test_pictures_without_errors_are_not_among_them() -> None:
    assert worst_of(hand([(0, 0, HERE)], [(0, 0, HERE, 0.9)])) == []
