"""Labels that exist already, joined to the pictures that they belong to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Dataset
from ..dataset.select import keep_images
from ..errors import IdentityError, Place, UsageError, show
from ..files import Counts, QuarantineItem
from ..formats import Intake, format_of
from ..formats.settle import Places, settle
from ..images import PictureIndex

__all__ = ["Labels", "contradictions", "entry_item", "match", "part_of", "read_labels"]


@dataclass(frozen=True)
class Labels:
    """A dataset of labels.

    Attributes:
        path: where it was read from.
        where: place of each of its annotations, for messages.
    """

    path: Path
    dataset: Dataset
    intake: Intake

    def where(self, row: int) -> Place:
        """Return the place of an annotation, for messages."""
        if self.intake.where is not None:
            return self.intake.where(row)
        return Place(self.dataset.images.names[self.dataset.annotations.image[row]])

    @property
    def counts(self) -> NDArray[np.int64]:
        """Number of annotations of each picture, int64, shape (images,)."""
        return np.diff(self.dataset.offsets)


def read_labels(given: Sequence[str], intake: Intake) -> list[Labels]:
    """Read labels, `FORMAT:PATH` each; what is bad in them goes to the quarantine of `intake`.

    Raises:
        UsageError: there is no such format, or nothing at that path.
        CvdataError: the labels are refused.
    """
    return [_read(text, intake) for text in given]


def _read(text: str, intake: Intake) -> Labels:
    name, colon, path = text.partition(":")
    if not colon or not path:
        raise UsageError(f"'{show(text)}' is not FORMAT:PATH", hint="for example --labels coco:labels.json")
    reader = format_of(name)
    if not os.path.exists(path):
        raise UsageError(f"the labels '{show(path)}' do not exist", hint="check the path behind --labels")
    # The pictures that were taken in decide on sizes, not those that lie beside the labels.
    own = Intake(verify="none", engine=intake.engine, progress=intake.progress)
    dataset = reader.read(Path(path), reader.ReadOptions(), own)
    intake.read += Counts(0, own.read.annotations)
    intake.filtered += Counts(0, own.filtered.annotations)
    # A picture is put aside for its own faults only; one whose label file is bad has no labels.
    intake.quarantine += [msgspec.structs.replace(item, images=0) for item in own.quarantine]
    for finding in own.findings:
        if finding.code != "picture-without-labels-entry":
            intake.note(finding.code, finding.message, finding.count, finding.examples)
    return Labels(Path(path), dataset, own)


def match(labels: Labels, names: Sequence[str], paths: Mapping[str, int]) -> NDArray[np.int64]:
    """Find the picture that each picture of the labels is, int64 row in `names`, -1 for none.

    By the file, where it lies beside the labels; else by the name, as all formats do: exactly, then with another case
    or Unicode form or fewer folders in front; else the one picture that has more folders in front.

    Args:
        paths: row by the absolute path of a picture.

    Raises:
        IdentityError: two pictures of the labels are one.
    """
    images = labels.dataset.images
    known = {name: row for row, name in enumerate(names)}
    index = PictureIndex("", list(names), {})
    longer = _by_last_part(names)
    rows = np.full(len(images), -1, np.int64)
    taken: dict[int, str] = {}
    for at, name in enumerate(images.names):
        file = images.file(at)
        row = paths.get(os.path.abspath(file), -1) if file is not None else -1
        if row < 0:
            found = index.resolve(name) or _longer(name, longer)
            row = -1 if found is None else known[found]
        if row in taken and row >= 0:
            raise IdentityError(
                f"'{show(name)}' and '{show(taken[row])}' are one picture, '{show(names[row])}'",
                at=Place(labels.path),
                hint="remove one of the two entries, or merge their annotations",
            )
        taken[row] = name
        rows[at] = row
    return rows


def _by_last_part(names: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.rpartition("/")[2], []).append(name)
    return found


_MOST_NAMESAKES = 100  # looked through for one name: never quadratic where all are called 0.jpg


def _longer(name: str, names: Mapping[str, list[str]]) -> str | None:
    candidates = names.get(name.rpartition("/")[2], [])
    if len(candidates) > _MOST_NAMESAKES:
        return None
    fits = [candidate for candidate in candidates if candidate.endswith(f"/{name}")]
    return fits[0] if len(fits) == 1 else None


def contradictions(
    labels: Labels, rows: NDArray[np.int64], width: NDArray[np.int32], height: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Tell which pictures of the labels have another size than the real one, bool, shape (images,).

    Args:
        rows: row of each in `width` and `height`, the sizes of the real ones; those with 0 say nothing.
    """
    images = labels.dataset.images
    real_w, real_h = np.append(width, 0)[rows], np.append(height, 0)[rows]
    known = (images.width > 0) & (images.height > 0) & (real_w > 0)
    return np.asarray(known & ((images.width != real_w) | (images.height != real_h)))


def part_of(
    labels: Labels, rows: NDArray[np.int64], width: NDArray[np.int32], height: NDArray[np.int32], intake: Intake
) -> Dataset:
    """Return some pictures of the labels, with the sizes of the real ones; boxes that these prove bad are put aside.

    Args:
        rows: pictures of the labels, ascending; `width`, `height`: of each.
    """
    kept = keep_images(labels.dataset, rows)
    of = np.flatnonzero(np.isin(labels.dataset.annotations.image, rows))
    kept = replace(kept, images=replace(kept.images, width=width, height=height))
    judge = Intake(verify="none")
    places = Places(lambda row: Place(kept.images.names[row]), lambda row: labels.where(int(of[row])))
    settled = settle(kept, judge, places)
    intake.quarantine += judge.quarantine
    for finding in judge.findings:
        intake.note(finding.code, finding.message, finding.count, finding.examples)
    return settled


def entry_item(labels: Labels, row: int, found: str, expected: str, *, images: int = 0) -> QuarantineItem:
    """Return the item for a picture of the labels that is put aside with its annotations."""
    name = labels.dataset.images.names[row]
    first = int(labels.dataset.offsets[row])
    count = int(labels.dataset.offsets[row + 1]) - first
    place = labels.where(first) if count else Place(labels.path)
    return QuarantineItem(
        kind="image",
        file=str(place.file),
        line=place.line,
        field=place.field,
        found=found,
        expected=expected,
        image=name,
        images=images,
        annotations=count,
    )
