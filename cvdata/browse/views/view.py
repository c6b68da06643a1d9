"""One list of pictures to look at, under a plain name; FiftyOne and the gallery show the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Is", "View"]


@dataclass(frozen=True, slots=True)
class Is:
    """A label's attribute has a value: one of `names`, such as `verdict`, or `label` for its class."""

    attribute: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Pictures, and of their labels those that the view is about.

    Attributes:
        name: in plain words, such as `missed: small bolt`.
        about: one sentence.
        side: field with the labels that it is about, `truth` or `found`; None: it is about pictures as they are.
        where: what holds of these labels, all of it; a picture belongs to the view if it has such a label.
        tag: pictures with this tag; `field`: pictures that have a value in this field of the sample.
        by: what comes first: pictures with `most` such labels; the highest value of an attribute of such a label
            (`confidence`, `surety`) or of a field of the sample (`errors`, `suspicion`, `worth`); `group`: those with
            the same value of `field` side by side. Equal ones are in the order of the dataset.
        count: number of such labels, or of pictures where it is not about labels, when it was made.
    """

    name: str
    about: str
    side: Literal["truth", "found"] | None = None
    where: tuple[Is, ...] = ()
    tag: str | None = None
    field: str | None = None
    by: Literal["most", "confidence", "surety", "errors", "suspicion", "worth", "group"] = "most"
    count: int = 0
