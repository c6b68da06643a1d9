"""Validation: what a network finds in each epoch, held against the labels by `cvdata.evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...evaluate.pixels.arrays import meetings_of
from ...models.columns import to_columns
from ...models.spec import ModelSpec
from ..data.painting import VOID
from ..data.part import Part
from ..data.reading import read_pixels
from .figures import figures_of, metric_of
from .seen import Seen, in_order

if TYPE_CHECKING:
    from torch import Tensor

    from ...models.batch import Found
    from ...models.networks.network import Network
    from ...models.run_folder import Epoch

__all__ = ["Validation"]


class Validation:
    """Judges a network by what it finds in the pictures of a part of a dataset.

    Attributes:
        metric: the figure that decides which epoch is best; more of it is better.
    """

    def __init__(
        self,
        part: Part,
        spec: ModelSpec,
        *,
        each_map: Callable[[int, NDArray[np.uint8]], None] | None = None,
        epoch_done: Callable[[Sequence[Epoch], Network], None] | None = None,
    ) -> None:
        """Begin.

        Args:
            each_map: segmenters: gets the row of each picture and its map of classes, which nobody keeps.
            epoch_done: what the first process does after each epoch, such as drawing its curves.
        """
        self.metric = metric_of(spec)
        self._part, self._spec = part, spec
        self._each_map, self._epoch_done = each_map, epoch_done
        self._seen: list[Seen] = []

    def start(self) -> None:
        """Forget what was seen: a new epoch begins."""
        self._seen = []

    def add(self, found: Found, rows: Tensor) -> None:
        """Take in what was found in a batch.

        Args:
            rows: int64, shape (n,), row of each picture in the part.
        """
        at = rows.detach().cpu().numpy().astype(np.int64)
        images = self._part.dataset.images
        columns = to_columns(found, images.width[at], images.height[at], self._spec)
        if columns.maps is None:
            self._seen.append(Seen(at, columns))
            return
        meetings = []
        for row, values in zip(at.tolist(), columns.maps, strict=True):
            truth = read_pixels(self._part, row)
            if truth is None:
                truth = np.full_like(values, VOID)
            meetings.append(meetings_of(truth, values, name=images.names[row]))
            if self._each_map is not None:
                self._each_map(row, values)
        self._seen.append(Seen(at, replace(columns, maps=None), meetings))

    def parts(self) -> list[Seen]:
        """Return what this process saw, to be sent to the first one."""
        return self._seen

    def metrics(self, parts: Sequence[object]) -> dict[str, float | None]:
        """Return the figures of all pictures, `metric` first; None for those that are not defined.

        Args:
            parts: what `parts` gave in each process.
        """
        return figures_of(self._part.dataset, self._spec, self.all_seen(parts))

    def all_seen(self, parts: Sequence[object] | None = None) -> Seen:
        """Return what all processes saw, in the order of the pictures; without `parts` what this one did."""
        lists = [self._seen] if parts is None else parts
        seen = [one for part in lists if isinstance(part, list) for one in part if isinstance(one, Seen)]
        return in_order(seen, len(self._part.dataset.images))

    def epoch_done(self, history: Sequence[Epoch], network: Network) -> None:
        """Do what is to be done after an epoch; in the first process only."""
        if self._epoch_done is not None:
            self._epoch_done(history, network)
