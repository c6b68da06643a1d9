"""The numbers of a dataset for a spreadsheet: a row per picture and class in it, ready for a pivot table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np

from ..dataset import Dataset, State
from ..errors import show
from . import measures

__all__ = ["HEADERS", "cell", "stats_csv"]

HEADERS = (
    "picture", "split", "state", "width", "height", "class", "labels", "small", "medium", "large", "share_of_picture",
)  # fmt: skip

_STATES = {State.UNLABELLED: "not labelled", State.EMPTY: "empty", State.LABELLED: "labelled"}

# What Excel, LibreOffice and Google Sheets take for the start of a formula (CWE-1236, OWASP "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(text: str) -> str:
    """Return text that no spreadsheet runs: a formula gets an apostrophe before it, controls become visible."""
    return f"'{show(text, 32_000)}" if text.startswith(_FORMULA) else show(text, 32_000)


def stats_csv(dataset: Dataset) -> bytes:
    """Return the table as CSV: columns `HEADERS`, a row per picture and class in it.

    A picture without labels has one row, its class empty and its labels 0. Small, medium and large are COCO's sizes;
    the share is the sum of the areas of the boxes over that of the picture. Where a name is not ASCII the file begins
    with a byte order mark, because Excel takes it for another encoding otherwise.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(HEADERS)
    writer.writerows(_rows(dataset))
    text = out.getvalue()
    return text.encode("ascii" if text.isascii() else "utf-8-sig")


def _rows(dataset: Dataset) -> Iterator[tuple[str | int, ...]]:
    images = dataset.images
    names = [cell(name) for name in images.names]
    splits = [*map(cell, images.splits), ""]
    classes = [cell(name) for name in dataset.categories.names]
    states = [_STATES[State(value)] for value in range(3)]
    about = list(
        zip(
            names,
            [splits[row] for row in images.split.tolist()],
            [states[value] for value in images.state.tolist()],
            [width or "" for width in images.width.tolist()],
            [height or "" for height in images.height.tolist()],
            strict=True,
        )
    )
    pairs = measures.pairs_of(dataset)
    columns = [pairs.category.tolist(), pairs.count.tolist(), *measures.sizes_by_pair(dataset).tolist()]
    numbers = list(zip(*columns, _shares(dataset), strict=True))
    first = np.searchsorted(pairs.image, np.arange(len(images) + 1)).tolist()
    for row, picture in enumerate(about):
        if first[row] == first[row + 1]:
            yield (*picture, "", 0, 0, 0, 0, "")
        for category, *counts, share in numbers[first[row] : first[row + 1]]:
            yield (*picture, classes[category], *counts, share)


def _shares(dataset: Dataset) -> list[str]:
    """Return what the boxes of each class cover of each picture, with six decimals; empty where that is unknown."""
    shares = measures.shares_by_pair(dataset).tolist()
    return ["" if share != share else f"{share:.6f}" for share in shares]
