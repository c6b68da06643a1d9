from __future__ import annotations

import numpy as np
import pytest

from cvdata.dataset.facts import TAKEN_UNKNOWN
from cvdata.images.series import Grouping, augmentation_source, group_of_names, series_of_names, union

HASH_A, HASH_B, HASH_C = "0f" * 16, "a1" * 16, "77" * 16


def together(names: list[str], how: Grouping, taken: list[int] | None = None) -> list[list[str]]:
    """Return the groups as lists of names, those that stand alone left out."""
    times = None if taken is None else np.array(taken, np.int64)
    groups, group = group_of_names(names, how, times)
    members = [[name for name, g in zip(names, group.tolist(), strict=True) if g == row] for row in range(len(groups))]
    assert [names[0] for names in members] == list(groups)
    return members


def test_pictures_of_one_folder_are_together() -> None:
    names = ["a/1.jpg", "a/b/1.jpg", "a/2.jpg", "3.jpg", "4.jpg", "c/5.jpg"]

    assert together(names, "folder") == [["a/1.jpg", "a/2.jpg"], ["3.jpg", "4.jpg"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cam1_000123.jpg", "cam1_7.png"),
        ("cam1-12.jpg", "cam1-13.jpg"),
        ("IMG_20240531_120000.jpg", "IMG_20240531_120001.jpg"),
        ("holiday (1).jpg", "holiday (12).jpg"),
        ("walk.left.jpg", "walk.right.jpg"),
        ("scene12_front.jpg", "scene12_back.jpg"),
        (f"cam1_5_jpg.rf.{HASH_A}.jpg", "cam1_6.jpg"),
    ],
)
def test_names_that_agree_up_to_the_last_number_or_separator_share_a_prefix(one: str, other: str) -> None:
    assert together([one, "else_9.jpg", other], "prefix") == [[one, other]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/cam_1.jpg", "b/cam_2.jpg"),
        ("000139.jpg", "000285.jpg"),
        ("dog.jpg", "dot.jpg"),
        ("cam1_1.jpg", "cam2_1.jpg"),
    ],
)
def test_other_names_share_none(one: str, other: str) -> None:
    assert together([one, other], "prefix") == []


def test_consecutive_numbers_are_a_sequence_and_a_gap_ends_it() -> None:
    names = ["f_9.jpg", "f_10.jpg", "f_11.jpg", "f_13.jpg", "f_14.jpg", "g_15.jpg", "f_99.jpg", "none.jpg"]

    assert together(names, "sequence") == [["f_9.jpg", "f_10.jpg", "f_11.jpg"], ["f_13.jpg", "f_14.jpg"]]


def test_capture_times_decide_where_they_are_known() -> None:
    names = ["f_1.jpg", "f_2.jpg", "f_3.jpg", "f_5.jpg", "f_6.jpg"]
    taken = [0, 2_000, 9_000, 11_500, TAKEN_UNKNOWN]

    assert together(names, "sequence", taken) == [["f_1.jpg", "f_2.jpg"], ["f_3.jpg", "f_5.jpg", "f_6.jpg"]]


def test_a_very_long_number_is_fine() -> None:
    assert together([f"x{10**30 + i}.jpg" for i in (7, 8)], "sequence") == [[f"x{10**30 + i}.jpg" for i in (7, 8)]]


def test_auto_groups_bursts_by_time_alone() -> None:
    names = ["DSC_0001.jpg", "DSC_0002.jpg", "DSC_0003.jpg", "DSC_0004.jpg", "DSC_0005.jpg"]
    taken = [0, 500, 60_000, TAKEN_UNKNOWN, 60_900]

    assert together(names, "auto", taken) == [["DSC_0001.jpg", "DSC_0002.jpg"], ["DSC_0003.jpg", "DSC_0005.jpg"]]


def test_auto_groups_the_frames_of_each_film() -> None:
    names = ["street_frame_0001.jpg", "park-frame12.jpg", "street_frame_0900.jpg", "park-frame13.jpg", "cat_1.jpg"]

    assert together(names, "auto") == [
        ["street_frame_0001.jpg", "street_frame_0900.jpg"],
        ["park-frame12.jpg", "park-frame13.jpg"],
    ]


def test_auto_never_makes_one_group_of_everything() -> None:
    films = [f"film_frame_{i}.jpg" for i in range(9)]
    stamped = [f"DSC_{i}.jpg" for i in range(9)]

    assert together(films, "auto") == []
    assert together(stamped, "auto", [1_000_000] * 9) == []  # a program wrote its own time into all of them


