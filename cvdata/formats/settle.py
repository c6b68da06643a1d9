"""Hold what a format read against its pictures and against reason; what fails goes to quarantine by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations, Dataset, Images, Polygons
from ..dataset.geometry import BoxVerdict, bounds, clip_boxes, judge_boxes, overshoot_allowed, ring_areas
from ..dataset.select import keep_annotations, keep_images
from ..errors import FormatError, IdentityError, Place, UnsafePathError, show
from ..images import PictureIndex, Sizes, measure
from .intake import Intake

__all__ = ["Places", "judge_polygons", "settle"]


@dataclass(frozen=True)
class Places:
    """Where the rows of a dataset came from, for messages.

    Attributes:
        image: place that names a picture; `annotation`: place of an annotation. Both take a row of the dataset.
    """

    image: Callable[[int], Place]
    annotation: Callable[[int], Place]


def settle(
    dataset: Dataset,
    intake: Intake,
    places: Places,
    pictures: PictureIndex | None = None,
    files: Sequence[str | None] | None = None,
    sizes: Sizes | None = None,
    lost: NDArray[np.bool_] | None = None,
) -> Dataset:
    """Return the dataset without what is bad, with sizes filled in and boxes clipped; the rest is in `intake`.

    Args:
        dataset: as read; sizes are 0 where the labels do not say.
        pictures: pictures below the folder that they belong to, or None where none was found.
        files: name in `pictures` of each image's file, None where it is missing; found by name where not given.
        sizes: sizes of the pictures, where the reader had to measure them itself (and wrote them into `dataset`).
        lost: bool, shape (images,), where `dataset` itself says in which folders its pictures are: which of them are
            not there. Pictures in no folder have none, and that is fine.

    Raises:
        IdentityError: two images are one file.
        UnsafePathError: a picture is a link that leaves its folder.
        FormatError: pictures were looked for and not one is there.
    """
    kept = np.ones(len(dataset.images), np.bool_)
    images = dataset.images
    if lost is not None:
        images = _leave_out_lost(images, np.flatnonzero(lost), intake, places, kept, dataset.offsets)
        images = _measure(images, intake, places, kept, dataset.offsets, sizes)
    elif pictures is None:
        intake.verified = "nothing: no pictures were found, so sizes and names are those of the labels"
    else:
        if files is None:
            files = [pictures.resolve(name) for name in images.names]
        images = _attach(images, pictures, files, intake, places, kept, dataset.offsets)
        images = _measure(images, intake, places, kept, dataset.offsets, sizes)
    dataset = dataclasses.replace(dataset, images=images)
    rows = kept[dataset.annotations.image]
    rows, annotations = _judge(dataset, intake, places, rows)
    return _sift(dataset, annotations, kept, rows, intake, places)


def _attach(
    images: Images,
    pictures: PictureIndex,
    files: Sequence[str | None],
    intake: Intake,
    places: Places,
    kept: NDArray[np.bool_],
    offsets: NDArray[np.int64],
) -> Images:
    """Tie each image to its file."""
    present = [file for file in files if file is not None]
    if len(set(present)) < len(present):
        _refuse_shared_file(images, files, places)
    if pictures.refused:
        for row, file in enumerate(files):
            if file is not None and file in pictures.refused:
                raise UnsafePathError(
                    f"the picture '{show(file)}' {pictures.refused[file]}",
                    at=places.image(row),
                    hint="put the picture itself there, or give the folder that the link points to with --images",
                )
    if not present and len(images):
        raise FormatError(
            f"none of the {len(images):,} pictures is in '{show(pictures.root)}'",
            at=places.image(0),
            hint="give the right picture folder with --images, or a folder without pictures to convert labels alone",
        )
    folder = np.zeros(len(images), np.int32)
    for row in (row for row, file in enumerate(files) if file is None):
        kept[row] = False
        folder[row] = -1
        intake.bad_image(
            places.image(row),
            f"the picture '{show(images.names[row])}' is not there",
            f"a picture in '{show(pictures.root)}'",
            images.names[row],
            int(offsets[row + 1] - offsets[row]),
        )
    known = set(present)
    intake.unlisted_pictures(pictures.root, [name for name in pictures.names if name not in known])
    paths = tuple(name if file is None else file for name, file in zip(images.names, files, strict=True))
    return dataclasses.replace(
        images, folder=folder, folders=(pictures.root,), files=None if paths == images.names else paths
    )


def _leave_out_lost(
    images: Images,
    rows: NDArray[np.int64],
    intake: Intake,
    places: Places,
    kept: NDArray[np.bool_],
    offsets: NDArray[np.int64],
) -> Images:
    for row in rows.tolist():
        kept[row] = False
        intake.bad_image(
            places.image(row),
            f"the picture '{show(images.names[row])}' is not there",
            f"a picture in '{show(images.folders[images.folder[row]])}'",
            images.names[row],
            int(offsets[row + 1] - offsets[row]),
        )
    return dataclasses.replace(images, folder=np.where(kept, images.folder, -1).astype(np.int32))


def _refuse_shared_file(images: Images, files: Sequence[str | None], places: Places) -> None:
    first: dict[str, int] = {}
    for row, file in enumerate(files):
        if file is None:
            continue
        if file in first:
            raise IdentityError(
                f"'{show(images.names[row])}' and '{show(images.names[first[file]])}' are one file, '{show(file)}'",
                at=places.image(row),
                hint="remove one of the two entries, or merge their annotations",
            )
        first[file] = row


def _measure(
    images: Images,
    intake: Intake,
    places: Places,
    kept: NDArray[np.bool_],
    offsets: NDArray[np.int64],
    known: Sizes | None,
) -> Images:
    """Fill in sizes that the labels do not give, and hold those that they give against the pictures."""
    unknown = (images.width <= 0) | (images.height <= 0)
    there = kept & (images.folder >= 0)
    if intake.verify == "none":
        intake.verified = "nothing, as asked (--verify none)"
        chosen = np.flatnonzero(there & unknown)
    else:
        what = "every pixel" if intake.verify == "decode" else "sizes in the picture headers"
        chosen = np.flatnonzero(there)
        intake.checked += len(chosen)
        intake.verified = f"{what}, {intake.checked:,} pictures"
    if not len(chosen):
        return images
    if known is None:
        paths = [images.file(row) or "" for row in chosen.tolist()]
        sizes = measure(paths, intake.engine, decode=intake.verify == "decode", progress=intake.progress)
    else:
        sizes = _of_rows(known, chosen)
    for at, problem in sizes.problems.items():
        row = int(chosen[at])
        kept[row] = False
        intake.bad_image(
            Place(images.names[row]),
            problem,
            "a picture that can be read",
            images.names[row],
            int(offsets[row + 1] - offsets[row]),
        )
    width, height = images.width.copy(), images.height.copy()
    read_w, read_h = sizes.width, sizes.height
    wrong = ~unknown[chosen] & ((width[chosen] != read_w) | (height[chosen] != read_h)) & kept[chosen]
    for at in np.flatnonzero(wrong).tolist():
        row = int(chosen[at])
        kept[row] = False
        said, real = f"{width[row]}x{height[row]}", f"{read_w[at]}x{read_h[at]}"
        turned = " (the labels were drawn on the picture before its EXIF rotation)" if sizes.turned[at] else ""
        intake.bad_image(
            places.image(row),
            f"the labels say {said}, the picture '{show(images.names[row])}' is {real}{turned}",
            "the size of the picture as it is shown",
            images.names[row],
            int(offsets[row + 1] - offsets[row]),
        )
    filled = chosen[unknown[chosen] & kept[chosen]]
    if len(filled) and not unknown.all():  # class folders and plain pictures never say a size
        names = [show(images.names[row]) for row in filled[:5].tolist()]
        intake.note("size-from-picture", "the size of {n} pictures was taken from the files", len(filled), names)
    width[chosen], height[chosen] = read_w, read_h
    return dataclasses.replace(images, width=width, height=height)


def _of_rows(sizes: Sizes, rows: NDArray[np.int64]) -> Sizes:
    problems = {at: sizes.problems[row] for at, row in enumerate(rows.tolist()) if row in sizes.problems}
    return Sizes(sizes.width[rows], sizes.height[rows], sizes.turned[rows], problems)


def _judge(
    dataset: Dataset, intake: Intake, places: Places, rows: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Annotations]:
    """Put bad boxes and polygons aside; clip those that overshoot."""
    table, images = dataset.annotations, dataset.images
    width, height = images.width[table.image], images.height[table.image]
    verdict = judge_boxes(table.box, width, height)
    rows = rows.copy()
    for row in np.flatnonzero(rows & (verdict >= BoxVerdict.NOT_FINITE)).tolist():
        rows[row] = False
        name = images.names[table.image[row]]
        found, expected = _box_problem(BoxVerdict(verdict[row]), table.box[row], width[row], height[row])
        intake.bad_annotation(places.annotation(row), found, expected, name)
    over = np.flatnonzero(rows & (verdict == BoxVerdict.OVERSHOOTS))
    if len(over):
        box = table.box.copy()
        box[over] = clip_boxes(box[over], width[over], height[over])
        table = dataclasses.replace(table, box=box)
        examples = [str(places.annotation(row)) for row in over[:5].tolist()]
        intake.note(
            "clipped-box", "{n} boxes reached over the edge of their picture and were clipped", len(over), examples
        )
    if table.polygons is not None:
        polygons = judge_polygons(table.polygons, width, height, dataset, intake, places, rows)
        table = dataclasses.replace(table, polygons=polygons)
    return rows, table


def _box_problem(verdict: BoxVerdict, box: NDArray[np.float64], width: int, height: int) -> tuple[str, str]:
    x, y, w, h = (f"{value:g}" for value in box)
    if verdict == BoxVerdict.NOT_FINITE:
        return f"a box that is not finite ({x}, {y}, {w}, {h})", "finite numbers"
    if verdict == BoxVerdict.NO_AREA:
        return f"a box without area ({w} x {h} at {x}, {y})", "a width and a height above 0"
    return f"a box that lies outside ({w} x {h} at {x}, {y})", f"at least half of it inside {width}x{height}"


def judge_polygons(
    polygons: Polygons,
    width: NDArray[np.int32],
    height: NDArray[np.int32],
    dataset: Dataset,
    intake: Intake,
    places: Places,
    rows: NDArray[np.bool_],
) -> Polygons:
    """Put annotations with bad outlines aside, which clears them in `rows`; return the outlines, clipped."""
    has = polygons.ring_counts > 0
    owner = np.repeat(np.arange(len(polygons)), polygons.ring_counts)
    short = np.bincount(owner[np.diff(polygons.rings) < 3], minlength=len(polygons)) > 0
    box = bounds(polygons)
    with np.errstate(invalid="ignore", over="ignore"):
        finite = ~np.isnan(box).any(axis=1) & np.isfinite(box).all(axis=1)
        known = (width > 0) & (height > 0)
        right, bottom = box[:, 0] + box[:, 2], box[:, 1] + box[:, 3]
        outside = known & ((right <= 0) | (bottom <= 0) | (box[:, 0] >= width) | (box[:, 1] >= height))
        spill_x, spill_y = overshoot_allowed(width), overshoot_allowed(height)
        over = known & ((box[:, 0] < -spill_x) | (box[:, 1] < -spill_y))
        over |= known & ((right > width + spill_x) | (bottom > height + spill_y))
    flat = _flat(polygons, owner)
    reasons = (
        (~finite, "a polygon that is not finite", "finite numbers"),
        (short, "a polygon of fewer than 3 points", "at least 3 points a ring"),
        (flat, "a polygon without area", "points that are not all on one line"),
        (outside, "a polygon that lies outside", "a polygon inside its picture"),
    )
    for mask, found, expected in reasons:
        for row in np.flatnonzero(rows & has & mask).tolist():
            rows[row] = False
            name = dataset.images.names[dataset.annotations.image[row]]
            intake.bad_annotation(places.annotation(row), found, expected, name)
    clip = rows & has & over
    if not clip.any():
        return polygons
    count = int(clip.sum())
    examples = [str(places.annotation(row)) for row in np.flatnonzero(clip)[:5].tolist()]
    intake.note(
        "clipped-polygon", "{n} polygons reached over the edge of their picture and were clipped", count, examples
    )
    points = polygons.points.copy()
    chosen = np.repeat(clip[owner], np.diff(polygons.rings))
    annotation = np.repeat(owner, np.diff(polygons.rings))[chosen]
    points[chosen] = np.clip(points[chosen], 0, np.stack([width[annotation], height[annotation]], axis=1))
    return Polygons(points, polygons.rings, polygons.owners)


def _flat(polygons: Polygons, owner: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which annotations have only rings on one line; a bow tie has no shoelace area and is not among them."""
    thin = ring_areas(polygons) < 1e-9
    for ring in np.flatnonzero(thin).tolist():
        points = polygons.points[polygons.rings[ring] : polygons.rings[ring + 1]]
        if len(points) < 3 or not np.isfinite(points).all():
            continue
        away = points - points[0]
        far = away[np.argmax((away**2).sum(axis=1))]
        thin[ring] = bool((np.abs(away[:, 0] * far[1] - away[:, 1] * far[0]) <= 1e-9).all())
    solid = np.bincount(owner[~thin], minlength=len(polygons))
    return np.asarray((polygons.ring_counts > 0) & (solid == 0))


def _sift(
    dataset: Dataset,
    annotations: Annotations,
    kept: NDArray[np.bool_],
    rows: NDArray[np.bool_],
    intake: Intake,
    places: Places,
) -> Dataset:
    """Drop what is in quarantine, and remember where the rest came from."""
    chosen = np.flatnonzero(rows)
    dataset = dataclasses.replace(dataset, annotations=annotations)
    if len(chosen) < len(rows):
        dataset = keep_annotations(dataset, chosen)
    if not kept.all():
        dataset = keep_images(dataset, np.flatnonzero(kept))
    intake.where = lambda row: places.annotation(int(chosen[row]))
    return dataset
