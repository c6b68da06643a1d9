"""What models propose for a cvdata dataset: in `predictions/NAME/`, beside the versions and never mixed with them.

    pets/predictions/NAME/
      prediction.json        which models, when, of which version, with which thresholds
      images.parquet         the pictures that were looked at
      annotations.parquet    the proposals with their scores; the number of a row is the number of a proposal for ever
      review/                what a person thinks of them

The tables are as versions have them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from ..dataset import Dataset
from ..dataset.geometry import BoxVerdict, judge_boxes
from ..errors import CvdataError, FormatError, IdentityError, OutputError, Place, UsageError, nearest_of, show
from ..files import Account, Counts, FileEntry, Manifest, QuarantineItem, Staging, disk, relative_name, safe_join
from ._prediction_record import (
    PREDICTION,
    PREDICTIONS,
    PredictedClass,
    Prediction,
    PredictionModel,
    categories_in,
    check_prediction_name,
    joint_hash,
    make_prediction,
    predicted_classes,
    short_hash,
    with_origin,
)
from ._store_pictures import stored_images
from ._store_read import Tables, load_file, load_tables
from ._store_records import ANNOTATIONS, TABLES, encode_record, read_record
from ._store_sound import unsound
from ._store_write import write_tables

__all__ = [
    "PREDICTIONS",
    "PredictedClass",
    "Prediction",
    "PredictionModel",
    "Stored",
    "check_prediction_name",
    "check_prediction_place",
    "is_prediction",
    "is_reviewed",
    "joint_hash",
    "make_prediction",
    "prediction_folder",
    "prediction_names",
    "read_about",
    "read_note",
    "read_prediction",
    "short_hash",
    "with_origin",
    "write_note",
    "write_prediction",
]

REVIEW = "review"
_REVIEWED = f"{REVIEW}/review.json"

_LARGEST_NOTE = 256 << 20  # bytes; a review of a million proposals has less
_CURE = "restore the file from a copy, or let the model look again: cvdata prelabel --overwrite"


@dataclass(frozen=True)
class Stored:
    """Proposals that are on the disk.

    Attributes:
        about: what their `prediction.json` says.
        dataset: the pictures that were looked at and the proposals, each with `score`, and `extra` with `model` and
            `threshold`.
        folder: that holds them.
    """

    about: Prediction
    dataset: Dataset
    folder: Path


def prediction_names(root: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the names of the predictions of a cvdata dataset, sorted; those that a run is writing do not count."""
    folder = Path(root, PREDICTIONS)
    if not folder.is_dir():
        return ()
    return tuple(sorted(name for name in os.listdir(folder) if name[:1] != "." and is_prediction(folder / name)))


