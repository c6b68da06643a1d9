"""Reviews of the predictions of `tests.formats.proposals`, as people leave them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cvdata.dataset import Dataset
from cvdata.formats._store_records import encode_record
from cvdata.formats.predictions import read_prediction, write_note
from cvdata.formats.store import open_store
from cvdata.prelabel.accept import Accepted, AcceptSettings, accept, offers_of
from cvdata.prelabel.review import REVIEW, Decision, Drawn, ReviewFile, SampleSettings

__all__ = ["ROWS", "accepted", "boxes_of", "new", "origins_of", "reviewed"]

ROWS = [
    ("b.jpg", "dog", (0.0, 0.0, 30.0, 40.0), 0.9),
    ("b.jpg", "cat", (50.0, 0.0, 30.0, 40.0), 0.3),
    ("c.jpg", "cat", (5.0, 5.0, 20.0, 20.0), 0.8),
    ("c.jpg", "cat", (50.0, 5.0, 20.0, 20.0), 0.35),
]
"""What a model proposes for the pictures of `stored_pets`."""


def reviewed(
    root: Path,
    *decisions: Decision,
    name: str = "first",
    drawn: tuple[Drawn, ...] = (),
    thresholds: Mapping[str, float | None] | None = None,
) -> None:
    """Write what people decided beside the proposals."""
    about = read_prediction(root, name).about
    found = ReviewFile(
        prediction=name,
        sha256=about.files["annotations.parquet"].sha256,
        time="2026-01-01T00:00:00Z",
        iou=0.8,
        promise=0.95,
        confidence=0.95,
        settings=SampleSettings(),
        samples=(),
        decisions=decisions,
        drawn=drawn,
        thresholds=dict(thresholds or {}),
        classes=(),
    )
    write_note(root, name, REVIEW, encode_record(found))


def accepted(root: Path, *names: str, truth: Dataset | None = None, **settings: Any) -> Accepted:
    """Accept predictions into the current version, in memory alone."""
    asked = AcceptSettings(predictions=names or ("first",), **settings)
    return accept(open_store(root).load() if truth is None else truth, offers_of(root, asked), asked)


def boxes_of(outcome: Accepted) -> list[tuple[str, str, tuple[float, ...]]]:
    """Return the picture, class and box of each annotation."""
    return [(row.image, row.category, row.box) for row in outcome.dataset.rows()]


def new(outcome: Accepted) -> list[tuple[str, str, tuple[float, ...]]]:
    """Return the annotations behind the one that was there."""
    return boxes_of(outcome)[1:]


def origins_of(outcome: Accepted) -> list[dict[str, Any] | None]:
    """Return where each annotation comes from, None where a person labelled it by hand."""
    import msgspec

    extra = outcome.dataset.annotations.extra
    texts = [b""] * len(outcome.dataset.annotations) if extra is None else extra.to_bytes()
    return [msgspec.json.decode(text).get("origin") if text else None for text in texts]