def test_auto_leaves_classes_alone() -> None:
    assert together(["cat_001.jpg", "cat_002.jpg", "dog_001.jpg", "dog/1.jpg", "dog/2.jpg"], "auto") == []


@pytest.mark.parametrize("how", ["auto", "folder", "prefix", "sequence"])
def test_copies_that_roboflow_made_are_always_together(how: Grouping) -> None:
    names = [f"train/images/a_jpg.rf.{HASH_A}.jpg", f"valid/images/a_jpg.rf.{HASH_B}.jpg"]

    assert together(names, how) == [names]


def test_no_names_have_no_groups() -> None:
    groups, group = group_of_names([], "auto")

    assert (groups, group.tolist()) == ((), [])


def test_a_union_joins_whatever_any_grouping_joins() -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    near = np.array([-1, 0, -1, 0, 1, 1], np.int32)
    series = np.array([4, -1, -1, 4, -1, -1], np.int32)

    groups, group = union(names, near, series)

    assert groups == ("a", "e")
    assert group.tolist() == [0, 0, -1, 0, 1, 1]
    assert group.dtype == np.int32


def test_a_group_of_one_stands_alone() -> None:
    groups, group = union(["a", "b"], np.array([0, 1], np.int32))

    assert (groups, group.tolist()) == ((), [-1, -1])


def test_the_source_of_an_augmented_copy_is_in_its_name() -> None:
    names = [
        f"train/images/cat 1_jpg.rf.{HASH_A}.jpg",
        f"valid/images/cat 1_jpg.rf.{HASH_B}.jpg",
        f"dataset/train/cats/cat 1_JPG.rf.{HASH_C}.jpg",
        f"no-suffix.rf.{HASH_C}.jpg",
        "plain.jpg",
        "short.rf.abc.jpg",
        "b_png.rf.Ab3dEf6hIj9kLm2nOp5q.png",
    ]

    assert augmentation_source(names) == ("cat 1", "cat 1", "dataset/cats/cat 1", "no-suffix", None, None, "b")


def test_a_copy_that_cvdata_made_says_so_in_its_name_and_its_original_is_found() -> None:
    names = [
        "train/a.jpg",
        "val/a.aug1.png",
        "a.copy12.jpg",
        "x/images/a.paste1.jpg",
        "b.copy1.aug2.jpg",
        f"c_jpg.rf.{HASH_A}.aug1.jpg",
        "c.png",
        "d.jpg",
        "d.augmented.jpg",
        "d.aug.jpg",
        ".aug1.jpg",
        "a/.copy1.jpg",
    ]

    sources = augmentation_source(names)

    assert sources == ("a", "a", "a", "x/a", "b", "c", "c", *[None] * 5)


def test_a_copy_beside_its_original_is_not_one_of_a_namesake_in_another_split() -> None:
    beside = ["train/1.jpg", "train/1.aug1.jpg", "val/1.jpg"]

    assert augmentation_source(beside) == ("train/1", "train/1", None)
    assert augmentation_source([*beside, "val/1.aug1.jpg"]) == ("train/1", "train/1", "val/1", "val/1")
    assert augmentation_source([*beside, "test/1.aug1.jpg"]) == ("1", "1", "1", "1")


def test_a_film_is_one_even_if_copies_of_its_frames_are_among_them() -> None:
    names = ["in/f_frame_1.jpg", "in/f_frame_2.aug1.jpg", "else.jpg", "other.jpg", "third.jpg"]

    assert together(names, "auto") == [["in/f_frame_1.jpg", "in/f_frame_2.aug1.jpg"]]


def test_each_reason_to_join_can_be_had_by_itself() -> None:
    names = ["f_frame_1.jpg", "f_frame_2.jpg", "g.jpg", "g.copy1.jpg", "h1.jpg", "h2.jpg", "i.jpg"]

    found = series_of_names(names, "auto", np.array([*[TAKEN_UNKNOWN] * 4, 0, 100, TAKEN_UNKNOWN], np.int64))

    assert {name: union(names, group)[0] for name, group in found.items()} == {
        "augmented": ("g.jpg",),
        "film": ("f_frame_1.jpg",),
        "burst": ("h1.jpg",),
    }
    assert list(series_of_names(names, None)) == ["augmented"]
