"""YOLO datasets that people published, as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvdata.errors import FormatError
from cvdata.formats import Intake, detect, format_of

from .yolo_folders import read, trainer_reads, write


@pytest.fixture(scope="module")
def data(shared: Path) -> Path:
    return shared / "data"


def test_rice_pest_has_its_281_boxes_and_writes_their_rows_again(data: Path, tmp_path: Path) -> None:
    root = data / "rice_pest_yolo"
    intake = Intake()
    assert detect(root) == "yolo"

    dataset = read(root, intake)

    assert (len(dataset.images), len(dataset.annotations)) == (126, 281)
    assert np.bincount(dataset.images.split).tolist() == [20, 53, 53]
    assert dataset.images.splits == ("train", "val", "test")
    assert np.bincount(dataset.annotations.category)[6] == 196
    assert (intake.quarantine, intake.findings) == ([], [])

    write(dataset, tmp_path / "out")
    read_back = {name: rows for split in trainer_reads(tmp_path / "out").values() for name, rows in split.items()}
    for name, rows in read_back.items():
        (source,) = (root / "dataset_split").glob(f"*/labels/{Path(name).stem}.txt")
        expected = [[float(v) for v in line.split()] for line in source.read_text().splitlines()]
        assert np.allclose(rows, expected, atol=0.5000001e-6, rtol=0)


def test_bolt_keeps_its_boxes_and_polygons_though_one_file_has_both(data: Path, tmp_path: Path) -> None:
    intake = Intake()

    dataset = read(data / "bolt_yolo_seg", intake, "yolo-seg")

    assert (len(dataset.images), len(dataset.annotations)) == (58, 1368)
    assert int(dataset.annotations.has("polygons").sum()) == 1338
    assert [finding.code for finding in intake.findings] == ["yolo-path", "mixed-rows", "picture-without-labels-entry"]
    chosen = format_of("yolo-seg")
    (boxes,) = chosen.refuses(dataset, chosen.WriteOptions())
    assert int(boxes.rows.sum()) == 30


def test_padilla_lists_pictures_that_lie_elsewhere(data: Path) -> None:
    folder = data / "padilla_multiformat/data/database"
    intake = Intake(images=folder / "images")

    dataset = read(folder / "gts/yolo_format", intake)

    assert (len(dataset.images), len(dataset.annotations), len(dataset.categories)) == (100, 273, 20)
    assert dataset.images.names[0] == "2007_001585.jpg"
    assert intake.quarantine == []


def test_padilla_without_its_pictures_asks_for_them(data: Path) -> None:
    with pytest.raises(FormatError, match="--images"):
        read(data / "padilla_multiformat/data/database/gts/yolo_format")


def test_datumaros_darknet_dataset_is_read(data: Path) -> None:
    dataset = read(data / "datumaro_assets/tests/assets/yolo_dataset/strict")

    assert [row.category for row in dataset.rows()] == ["label_2", "label_4"]


@pytest.mark.parametrize("name", ["yolo", "yolo_obb"])
def test_datumaros_roboflow_datasets_name_a_folder_that_is_not_there(name: str, data: Path) -> None:
    with pytest.raises(FormatError, match=r"val: '\.\./valid/images' is not there; .*'val/images'"):
        read(data / "datumaro_assets/tests/assets/roboflow_dataset" / name)
