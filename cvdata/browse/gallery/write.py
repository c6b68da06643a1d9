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
from ...engine import Engine, Progress, Silent
from ...errors import show
from ...files.journal import Journal
from ...files.staging import Staging
from ...reports.palette import class_colour
from ..subject import Subject
from ..views.choose import chosen
from ..views.view import View
from .copying import copy_pictures
from .labels import Said, place_of
from .page import page
from .pictures import heat_name, heat_picture
from .records import GalleryReport, GalleryView

__all__ = ["write_gallery"]

_PART = 100
"""Pictures whose labels are in one file: at most some hundred kilobytes."""

_LARGE_EACH, _LARGE_ALL = 12, 240
"""Worst pictures of each view that are there large, and of all views together."""

Entry = tuple[int, list[int]]
"""A picture of a view, by its row, and the rows of those labels that the view is about."""


def write_gallery(
    subject: Subject,
    views: Sequence[View],
    staging: Staging,
    *,
    title: str,
    journal: Journal,
    engine: Engine,
    progress: Progress | None = None,
) -> GalleryReport:
    """Write a gallery into an output that is being made; the caller commits it, and then discards the journal.

    Pictures that an earlier run with the same journal made are taken from there, where their files are the same.

    Args:
        views: in the order in which the page lists them; "all pictures" comes after them.
        title: heading of the page, such as the name of the dataset.

    Raises:
        OSError: the disk refused.
        OutputError: it refused the copies of pictures.
    """
    progress = progress or Silent()
    entries = [list(_entries(subject, view)) for view in views]
    listed = [*views, _everything(subject.dataset)]
    entries.append([(row, []) for row in range(len(subject.dataset.images))])
    order = _order(entries)
    copied = copy_pictures(
        subject.dataset.images, order, _large(entries), staging, journal, engine=engine, progress=progress
    )
    _write_parts(subject, order, copied.sizes, staging, progress)
    number = {row: place for place, row in enumerate(order)}
    for place, (view, shown) in enumerate(zip(listed, entries, strict=True)):
        _hand_over(staging, f"data/view-{place}.js", "view", place, _view_data(subject, view, shown, number))
    _hand_over(staging, "data/names.js", "names", 0, _names(subject, order))
    staging.write("index.html", page(show(title), _opening(subject, listed, entries)))
    missing = {row for place, row in enumerate(order) if place not in copied.sizes}
    return GalleryReport(
        pictures=len(order),
        large=sum(size > 1 for size in copied.sizes.values()),
        views=[
            GalleryView(name=view.name, count=view.count, pictures=len(shown))
            for view, shown in zip(listed, entries, strict=True)
        ],
        bytes=sum(entry.size for entry in staging.recorded),
        missing=[subject.dataset.images.names[row] for row in sorted(missing)],
        resumed=copied.resumed,
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


def _write_parts(
    subject: Subject, order: list[int], sizes: dict[int, int], staging: Staging, progress: Progress
) -> None:
    said = Said(subject)
    progress.start("writing labels", len(order))
    for at in range(0, len(order), _PART):
        numbers = range(at, min(at + _PART, len(order)))
        part = []
        for number in numbers:
            row = order[number]
            part.append(_about(subject, row, said.labels(row), sizes.get(number, 0)))
            if row in subject.heat:
                staging.write(heat_name(number), heat_picture(subject.heat[row]))
        _hand_over(staging, f"data/part-{at // _PART}.js", "part", at // _PART, part)
        progress.advance(len(numbers))


def _about(subject: Subject, row: int, labels: list[dict[str, Any]], size: int) -> dict[str, Any]:
    """Return what the page knows of a picture.

    Args:
        size: 0: there is no copy, 1: a small one, 2: a larger one, too.
    """
    images = subject.dataset.images
    about: dict[str, Any] = {
        "n": show(images.names[row], 1000),
        "w": int(images.width[row]),
        "h": int(images.height[row]),
        "i": size,
        "t": list(subject.tags[row]) if subject.tags else [],
        "u": State(int(images.state[row])).name.lower(),
        "l": labels,
    }
    if row in subject.heat:
        about["x"] = 1
    if images.split[row] >= 0:
        about["p"] = show(images.splits[images.split[row]])
    return about


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
