"""What the loop asks of whoever judges a network: figures of the validation pictures, and drawings."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ...models.batch import Found
from ...models.networks.network import Network
from ...models.run_folder import Epoch

__all__ = ["Judge"]


class Judge(Protocol):
    """Judges what a network finds in the validation pictures.

    Attributes:
        metric: name of the figure that tells which epoch is best; bigger is better.
    """

    metric: str

    def start(self) -> None:
        """Forget what was kept; a validation begins."""

    def add(self, found: Found, rows: Tensor) -> None:
        """Keep what was found in the pictures of these rows, as NumPy columns; on every rank, for its share."""

    def parts(self) -> object:
        """Return what this rank kept; it can be pickled."""

    def metrics(self, parts: list[object]) -> dict[str, float | None]:
        """Return the figures, from what all ranks kept; on the first rank only. None for what is not defined."""

    def epoch_done(self, history: list[Epoch], network: Network) -> None:
        """Draw curves and samples after an epoch, with the weights that were validated; on the first rank only."""
