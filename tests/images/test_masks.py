from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.images.find import find_pictures
from cvdata.images.masks import masks_among


@pytest.mark.parametrize(
    "mask",
    [
        "x_mask.png", "x-mask.png", "x.mask.png", "x_masks.bmp", "x_seg.tif", "x_segmentation.tiff", "x_label.gif",
        "x_labels.png", "x_labelIds.png", "x_gt.png", "x_groundtruth.png", "x_MASK.PNG",
    ],
)  # fmt: skip
def test_a_mask_beside_its_picture_is_told_by_its_name(mask: str) -> None:
    assert masks_among(["a/x.jpg", f"a/{mask}", "a/y.jpg"]) == {f"a/{mask}": "a/x.jpg"}


@pytest.mark.parametrize(
    "names",
    [
        ["face_mask.png"],  # nobody's mask: a picture of one
        ["a/x.jpg", "b/x_mask.png"],
        ["x.jpg", "x_mask.jpg"],  # JPEG does not keep classes
        ["x.jpg", "xmask.png"],
        ["x.jpg", "x_mask_2.png"],
        [".jpg", "_mask.png"],
    ],
)
def test_without_its_picture_it_is_a_picture(names: list[str]) -> None:
    assert masks_among(names) == {}


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        ("images", "masks"),
        ("image", "label"),
        ("data/train/img", "data/train/gt"),
        ("JPEGImages", "SegmentationClass"),
        ("JPEGImages", "SegmentationObject"),
        ("Images", "Annotations"),
        ("train", "train_masks"),
        ("test", "testannot"),
        ("images", "images_gt"),
    ],
)
def test_a_folder_of_masks_beside_one_of_pictures_is_told_by_its_name(pictures: str, masks: str) -> None:
    names = [f"{pictures}/1.jpg", f"{pictures}/sub/2.png", f"{masks}/1.png", f"{masks}/sub/2.png"]

    assert masks_among(names) == {f"{masks}/1.png": f"{pictures}/1.jpg", f"{masks}/sub/2.png": f"{pictures}/sub/2.png"}


def test_masks_may_have_an_ending_in_a_folder_of_their_own() -> None:
    names = ["images/1.jpg", "images/2.jpg", "masks/1_mask.gif", "masks/2_mask.gif"]

    assert masks_among(names) == {"masks/1_mask.gif": "images/1.jpg", "masks/2_mask.gif": "images/2.jpg"}


def test_a_mask_without_a_picture_in_a_folder_of_masks_is_one_all_the_same() -> None:
    names = ["images/1.jpg", "images/2.jpg", "masks/1.png", "masks/2.png", "masks/3.png"]

    assert masks_among(names) == {
        "masks/1.png": "images/1.jpg",
        "masks/2.png": "images/2.jpg",
        "masks/3.png": "",
    }


@pytest.mark.parametrize(
    "names",
    [
        ["train/mask/1.jpg", "train/no_mask/1.jpg"],  # classes
        ["face/1.png", "face_mask/1.png"],
        ["label/1.png", "logo/1.png"],
        ["masks/1.png", "masks/2.png"],  # a class, or carnival
        ["images/1.jpg", "masks/7.png", "masks/8.png", "masks/1.png"],  # fewer than half are named as pictures
        ["images/1.jpg", "other/masks/1.png"],
        ["images/1.jpg", "images/2.jpg"],
    ],
)
def test_innocent_folders_are_left_alone(names: list[str]) -> None:
    assert masks_among(names) == {}


def test_roboflow_masks_of_real_data_are_found(shared: Path) -> None:
    names = find_pictures(shared / "data/dhcn_semseg").names

    masks = masks_among(names)

    assert (len(names), len(masks)) == (240, 120)
    assert all(mask == f"{picture[:-4]}_mask.png" for mask, picture in masks.items())


def test_masks_in_a_parallel_folder_of_real_data_are_found(shared: Path) -> None:
    masks = masks_among(find_pictures(shared / "data/unet_membrane").names)

    folder = "data/membrane/train"
    assert masks == {f"{folder}/label/{i}.png": f"{folder}/image/{i}.png" for i in range(8)}


@pytest.mark.parametrize("name", ["clothing_cls", "bccd_voc", "rice_pest_yolo", "padilla_multiformat", "dali_coco"])
def test_other_real_data_has_none(name: str, shared: Path) -> None:
    assert masks_among(find_pictures(shared / "data" / name).names) == {}
