"""What a sample that is there already becomes when it is put again: what a person did stays."""

from __future__ import annotations

import datetime
import importlib
import re
from collections.abc import Sequence
from typing import Any

from ..labels.digests import is_touched
from ..labels.runs import attributes_of_runs
from ..labels.said import SAID
from ..names import (
    ERRORS,
    EVAL,
    EVAL_ID,
    EVAL_IOU,
    FOUND,
    HEAT,
    KEYPOINTS,
    LABEL_ERROR,
    LEAK,
    NAME,
    NUMBER,
    OUTLINES,
    PARTNER_CLASS,
    PUT,
    SIZE,
    STATE,
    SURETY,
    SUSPICION,
    TRUTH,
    VERDICT,
    WHOLE,
    WORTH,
    list_of,
)
from .writer import collection_of

__all__ = ["brought_up_to_date", "renewed", "write_over", "write_over_through_api"]

_VERDICTS = (VERDICT, EVAL, EVAL_ID, EVAL_IOU, PARTNER_CLASS, SIZE, LABEL_ERROR, SURETY)
_KEPT = ("_id", "_rand", "_dataset_id", "created_at", "last_modified_at")
_OURS = (NAME, STATE, ERRORS, LEAK, WORTH, SUSPICION, HEAT, PUT)
_ENDS = "|".join((OUTLINES, KEYPOINTS, WHOLE))
_TRUTHS = re.compile(f"{TRUTH}({_ENDS})?")
_FOUNDS = re.compile(f"{FOUND}(_([2-9]|[1-9][0-9]+))?({_ENDS})?")
"""Names of the fields of the truth and of `names.found_field`; a person's own may begin likewise."""

_FIXED = ("id", "created_at", "last_modified_at")
"""Fields that FiftyOne lets nobody set."""


def renewed(
    samples: Any, documents: Sequence[dict[str, Any]], *, pulled: frozenset[str]
) -> tuple[set[str], list[dict[str, Any]]]:
    """Return the names of the documents whose pictures are there, and what is to take the place of those that differ.

    Args:
        pulled: names of pictures on which no work of a person is left to keep.
    """
    collection = collection_of(samples)
    names = [document[NAME] for document in documents]
    there = {row[NAME]: row.get(PUT) for row in collection.find({NAME: {"$in": names}}, {NAME: 1, PUT: 1})}
    other = {row[NAME]: row for row in documents if row[NAME] in there and there[row[NAME]] != row[PUT]}
    changed, ignored = [], attributes_of_runs(samples)
    for old in collection.find({NAME: {"$in": list(other)}}) if other else ():
        touched = old[NAME] not in pulled and is_touched(old, ignored)
        new = brought_up_to_date(old, other[old[NAME]], touched=touched)
        if new is not None:
            changed.append(new)
    return set(there), changed


def brought_up_to_date(old: dict[str, Any], new: dict[str, Any], *, touched: bool) -> dict[str, Any] | None:
    """Return the document that takes the place of an old one, None where nothing differs.

    Args:
        old: as it lies in FiftyOne; `new`: as it would be put today.
        touched: a person's work is in `old`; their labels and tags stay.
    """
    if old.get(PUT) == new[PUT]:
        return None
    merged = _person_kept(old, new) if touched else dict(new)
    merged.update({key: value for key, value in old.items() if key in _KEPT or not (key in merged or _is_ours(key))})
    return None if merged == old else merged


def write_over(samples: Any, documents: Sequence[dict[str, Any]]) -> int:
    """Put documents in the place of those with their `_id`; return how many.

    A sample that somebody changed since it was read is left as it is, for the next time.
    """
    if not documents:
        return 0
    replace_one = importlib.import_module("pymongo").ReplaceOne
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    asked = [{key: new.get(key) for key in ("_id", "last_modified_at")} for new in documents]
    written = collection_of(samples).bulk_write(
        [replace_one(read, {**new, "last_modified_at": now}) for read, new in zip(asked, documents, strict=True)],
        ordered=False,
    )
    return int(written.matched_count)


def write_over_through_api(samples: Any, documents: Sequence[dict[str, Any]]) -> None:
    """Set the fields of the samples with their `_id`, one by one."""
    sample_class = importlib.import_module("fiftyone").Sample
    for document in documents:
        sample = samples[str(document["_id"])]
        plain = {key: value for key, value in document.items() if key not in _KEPT}
        fresh = sample_class.from_dict(plain)
        for field in samples.get_field_schema():
            if field not in _FIXED:
                sample[field] = fresh[field] if fresh.has_field(field) else None
        sample.save()


def _is_ours(field: str) -> bool:
    """Tell whether cvdata puts this field, so that it goes where it is not put any more."""
    return field in _OURS or _is_truth(field) or _is_found(field)


def _person_kept(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = {key: value for key, value in new.items() if not _is_truth(key)}
    for key, value in old.items():
        if _is_truth(key):
            merged[key] = _with_verdicts(key, value, new.get(key))
        elif _is_found(key) and key in merged:
            merged[key] = _with_tags(key, value, merged[key])
    was = set(old[PUT].get("tags", ()))
    own = [tag for tag in old.get("tags", ()) if tag not in was]
    merged["tags"] = [*new["tags"], *(tag for tag in own if tag not in new["tags"])]
    # What the person worked on stays noted, so that a change of the dataset meanwhile is seen when it is pulled.
    was_put = ("source", "truth", SAID)
    merged[PUT] = {key: value for key, value in new[PUT].items() if key not in was_put}
    merged[PUT] |= {key: old[PUT][key] for key in was_put if key in old[PUT]}
    return merged


def _is_truth(field: str) -> bool:
    return _TRUTHS.fullmatch(field) is not None


def _is_found(field: str) -> bool:
    return _FOUNDS.fullmatch(field) is not None


def _with_verdicts(field: str, old: Any, new: Any) -> Any:
    """Return the person's labels with the verdicts of today, by number."""
    fresh = _by_number(field, new)
    labels = []
    for label in _labels(field, old):
        kept = {key: value for key, value in label.items() if key not in _VERDICTS}
        today = fresh.get(label.get(NUMBER), {})
        labels.append({**kept, **{key: today[key] for key in _VERDICTS if key in today}})
    return old if old is None else {**old, _list_name(field): labels}


def _with_tags(field: str, old: Any, new: Any) -> Any:
    """Return what was found with the person's tags, where the same was found under that number before."""
    before = _by_number(field, old)
    labels = []
    for label in _labels(field, new):
        was = before.get(label.get(NUMBER), {})
        same = all(was.get(key) == label.get(key) for key in ("label", "bounding_box", "confidence"))
        labels.append({**label, "tags": was["tags"]} if same and was.get("tags") else label)
    return new if new is None else {**new, _list_name(field): labels}


def _list_name(field: str) -> str:
    return list_of(field).rpartition(".")[2]


def _labels(field: str, value: Any) -> list[dict[str, Any]]:
    return [] if value is None else list(value[_list_name(field)])


def _by_number(field: str, value: Any) -> dict[Any, dict[str, Any]]:
    return {label[NUMBER]: label for label in _labels(field, value) if label.get(NUMBER) is not None}
