"""From the pages of all VOC files to one dataset: which files count, and which pictures they mean."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset, Images
from ..engine import batch_size
from ..errors import FormatError, IdentityError, Place, UnsafePathError, show
from ..files import Counts, stays_inside
from ..images import PictureIndex, find_pictures, stem_of
from ._voc_batch import XmlBatch, lost_file, read_batch
from ._voc_origin import decide_origin
from ._voc_pages import Pages, join_pages
from ._voc_pictures import match_pictures, picture_folder, picture_names
from ._voc_sets import Sets, read_labelmap, read_sets
from ._voc_tables import annotation_table, image_table
from .intake import Intake
from .settle import Places, settle

__all__ = ["Source", "find_source", "read_dataset"]

_BATCH = 1000  # files; about 30 ms of work

_NOTES = {
    "voc-flag": "{n} flags are neither 0 nor 1 and count as not set",
    "voc-size": "{n} sides of pictures are not a number and were taken from the picture",
    "voc-part": "{n} parts of objects have no proper name and box and were left out",
    "voc-attribute": "{n} XML attributes were not read; VOC has none",
    "voc-attributes": "{n} entries of <attributes> are not a name and a value of its own and were left out",
}


@dataclass(frozen=True)
class Source:
    """Where the files lie: `root` of the dataset, `folder` of the files, `prefix` from one to the other."""

    root: str
    folder: str
    prefix: str


def find_source(path: Path) -> Source:
    """Tell which folder holds the files: `Annotations` inside, or the folder itself.

    A folder that holds nothing but one dataset, such as `VOCdevkit` with `VOC2012` in it, stands for that.

    Raises:
        UnsafePathError: `Annotations` is a link that leaves the dataset.
    """
    whole = os.path.abspath(path)
    if os.path.isdir(whole):
        for name in sorted(os.listdir(whole)):
            if name.lower() == "annotations" and os.path.isdir(f"{whole}/{name}"):
                if not stays_inside(whole, f"{whole}/{name}"):
                    raise UnsafePathError(
                        "the folder is a link that leaves the dataset",
                        at=Place(name),
                        hint="give the folder that the link points to",
                    )
                return Source(whole, f"{whole}/{name}", f"{name}/")
        inner = _datasets_in(whole)
        if len(inner) == 1:
            return find_source(Path(inner[0]))
    parent, name = os.path.split(whole)
    if name.lower() == "annotations":
        return Source(parent, whole, f"{name}/")
    return Source(whole, whole, "")


def _datasets_in(folder: str) -> list[str]:
    """Return the folders in a folder that have an `Annotations` of their own; none if it has XML files itself."""
    found = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.lower().endswith(".xml"):
                return []
            if entry.is_dir(follow_symlinks=False):
                names = (name for name in os.listdir(entry.path) if name.lower() == "annotations")
                found += [entry.path for name in names if os.path.isdir(f"{entry.path}/{name}")]
    return found


def read_dataset(path: Path, origin: str, intake: Intake) -> Dataset:
    """Read the dataset at a path.

    Raises:
        FormatError: there is no file, or a list is unreadable.
        UnsafePathError: a name leaves the dataset.
        IdentityError: two files mean one picture.
    """
    source = find_source(path)
    names = _list_files(source, intake)
    parts, pictures = _read_pages(source, names, intake)
    pages = join_pages(parts)
    stems = [stem_of(name) for name in names]
    sets = read_sets(source.root, frozenset(stems), intake)
    listed = _sift_listed(stems, sets, pages, intake, source)
    begin = decide_origin(origin, pages, intake)
    return _build(source, names, stems, pages, listed, _splits(stems, sets), begin, pictures, intake)


def _list_files(source: Source, intake: Intake) -> list[str]:
    """Return the files below the folder, sorted; links that leave the dataset end the run."""
    try:
        found = find_pictures(source.folder, {".xml"})
    except OSError as error:
        raise FormatError(f"the folder cannot be read: {error.strerror}", at=Place(source.folder)) from None
    for name, why in found.refused.items():
        if "leaves" in why:
            raise UnsafePathError(f"the file {why}", at=Place(source.prefix + name), hint="put the file itself there")
        stem = stem_of(name)
        intake.bad_label_file(Place(source.prefix + name), f"the file {why}", "a VOC file", stem)
    intake.read += Counts(images=len(found.refused))
    if not found.names:
        raise FormatError(
            "there is no XML file in it",
            at=Place(source.folder),
            hint="give the folder with Annotations/, or a folder of XML files",
        )
    return found.names


def _read_pages(source: Source, names: list[str], intake: Intake) -> tuple[list[Pages], PictureIndex | None]:
    """Read the files; also list the pictures that the user pointed to, while the workers are busy."""
    intake.progress.start("reading labels", len(names))
    step = batch_size(len(names), intake.engine.workers, _BATCH)
    batches = [XmlBatch(source.folder, source.prefix, names[i : i + step]) for i in range(0, len(names), step)]
    results = intake.engine.map(read_batch, batches, lost=lost_file, progress=intake.progress)
    parts = list(islice(results, 1))
    pictures = None if intake.images is None else find_pictures(intake.images)
    parts += results
    return parts, pictures


def _sift_listed(
    stems: list[str], sets: Sets | None, pages: Pages, intake: Intake, source: Source
) -> NDArray[np.bool_]:
    """Count what was read and what the lists leave out, and put bad files and objects aside; return the good files."""
    listed = np.ones(len(stems), np.bool_)
    intake.read += Counts(len(stems), int(pages.counts.sum()))
    if sets is not None:
        listed = np.fromiter((stem in sets.split for stem in stems), np.bool_, len(stems))
        outside = np.flatnonzero(~listed)
        if len(outside):
            intake.filtered += Counts(len(outside), int(pages.counts[outside].sum()))
            examples = [show(source.prefix + stems[file]) for file in outside[:5].tolist()]
            intake.note("not-in-imageset", "{n} files are in no list and left out", len(outside), examples)
        for entry, place in sets.missing.items():
            expected = f"{show(source.prefix + entry)}.xml"
            intake.bad_label_file(place, f"'{show(entry)}' is listed and has no file", expected, entry)
        intake.read += Counts(images=len(sets.missing))
    _refuse_all_bad(stems, pages, source)
    for file, (found, expected, line) in pages.bad_files.items():
        if listed[file]:
            listed[file] = False
            place = Place(f"{source.prefix}{stems[file]}.xml", line=line)
            intake.bad_label_file(place, found, expected, stems[file])
    for code, message in _NOTES.items():
        at = [(stems[file], field) for file, known, field in pages.notes if known == code and listed[file]]
        if at:
            examples = [str(Place(f"{source.prefix}{stem}.xml", field=field)) for stem, field in at[:5]]
            intake.note(code, message, len(at), examples)
    return listed


def _refuse_all_bad(stems: list[str], pages: Pages, source: Source) -> None:
    """Refuse a folder without a single file that can be used: it is not VOC, or all of it is broken."""
    if len(pages.bad_files) == len(stems):
        found, expected, line = pages.bad_files[0]
        raise FormatError(
            f"{found}; expected {expected}; no other file can be used either"
            if len(stems) > 1
            else f"{found}; expected {expected}",
            at=Place(f"{source.prefix}{stems[0]}.xml", line=line),
            hint="give a folder of VOC files, or name another format",
        )


def _splits(stems: list[str], sets: Sets | None) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the splits of the files: by the lists, else by their folders where these are named as splits are."""
    if sets is not None:
        return sets.splits, np.fromiter((sets.split.get(stem, -1) for stem in stems), np.int32, len(stems))
    usual = {"train": "train", "valid": "val", "val": "val", "validation": "val", "test": "test"}
    named = [usual.get(stem.partition("/")[0]) if "/" in stem else None for stem in stems]
    if None in named:
        return (), np.full(len(stems), -1, np.int32)
    splits = tuple(name for name in ("train", "val", "test") if name in named)
    return splits, np.fromiter((splits.index(name or "") for name in named), np.int32, len(stems))


