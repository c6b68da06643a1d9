"""What a diagnosis rests on: the figures of a run on both sides, and how its curves move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ...models.run_folder import Epoch
from ..settings import TrainSettings
from .facts import Facts
from .history import best_epoch, loss_curve, metric_curve

__all__ = ["FALLING", "GAINING", "Evidence", "Jump", "Parting", "Rise"]

_QUARTER = 4
"""Trends are read off the last quarter of the epochs: before it a schedule has not brought the rate down."""


class Jump(NamedTuple):
    """A leap of the training loss from one epoch to the next."""

    epoch: int
    factor: float


class Parting(NamedTuple):
    """Where training and validation part: since the best epoch the training loss alone got better."""

    epoch: int
    before: float
    last: float


class Rise(NamedTuple):
    """The validation loss, up since its least while the training loss went on falling."""

    since: int
    least: float
    last: float

    @property
    def share(self) -> float:
        """How much of the least value was added."""
        return self.last / self.least - 1


@dataclass(frozen=True)
class Evidence:
    """A run, as its figures show it.

    Attributes:
        metric: figure by which epochs are compared, from 0 to 1.
        value: of the best weights on the validation pictures; `train_value`: on training pictures, not augmented.
    """

    history: Sequence[Epoch]
    metric: str
    value: float | None
    train_value: float | None
    facts: Facts
    settings: TrainSettings

    @property
    def gap(self) -> float | None:
        """How much better it is on the training pictures; None where one side is not defined."""
        return None if self.value is None or self.train_value is None else self.train_value - self.value

    @property
    def gap_share(self) -> float:
        """The gap as a share of the figure on the training pictures: the same for AP, accuracy and mIoU."""
        return self.gap / self.train_value if self.gap is not None and self.train_value else 0.0

    @property
    def gap_may_be_chance(self) -> bool:
        """Whether other validation pictures could have given the figure of the training pictures."""
        high = None if self.facts.interval is None else self.facts.interval[1]
        return high is not None and self.train_value is not None and self.train_value <= high + _EVEN

    @cached_property
    def curve(self) -> list[tuple[int, float]]:
        """The metric over the epochs that were validated."""
        return metric_curve(self.history, self.metric).known

    @cached_property
    def best(self) -> Epoch | None:
        """The best epoch."""
        return best_epoch(self.history)

    @cached_property
    def gain(self) -> float:
        """How much the metric rose in the last quarter of the epochs, as a share of what it is."""
        later, earlier = _ends(self.curve, self.history)
        return (max(later) - max(earlier)) / max(later) if later and earlier and max(later) > 0 else 0.0

    @cached_property
    def fall(self) -> float:
        """How much the training loss fell in the last quarter of the epochs, as a share of what it was before."""
        later, earlier = _ends(loss_curve(self.history, "").known, self.history)
        before = min(earlier, default=0.0)
        return (before - min(later)) / before if later and before > 0 else 0.0

    @property
    def still_learns(self) -> bool:
        """Whether the metric or the training loss still got better in the last quarter of the epochs."""
        return self.fall >= FALLING or self.gain >= GAINING

    @property
    def is_short(self) -> bool:
        """Whether there are too few epochs to tell how a run would have gone on."""
        return len(self.history) < _LEAST_EPOCHS

    @cached_property
    def jumps(self) -> list[Jump]:
        """Leaps of the training loss; those of a loss that is nearly gone are noise."""
        known = loss_curve(self.history, "").known
        noise = _NOISE * abs(known[0][1]) if known else 0.0
        pairs = pairwise(known)
        return [
            Jump(epoch, after / before)
            for (_, before), (epoch, after) in pairs
            if before > 0 and before * _JUMP <= after and after - before > noise
        ]

    @cached_property
    def parting(self) -> Parting | None:
        """The training loss at the best epoch and at the end, if it fell much while the metric got no better."""
        train, best = dict(loss_curve(self.history, "").known), self.best
        if best is None or best.epoch not in train or len(self.history) - best.epoch < _LEAST_EPOCHS:
            return None
        before, last = train[best.epoch], train[max(train)]
        return Parting(best.epoch, before, last) if before > 0 and last <= _HALF * before else None

    @cached_property
    def rise(self) -> Rise | None:
        """The validation loss, if it rises while the training loss falls."""
        val, train = loss_curve(self.history, "", val=True).known, dict(loss_curve(self.history, "").known)
        if len(val) < _LEAST_EPOCHS:
            return None
        since, least = min(val, key=lambda point: point[1])
        after = [value for epoch, value in val if epoch > since][-3:]
        if len(after) < 3:
            return None
        last = sorted(after)[1]  # the median: one bad epoch is no rise
        falls = since in train and min(value for epoch, value in train.items() if epoch >= since) < train[since]
        return Rise(since, least, last) if falls and least > 0 and last >= least * (1 + _RISE) else None


FALLING = 0.03
"""A loss that fell by so much in the last quarter of the epochs has not come to its end."""

GAINING = 0.03
"""A metric that rose by so much of itself in the last quarter has not, either."""

_EVEN = 0.01
"""No interval of few pictures ends at 1, which training pictures easily reach: so much apart is even."""

_JUMP = 1.3
"""A mean over an epoch that is so many times that of the one before: chance alone moves it by a few per cent."""

_NOISE = 0.05
"""Leaps smaller than this share of the first loss change nothing."""

_HALF = 0.5
"""Of the training loss: so much was learnt since the best epoch, and none of it helped."""

_RISE = 0.1
"""Validation losses scatter by some per cent from epoch to epoch."""

_LEAST_EPOCHS = 4
"""Of fewer epochs, or validations, nothing can be said about the way they go."""


def _ends(known: Sequence[tuple[int, float]], history: Sequence[Epoch]) -> tuple[list[float], list[float]]:
    """Return the values of the last quarter of the epochs, and those before it; none where there are too few."""
    if len(known) < _LEAST_EPOCHS:
        return [], []
    border = history[-1].epoch - max(1, len(history) // _QUARTER)
    return [y for x, y in known if x > border], [y for x, y in known if x <= border]
