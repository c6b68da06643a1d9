"""VOC files that people made with other tools."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cvdata.files import Counts
from cvdata.formats import Intake
from cvdata.formats.voc import ReadOptions, WriteOptions, carries, read

from ..compare import same
from .test_voc import load
from .test_voc_write import save


def test_bccd_is_read_as_labelimg_wrote_it(shared: Path) -> None:
    intake = Intake()
    dataset = load(shared / "data/bccd_voc/BCCD", intake)

    assert intake.read == Counts(364, 4888)
    assert [item.field for item in intake.quarantine] == ["object[13]", "object[4]"]
    assert np.bincount(dataset.images.split).tolist() == [205, 87, 72]
    assert dataset.images.splits == ("train", "val", "test")
    assert int(dataset.annotations.has("truncated").sum()) == 1131
    assert set(dataset.categories.names) == {"RBC", "WBC", "Platelets"}


def test_bccd_written_and_read_again_is_the_same(shared: Path, tmp_path: Path) -> None:
    dataset = load(shared / "data/bccd_voc/BCCD")
    save(dataset, tmp_path / "out", workers=2)

    same(load(tmp_path / "out"), dataset, carries(WriteOptions()), 0)


def test_voc_files_apart_from_their_pictures_are_read(shared: Path) -> None:
    base = shared / "data/padilla_multiformat/data/database"
    intake = Intake(images=base / "images")
    dataset = read(base / "gts/pascalvoc_format", ReadOptions(), intake)

    assert (len(dataset.images), len(dataset.annotations), len(dataset.categories)) == (100, 273, 20)
    assert intake.quarantine == []
    assert int(dataset.annotations.has("difficult").sum()) == 38


def test_a_list_of_cvat_is_a_split(shared: Path) -> None:
    base = shared / "data/padilla_multiformat/data/database"
    dataset = read(base / "gts/imagenet_format", ReadOptions(), Intake(images=base / "images"))

    assert dataset.images.splits == ("default",)
    assert len(dataset.annotations) == 273


def test_datumaros_own_files_are_read(shared: Path) -> None:
    base = shared / "data/datumaro_assets/tests/assets"
    intake = Intake()
    first = load(base / "voc_dataset/voc_dataset1", intake)
    second = load(base / "voc_dataset/voc_dataset2")
    third = load(base / "roboflow_dataset/voc")

    assert [item.image for item in intake.quarantine] == ["2007_000002"]
    assert first.annotations.box.tolist() == [[0, 1, 3, 3], [3, 4, 3, 3]]
    assert second.categories.names[:2] == ("background", "aeroplane")
    assert (third.images.splits, len(third.annotations)) == (("train", "val"), 4)
