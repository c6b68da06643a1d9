"""Documents written batch by batch: new ones inserted, changed ones put in the place of the old."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from ...engine import Progress
from ..names import NAME
from .samples import IsTouched
from .update import write_over, write_over_through_api
from .writer import How, Writer, collection_of, is_known, reads_back, write_through_api, writer_of

__all__ = ["Loading"]

Renewed: TypeAlias = Callable[[Sequence[dict[str, Any]]], tuple[set[str], list[dict[str, Any]]]]
"""Returns for documents the names of those whose pictures are there, and what is to take the place of some of these."""

_BATCH = 512

_LISTS = {"Detections": "detections", "Classifications": "classifications"}
"""Kinds of labels that are objects, and the lists that hold them."""


class Loading:
    """Writes documents batch by batch, and counts them.

    The first batch, and each that has fields which none before had, is read back through the API in part; what reads
    back otherwise goes through the API, as all that follows.

    Attributes:
        how: the way new documents are written.
        added, updated, same: pictures that were new, changed, neither; `labels`: of those that were written.
        missed: pictures that somebody changed at that moment: they are as this person left them.
    """

    def __init__(self, samples: Any, version: str, bulk: Writer, renewed: Renewed) -> None:
        """Begin with nothing written.

        Args:
            version: of FiftyOne; `renewed`: what becomes of pictures that are there already.
        """
        self._samples, self._version, self._bulk, self._renewed = samples, version, bulk, renewed
        self._inserted: set[str] = set()
        self._replaced: set[str] = set()
        self.how: How = "bulk" if is_known(version) else "api"
        self.added = self.updated = self.same = self.missed = self.labels = 0

    def check_what_is_there(self, is_touched: IsTouched) -> None:
        """Read back the last batch of a run that was killed; where that fails, take it out to be written anew."""
        collection = collection_of(self._samples)
        last = collection.find({NAME: {"$type": "string"}}).sort("last_modified_at", -1).limit(_BATCH)
        written = [row["_id"] for row in last if not is_touched(row)]
        if not reads_back(self._samples, written):
            collection.delete_many({"_id": {"$in": written}})
            self.how = "api"

    def load(self, documents: Iterator[dict[str, Any]], total: int, progress: Progress) -> None:
        """Bring so many pictures into FiftyOne."""
        progress.start("putting pictures into FiftyOne", total)
        while batch := list(islice(documents, _BATCH)):
            self._batch(batch)
            progress.advance(len(batch))

    def _batch(self, documents: list[dict[str, Any]]) -> None:
        there, changed = self._renewed(documents)
        updated = self._replace(changed)
        new_ones = [document for document in documents if document[NAME] not in there]
        self.added += len(self._insert(new_ones))
        self.updated += updated
        self.missed += len(changed) - updated
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
    for value in document.values():
        if isinstance(value, dict) and value.get("_cls") in _LISTS:
            total += len(value.get(_LISTS[value["_cls"]]) or ())
    return total
