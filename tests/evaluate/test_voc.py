"""Pascal VOC average precision, held against the development kit's rule written out here and published figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from cvdata.convert import load
from cvdata.dataset import Annotations, Dataset
from cvdata.errors import UsageError
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair, align
from cvdata.evaluate.protocols import voc_numbers

from .drawn import hand, pair_of

Corners: TypeAlias = "tuple[float, float, float, float]"


def test_hand_made_curve_has_the_area_and_the_eleven_points_worked_out_by_hand() -> None:
    # Four objects; the detections are true, false, true: recall 1/4, 1/4, 2/4 at precision 1, 1/2, 2/3.
    pair = hand(
        truth=[(0, 0, (10 * i, 0, 8, 8)) for i in range(4)],
        found=[(0, 0, (0, 0, 8, 8), 0.9), (0, 0, (90, 90, 8, 8), 0.8), (0, 0, (10, 0, 8, 8), 0.7)],
    )

    area = voc_numbers(pair, "boxes", 2012).metrics["AP50"]
    eleven = voc_numbers(pair, "boxes", 2007).metrics["AP50"]

    assert area == pytest.approx(1 / 4 * 1 + 1 / 4 * 2 / 3, abs=1e-15)
    # 0, 0.1, 0.2 lie within recall 1/4; 0.3, 0.4, 0.5 within 2/4; the others are not reached.
    assert eleven == pytest.approx((3 * 1 + 3 * 2 / 3) / 11, abs=1e-15)


@pytest.mark.parametrize("year", [2007, 2012])
@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_figures_are_those_of_the_development_kit_on_corners_that_are_pixels(seed: int, above: bool, year: int) -> None:
    pair = _with_difficult(pair_of(seed, crowd=0), seed)

    numbers = voc_numbers(pair, "boxes", year, above=above)

    # VOC counts pixels from 1 and a box holds both its corners: xmax = x + width.
    expected = _kit(pair, lambda x, y, w, h: (x + 1, y + 1, x + w, y + h), above=above, year=year)
    assert [row["AP50"] for row in numbers.classes] == pytest.approx(expected, abs=1e-12)
    assert numbers.metrics["AP50"] == pytest.approx(np.mean(expected), abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_an_added_pixel_gives_the_figures_of_tools_that_take_x_plus_width_for_a_corner(seed: int) -> None:
    pair = pair_of(seed, crowd=0)

    numbers = voc_numbers(pair, "boxes", 2012, pixel=1.0)

    expected = _kit(pair, lambda x, y, w, h: (x, y, x + w, y + h), above=False, year=2012)
    assert [row["AP50"] for row in numbers.classes] == pytest.approx(expected, abs=1e-12)


def test_overlaps_that_are_at_hand_serve_only_where_no_pixel_is_added() -> None:
    pair = pair_of(1, crowd=0)
    overlaps = box_overlaps(pair, least=0.1)

    for pixel in (0.0, 1.0):
        assert voc_numbers(pair, "boxes", 2012, overlaps, pixel=pixel) == voc_numbers(pair, "boxes", 2012, pixel=pixel)


def test_files_of_voc_are_scored_as_the_kit_scores_their_corners(tmp_path: Path) -> None:
    # 4 of 8 pixels: with both corners counted the overlap is exactly a half, with their differences alone 3/7.
    _write_xml(tmp_path, (11, 11, 18, 11))
    truth = load(tmp_path, "voc", verify="none")
    found = _found_like(truth, [(0, 0, (10.0, 10.0, 4.0, 1.0), 0.9)])

    numbers = voc_numbers(align(truth, found), "boxes", 2012)

    assert numbers.metrics == {"AP50": 1.0}


def test_an_overlap_of_the_threshold_is_enough_for_the_kit_and_not_for_detectron2() -> None:
    pair = hand(truth=[(0, 0, (0, 0, 10, 10))], found=[(0, 0, (0, 0, 10, 5), 0.9)])

    assert voc_numbers(pair, "boxes", 2012).metrics["AP50"] == 1.0
    assert voc_numbers(pair, "boxes", 2012, above=True).metrics["AP50"] == 0.0


def test_a_detection_whose_best_object_is_taken_is_false_though_another_is_free() -> None:
    # Both detections overlap the first object most; COCO would give the second one the other object.
    pair = hand(
        truth=[(0, 0, (0, 0, 10, 10)), (0, 0, (0, 3, 10, 10))],
        found=[(0, 0, (0, 0, 10, 10), 0.9), (0, 0, (0, 1, 10, 10), 0.8)],
    )

    assert voc_numbers(pair, "boxes", 2012).metrics["AP50"] == 0.5


def test_difficult_objects_count_neither_way_nor_do_detections_on_them() -> None:
    pair = hand(
        truth=[(0, 0, (0, 0, 10, 10)), (0, 0, (50, 50, 10, 10))],
        found=[(0, 0, (50, 50, 10, 10), 0.9), (0, 0, (50, 50, 10, 10), 0.8), (0, 0, (0, 0, 10, 10), 0.7)],
    )
    pair = _marked(pair, difficult=[0, 1])

    assert voc_numbers(pair, "boxes", 2012).metrics["AP50"] == 1.0
    assert voc_numbers(pair, "boxes", 2007).metrics["AP50"] == 1.0


def test_a_crowd_region_is_an_object_like_others() -> None:
    # The detection covers a fifth of the region: as COCO's crowd it would be matched, as an object it is missed.
    pair = hand(truth=[(0, 0, (0, 0, 50, 10))], found=[(0, 0, (0, 0, 10, 10), 0.9)])
    pair = replace(pair, truth=_with(pair.truth, crowd=np.array([True])))

    assert voc_numbers(pair, "boxes", 2012).metrics["AP50"] == 0.0


def test_all_detections_count_not_the_surest_hundred() -> None:
    false = [(0, 0, (200 + i, 200, 1, 1), 0.9) for i in range(100)]
    pair = hand(truth=[(0, 0, (0, 0, 10, 10))], found=[*false, (0, 0, (0, 0, 10, 10), 0.5)])

    assert voc_numbers(pair, "boxes", 2012).metrics["AP50"] == pytest.approx(1 / 101, abs=1e-15)


def test_a_class_without_objects_has_no_figure_and_one_without_detections_has_zero() -> None:
    pair = hand(
        truth=[(0, 0, (0, 0, 10, 10)), (0, 2, (0, 0, 10, 10))],
        found=[(0, 0, (0, 0, 10, 10), 0.9), (0, 1, (0, 0, 10, 10), 0.9)],
    )

    numbers = voc_numbers(pair, "boxes", 2007)

    assert [row["AP50"] for row in numbers.classes] == [1.0, None, 0.0]
    assert numbers.metrics == {"AP50": 0.5}


def test_without_any_object_nothing_is_defined() -> None:
    assert voc_numbers(hand(truth=[], found=[(0, 0, (0, 0, 1, 1), 0.5)]), "boxes", 2012).metrics == {"AP50": None}


def test_keypoints_are_refused_with_a_way_out() -> None:
    with pytest.raises(UsageError, match="no rule for keypoints") as caught:
        voc_numbers(hand(truth=[], found=[]), "keypoints", 2012)

    assert "--kind boxes" in str(caught.value.hint)


# Published for these very files: EXPECTED.md, section 1. Whole curve and eleven points.
CASE_1 = {
    "AP10": (0.3371980676, 0.3333333333),
    "AP30": (0.2456866804, 0.2683982683),
    "AP50": (0.0222222222, 0.0303030303),
    "AP75": (0.0, 0.0),
}


def test_the_published_figures_of_seven_pictures_come_out(shared: Path) -> None:
    folder = shared / "data/padilla_multiformat/tests/test_case_1"
    pair = _pair_of_texts(folder / "gts", folder / "dets")
    thresholds = (0.1, 0.3, 0.5, 0.75)

    # That tool takes x + w for a corner, and adds a pixel.
    area = voc_numbers(pair, "boxes", 2012, thresholds=thresholds, pixel=1.0).metrics
    eleven = voc_numbers(pair, "boxes", 2007, thresholds=thresholds, pixel=1.0).metrics

    assert area == pytest.approx({name: whole for name, (whole, _) in CASE_1.items()}, abs=1e-10)
    assert eleven == pytest.approx({name: points for name, (_, points) in CASE_1.items()}, abs=1e-10)


TOY = {2012: {"AP50": 0.8958333333, "AP75": 0.5097222222}, 2007: {"AP50": 0.8863636364, "AP75": 0.4924242424}}
"""Published for these very files: EXPECTED.md, section 2."""

LAYOUTS = [
    "dets_classid_abs_xywh",
    "dets_classid_abs_xyx2y2",
    "dets_classid_rel_xcycwh",
    "dets_classname_abs_xywh",
    "dets_classname_abs_xyx2y2",
    "dets_classname_rel_xcycwh",
]


@pytest.mark.parametrize("year", [2007, 2012])
@pytest.mark.parametrize("pixel", [0.0, 1.0])
@pytest.mark.parametrize("layout", [*LAYOUTS, "dets_coco_format"])
def test_the_published_figures_of_the_toy_example_come_out_of_every_layout(
    layout: str, pixel: float, year: int, shared: Path
) -> None:
    # That tool takes the corners of the files as they are for edges; with an added pixel or not makes no difference.
    truth, found = _toy(shared, layout, origin="0")

    numbers = voc_numbers(align(truth, found), "boxes", year, thresholds=(0.5, 0.75), pixel=pixel)

    assert numbers.metrics == pytest.approx(TOY[year], abs=1e-10)


@pytest.mark.parametrize("year", [2007, 2012])
def test_corners_read_as_pixels_on_both_sides_give_the_published_figures_without_an_added_pixel(
    year: int, shared: Path
) -> None:
    truth, found = _toy(shared, "dets_classname_abs_xyx2y2", origin="1")
    found = _with(found, box=found.annotations.box + np.array([-1.0, -1.0, 1.0, 1.0]))

    numbers = voc_numbers(align(truth, found), "boxes", year, thresholds=(0.5, 0.75))

    assert numbers.metrics == pytest.approx(TOY[year], abs=1e-10)


def _toy(shared: Path, layout: str, origin: str) -> tuple[Dataset, Dataset]:
    folder = shared / "data/padilla_multiformat/toyexample"
    truth = load(folder / "gts_vocpascal_format", "voc", images=folder / "images", options={"origin": origin})
    if layout == "dets_coco_format":
        return truth, load(folder / layout / "coco_dets.json", "coco", verify="none")
    return truth, _read_layout(folder / layout, truth)


def _kit(pair: Pair, corners: Callable[..., Corners], *, above: bool, year: int) -> list[float]:
    """Score every class as `VOCevaldet.m` does, one detection after the other, on inclusive corners."""
    truth, found = pair.truth.annotations, pair.found.annotations
    picture = {row: place for place, row in enumerate(np.argsort(pair.order).tolist())}
    figures = []
    for category in range(len(pair.classes)):
        mine = [row for row in range(len(found)) if found.category[row] == category]
        mine.sort(key=lambda row: (-pair.score[row], picture[int(found.image[row])]))
        objects = [row for row in range(len(truth)) if truth.category[row] == category]
        hard = {row for row in objects if truth.has("difficult")[row]}
        taken: set[int] = set()
        true, false = [], []
        for row in mine:
            best, most = -1, -1.0
            for other in objects:
                if truth.image[other] == found.image[row]:
                    overlap = _overlap(corners(*found.box[row].tolist()), corners(*truth.box[other].tolist()))
                    if overlap > most:
                        best, most = other, overlap
            near = most > 0.5 if above else most >= 0.5
            good = near and best not in hard and best not in taken
            true.append(good)
            false.append(not good and not (near and best in hard))
            if good:
                taken.add(best)
        figures.append(_kit_average(true, false, len(objects) - len(hard), year))
    return figures


def _overlap(a: Corners, b: Corners) -> float:
    wide = min(a[2], b[2]) - max(a[0], b[0]) + 1
    high = min(a[3], b[3]) - max(a[1], b[1]) + 1
    if wide <= 0 or high <= 0:
        return -1.0
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (a, b)]
    return wide * high / (sum(areas) - wide * high)


def _kit_average(true: Sequence[bool], false: Sequence[bool], objects: int, year: int) -> float:
    points: list[tuple[float, float]] = []
    hits = misses = 0
    for good, bad in zip(true, false, strict=True):
        hits, misses = hits + good, misses + bad
        if hits + misses:
            points.append((hits / objects, hits / (hits + misses)))
    if year == 2007:
        best = [max([p for r, p in points if r >= k * 0.1], default=0.0) for k in range(11)]
        return sum(best) / 11
    area, reached = 0.0, 0.0
    for recall, _ in points:
        if recall > reached:
            area += (recall - reached) * max(p for r, p in points if r >= recall)
            reached = recall
    return area


def _with_difficult(pair: Pair, seed: int) -> Pair:
    rng = np.random.default_rng(seed + 1000)
    return _marked(pair, difficult=(rng.random(len(pair.truth.annotations)) < 0.2).astype(int).tolist())


def _marked(pair: Pair, *, difficult: Sequence[int]) -> Pair:
    return replace(pair, truth=_with(pair.truth, difficult=np.array(difficult, np.int8)))


def _with(dataset: Dataset, **columns: object) -> Dataset:
    return replace(dataset, annotations=replace(dataset.annotations, **columns))  # type: ignore[arg-type]


def _found_like(truth: Dataset, rows: list[tuple[int, int, Sequence[float], float]]) -> Dataset:
    """Make detections (picture, class, box, score) on the pictures of a truth."""
    rows = sorted(rows, key=lambda row: row[0])
    table = Annotations(
        image=np.array([row[0] for row in rows], np.int32),
        category=np.array([row[1] for row in rows], np.int32),
        box=np.array([row[2] for row in rows], np.float64).reshape(-1, 4),
        score=np.array([row[3] for row in rows], np.float64),
    )
    return replace(truth, annotations=table)


def _write_xml(folder: Path, corners: tuple[int, int, int, int]) -> None:
    names = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{name}>{value}</{name}>" for name, value in zip(names, corners, strict=True))
    (folder / "Annotations").mkdir()
    (folder / "Annotations/a.xml").write_text(
        "<annotation><filename>a.jpg</filename><source><database>The VOC2007 Database</database></source>"
        "<size><width>100</width><height>100</height><depth>3</depth></size>"
        f"<object><name>cat</name><difficult>0</difficult><bndbox>{box}</bndbox></object></annotation>"
    )


def _pair_of_texts(truth: Path, found: Path) -> Pair:
    """Read files of lines `class x y w h` and `class score x y w h`, one for each picture."""
    pictures = sorted(truth.iterdir())
    objects: list[tuple[int, int, Sequence[float]]]
    detections: list[tuple[int, int, Sequence[float], float]]
    objects = [(row, 0, values) for row, file in enumerate(pictures) for values in _numbers(file)]
    detections = [
        (row, 0, box, score) for row, file in enumerate(pictures) for score, *box in _numbers(found / file.name)
    ]
    return hand(objects, detections)


def _numbers(file: Path) -> list[list[float]]:
    """Return the numbers of every line that follow its first word."""
    lines = [line.split() for line in file.read_text().splitlines()]
    return [[float(text) for text in words[1:]] for words in lines if words]


def _read_layout(folder: Path, truth: Dataset) -> Dataset:
    """Read files of lines `class score box` in the layout that the folder's name says."""
    pictures = {name.rpartition(".")[0]: row for row, name in enumerate(truth.images.names)}
    rows: list[tuple[int, int, Sequence[float], float]] = []
    box: tuple[float, ...]
    for file in sorted(folder.iterdir()):
        picture = pictures[file.stem]
        for score, a, b, c, d in _numbers(file):
            if "xyx2y2" in folder.name:
                box = (a, b, c - a, d - b)
            elif "rel" in folder.name:
                wide, high = int(truth.images.width[picture]), int(truth.images.height[picture])
                parts = ((a - c / 2) * wide, (b - d / 2) * high, c * wide, d * high)
                box = tuple(float(round(part)) for part in parts)  # that tool has whole pixels
            else:
                box = (a, b, c, d)
            rows.append((picture, 0, box, score))
    return _found_like(truth, rows)


def test_masks_have_no_pixel_to_add() -> None:
    with pytest.raises(UsageError, match="masks have no pixel to add"):
        voc_numbers(pair_of(1), "masks", 2012, pixel=1.0)
