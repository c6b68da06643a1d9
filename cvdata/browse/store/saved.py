"""The saved views of a subject: each `View` as FiftyOne's App lists it, worst first.

Where a view leaves the order to the dataset, pictures are in that of their ids: as they were put, later ones last.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...evaluate.diagnosis.kinds import Verdict
from ...reports.palette import class_colour
from ..names import (
    ERRORS,
    FOUND,
    INFO,
    KEYPOINTS,
    LABEL_ERROR,
    NUMBER,
    OUTLINES,
    TRUTH,
    VERDICT,
    WHOLE,
    list_of,
)
from ..views.view import View

__all__ = ["Saved", "beside", "has", "replace_views", "save_views"]

_TRUTH_COLOUR, _FOUND_COLOUR, _PICTURE_COLOUR = (class_colour(row) for row in (0, 1, 2))
"""Of the views about objects, about detections, about pictures."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A view as it is to be saved: its name, what it is about, FiftyOne's view, the colour of its row in the App."""

    name: str
    about: str | None
    view: Any
    colour: str | None = None


def save_views(fiftyone: Any, samples: Any, views: Sequence[View]) -> tuple[str, ...]:
    """Save views in place of those of the last time; return their names. A person's own stay."""
    part = fiftyone.ViewField
    made = [Saved(*one, _colour(view)) for view in views for one in _made(part, samples, view)]
    return replace_views(fiftyone, samples, made)


def replace_views(fiftyone: Any, samples: Any, views: Sequence[Saved]) -> tuple[str, ...]:
    """Save views as FiftyOne has them in place of those of the last time; return the names that they got."""
    old = list(dict(samples.info.get(INFO) or {}).get("views", ()))
    own = [name for name in samples.list_saved_views() if name not in old]
    taken = {fiftyone.core.utils.to_slug(name) for name in own}
    names = [_free(fiftyone, one.name, taken) for one in views]
    # Said before they are there: else those of a run that is killed on the way would pass for a person's own.
    _note(samples, [*old, *(name for name in names if name not in old)])
    for name, one in zip(names, views, strict=True):
        samples.save_view(name, one.view, description=one.about, color=one.colour, overwrite=True)
    for name in old:
        if name not in names and samples.has_saved_view(name):
            samples.delete_saved_view(name)
    _note(samples, names)
    return tuple(names)


def _note(samples: Any, names: list[str]) -> None:
    samples.info[INFO] = {**(samples.info.get(INFO) or {}), "views": names}
    samples.save()


def _made(part: Any, samples: Any, view: View) -> list[tuple[str, str, Any]]:
    if view.side is None:
        return [(view.name, view.about, _of_pictures(part, samples, view))]
    made = [(view.name, view.about, _of_labels(part, samples, view))]
    if any(asked.attribute == LABEL_ERROR for asked in view.where) and samples.has_field(view.side):
        patches = samples.filter_labels(view.side, _wanted(part, view)).to_patches(view.side)
        made.append((f"{view.name}, box by box", view.about, patches))
    return made


def _of_pictures(part: Any, samples: Any, view: View) -> Any:
    chosen = samples
    if view.tag is not None:
        chosen = chosen.match_tags(view.tag)
    if view.field is not None:
        if not samples.has_field(view.field):
            return chosen.match(part("filepath") == None)  # noqa: E711 - an expression
        asked = part(view.field)
        chosen = chosen.match(asked > 0 if view.field == ERRORS else asked.exists() & (asked != None))  # noqa: E711
    if view.by == "group" and view.field is not None:
        return chosen.sort_by([(view.field, 1), ("id", 1)])
    if view.by in ("errors", "suspicion", "worth") and samples.has_field(view.by):
        return chosen.sort_by([(view.by, -1), ("id", 1)])
    return chosen


def _of_labels(part: Any, samples: Any, view: View) -> Any:
    """Return the pictures with such a label, and on that side these labels alone."""
    wanted, sides = _wanted(part, view), _fields(samples, view.side or TRUTH)
    counts = [part(list_of(field)).filter(wanted).length() for field in sides]
    number = functools.reduce(operator.add, counts)
    chosen = samples.match(number > 0)
    for field in sides:
        chosen = chosen.filter_labels(field, wanted, only_matches=False)
    chosen = beside(part, samples, chosen, view.side or TRUTH)
    if view.side == TRUTH:
        for field in _fields(samples, FOUND):
            chosen = chosen.filter_labels(field, part(VERDICT) != Verdict.UNSURE.words, only_matches=False)
        chosen = beside(part, samples, chosen, FOUND)
    return chosen.sort_by([(_worst(part, samples, view, sides, number, wanted), -1), ("id", 1)])


def beside(part: Any, samples: Any, chosen: Any, side: str) -> Any:
    """Return the view without the outlines and keypoints of boxes that it leaves out."""
    if not samples.has_field(side):
        return chosen
    held = part(f"${list_of(side)}.{NUMBER}")
    numbers = held.is_array().if_else(held, [])
    for end in (OUTLINES, KEYPOINTS):
        if samples.has_field(f"{side}{end}"):
            chosen = chosen.filter_labels(f"{side}{end}", numbers.contains([part(NUMBER)]), only_matches=False)
    return chosen


def _worst(part: Any, samples: Any, view: View, sides: list[str], number: Any, wanted: Any) -> Any:
    if view.by in ("errors", "worth") and samples.has_field(view.by):
        return view.by
    if view.by in ("confidence", "surety"):
        return part(list_of(sides[0])).filter(wanted).map(part(view.by)).max()
    return number


def _wanted(part: Any, view: View) -> Any:
    if not view.where:
        return part("label").exists()
    return functools.reduce(operator.and_, [has(part, asked.attribute, asked.value) for asked in view.where])


def has(part: Any, attribute: str, value: Any) -> Any:
    """Return the expression that an attribute has this value, also where it looks like one of MongoDB's (`$cash`)."""
    return part(attribute) == part.literal(value)


def _fields(samples: Any, side: str) -> list[str]:
    """Return the fields that hold the objects of a side: its boxes, and its labels of whole pictures."""
    return [field for field in (side, f"{side}{WHOLE}") if samples.has_field(field)]


def _colour(view: View) -> str:
    if view.side is None:
        return _PICTURE_COLOUR
    return _TRUTH_COLOUR if view.side == TRUTH else _FOUND_COLOUR


def _free(fiftyone: Any, name: str, taken: set[str]) -> str:
    """Return the name, numbered where another view would have the same address: that keeps plain letters alone."""
    to_slug = fiftyone.core.utils.to_slug
    number, free = 1, name
    while to_slug(free) in taken:
        number += 1
        free = f"{name} ({number})"
    taken.add(to_slug(free))
    return free
