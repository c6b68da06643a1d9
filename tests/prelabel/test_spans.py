"""Masks that are moved, mirrored and joined without being drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.dataset import Ragged
from cvdata.dataset.ragged import starts
from cvdata.dataset.rle import from_mask
from cvdata.prelabel.looking.spans import Spans, runs_of_spans, spans_of


def runs(masks: list[NDArray[np.bool_]]) -> Ragged:
    rows = [from_mask(mask) for mask in masks]
    return Ragged(np.concatenate([np.empty(0, np.uint32), *rows]), starts(np.array([len(row) for row in rows])))


def back(spans: Spans, width: int, height: int) -> list[list[int]]:
    count = len(spans.drawn)
    found = runs_of_spans(spans, np.full(count, width), np.full(count, height))
    return [found[row].tolist() for row in range(count)]


def full(count: int, value: int) -> NDArray[np.int64]:
    return np.full(count, value, np.int64)


@st.composite
def drawn(draw: st.DrawFn) -> list[NDArray[np.bool_]]:
    """Masks of one size: of noise, of nothing, of everything."""
    width, height, count = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    shares = [draw(st.sampled_from([0.0, 0.3, 0.8, 1.0])) for _ in range(count)]
    return [rng.uniform(size=(height, width)) < share for share in shares]


@given(drawn())
def test_masks_come_back_as_they_were(masks: list[NDArray[np.bool_]]) -> None:
    height, width = masks[0].shape if masks else (1, 1)

    spans = spans_of(runs(masks), full(len(masks), height))

    assert back(spans, width, height) == [from_mask(mask).tolist() for mask in masks]


@given(drawn(), st.booleans(), st.booleans())
def test_masks_are_mirrored_as_their_pixels_are(masks: list[NDArray[np.bool_]], across: bool, down: bool) -> None:
    height, width = masks[0].shape if masks else (1, 1)
    sizes = full(len(masks), width), full(len(masks), height)

    spans = spans_of(runs(masks), sizes[1]).mirrored(*sizes, across=across, down=down)

    turned = [mask[:: -1 if down else 1, :: -1 if across else 1] for mask in masks]
    assert back(spans, width, height) == [from_mask(mask).tolist() for mask in turned]


@given(drawn(), st.integers(0, 3), st.integers(0, 3))
def test_masks_are_moved_into_a_larger_picture(masks: list[NDArray[np.bool_]], across: int, down: int) -> None:
    height, width = masks[0].shape if masks else (1, 1)

    spans = spans_of(runs(masks), full(len(masks), height)).moved(full(len(masks), across), full(len(masks), down))

    larger = [np.pad(mask, ((down, 3 - down), (across, 3 - across))) for mask in masks]
    assert back(spans, width + 3, height + 3) == [from_mask(mask).tolist() for mask in larger]


@given(drawn(), st.data())
def test_joined_masks_have_the_pixels_of_all(masks: list[NDArray[np.bool_]], data: st.DataObject) -> None:
    height, width = masks[0].shape if masks else (1, 1)
    group = np.array([data.draw(st.integers(-1, 2)) for _ in masks], np.int64)

    spans = spans_of(runs(masks), full(len(masks), height)).joined(group, 3)

    chosen = [[mask for mask, own in zip(masks, group.tolist(), strict=True) if own == one] for one in range(3)]
    assert back(spans, width, height) == [from_mask(np.any(some, axis=0)).tolist() if some else [] for some in chosen]


def test_an_object_without_a_mask_stays_without_one() -> None:
    masks = Ragged.of([[], [2, 1, 1], []], np.uint32)

    assert back(spans_of(masks, full(3, 2)), 2, 2) == [[], [2, 1, 1], []]