def is_prediction(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path is the folder of a prediction of a cvdata dataset."""
    folder = os.path.realpath(path)
    return os.path.isfile(f"{folder}/{PREDICTION}") and os.path.basename(os.path.dirname(folder)) == PREDICTIONS


def prediction_folder(root: str | os.PathLike[str], name: str) -> Path:
    """Return the folder of a prediction, whether or not it is there.

    Raises:
        FormatError: the root is not a cvdata dataset.
        UsageError: the name is none for a folder.
        UnsafePathError: a link leads out of the dataset.
    """
    load_file(Path(root))
    check_prediction_name(name)
    return Path(safe_join(os.path.realpath(root), f"{PREDICTIONS}/{name}", Place(PREDICTIONS)))


# --- writing


def write_prediction(
    root: str | os.PathLike[str],
    dataset: Dataset,
    about: Prediction,
    *,
    overwrite: bool = False,
    quarantine: Sequence[QuarantineItem] = (),
) -> Prediction:
    """Write proposals into a cvdata dataset, whole or not at all; no version of it changes.

    Each proposal gets its origin; see `with_origin`.

    Args:
        dataset: the pictures that were looked at and what was found, with scores.
        about: from `make_prediction`.
        overwrite: replace a prediction of that name, unless a person reviewed it.
        quarantine: the pictures that could not be read.

    Returns:
        What `prediction.json` says.

    Raises:
        UsageError: one of that name is there, or was reviewed; or proposals have no scores, or boxes that are none.
        OutputError: the disk refused; the dataset is as it was.
        LockedError: another run is writing it.
        FormatError: the root is not a cvdata dataset.
    """
    folder = prediction_folder(root, about.name)
    _refuse_unsound(dataset)
    _refuse_reviewed(folder)
    with Staging(folder, overwrite=overwrite) as staging:

        def write_table(name: str, pieces: Iterable[bytes]) -> FileEntry:
            entry = disk.write_stream(staging.path, name, pieces)
            staging.record([entry])
            return entry

        images = stored_images(dataset.images, os.path.realpath(root), {})
        stored = with_origin(replace(dataset, images=images), about.sha256, about.thresholds)
        files = write_tables(stored, write_table)
        categories, columns = predicted_classes(dataset.categories)
        whole = msgspec.structs.replace(
            about,
            categories=categories,
            category_columns=columns,
            images=len(images),
            annotations=len(dataset.annotations),
            folders=images.folders,
            files=files,
        )
        staging.write(PREDICTION, encode_record(whole))
        staging.commit(_manifest(whole), quarantine)
    return whole


def check_prediction_place(root: str | os.PathLike[str], name: str, *, overwrite: bool) -> None:
    """Refuse a name for predictions before any work is done for them; `write_prediction` does so again.

    Raises:
        FormatError: the root is not a cvdata dataset.
        UsageError: the name is none for a folder, is taken and not to be overwritten, or was reviewed.
    """
    folder = prediction_folder(root, name)
    if folder.exists() and not overwrite:
        raise UsageError(f"there are proposals named '{show(name)}' already", hint="give --name, or --overwrite")
    _refuse_reviewed(folder)


def _refuse_reviewed(folder: Path) -> None:
    if os.path.lexists(folder / REVIEW):
        raise UsageError(
            f"the predictions '{show(folder.name)}' have been reviewed, and a review belongs to the proposals it saw",
            hint=f"give the new ones another name, or remove '{PREDICTIONS}/{show(folder.name)}' if the review may go",
        )


def _manifest(about: Prediction) -> Manifest:
    looked, bad = Counts(about.images, about.annotations), Counts(about.bad)
    added = Counts(0, about.annotations)
    read = Counts(about.images + about.bad)
    return Manifest(
        command="prelabel",
        format="cvdata",
        settings=about.settings,
        account=Account(read=read, written=looked, quarantined=bad, filtered=Counts(), added=added),
        losses=[],
        renamed={},
    )


# --- reading


def read_prediction(root: str | os.PathLike[str], name: str) -> Stored:
    """Read the proposals of a prediction; nothing is put aside, since their numbers count.

    Raises:
        UsageError: there is none of that name.
        FormatError: it is damaged, holds what it must not, or a newer cvdata wrote it.
        IdentityError: two pictures or classes have one name.
        UnsafePathError: a name leads out of the dataset.
    """
    about = read_about(root, name)
    tables = Tables(f"{PREDICTIONS}/{name}", PREDICTION, about.files, _CURE)
    dataset = load_tables(Path(root), tables, categories_in(about))
    if (len(dataset.images), len(dataset.annotations)) != (about.images, about.annotations):
        at = Place(f"{PREDICTIONS}/{name}/{PREDICTION}")
        raise FormatError("its counts are not those of its tables", at=at, hint=_CURE)
    _refuse_unsound(dataset, tables)
    return Stored(about, dataset, prediction_folder(root, name))


def read_about(root: str | os.PathLike[str], name: str) -> Prediction:
    """Return what is said of a prediction, without its proposals.

    Raises:
        UsageError: there is none of that name.
        FormatError: that is damaged, or a newer cvdata wrote it.
        IdentityError: two classes have one name.
        UnsafePathError: a link leads out of the dataset.
    """
    if not os.path.lexists(prediction_folder(root, name)):
        names = prediction_names(root)
        hint = nearest_of(name, names) if names else "make some first: cvdata prelabel"
        raise UsageError(f"there are no predictions '{show(name)}' in '{show(root)}'", hint=hint)
    at = Place(f"{PREDICTIONS}/{name}/{PREDICTION}")
    about = read_record(Path(safe_join(os.path.realpath(root), str(at.file), at)), Prediction, str(at.file))
    _check_about(about, name, at)
    return about


def is_reviewed(root: str | os.PathLike[str], name: str) -> bool:
    """Tell whether a person judged proposals of a prediction, with `cvdata review`; it need not be there.

    Raises:
        FormatError: the root is not a cvdata dataset.
        UsageError: the name is none for a folder.
        UnsafePathError: a link leads out of the dataset.
    """
    return (prediction_folder(root, name) / _REVIEWED).is_file()


def _check_about(about: Prediction, name: str, at: Place) -> None:
    if about.name != name:
        raise FormatError(f"it is the prediction '{show(about.name)}'", at=at, hint="give its folder its name again")
    if len(set(about.classes)) < len(about.classes) or not all(about.classes):
        raise IdentityError("two classes have one name, or one has none", at=replace(at, field="categories"))
    if sorted(about.files) != sorted(TABLES):
        raise FormatError(f"it does not name {' and '.join(TABLES)}", at=replace(at, field="files"))


def _refuse_unsound(dataset: Dataset, tables: Tables | None = None) -> None:
    """Refuse proposals that other code must not meet, on writing (no `tables`) as on reading.

    Raises:
        UsageError: one that is to be written is bad.
        FormatError: one that was read is bad.
    """
    table, images = dataset.annotations, dataset.images
    if table.score is None and len(table):
        raise _unusable("proposals have no scores", tables)
    score = np.empty(0) if table.score is None else table.score
    verdict = judge_boxes(table.box, images.width[table.image], images.height[table.image])
    outside = np.isin(verdict, (BoxVerdict.NOT_FINITE, BoxVerdict.NO_AREA, BoxVerdict.OUTSIDE))
    found = [
        ((score < 0) | (score > 1), "a score that is not from 0 to 1"),
        (outside, "a box that is not finite, has no area, or is not in its picture"),
        *((rows, what) for rows, what, _ in unsound(dataset)),
    ]
    for rows, what in found:
        for row in np.flatnonzero(rows)[:1].tolist():
            where = f"picture '{show(images.names[table.image[row]])}'"
            raise _unusable(f"proposal {row} of {where} has {what}", tables, row)


def _unusable(found: str, tables: Tables | None, row: int | None = None) -> CvdataError:
    if tables is None:
        return UsageError(found, hint="this is an error of the model: leave out what is none")
    return FormatError(found, at=tables.place(ANNOTATIONS, row), hint=_CURE)


# --- notes


def write_note(root: str | os.PathLike[str], name: str, file: str, data: bytes) -> None:
    """Write a small file beside the tables of a prediction, such as `review/review.json`, in place of an older one.

    Raises:
        UsageError: there is no such prediction, or the name of the file is one of its own.
        UnsafePathError: the name leads out of the prediction.
        OutputError: the disk refused; the file is as it was.
    """
    folder, base = os.path.split(_note_path(root, name, file))
    stale = re.compile(rf"\.{re.escape(base)}\.cvdata-[0-9a-f]{{8}}")
    try:
        disk.make_folders(folder, [""])
        for left in sorted(filter(stale.fullmatch, os.listdir(folder))):  # a killed run was about to replace it
            disk.remove(f"{folder}/{left}")
        disk.replace_file(folder, base, data)
    except OSError as error:
        raise OutputError(
            f"cannot write '{show(file)}' of the predictions '{show(name)}': {error.strerror or type(error).__name__}",
            hint="free some space or look at that file; it is as it was",
        ) from error


def read_note(root: str | os.PathLike[str], name: str, file: str) -> bytes | None:
    """Return a small file beside the tables of a prediction; None where it is not there.

    Raises:
        UsageError: there is no such prediction.
        UnsafePathError: the name, or a link, leads out of the prediction.
        FormatError: the file cannot be read, or is far too large.
    """
    at = Place(f"{PREDICTIONS}/{name}/{file}")
    try:
        with open(_note_path(root, name, file), "rb") as note:
            data = note.read(_LARGEST_NOTE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror or type(error).__name__}", at=at) from error
    if len(data) > _LARGEST_NOTE:
        raise FormatError(f"has more than {_LARGEST_NOTE >> 20} MiB", at=at)
    return data


def _note_path(root: str | os.PathLike[str], name: str, file: str) -> str:
    folder = prediction_folder(root, name)
    if not is_prediction(folder):
        raise UsageError(
            f"there are no predictions '{show(name)}' in '{show(root)}'", hint=nearest_of(name, prediction_names(root))
        )
    if relative_name(file, Place(file)) in (PREDICTION, *TABLES):
        raise UsageError(f"'{show(file)}' is a part of the prediction itself", hint="give another name")
    return safe_join(str(folder), file, Place(f"{PREDICTIONS}/{name}"))
