"""Rows of YOLO label files as Ultralytics sees them: one bad row, and the whole picture is left out.

Rules are those of `verify_image_label` in ultralytics/data/utils.py, release 8.4; what older ones do differently is
said in the findings. A batch of files is judged at once; only files that are not plainly good are read row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["RowBatch", "RowVerdict", "judge_rows"]

Reason = Literal["mixed", "columns", "range", "class", "unreadable"]

_ALLOWED = b"0123456789+-.eE \t\n"
_MOST = 1.01  # of a side: coordinates may be 1 % outside
_LEAST = -0.01


@dataclass(frozen=True)
class RowBatch:
    """Label files to judge.

    Attributes:
        files: absolute paths.
        classes: number of classes.
        keypoints: number of keypoints and values for each, or None for boxes and outlines.
    """

    files: list[str]
    classes: int
    keypoints: tuple[int, int] | None

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, part: slice) -> RowBatch:
        return RowBatch(self.files[part], self.classes, self.keypoints)


@dataclass(frozen=True)
class RowVerdict:
    """What the trainer makes of a label file.

    Attributes:
        missing: there is no such file, so the picture is background.
        reason: why its picture is left out with all labels, or None; `line` and `what` say where and what.
        rows: rows that are used, duplicates left out.
        outlines: whether they are taken for outlines.
        repeats: rows that are removed as duplicates; `repeat_line` is the first of them.
        thin: outlines of fewer than 3 points.
    """

    missing: bool = False
    reason: Reason | None = None
    line: int | None = None
    what: str = ""
    rows: int = 0
    outlines: bool = False
    repeats: int = 0
    repeat_line: int | None = None
    thin: int = 0


_MISSING = RowVerdict(missing=True)


def judge_rows(batch: RowBatch) -> list[RowVerdict]:
    """Judge a batch of label files; runs in a worker."""
    texts = [_load(path) for path in batch.files]
    there = [row for row, text in enumerate(texts) if text is not None]
    verdicts: list[RowVerdict] = [_MISSING] * len(texts)
    known = [texts[row] or b"" for row in there]
    plain = _plainly_good(known, batch)
    for at, row in enumerate(there):
        verdicts[row] = plain[at] or _judge(known[at], batch)
    return verdicts


def _load(path: str) -> bytes | None:
    try:
        with open(path, "rb", buffering=0) as file:
            data = file.readall()
    except OSError:
        return None
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def _plainly_good(texts: Sequence[bytes], batch: RowBatch) -> list[RowVerdict | None]:
    """Return verdicts of the files that are good beyond doubt; None for the others."""
    none: list[RowVerdict | None] = [None] * len(texts)
    if not texts:
        return none
    whole = b"\n".join(texts)
    if batch.keypoints is not None or whole.translate(None, _ALLOWED):
        return none if len(texts) < 2 else [_plainly_good([text], batch)[0] for text in texts]
    try:
        numbers = np.array(list(map(float, whole.split())), np.float64)
    except ValueError:
        return none if len(texts) < 2 else [_plainly_good([text], batch)[0] for text in texts]
    lines = whole.split(b"\n")
    widths = np.fromiter(map(len, map(bytes.split, lines)), np.int64, len(lines))
    per_file = np.fromiter((text.count(b"\n") + 1 for text in texts), np.int64, len(texts))
    file = np.repeat(np.arange(len(texts)), per_file)[widths > 0]
    widths = widths[widths > 0]
    heads = np.cumsum(widths) - widths
    label = numbers[heads]
    good = (label == np.floor(label)) & (label >= 0) & (label < batch.classes)
    good &= (widths == 5) | ((widths >= 7) & (widths % 2 == 1))
    inner = (numbers >= 0) & (numbers <= 1)
    inner[heads] = True
    if len(heads):
        good &= np.logical_and.reduceat(inner, heads)
    rows = np.bincount(file, minlength=len(texts))
    boxes = np.bincount(file[widths == 5], minlength=len(texts))
    doubtful = np.bincount(file[~good], minlength=len(texts)) > 0
    doubtful |= (boxes > 0) & (boxes < rows)
    doubtful[file[_repeated(file, numbers, heads, widths)]] = True
    return [
        None if doubt else RowVerdict(rows=count, outlines=count > 0 and box == 0)
        for doubt, count, box in zip(doubtful.tolist(), rows.tolist(), boxes.tolist(), strict=True)
    ]


def _repeated(
    file: NDArray[np.int64], numbers: NDArray[np.float64], heads: NDArray[np.int64], widths: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return rows that may say what another row of their file says, as 32-bit numbers, by a hash of each row."""
    if not len(heads):
        return heads
    place = (np.arange(len(numbers)) - np.repeat(heads, widths)).astype(np.uint64)
    bits = numbers.astype(np.float32).view(np.uint32).astype(np.uint64)
    key = np.add.reduceat(_mixed(bits + (place << np.uint64(32))), heads)
    key += _mixed(file.astype(np.uint64))
    order = np.argsort(key, kind="stable")
    return np.asarray(order[1:][key[order][1:] == key[order][:-1]])


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread 64 bits over 64 bits: the last steps of SplitMix64."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(value ^ (value >> np.uint64(31)))


