"""The views of a subject: plain names, worst first, none empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ...evaluate.diagnosis.kinds import Verdict
from ..names import ERRORS, LABEL_ERROR, LEAK, PARTNER_CLASS, SIZE, SUSPICION, VERDICT, WORTH
from ..subject import Subject
from .attributes import LABEL, attributes
from .choose import chosen
from .view import Is, View

__all__ = ["MOST_VIEWS", "views_of"]

MOST_VIEWS = 40
"""The App shows all in one list."""

_GROUPS = 12
"""Views of single classes and sizes, the largest; the rest of the room is for what concerns all classes."""

_MOST_FINDINGS = 10

_LEAST = 2
"""Labels in a group worth a view of its own."""

_Side = Literal["truth", "found"]
_By = Literal["most", "confidence"]
_KINDS: tuple[tuple[_Side, str, str, str, _By], ...] = (
    ("truth", "missed", "missed", "Objects that the model did not find, nor came near.", "most"),
    ("found", "wrong class", "confused", "Detections on an object of another class.", "confidence"),
    ("found", "background", "found where nothing is labelled", "Detections on no labelled object.", "confidence"),
    (
        "found",
        "badly placed",
        "badly placed",
        "Detections that overlap an object of their class by under half.",
        "most",
    ),
    ("found", "duplicate", "found twice", "Detections of an object that a surer one had found already.", "most"),
    ("found", "both", "wrong class and badly placed", "Detections off in class and in place.", "confidence"),
)
"""Side, verdict, name, what it means, and what comes first. Of kinds with as many labels the first stays first."""

_SUSPECT: tuple[tuple[_Side, str, str, str], ...] = (
    ("found", "missing", "not labelled", "Confident detections where nothing is labelled."),
    ("truth", "swapped", "wrong class", "Labels that the model takes for another class with confidence."),
    ("truth", "spurious", "nothing there", "Labels that no detection comes near."),
)

_UNLABELLED = ("unlabelled-picture", "no-labels")

_LEAKS = ("leaked-copy", "leaked-near-copy", "leaked-augmentation")
"""Findings whose pictures are in one view, each beside those that it looks like."""

_PLAIN = {
    "undecodable-picture": "picture cannot be read",
    "size-mismatch": "labels say another size",
    "unknown-class": "class is not declared",
    "zero-box": "box without area",
    "outside-box": "box outside its picture",
    "not-finite": "coordinates that are no numbers",
    "bad-outline": "outline cannot be used",
    "bad-mask": "mask cannot be used",
    "bad-keypoints": "keypoints cannot be used",
    "bad-annotation": "label cannot be read",
    "split-overlap": "listed in two splits",
    "clipped-box": "box over the edge",
    "clipped-polygon": "outline over the edge",
    "picture-without-labels-entry": "not in the labels",
    "crowd-polygon": "crowd as an outline",
    "duplicate-box": "same label twice",
    "near-duplicate-box": "two boxes on one object",
    "wild-aspect-box": "very long box",
    "class-case": "class names differ in case only",
    "similar-class-names": "class names nearly the same",
    "single-sample-class": "the only label of its class",
    "class-imbalance": "rare class",
    "conflicting-labels": "same picture, other labels",
    "unlisted-copy": "copy that the labels lack",
}
"""Findings of `cvdata check` in plain words, where their code does not say it already."""


def views_of(subject: Subject) -> tuple[View, ...]:
    """Return what to look at, worst first.

    Pictures with the most errors; each kind of error, that with the most labels first, and its largest groups by class
    and size; probable label errors; copies across splits; what is worth labelling; findings of `cvdata check`. Names
    hold no numbers, so that they stay when a dataset changes.
    """
    views = [*_of_errors(subject), *_of_suspects(subject), *_of_pictures(subject)]
    room = max(0, MOST_VIEWS - len(views))
    views += list(_of_findings(subject))[: min(room, _MOST_FINDINGS)]
    return tuple(views)


def _counted(subject: Subject, view: View) -> Iterator[View]:
    """Yield the view with its number; nothing where it would be empty."""
    found = chosen(subject, view)
    count = len(found.pictures) if view.side is None else len(found.rows)
    if not count:
        return
    what = "pictures" if view.side is None else "labels"
    many = f"{count:,} {what if count != 1 else what[:-1]}"
    if view.side is not None:
        many += f" in {len(found.pictures):,} picture{'s' * (len(found.pictures) != 1)}"
    yield replace(view, count=count, about=f"{view.about} {many[0].upper()}{many[1:]}.")


def _of_errors(subject: Subject) -> Iterator[View]:
    if not subject.found or subject.found[0].judged is None:
        return
    about = "Pictures by the number of wrong detections and missed objects."
    yield from _counted(subject, View(name="worst pictures first", about=about, field=ERRORS, by="errors"))
    columns = {side: attributes(subject, side, only=(VERDICT, PARTNER_CLASS, SIZE)) for side in ("truth", "found")}
    groups = _largest(columns)
    many = {verdict: int((columns[side][VERDICT] == verdict).sum()) for side, verdict, *_ in _KINDS}
    for side, verdict, name, about, by in sorted(_KINDS, key=lambda kind: -many[kind[1]]):
        whole = View(name=name, about=about, side=side, where=(Is(VERDICT, verdict),), by=by)
        yield from _counted(subject, whole)
        for where, words in groups.get(verdict, []):
            of_class = replace(whole, name=f"{name}: {words}", where=(*whole.where, *where))
            yield from _counted(subject, of_class)


def _largest(columns: dict[Any, dict[str, NDArray[Any]]]) -> dict[str, list[tuple[tuple[Is, ...], str]]]:
    """Return the largest groups of all kinds of error, by verdict: what holds of them, and their name."""
    groups: list[tuple[int, str, tuple[Is, ...], str]] = []
    for side, verdict, *_ in _KINDS:
        here = columns[side][VERDICT] == verdict
        names = (PARTNER_CLASS, LABEL) if verdict in ("wrong class", "both") else (LABEL,)
        parts = _groups(columns[side], here, names)
        if len(names) == 1:  # a class that is all of them would be the same view again; which were confused is news
            parts = [part for part in parts if part[0] < here.sum()]
        if verdict == "missed":
            parts += _standing_out(columns[side], here)
        groups += [(count, verdict, where, words) for count, where, words in parts if count >= _LEAST]
    groups.sort(key=lambda group: -group[0])
    found: dict[str, list[tuple[tuple[Is, ...], str]]] = {}
    for _, verdict, where, words in groups[:_GROUPS]:
        found.setdefault(verdict, []).append((where, words))
    return found


def _groups(
    columns: dict[str, NDArray[Any]], here: NDArray[np.bool_], names: tuple[str, ...]
) -> list[tuple[int, tuple[Is, ...], str]]:
    """Return the groups of labels with the same values: number, what holds, words; the largest first."""
    if not here.any():
        return []
    stack = np.stack([columns[name][here] for name in names])
    values, counts = np.unique(stack, axis=1, return_counts=True)
    parts = []
    for at in np.argsort(-counts, kind="stable").tolist():
        texts = [str(text) for text in values[:, at]]
        where = tuple(Is(name, text) for name, text in zip(names, texts, strict=True))
        parts.append((int(counts[at]), where, " as ".join(texts)))
    return parts


def _standing_out(columns: dict[str, NDArray[Any]], here: NDArray[np.bool_]) -> list[tuple[int, tuple[Is, ...], str]]:
    """Return sizes of a class that are missed at least half again as often as the class as a whole."""
    judged = np.isin(columns[VERDICT], ["", Verdict.IGNORED.words], invert=True)
    sizes, size = np.unique(columns[SIZE], return_inverse=True)
    classes, of_class = np.unique(columns[LABEL], return_inverse=True)
    cell, shape = size * len(classes) + of_class, (len(sizes), len(classes))
    missed, every = (
        np.bincount(cell[rows], minlength=len(sizes) * len(classes)).reshape(shape) for rows in (here, judged)
    )
    often = missed * every.sum(axis=0) >= 1.5 * missed.sum(axis=0) * every
    at = np.flatnonzero((missed > 0) & (every < every.sum(axis=0)) & often)
    parts = []
    for one in at[np.argsort(-missed.ravel()[at], kind="stable")].tolist():
        texts = str(sizes[one // len(classes)]), str(classes[one % len(classes)])
        where = tuple(Is(name, text) for name, text in zip((SIZE, LABEL), texts, strict=True))
        parts.append((int(missed.ravel()[one]), where, " ".join(texts)))
    return parts


def _of_suspects(subject: Subject) -> Iterator[View]:
    if subject.suspects is None:
        return
    about = "Pictures with labels that are probably wrong or missing, those first of which that is surest."
    yield from _counted(subject, View(name="probable label errors", about=about, field=SUSPICION, by="suspicion"))
    for side, kind, name, about in _SUSPECT:
        where = (Is(LABEL_ERROR, kind),)
        view = View(name=f"probable label errors: {name}", about=about, side=side, where=where, by="surety")
        yield from _counted(subject, view)


def _of_pictures(subject: Subject) -> Iterator[View]:
    about = "Pictures that are the same or look alike and lie in several splits, side by side."
    yield from _counted(subject, View(name="near-duplicates across splits", about=about, field=LEAK, by="group"))
    about = "Pictures that nobody labelled and of which the model is least sure, the best to label first."
    yield from _counted(subject, View(name="low confidence, worth labelling", about=about, field=WORTH, by="worth"))
    for tag in _UNLABELLED:
        yield from _counted(subject, View(name="unlabelled", about="Pictures that nobody labelled.", tag=tag))


def _of_findings(subject: Subject) -> Iterator[View]:
    for code, title in subject.finding_titles.items():
        if code not in (*_UNLABELLED, *_LEAKS):
            name = f"check: {_PLAIN.get(code, code.replace('-', ' '))}"
            view = View(name=name, about=f"{title.rstrip('.')}.", tag=code)
            yield from _counted(subject, view)
