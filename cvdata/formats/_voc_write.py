"""Write a dataset as VOC: names, lists of splits, and the batches that workers turn into files."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, Images, Ragged
from ..engine import batch_size
from ..files import output_names
from ..images import stem_of
from ._voc_files import Columns, XmlText, write_batch
from ._voc_page import FOLDER
from ._voc_sets import MAIN, UNASSIGNED
from ._voc_text import is_legal, leaf, unwritable_keys
from .outlet import LabelFiles, Outlet

__all__ = ["write_dataset"]

_BATCH = 1000  # pictures


def write_dataset(dataset: Dataset, outlet: Outlet, origin: int, *, decimals: bool) -> None:
    """Write files, pictures and lists below `outlet.staging.path`."""
    images = dataset.images
    targets = output_names(images.names, stems=True)
    outlet.renamed.update((old, new) for old, new in zip(images.names, targets, strict=True) if old != new)
    stems = [stem_of(target) for target in targets]
    _count_unwritable(dataset, outlet)
    classes = _class_names(dataset.categories.names, outlet)
    names = [leaf("name", name, b"\t\t") for name in classes]
    whole = _columns(dataset, Columns(outlet.staging.path, names, origin, decimals), stems, targets)
    folders = {stem.rpartition("/")[0] for stem in stems}
    outlet.staging.make_folders({"Annotations", *(f"Annotations/{folder}" for folder in folders if folder)})
    outlet.progress.start("writing labels", len(stems))
    step = batch_size(len(stems), outlet.engine.workers, _BATCH)
    outlet.write_batches(write_batch, (whole[at : at + step] for at in range(0, len(stems), step)))
    outlet.place_pictures(images, [f"{FOLDER}/{target}" for target in targets])
    splits = _write_splits(images, stems, outlet)
    files = tuple(f"Annotations/{stem}.xml" for stem in stems)
    outlet.labels = LabelFiles(tuple(targets), files, splits, tuple(classes))


def _columns(dataset: Dataset, shared: Columns, stems: list[str], targets: list[str]) -> XmlText:
    images, table = dataset.images, dataset.annotations
    return XmlText(
        shared,
        stems,
        [target.rpartition("/")[2] for target in targets],
        np.stack([images.width, images.height], axis=1),
        None if images.extra is None else images.extra.to_bytes(),
        dataset.offsets,
        lead_codes(dataset),
        table.box,
        None if table.extra is None else table.extra.to_bytes(),
    )


def lead_codes(dataset: Dataset) -> NDArray[np.int64]:
    """Return class and flags of each annotation in one number: class, then two bits for each flag.

    Bits of a flag: 0 to leave the element out, 1 for 0, 2 for 1. VOC's own files always have truncated and difficult.
    """
    table = dataset.annotations
    codes = table.category.astype(np.int64)
    for column, usual in ((table.truncated, 1), (table.difficult, 1), (table.occluded, 0)):
        codes = codes * 4 + (usual if column is None else column.astype(np.int64) + 1)
    return codes


def _class_names(names: tuple[str, ...], outlet: Outlet) -> list[str]:
    """Return names that XML can hold, still unique."""
    taken = {name for name in names if is_legal(name)}
    result = []
    for name in names:
        text = name
        if not is_legal(name):
            base = "".join(char if is_legal(char) else "\ufffd" for char in name)
            text, number = base, 1
            while text in taken:
                number += 1
                text = f"{base}-{number}"
            taken.add(text)
            outlet.lose("class names with characters that XML cannot hold", "replaced by U+FFFD", 1)
        result.append(text)
    return result


def _count_unwritable(dataset: Dataset, outlet: Outlet) -> None:
    """Count attributes that no element can name; the rest of them is written one way or the other."""
    for column in (dataset.annotations.extra, dataset.images.extra):
        if column is not None and _may_be_unwritable(column):
            rows: list[dict[str, Any]] = [msgspec.json.decode(row) for row in column.to_bytes() if row]
            lost = sum(map(unwritable_keys, rows))
            outlet.lose("attributes whose names XML cannot hold", "left out", lost)


def _may_be_unwritable(column: Ragged) -> bool:
    """Tell quickly whether any text has an empty name or an escaped or a non-character."""
    raw = column.values.tobytes()
    return b'""' in raw or b"\\u" in raw or b"\\b" in raw or b"\\f" in raw or b"\xef\xbf" in raw


def _write_splits(images: Images, stems: list[str], outlet: Outlet) -> tuple[str | None, ...]:
    """Write a list per split, and one of the pictures in none; without it reading would leave these out.

    Return the name of each split as its list has it.
    """
    called: list[str | None] = [None] * len(images.splits)
    used = np.unique(images.split[images.split >= 0]).tolist()
    if not used:
        return tuple(called)
    names = [images.splits[row] for row in used]
    safe = [name.replace("/", "_") for name in names]
    safe = [f"{name}_" if name.lower() == UNASSIGNED or name.startswith("#") else name for name in safe]
    files = output_names([f"{name}.txt" for name in safe]) if len(set(safe)) == len(safe) else _numbered(safe)
    outlet.lose("names of splits", "changed", sum(f"{n}.txt" != file for n, file in zip(names, files, strict=True)))
    order = images.split.tolist()
    members: dict[int, list[str]] = {row: [] for row in (*used, -1)}
    for stem, split in zip(stems, order, strict=True):
        members[split].append(stem)
    for row, file in zip(used, files, strict=True):
        outlet.staging.write(f"{MAIN}/{file}", _lines(members[row]))
        called[row] = file.removesuffix(".txt")
    if members[-1]:
        outlet.staging.write(f"{MAIN}/{UNASSIGNED}.txt", _lines(members[-1]))
    if {"train", "val"} <= set(names) and "trainval.txt" not in files:
        both = {images.splits.index("train"), images.splits.index("val")}
        wanted = [stem for stem, split in zip(stems, order, strict=True) if split in both]
        outlet.staging.write(f"{MAIN}/trainval.txt", _lines(wanted))
    return tuple(called)


def _numbered(names: list[str]) -> list[str]:
    return [f"{name}-{row}.txt" for row, name in enumerate(names)]


def _lines(stems: list[str]) -> bytes:
    return "".join(f"{stem}\n" for stem in stems).encode()
