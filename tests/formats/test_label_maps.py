"""Folders of label maps: which files are maps, of what, what their values mean, and what is read of them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.errors import FormatError, IdentityError
from cvdata.formats.label_maps import COLOUR, looks_like_label_maps, open_label_maps, read_classes, read_map


def save(path: Path, values: Any = ((0, 1), (2, 1)), dtype: Any = np.uint8) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(values, dtype)).save(path)
    return path


def photo(path: Path) -> Path:
    return save(path, np.random.default_rng(0).integers(0, 255, (2, 2, 3)))


def grey_png(bits: int, row: Sequence[int], width: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, 1, bits, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" + bytes(row))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


# --- which files


def test_maps_beside_their_pictures_are_named_as_these(tmp_path: Path) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"{name}.jpg")
        save(tmp_path / f"{name}_mask.png")

    maps = open_label_maps(tmp_path)

    assert maps.names == ("a", "b")
    assert maps.files == ("a_mask.png", "b_mask.png")
    assert looks_like_label_maps(tmp_path)


def test_maps_in_a_folder_beside_that_of_the_pictures_are_named_without_it(tmp_path: Path) -> None:
    photo(tmp_path / "train/images/sub/a.jpg")
    save(tmp_path / "train/masks/sub/a.png")

    maps = open_label_maps(tmp_path)

    assert maps.names == ("train/sub/a",)
    assert maps.files == ("train/masks/sub/a.png",)
    assert looks_like_label_maps(tmp_path)


def test_cityscapes_label_ids_are_taken_and_the_other_maps_left(tmp_path: Path) -> None:
    for ending in ("labelIds", "instanceIds", "color"):
        save(tmp_path / f"bonn/bonn_0_gtFine_{ending}.png", [[7, 26, 4]])

    maps = open_label_maps(tmp_path)

    assert maps.names == ("bonn/bonn_0",)
    assert maps.classes is not None
    assert (maps.classes.names[0], maps.classes.names[13]) == ("road", "car")
    assert maps.classes.values[[0, 13]].tolist() == [7, 26]
    assert 4 in maps.classes.void


def test_train_ids_of_cityscapes_count_from_0(tmp_path: Path) -> None:
    save(tmp_path / "bonn_0_gtFine_labelTrainIds.png")

    classes = open_label_maps(tmp_path).classes

    assert classes is not None
    assert dict(zip(classes.names, classes.values.tolist(), strict=True))["bicycle"] == 18


def test_the_folder_of_pascal_voc_has_its_classes_and_colours(tmp_path: Path) -> None:
    save(tmp_path / "SegmentationClass/2007_000001.png")

    classes = open_label_maps(tmp_path / "SegmentationClass").classes

    assert classes is not None and classes.colours is not None
    assert (len(classes.names), classes.names[15]) == (21, "person")
    assert classes.colours[15] == COLOUR + (192 << 16) + (128 << 8) + 128
    assert classes.void.tolist() == [255, COLOUR + (224 << 16) + (224 << 8) + 192]


def test_two_maps_of_one_picture_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "masks/a.png")
    save(tmp_path / "masks/a.tif")

    with pytest.raises(IdentityError, match=r"'a\.png' and 'a\.tif' are both label maps of 'a'"):
        open_label_maps(tmp_path / "masks")


def test_jpeg_is_refused_whatever_it_is_called(tmp_path: Path) -> None:
    photo(tmp_path / "a/x.jpg")
    photo(tmp_path / "b/x.jpg").rename(tmp_path / "b/x.png")

    with pytest.raises(FormatError, match="no kind of file that keeps exact values"):
        open_label_maps(tmp_path / "a")
    with pytest.raises(FormatError, match="the label map is a JPEG file"):
        read_map(str(tmp_path / "b/x.png"))


def test_an_empty_folder_and_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="holds no label maps"):
        open_label_maps(tmp_path)
    with pytest.raises(FormatError, match="cannot be read"):
        open_label_maps(tmp_path / "nowhere")
    assert not looks_like_label_maps(tmp_path)
    assert not looks_like_label_maps(tmp_path / "nowhere")


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "outside.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks/a.png").symlink_to(tmp_path / "outside.png")

    with pytest.raises(FormatError, match="is a link that leaves the folder"):
        open_label_maps(tmp_path / "masks")


def test_a_folder_of_one_channel_looks_like_maps_and_of_photos_does_not(tmp_path: Path) -> None:
    save(tmp_path / "predicted/a.png")
    save(tmp_path / "saved as colours/a.png", np.repeat([[[0], [255]]], 3, axis=2))
    photo(tmp_path / "photos/a.png")

    assert looks_like_label_maps(tmp_path / "predicted")
    assert looks_like_label_maps(tmp_path / "saved as colours")
    assert not looks_like_label_maps(tmp_path / "photos")


@pytest.mark.parametrize("mark", ["data.yaml", "labels.json", "Annotations/a.xml", "cvdata.json"])
def test_a_dataset_of_another_format_is_none_even_with_masks_in_it(tmp_path: Path, mark: str) -> None:
    photo(tmp_path / "JPEGImages/a.jpg")
    save(tmp_path / "SegmentationClass/a.png")
    (tmp_path / mark).parent.mkdir(exist_ok=True)
    (tmp_path / mark).write_text("")

    assert not looks_like_label_maps(tmp_path)
    assert looks_like_label_maps(tmp_path / "SegmentationClass")


@pytest.mark.parametrize(
    ("name", "maps"),
    [
        ("dhcn_semseg", True),
        ("unet_membrane", True),
        ("bccd_voc", False),
        ("dali_coco", False),
        ("rice_pest_yolo", False),
        ("bolt_yolo_seg", False),
        ("clothing_cls", False),
        ("coco_eval_100", False),
        ("exif_orientation", False),
        ("nonascii_name", False),
        ("datumaro_assets/tests/assets/camvid_dataset", True),
        ("datumaro_assets/tests/assets/cityscapes_dataset", True),
        ("datumaro_assets/tests/assets/voc_dataset/voc_dataset1", False),
        ("datumaro_assets/tests/assets/voc_dataset/voc_dataset1/SegmentationClass", True),
        ("datumaro_assets/tests/assets/yolo_dataset/labels", False),
    ],
)
def test_real_folders_are_told_apart(shared: Path, name: str, maps: bool) -> None:
    assert looks_like_label_maps(shared / "data" / name) is maps


# --- what is read


def test_values_are_those_of_the_file_not_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 3], [200, 1]], np.uint8)).convert("P")
    image.putpalette([255 - i // 3 for i in range(768)])
    image.save(tmp_path / "p.png")
    image.save(tmp_path / "transparent.png", transparency=3)

    for name in ("p.png", "transparent.png"):
        assert read_map(str(tmp_path / name)).tolist() == [[0, 3], [200, 1]]


@pytest.mark.parametrize(
    ("bits", "row", "expected"),
    [(1, [0b01100000], [0, 1, 1, 0]), (2, [0b00011011], [0, 1, 2, 3]), (4, [0x01, 0x2F], [0, 1, 2, 15])],
)
def test_values_of_few_bits_are_not_spread_over_a_byte(
    tmp_path: Path, bits: int, row: list[int], expected: list[int]
) -> None:
    (tmp_path / "a.png").write_bytes(grey_png(bits, row, 4))

    assert read_map(str(tmp_path / "a.png")).tolist() == [expected]


def test_16_bits_keep_all_of_their_values(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", [[0, 255, 256, 65535]], np.uint16)

    values = read_map(str(path))

    assert values.dtype == np.uint16
    assert values.tolist() == [[0, 255, 256, 65535]]


def test_grey_saved_as_colour_is_grey_and_colours_are_colours(tmp_path: Path) -> None:
    grey = save(tmp_path / "grey.png", [[[7, 7, 7], [9, 9, 9]]])
    colour = save(tmp_path / "colour.png", [[[1, 2, 3], [9, 9, 9]]])

    assert read_map(str(grey)).tolist() == [[7, 9]]
    assert read_map(str(colour)).tolist() == [[COLOUR + 0x010203, COLOUR + 0x090909]]
    assert read_map(str(grey), by_colour=True).tolist() == [[COLOUR + 0x070707, COLOUR + 0x090909]]


def test_transparent_pixels_and_fractions_are_refused(tmp_path: Path) -> None:
    see_through = save(tmp_path / "a.png", [[[1, 2, 3, 0]]])
    fractions = save(tmp_path / "a.tif", [[0.5]], np.float32)

    with pytest.raises(FormatError, match="transparent pixels"):
        read_map(str(see_through))
    with pytest.raises(FormatError, match="without whole values"):
        read_map(str(fractions))


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 9, (50, 50)))
    path.write_bytes(path.read_bytes()[:300])

    with pytest.raises(FormatError, match=r"a\.png: the label map is cut off"):
        read_map(str(path))


# --- what values mean


def listed(tmp_path: Path, name: str, text: str) -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def test_lists_of_classes_are_read_as_their_programs_write_them(tmp_path: Path) -> None:
    roboflow = read_classes(listed(tmp_path, "_classes.csv", "Pixel Value, Class\n0, background\n4, garden chair"))
    camvid = read_classes(listed(tmp_path, "label_colors.txt", "64 128 64\tAnimal\r\n0 0 0 Void\r\n1 2 3 Road Sign"))
    cvat = read_classes(listed(tmp_path, "labelmap.txt", "# label:color_rgb:parts:actions\nsky:0,0,1::\ncat:9,0,0::"))
    plain = read_classes(listed(tmp_path, "classes.txt", "\ufeffsky\ntree\n"))
    meta = {"label_map": {"0": "sky", "3": "cat"}, "segmentation_colors": [[0, 0, 1], [9, 0, 0]]}
    datumaro = read_classes(listed(tmp_path, "dataset_meta.json", json.dumps(meta)))

    assert (roboflow.names, roboflow.values.tolist()) == (("background", "garden chair"), [0, 4])
    assert (camvid.names, camvid.values.tolist()) == (("Animal", "Road Sign"), [0, 2])
    assert camvid.colours is not None
    assert camvid.colours.tolist() == [COLOUR + 0x408040, COLOUR + 0x010203]
    assert camvid.void.tolist() == [1, COLOUR]
    assert cvat.colours is not None and datumaro.colours is not None
    assert cvat.colours.tolist() == datumaro.colours.tolist() == [COLOUR + 1, COLOUR + 0x090000]
    assert (plain.names, plain.values.tolist(), plain.colours) == (("sky", "tree"), [0, 1], None)
    assert (datumaro.names, datumaro.values.tolist()) == (("sky", "cat"), [0, 3])


def test_lists_by_other_names_are_read_as_they_look(tmp_path: Path) -> None:
    assert read_classes(listed(tmp_path, "a.txt", "1 2 3 sky")).colours is not None
    assert read_classes(listed(tmp_path, "b.txt", "sky:1,2,3::")).names == ("sky",)
    assert read_classes(listed(tmp_path, "c.txt", "7,sky")).values.tolist() == [7]
    assert read_classes(listed(tmp_path, "d.txt", "sky\nblue sky")).names == ("sky", "blue sky")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("_classes.csv", "Pixel Value, Class\n0, sky\nx, tree", r"_classes\.csv: line 3: 'x, tree' is not"),
        ("_classes.csv", "0,sky\n0,tree", "gives the value '0' to two classes"),
        ("_classes.csv", "0,sky\n1,sky", "gives the name 'sky' to two classes"),
        ("label_colors.txt", "1 2 3 sky\n1 2 3 tree", "gives the colour '#010203' to two classes"),
        ("label_colors.txt", "1 2 300 sky", "'1,2,300' is no colour"),
        ("labelmap.txt", "sky", "'sky' is not `name:red,green,blue::`"),
        ("classes.txt", "\n", "names no class"),
        ("classes.txt", "void", "names no class"),
        ("_classes.csv", "0,sky\n65536,tree", "line 2: has the value 65536, and pixels hold 0 to 65,535"),
        ("_classes.csv", "0,sky\n1" + "0" * 25 + ",tree", "line 2: has the value 10000000000000000000000000, and"),
        ("_classes.csv", "0,sky\n" + "9" * 5000 + ",tree", "line 2: has the value 9999"),
        ("_classes.csv", "0,sky\n1," + "x" * 200_000, "line 2: is no table: field larger than field limit"),
        ("label_colors.txt", "1 2 " + "3" * 5000 + " sky", "is no colour"),
        ("dataset_meta.json", '{"label_map": {"0": "sky", "1' + "0" * 25 + '": "tree"}}', "has the value 1000"),
        ("dataset_meta.json", "{", "is not JSON"),
        ("dataset_meta.json", '{"label_map": [1]}', "has no `label_map`"),
    ],
)
def test_a_broken_list_is_refused_with_its_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_classes(listed(tmp_path, name, text))


def test_the_nearest_list_counts(tmp_path: Path) -> None:
    save(tmp_path / "train/masks/a.png")
    listed(tmp_path, "classes.txt", "far")
    near = listed(tmp_path / "train", "classes.txt", "near")

    maps = open_label_maps(tmp_path / "train/masks")
    near.unlink()
    others = open_label_maps(tmp_path / "train/masks")

    assert maps.classes is not None and others.classes is not None
    assert (maps.classes.names, others.classes.names) == (("near",), ("far",))
    given = open_label_maps(tmp_path / "train/masks", ["sky"]).classes
    assert given is not None and given.names == ("sky",)


def test_lists_below_the_folder_count_where_they_agree(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        save(tmp_path / f"{split}/a.png")
        listed(tmp_path / split, "_classes.csv", "0, sky\n1, tree")

    classes = open_label_maps(tmp_path).classes
    listed(tmp_path / "valid", "_classes.csv", "0, tree\n1, sky")

    assert classes is not None and classes.names == ("sky", "tree")
    with pytest.raises(FormatError, match=r"valid._classes\.csv: gives other classes than the list of another folder"):
        open_label_maps(tmp_path)
