"""Where coordinates begin: VOC counts pixels from 1 with the last one included, many tools write edges from 0.

The choice is made once for a dataset, from what its files show, and is always reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._voc_page import Mark
from ._voc_pages import Pages
from .intake import Intake

__all__ = ["decide_origin", "to_boxes"]


def decide_origin(asked: str, pages: Pages, intake: Intake) -> int:
    """Return 0 or 1: as asked, else by the evidence."""
    origin, why = (int(asked), "as asked") if asked in ("0", "1") else _judge(pages)
    meaning = "0-based edges" if origin == 0 else "1-based pixels, the last one included"
    intake.note("voc-origin", f"coordinates taken as {meaning}: {why}")
    return origin


def _judge(pages: Pages) -> tuple[int, str]:
    marks = np.array([mark for _, _, mark in pages.fact_table], np.int32)[pages.facts]
    good = len(pages.filenames) - len(pages.bad_files)
    said = int((marks == Mark.FROM_ZERO).sum())
    unknown = int((marks == Mark.UNKNOWN_DATABASE).sum())
    zeros = int((pages.corners[:, :2] == 0).any(axis=1).sum())
    boxes = len(pages.corners)
    if said * 2 > good:
        return 0, f"{said:,} of {good:,} files say so (source/origin)"
    if zeros:
        return 0, f"{zeros:,} of {boxes:,} boxes begin at 0"
    if unknown * 2 > good:
        return 0, (
            f"{unknown:,} of {good:,} files have the database 'Unknown', as labelImg and CVAT write, "
            f"which do not shift coordinates; none of {boxes:,} boxes begins at 0 "
            "(cvdata convert --voc-origin 1 for pixels from 1)"
        )
    return 1, (
        f"VOC's own rule; none of {boxes:,} boxes begins at 0, and {unknown:,} of {good:,} files "
        "have the database 'Unknown' (cvdata convert --voc-origin 0 for edges from 0)"
    )


def to_boxes(corners: NDArray[np.float64], origin: int) -> NDArray[np.float64]:
    """Turn xmin, ymin, xmax, ymax, shape (n, 4), into x, y, width, height in pixels from 0.

    A box whose corners are the wrong way round keeps a side below 0, whatever the origin.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        sides = corners[:, 2:] - corners[:, :2]
        # Inclusive pixels: the one from 5 to 5 is 1 wide; but 5.5 to 5.2 is the wrong way round, not 0.7 wide.
        sides += np.where(sides < 0, 0, origin)
        return np.concatenate([corners[:, :2] - origin, sides], axis=1)