def _build(
    source: Source,
    names: list[str],
    stems: list[str],
    pages: Pages,
    listed: NDArray[np.bool_],
    splits: tuple[tuple[str, ...], NDArray[np.int32]],
    begin: int,
    pictures: PictureIndex | None,
    intake: Intake,
) -> Dataset:
    """Make tables of the files that count, and hold them against the pictures."""
    files = np.flatnonzero(listed)
    rows = np.flatnonzero(listed[pages.file])
    if pictures is None:
        pictures = picture_folder(source.root, source.folder, [folder for _, folder, _ in pages.fact_table[:100]])
    chosen = [stems[file] for file in files.tolist()]
    filenames = [pages.filenames[file] for file in files.tolist()]
    found = None if pictures is None else match_pictures(chosen, filenames, pictures, intake)
    images = image_table(picture_names(chosen, filenames, found), files, pages, splits)
    _check_names(images, pictures, found, [source.prefix + names[file] for file in files.tolist()])
    intake.label_root = source.root
    intake.label_files = {
        name: source.prefix + names[file] for name, file in zip(images.names, files.tolist(), strict=True)
    }
    position = np.full(len(names), -1, np.int32)
    position[files] = np.arange(len(files), dtype=np.int32)
    for file, field, what, expected in pages.bad_objects:
        if listed[file]:
            place = Place(source.prefix + names[file], field=field)
            intake.bad_annotation(place, what, expected, images.names[position[file]])
    annotations, categories = annotation_table(pages, rows, position, begin, read_labelmap(source.root))
    file_of, number = files.tolist(), pages.number[rows]

    def image_place(row: int) -> Place:
        return Place(source.prefix + names[file_of[row]])

    def annotation_place(row: int) -> Place:
        file = file_of[annotations.image[row]]
        return Place(source.prefix + names[file], field=f"object[{number[row]}]")

    dataset = Dataset(images=images, annotations=annotations, categories=categories)
    return settle(dataset, intake, Places(image_place, annotation_place), pictures, found)


def _check_names(
    images: Images, pictures: PictureIndex | None, found: Sequence[str | None] | None, places: Sequence[str]
) -> None:
    """Refuse two files that mean one picture where `settle` cannot tell: the picture is not there."""
    if len(set(images.names)) == len(images.names):
        return
    first: dict[str, int] = {}
    for row, name in enumerate(images.names):
        before = first.setdefault(name, row)
        if before != row and (pictures is None or found is None or found[row] is None or found[before] is None):
            raise IdentityError(
                f"this file and '{show(places[before])}' both mean the picture '{show(name)}'",
                at=Place(places[row]),
                hint="remove one of the two files, or merge their objects",
            )
