"""What `cvdata prelabel --json` prints."""

from __future__ import annotations

from typing import Literal

import msgspec

from ..files import DatasetReport
from ..formats.predictions import PredictionModel

__all__ = ["PrelabelReport", "ProposedClass", "ProposedPart"]


class ProposedClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Proposals of one class.

    Attributes:
        threshold: least score that one has.
        proposals, images: how many, and in how many pictures.
        median: of their scores; None where there are none, or they have none.
        sure: those with a score of at least 0.9.
    """

    name: str
    threshold: float
    proposals: int
    images: int
    median: float | None
    sure: int


class ProposedPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was looked at, by what, and what came of it.

    Attributes:
        name: of the prediction in a cvdata dataset; None where a file or a folder was written.
        models: that looked, the second stage last; `sha256`: of them together.
        images: pictures that were looked at; `empty`: those in which nothing was found; `bad`: those that could not be
            read; `resumed`: those at which an earlier run that was cut off had looked.
        classes: proposals by class.
    """

    name: str | None
    models: tuple[PredictionModel, ...]
    sha256: str
    images: int
    empty: int
    bad: int
    resumed: int
    classes: list[ProposedClass]


class PrelabelReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata prelabel --json` prints; the labels of what was read are never among what is written.

    Attributes:
        prelabel: what the models propose.
    """

    schema: Literal["cvdata/prelabel-report/1"] = "cvdata/prelabel-report/1"
    prelabel: ProposedPart
