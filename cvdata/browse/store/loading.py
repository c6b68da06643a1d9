"""The documents of a subject, batch by batch: new ones written, changed ones put in the place of the old."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...engine import Progress
from ..labels.digests import is_touched
from ..labels.documents import sample_documents
from ..names import NAME, PUT, list_of
from ..subject import Subject
from .update import brought_up_to_date, write_over, write_over_through_api
from .writer import How, Writer, collection_of, is_known, reads_back, write_through_api, writer_of

__all__ = ["Loading"]

_BATCH = 512


class Loading:
    """Writes the documents of a subject batch by batch, and counts them.

    The first batch, and each that has fields which none before had, is read back through the API in part; what reads
    back otherwise goes through the API, as all that follows.

    Attributes:
        how: the way new documents are written.
        added, updated, same: pictures that were new, changed, neither; `labels`: of those that were written.
    """

    def __init__(self, samples: Any, version: str, bulk: Writer, pulled: frozenset[str]) -> None:
        """Begin with nothing written.

        Args:
            version: of FiftyOne; `pulled`: names of pictures on which no work of a person is left to keep.
        """
        self._samples, self._version, self._bulk, self._pulled = samples, version, bulk, pulled
        self._inserted: set[str] = set()
        self._replaced: set[str] = set()
        self.how: How = "bulk" if is_known(version) else "api"
        self.added = self.updated = self.same = self.labels = 0

    def check_what_is_there(self) -> None:
        """Read back the last batch of a run that was killed; where that fails, take it out to be written anew."""
        collection = collection_of(self._samples)
        last = collection.find({NAME: {"$type": "string"}}).sort("last_modified_at", -1).limit(_BATCH)
        written = [row["_id"] for row in last if not is_touched(row)]
        if not reads_back(self._samples, written):
            collection.delete_many({"_id": {"$in": written}})
            self.how = "api"

    def load(self, subject: Subject, shown: NDArray[np.int64], progress: Progress) -> None:
        """Bring all pictures of these rows into FiftyOne."""
        progress.start("putting pictures into FiftyOne", len(shown))
        documents = sample_documents(subject, shown)
        while batch := list(islice(documents, _BATCH)):
            self._batch(batch)
            progress.advance(len(batch))

    def _batch(self, documents: list[dict[str, Any]]) -> None:
        collection = collection_of(self._samples)
        names = [document[NAME] for document in documents]
        there = {row[NAME]: row.get(PUT) for row in collection.find({NAME: {"$in": names}}, {NAME: 1, PUT: 1})}
        other = {row[NAME]: row for row in documents if row[NAME] in there and there[row[NAME]] != row[PUT]}
        changed = []
        for old in collection.find({NAME: {"$in": list(other)}}) if other else ():
            touched = old[NAME] not in self._pulled and is_touched(old)
            new = brought_up_to_date(old, other[old[NAME]], touched=touched)
            if new is not None:
                changed.append(new)
        updated = self._replace(changed)
        new_ones = [document for document in documents if document[NAME] not in there]
        self.added += len(self._insert(new_ones))
        self.updated += updated
        self.same += len(there) - updated
        self.labels += sum(map(_labels, new_ones)) + sum(map(_labels, changed))

    def _replace(self, documents: list[dict[str, Any]]) -> int:
        if not documents:
            return 0
        if self.how == "bulk":
            written, fields = write_over(self._samples, documents), _fields(documents)
            if fields <= self._replaced or reads_back(self._samples, [document["_id"] for document in documents]):
                self._replaced |= fields
                return written
            self.how = "api"
        write_over_through_api(self._samples, documents)
        return len(documents)

    def _insert(self, documents: list[dict[str, Any]]) -> list[Any]:
        if not documents:
            return []
        if self.how == "api":
            return write_through_api(self._samples, documents)
        fields = _fields(documents)
        if fields <= self._inserted:
            return self._bulk(self._samples, documents)
        self._inserted |= fields
        self.how, written = writer_of(self._version, self._samples, documents, self._bulk)
        return written


def _fields(documents: Sequence[dict[str, Any]]) -> set[str]:
    return set().union(*documents)


def _labels(document: dict[str, Any]) -> int:
    """Return the number of objects and detections: boxes, and labels of whole pictures."""
    total = 0
    for field, value in document.items():
        if isinstance(value, dict) and value.get("_cls") in ("Detections", "Classifications"):
            total += len(value.get(list_of(field).rpartition(".")[2]) or ())
    return total
