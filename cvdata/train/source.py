"""What a training reads: a dataset, and for segmenters the map of classes of each picture."""

from __future__ import annotations

from dataclasses import dataclass

from ..dataset import Dataset
from ..files import Finding

__all__ = ["PixelMaps", "Source"]


@dataclass(frozen=True, slots=True, eq=False)
class PixelMaps:
    """The label map of each picture of a dataset.

    Attributes:
        files: absolute path of each picture's map, by row of the dataset; None where it has none.
        values: class row of each value that may stand in a map, as `read_map` gives it; others are void.
        by_colour, numbered: how `read_map` is to read them.
    """

    files: tuple[str | None, ...]
    values: dict[int, int]
    by_colour: bool = False
    numbered: bool = True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Source:
    """A dataset with what is known of where it came from.

    Attributes:
        dataset: pictures, labels and classes; with `maps` the classes are those of the pixels.
        maps: for segmenters whose labels are maps; None where outlines or masks of objects are painted instead.
        path: as it was given; `images_path`: folder of the pictures, where that was given.
        format: of the labels; `version`: of a cvdata dataset.
        findings: what the reader has to say, what it put aside among it.
    """

    dataset: Dataset
    maps: PixelMaps | None = None
    path: str = ""
    images_path: str | None = None
    format: str = ""
    version: str | None = None
    findings: tuple[Finding, ...] = ()
