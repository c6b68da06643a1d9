"""How much masks overlap: pixels counted one by one, and pycocotools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.dataset import Annotations, Dataset, Images, Polygons
from cvdata.dataset.ragged import Ragged
from cvdata.dataset.rle import from_mask
from cvdata.errors import EvaluationError
from cvdata.evaluate.coco import coco_numbers, mask_overlaps
from cvdata.evaluate.objects import sized_by_boxes
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.settings import AREAS, EvalSettings

from .drawn import hand, pair_of
from .shapes import peer, with_masks


@pytest.mark.parametrize("seed", range(4))
def test_every_overlap_has_the_bits_of_pycocotools(seed: int) -> None:
    pair = with_masks(pair_of(seed, classes=1, crowd=0.3), seed)
    book = peer(pair, "masks", maxDets=[1000])

    overlaps = mask_overlaps(pair)

    ids = pair.truth.images.source_id
    assert ids is not None
    wanted: list[tuple[int, int, float]] = []
    for row, image in enumerate(ids):
        table = book.ious[image, 0]
        first, found = pair.truth.offsets[row], np.arange(pair.found.offsets[row], pair.found.offsets[row + 1])
        found = found[np.argsort(-pair.score[found], kind="mergesort")]
        if len(table):
            pixels = zip(*np.nonzero(table), strict=True)
            wanted += [(int(found[i]), int(first + j), table[i, j]) for i, j in pixels]
    assert len(wanted) > 20
    assert list(zip(overlaps.found, overlaps.truth, overlaps.value, strict=True)) == sorted(wanted)


def _masked(ours: NDArray[np.bool_], theirs: NDArray[np.bool_], *, crowd: bool = False) -> Pair:
    pair = hand([(0, 0, [0, 0, 9, 9])], [(0, 0, [0, 0, 9, 9], 0.5)])
    truth = replace(pair.truth.annotations, masks=_column(ours), crowd=np.array([crowd]))
    found = replace(pair.found.annotations, masks=_column(theirs))
    return replace(pair, truth=replace(pair.truth, annotations=truth), found=replace(pair.found, annotations=found))


def _column(mask: NDArray[np.bool_]) -> Ragged:
    return Ragged.of([from_mask(mask).tolist()], np.uint32)


def _square(y: slice, x: slice) -> NDArray[np.bool_]:
    mask = np.zeros((100, 100), np.bool_)
    mask[y, x] = True
    return mask


def test_the_overlap_of_two_masks_is_shared_pixels_by_all_pixels() -> None:
    pair = _masked(_square(slice(0, 10), slice(0, 10)), _square(slice(5, 15), slice(0, 10)))

    assert mask_overlaps(pair).value.tolist() == [50 / 150]


def test_a_mask_in_a_crowd_overlaps_it_by_the_share_of_it_that_lies_there() -> None:
    pair = _masked(_square(slice(0, 10), slice(0, 10)), _square(slice(5, 15), slice(0, 10)), crowd=True)

    assert mask_overlaps(pair).value.tolist() == [0.5]


def test_masks_of_boxes_that_overlap_may_not_overlap_at_all() -> None:
    upper = np.triu(np.ones((100, 100), np.bool_), 1)
    pair = _masked(upper, ~upper)

    assert len(mask_overlaps(pair)) == 0


def test_rings_of_one_object_are_joined_and_a_ring_of_two_points_encloses_nothing() -> None:
    pair = _masked(_square(slice(0, 10), slice(0, 20)), _square(slice(0, 10), slice(0, 20)))
    rings = [[(0, 0), (10, 0), (10, 10), (0, 10)], [(10, 0), (20, 0), (20, 10), (10, 10)], [(50, 50), (90, 90)]]
    truth = replace(pair.truth.annotations, masks=None, polygons=Polygons.of([rings]))
    pair = replace(pair, truth=replace(pair.truth, annotations=truth))

    assert mask_overlaps(pair).value.tolist() == [1.0]


def test_an_outline_of_two_points_is_found_by_nothing_and_stops_no_engine() -> None:
    pair = _masked(_square(slice(0, 10), slice(0, 20)), _square(slice(0, 10), slice(0, 20)))
    truth = replace(pair.truth.annotations, masks=None, polygons=Polygons.of([[[(0, 0), (20, 10)]]]))
    pair = replace(pair, truth=replace(pair.truth, annotations=truth))

    assert coco_numbers(pair, "masks", EvalSettings(engine="hotcoco")).metrics["AP"] == 0
    assert coco_numbers(pair, "masks", EvalSettings(engine="pycocotools")).metrics["AP"] == 0
    assert len(mask_overlaps(pair)) == 0


def test_an_object_without_outline_has_that_of_its_box() -> None:
    pair = hand([(0, 0, [0, 0, 10, 10]), (0, 0, [50, 50, 10, 10])], [(0, 0, [0, 0, 10, 20], 0.5)])
    masks = Ragged.of([[], from_mask(_square(slice(50, 60), slice(50, 60))).tolist()], np.uint32)
    truth = replace(pair.truth.annotations, masks=masks)
    found = replace(pair.found.annotations, masks=_column(_square(slice(0, 20), slice(0, 10))))
    pair = replace(pair, truth=replace(pair.truth, annotations=truth), found=replace(pair.found, annotations=found))

    assert mask_overlaps(pair).value.tolist() == [0.5]


def _changed(pair: Pair, **columns: Any) -> Pair:
    found: Annotations = replace(pair.found.annotations, **columns)
    return replace(pair, found=replace(pair.found, annotations=found))


def test_masks_that_do_not_cover_their_picture_are_refused() -> None:
    pair = _masked(_square(slice(0, 10), slice(0, 10)), np.ones((50, 50), np.bool_))

    with pytest.raises(EvaluationError, match=r"of 1 mask do not cover the picture; the first is on 0\.jpg"):
        mask_overlaps(pair)


@pytest.mark.parametrize("far", [np.nan, np.inf, 1e300, -2e6])
def test_a_point_that_would_take_all_memory_is_refused(far: float) -> None:
    pair = _masked(_square(slice(0, 10), slice(0, 10)), _square(slice(0, 10), slice(0, 10)))
    pair = _changed(pair, masks=None, polygons=Polygons.of([[[(0, 0), (far, 0), (5, 5)]]]))

    for evaluate in (mask_overlaps, lambda p: coco_numbers(p, "masks", EvalSettings())):
        with pytest.raises(EvaluationError, match="points of 1 outline lie nowhere near the picture"):
            evaluate(pair)


def test_a_picture_of_unknown_size_is_refused() -> None:
    pair = with_masks(pair_of(2), 2)
    unknown: Images = replace(pair.truth.images, width=np.zeros(len(pair.truth.images), np.int32))
    truth: Dataset = replace(pair.truth, images=unknown)

    with pytest.raises(EvaluationError, match="masks cannot be compared on 6 pictures whose size is not known"):
        mask_overlaps(replace(pair, truth=truth))


def test_a_picture_with_more_pixels_than_the_engines_can_count_is_refused() -> None:
    pair = with_masks(pair_of(2), 2)
    side = np.full(len(pair.truth.images), 1 << 16, np.int32)
    truth: Dataset = replace(pair.truth, images=replace(pair.truth.images, width=side, height=side))

    with pytest.raises(EvaluationError, match=r"masks cannot be compared on 6 pictures of 2\^32 pixels and more"):
        mask_overlaps(replace(pair, truth=truth))


def test_detections_without_any_mask_are_refused() -> None:
    pair = _changed(with_masks(pair_of(2), 2), masks=None, polygons=None)

    with pytest.raises(EvaluationError, match="the detections have neither masks nor outlines"):
        coco_numbers(pair, "masks", EvalSettings())


def test_masks_that_coco_sizes_by_their_boxes_are_counted() -> None:
    # A diagonal in a box of 40 x 40 pixels, which is medium; its 40 pixels are small. The square is medium both ways.
    thin, full = np.eye(100, dtype=np.bool_), np.zeros((100, 100), np.bool_)
    thin[40:, 40:], full[50:90, 50:90] = False, True
    pair = hand([(0, 0, [0, 0, 40, 40])], [(0, 0, [0, 0, 40, 40], 0.9), (0, 0, [50, 50, 40, 40], 0.8)])
    masks = Ragged.of([from_mask(thin).tolist(), from_mask(full).tolist()], np.uint32)
    boxed = replace(pair.found.annotations, masks=masks, area=np.array([1600.0, 1600.0]))

    (finding,) = sized_by_boxes(replace(pair, found=replace(pair.found, annotations=boxed)), AREAS)
    bare = replace(pair, found=replace(pair.found, annotations=replace(boxed, area=None)))

    assert (finding.code, finding.count) == ("masks-sized-by-boxes", 1)
    assert sized_by_boxes(bare, AREAS) == []
