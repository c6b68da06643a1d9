"""Take back what people changed in FiftyOne: held against the dataset as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ...dataset import Dataset, Ragged, State
from ...dataset.select import keep_images
from ...files import Finding
from ...reports.scales import plural
from ..labels.documents import Documents
from ..labels.texts import safe_text
from ..names import NAME, PUT, TAG_DROP
from ..subject import Subject
from .again import is_there
from .attributes import Attributes
from .edits import Edits, edits_of, with_fix
from .left import is_edited, tags_of
from .report import Conflict, PullCounts
from .wanted import with_wanted
from .words import findings_of, left_in_words

__all__ = ["Pulled", "pull"]

_BATCH = 256


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pulled:
    """What a dataset becomes by what people did in FiftyOne.

    Attributes:
        dataset: the outcome; what nobody touched is bit for bit as it was.
        counts: what was done; `touched`: names of the pictures whose changes apply.
        conflicts: pictures that were changed on both sides; they are as the dataset has them.
        findings: labels that could not be taken, and what else is to be known.
        again: names of pictures whose changes the dataset has already.
        read: of each picture in `touched` and `again`, when FiftyOne last changed its sample, as it was read; see
            `rebase`.
    """

    dataset: Dataset
    counts: PullCounts
    conflicts: tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    touched: tuple[str, ...]
    again: tuple[str, ...]
    read: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class _Taken:
    """What is gathered from document to document."""

    edits: dict[int, Edits] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    again: list[str] = field(default_factory=list)
    read: dict[str, Any] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)


def pull(
    dataset: Dataset,
    documents: Iterable[Mapping[str, Any]],
    *,
    found: Sequence[tuple[str, float]] = (),
    ignored: frozenset[str] = frozenset(),
) -> Pulled:
    """Return the dataset with what people did to it in FiftyOne.

    Args:
        dataset: as it is now.
        documents: of FiftyOne's database, one per picture, as `store.documents_of` gives them.
        found: of each model whose finds were put, in the order of their fields, its name and the least confidence that
            counts for an object that was never judged.
        ignored: attributes of labels that are no person's, see `labels.runs.attributes_of_runs`.
    """
    taken = _Taken()
    rows = {safe_text(name): row for row, name in enumerate(dataset.images.names)}
    as_now = Documents(Subject(dataset=dataset))
    attributes = Attributes(dataset, as_now.shown, ignored)
    for batch in _batches(_touched(documents, ignored, taken)):
        known = np.array([rows[one[NAME]] for one in batch if one[NAME] in rows], np.int64)
        as_put = {one[NAME]: one for one in as_now.of(known)}
        for document in batch:
            if document[NAME] in rows:
                row, put = rows[document[NAME]], as_put[document[NAME]]
                _take(_Asked(dataset, row, document, put, found, attributes), taken)
            else:
                _gone(document, taken)
    return _outcome(dataset, taken)


def _touched(
    documents: Iterable[Mapping[str, Any]], ignored: frozenset[str], taken: _Taken
) -> Iterator[Mapping[str, Any]]:
    """Yield the documents that a person worked on."""
    for document in documents:
        if not document.get(NAME) or not document.get(PUT):
            taken.strangers.append(str(document.get("filepath") or ""))
        elif is_edited(document, ignored):
            yield document


def _batches(documents: Iterator[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    while batch := list(islice(documents, _BATCH)):
        yield batch


def _outcome(dataset: Dataset, taken: _Taken) -> Pulled:
    done = {row: edits for row, edits in sorted(taken.edits.items()) if _does_anything(dataset, row, edits)}
    edited = _with_edits(dataset, done) if done else dataset
    counts = sum((edits.counts for edits in done.values()), Counter[str]())
    counts["fix_pictures"] += sum(_fixed(dataset, row, edits) is not None for row, edits in done.items())
    names = dataset.images.names
    return Pulled(
        dataset=edited,
        counts=PullCounts(
            **{name: count for name, count in counts.items() if count},
            pictures=len(done),
            dropped=sum(edits.drop for edits in done.values()),
            conflicts=len(taken.conflicts),
            problems=sum(len(edits.problems) + len(edits.refused) for edits in taken.edits.values()),
            again=len(taken.again),
        ),
        conflicts=tuple(taken.conflicts),
        findings=tuple(findings_of({names[row]: edits for row, edits in taken.edits.items()}, taken.strangers)),
        touched=tuple(names[row] for row in done),
        again=tuple(taken.again),
        read=taken.read,
    )


def _gone(document: Mapping[str, Any], taken: _Taken) -> None:
    """Take a picture that the dataset has no more: a person wanted that, or does not know it."""
    name = document[NAME]
    if TAG_DROP in tags_of(document):
        taken.again.append(name)
        taken.read[name] = document.get("last_modified_at")
    else:
        gone = "it is gone, or was renamed"
        taken.conflicts.append(Conflict(image=name, person=left_in_words(document), dataset=gone))


class _Asked(NamedTuple):
    """One picture, as `edits_of` and `is_there` take it."""

    dataset: Dataset
    row: int
    document: Mapping[str, Any]
    as_put: Mapping[str, Any]
    found: Sequence[tuple[str, float]]
    attributes: Attributes


def _take(asked: _Asked, taken: _Taken) -> None:
    """Take what was done to one picture, unless the dataset's picture is another one by now."""
    dataset, row, document = asked.dataset, asked.row, asked.document
    name = document[NAME]
    if document[PUT].get("source") == asked.as_put[PUT]["source"]:
        taken.edits[row] = edits_of(*asked)
    elif is_there(*asked):
        taken.again.append(name)
    else:
        count = int(dataset.offsets[row + 1] - dataset.offsets[row])
        what = f"its labels or its split were changed; it has {plural(count, 'label')} now"
        taken.conflicts.append(Conflict(image=name, person=left_in_words(document), dataset=what))
        return
    taken.read[name] = document.get("last_modified_at")


