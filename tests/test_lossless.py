"""Every dataset that people gave us survives the way through every format, by what is kept beside the label files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from cvdata.convert import ConvertSettings, Keep, Reading, convert, read
from cvdata.dataset import Dataset
from cvdata.formats import Format, format_of

from .compare import expected_of, identical, same
from .test_real_data import READS

PLACES = frozenset({"folder", "folders", "files"})
"""Columns that say where pictures are now."""

ZOO = "datumaro_assets/tests/assets"
PADILLA = "padilla_multiformat/data/database"
SOURCES: dict[str, tuple[str, str | None]] = {
    # what to read, and the folder of its pictures where it is not the usual one
    "bccd": ("bccd_voc/BCCD", None),
    "dali": ("dali_coco/db/coco", None),
    "rice": ("rice_pest_yolo", None),
    "bolts": ("bolt_yolo_seg", None),
    "val2014": ("coco_eval_100/tests/dataset/cocoapi/instances_val2014_100.json", None),
    "ids as text": ("coco_eval_100/tests/dataset/gt_ignore_test.json", None),
    "padilla coco": (f"{PADILLA}/gts/coco_format_v1", f"{PADILLA}/images"),
    "padilla voc": (f"{PADILLA}/gts/pascalvoc_format", f"{PADILLA}/images"),
    "padilla yolo": (f"{PADILLA}/gts/yolo_format", f"{PADILLA}/images"),
    **{name: (f"{ZOO}/{name}", None) for name in READS},
}
THROUGH = ("coco", "voc", "yolo", "yolo-seg")


def go(source: Path, target: Path, to: str, *, images: Path | None = None, sidecar: Keep = "auto") -> None:
    settings = ConvertSettings(images=None if images is None else str(images), sidecar=sidecar, workers=1)
    convert(source, target, to, settings=settings)


def start(name: str, shared: Path, folder: Path) -> Reading:
    """Return a dataset as a cvdata dataset holds it."""
    source, images = SOURCES[name]
    data = shared / "data"
    go(data / source, folder / "cvdata", "cvdata", images=None if images is None else data / images)
    return read(folder / "cvdata", workers=1)


def carried(module: Format) -> frozenset[str]:
    return module.carries(module.WriteOptions())


def has_no_way(reading: Reading, through: str) -> bool:
    """Tell whether a format cannot be read back without pictures, and there are none."""
    return through.startswith("yolo") and not reading.dataset.images.folders


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_nothing_is_different_at_all(name: str, shared: Path, tmp_path: Path) -> None:
    reading = start(name, shared, tmp_path)

    for through in THROUGH:
        if has_no_way(reading, through):
            continue
        go(tmp_path / "cvdata", tmp_path / through, through)
        go(tmp_path / through, tmp_path / f"from-{through}", "cvdata")
        back = read(tmp_path / f"from-{through}", workers=1)

        assert back.intake.quarantine == []
        if (tmp_path / through / ".cvdata/sidecar").is_dir():
            identical(back.dataset, reading.dataset, f"{name} through {through}", but=PLACES)
        else:  # it lost nothing, though it may have numbered what had no number
            assert through == "coco" or not len(reading.dataset.annotations)
            same(back.dataset, reading.dataset, carried(format_of(through)), 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOURCES)
def test_without_the_sidecar_what_a_format_carries_is_within_its_precision(
    name: str, shared: Path, tmp_path: Path
) -> None:
    reading = start(name, shared, tmp_path)

    for through in THROUGH:
        if has_no_way(reading, through):
            continue
        module = format_of(through)
        go(tmp_path / "cvdata", tmp_path / through, through, sidecar="none")
        back = read(tmp_path / through, through, sidecar="none", workers=1)

        wanted = expected_of(reading.dataset, module, module.WriteOptions())
        same(by_edges(back.dataset), by_edges(wanted), carried(module), module.PRECISION + 1e-9)


def by_edges(dataset: Dataset) -> Dataset:
    """Return boxes as left, top, right, bottom: it is edges that move by at most the precision."""
    box = dataset.annotations.box
    edges = np.concatenate([box[:, :2], box[:, :2] + box[:, 2:]], axis=1)
    return dataclasses.replace(dataset, annotations=dataclasses.replace(dataset.annotations, box=edges))
