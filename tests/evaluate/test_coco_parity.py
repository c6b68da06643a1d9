"""COCO's numbers are pycocotools': 500 datasets made by code, every figure and the full tables."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.evaluate.coco import CocoNumbers, coco_numbers, grid_of, overlaps_of
from cvdata.evaluate.coco.arrays import Arrays
from cvdata.evaluate.coco.core import by_overlaps
from cvdata.evaluate.objects import Kind
from cvdata.evaluate.settings import EvalSettings

from .shapes import draw, peer

_EXACT = 1e-12


def _of(tables: CocoNumbers | Arrays) -> dict[str, NDArray[np.float64]]:
    arrays = {"precision": tables.precision, "recall": tables.recall, "scores": tables.scores}
    return {name: np.where(np.isnan(values), -1, values) for name, values in arrays.items()}


def _differences(kind: Kind, seed: int) -> Iterator[str]:
    """Yield what differs from pycocotools for one pair: tables, and figures in their order."""
    pair = draw(kind, seed)
    book = peer(pair, kind)
    stats = [None if value == -1 else value for value in book.stats.tolist()]
    fast = coco_numbers(pair, kind, EvalSettings())
    slow = coco_numbers(pair, kind, EvalSettings(engine="pycocotools"))
    core = by_overlaps(pair, grid_of(kind, EvalSettings()), overlaps_of(pair, kind, least=0.1))
    for who, tables, within in (("hotcoco", fast, _EXACT), ("pycocotools", slow, 0.0), ("core", core, 0.0)):
        for name, values in _of(tables).items():
            if not np.allclose(values, book.eval[name], rtol=0, atol=within):
                yield f"seed {seed}: {name} of {who}"
    if list(slow.metrics.values()) != stats:
        yield f"seed {seed}: figures of pycocotools"
    for (name, value), wanted in zip(fast.metrics.items(), stats, strict=True):
        if (value is None) != (wanted is None) or abs((value or 0) - (wanted or 0)) > _EXACT:
            yield f"seed {seed}: {name} is {value}, not {wanted}"


@pytest.mark.parametrize("kind", ["boxes", "masks", "keypoints"])
def test_both_engines_and_our_own_core_give_the_numbers_of_pycocotools(kind: Kind) -> None:
    differences = [line for seed in range(12) for line in _differences(kind, seed)]

    assert differences == []


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "seeds"), [("boxes", (12, 300)), ("masks", (12, 100)), ("keypoints", (12, 100))])
def test_five_hundred_datasets_give_the_numbers_of_pycocotools(kind: Kind, seeds: tuple[int, int]) -> None:
    differences = [line for seed in range(*seeds) for line in _differences(kind, seed)]

    assert differences == []


@pytest.mark.parametrize("kind", ["boxes", "masks", "keypoints"])
def test_the_datasets_hold_what_makes_evaluations_differ(kind: Kind) -> None:
    pairs = [draw(kind, seed) for seed in range(30)]

    tables = [pair.truth.annotations for pair in pairs]
    assert any(table.has("crowd").any() for table in tables)
    assert any(len(table) == 0 for table in tables)
    assert any(len(pair.found.annotations) == 0 for pair in pairs)
    assert any(np.isin(table.area, (1024, 9216)).any() for table in tables if table.area is not None)
    assert any(len(np.unique(pair.score)) < len(pair.score) / 4 for pair in pairs)  # ties
    assert any(len(np.unique(pair.truth.annotations.category)) < len(pair.classes) for pair in pairs)
    assert any(np.bincount(pair.found.annotations.image).max(initial=0) > 100 for pair in pairs)
