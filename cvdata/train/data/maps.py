"""Pictures with a map of classes each: found in folders, paired by name, and what their values stand for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Categories, Dataset, Images, State
from ...errors import FormatError, Place, TrainingError, show
from ...evaluate.by_name import rows_by_key
from ...files import Finding
from ...formats.label_maps import LabelMaps, looks_like_label_maps, open_label_maps
from ...images import file_name, find_pictures, stem_of
from ...images.masks import masks_among
from ...reports.scales import plural
from ..source import PixelMaps, Source
from .values import values_of

__all__ = ["looks_like_maps", "read_maps"]

_SPLITS = frozenset({"train", "training", "val", "valid", "validation", "dev", "test", "testing"})
_PICTURE_FOLDERS = frozenset({
    "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "jpegimages", "leftimg8bit", "x",
    "data",
})  # fmt: skip
_PICTURE_ENDING = "_leftimg8bit"


def looks_like_maps(path: Path) -> bool:
    """Tell whether a folder holds pictures with maps of classes, or maps alone. Reads little, never raises."""
    return looks_like_label_maps(path)


def read_maps(path: Path, images_path: Path | None = None) -> Source:
    """Find pictures and their maps of classes.

    They lie side by side (`x.jpg`, `x_mask.png`), in folders of their own (`image/x.png`, `label/x.png`), or in two
    places, the pictures below `images_path`. A folder above them called `train`, `valid`, `test` or the like is their
    split. What values stand for is said by a list of classes, such as `_classes.csv`; where there is none, the values
    themselves are the classes.

    Raises:
        FormatError: there are no maps, one cannot be read, or a list of classes is broken.
        TrainingError: there are no pictures to the maps, most do not fit, or the maps are none.
    """
    maps = open_label_maps(path)
    root, names = _pictures(maps, images_path)
    row_of_map = _paired(maps, names, same_root=images_path is None)
    findings = _findings(maps, row_of_map, names)
    file_of = dict(zip(row_of_map.tolist(), range(len(maps.files)), strict=True))
    files = tuple(maps.path(file_of[row]) if row in file_of else None for row in range(len(names)))
    values = values_of(maps, findings)
    dataset = Dataset(
        images=_images(root, names, files),
        annotations=Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4))),
        categories=Categories(names=values.names),
    )
    pixels = PixelMaps(files=files, values=values.rows, by_colour=values.by_colour, numbered=values.numbered)
    return Source(
        dataset=dataset,
        maps=pixels,
        path=os.fspath(path),
        images_path=None if images_path is None else os.fspath(images_path),
        format="label-maps",
        findings=tuple(findings),
    )


def _pictures(maps: LabelMaps, images_path: Path | None) -> tuple[str, list[str]]:
    """Return the folder of the pictures, and their names below it."""
    where = Path(maps.root) if images_path is None else images_path
    try:
        index = find_pictures(where)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", at=Place(where), hint="give a folder") from error
    taken = set(maps.files) if os.path.abspath(where) == maps.root else set()
    names = [name for name in index.names if name not in taken]
    if not names:
        raise TrainingError(
            "there are maps of classes, but no pictures",
            at=Place(where),
            hint="say where the pictures lie with --images DIR" if images_path is None else "check --images",
        )
    return index.root, names


def _paired(maps: LabelMaps, names: Sequence[str], *, same_root: bool) -> NDArray[np.int64]:
    """Return the row of the picture of each map, int64; -1 where it has none.

    By what tells masks among pictures; then by the names below folders for pictures and maps; then by file names.
    """
    rows = np.full(len(maps.files), -1, np.int64)
    if same_root:
        row_of = {name: row for row, name in enumerate(names)}
        partner = masks_among([*names, *maps.files])
        rows[:] = [row_of.get(partner.get(name, ""), -1) for name in maps.files]
    subjects = [_subject(name) for name in names]
    for key in (str, file_name):
        lost = np.flatnonzero(rows < 0)
        free = np.setdiff1d(np.arange(len(names)), rows)
        rows[lost] = rows_by_key([maps.names[row] for row in lost.tolist()], subjects, free, key)
    return rows


def _subject(name: str) -> str:
    """Return what a picture is called, without the folders that hold pictures; as `LabelMaps.names` calls it."""
    *folders, base = stem_of(name).split("/")
    base = base[: -len(_PICTURE_ENDING)] if base.lower().endswith(_PICTURE_ENDING) else base
    return "/".join([*(folder for folder in folders if folder.lower() not in _PICTURE_FOLDERS), base])


def _findings(maps: LabelMaps, rows: NDArray[np.int64], names: Sequence[str]) -> list[Finding]:
    """Say which maps have no picture.

    Raises:
        TrainingError: most have none.
    """
    lost = [maps.files[at] for at in np.flatnonzero(rows < 0).tolist()]
    if 2 * len(lost) > len(maps.files):
        raise TrainingError(
            f"{len(lost):,} of {len(maps.files):,} maps of classes have no picture of their name, such as "
            f"'{show(lost[0])}'; a picture is called '{show(names[0])}'",
            at=Place(maps.root),
            hint="a map is called as its picture, with or without `_mask`; say where pictures lie with --images DIR",
        )
    if not lost:
        return []
    message = f"left out: {plural(len(lost), 'map')} of classes without a picture"
    return [Finding(code="maps-without-picture", message=message, count=len(lost), examples=[*map(show, lost[:5])])]


def _images(root: str, names: Sequence[str], files: Sequence[str | None]) -> Images:
    splits: dict[str, int] = {}
    split = [_split_of(name) for name in names]
    for one in sorted({one for one in split if one}):
        splits[one] = len(splits)
    count = len(names)
    there = np.array([file is not None for file in files], np.bool_)
    return Images(
        names=tuple(names),
        width=np.zeros(count, np.int32),
        height=np.zeros(count, np.int32),
        state=np.where(there, State.LABELLED, State.UNLABELLED).astype(np.uint8),
        split=np.array([splits.get(one, -1) for one in split], np.int32),
        splits=tuple(splits),
        folder=np.zeros(count, np.int32),
        folders=(root,),
    )


def _split_of(name: str) -> str:
    return next((folder for folder in name.split("/")[:-1] if folder.lower() in _SPLITS), "")
