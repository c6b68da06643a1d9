from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco  # noqa: TID253 - the reference that these tests are held against

from cvdata.dataset import Ragged
from cvdata.dataset.rle import compress, decompress, from_mask, mask_areas, mask_boxes, run_sums, to_mask


@st.composite
def masks(draw: st.DrawFn) -> NDArray[np.bool_]:
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    share = draw(st.sampled_from([0.0, 0.02, 0.5, 0.98, 1.0]))
    mask = rng.random((height, width)) < share
    if draw(st.booleans()):  # long runs, too
        mask = np.kron(mask, np.ones((draw(st.integers(1, 30)), draw(st.integers(1, 30))), np.bool_)).astype(np.bool_)
    return mask


def coco_rle(mask: NDArray[np.bool_]) -> Any:
    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))


def runs_of(all_masks: list[NDArray[np.bool_]]) -> Ragged:
    return Ragged.of([from_mask(mask).tolist() for mask in all_masks], np.uint32)


@given(st.lists(masks(), max_size=5))
@settings(max_examples=60)
def test_strings_are_those_of_pycocotools_byte_for_byte(all_masks: list[NDArray[np.bool_]]) -> None:
    assert compress(runs_of(all_masks)) == [coco_rle(mask)["counts"] for mask in all_masks]


@given(st.lists(masks(), max_size=5))
@settings(max_examples=60)
def test_strings_of_pycocotools_are_read(all_masks: list[NDArray[np.bool_]]) -> None:
    runs, good = decompress([coco_rle(mask)["counts"] for mask in all_masks])

    assert good.all()
    assert run_sums(runs).tolist() == [mask.size for mask in all_masks]
    for row, mask in enumerate(all_masks):
        assert (to_mask(runs[row], *mask.shape) == mask).all()


@given(st.lists(masks(), min_size=1, max_size=5))
@settings(max_examples=60)
def test_areas_and_boxes_are_those_of_pycocotools(all_masks: list[NDArray[np.bool_]]) -> None:
    runs, rles = runs_of(all_masks), [coco_rle(mask) for mask in all_masks]
    height = np.array([mask.shape[0] for mask in all_masks], np.int32)

    assert mask_areas(runs).tolist() == coco.area(rles).tolist()
    whole = [row for row, mask in enumerate(all_masks) if mask.any()]
    assert mask_boxes(runs, height)[whole].tolist() == coco.toBbox(rles)[whole].tolist()


@given(st.lists(masks(), max_size=4))
@settings(max_examples=60)
def test_boxes_and_areas_are_those_of_the_pixels(all_masks: list[NDArray[np.bool_]]) -> None:
    runs = runs_of(all_masks)
    found = mask_boxes(runs, np.array([mask.shape[0] for mask in all_masks], np.int32))

    for mask, box, area in zip(all_masks, found.tolist(), mask_areas(runs).tolist(), strict=True):
        ys, xs = np.nonzero(mask)
        tight = [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1] if len(xs) else [0, 0, 0, 0]
        assert box == tight and area == mask.sum()


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_malformed_strings_never_crash(strings: list[bytes]) -> None:
    runs, good = decompress(strings)

    assert len(runs) == len(good) == len(strings)
    assert (runs.lengths[~good] == 0).all()
    run_sums(runs)


@given(st.lists(st.text(alphabet=[chr(c) for c in range(48, 112)], max_size=40), max_size=6))
def test_any_well_formed_string_has_the_runs_that_its_letters_say(texts: list[str]) -> None:
    runs, good = decompress([text.encode() for text in texts])

    for row, text in enumerate(texts):
        wanted = spelled(text)
        assert bool(good[row]) == (wanted is not None)
        assert runs[row].tolist() == (wanted or [])


def spelled(text: str) -> list[int] | None:
    """Read a string letter by letter, as `rleFrString` of maskApi.c does; None where it is malformed."""
    counts: list[int] = []
    value = shift = 0
    for i, char in enumerate(text):
        byte = ord(char) - 48
        value |= (byte & 31) << shift
        shift += 5
        if byte & 32:
            if shift >= 35 or i == len(text) - 1:
                return None
            continue
        if byte & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return counts or None


def test_bad_strings_spoil_no_good_ones() -> None:
    good_one = coco_rle(np.eye(5, dtype=np.bool_))["counts"]

    runs, good = decompress([b"", good_one, b"\xff", b"PPPPPPPPPP", good_one, b"o"])

    assert good.tolist() == [False, True, False, False, True, False]
    assert runs[1].tolist() == runs[4].tolist() == [0, 1, 5, 1, 5, 1, 5, 1, 5, 1]


def test_negative_runs_are_told() -> None:
    assert run_sums(Ragged.of([[3, 2], [5, -1], []], np.int64)).tolist() == [5, -1, 0]


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_a_mask_without_pixels_comes_back(shape: tuple[int, int]) -> None:
    runs = from_mask(np.zeros(shape, np.bool_))

    assert runs.sum() == 0
    assert to_mask(runs, *shape).shape == shape


def test_runs_that_do_not_fill_the_picture_are_refused() -> None:
    with pytest.raises(ValueError, match="runs cover 5 pixels, the picture has 6"):
        to_mask(np.array([3, 2]), 2, 3)
    with pytest.raises(ValueError, match="the picture has 6"):
        to_mask(np.array([7, -1]), 2, 3)


def test_no_masks_are_no_masks() -> None:
    runs, good = decompress([])

    assert len(runs) == len(good) == 0
    assert compress(runs) == []
    assert mask_boxes(runs, np.zeros(0, np.int32)).shape == (0, 4)
