"""Rows of YOLO label files as columns, a batch of files at a time.

A batch is one run of C functions: every line is split, every token becomes a float. Only a file with a character or a
number that does not belong there is read line by line, to say which.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["BadRow", "LabelBatch", "LabelRows", "Table", "count_rows", "load_rows", "parse_labels", "table_of"]

_LARGEST = 1 << 26
_ALLOWED = b"0123456789+-.eE \t\n"


@dataclass(frozen=True)
class LabelBatch:
    """Label files to read.

    Attributes:
        root: absolute folder; `files`: names below it.
        classes: number of classes.
        keypoints: number of keypoints and of values for each, or None.
    """

    root: str
    files: list[str]
    classes: int
    keypoints: tuple[int, int] | None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, part: slice) -> LabelBatch:
        return LabelBatch(self.root, self.files[part], self.classes, self.keypoints)


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used: file (its place in the batch), line from 1, and what is wrong."""

    file: int
    line: int
    found: str
    expected: str


@dataclass(frozen=True)
class LabelRows:
    """What a batch of label files says.

    Attributes:
        counts: int64, shape (files,): rows that are not blank, good and bad.
        unreadable: why a file cannot be read at all, by its place in the batch.
        file, line, category: int32, shape (rows,), of the good rows in the order of the files.
        values: float64, all numbers of the good rows after the class; `widths`: int64, how many each row has.
        repeats: int64, good rows that say what an earlier row of their file says.
        bad: rows that cannot be used, in order.
    """

    counts: NDArray[np.int64]
    unreadable: dict[int, str]
    file: NDArray[np.int32]
    line: NDArray[np.int32]
    category: NDArray[np.int32]
    values: NDArray[np.float64]
    widths: NDArray[np.int64]
    repeats: NDArray[np.int64]
    bad: list[BadRow]

    def moved(self, file: int, row: int) -> LabelRows:
        """Return the same with files and rows numbered from the given ones on."""
        return replace(
            self,
            unreadable={at + file: why for at, why in self.unreadable.items()},
            file=self.file + np.int32(file),
            repeats=self.repeats + row,
            bad=[replace(bad, file=bad.file + file) for bad in self.bad],
        )


@dataclass(frozen=True)
class Table:
    """Lines as numbers: file and line of each that is not blank, how many numbers it has, and all numbers."""

    file: NDArray[np.int64]
    line: NDArray[np.int64]
    widths: NDArray[np.int64]
    numbers: NDArray[np.float64]


def parse_labels(batch: LabelBatch) -> LabelRows:
    """Read a batch of label files; runs in a worker."""
    texts: list[bytes] = []
    unreadable: dict[int, str] = {}
    for row, name in enumerate(batch.files):
        text = load_rows(f"{batch.root}/{name}")
        if isinstance(text, str):
            unreadable[row] = text
            text = b""
        texts.append(text)
    table, bad = table_of(texts)
    return _judge(table, batch, unreadable, bad)


def table_of(texts: Sequence[bytes]) -> tuple[Table, list[BadRow]]:
    """Turn the texts of files into numbers; rows that are none are left out and named."""
    bad: list[BadRow] = []
    table = _numbers(texts)
    if table is None:
        table = _join([_numbers([text], row) or _line_by_line(text, row, bad) for row, text in enumerate(texts)])
    return table, bad


def count_rows(path: str) -> int:
    """Return how many rows a label file has that are not blank; 0 where it cannot be read."""
    text = load_rows(path)
    return 0 if isinstance(text, str) else sum(1 for line in text.split(b"\n") if line.strip())


def load_rows(path: str) -> bytes | str:
    """Return the text of a label file with plain line ends, or why it cannot be read."""
    try:
        # Not `open`: its buffer and its checks cost as much as reading 500 bytes.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            data = os.read(descriptor, 1 << 16)
            while len(data) >= 1 << 16 and len(data) <= _LARGEST and (more := os.read(descriptor, 1 << 24)):
                data += more
        finally:
            os.close(descriptor)
    except OSError as error:
        return f"a label file that cannot be read ({error.strerror})"
    if len(data) > _LARGEST:
        return "a label file of more than 64 MiB"
    if not data.isascii():
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            data.decode()
        except UnicodeDecodeError:
            return "a label file that is not text"
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data


def _numbers(texts: Sequence[bytes], first: int = 0) -> Table | None:
    """Turn whole files into numbers, or return None where a character or a number does not belong there."""
    if not texts:
        return _join([])
    whole = b"\n".join(texts)
    if whole.translate(None, _ALLOWED):
        return None
    try:
        numbers = np.array(list(map(float, whole.split())), np.float64)
    except ValueError:
        return None
    if not np.isfinite(numbers).all():
        return None
    lines = whole.split(b"\n")
    widths = np.fromiter(map(len, map(bytes.split, lines)), np.int64, len(lines))
    per_file = np.fromiter((text.count(b"\n") + 1 for text in texts), np.int64, len(texts))
    rows = np.flatnonzero(widths)
    file = np.repeat(np.arange(len(texts)), per_file)[rows]
    line = rows - (np.cumsum(per_file) - per_file)[file] + 1
    return Table(file + first, line, widths[rows], numbers)


