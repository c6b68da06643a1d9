"""Which fields and attributes FiftyOne has to know before documents of a subject are written past its API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...dataset import Dataset
from ..names import (
    ERRORS,
    EVAL,
    EVAL_ID,
    EVAL_IOU,
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
    VISIBILITY,
    WHOLE,
    WORTH,
    found_field,
    list_of,
)
from .attributes import Shown, shown_of

if TYPE_CHECKING:
    from ..subject import Subject

__all__ = ["FieldSpec", "schema_of"]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a sample, or an attribute of its labels.

    Attributes:
        path: such as `name`, `truth` or `truth.detections.verdict`.
        kind: FiftyOne's class, such as `StringField` or `Detections`; `subkind`: of the items of a list.
    """

    path: str
    kind: str
    subkind: str | None = None


def schema_of(subject: Subject) -> list[FieldSpec]:
    """Return what the documents of a subject hold, besides what every sample of FiftyOne has; fields come first."""
    judged = bool(subject.found) and subject.found[0].judged is not None
    suspected = subject.suspects is not None
    specs = [FieldSpec(NAME, "StringField"), FieldSpec(STATE, "StringField"), FieldSpec(PUT, "DictField")]
    specs += [FieldSpec(ERRORS, "IntField")] if judged else []
    specs += [FieldSpec(SUSPICION, "FloatField")] if suspected else []
    specs += [FieldSpec(LEAK, "IntField")] if subject.leak is not None else []
    specs += [FieldSpec(WORTH, "FloatField")] if subject.worth is not None else []
    specs += [FieldSpec(HEAT, "Heatmap")] if subject.heat else []
    specs += _side(subject.dataset, TRUTH, judged=judged, suspected=suspected)
    for place, found in enumerate(subject.found):
        own = found.judged is not None
        specs += _side(found.dataset, found_field(place), judged=own, suspected=suspected and place == 0)
    return specs


def _side(dataset: Dataset, field: str, *, judged: bool, suspected: bool) -> Iterator[FieldSpec]:
    table = dataset.annotations
    shown = shown_of(dataset)
    said = list(_said(shown, judged=judged, suspected=suspected))
    beside = [(NUMBER, "IntField"), *([(VERDICT, "StringField")] if judged else [])]
    if shown.boxed:
        yield from _labels(field, "Detections", said)
    if np.isnan(table.box[:, 0]).any():
        yield from _labels(field + WHOLE, "Classifications", said)
    if (table.has("polygons") | table.has("rotated")).any():
        yield from _labels(field + OUTLINES, "Polylines", beside)
    if table.has("keypoints").any():
        yield from _labels(field + KEYPOINTS, "Keypoints", beside)
        yield FieldSpec(f"{list_of(field + KEYPOINTS)}.{VISIBILITY}", "ListField", "IntField")


def _labels(field: str, kind: str, attributes: list[tuple[str, str]]) -> Iterator[FieldSpec]:
    yield FieldSpec(field, kind)
    for name, of in attributes:
        yield FieldSpec(f"{list_of(field)}.{name}", of)


def _said(shown: Shown, *, judged: bool, suspected: bool) -> Iterator[tuple[str, str]]:
    """Yield the attributes of an object and the kinds of their fields."""
    yield NUMBER, "IntField"
    if judged:
        yield from ((name, "StringField") for name in (VERDICT, EVAL, EVAL_ID, PARTNER_CLASS))
        yield EVAL_IOU, "FloatField"
    yield SIZE, "StringField"
    if suspected:
        yield LABEL_ERROR, "StringField"
        yield SURETY, "FloatField"
    yield from ((flag, "BooleanField") for flag in shown.flags)
    yield from ((extra.name, extra.kind) for extra in shown.extras)
