"""A COCO file from its text to a settled dataset."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Categories, Dataset, Images, SourceIds, State
from ..dataset.concat import concat_annotations, concat_ids
from ..dataset.rle import mask_boxes, run_sums
from ..dataset.select import keep_images
from ..errors import FormatError, Place, show
from ..files import Counts
from ..images import PictureIndex, find_pictures
from ._coco_ids import rows_of, sound_ids
from ._coco_images import ImagePiece, ImageTable, join_images, read_categories, read_image_piece
from ._coco_part import Outlines
from ._coco_rows import Part, Piece, read_piece
from ._json import BadGuess, JsonFile, Span, decode_array, decode_value, elements, sections, split_array
from .intake import Intake
from .settle import Places, settle

__all__ = ["read_file"]

_ARRAYS = frozenset({"images", "annotations"})
_SMALLEST, _LARGEST = 1 << 18, 1 << 22  # bytes of a piece: enough to be worth a trip, few enough to fit many in memory

T = TypeVar("T")


def read_file(file: Path, split: str | None, shown: str, intake: Intake) -> Dataset:
    """Read one COCO file.

    Args:
        split: split that its pictures are in.
        shown: name of the file in messages.

    Raises:
        FormatError, IdentityError, UnsafePathError: the file is refused; see `coco.read`.
    """
    document = JsonFile(file, shown)
    outlines = _outlines_wanted(intake)
    draft = _read(document, split, intake, outlines)
    if any(part.textless for part in draft.parts):
        draft = _read(document, split, intake, "decode")
    return draft.settle(split, intake)


def _outlines_wanted(intake: Intake) -> Outlines:
    if intake.wanted is None or "polygons" in intake.wanted:
        return "text" if "polygons" in intake.as_text else "decode"
    return "count"


def _read(document: JsonFile, split: str | None, intake: Intake, outlines: Outlines) -> _Draft:
    try:
        return _Draft.read(document, split, intake, outlines, exact=False)
    except BadGuess:
        return _read_exactly(document, split, intake, outlines)


def _read_exactly(document: JsonFile, split: str | None, intake: Intake, outlines: Outlines) -> _Draft:
    try:
        return _Draft.read(document, split, intake, outlines, exact=True)
    except BadGuess:
        pass
    # The brackets are right and something between them is not: find the first element that does not decode.
    for array in (sections(document, _ARRAYS, exact=True).get(key) for key in sorted(_ARRAYS)):
        for span in elements(document, array) if array is not None else ():
            try:
                decode_array(document.read(span.start, span.end))
            except BadGuess:
                document.fail("is not JSON here", span.start)
    return document.fail("is not JSON")


def _pieces(document: JsonFile, array: Span, workers: int, exact: bool) -> list[Span]:
    size = min(_LARGEST, max(_SMALLEST, (array.end - array.start) // (4 * workers)))
    return split_array(document, array, size, exact=exact)


def _whole(parts: Iterable[list[T] | None]) -> list[T]:
    found: list[T] = []
    for part in parts:
        if part is None:
            raise BadGuess
        found += part
    return found


@dataclass(kw_only=True)
class _Draft:
    """What the text says, before it is held together.

    Attributes:
        at: int64, place in the annotations array of each row of `table`.
        image_keys, category_keys: the ids that the annotations name.
    """

    shown: str
    images: ImageTable
    categories: Categories
    table: Annotations
    at: NDArray[np.int64]
    ids: SourceIds
    image_keys: SourceIds
    category_keys: SourceIds
    mask_size: NDArray[np.int64] | None
    parts: list[Part]
    annotated: bool
    meta: dict[str, Any]
    pictures: PictureIndex | None

    @staticmethod
    def read(document: JsonFile, split: str | None, intake: Intake, outlines: Outlines, *, exact: bool) -> _Draft:
        """Read all sections; the large ones in pieces, by all workers."""
        shown = document.shown
        spans = _find_sections(document, shown, exact)
        engine = intake.engine
        pieces = [
            ImagePiece(document, (span,), shown) for span in _pieces(document, spans["images"], engine.workers, exact)
        ]
        images = join_images(_whole(engine.map(read_image_piece, pieces)), shown)
        annotations = spans.get("annotations")
        cuts = _pieces(document, annotations, engine.workers, exact) if annotations else []
        intake.progress.start(f"reading {shown}", len(cuts))
        batches = [Piece(document, (cut,), outlines, shown) for cut in cuts]
        results = engine.map(read_piece, batches, progress=intake.progress)
        ahead = list(islice(results, 1))
        pictures = _find_pictures(Path(document.path), split, images.names, intake)  # while the workers are busy
        parts = _whole(chain(ahead, results))
        table = concat_annotations([part.table for part in parts]) if parts else _no_annotations()
        for part in parts if len(parts) > 1 else ():
            part.table = _no_annotations()  # outlines may take most of the memory there is; once is enough
        first = np.cumsum([0, *(part.total for part in parts)])
        at = [part.rows + start for part, start in zip(parts, first.tolist(), strict=False)]
        return _Draft(
            shown=shown,
            images=images,
            categories=read_categories(document, spans.get("categories"), shown),
            table=table,
            at=np.concatenate(at) if at else np.zeros(0, np.int64),
            ids=concat_ids([part.ids for part in parts]),
            image_keys=concat_ids([part.images for part in parts]),
            category_keys=concat_ids([part.categories for part in parts]),
            mask_size=_mask_sizes(parts),
            parts=parts,
            annotated=annotations is not None,
            meta=_meta(document, spans),
            pictures=pictures,
        )

    def settle(self, split: str | None, intake: Intake) -> Dataset:
        """Hold ids, masks and keypoints against each other, and everything against the pictures."""
        self._report(intake)
        images, table = self._attach(intake)
        dataset, image_at, rows = self._build(images, table, split, intake)
        places = Places(
            image=lambda row: Place(self.shown, field=f"images[{image_at[row]}] (id {self.images.ids[image_at[row]]})"),
            annotation=lambda row: self._place(int(rows[row])),
        )
        return settle(dataset, intake, places, self.pictures)

    def _place(self, row: int) -> Place:
        return Place(self.shown, field=f"annotations[{self.at[row]}] (id {self.ids[row]})")

    def _report(self, intake: Intake) -> None:
        """Count what was read, and pass on what the workers found."""
        total = sum(part.total for part in self.parts)
        intake.read += Counts(len(self.images.names), total)
        for kind in ("polygons", "rings"):
            unread = sum(part.unread.get(kind, 0) for part in self.parts)
            if unread:
                intake.unread[kind] = intake.unread.get(kind, 0) + unread
        start = 0
        pictures = iter(self._pictures_of_bad().tolist())
        for part in self.parts:
            for bad in part.bad:
                field = f"annotations[{start + bad.row}] (id {bad.id}): {bad.field}"
                image = next(pictures)
                name = self.images.names[image] if image >= 0 else None
                intake.bad_annotation(Place(self.shown, field=field), bad.found, bad.expected, name)
            for code, ids in part.notes.items():
                intake.note(code, _NOTES[code], len(ids), (f"annotation id {show(str(i))}" for i in ids))
            start += part.total
        if not self.annotated:
            intake.note("no-annotations", "the file has no 'annotations': all pictures are taken as not labelled")
        if self.images.textual:
            intake.note("id-as-text", "{n} image ids are numbers written as text", self.images.textual)
        folded: dict[str, str] = {}
        for name in self.categories.names:
            other = folded.setdefault(name.casefold(), name)
            if other != name:
                pair = f"'{show(other)}' and '{show(name)}'"
                intake.note("class-case", "class names differ only in case and are kept apart", 1, [pair])

    def _pictures_of_bad(self) -> NDArray[np.int64]:
        """Return the picture of each annotation that could not be read; -1 where it names none that is listed."""
        ids = [bad.image for part in self.parts for bad in part.bad]
        known = tuple(value if isinstance(value, (int, str)) else "" for value in ids)
        return rows_of(known, self.images.ids) if known else np.zeros(0, np.int64)

    def _attach(self, intake: Intake) -> tuple[NDArray[np.int64], Annotations]:
        """Find image and category of every annotation; return the good rows and the table with both filled in."""
        image, category = rows_of(self.image_keys, self.images.ids), rows_of(self.category_keys, _ids(self.categories))
        table = dataclasses.replace(self.table, image=image.astype(np.int32), category=category.astype(np.int32))
        good = np.ones(len(table), np.bool_)
        self._reject(good, image < 0, intake, "an image that is not listed", "an id of the images", self.image_keys)
        expected = "an id of the categories"
        self._reject(good, category < 0, intake, "a class that is not listed", expected, self.category_keys)
        if table.masks is not None and self.mask_size is not None:
            table = self._check_masks(table, good, intake)
        if table.keypoints is not None and self.categories.keypoints is not None:
            wanted = np.array([len(points) for points in self.categories.keypoints] or [0])[category]
            lengths = table.keypoints.lengths
            wrong = (lengths > 0) & (wanted > 0) & (lengths != wanted)
            self._reject(good, wrong, intake, "a number of keypoints that its class does not have", "all of them")
        return np.flatnonzero(good), table

    def _reject(
        self,
        good: NDArray[np.bool_],
        wrong: NDArray[np.bool_],
        intake: Intake,
        found: str,
        expected: str,
        keys: SourceIds | None = None,
    ) -> None:
        for row in np.flatnonzero(wrong & good).tolist():
            good[row] = False
            what = found if keys is None else f"{found} ({show(str(keys[row]))})"
            intake.bad_annotation(self._place(row), what, expected)

    def _check_masks(self, table: Annotations, good: NDArray[np.bool_], intake: Intake) -> Annotations:
        masks, size = table.masks, self.mask_size
        if masks is None or size is None:
            return table
        has = size[:, 0] > 0
        height, width = self.images.height[table.image], self.images.width[table.image]
        known = (height > 0) & (width > 0) & (table.image >= 0)
        other = has & known & ((size[:, 0] != height) | (size[:, 1] != width))
        self._reject(good, other, intake, "a mask of another size than its picture", "[height, width] of the picture")
        uneven = has & (run_sums(masks) != size[:, 0] * size[:, 1])
        self._reject(good, uneven, intake, "a mask whose runs do not cover the picture", "height x width pixels in all")
        boxless = good & has & np.isinf(table.box[:, 0])
        if not boxless.any():
            return table
        box, rows = table.box.copy(), np.flatnonzero(boxless)
        box[rows] = mask_boxes(masks.take(rows), size[rows, 0].astype(np.int32))
        return dataclasses.replace(table, box=box)

    def _build(
        self, good: NDArray[np.int64], table: Annotations, split: str | None, intake: Intake
    ) -> tuple[Dataset, NDArray[np.int64], NDArray[np.int64]]:
        """Make the dataset; also return the place in the file of each image, and the row here of each annotation."""
        images, count = self.images, len(self.images.names)
        lost = np.zeros(count + 1, np.bool_)  # the last: pictures that nobody knows
        lost[np.delete(table.image, good)] = True
        lost[self._pictures_of_bad()] = True
        rows = good if (np.diff(table.image[good]) >= 0).all() else good[np.argsort(table.image[good], kind="stable")]
        if len(rows) < len(table) or (rows[1:] < rows[:-1]).any():
            table = table.take(rows)
        ids = sound_ids(self.ids, rows, intake)
        table = dataclasses.replace(table, source_id=ids)
        counts = np.bincount(table.image, minlength=count)
        state = np.where(counts > 0, State.LABELLED, State.EMPTY if self.annotated else State.UNLABELLED)
        # Where the only annotation was bad, the picture is not known to be empty.
        state[(counts == 0) & (~images.labelled | lost[:-1])] = State.UNLABELLED
        dataset = Dataset(
            images=Images(
                names=tuple(images.names),
                width=np.where(images.height > 0, images.width, 0).astype(np.int32),
                height=np.where(images.width > 0, images.height, 0).astype(np.int32),
                state=state.astype(np.uint8),
                split=np.full(count, -1 if split is None else 0, np.int32),
                splits=() if split is None else (split,),
                folder=np.full(count, -1, np.int32),
                source_id=images.ids,
                extra=images.extra,
            ),
            annotations=table,
            categories=self.categories,
            meta=self.meta,
        )
        nameless = np.array([not name for name in images.names], np.bool_)
        if not nameless.any():
            return dataset, np.arange(count), rows
        for row in np.flatnonzero(nameless).tolist():
            place = Place(self.shown, field=f"images[{row}] (id {images.ids[row]})")
            intake.bad_image(place, "no file name", "the file name of the picture", "", int(counts[row]))
        kept = np.flatnonzero(~nameless)
        return keep_images(dataset, kept), kept, rows[~nameless[table.image]]


_NOTES = {
    "area-recomputed": "the area of {n} annotations is missing or no area, and was computed",
    "box-from-outline": "{n} annotations have an outline and no box; the box was taken from the outline",
    "crowd-polygon": "{n} crowd regions have a polygon instead of a mask",
}


def _find_sections(document: JsonFile, shown: str, exact: bool) -> dict[str, Span]:
    spans = sections(document, _ARRAYS, exact=exact)
    try:
        _check_sections(document, spans, shown)
    except FormatError:
        if exact:
            raise
        raise BadGuess from None  # the wrong section may have been found
    return spans


def _check_sections(document: JsonFile, spans: dict[str, Span], shown: str) -> None:
    if "images" not in spans:
        raise FormatError(
            "has no 'images'", at=Place(shown), hint="a COCO dataset lists its images; is this a results file?"
        )
    for key in ("images", "annotations", "categories"):
        span = spans.get(key)
        if span is not None and document.read(span.start, span.start + 1) != b"[":
            text = document.read(span.start, min(span.end, span.start + 20)).decode("utf-8", "replace")
            raise FormatError(
                f"'{key}' is {show(text)}, expected a list", at=Place(shown, field=key), hint="export the file again"
            )
    _check_task(document, spans.get("annotations"), shown)
    if "categories" not in spans and "annotations" in spans:
        span = spans["annotations"]
        if document.read(span.start + 1, span.end - 1).strip():
            raise FormatError("has annotations but no 'categories'", at=Place(shown), hint="list the classes")


def _check_task(document: JsonFile, span: Span | None, shown: str) -> None:
    """Refuse files of COCO's other tasks as a whole, by their first annotation."""
    head = b"" if span is None else document.read(span.start + 1, min(span.end, span.start + (1 << 16)))
    try:
        first, _ = json.JSONDecoder().raw_decode(head.decode(errors="replace").lstrip())
    except (ValueError, RecursionError):  # none, or too long to be of one of these kinds
        return
    for key, kind in (("segments_info", "panoptic segments"), ("caption", "captions")):
        if isinstance(first, dict) and key in first and "bbox" not in first:
            raise FormatError(
                f"its annotations are {kind}, which cvdata does not read",
                at=Place(shown, field="annotations"),
                hint="give the instances or person_keypoints file of the same pictures",
            )


