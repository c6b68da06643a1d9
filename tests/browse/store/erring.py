"""A subject about which there is a view of every kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cvdata.browse.judge import judged_found
from cvdata.browse.subject import Subject, Suspects
from cvdata.dataset import Annotations, Categories, Dataset, Images, State

__all__ = ["erring"]

_PICTURES, _EACH = 24, 6


def erring(folder: Path) -> Subject:
    """Return 24 pictures of six objects each, and what a model found that errs in every way; the last has no errors."""
    rng = np.random.default_rng(4)
    rows = np.arange(_PICTURES * _EACH)
    corner = np.column_stack([rows % _EACH * 160, rng.integers(0, 200, len(rows))])
    side = np.where(rng.random(len(rows)) < 0.5, 20, 110)[:, None]
    box = np.concatenate([corner, side, side], axis=1).astype(np.float64)
    image, category = (rows // _EACH).astype(np.int32), rng.integers(0, 3, len(rows)).astype(np.int32)
    truth = _dataset(folder, Annotations(image=image, category=category, box=box))

    good = image == _PICTURES - 1
    seen = (rng.random(len(rows)) < 0.7) | good
    turned = (category + ((rng.random(len(rows)) < 0.2) & ~good)) % 3
    moved = box + ((rng.random(len(rows)) < 0.2) & ~good)[:, None] * side * np.array([0.5, 0, 0, 0])
    again = np.sort(np.concatenate([rows[seen], rows[seen & ~good][::5]]))
    nothing = np.arange(0, _PICTURES - 1, 3, dtype=np.int32)
    found = Annotations(
        image=np.concatenate([image[again], nothing]),
        category=np.concatenate([turned[again], nothing % 3]).astype(np.int32),
        box=np.concatenate([moved[again], np.tile([900.0, 700, 60, 60], (len(nothing), 1))]),
        score=rng.uniform(0.5, 1, len(again) + len(nothing)),
    )
    order = np.argsort(found.image, kind="stable")
    return _known(truth, replace(truth, annotations=found.take(order)))


def _dataset(folder: Path, table: Annotations) -> Dataset:
    images = Images(
        names=tuple(f"{row:02}.png" for row in range(_PICTURES)),
        width=np.full(_PICTURES, 1000, np.int32),
        height=np.full(_PICTURES, 800, np.int32),
        state=np.full(_PICTURES, State.LABELLED, np.uint8),
        split=np.full(_PICTURES, -1, np.int32),
        folder=np.zeros(_PICTURES, np.int32),
        folders=(str(folder),),
    )
    return Dataset(images=images, annotations=table, categories=Categories(names=("bolt", "nut", "gear")))


def _known(truth: Dataset, found: Dataset) -> Subject:
    judged = judged_found("m", truth, found)
    worth = np.full(_PICTURES, np.nan)
    worth[[3, 9, 5]] = 0.25, 0.75, 0.25
    leak = np.full(_PICTURES, -1, np.int32)
    leak[[2, 8, 4, 20]] = 1, 0, 0, 1
    return Subject(
        dataset=truth,
        found=(judged,),
        suspects=Suspects(
            side=("truth", "found", "truth", "truth"),
            row=np.array([7, 12, 60, 61]),
            kind=("swapped", "missing", "spurious", "swapped"),
            surety=np.array([0.9, 0.8, 0.7, 0.6]),
        ),
        tags=tuple(("dark",) if row in (1, 6) else () for row in range(_PICTURES)),
        finding_titles={"dark": "Pictures too dark"},
        leak=leak,
        worth=worth,
    )
