"""All sources of a merge end to end, and what becomes of their tables once it is chosen what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...dataset import Annotations, Dataset, Images, SourceIds
from ...dataset.concat import concat_annotations, concat_images
from .choice import Choice
from .classes import JoinedClasses
from .columns import complete
from .ids import joined_ids
from .keypoints import reorder_keypoints
from .meta import with_licences
from .pictures import Names, grouped_apart, joined_pictures
from .words import Notes

__all__ = ["Whole"]


@dataclass(frozen=True)
class Whole:
    """All sources end to end, before pictures become one.

    Attributes:
        source: int32, shape (images,), source of each picture.
        image_ids, annotation_ids: of each source; the tables have none.
        says_crowd: bool, shape (annotations,), where the source says which annotations are crowds.
    """

    dataset: Dataset
    source: NDArray[np.int32]
    image_ids: list[SourceIds | None]
    annotation_ids: list[SourceIds | None]
    lengths: list[tuple[int, int]]
    says_crowd: NDArray[np.bool_]

    @staticmethod
    def of(
        parts: Sequence[Dataset],
        names: Sequence[str],
        classes: JoinedClasses,
        licences: Sequence[dict[int, int]],
        notes: Notes,
    ) -> Whole:
        """Lay the tables end to end."""
        pictures, renamed = grouped_apart([part.images for part in parts], names)
        notes.groups(renamed)
        pictures = [with_licences(replace(p, source_id=None), ids) for p, ids in zip(pictures, licences, strict=True)]
        tables, first, losing = [], 0, 0
        for part, rows, places in zip(parts, classes.rows, classes.points, strict=True):
            table, lost = reorder_keypoints(part.annotations, places)
            losing += lost
            category = rows[table.category] if len(table) else table.category
            image = table.image + np.int32(first)
            tables.append(replace(table, image=image, category=category, source_id=None))
            first += len(part.images)
        notes.keypoints(losing)
        lengths = [(len(part.images), len(part.annotations)) for part in parts]
        says = [part.annotations.crowd is not None for part in parts]
        return Whole(
            Dataset(
                images=_end_to_end(pictures), annotations=concat_annotations(tables), categories=classes.categories
            ),
            np.repeat(np.arange(len(parts), dtype=np.int32), [images for images, _ in lengths]),
            [part.images.source_id for part in parts],
            [part.annotations.source_id for part in parts],
            lengths,
            np.repeat(says, [annotations for _, annotations in lengths]),
        )

    def images(self, choice: Choice, names: Names, notes: Notes) -> Images:
        """Return the pictures of the outcome."""
        images, differing = joined_pictures(self.dataset.images, choice, names, self.source)
        notes.attributes([images.names[row] for row in differing])
        ids, changed = joined_ids(self.image_ids, [images for images, _ in self.lengths], choice.kept)
        notes.ids("pictures", changed)
        return replace(images, source_id=ids)

    def annotations(self, choice: Choice, notes: Notes) -> Annotations:
        """Return the annotations of the outcome."""
        table, rows = self.dataset.annotations, choice.annotations
        done = complete(table, choice.originals, choice.copies, self.says_crowd)
        notes.completed(done)
        ids, changed = joined_ids(self.annotation_ids, [annotations for _, annotations in self.lengths], rows)
        notes.ids("annotations", changed)
        whole = len(rows) == len(table) and bool((np.diff(rows) > 0).all())
        return replace(done.table if whole else done.table.take(rows), image=choice.image, source_id=ids)


def _end_to_end(parts: Sequence[Images]) -> Images:
    """Join the pictures; names that are there twice are told apart later, so files must not go by them."""
    return concat_images([replace(part, files=part.files or part.names) for part in parts])
