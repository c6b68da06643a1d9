"""The rows that each YOLO name writes: boxes, outlines, keypoints, corners; and what each refuses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from cvdata.convert import save
from cvdata.dataset import Dataset, Polygons, Ragged
from cvdata.dataset.rle import from_mask
from cvdata.formats import format_of
from cvdata.formats.yolo_obb import PRECISION

from .yolo_folders import one_picture, read, trainer_reads, write


def refused(name: str, dataset: Dataset, **options: Any) -> list[tuple[str, list[int]]]:
    chosen = format_of(name)
    found = chosen.refuses(dataset, chosen.WriteOptions(**options))
    return [(refusal.found, np.flatnonzero(refusal.rows).tolist()) for refusal in found]


@pytest.mark.parametrize("name", ["yolo", "yolo-obb"])
def test_crowds_and_labels_of_whole_pictures_are_refused(name: str, tmp_path: Path) -> None:
    box = [[1, 1, 5, 5], [2, 2, 5, 5], [np.nan] * 4]
    dataset = one_picture(tmp_path, category=[0, 0, 0], box=box, crowd=np.array([False, True, False]))

    assert refused(name, dataset) == [("a crowd region", [1]), ("a label of the whole picture", [2])]


def test_a_picture_of_unknown_size_takes_no_rows(tmp_path: Path) -> None:
    dataset = one_picture(tmp_path, category=[0], box=[[1, 1, 5, 5]])
    images = dataclasses.replace(dataset.images, width=np.zeros(1, np.int32))

    assert refused("yolo", dataclasses.replace(dataset, images=images)) == [("a picture of unknown size", [0])]


SQUARE = [[8, 8], [24, 8], [24, 24], [8, 24]]
INNER = [[12, 12], [20, 12], [20, 20], [12, 20]]


def test_yolo_seg_writes_polygons_alone_and_refuses_boxes(tmp_path: Path) -> None:
    polygons = Polygons.of([[SQUARE], []])
    dataset = one_picture(tmp_path / "in", category=[0, 0], box=[[8, 8, 16, 16], [1, 1, 5, 5]], polygons=polygons)
    assert refused("yolo-seg", dataset) == [("a box without outline", [1])]

    kept = dataclasses.replace(dataset, annotations=dataset.annotations.take(np.array([0])))
    outlet = write(kept, tmp_path / "out", "yolo-seg")

    text = (tmp_path / "out/labels/a.txt").read_text()
    assert text == "0 0.125000 0.166667 0.375000 0.166667 0.375000 0.500000 0.125000 0.500000\n"
    trainer_reads(tmp_path / "out", "segment")
    assert outlet.notes == {}
    assert np.allclose(read(tmp_path / "out", name="yolo-seg").annotations.box, [[8, 8, 16, 16]], atol=1e-4)


def test_yolo_seg_joins_several_rings_by_bridges_and_counts_them(tmp_path: Path) -> None:
    far = [[40, 30], [50, 30], [50, 40], [40, 40]]
    dataset = one_picture(tmp_path / "in", category=[0], box=[[8, 8, 42, 32]], polygons=Polygons.of([[SQUARE, far]]))

    outlet = write(dataset, tmp_path / "out", "yolo-seg")

    assert len((tmp_path / "out/labels/a.txt").read_text().split()) == 1 + 2 * (4 + 4 + 2)
    assert outlet.notes == {("outlines of several rings", "rings joined by bridges"): 1}
    assert refused("yolo-seg", dataset) == []
    assert refused("yolo-seg", dataset, rings="refuse") == [("an outline of several rings", [0])]


def test_yolo_seg_traces_masks_with_their_holes(tmp_path: Path) -> None:
    mask = np.zeros((48, 64), np.bool_)
    mask[8:24, 8:24] = True
    mask[12:20, 12:20] = False
    dataset = one_picture(
        tmp_path / "in", category=[0], box=[[8, 8, 16, 16]], masks=Ragged.of([from_mask(mask).tolist()], np.uint32)
    )

    outlet = write(dataset, tmp_path / "out", "yolo-seg")

    (row,) = read(tmp_path / "out", name="yolo-seg").rows()
    ring = np.rint(row.columns["polygons"][0]).astype(int).tolist()
    assert {tuple(p) for p in ring} == {tuple(p) for p in SQUARE + INNER}
    assert list(outlet.notes.values()) == [1, 1]


def test_yolo_pose_writes_box_and_points_and_zeros_for_those_without(tmp_path: Path) -> None:
    points = Ragged(np.array([[16, 12, 2], [32, 24, 1], [0, 0, 0]], np.float64), np.array([0, 3, 3]))
    dataset = one_picture(tmp_path / "in", category=[0, 0], box=[[8, 8, 16, 16], [1, 1, 5, 5]], keypoints=points)
    dataset = dataclasses.replace(dataset, meta={"yolo": {"flip_idx": [1, 0, 2]}})

    write(dataset, tmp_path / "out", "yolo-pose")

    first, second = (tmp_path / "out/labels/a.txt").read_text().splitlines()
    assert first.endswith(" 0.250000 0.250000 2.000000 0.500000 0.500000 1.000000 0.000000 0.000000 0.000000")
    assert set(second.split()[5:]) == {"0.000000"}
    data = yaml.safe_load((tmp_path / "out/data.yaml").read_text())
    assert (data["kpt_shape"], data["flip_idx"]) == ([3, 3], [1, 0, 2])
    trainer_reads(tmp_path / "out", "pose")
    again = read(tmp_path / "out", name="yolo-pose")
    assert again.annotations.keypoints is not None
    assert again.annotations.keypoints[0].tolist() == [[16, 12, 2], [32, 24, 1], [0, 0, 0]]


def test_yolo_pose_refuses_another_number_of_points_and_datasets_without_any(tmp_path: Path) -> None:
    points = Ragged(np.full((8, 3), 2.0), np.array([0, 3, 5, 8]))
    box = [[8, 8, 16, 16]] * 3
    with_points = one_picture(tmp_path, category=[0, 0, 0], box=box, keypoints=points)
    without = one_picture(tmp_path, category=[0], box=box[:1])

    assert refused("yolo-pose", with_points) == [("another number of keypoints than most", [1])]
    assert refused("yolo-pose", without) == [("an object in a dataset without keypoints", [0])]


def test_keypoints_outside_are_moved_to_the_edge_and_counted(tmp_path: Path) -> None:
    points = Ragged(np.array([[-5, 12, 2], [0, 0, 0]], np.float64), np.array([0, 2]))
    dataset = one_picture(tmp_path / "in", category=[0], box=[[8, 8, 16, 16]], keypoints=points)

    outlet = write(dataset, tmp_path / "out", "yolo-pose")

    assert outlet.notes == {("keypoints outside their picture", "moved to its edge"): 1}
    assert (tmp_path / "out/labels/a.txt").read_text().split()[5] == "0.000000"


def test_yolo_obb_writes_corners_of_rotated_and_of_plain_boxes(tmp_path: Path) -> None:
    rotated = np.array([[32, 12, 48, 24, 32, 36, 16, 24], [np.nan] * 8])
    dataset = one_picture(tmp_path / "in", category=[0, 0], box=[[16, 12, 32, 24], [16, 12, 16, 24]], rotated=rotated)

    write(dataset, tmp_path / "out", "yolo-obb")

    assert (tmp_path / "out/labels/a.txt").read_text() == (
        "0 0.500000 0.250000 0.750000 0.500000 0.500000 0.750000 0.250000 0.500000\n"
        "0 0.250000 0.250000 0.500000 0.250000 0.500000 0.750000 0.250000 0.750000\n"
    )
    trainer_reads(tmp_path / "out", "obb")
    again = read(tmp_path / "out", name="yolo-obb").annotations
    assert again.rotated is not None
    assert np.array_equal(again.rotated[0], rotated[0])
    assert again.box.tolist() == dataset.annotations.box.tolist()


def test_a_rotated_box_keeps_its_angle_where_a_corner_lies_outside_its_picture(tmp_path: Path) -> None:
    rotated = np.array([[16, -6, 40, 12, 28, 28, 4, 10]])  # its first corner is above the picture
    dataset = one_picture(tmp_path / "in", category=[0], box=[[4, 0, 36, 28]], rotated=rotated)

    outlet = write(dataset, tmp_path / "out", "yolo-obb")

    assert outlet.notes == {}
    assert (tmp_path / "out/labels/a.txt").read_text() == (
        "0 0.250000 -.125000 0.625000 0.250000 0.437500 0.583333 0.062500 0.208333\n"
    )
    trainer_reads(tmp_path / "out", "obb")
    again = read(tmp_path / "out", name="yolo-obb").annotations.rotated
    assert again is not None
    assert np.abs(again - rotated).max() < PRECISION


@pytest.mark.parametrize(
    "corners",
    [
        [16, -20, 40, -2, 28, 14, 4, -4],  # most of it is outside
        [-2, 20, 66, 18, 67, 30, -1, 32],  # wider than the picture
    ],
)
def test_corners_that_a_trainer_would_throw_the_picture_away_for_move_to_the_edge(
    tmp_path: Path, corners: list[float]
) -> None:
    box = [[4, 0, 36, 14]]
    dataset = one_picture(tmp_path / "in", category=[0], box=box, rotated=np.array([corners], np.float64))

    outlet = write(dataset, tmp_path / "out", "yolo-obb")

    assert outlet.notes == {
        ("rotated boxes that leave their picture", "corners moved to its edge, one by one"): 1,
    }
    trainer_reads(tmp_path / "out", "obb")


def test_the_report_says_once_what_became_of_several_rings(tmp_path: Path) -> None:
    far = [[40, 30], [50, 30], [50, 40], [40, 40]]
    dataset = one_picture(tmp_path / "in", category=[0], box=[[8, 8, 42, 32]], polygons=Polygons.of([[SQUARE, far]]))

    report = save(dataset, tmp_path / "out", "yolo-seg")

    rings = [loss.outcome for loss in report.losses if loss.what == "outlines of several rings"]
    assert rings == ["rings joined by bridges; kept in .cvdata/sidecar"]
