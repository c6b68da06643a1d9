"""Write what a segmenter found: a folder of label maps with the list of classes, as other tools read them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..files import Staging, output_names
from ..reports.palette import class_colour, rgb

__all__ = ["CLASSES", "MapFolder", "encode_map"]

CLASSES = "_classes.csv"
"""List of classes beside the maps, in Roboflow's form: `Pixel Value, Class`."""


class MapFolder:
    """A folder of label maps that is being written.

    Attributes:
        files: name of the map of each picture, by row.
        renamed: pictures whose map has another name than they, but for its suffix.
    """

    def __init__(self, staging: Staging, names: Sequence[str], classes: Sequence[str]) -> None:
        """Write the list of classes.

        Args:
            names: of all pictures, `/`-separated.
        """
        self._staging = staging
        free = output_names(names, stems=True)
        self.files = tuple(f"{os.path.splitext(name)[0]}.png" for name in free)
        self.renamed = {old: file for old, new, file in zip(names, free, self.files, strict=True) if old != new}
        self._palette = [channel for row in range(len(classes)) for channel in rgb(class_colour(row))]
        table = io.StringIO()
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(["Pixel Value", "Class"])
        writer.writerows(enumerate(classes))
        staging.write(CLASSES, table.getvalue().encode("utf-8", "backslashreplace"))

    def write(self, rows: Iterable[int], maps: Sequence[NDArray[np.uint8]]) -> None:
        """Write the maps of some pictures."""
        for row, one in zip(rows, maps, strict=True):
            self._staging.write(self.files[row], encode_map(one, self._palette))


def encode_map(values: NDArray[np.uint8], palette: Sequence[int]) -> bytes:
    """Return a PNG whose pixels are the values themselves, with colours for people to look at.

    Args:
        palette: red, green and blue of each value, one after the other.
    """
    image = Image.fromarray(values)
    image.putpalette(list(palette))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
