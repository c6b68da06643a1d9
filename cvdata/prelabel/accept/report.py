"""What `cvdata accept --json` prints."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from ...files import DatasetReport

__all__ = ["REASONS", "AcceptPart", "AcceptReport", "AcceptedClass", "AcceptedPrediction", "Reason"]

Reason: TypeAlias = Literal[
    "below", "no-threshold", "no-score", "not-decided", "removed", "already-labelled", "in-part", "gone", "changed"
]

REASONS: dict[Reason, str] = {
    "below": "below the least score of their class",
    "no-threshold": "of classes without a least score",
    "no-score": "without a score",
    "not-decided": "that nobody decided on",
    "removed": "that a person removed",
    "already-labelled": "already labelled",
    "in-part": "in pictures of which only some could be taken",
    "gone": "in pictures that are gone",
    "changed": "in pictures that were replaced",
}
"""Why proposals are left out, in words that fit behind a number."""


class AcceptedClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of what one prediction proposes of one class.

    Attributes:
        prediction, name: of the prediction and of the class.
        threshold: least score; None where none applied.
        proposals: that the model made.
        accepted: objects that became truth, as the class that they have now; `reviewed`: of them, those that a person
            decided on; `drawn`: those that a person drew.
    """

    prediction: str
    name: str
    threshold: float | None
    proposals: int
    accepted: int
    reviewed: int
    drawn: int


class AcceptedPrediction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A prediction that was looked through.

    Attributes:
        models: names; `sha256`: of their weights, see `Prediction`.
        proposals: that they made; `drawn`: objects that people drew besides.
        accepted: of both.
    """

    name: str
    models: tuple[str, ...]
    sha256: str
    proposals: int
    drawn: int
    accepted: int


class AcceptPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became truth and what did not: proposals + drawn = accepted + outlined + all of `left_out`.

    Attributes:
        outlined: labels that were there and got the outline of a proposal; None where that was not asked for.
        left_out: how many, by reason, see `REASONS`.
        images: pictures that got labels; `emptied`: those that count as empty now.
        partly: pictures that nobody had labelled, and of which objects are still proposed and not labelled.
        shapes: objects that lost a mask, an outline or keypoints, because a person moved their box.
    """

    predictions: list[AcceptedPrediction]
    classes: list[AcceptedClass]
    accepted: int
    outlined: int | None
    left_out: dict[Reason, int]
    images: int
    emptied: int
    partly: int
    shapes: int


class AcceptReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata accept --json` prints.

    Attributes:
        accept: what became truth.
    """

    schema: Literal["cvdata/accept-report/1"] = "cvdata/accept-report/1"
    accept: AcceptPart
