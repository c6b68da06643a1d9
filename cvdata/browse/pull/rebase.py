"""Bring FiftyOne up to date with what was pulled from it, so that the next pull finds nothing."""

from __future__ import annotations

import datetime
import importlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ...dataset import Dataset
from ..labels.attributes import ExtraField
from ..labels.documents import Documents
from ..labels.said import SAID, said_of
from ..labels.texts import safe_text
from ..names import FOUND, INFO, KEYPOINTS, NAME, NUMBER, OUTLINES, PUT, STATE, TAG_DROP, TRUTH, WHOLE, list_of
from ..session import fiftyone, opened
from ..store.update import write_over_through_api
from ..store.writer import collection_of, is_known
from ..subject import Subject
from .left import WORDS, left_of, size_of, tags_of

__all__ = ["rebase", "rebased"]

_BATCH = 256
_OBJECTS = [list_of(TRUTH + end).split(".") for end in ("", WHOLE)]


def rebase(name: str, dataset: Dataset, version: str | None, read: Mapping[str, Any]) -> int:
    """Put the labels of the new version in the place of those that were pulled; return how many pictures that are.

    A picture that somebody worked on since it was read stays as it is; what was found stays everywhere.

    Args:
        name: of FiftyOne's dataset.
        dataset: the new version; `version`: its id.
        read: of each picture that was pulled, by its name, when its sample was last changed, as it was read.

    Raises:
        MissingExtraError, BrowseError: FiftyOne cannot be used, or has no such dataset.
    """
    samples = opened(name)
    classes = list(dataset.categories.names)
    # New classes first: the App then offers them as soon as it shows a label of theirs.
    samples.default_classes = classes
    samples.info[INFO] = {**(samples.info.get(INFO) or {}), "version": version, "classes": classes}
    samples.save()
    names, place = list(read), {safe_text(picture): row for row, picture in enumerate(dataset.images.names)}
    done, made = 0, Documents(Subject(dataset=dataset))
    for first in range(0, len(names), _BATCH):
        done += _batch(samples, made, place, {name: read[name] for name in names[first : first + _BATCH]})
    return done


def _batch(samples: Any, made: Documents, place: Mapping[str, int], read: Mapping[str, Any]) -> int:
    rows = np.array([place[name] for name in read if name in place], np.int64)
    new = {one[NAME]: one for one in made.of(rows)}
    changed, gone = [], []
    for old in collection_of(samples).find({NAME: {"$in": list(read)}}):
        if old.get("last_modified_at") != read[old[NAME]]:
            continue
        if old[NAME] in new:
            changed.append(rebased(old, new[old[NAME]], made.shown.extras))
        else:
            gone.append(str(old["_id"]))
    if gone:
        samples.delete_samples(gone)
    return len(gone) + _replace(samples, changed)


def _replace(samples: Any, changed: list[dict[str, Any]]) -> int:
    """Replace documents that nobody changed since they were read: FiftyOne notes the time of every change."""
    if not changed:
        return 0
    if not is_known(fiftyone().__version__):
        write_over_through_api(samples, changed)
        return len(changed)
    replace_one = importlib.import_module("pymongo").ReplaceOne
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    orders = [
        replace_one(
            {"_id": one["_id"], "last_modified_at": one.get("last_modified_at")}, {**one, "last_modified_at": now}
        )
        for one in changed
    ]
    return int(collection_of(samples).bulk_write(orders, ordered=False).matched_count)


def rebased(old: Mapping[str, Any], new: Mapping[str, Any], shown: Iterable[ExtraField] = ()) -> dict[str, Any]:
    """Return a document with the labels of the new version; the tags that had their effect go.

    What a person drew or said and could not be taken stays, so that it can be mended.

    Args:
        shown: attributes of the new version.
    """
    names = {one.name: one.key for one in shown}
    renamed = {key: name for name, key in names.items() if key not in names}
    merged = {key: value for key, value in old.items() if not _is_of(TRUTH, key)}
    merged |= {key: value for key, value in new.items() if _is_of(TRUTH, key) or key == STATE}
    for holder, labels in _OBJECTS:
        if new.get(holder):
            merged[holder] = {
                **new[holder],
                labels: _with_refused(old, holder, labels, new[holder].get(labels) or (), renamed),
            }
    for field, label in _refused(old):
        holder, labels = list_of(field).split(".")
        there = merged.get(holder) or {key: value for key, value in old[holder].items() if key != labels}
        merged[holder] = {**there, labels: [*(there.get(labels) or ()), label]}
    effective = WORDS.intersection(tags_of(old))
    merged["tags"] = [tag for tag in old.get("tags") or () if tag not in effective]
    for key, value in old.items():
        if _is_of(FOUND, key) and value:
            labels = list_of(key).rpartition(".")[2]
            merged[key] = {**value, labels: [_untagged(label) for label in value.get(labels) or ()]}
    # Verdicts were on what is no more; nothing counts as shown, so that the next evaluation writes the picture anew.
    put = {key: new[PUT][key] for key in ("source", "truth", SAID)}
    merged[PUT] = {**(old.get(PUT) or {}), **put, "shown": ""}
    return merged


def _with_refused(
    old: Mapping[str, Any],
    holder: str,
    labels: str,
    new: Iterable[Mapping[str, Any]],
    renamed: Mapping[str, str],
) -> list[Mapping[str, Any]]:
    """Return labels of the new version with those flags and attributes of the old ones that could not be taken.

    All others are the same in both by now; unless nobody noted what was put, so that they were not compared.

    Args:
        renamed: names in FiftyOne of attributes whose own names cvdata does not show there as they are.
    """
    if not (old.get(PUT) or {}).get(SAID):
        return list(new)
    every = [label for field, name in _OBJECTS for label in (old.get(field) or {}).get(name) or ()]
    stay = [label for label in every if TAG_DROP not in (label.get("tags") or ())]
    left = {label[NUMBER] for label in stay if isinstance(label.get(NUMBER), int)}
    now = {number: place for place, number in enumerate(sorted(left))}  # those behind a removed one moved up
    own = (old.get(holder) or {}).get(labels) or ()
    before = {now[label[NUMBER]]: label for label in own if label.get(NUMBER) in now}
    return [_as_said(label, before.get(label[NUMBER], {}), renamed) for label in new]


def _as_said(label: Mapping[str, Any], was: Mapping[str, Any], renamed: Mapping[str, str]) -> Mapping[str, Any]:
    if any(label.get(key) != was.get(key) for key in ("label", "bounding_box")):
        return label
    said = said_of(label)
    refused = {}
    for name, value in said_of(was).items():
        # What a person named freely comes back under the name that cvdata makes of it.
        now = said.get(name, said.get(renamed.get(name, name)))
        if now != value and str(now) != str(value):  # 3 may be the text 3 by now
            refused[name] = was[name]
    return {**label, **refused} if refused else label


def _refused(old: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the field and the label of all that a person drew and that is no object yet."""
    for end in ("", OUTLINES, KEYPOINTS, WHOLE):
        holder, labels = list_of(TRUTH + end).split(".")
        for label in (old.get(holder) or {}).get(labels) or ():
            alone = {holder: {labels: [label]}}
            if label.get(NUMBER) is None and left_of(alone, TRUTH, size_of(old))[1]:
                yield holder, label


def _untagged(label: Mapping[str, Any]) -> dict[str, Any]:
    return {**label, "tags": [tag for tag in label.get("tags") or () if tag not in WORDS]}


def _is_of(side: str, field: str) -> bool:
    return field.split("_")[0] == side
