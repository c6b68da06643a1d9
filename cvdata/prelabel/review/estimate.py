"""From a corrected sample to thresholds: from which score on a class can be accepted, and what that promises.

A threshold T of a class keeps the promise where at least that share of all proposals of the class with a score of T or
more is right. This is what is found out, and how sure it is:

- The candidates, the lower ends of the bands of scores, are fixed before anybody looks at a picture.
- What is looked at behind a candidate is a simple random sample of all proposals from it up (see `draw`), so that the
  chance of seeing so few wrong ones, were the promise false, is an exact hypergeometric one. There are no weights, and
  nothing is assumed of scores, of pictures with many objects, or of how precision falls.
- Candidates are tested from the highest threshold downwards, each at the whole level, up to the first that fails:
  fixed-sequence testing, which keeps the chance of any false promise for the class at that level (Maurer, Hothorn and
  Lehmacher 1995; for thresholds of models: Angelopoulos, Bates, Candes, Jordan and Lei 2021, "Learn then Test"). The
  sequence begins at the first candidate behind which enough was seen that the promise is possible at all; that hangs on
  numbers, not on what was seen.
- A person who is not content looks at more, and each further look is another chance to err. So the looks share what
  confidence leaves: four fifths for the first, four fifths of the rest for the second, and so on. The sum is never
  more, so the confidence holds however often is looked (Bonferroni; Lan and DeMets 1983 call it spending). A look at
  which no promise was possible costs nothing.

With the confidence 0.95 the first look promises 95 % from a large number of proposals where 63 were seen and all are
right, or 99 with one wrong; of 100 proposals, where 41 were seen and all are right.

Proposals whose pictures did not come back count as if they had been left out by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...reports.scales import least_score, plural
from .chance import allowed_wrong, interval, needed, promise_of
from .draw import ClassOrder
from .records import BandFigures, Candidate, ClassReview, ReviewSettings

__all__ = ["RIGHT", "UNSEEN", "WRONG", "Looked", "Tested", "level_of", "look_at", "review_class"]

UNSEEN, WRONG, RIGHT = -1, 0, 1

_FIRST_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Tested:
    """A candidate at a look: what was seen of how many, and how many wrong ones the promise bears (-1: none made)."""

    size: int
    seen: int
    wrong: int
    allowed: int

    @property
    def possible(self) -> bool:
        return self.allowed >= 0

    @property
    def passes(self) -> bool:
        return self.wrong <= self.allowed


def level_of(look: int, confidence: float) -> float:
    """Return the chance to err that a look, counted from 0, may take."""
    return float((1 - confidence) * _FIRST_SHARE * (1 - _FIRST_SHARE) ** look)


@dataclass(frozen=True, eq=False)
class Looked:
    """What the looks at a class came to.

    Attributes:
        tests: of the last look, by candidate.
        held: bool, which candidates hold.
        level: chance to err that the last look may take; `next_level`: that the next one may.
    """

    tests: tuple[Tested, ...]
    held: NDArray[np.bool_]
    level: float
    next_level: float

    @property
    def best(self) -> int | None:
        """Lowest candidate that holds."""
        return int(np.flatnonzero(self.held)[-1]) if self.held.any() else None


def look_at(order: ClassOrder, verdict: NDArray[np.int8], quotas: Sequence[int], settings: ReviewSettings) -> Looked:
    """Test the candidates of a class at each look.

    A promise that was made once stays as long as what was seen since does not fall below it.

    Args:
        verdict: `UNSEEN`, `WRONG` or `RIGHT` for each proposal of all classes, int8.
        quotas: of the class, after each sample that drew from it, ascending.
    """
    look, level = 0, level_of(0, settings.confidence)
    held = np.zeros(len(order.edges), np.bool_)
    tests: tuple[Tested, ...] = ()
    for quota in quotas or [0]:
        level = level_of(look, settings.confidence)
        tests = tuple(_test(order, at, verdict, quota, level, settings.promise) for at in range(len(order.edges)))
        held |= _sequence(tests)
        look += any(test.possible for test in tests)
    above = [test.seen - test.wrong >= settings.promise * test.seen for test in tests]
    return Looked(tests, held & np.array(above, np.bool_), level, level_of(look, settings.confidence))


def review_class(
    order: ClassOrder, verdict: NDArray[np.int8], quotas: Sequence[int], settings: ReviewSettings
) -> ClassReview:
    """Return what the samples of a class say, and the threshold that follows; see `look_at`."""
    looked = look_at(order, verdict, quotas, settings)
    candidates = tuple(
        _candidate(float(edge), test, settings.confidence, holds=bool(holds))
        for edge, test, holds in zip(order.edges, looked.tests, looked.held, strict=True)
    )
    seen, best = verdict[order.rows], looked.best
    near = _nearest(order, looked, settings) if best is None else None
    return ClassReview(
        name=order.name,
        proposals=len(order.rows),
        seen=int((seen != UNSEEN).sum()),
        right=int((seen == RIGHT).sum()),
        threshold=None if best is None else candidates[best].threshold,
        promised=best is not None,
        accepts=0 if best is None else looked.tests[best].size,
        advice=_advice(near, settings) if near else "",
        more=near.more if near else None,
        bands=tuple(_bands(order, verdict, settings.confidence)),
        candidates=candidates,
    )


def _test(order: ClassOrder, at: int, verdict: NDArray[np.int8], quota: int, level: float, promise: float) -> Tested:
    rows = order.from_edge(at)
    sample = verdict[rows[:quota]]
    seen, wrong = int((sample != UNSEEN).sum()), int((sample == WRONG).sum())
    return Tested(len(rows), seen, wrong, allowed_wrong(seen, len(rows), promise, level))


def _sequence(tests: Sequence[Tested]) -> NDArray[np.bool_]:
    """Return which candidates pass before the first that fails, bool; those that cannot pass are not tested."""
    held = np.zeros(len(tests), np.bool_)
    for at, test in enumerate(tests):
        if test.possible and not test.passes:
            break
        held[at] = test.possible
    return held


def _candidate(edge: float, test: Tested, confidence: float, *, holds: bool) -> Candidate:
    return Candidate(
        threshold=None if np.isinf(edge) else edge,
        proposals=test.size,
        seen=test.seen,
        right=test.seen - test.wrong,
        precision=(test.seen - test.wrong) / test.seen if test.seen else None,
        interval=interval(test.wrong, test.seen, test.size, confidence),
        possible=test.possible,
        holds=holds,
    )


def _bands(order: ClassOrder, verdict: NDArray[np.int8], confidence: float) -> list[BandFigures]:
    """Return the figures of each band; what was seen of one is a simple random sample of it, too."""
    figures = []
    for at, size in enumerate(order.sizes.tolist()):
        inside = order.band == at
        score, found = order.score[inside], verdict[order.rows[inside]]
        seen, right = int((found != UNSEEN).sum()), int((found == RIGHT).sum())
        figures.append(
            BandFigures(
                low=_finite(score.min()),
                high=_finite(score.max()),
                proposals=size,
                seen=seen,
                right=right,
                precision=right / seen if seen else None,
                interval=interval(seen - right, seen, size, confidence),
            )
        )
    return figures


def _finite(score: float) -> float | None:
    return None if np.isinf(score) else float(score)


# --- why nothing can be promised, and what would help


@dataclass(frozen=True, slots=True)
class _Near:
    """The candidate that comes nearest to the promise.

    Attributes:
        edge: its threshold, None where that lets all in.
        reached: share of right ones that could have been promised of it; `more`: see `ClassReview`.
    """

    edge: float | None
    test: Tested
    reached: float
    more: int | None


def _nearest(order: ClassOrder, looked: Looked, settings: ReviewSettings) -> _Near:
    reached = [promise_of(test.wrong, test.seen, test.size, looked.level) for test in looked.tests]
    at = int(np.argmax(reached))
    test, more = looked.tests[at], None
    if test.seen - test.wrong >= settings.promise * test.seen:
        enough = needed(test.wrong, test.size, settings.promise, looked.next_level)
        more = None if enough is None or enough <= test.seen else enough - test.seen
    edge = None if at == len(reached) - 1 else float(order.edges[at])
    return _Near(edge, test, reached[at], more)


def _advice(near: _Near, settings: ReviewSettings) -> str:
    """Say how near a class comes to the promise, and what would help."""
    test = near.test
    if not test.seen:
        return "no proposal of it was seen yet"
    where = "" if near.edge is None else f" from {least_score(near.edge):.3f} up"
    found = f"{test.wrong:,} wrong" if test.wrong else "all right" if test.seen > 1 else "it is right"
    supports = f"that supports {100 * np.floor(1000 * near.reached) / 1000:.1f} %"
    said = f"{plural(test.seen, 'proposal')} seen{where}, {found}: {supports}"
    if near.more is None:
        return f"{said}; promise less, or let a better model propose"
    return f"{said}; review {near.more:,} more there: if they are right, that makes {100 * settings.promise:g} %"
