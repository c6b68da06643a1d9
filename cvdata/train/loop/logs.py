"""The figures of a run for other programs: a table, and events for TensorBoard."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...models.run_folder import Epoch
from ..folder import RunFolder

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["Logs"]

_TABLE = "logs/metrics.csv"


class Logs:
    """Writes logs/ of a run folder after each epoch; on the first rank only."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._events: SummaryWriter | None = None

    def write(self, history: Sequence[Epoch]) -> None:
        """Write the table anew, and the events of the last epoch.

        Raises:
            OutputError: the disk refused.
        """
        if not self._folder.writes:
            return
        self.write_table(history)
        events = self._writer(history[-1].epoch)
        for name, value in _figures_of(history[-1]).items():
            if value is not None:
                events.add_scalar(name, value, history[-1].epoch)
        events.flush()

    def write_table(self, history: Sequence[Epoch]) -> None:
        """Write the table anew.

        Raises:
            OutputError: the disk refused.
        """
        self._folder.write(_TABLE, _table_of(history))

    def close(self) -> None:
        """Write what waits."""
        if self._events is not None:
            self._events.close()

    def _writer(self, epoch: int) -> SummaryWriter:
        # Only now: its thread would stand in the way of forking workers.
        if self._events is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what TensorBoard imports is no business of the user's
                from torch.utils.tensorboard import SummaryWriter

            # What an earlier process wrote of this epoch before it was killed is void.
            self._events = SummaryWriter(str(self._folder.path / "logs"), purge_step=epoch)
        return self._events


def _figures_of(epoch: Epoch) -> dict[str, float | None]:
    """Return the figures of an epoch by name, as TensorBoard groups them."""
    return {
        "rate": epoch.rate,
        "images_per_s": epoch.images_per_s,
        **{f"train/{name}": value for name, value in epoch.losses.items()},
        **{f"val/{name}": value for name, value in epoch.val_losses.items()},
        **{f"metrics/{name}": value for name, value in epoch.metrics.items()},
    }


def _table_of(history: Sequence[Epoch]) -> bytes:
    """Return the figures of all epochs as CSV, an empty cell for what is not defined."""
    rows = [{"epoch": epoch.epoch, "step": epoch.step, **_figures_of(epoch)} for epoch in history]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, columns, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode("utf-8")
