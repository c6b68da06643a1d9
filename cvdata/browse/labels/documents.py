"""A subject as the documents that FiftyOne 1.22 keeps in MongoDB: one for each picture, with its labels in fields.

What FiftyOne itself says of a sample (`_id`, `_dataset_id`, `_rand` and its dates) is left to who writes them. Columns
become lists once for many pictures; from there on there are plain dicts alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...dataset import State
from ..names import ERRORS, HEAT, LEAK, NAME, PUT, STATE, SUSPICION, TRUTH, WORTH, found_field
from ..plots.heat import packed_map
from ..subject import Subject
from ..views.choose import errors_of, suspicion_of
from .attributes import Shown, shown_of
from .digests import source_digests, truth_digest
from .fields import Fields, fields_of
from .ids import label_ids
from .part import part_of
from .said import SAID, said_mark
from .texts import safe_text

__all__ = ["Documents", "sample_documents", "tags_of"]

_TOGETHER = 256
"""Pictures whose columns become lists together."""

_HEAT_MARK = 255
"""Byte in the id of a heat map, where labels have that of their field."""


def sample_documents(subject: Subject, pictures: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
    """Yield the document of each picture (rows of `Images`), in this order.

    Who asks again and again for a few does better with one `Documents`, which looks over the subject once.
    """
    return Documents(subject).of(pictures)


def tags_of(subject: Subject, picture: int) -> list[str]:
    """Return the tags that cvdata puts on a picture: its split, and the codes of findings."""
    images = subject.dataset.images
    split = int(images.split[picture])
    tags = [] if split < 0 else [images.splits[split]]
    tags += subject.tags[picture] if subject.tags else ()
    return list(dict.fromkeys(map(safe_text, tags)))


class Documents:
    """Makes the documents of a subject's pictures."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        sides = [subject.dataset, *(found.dataset for found in subject.found)]
        self._shown = [shown_of(dataset) for dataset in sides]

    @property
    def shown(self) -> Shown:
        """What is shown of the annotations of the truth."""
        return self._shown[0]

    def of(self, pictures: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
        """Yield the document of each picture, in this order."""
        for first in range(0, len(pictures), _TOGETHER):
            yield from self._together(part_of(self._subject, pictures[first : first + _TOGETHER]))

    def _together(self, part: Subject) -> Iterator[dict[str, Any]]:
        sides = [(TRUTH, fields_of(part, "truth", 0, self._shown[0]), part.dataset.offsets)]
        for place, found in enumerate(part.found):
            fields = fields_of(part, "found", place, self._shown[place + 1])
            sides.append((found_field(place), fields, found.dataset.offsets))
        documents = list(_samples(part))
        for name, fields, offsets in sides:
            _add_labels(documents, name, fields, offsets.tolist())
        _add_put(part, documents, self.shown)
        yield from documents


def _add_labels(documents: list[dict[str, Any]], name: str, fields: Fields, offsets: list[int]) -> None:
    """Add the labels of one side; the field of boxes is there even where there is none, the others are not."""
    for end, kind, listed, labels in fields:
        for document, (first, last) in zip(documents, pairwise(offsets), strict=True):
            own = [label for label in labels[first:last] if label is not None]
            if own or not end:
                document[name + end] = {"_cls": kind, listed: own}


def _samples(part: Subject) -> Iterator[dict[str, Any]]:
    """Yield what is said of pictures as such."""
    images = part.dataset.images
    states = [State(state).name.lower() for state in range(len(State))]
    widths, heights = images.width.tolist(), images.height.tolist()
    names = [safe_text(name) for name in images.names]
    for row, (name, state) in enumerate(zip(names, images.state.tolist(), strict=True)):
        yield {
            "filepath": safe_text(images.file(row) or images.names[row]),
            "tags": tags_of(part, row),
            "metadata": {"_cls": "ImageMetadata", "width": widths[row], "height": heights[row]},
            "_media_type": "image",
            NAME: name,
            STATE: states[state],
            **_known(part, row),
        }


def _known(part: Subject, row: int) -> dict[str, Any]:
    """Return what was found out about a picture."""
    known: dict[str, Any] = {}
    if part.leak is not None and part.leak[row] >= 0:
        known[LEAK] = int(part.leak[row])
    if part.worth is not None and not np.isnan(part.worth[row]):
        known[WORTH] = float(part.worth[row])
    if row in part.heat:
        known[HEAT] = {
            "_id": label_ids([part.dataset.images.names[row]], [0], _HEAT_MARK)[0],
            "_cls": "Heatmap",
            "tags": [],
            "map": packed_map(part.heat[row]),
            "range": [0.0, 255.0],
        }
    return known


def _add_put(part: Subject, documents: list[dict[str, Any]], shown: Shown) -> None:
    """Add how bad it is, and the digests that tell later on what was changed."""
    encoded = importlib.import_module("bson").encode
    if part.found and part.found[0].judged is not None:
        for document, errors in zip(documents, errors_of(part).tolist(), strict=True):
            document[ERRORS] = errors
    for document, suspicion in zip(documents, suspicion_of(part).tolist(), strict=True):
        if suspicion == suspicion:  # no NaN
            document[SUSPICION] = suspicion
    for document, source in zip(documents, source_digests(part.dataset), strict=True):
        put = {"source": source, "truth": truth_digest(document), SAID: said_mark(document, shown.extras)}
        whole = blake2b(encoded(document), digest_size=16).hexdigest()
        document[PUT] = {**put, "tags": list(document["tags"]), "shown": whole}
