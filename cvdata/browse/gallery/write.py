"""Write the gallery: the page, small and larger pictures, and the labels in files that the page loads when needed.

A page that is opened from a disk may not fetch files, but it may load scripts: so the data are scripts that hand over
one JSON value each. Pictures are numbered as the views show them first, so that what is seen together lies together.

Who gets the folder by mail has no other files: the worst pictures of each view are there with up to 1,024 pixels, the
others as thumbnails alone, and nothing links out of the folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset, State
from ...engine import Engine, Progress, Silent, batch_size
from ...errors import show
from ...files.staging import Staging
from ...reports.palette import class_colour
from ..subject import Subject
from ..views.choose import chosen
from ..views.view import View
from .labels import Said, place_of
from .page import page
from .pictures import Job, heat_name, heat_picture, large_name, make_pictures, nothing_made
from .records import GalleryReport, GalleryView

__all__ = ["write_gallery"]

_PART = 100
"""Pictures whose labels are in one file: at most some hundred kilobytes."""

_LARGE_EACH, _LARGE_ALL = 12, 240
"""Worst pictures of each view that are there large, and of all views together."""

_BATCH = 32  # pictures, for one trip to a worker

Entry = tuple[int, list[int]]
"""A picture of a view, by its row, and the rows of those labels that the view is about."""


def write_gallery(
    subject: Subject,
    views: Sequence[View],
    staging: Staging,
    *,
    title: str,
    engine: Engine,
    progress: Progress | None = None,
) -> GalleryReport:
    """Write a gallery into an output that is being made; the caller commits it.

    Args:
        views: in the order in which the page lists them; "all pictures" comes after them.
        title: heading of the page, such as the name of the dataset.

    Raises:
        OSError: the disk refused.
    """
    entries = [list(_entries(subject, view)) for view in views]
    listed = [*views, _everything(subject.dataset)]
    entries.append([(row, []) for row in range(len(subject.dataset.images))])
    order = _order(entries)
    large = _large(entries)
    made = _pictures(subject.dataset, order, large, staging, engine, progress or Silent())
    _write_parts(subject, order, made, staging)
    number = {row: place for place, row in enumerate(order)}
    for place, (view, shown) in enumerate(zip(listed, entries, strict=True)):
        _hand_over(staging, f"data/view-{place}.js", "view", place, _view_data(subject, view, shown, number))
    _hand_over(staging, "data/names.js", "names", 0, _names(subject, order))
    staging.write("index.html", page(show(title), _opening(subject, listed, entries)))
    return GalleryReport(
        pictures=len(order),
        large=sum(two for _, two in made.values()),
        views=[
            GalleryView(name=view.name, count=view.count, pictures=len(shown))
            for view, shown in zip(listed, entries, strict=True)
        ],
        bytes=sum(entry.size for entry in staging.recorded),
        missing=[subject.dataset.images.names[row] for row in sorted(set(order) - set(made))],
    )


def _everything(dataset: Dataset) -> View:
    return View(name="all pictures", about="Every picture, in the order of the dataset.", count=len(dataset.images))


def _entries(subject: Subject, view: View) -> Iterator[Entry]:
    """Yield the pictures of a view in its order, each with the rows of the labels it is about."""
    picked = chosen(subject, view)
    owner = subject.dataset if view.side != "found" or not subject.found else subject.found[0].dataset
    rows = np.sort(picked.rows)
    pictures = owner.annotations.image[rows]
    for picture in picked.pictures.tolist():
        first, last = np.searchsorted(pictures, [picture, picture + 1])
        yield picture, rows[first:last].tolist()


def _order(entries: list[list[Entry]]) -> list[int]:
    """Return the rows of all pictures in the order in which the views show them first."""
    return list(dict.fromkeys(picture for shown in entries for picture, _ in shown))


def _large(entries: list[list[Entry]]) -> set[int]:
    """Return the rows of the pictures to keep large: the first of each view, in turns."""
    turns = (shown[place][0] for place in range(_LARGE_EACH) for shown in entries if place < len(shown))
    return set(list(dict.fromkeys(turns))[:_LARGE_ALL])


def _pictures(
    dataset: Dataset, order: list[int], large: set[int], staging: Staging, engine: Engine, progress: Progress
) -> dict[int, tuple[bool, bool]]:
    """Write the copies; return for each row that could be read whether there is a small and a large one."""
    files = [(place, row, dataset.images.file(row)) for place, row in enumerate(order)]
    jobs = [Job(staging.path, place, file, row in large) for place, row, file in files if file is not None]
    staging.make_folders(["large", *{f"pictures/{job.number // 500}" for job in jobs}])
    progress.start("making thumbnails", len(jobs))
    size = batch_size(len(jobs), engine.workers, _BATCH)
    batches = [jobs[at : at + size] for at in range(0, len(jobs), size)]
    made: dict[int, tuple[bool, bool]] = {}
    results = engine.map(make_pictures, batches, lost=nothing_made, progress=progress)
    for job, written in zip(jobs, (files for part in results for files in part), strict=True):
        staging.record(written)
        if written:
            made[order[job.number]] = True, any(entry.name == large_name(job.number) for entry in written)
    return made


def _write_parts(subject: Subject, order: list[int], made: dict[int, tuple[bool, bool]], staging: Staging) -> None:
    said, images = Said(subject), subject.dataset.images
    for at in range(0, len(order), _PART):
        part = []
        for place, row in enumerate(order[at : at + _PART], at):
            picture: dict[str, Any] = {
                "n": show(images.names[row], 1000),
                "w": int(images.width[row]),
                "h": int(images.height[row]),
                "i": sum(made.get(row, ())),  # 0: no picture, 1: a small one, 2: a larger one, too
                "t": list(subject.tags[row]) if subject.tags else [],
                "u": State(int(images.state[row])).name.lower(),
                "l": said.labels(row),
            }
            if row in subject.heat:
                picture["x"] = 1
                staging.write(heat_name(place), heat_picture(subject.heat[row]))
            if images.split[row] >= 0:
                picture["p"] = show(images.splits[images.split[row]])
            part.append(picture)
        _hand_over(staging, f"data/part-{at // _PART}.js", "part", at // _PART, part)


def _view_data(subject: Subject, view: View, shown: list[Entry], number: dict[int, int]) -> list[Any]:
    """Return for each picture its number, the places of the labels that the view is about, and their classes."""
    side = int(view.side == "found")
    table: NDArray[np.int32] = (subject.found[0].dataset if side else subject.dataset).annotations.category
    data = []
    for picture, rows in shown:
        classes = np.unique(table[rows]).tolist() if rows else []
        data.append([number[picture], [place_of(subject, picture, side, row) for row in rows], classes])
    return data


def _names(subject: Subject, order: list[int]) -> list[Any]:
    """Return name and classes of each picture, to search in."""
    tables = [subject.dataset, *(found.dataset for found in subject.found)]
    names = []
    for row in order:
        parts = [table.annotations.category[table.offsets[row] : table.offsets[row + 1]] for table in tables]
        names.append([show(subject.dataset.images.names[row], 1000), np.unique(np.concatenate(parts)).tolist()])
    return names


def _opening(subject: Subject, views: Sequence[View], entries: list[list[Entry]]) -> dict[str, Any]:
    """Return what the page has to know at once."""
    categories = subject.dataset.categories
    return {
        "classes": [show(name) for name in categories.names],
        "colours": [class_colour(row) for row in range(len(categories))],
        "skeleton": [list(map(list, pairs)) for pairs in categories.skeleton or ()],
        "found": [show(found.name) for found in subject.found],
        "titles": {code: show(title, 300) for code, title in subject.finding_titles.items()},
        "judged": any(found.judged is not None for found in subject.found[:1]),
        "heat": bool(subject.heat),
        "pictures": len(subject.dataset.images),
        "per": _PART,
        "views": [
            {
                "name": show(view.name, 300),
                "about": show(view.about, 500),
                "count": view.count,
                "side": view.side,
                "pictures": len(shown),
            }
            for view, shown in zip(views, entries, strict=True)
        ],
    }


def _hand_over(staging: Staging, name: str, kind: str, place: int, value: Any) -> None:
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    staging.write(name, f'cvdata("{kind}",{place},{text})\n'.encode())