def _meta(document: JsonFile, spans: dict[str, Span]) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for key, span in spans.items():
        if key in (*_ARRAYS, "categories"):
            continue
        try:
            value = decode_value(document.read(span.start, span.end))
        except ValueError as error:
            raise FormatError(str(error), at=Place(document.path, field=key)) from error
        (meta if key in ("info", "licenses") else others)[key] = value
    return meta | ({"coco": others} if others else {})


def _no_annotations() -> Annotations:
    return Annotations(image=np.zeros(0, np.int32), category=np.zeros(0, np.int32), box=np.zeros((0, 4)))


def _mask_sizes(parts: list[Part]) -> NDArray[np.int64] | None:
    if all(part.mask_size is None for part in parts):
        return None
    return np.concatenate([np.zeros((len(p.rows), 2), np.int64) if p.mask_size is None else p.mask_size for p in parts])


def _ids(categories: Categories) -> SourceIds:
    from ..dataset.concat import ids_of

    return ids_of(categories.source_id or ())


def _find_pictures(file: Path, split: str | None, names: Sequence[str], intake: Intake) -> PictureIndex | None:
    """Return the pictures of the folder that the user named, or of the first usual place that holds one of them."""
    if intake.images is not None:
        if not intake.images.is_dir():
            raise FormatError(f"the picture folder '{show(intake.images)}' does not exist", hint="correct --images")
        return find_pictures(intake.images)
    parent = file.parent
    root = parent.parent if parent.name == "annotations" else parent
    marks = [mark for mark in (split, f"{split}2017", f"{split}2014") if split] if split else []
    usual = [f"{base}{mark}" for mark in marks for base in ("images/", "")] + ["images", "JPEGImages", "data", ""]
    probe = names[:20]
    for place in dict.fromkeys([parent if file.name.startswith("_annotations") else root / u for u in usual]):
        if any((place / name).is_file() for name in probe):
            return find_pictures(place)
    return None
