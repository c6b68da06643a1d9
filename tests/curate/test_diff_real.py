"""Real datasets, held against their own conversions and against what other tools made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

import cvdata
from cvdata.curate.diff import DiffSettings, diff


def converted(source: Path, target: Path, to: str) -> Path:
    """Convert a dataset, without anything that a sidecar would keep."""
    cvdata.convert(source, target, to, settings=cvdata.ConvertSettings(sidecar="none"))
    return target


def test_blood_cells_through_coco_and_back_are_what_they_were(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/bccd_voc/BCCD"
    coco = converted(source, tmp_path / "coco", "coco")
    back = converted(coco, tmp_path / "voc", "voc")

    report = diff(cvdata.load(source), cvdata.load(back))

    assert report.same
    assert report.counts.equal == 4886


def test_bolts_as_boxes_lose_their_outlines_and_nothing_else(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/bolt_yolo_seg"
    boxes = converted(source, tmp_path / "yolo", "yolo")

    report = diff(cvdata.load(source), cvdata.load(boxes), DiffSettings(tolerance=0.001))

    assert report.counts.changed == 1338
    assert report.counts.equal == 30  # rows that were boxes all along
    assert report.columns == {"polygons": 1338}
    assert (report.picture_changes, report.class_changes) == ([], [])


@pytest.mark.parametrize("other", ["imagenet_format", "yolo_format", "coco_format_v1/instances_default.json"])
def test_other_tools_took_the_first_pixel_of_voc_for_1_where_it_is_0(shared: Path, other: str) -> None:
    folder = shared / "data/padilla_multiformat/data/database"
    images = folder / "images"
    voc = cvdata.load(folder / "gts/pascalvoc_format", images=images)

    report = diff(voc, cvdata.load(folder / "gts" / other, images=images))

    # The same 273 objects, but the files were made from VOC's numbers as they stand: x = xmin, not xmin - 1.
    assert (report.counts.moved, report.counts.added, report.counts.removed) == (273, 0, 0)
    assert report.shift is not None
    assert report.shift.edges == pytest.approx((1, 1, 0, 0), abs=0.01)
    as_zero = cvdata.load(folder / "gts/pascalvoc_format", images=images, options={"origin": "0"})
    flags = DiffSettings(ignore=("difficult", "truncated", "extra"), tolerance=0.01)
    assert diff(as_zero, cvdata.load(folder / "gts" / other, images=images), flags).counts.equal == 273
