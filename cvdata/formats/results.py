"""COCO result lists: what a model found, as `[{"image_id", "category_id", "bbox", "score"}, ...]`.

Rules: results format of cocodataset.org and `COCO.loadRes` of pycocotools. A list is no dataset: its ids are those of a
truth, so it is read against one. It is read without doubt or refused as a whole; nothing is put aside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from ..dataset import Annotations, Dataset
from ..dataset.concat import concat_annotations
from ..errors import FormatError, Place
from ._json import BadGuess, JsonFile, Span, decode_array, elements, split_array
from ._results_names import Names
from ._results_rows import read_rows
from ._results_table import make_table

__all__ = ["looks_like_results", "read_results"]

_WINDOW = 1 << 16
_PIECE = 1 << 22
"""Bytes that are decoded at once: a file of a million results never is in memory as a million objects."""

_SPACE = b" \t\r\n"
_LIST_OF_OBJECTS = re.compile(rb"[ \t\r\n]*\[[ \t\r\n]*\{")
_EMPTY_LIST = re.compile(rb"[ \t\r\n]*\[[ \t\r\n]*\][ \t\r\n]*")


def looks_like_results(path: Path) -> bool:
    """Tell whether a file is a list of results, by its beginning and end; never raises."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            head = file.read(_WINDOW)
            file.seek(max(len(head), size - _WINDOW))
            tail = file.read()
    except OSError:
        return False
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head, tail = head.replace(b"\0", b""), tail.replace(b"\0", b"")
    head = head.lstrip(b"\xef\xbb\xbf\xff\xfe")
    if _EMPTY_LIST.fullmatch(head) and not tail:
        return True
    return bool(_LIST_OF_OBJECTS.match(head)) and b'"image_id"' in head + tail


def read_results(path: Path, truth: Dataset, clashes: Mapping[int | str, str] | None = None) -> Dataset:
    """Read a COCO result list onto the pictures and classes of a truth.

    See `_results_names.Names` for what ids mean where the truth has none. Its pictures are those that the list names.

    Args:
        clashes: ids that mean no one picture, with a clause that says why; see `other_versions`.

    Raises:
        FormatError: the file is no list of results, or one of them is not usable; the message names the first.
    """
    document = JsonFile(path)
    array = _array(document)
    names = Names(truth, clashes)
    try:
        parts = _read(document, split_array(document, array, _PIECE), names)
    except BadGuess:
        try:
            cuts = split_array(document, array, _PIECE, exact=True)
            _refuse_more(document, array, cuts)
            parts = _read(document, cuts, names)
        except BadGuess:
            _name_what_is_broken(document, array)
    names.refuse_two_ways(document.shown)
    return _dataset(parts, truth)


def _array(document: JsonFile) -> Span:
    """Return where the list lies; that it is one list is proved by decoding it."""
    head = document.read(document.start, document.start + _WINDOW)
    start = document.start + len(head) - len(head.lstrip(_SPACE))
    tail = document.read(max(start, document.size - _WINDOW), document.size)
    end = document.size - len(tail) + len(tail.rstrip(_SPACE))
    if head.strip(_SPACE)[:1] != b"[":
        raise FormatError(
            "is not a list of results",
            at=Place(document.shown),
            hint='results are [{"image_id": 1, "category_id": 1, "bbox": [x, y, width, height], "score": 0.9}, ...]',
        )
    if tail.rstrip(_SPACE)[-1:] != b"]" or end - start < 2:
        document.fail("ends in the middle", document.size)
    return Span(start, end)


def _read(document: JsonFile, cuts: list[Span], names: Names) -> list[Annotations]:
    parts, first = [], 0
    for cut in cuts:
        rows = read_rows(document.read(cut.start, cut.end), document.shown, first)
        parts.append(make_table(rows, names, document.shown, first))
        first += len(rows)
    return parts


def _refuse_more(document: JsonFile, array: Span, cuts: list[Span]) -> None:
    """Refuse a file that goes on behind its list."""
    start = cuts[-1].end if cuts else array.start + 1
    rest = document.read(start, array.end)
    if rest.strip(_SPACE) != b"]":
        document.fail("is not JSON from here on", start + len(rest) - len(rest.lstrip(_SPACE)))


def _name_what_is_broken(document: JsonFile, array: Span) -> NoReturn:
    """Refuse a file whose brackets are right where something between them is not."""
    for span in elements(document, array):
        try:
            decode_array(document.read(span.start, span.end))
        except BadGuess:
            document.fail("is not JSON here", span.start)
    document.fail("is not a JSON list")


def _dataset(parts: list[Annotations], truth: Dataset) -> Dataset:
    """Put the results on the pictures that they name."""
    table = concat_annotations(parts) if parts else _nothing()
    if (np.diff(table.image) < 0).any():
        table = table.take(np.argsort(table.image, kind="stable"))
    used = np.bincount(table.image, minlength=len(truth.images)) > 0
    rows = (np.cumsum(used) - 1).astype(np.int32)
    images = truth.images if used.all() else truth.images.take(np.flatnonzero(used))
    return Dataset(images=images, annotations=replace(table, image=rows[table.image]), categories=truth.categories)


def _nothing() -> Annotations:
    nothing = np.zeros(0)
    return Annotations(
        image=nothing.astype(np.int32), category=nothing.astype(np.int32), box=np.zeros((0, 4)), score=nothing
    )
