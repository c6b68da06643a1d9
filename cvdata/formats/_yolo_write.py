"""The one writer of the YOLO family: pictures, label files and a data.yaml, of one kind of row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, State
from ..engine import batch_size
from ..files import output_names
from ._yolo_batch import Kind, LabelBatch, write_labels
from ._yolo_finder import label_of
from ._yolo_layout import UNASSIGNED, unique_names
from ._yolo_refuse import keypoint_count
from ._yolo_source import split_name
from ._yolo_text import is_plain, yaml_value
from ._yolo_unlabelled import UNLABELLED, list_of
from .outlet import LabelFiles, Outlet

__all__ = ["write_yolo"]

_MOST_PICTURES = 1000
_KEYS = frozenset({"download", "flip_idx", "kpt_shape", "names", "nc", "path", "stand_in", "task", UNASSIGNED})


def write_yolo(dataset: Dataset, outlet: Outlet, kind: Kind, decimals: int) -> None:
    """Write a dataset with one kind of row.

    Without a key `path`, trainers take the folders from where data.yaml lies, so the output can be moved.
    """
    keys = _split_keys(dataset, outlet)
    targets = _targets(dataset, keys, outlet)
    outlet.place_pictures(dataset.images, targets)
    files = [label_of(target) for target in targets]
    outlet.labels = _label_files(dataset, keys, targets, files)
    points = keypoint_count(dataset) if kind == "pose" else 0
    _write_labels(dataset, files, outlet, LabelBatch.frame(outlet.staging.path, kind, decimals, points))
    _write_unlabelled(dataset, targets, outlet)
    outlet.staging.write("data.yaml", _description(dataset, keys, kind, points).encode())


@dataclass(frozen=True)
class _Keys:
    """How splits are called in data.yaml, row by row of `Images.splits`; and below `images/`, their folders.

    Attributes:
        none_made: no picture is in a split.
        unassigned: some pictures are in none, though others are.
    """

    names: list[str]
    folders: list[str]
    none_made: bool
    unassigned: bool


def _split_keys(dataset: Dataset, outlet: Outlet) -> _Keys:
    images = dataset.images
    used = np.bincount(images.split[images.split >= 0], minlength=len(images.splits)) > 0
    names = []
    for split in images.splits:
        name = split
        if split in ("valid", "validation") and "val" not in images.splits and "val" not in names:
            name = "val"
        while name in _KEYS or split_name(name) != name or (name != split and name in images.splits) or name in names:
            name = f"{name}-split"
        if name != split:
            outlet.lose(f"the split name '{split}'", f"called '{name}'", 1)
        names.append(name)
    folders = output_names([name.replace("/", "_").replace("\\", "_") for name in names])
    return _Keys(names, folders, not used.any(), bool(used.any() and (images.split < 0).any()))


def _targets(dataset: Dataset, keys: _Keys, outlet: Outlet) -> list[str]:
    """Return where each picture goes, below the output, and take note of names that change."""
    images = dataset.images
    if keys.none_made:
        below = output_names(list(images.names), stems=True)
        _note_renamed(images.names, below, outlet)
        return [f"images/{name}" for name in below]
    split = images.split.tolist()
    below = _short_names(images.names, split, keys)
    folders = [UNASSIGNED if row < 0 else keys.folders[row] for row in split]
    wanted = list(below)
    for folder in dict.fromkeys(folders):
        rows = [row for row, other in enumerate(folders) if other == folder]
        for row, name in zip(rows, output_names([below[row] for row in rows], stems=True), strict=True):
            wanted[row] = name
    _note_renamed(below, wanted, outlet, images.names)
    return [f"images/{folder}/{name}" for folder, name in zip(folders, wanted, strict=True)]


def _short_names(names: Sequence[str], split: list[int], keys: _Keys) -> list[str]:
    """Drop the split in front of a name (`train/a.jpg` in train) where reading puts it there again."""
    called = [None if row < 0 else keys.names[row] for row in split]
    short = [name if key is None else name.removeprefix(f"{key}/") for name, key in zip(names, called, strict=True)]
    if unique_names(short, called, list(names)) == list(names) and _distinct(short, split):
        return short
    return list(names)


def _distinct(names: list[str], split: list[int]) -> bool:
    return max(Counter(zip(names, split, strict=True)).values(), default=1) == 1


def _note_renamed(
    before: Sequence[str], after: Sequence[str], outlet: Outlet, names: Sequence[str] | None = None
) -> None:
    for old, new, name in zip(before, after, before if names is None else names, strict=True):
        if old != new:
            outlet.renamed[name] = new


def _label_files(dataset: Dataset, keys: _Keys, targets: list[str], files: list[str]) -> LabelFiles:
    """Say what reading will find where: names of pictures are their paths below the folder of their split."""
    called = [split_name(name) for name in keys.names]
    depth = 1 if keys.none_made else 2
    below = [target.split("/", depth)[depth] for target in targets]
    splits = [None if row < 0 else called[row] for row in dataset.images.split.tolist()]
    return LabelFiles(
        names=tuple(unique_names(below, splits, targets)),
        files=tuple(files),
        splits=tuple(called),
        classes=dataset.categories.names,
        numbered=True,
    )


def _write_labels(dataset: Dataset, files: list[str], outlet: Outlet, frame: LabelBatch) -> None:
    """Write a file for every picture; where nothing is in it, and where nobody looked, an empty one."""
    outlet.staging.make_folders({file.rpartition("/")[0] for file in files})
    outlet.progress.start("writing labels", len(files))
    joined = moved = 0
    batches = _batches(dataset, files, frame, outlet.engine.workers)
    for written in outlet.engine.map(write_labels, batches, progress=outlet.progress):
        outlet.staging.record(written.entries)
        joined += written.joined
        moved += written.moved
    outlet.lose("outlines of several rings", "rings joined by bridges", joined)
    if frame.kind == "obb":
        outlet.lose("rotated boxes that leave their picture", "corners moved to its edge, one by one", moved)
    else:
        outlet.lose("keypoints outside their picture", "moved to its edge", moved)
    if frame.kind == "segment":
        masks, outlined = dataset.annotations.has("masks"), dataset.annotations.has("polygons")
        what = "masks (run lengths)"  # as the ledger calls them, which only knows that they are gone
        outlet.lose(what, "outlines along the edges of their pixels", int((masks & ~outlined).sum()))
        outlet.lose(what, "left out; the polygons are kept", int((masks & outlined).sum()))


def _write_unlabelled(dataset: Dataset, targets: list[str], outlet: Outlet) -> None:
    unlabelled = (np.diff(dataset.offsets) == 0) & (dataset.images.state != State.EMPTY)
    if unlabelled.any():
        rows: NDArray[np.int64] = np.flatnonzero(unlabelled)
        outlet.staging.write(UNLABELLED, list_of([targets[row] for row in rows.tolist()]))


def _batches(dataset: Dataset, files: list[str], frame: LabelBatch, workers: int) -> Iterator[LabelBatch]:
    """Cut the annotations into batches, only with the columns that the rows are made of."""
    table = dataset.annotations
    needed = {"polygons", "masks"} if frame.kind == "segment" else {"keypoints"} if frame.kind == "pose" else set()
    columns = {name: getattr(table, name) for name in sorted(needed | ({"rotated"} if frame.kind == "obb" else set()))}
    slim = Annotations(image=table.image, category=table.category, box=table.box, **columns)
    step = batch_size(len(files), workers, _MOST_PICTURES)
    for first in range(0, len(files), step):
        chosen = np.arange(first, min(first + step, len(files)))
        yield frame.of(
            files[first : first + step], slim, dataset.offsets, chosen, dataset.images.width, dataset.images.height
        )


_NO_SPLIT = "# No split was made: train and val are the same pictures. `cvdata split` makes one.\n"


def _description(dataset: Dataset, keys: _Keys, kind: Kind, points: int) -> str:
    lines = [_split_lines(dataset, keys)]
    lines.append(f"task: {kind}\nnc: {len(dataset.categories)}\n")
    if dataset.categories.names:
        names = (f"  {row}: {yaml_value(name)}\n" for row, name in enumerate(dataset.categories.names))
        lines.append("names:\n" + "".join(names))
    else:
        lines.append("names: {}\n")
    meta = dataset.meta.get("yolo")
    kept = dict(meta) if isinstance(meta, dict) else {}
    if kind == "pose":
        lines.append(f"kpt_shape: [{points}, 3]\n")
        flip = kept.get("flip_idx")
        if is_plain(flip) and isinstance(flip, list) and len(flip) == points:
            lines.append(f"flip_idx: {yaml_value(flip)}\n")
    for key, value in kept.items():
        if key not in _KEYS and key not in keys.names and is_plain(value) and is_plain(key):
            lines.append(f"{yaml_value(key)}: {yaml_value(value)}\n")
    return "".join(lines)


def _split_lines(dataset: Dataset, keys: _Keys) -> str:
    if keys.none_made:
        return f"{_NO_SPLIT}train: images\nval: images\n"
    used = np.bincount(dataset.images.split[dataset.images.split >= 0], minlength=len(keys.names)) > 0
    folders = {
        name: f"images/{folder}" for name, folder, use in zip(keys.names, keys.folders, used, strict=True) if use
    }
    if keys.unassigned:
        folders[UNASSIGNED] = f"images/{UNASSIGNED}"
    missing = [name for name in ("train", "val") if name not in folders]
    first = next((folders[name] for name in ("train", "val") if name in folders), next(iter(folders.values())))
    order = sorted(folders, key=lambda name: (name != "train", name != "val", name == UNASSIGNED, name))
    text = "".join(f"{_key(name)}: {_text(folders[name])}\n" for name in order)
    for name in missing:
        text += f"# There is no {name}; trainers ask for it, so it repeats another split.\n{name}: {_text(first)}\n"
    return text + (f"stand_in: {yaml_value(missing)}\n" if missing else "")


def _key(name: str) -> str:
    return name if name in ("train", "val", "test", UNASSIGNED) else yaml_value(name)


def _text(folder: str) -> str:
    return folder if folder.replace("/", "").isalnum() and folder.isascii() else yaml_value(folder)
