"""What a person is to look at: a dataset, what models found in it, and all that is known to be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..evaluate.report import EvalReport
from ..files import Finding

__all__ = ["NOT_JUDGED", "Found", "Judged", "Subject", "Suspects"]

NOT_JUDGED = 255
"""In place of a `Verdict`: the picture was not evaluated, or the label is of another kind."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Judged:
    """The verdicts of `cvdata eval`, on the rows of the dataset and of what was found.

    Attributes:
        score: least confidence of the detections that count.
        truth, found: uint8, an `evaluate.diagnosis.Verdict` for each annotation, or `NOT_JUDGED`.
        truth_other, found_other: int64, row of the other that it met, -1 for none.
        truth_overlap, found_overlap: float64, overlap of the two, NaN where there is no other.
    """

    score: float
    truth: NDArray[np.uint8]
    found: NDArray[np.uint8]
    truth_other: NDArray[np.int64]
    found_other: NDArray[np.int64]
    truth_overlap: NDArray[np.float64]
    found_overlap: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Suspects:
    """Labels of the dataset that are probably wrong, the surest first.

    Attributes:
        side: of each, where its row is: `found` for an object that is missing in the truth, else `truth`.
        row: int64, of the annotation on that side; kind: as in `evaluate.report.LabelError`; surety: float64, 0 to 1.
    """

    side: tuple[Literal["truth", "found"], ...]
    row: NDArray[np.int64]
    kind: tuple[str, ...]
    surety: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Found:
    """What a model found.

    Attributes:
        name: for people.
        dataset: on the pictures and classes of the truth, row by row the same.
        judged: against the truth; None where nothing is labelled.
        report: of the evaluation, None likewise.
        findings: what was left out before.
    """

    name: str
    dataset: Dataset
    judged: Judged | None = None
    report: EvalReport | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Subject:
    """What a person is to look at.

    Attributes:
        dataset: the truth.
        found: what models found; the verdicts of the first are those that the truth carries and the views are about.
        suspects: by the first model.
        tags: of each picture, codes of the findings of `cvdata check` on it, such as `leaked-copy`.
        finding_titles: what each of these codes means, in a few words.
        leak: int32 of each picture, the number of its group of pictures that look alike and lie in several splits,
            -1 for none.
        worth: float64 of each picture, how much labelling it would teach, 0 to 1; NaN where it is no candidate.
        vectors: float32, shape (pictures, n), embedding of each picture; a row of NaN for one that has none.
        heat: where a network looked, by row of the picture: float32, shape (height, width), 0 to 1, of any size.
    """

    dataset: Dataset
    found: tuple[Found, ...] = ()
    suspects: Suspects | None = None
    tags: tuple[tuple[str, ...], ...] = ()
    finding_titles: Mapping[str, str] = field(default_factory=dict)
    leak: NDArray[np.int32] | None = None
    worth: NDArray[np.float64] | None = None
    vectors: NDArray[np.float32] | None = None
    heat: Mapping[int, NDArray[np.float32]] = field(default_factory=dict)
