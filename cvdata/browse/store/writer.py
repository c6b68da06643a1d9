"""Documents written into FiftyOne's database: in bulk where its version is known, else through its API."""

from __future__ import annotations

import datetime
import importlib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from ..names import NAME

__all__ = [
    "How",
    "Writer",
    "collection_of",
    "is_known",
    "reads_back",
    "write_in_bulk",
    "write_through_api",
    "writer_of",
]

How = Literal["bulk", "api"]

Writer = Callable[[Any, Sequence[dict[str, Any]]], list[Any]]
"""Writes documents into a dataset of FiftyOne, and returns the `_id` of each that is new."""

_KNOWN = ("1.22.",)
"""Versions of FiftyOne whose documents are known."""

_OWN = ("_id", "_dataset_id", "_rand", "created_at", "last_modified_at")
"""What FiftyOne, not a document's maker, says of a sample."""

_MOST_READ_BACK = 20
_TWICE = 11000
"""MongoDB's code of an error: another document has that value of a unique index."""


def is_known(version: str) -> bool:
    """Tell whether documents may be written past the API of this version of FiftyOne."""
    return version.startswith(_KNOWN)


def collection_of(samples: Any) -> Any:
    """Return the collection of MongoDB that holds the samples of a dataset of FiftyOne."""
    connection = importlib.import_module("fiftyone.core.odm").get_db_conn()
    return connection[samples._doc.sample_collection_name]


def write_in_bulk(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
    """Insert documents as FiftyOne 1.22 does (core/dataset.py, _add_samples_batch), without making samples of them.

    A picture that another process put meanwhile is left as it is: names are unique.
    """
    if not documents:
        return []
    errors = importlib.import_module("pymongo.errors")
    object_id = importlib.import_module("bson").ObjectId
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    owned = {"_dataset_id": samples._doc.id, "created_at": now, "last_modified_at": now}
    # FiftyOne draws _rand for its random samples and shuffles; nothing that cvdata says depends on it.
    full = [{"_id": object_id(), "_rand": random.random(), **document, **owned} for document in documents]
    refused: set[int] = set()
    try:
        collection_of(samples).insert_many(full, ordered=False)
    except errors.BulkWriteError as error:
        failures = error.details["writeErrors"]
        if any(failure["code"] != _TWICE for failure in failures):
            raise
        refused = {failure["index"] for failure in failures}
    return [document["_id"] for row, document in enumerate(full) if row not in refused]


def write_through_api(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
    """Add documents as samples, one object for each label; what is there already is left as it is."""
    sample_class = importlib.import_module("fiftyone").Sample
    object_id = importlib.import_module("bson").ObjectId
    names = [document[NAME] for document in documents]
    there = {row[NAME] for row in collection_of(samples).find({NAME: {"$in": names}}, {NAME: 1})}
    new = [sample_class.from_dict(dict(document)) for document in documents if document[NAME] not in there]
    return [object_id(row) for row in samples.add_samples(new, progress=False)] if new else []


def writer_of(
    version: str, samples: Any, documents: Sequence[dict[str, Any]], bulk: Writer = write_in_bulk
) -> tuple[How, list[Any]]:
    """Write the first documents of many, and return the way that held and the ids.

    In bulk where the version is known and what was written reads back through the API as it was; otherwise what was
    written is taken out again and goes through the API.
    """
    if is_known(version):
        written = bulk(samples, documents)
        if reads_back(samples, written):
            return "bulk", written
        collection_of(samples).delete_many({"_id": {"$in": written}})
    return "api", write_through_api(samples, documents)


def reads_back(samples: Any, written: Sequence[Any]) -> bool:
    """Tell whether the API makes the same documents of what was written as lie in the database."""
    sample_class = importlib.import_module("fiftyone").Sample
    unlike = importlib.import_module("mongoengine.errors").ValidationError
    for document in _of_every_kind(collection_of(samples).find({"_id": {"$in": list(written)}})):
        try:
            read = samples[str(document["_id"])].to_mongo_dict()
            plain = {key: value for key, value in document.items() if key not in _OWN}
            made = sample_class.from_dict(plain).to_mongo_dict()
        except (AttributeError, LookupError, TypeError, ValueError, unlike):
            return False  # the API cannot make a sample of it
        if document.get("_dataset_id") != samples._doc.id or not isinstance(document.get("_rand"), float):
            return False
        if _plain(read) != _plain(plain) or _plain(made) != _plain(plain):
            return False
    return True


def _of_every_kind(documents: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return documents such that each path that any of them has is in one of these, as far as 20 can hold them."""
    seen: set[str] = set()
    chosen: list[dict[str, Any]] = []
    for document in documents:
        paths = set(_paths(document, ""))
        if not paths <= seen and len(chosen) < _MOST_READ_BACK:
            chosen.append(document)
            seen |= paths
    return chosen


def _paths(value: Any, path: str) -> Iterator[str]:
    yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _paths(part, f"{path}.{key}")
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, dict):
                yield from _paths(part, path)


def _plain(value: Any) -> Any:
    """Return a value such that equal ones compare equal: NaN as a word, nothing and None alike, plain bytes."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items() if part is not None and key not in _OWN[1:]}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, bytes):  # Binary, which the API makes of masks, equals no bytes that are read
        return bytes(value)
    return "nan" if isinstance(value, float) and math.isnan(value) else value
