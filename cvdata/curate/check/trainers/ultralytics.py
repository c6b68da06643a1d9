"""What Ultralytics would make of a dataset: rules of release 8.4, with their functions named; older ones in findings.

`verify_image_label` and `check_image` (ultralytics/data/utils.py) drop a whole picture for one bad row, rewrite JPEGs
without an end mark, and take a picture without a label file for background; `YOLODataset.verify_labels`
(ultralytics/data/dataset.py) refuses boxes among outlines; `BaseDataset` (ultralytics/data/base.py) prefers .npy files.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np

from ....dataset import Images
from ....engine import batch_size
from ....images import measure
from ..findings import Hit, Spot
from .case import Case
from .layout import ALLOWED, TrainerLayout, lay_out
from .pictures import EndBatch, PictureEnd, read_ends
from .rows import RowBatch, RowVerdict, judge_rows

__all__ = ["ultralytics_hits"]

_SMALLEST = 10
_MOST_FILES = 2000
_YOLO = ("yolo", "yolo-seg", "yolo-pose", "yolo-obb")

_REASONS = {
    "mixed": "ultralytics-mixed-rows",
    "columns": "ultralytics-columns",
    "range": "ultralytics-range",
    "class": "ultralytics-class",
    "unreadable": "ultralytics-unreadable-labels",
}


def ultralytics_hits(case: Case) -> list[Hit]:
    """Say what Ultralytics would make of a dataset."""
    layout = lay_out(case.source) if case.format in _YOLO else None
    if layout is None:
        return _after_conversion(case)
    hits = dict(layout.hits)
    paths = list(dict.fromkeys(path for found in layout.pictures.values() for path in found))
    verdicts = dict(zip(paths, _judged(paths, layout, case), strict=True))
    bad = _pictures(paths, layout, case, hits)
    for path in paths:
        if path not in bad:
            _labels(path, verdicts[path], layout, hits)
    for split, found in layout.pictures.items():
        _split(split, [verdicts[path] for path in found if path not in bad], layout, hits)
    for path in layout.passed_over:
        _say(hits, "ultralytics-suffix", layout.shown(path), "a suffix that is not taken", picture=True)
    _caches(layout, hits)
    return _under_names(list(hits.values()), layout, case)


def _rows_by_path(images: Images) -> dict[str, int]:
    """Return the rows of the pictures that are there by their path, links resolved as the trainer resolves them."""
    real = [os.path.realpath(folder) for folder in images.folders]
    names = images.names if images.files is None else images.files
    there = np.flatnonzero(images.folder >= 0).tolist()
    return {f"{real[images.folder[row]]}{os.sep}{names[row].replace('/', os.sep)}": row for row in there}


def _under_names(hits: list[Hit], layout: TrainerLayout, case: Case) -> list[Hit]:
    """Give pictures the names that they have in the dataset, so that they can be selected by them."""
    names = case.dataset.images.names
    name_of = {layout.shown(path): names[row] for path, row in _rows_by_path(case.dataset.images).items()}
    for hit in hits:
        hit.images = [name_of.get(image, image) for image in hit.images]
        hit.spots = [
            spot if spot.image is None else msgspec.structs.replace(spot, image=name_of.get(spot.image, spot.image))
            for spot in hit.spots
        ]
    return hits


def _say(hits: dict[str, Hit], code: str, file: str, what: str, line: int | None = None, picture: bool = False) -> None:
    image = file if picture else None
    hits.setdefault(code, Hit(code)).add(Spot(what=what, file=file, line=line, image=image))


def _judged(paths: Sequence[str], layout: TrainerLayout, case: Case) -> Iterable[RowVerdict]:
    files = [layout.label_of(path) for path in paths]
    case.progress.start("reading labels as Ultralytics does", len(files))
    step = batch_size(len(files), case.engine.workers, _MOST_FILES, 100)
    batches = (
        RowBatch(files[first : first + step], layout.classes, layout.keypoints) for first in range(0, len(files), step)
    )
    for part in case.engine.map(judge_rows, batches, progress=case.progress):
        yield from part


def _labels(path: str, verdict: RowVerdict, layout: TrainerLayout, hits: dict[str, Hit]) -> None:
    """Say what becomes of the labels of one picture."""
    file = layout.shown(layout.label_of(path))
    if verdict.reason is not None:
        _say(hits, _REASONS[verdict.reason], file, verdict.what, verdict.line)
        hits[_REASONS[verdict.reason]].images.append(layout.shown(path))
    if verdict.repeats:
        _say(hits, "ultralytics-duplicates", file, f"{verdict.repeats} removed", verdict.repeat_line)
        hits["ultralytics-duplicates"].count += verdict.repeats - 1
    if verdict.thin:
        _say(hits, "ultralytics-thin-outline", file, f"{verdict.thin} of them")
        hits["ultralytics-thin-outline"].count += verdict.thin - 1
    if verdict.missing:
        _say(hits, "ultralytics-background", layout.shown(path), f"no {file}", picture=True)


def _split(split: str, verdicts: Sequence[RowVerdict], layout: TrainerLayout, hits: dict[str, Hit]) -> None:
    """Say what is wrong with a split as a whole."""
    if verdicts and all(verdict.missing for verdict in verdicts):
        first = layout.pictures[split][0]
        what = f"{split}: {len(verdicts):,} pictures, the first is {layout.shown(first)}"
        _say(hits, "ultralytics-no-labels", layout.shown(layout.label_of(first)), f"not there ({what})")
    good = [verdict for verdict in verdicts if verdict.reason is None]
    outlines = sum(verdict.rows for verdict in good if verdict.outlines)
    boxes = sum(verdict.rows for verdict in good if not verdict.outlines)
    if outlines and boxes and layout.keypoints is None:
        what = f"{split}: {boxes:,} boxes in {sum(v.rows > 0 and not v.outlines for v in good):,} files, "
        what += f"{outlines:,} outlines in {sum(v.outlines for v in good):,}"
        _say(hits, "ultralytics-boxes-and-outlines", layout.file, what)


def _pictures(paths: Sequence[str], layout: TrainerLayout, case: Case, hits: dict[str, Hit]) -> set[str]:
    """Say which pictures are left out or rewritten; return the ones that are left out."""
    ends = _ends(paths, case)
    sizes, problems = _sizes(paths, case, ends)
    bad: set[str] = set()
    for at, path in enumerate(paths):
        name, (width, height) = layout.shown(path), sizes[at]
        end = ends[at] if ends else PictureEnd("", False, False)
        if at in problems:
            bad.add(path)
            _say(hits, "ultralytics-unreadable-picture", name, problems[at], picture=True)
        elif 0 < min(width, height) < _SMALLEST:
            bad.add(path)
            _say(hits, "ultralytics-small-picture", name, f"{width} x {height} pixels", picture=True)
        elif end.kind and end.kind not in ALLOWED:
            bad.add(path)
            _say(hits, "ultralytics-suffix", name, f"a {end.kind.upper()} by its content", picture=True)
        elif end.cut:
            _say(hits, "ultralytics-rewrites-jpeg", name, "does not end with FF D9", picture=True)
        if end.npy:
            _say(hits, "ultralytics-npy", name, "a .npy file of the same name lies beside it", picture=True)
    return bad


def _sizes(
    paths: Sequence[str], case: Case, ends: Sequence[PictureEnd]
) -> tuple[list[tuple[int, int]], dict[int, str]]:
    """Return the size of each picture, 0 where not known, and what keeps the trainer from opening some."""
    images = case.dataset.images
    row_of = _rows_by_path(images)
    source = images if case.pictures is None else case.pictures
    rows = [row_of.get(path, -1) for path in paths]
    sizes = [(int(source.width[row]), int(source.height[row])) if row >= 0 else (0, 0) for row in rows]
    if case.pictures is None:
        return sizes, {}
    # It decodes only JPEGs without an end mark; what else is damaged it finds when it trains.
    broken = case.pictures.problems
    problems = {
        at: broken[row] for at, row in enumerate(rows) if row in broken and (ends[at].cut or ends[at].kind != "jpeg")
    }
    aside = [at for at, row in enumerate(rows) if row < 0]  # in quarantine, for what is in the labels or the picture
    found = measure([paths[at] for at in aside], case.engine, decode=False, progress=case.progress)
    problems |= {aside[at]: problem for at, problem in found.problems.items()}
    for place, at in enumerate(aside):
        sizes[at] = (int(found.width[place]), int(found.height[place]))
    return sizes, problems


def _ends(paths: Sequence[str], case: Case) -> list[PictureEnd]:
    """Read the first and last bytes of every picture, unless none may be opened."""
    if case.pictures is None:
        return []
    step = batch_size(len(paths), case.engine.workers, _MOST_FILES, 200)
    batches = (EndBatch(list(paths[first : first + step])) for first in range(0, len(paths), step))
    return [end for part in case.engine.map(read_ends, batches) for end in part]


def _caches(layout: TrainerLayout, hits: dict[str, Hit]) -> None:
    """Find label caches: `labels.cache` beside the folder of the first label file of each split."""
    for found in layout.pictures.values():
        folder = os.path.dirname(layout.label_of(found[0]))
        cache = os.path.splitext(folder)[0] + ".cache"
        if os.path.isfile(cache):
            _say(hits, "ultralytics-cache", layout.shown(cache), "a cache of labels")


def _after_conversion(case: Case) -> list[Hit]:
    """Say what it would make of the dataset once that is YOLO."""
    outlines = case.dataset.annotations.polygons
    to = "yolo-seg" if outlines is not None and (outlines.ring_counts > 0).any() else "yolo"
    hits = {"trainer-other-format": case.other_format("Ultralytics", to)}
    images, table = case.dataset.images, case.dataset.annotations
    layout = TrainerLayout(os.path.realpath(images.folders[0]) if len(images.folders) == 1 else "", "")
    taken = []
    for path in _rows_by_path(images):
        if path.rpartition(".")[2].lower() in ALLOWED:
            taken.append(path)
        else:
            _say(hits, "ultralytics-suffix", layout.shown(path), "a suffix that is not taken", picture=True)
    _pictures(taken, layout, case, hits)
    if table.crowd is not None:
        crowds = case.rows.hit("ultralytics-crowd", np.flatnonzero(table.crowd), lambda _: "a crowd region")
        hits |= {hit.code: hit for hit in crowds}
    return _under_names(list(hits.values()), layout, case)