def _does_anything(dataset: Dataset, row: int, edits: Edits) -> bool:
    if edits.drop or edits.wanted or edits.removed:
        return True
    return _state(dataset, row, edits) != dataset.images.state[row] or _fixed(dataset, row, edits) is not None


def _state(dataset: Dataset, row: int, edits: Edits) -> int:
    """Return the state of a picture; one that was looked at and has nothing left is empty."""
    before = int(dataset.offsets[row + 1] - dataset.offsets[row])
    if before - len(edits.removed) + sum(one.row < 0 for one in edits.wanted):
        return State.LABELLED
    return State.EMPTY if edits.accept or edits.removed else int(dataset.images.state[row])


def _fixed(dataset: Dataset, row: int, edits: Edits) -> bytes | None:
    """Return the attributes of a picture that is marked `fix`; None where nothing changes."""
    extra = dataset.images.extra
    return with_fix(b"" if extra is None else extra[row].tobytes()) if edits.fix and not edits.drop else None


def _with_edits(dataset: Dataset, done: Mapping[int, Edits]) -> Dataset:
    images = dataset.images
    state = images.state.copy()
    notes: dict[int, bytes] = {}
    for row, edits in done.items():
        state[row] = _state(dataset, row, edits)
        text = _fixed(dataset, row, edits)
        if text is not None:
            notes[row] = text
    columns: dict[str, Any] = {"state": state}
    if notes:
        texts = [b""] * len(images) if images.extra is None else images.extra.to_bytes()
        columns["extra"] = Ragged.texts([notes.get(row, text) for row, text in enumerate(texts)])
    wanted = [one for edits in done.values() for one in edits.wanted]
    removed = np.array([row for edits in done.values() for row in edits.removed], np.int64)
    edited = replace(dataset, images=replace(images, **columns))
    if wanted or len(removed):
        edited = with_wanted(edited, wanted, removed)
    dropped = [row for row, edits in done.items() if edits.drop]
    return keep_images(edited, np.delete(np.arange(len(images)), dropped)) if dropped else edited
