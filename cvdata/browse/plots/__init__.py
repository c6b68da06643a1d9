"""What the panels of FiftyOne show besides pictures: an evaluation, embeddings, heat maps."""

from .add import add_plots
from .heat import packed_map

__all__ = ["add_plots", "packed_map"]
