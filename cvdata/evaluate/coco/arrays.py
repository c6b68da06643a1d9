"""What an engine gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..numbers import Numbers

__all__ = ["Arrays", "CocoNumbers"]


@dataclass(frozen=True, slots=True, eq=False)
class Arrays:
    """COCO's tables; NaN where no object counts, where the engines have -1.

    Attributes:
        precision: float64, shape (thresholds, recalls, classes, areas, numbers of detections).
        recall: float64, shape (thresholds, classes, areas, numbers of detections), the highest that is reached.
        scores: float64, shape of precision, score at which each recall is reached, 0 where it is not.
    """

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]

    @staticmethod
    def of(tables: dict[str, Any]) -> Arrays:
        """Take over the `eval` of an engine, with NaN for its -1."""
        taken = []
        for name in ("precision", "recall", "scores"):
            table = np.array(tables[name], np.float64)
            table[table == -1] = np.nan
            taken.append(table)
        return Arrays(*taken)


@dataclass(frozen=True, slots=True, eq=False)
class CocoNumbers(Numbers):
    """COCO's numbers with the tables that they are means of; see `Arrays` for their shapes."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    scores: NDArray[np.float64]