@dataclass(frozen=True)
class _Line:
    number: int
    tokens: list[str]


def _judge(data: bytes, batch: RowBatch) -> RowVerdict:
    """Judge one file row by row."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return RowVerdict(reason="unreadable", what="it is not UTF-8")
    lines = [_Line(number, line.split()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if not lines:
        return RowVerdict()
    outlines = batch.keypoints is None and any(len(line.tokens) > 6 for line in lines)
    wrong = _wrong_columns(lines, outlines, batch)
    if wrong is not None:
        return wrong
    rows = []
    for line in lines:
        try:
            rows.append(np.array(list(map(float, line.tokens)), np.float32))
        except ValueError:
            return RowVerdict(reason="unreadable", line=line.number, what="a row with something that is no number")
    table = np.stack([_as_box(row) for row in rows]) if outlines else np.stack(rows)
    wrong = _wrong_values(lines, table, batch)
    return wrong if wrong is not None else _used(lines, rows, outlines)


def _wrong_columns(lines: Sequence[_Line], outlines: bool, batch: RowBatch) -> RowVerdict | None:
    widths = [len(line.tokens) for line in lines]
    if outlines:
        boxes = [line for line in lines if len(line.tokens) == 5]
        if boxes:
            others = len(lines) - len(boxes)
            found = f"rows that are boxes: {len(boxes):,}, outlines: {others:,}"
            return RowVerdict(reason="mixed", line=boxes[0].number, what=found)
        wrong = [line for line in lines if len(line.tokens) % 2 == 0 or len(line.tokens) < 3]
        expected = "a class and pairs of numbers"
    else:
        count = 5 if batch.keypoints is None else 5 + batch.keypoints[0] * batch.keypoints[1]
        wrong = [line for line, width in zip(lines, widths, strict=True) if width != count]
        expected = f"{count}"
    if not wrong:
        return None
    columns = len(wrong[0].tokens)
    found = f"{columns} column{'s' if columns > 1 else ''}, expected {expected}"
    return RowVerdict(reason="columns", line=wrong[0].number, what=found)


def _as_box(row: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return class, centre and size of an outline, as `segments2boxes` makes them."""
    points = row[1:].reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    return np.concatenate([row[:1], (low + high) / 2, high - low])


def _wrong_values(lines: Sequence[_Line], table: NDArray[np.float32], batch: RowBatch) -> RowVerdict | None:
    if batch.keypoints is None:
        points, sizes = table[:, 1:], table[:, 3:5]
    else:
        points = table[:, 5:].reshape(len(table), batch.keypoints[0], -1)[:, :, :2].reshape(len(table), -1)
        sizes = table[:, 3:5]
    # Written so that a NaN, which is in no order with anything, is bad.
    good = (points <= _MOST).all(axis=1) & (table >= _LEAST).all(axis=1)
    bad = np.asarray(~(good & ((table >= 0).all(axis=1) | (sizes >= 0).all(axis=1))))
    row = int(bad.argmax())
    if bad[row]:
        values = points[row][~((points[row] >= _LEAST) & (points[row] <= _MOST))]
        found = f"{values[0]:.6g}" if len(values) else f"{table[row].min():.6g}"
        found += ", expected 0 to 1 (1 % more is let pass)"
        return RowVerdict(reason="range", line=lines[row].number, what=found)
    label = table[:, 0]
    bad = np.asarray((label % 1 != 0) | (label >= batch.classes))
    row = int(bad.argmax())
    if bad[row]:
        found = f"class {label[row]:g}, expected a whole number from 0 to {batch.classes - 1}"
        return RowVerdict(reason="class", line=lines[row].number, what=found)
    return None


def _used(lines: Sequence[_Line], rows: Sequence[NDArray[np.float32]], outlines: bool) -> RowVerdict:
    seen: set[bytes] = set()
    repeats = []
    for line, row in zip(lines, rows, strict=True):
        said = (row + 0.0).tobytes()
        if said in seen:
            repeats.append(line.number)
        seen.add(said)
    thin = sum(len(row) < 7 for row in rows) if outlines else 0
    return RowVerdict(
        rows=len(rows) - len(repeats),
        outlines=outlines,
        repeats=len(repeats),
        repeat_line=repeats[0] if repeats else None,
        thin=thin,
    )
