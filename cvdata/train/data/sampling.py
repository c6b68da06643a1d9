"""Which pictures make which batch: the same in every run, whatever workers and processes share the work."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...curate.balance.count import Census
from ...curate.balance.repeat import default_threshold, repeat_factors
from ...errors import TrainingError, UsageError
from .counting import shown_on
from .part import Part

__all__ = ["Batches", "Draw", "InOrder", "Shuffled", "draw_seed", "repeats_of"]

_MOST_REPEATS = 10
"""How often an epoch shows a picture at most, however rare its classes are."""

_MULTIPLE = 32
"""Sides of pictures are multiples of it, since networks halve them five times."""


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """The pictures of one batch, or of one process's share of it.

    Attributes:
        epoch: from 0.
        rows: int64, shape (n,), of the pictures; `turns`: int64, how often each was there in the epoch before.
        size: height and width in which the network sees them; None for its own.
    """

    epoch: int
    rows: NDArray[np.int64]
    turns: NDArray[np.int64]
    size: tuple[int, int] | None = None


def draw_seed(seed: int, epoch: int, row: int, turn: int) -> int:
    """Return the seed of all that chance decides of a picture in an epoch, of 64 bits."""
    return int(np.random.SeedSequence((seed, epoch, row, turn)).generate_state(1, np.uint64)[0])


class Batches(ABC):
    """Batches of an epoch, of which each of several processes gets its share: what torch calls a batch sampler."""

    def __init__(self, bounds: NDArray[np.int64], rank: int, world: int) -> None:
        """Begin.

        Args:
            bounds: int64, where each batch begins in the order of the epoch, and the end of the last.
            rank: which of `world` processes this is.
        """
        self.epoch = 0
        self._bounds, self._rank, self.world = bounds, rank, world

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        # A process whose share of the last batch is empty does without it.
        return int((np.diff(self._bounds) > self._rank).sum())

    def __iter__(self) -> Iterator[Draw]:
        rows, turns = self._order()
        for number in range(len(self)):
            share = slice(int(self._bounds[number]) + self._rank, int(self._bounds[number + 1]), self.world)
            yield Draw(self.epoch, rows[share], turns[share], self._size(number))

    @abstractmethod
    def _order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pictures of the epoch in order, and how often each was there before."""

    def _size(self, number: int) -> tuple[int, int] | None:  # noqa: ARG002 - for those that draw one
        return None


class InOrder(Batches):
    """Every picture once, in order."""

    def __init__(self, pictures: int, batch: int, *, rank: int = 0, world: int = 1) -> None:
        self._pictures = pictures
        super().__init__(np.append(np.arange(0, pictures, batch), pictures), rank, world)

    def _order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.arange(self._pictures), np.zeros(self._pictures, np.int64)


class Shuffled(Batches):
    """Pictures in an order of each epoch's own; some more often, where classes are to be evened out."""

    def __init__(
        self,
        pictures: int,
        batch: int,
        seed: int,
        *,
        rank: int = 0,
        world: int = 1,
        factors: NDArray[np.float64] | None = None,
        sizes: tuple[tuple[int, int], float] | None = None,
    ) -> None:
        """Begin.

        Args:
            batch: pictures of one step, over all processes.
            factors: float64, shape (pictures,), how often to draw each an epoch, on average.
            sizes: height and width of the network, and the share by which batches may differ from it.

        Raises:
            UsageError: some process would get no picture of a batch.
            TrainingError: there are fewer pictures than processes.
        """
        if batch < world:
            raise UsageError(f"--batch {batch} is less than a picture for each of {world} processes")
        if pictures < world:
            raise TrainingError(f"{pictures} pictures are fewer than {world} processes", hint="use fewer devices")
        self._pictures, self._seed, self._factors, self._sizes = pictures, seed, factors, sizes
        draws = pictures if factors is None else round(float(factors.sum()))
        super().__init__(_bounds(draws, batch, world), rank, world)

    def _order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rng = np.random.default_rng((self._seed, self.epoch))
        order = rng.permutation(self._pictures)
        if self._factors is None:
            return order, np.zeros(len(order), np.int64)
        times = _times(self._factors[order], int(self._bounds[-1]), float(rng.random()))
        rows = np.repeat(order, times)
        turns = np.arange(len(rows)) - np.repeat(np.cumsum(times) - times, times)
        mixed = rng.permutation(len(rows))
        return rows[mixed], turns[mixed]

    def _size(self, number: int) -> tuple[int, int] | None:
        if self._sizes is None:
            return None
        (height, width), share = self._sizes
        factor = np.random.default_rng((self._seed, self.epoch, number)).uniform(1 - share, 1 + share)
        return _rounded(height * factor), _rounded(width * factor)


def _bounds(draws: int, batch: int, world: int) -> NDArray[np.int64]:
    """Return where batches begin and end: of the given size, the last one of what is left.

    One that would leave a process without a picture, or consist of one picture, of which batch normalisation learns
    nothing, is joined to the one before.
    """
    bounds = np.append(np.arange(0, draws, batch), draws)
    least = max(2, world)
    return np.delete(bounds, -2) if len(bounds) > 2 and batch > 1 and bounds[-1] - bounds[-2] < least else bounds


def _times(factors: NDArray[np.float64], draws: int, start: float) -> NDArray[np.int64]:
    """Turn factors into whole numbers of a given sum, int64: 2.3 becomes 3 in three epochs of ten.

    Systematic sampling: marks at equal distances, from a random start, along all factors laid end to end (W. G. Madow
    and L. H. Madow, On the theory of systematic sampling, 1944).
    """
    ends = np.cumsum(factors) * (draws / factors.sum())
    marks = np.floor(ends + start).astype(np.int64)
    marks[-1] = draws
    return np.asarray(np.diff(np.minimum(marks, draws), prepend=0))


def _rounded(side: float) -> int:
    return max(_MULTIPLE, int(side / _MULTIPLE + 0.5) * _MULTIPLE)


def repeats_of(part: Part, classes: int) -> NDArray[np.float64]:
    """Return how often to draw each picture an epoch, so that rare classes are seen more often.

    LVIS's rule, as `cvdata balance` has it; the share below which a class is rare is that of the average class.
    """
    shown = shown_on(part, classes)
    pictures = len(part)
    census = Census(np.arange(pictures), shown.image, shown.category, shown.count, classes, np.zeros(pictures))
    return repeat_factors(census, default_threshold(census), _MOST_REPEATS)