def _line_by_line(text: bytes, file: int, bad: list[BadRow]) -> Table:
    parts = []
    for number, line in enumerate(text.split(b"\n"), 1):
        if not line.strip():
            continue
        part = _numbers([line], file)
        if part is None:
            bad.append(BadRow(file, number, _what_is_wrong(line), "a class and numbers from 0 to 1, between blanks"))
        else:
            parts.append(Table(part.file, np.full(1, number), part.widths, part.numbers))
    return _join(parts)


def _what_is_wrong(line: bytes) -> str:
    if b"\0" in line:
        return "a row with NUL bytes"
    if line.translate(None, _ALLOWED):
        return "a row with more than numbers"
    return "a row with something that is not a finite number"


def _join(parts: Sequence[Table]) -> Table:
    whole = np.zeros(0, np.int64)
    return Table(
        np.concatenate([whole, *(part.file for part in parts)]),
        np.concatenate([whole, *(part.line for part in parts)]),
        np.concatenate([whole, *(part.widths for part in parts)]),
        np.concatenate([np.zeros(0), *(part.numbers for part in parts)]),
    )


def _judge(table: Table, batch: LabelBatch, unreadable: dict[int, str], bad: list[BadRow]) -> LabelRows:
    """Keep the rows that can be used, and say of the others what is wrong."""
    counts = np.bincount(table.file, minlength=len(batch))
    for row in bad:
        counts[row.file] += 1
    heads = np.cumsum(table.widths) - table.widths
    label = table.numbers[heads]
    good_width = _fits(table.widths, batch.keypoints)
    good_class = (label == np.floor(label)) & (label >= 0) & (label < batch.classes)
    good = good_width & good_class
    good[good] = _visibility_fits(table, heads, batch.keypoints, good)[good]
    for row in np.flatnonzero(~good).tolist():
        found, expected = _row_problem(int(table.widths[row]), float(label[row]), bool(good_width[row]), batch)
        bad.append(BadRow(int(table.file[row]), int(table.line[row]), found, expected))
    bad.sort(key=lambda row: (row.file, row.line))
    inner = np.repeat(good, table.widths)
    inner[heads] = False
    rows = np.flatnonzero(good)
    values, widths = table.numbers[inner], table.widths[rows] - 1
    file = table.file[rows].astype(np.int32)
    category = label[rows].astype(np.int32)
    repeats = _repeats(file, category, values, widths)
    line = table.line[rows].astype(np.int32)
    return LabelRows(counts, unreadable, file, line, category, values, widths, repeats, bad)


def _fits(widths: NDArray[np.int64], keypoints: tuple[int, int] | None) -> NDArray[np.bool_]:
    if keypoints is not None:
        return np.asarray((widths == 5) | (widths == 5 + keypoints[0] * keypoints[1]))
    return np.asarray((widths == 5) | ((widths >= 7) & (widths % 2 == 1)))


def _visibility_fits(
    table: Table, heads: NDArray[np.int64], keypoints: tuple[int, int] | None, good: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    fits = np.ones(len(heads), np.bool_)
    if keypoints is not None and keypoints[1] == 3:
        rows = np.flatnonzero(good & (table.widths > 5))
        seen = table.numbers[heads[rows, None] + 7 + 3 * np.arange(keypoints[0])]
        fits[rows] = np.isin(seen, (0, 1, 2)).all(axis=1)
    return fits


def _row_problem(width: int, label: float, good_width: bool, batch: LabelBatch) -> tuple[str, str]:
    if not good_width:
        columns = "1 column" if width == 1 else f"{width} columns"
        if batch.keypoints is not None:
            points, each = batch.keypoints
            return columns, f"5, or {5 + points * each} with {points} keypoints of {each} values (kpt_shape)"
        if width == 6:
            return "6 columns: a prediction with a score, or a damaged polygon", "5 columns"
        return columns, "5 columns for a box, or a class and at least 3 points"
    if not (label == np.floor(label) and 0 <= label < batch.classes):
        return f"class {label:g}", f"a whole number from 0 to {batch.classes - 1}"
    return "a keypoint whose visibility is not 0, 1 or 2", "0, 1 or 2 as every third value"


def _repeats(
    file: NDArray[np.int32], category: NDArray[np.int32], values: NDArray[np.float64], widths: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the rows whose file, class and numbers stood in an earlier row, by a 64-bit hash of each row."""
    if not len(file):
        return np.zeros(0, np.int64)
    heads = np.cumsum(widths) - widths
    place = (np.arange(len(values)) - np.repeat(heads, widths)).astype(np.uint64)
    key = np.add.reduceat(_mixed((values + 0.0).view(np.uint64) + _mixed(place)), heads)
    key += _mixed((file.astype(np.uint64) << np.uint64(32)) + category.astype(np.uint64))
    order = np.argsort(key, kind="stable")
    same = np.flatnonzero(key[order][1:] == key[order][:-1]) + 1
    return np.sort(order[same])


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 64 bits over 64 bits (the last steps of SplitMix64): equal fractions differ in few bits otherwise."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(value ^ (value >> np.uint64(31)))
