"""Subjects with every kind of label, and with names and attributes that bite."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cvdata.browse.subject import NOT_JUDGED, Found, Judged, Subject, Suspects
from cvdata.dataset import Categories, Dataset, State
from cvdata.evaluate.diagnosis.kinds import Verdict

from ...tiny import build

__all__ = ["FOUND_ROWS", "NAMES", "TRUTH_ROWS", "dataset_of", "every_kind", "judged_subject"]

NAMES = ("bolt", "a.b$c", "\U0001f529" * 40, "half \udc80 name")
"""Names of classes, the last of them no UTF-8."""

_MASK = np.zeros((40, 80), np.bool_)
_MASK[10:20, 20:40] = True
_MASK[12, 25] = False

TRUTH_ROWS: list[dict[str, Any]] = [
    {"image": "a.png", "category": "bolt", "box": [8, 4, 20, 10], "difficult": 1, "extra": {"pose": "left", "age": 3}},
    {
        "image": "a.png",
        "category": "a.b$c",
        "box": [20, 10, 20, 10],
        "mask": _MASK,
        "extra": {"_id": 7, "label": "x", "tags": ["no"], "age": 2.5, "mixed": True},
    },
    {
        "image": "a.png",
        "category": NAMES[2],
        "box": [8, 4, 40, 20],
        "rings": [[(8, 4), (40, 4), (40, 24)], [(16, 8), (48, 8), (48, 20), (16, 20)]],
        "crowd": True,
        "extra": {"mixed": "yes", "a.b": 1},
    },
    {"image": "a.png", "category": NAMES[3], "box": [0, 0, 8, 8], "rotated": [4, 0, 8, 4, 4, 8, 0, 4], "occluded": 0},
    {
        "image": "b/A.PNG",
        "category": "bolt",
        "box": [1, 2, 10, 12],
        "keypoints": [[2, 3, 2], [0, 0, 0], [5.5, 6.5, 1]],
        "rings": [[(1, 2), (11, 2), (11, 14)]],
    },
    {"image": "b/A.PNG", "category": "bolt", "box": [np.nan] * 4, "extra": {"age": -1}},
    {"image": "b/A.PNG", "category": "bolt", "box": [70, 30, 30, 30]},  # over the edge
    {"image": "b/A.PNG", "category": "bolt", "box": [5, 5, 0, 0], "rings": [[]]},
]

FOUND_ROWS: list[dict[str, Any]] = [
    {"image": "a.png", "category": "bolt", "box": [8, 4, 20, 10], "score": 0.75},
    {"image": "a.png", "category": "bolt", "box": [60, 4, 10, 10], "score": np.nan},
    {"image": "b/A.PNG", "category": NAMES[3], "box": [1, 2, 10, 12], "score": 0.5},
]


def dataset_of(rows: list[dict[str, Any]], folder: Path | None = None, names: tuple[str, ...] = NAMES) -> Dataset:
    """Return three pictures with these annotations; nobody looked at the third."""
    sizes = {"a.png": (80, 40), "b/A.PNG": (100, 50), "c.png": (30, 30)}
    splits = {"a.png": "train", "b/A.PNG": "val"}
    categories = Categories(names=names)
    return build(sizes, rows, categories, states={"c.png": State.UNLABELLED}, splits=splits, folder=folder)


def judged_subject(folder: Path | None = None) -> Subject:
    """Return the first row found by the first found one, the second missed, a wrong class, and one suspect."""
    truth, found = dataset_of(TRUTH_ROWS, folder), dataset_of(FOUND_ROWS, folder)
    verdicts = np.full(len(TRUTH_ROWS), NOT_JUDGED, np.uint8)
    verdicts[[0, 1, 4]] = Verdict.FOUND, Verdict.MISSED, Verdict.MISSED
    judged = Judged(
        score=0.5,
        truth=verdicts,
        found=np.array([Verdict.TRUE, Verdict.UNSURE, Verdict.WRONG_CLASS], np.uint8),
        truth_other=np.array([0, -1, -1, -1, 2, -1, -1, -1]),
        found_other=np.array([0, -1, 4]),
        truth_overlap=np.array([1, np.nan, np.nan, np.nan, 1, np.nan, np.nan, np.nan]),
        found_overlap=np.array([1, np.nan, 1]),
    )
    suspects = Suspects(side=("truth",), row=np.array([4]), kind=("wrong class",), surety=np.array([0.875]))
    return Subject(dataset=truth, found=(Found(name="m", dataset=found, judged=judged),), suspects=suspects)


def every_kind(folder: Path | None = None) -> Subject:
    """Return a subject with everything that one can have."""
    subject = judged_subject(folder)
    second = Found(name="n", dataset=dataset_of([{**FOUND_ROWS[0], "mask": _MASK}, TRUTH_ROWS[4]], folder))
    return replace(
        subject,
        found=(*subject.found, second),
        tags=(("leaked-copy", "train"), (), ("dark",)),
        leak=np.array([4, -1, 4], np.int32),
        worth=np.array([np.nan, np.nan, 0.25]),
        heat={1: np.array([[0, 0.5], [1, np.nan]], np.float32)},
    )
