"""What is drawn after every epoch: the curves, and the same few validation pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...models.run_folder import Epoch
from ...models.spec import ModelSpec
from ...models.torch_predictor import find_with
from ..data.part import Part
from ..data.reading import read_picture
from ..folder import RunFolder
from .curves import draw_curves
from .samples import choose_samples, draw_samples, place_samples

if TYPE_CHECKING:
    from ...models.networks.network import Network

__all__ = ["Drawing"]


class Drawing:
    """Draws a run while it goes on."""

    def __init__(self, val: Part, spec: ModelSpec, metric: str, folder: RunFolder) -> None:
        """Choose the pictures to draw.

        Args:
            val: the validation pictures.
            metric: the figure that decides which epoch is best.
        """
        self._val, self._spec, self._metric, self._folder = val, spec, metric, folder
        self._rows = choose_samples(val, spec.task)

    def epoch_done(self, history: Sequence[Epoch], network: Network) -> None:
        """Draw the curves, and what the network finds now; a network in evaluation mode.

        Raises:
            OutputError: the disk refused.
        """
        if not self._folder.writes:
            return
        name = self._folder.path.name
        self._folder.write("curves.png", draw_curves(history, metric=self._metric, name=name))
        if not len(self._rows) or not history[-1].metrics:
            return
        columns = find_with(network, [read_picture(self._val, row) for row in self._rows.tolist()])
        value = history[-1].metrics.get(self._metric)
        title = f"{name}, epoch {history[-1].epoch:,}"
        said = "" if value is None else f"{self._metric} {value:.3f}"
        picture = draw_samples(self._val, columns, self._rows, self._spec, title=title, subtitle=said)
        place_samples(self._folder, history, picture)
