"""Folders of pictures with a map of classes each."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.dataset import State
from cvdata.errors import TrainingError
from cvdata.train.data.maps import looks_like_maps, read_maps
from cvdata.train.data.prepare import Prepared, prepare
from cvdata.train.data.reading import read_picture, read_pixels
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

from .shapes import draw_maps


def prepared(source: Source, **more: str) -> Prepared:
    return prepare(source, TrainSettings(task="segmenter", architecture="any", **more))  # type: ignore[arg-type]


def findings(source: Source) -> dict[str, str]:
    return {finding.code: finding.message for finding in source.findings}


def test_parallel_folders_are_paired_by_name_and_values_are_the_classes(tmp_path: Path) -> None:
    draw_maps(tmp_path, 6, 32)

    assert looks_like_maps(tmp_path)
    source = read_maps(tmp_path)

    assert source.dataset.images.names == tuple(f"image/{row:04d}.png" for row in range(6))
    assert source.dataset.categories.names == ("background", "class 1", "class 2", "class 3")
    assert source.maps is not None
    assert source.maps.files[2] == str(tmp_path / "label" / "0002.png")
    assert findings(source)["unnamed-classes"] == (
        "no list says what the values of the maps mean; called 'background' for 0, 'class 1' for 1, 'class 2' for 2, "
        "'class 3' for 3"
    )
    found = prepared(source)
    assert found.info.images == {"train": 5, "val": 1}
    assert found.info.objects == {}  # there are none to count, which is not 0
    pixels, picture = read_pixels(found.train, 0), read_picture(found.train, 0)
    assert pixels is not None
    assert pixels.shape == picture.shape[:2] == (32, 32)
    name = found.train.dataset.images.names[0].removeprefix("image/")
    assert (pixels == np.asarray(Image.open(tmp_path / "label" / name))).all()


def test_maps_beside_their_pictures_bring_splits_and_a_list_of_classes(tmp_path: Path) -> None:
    pictures, labels = draw_maps(tmp_path / "made", 4, 32)
    for row, split in enumerate(("train", "train", "valid", "test")):
        folder = tmp_path / "set" / split
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / f"{row:04d}.png", folder / f"{row}.png")
        shutil.copy(labels / f"{row:04d}.png", folder / f"{row}_mask.png")
        lines = "Pixel Value, Class\n0, ground\n1, square\n2, disc\n3, triangle"
        (folder / "_classes.csv").write_text(lines, "utf-8")

    source = read_maps(tmp_path / "set")

    assert source.dataset.images.splits == ("test", "train", "valid")
    assert source.dataset.categories.names == ("ground", "square", "disc", "triangle")
    assert source.findings == ()
    assert prepared(source).info.images == {"train": 2, "valid": 1}


def test_pictures_may_lie_elsewhere(tmp_path: Path) -> None:
    pictures, labels = draw_maps(tmp_path, 4, 32)
    (labels / "0003.png").unlink()

    source = read_maps(labels, pictures)

    assert source.dataset.images.names == ("0000.png", "0001.png", "0002.png", "0003.png")
    assert source.dataset.images.state.tolist() == [State.LABELLED] * 3 + [State.UNLABELLED]
    found = prepared(source)
    assert sum(found.info.images.values()) == 3
    assert "left out: 1 picture that nobody labelled" in [finding.message for finding in found.findings]


def test_two_values_are_ground_and_what_stands_on_it(tmp_path: Path) -> None:
    _, labels = draw_maps(tmp_path, 4, 32)
    for path in labels.iterdir():
        values = np.asarray(Image.open(path))
        Image.fromarray(np.where(values > 0, 255, 0).astype(np.uint8)).save(path)

    source = read_maps(tmp_path)

    assert source.dataset.categories.names == ("background", "foreground")
    pixels = read_pixels(prepared(source).train, 0)
    assert pixels is not None
    assert set(np.unique(pixels).tolist()) <= {0, 1}


def test_255_is_no_class_where_there_are_others(tmp_path: Path) -> None:
    _, labels = draw_maps(tmp_path, 4, 32)
    values = np.array(Image.open(labels / "0000.png"))
    values[:3] = 255
    Image.fromarray(values).save(labels / "0000.png")

    source = read_maps(tmp_path)

    assert source.dataset.categories.names == ("background", "class 1", "class 2", "class 3")
    found = prepared(source)
    part = found.train if "image/0000.png" in found.train.dataset.images.names else found.val
    pixels = read_pixels(part, part.dataset.images.names.index("image/0000.png"))
    assert pixels is not None
    assert pixels[:3].min() == 255


def test_pictures_without_a_pixel_of_any_class_are_left_out(tmp_path: Path) -> None:
    _, labels = draw_maps(tmp_path, 5, 32)
    Image.fromarray(np.full((32, 32), 255, np.uint8)).save(labels / "0001.png")

    found = prepared(read_maps(tmp_path))

    assert sum(found.info.images.values()) == 4
    assert "left out: 1 picture without a pixel of any class" in [finding.message for finding in found.findings]


def test_a_map_of_another_size_is_refused_by_name(tmp_path: Path) -> None:
    _, labels = draw_maps(tmp_path, 4, 32)
    Image.fromarray(np.zeros((16, 32), np.uint8)).save(labels / "0002.png")

    with pytest.raises(TrainingError) as caught:
        prepared(read_maps(tmp_path))

    assert str(caught.value) == (
        f"{labels / '0002.png'}: the map is 32x16, and its picture 32x32\n"
        "  hint: bring the map to the size of the picture, without blending values (nearest neighbour)"
    )


def test_maps_whose_names_fit_no_picture_are_refused(tmp_path: Path) -> None:
    pictures, labels = draw_maps(tmp_path, 4, 32)
    for path in sorted(pictures.iterdir()):
        path.rename(pictures / f"photo-{path.name}")

    with pytest.raises(TrainingError, match="4 of 4 maps of classes have no picture of their name"):
        read_maps(labels, pictures)


def test_maps_without_pictures_are_refused(tmp_path: Path) -> None:
    _, labels = draw_maps(tmp_path, 4, 32)

    with pytest.raises(TrainingError, match="there are maps of classes, but no pictures\n  hint: say where"):
        read_maps(labels)


def test_pictures_taken_for_maps_are_refused(tmp_path: Path) -> None:
    _, labels = draw_maps(tmp_path, 4, 32)
    for path in labels.iterdir():
        Image.fromarray(np.arange(1024, dtype=np.uint16).astype(np.uint8).reshape(32, 32)).save(path)

    with pytest.raises(TrainingError, match="different values, more than anyone has classes"):
        read_maps(tmp_path)


def test_maps_are_for_segmenters(tmp_path: Path) -> None:
    draw_maps(tmp_path, 4, 32)

    with pytest.raises(TrainingError, match="maps of classes are for segmenters, not for a detector"):
        prepare(read_maps(tmp_path), TrainSettings(task="detector", architecture="nano"))


# --- real data


def test_roboflows_export_has_its_classes_and_splits(shared: Path) -> None:
    found = prepared(read_maps(shared / "data" / "dhcn_semseg"), train="test", val="valid")

    assert found.info.images == {"test": 60, "valid": 60}
    assert found.classes == (
        "background", "cabinet", "ceiling", "chair", "door", "elevator", "railing", "road", "stair", "tree", "wall"
    )  # fmt: skip
    assert found.leaks == 33  # frames of the same walk


def test_membranes_of_two_values_are_divided(shared: Path) -> None:
    found = prepared(read_maps(shared / "data" / "unet_membrane"))

    assert found.info.images == {"train": 6, "val": 2}
    assert found.classes == ("background", "foreground")
    assert int(found.class_counts.sum()) == 6 * 512 * 512
