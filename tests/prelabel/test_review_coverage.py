"""Whether promises hold as often as they say: reviews of proposals of which the truth is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.prelabel.review.estimate import RIGHT, UNSEEN, WRONG, look_at
from cvdata.prelabel.review.records import ReviewSettings

from .reviewed import order_of

Floats = NDArray[np.float64]

# Share of right ones at a rank, 0 for the surest to 1: shapes that tempt a rule to promise too much.
SHAPES: dict[str, Callable[[Floats], Floats]] = {
    "just below the promise": lambda u: np.full(len(u), 0.945),
    "just below it, then worthless": lambda u: np.where(u < 0.5, 0.945, 0.5),
    "falling": lambda u: 0.995 - 0.3 * u**2,
    "false ones are the surest": lambda u: np.where(u < 0.1, 0.7, 0.97),
}
REVIEWS = 300


def share_of_false_promises(size: int, shape: Callable[[Floats], Floats], quotas: list[int]) -> float:
    """Return how many of the reviews promise too much, where a person looks until something is promised."""
    rng = np.random.default_rng(size)
    score = np.linspace(0.99, 0.01, size)
    false = 0
    for _ in range(REVIEWS):
        wrong = rng.random(size) >= shape(np.arange(size) / size)
        order = order_of(score, 4, rng)
        for looks in range(1, len(quotas) + 1):
            verdict = np.full(size, UNSEEN, np.int8)
            seen = order.first(quotas[looks - 1])
            verdict[seen] = np.where(wrong[seen], WRONG, RIGHT)
            found = look_at(order, verdict, quotas[:looks], ReviewSettings())
            if found.best is not None:
                false += bool(wrong[: found.tests[found.best].size].mean() > 0.05 + 1e-9)
                break
    return false / REVIEWS


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [30, 200, 5000])
def test_at_most_one_review_in_twenty_promises_too_much(size: int, shape: str) -> None:
    # 5 % of 300 reviews are 15; 22 or more would come by chance once in thirty at exactly 5 %.
    assert share_of_false_promises(size, SHAPES[shape], [100]) <= 21 / REVIEWS


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_nor_where_a_person_goes_on_looking_until_something_is_promised(shape: str) -> None:
    assert share_of_false_promises(5000, SHAPES[shape], [63, 126, 189, 252]) <= 21 / REVIEWS


@pytest.mark.slow
def test_good_proposals_get_their_promise_nearly_always() -> None:
    rng = np.random.default_rng(0)
    promised = 0
    for _ in range(100):
        wrong = rng.random(5000) >= 0.998
        order = order_of(np.linspace(0.99, 0.01, 5000), 4, rng)
        verdict = np.where(wrong, WRONG, RIGHT).astype(np.int8)
        verdict[np.setdiff1d(np.arange(5000), order.first(100))] = UNSEEN
        promised += look_at(order, verdict, [100], ReviewSettings()).best is not None
    assert promised >= 90
