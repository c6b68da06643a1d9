from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.dataset import Annotations, Categories, Dataset, Images, Polygons, State
from cvdata.errors import FormatError, IdentityError, Place, UnsafePathError
from cvdata.formats import Intake
from cvdata.formats.settle import Places, settle
from cvdata.images import find_pictures

PLACES = Places(lambda row: Place("labels.txt", field=f"image {row}"), lambda row: Place("labels.txt", line=row + 1))


def save(path: Path, width: int = 40, height: int = 30, orientation: int = 1) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    Image.new("RGB", (width, height)).save(path, exif=exif)


def dataset(
    boxes: list[tuple[int, list[float]]],
    names: tuple[str, ...] = ("a.jpg",),
    size: tuple[int, int] = (40, 30),
    polygons: Polygons | None = None,
) -> Dataset:
    image = np.array([owner for owner, _ in boxes], np.int32)
    images = Images(
        names=names,
        width=np.full(len(names), size[0], np.int32),
        height=np.full(len(names), size[1], np.int32),
        state=np.where(np.isin(np.arange(len(names)), image), State.LABELLED, State.EMPTY).astype(np.uint8),
        split=np.full(len(names), -1, np.int32),
        folder=np.full(len(names), -1, np.int32),
    )
    box = np.array([values for _, values in boxes], np.float64).reshape(-1, 4)
    table = Annotations(image=image, category=np.zeros(len(boxes), np.int32), box=box, polygons=polygons)
    return Dataset(images=images, annotations=table, categories=Categories(names=("cat",)))


def found(intake: Intake) -> list[tuple[str, str]]:
    return [(item.kind, item.found) for item in intake.quarantine]


def test_a_box_over_the_edge_is_clipped_and_counted() -> None:
    intake = Intake()

    settled = settle(dataset([(0, [-5, 0, 20, 10]), (0, [0, 0, 40, 30])]), intake, PLACES)

    assert settled.annotations.box.tolist() == [[0, 0, 15, 10], [0, 0, 40, 30]]
    assert [(f.code, f.count, f.examples) for f in intake.findings] == [("clipped-box", 1, ["labels.txt: line 1"])]
    assert intake.quarantine == []


def test_bad_boxes_leave_and_their_picture_stays_as_not_labelled() -> None:
    intake = Intake()
    bad: list[tuple[int, list[float]]] = [
        (0, [500.0, 0, 9, 9]),
        (0, [0, 0, 0, 9]),
        (0, [float("inf"), 0, 9, 9]),
        (1, [1, 1, 9, 9]),
    ]

    settled = settle(dataset(bad, ("a.jpg", "b.jpg")), intake, PLACES)

    assert found(intake) == [
        ("annotation", "a box that lies outside (9 x 9 at 500, 0)"),
        ("annotation", "a box without area (0 x 9 at 0, 0)"),
        ("annotation", "a box that is not finite (inf, 0, 9, 9)"),
    ]
    assert [item.line for item in intake.quarantine] == [1, 2, 3]
    assert settled.images.state.tolist() == [State.UNLABELLED, State.LABELLED]
    assert settled.offsets.tolist() == [0, 0, 1]
    assert intake.where is not None and str(intake.where(0)) == "labels.txt: line 4"


def test_the_label_of_a_whole_picture_has_no_box_and_is_kept() -> None:
    intake = Intake()

    settled = settle(dataset([(0, [float("nan")] * 4)]), intake, PLACES)

    assert len(settled.annotations) == 1 and intake.quarantine == []


def test_polygons_are_judged_and_clipped() -> None:
    outlines = Polygons.of(
        [
            [[(0, 0), (50, 0), (0, 9)]],
            [[(0, 0), (9, 9)]],
            [[(0, 0), (4, 4), (9, 9)]],
            [[(90, 90), (99, 90), (99, 99)]],
            [[(0, 0), (8, 8), (8, 0), (0, 8)]],
        ]
    )
    intake = Intake()

    settled = settle(dataset([(0, [1, 1, 9, 9])] * 5, polygons=outlines), intake, PLACES)

    assert [(item.line, item.found) for item in intake.quarantine] == [
        (2, "a polygon of fewer than 3 points"),
        (3, "a polygon without area"),
        (4, "a polygon that lies outside"),
    ]
    assert settled.annotations.polygons is not None
    assert settled.annotations.polygons[0][0].tolist() == [[0, 0], [40, 0], [0, 9]]
    assert len(settled.annotations.polygons[1][0]) == 4  # a bow tie has no shoelace area, and is a polygon


def test_a_picture_of_another_size_leaves_with_its_annotations(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", 41, 30)
    save(tmp_path / "b.jpg")
    intake = Intake()

    settled = settle(dataset([(0, [1, 1, 9, 9])], ("a.jpg", "b.jpg")), intake, PLACES, find_pictures(tmp_path))

    assert found(intake) == [("image", "the labels say 40x30, the picture 'a.jpg' is 41x30")]
    assert (intake.quarantined.images, intake.quarantined.annotations) == (1, 1)
    assert settled.images.names == ("b.jpg",) and len(settled.annotations) == 0


def test_labels_drawn_before_exif_rotation_are_named_as_such(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", 40, 30, orientation=6)
    intake = Intake()

    settle(dataset([]), intake, PLACES, find_pictures(tmp_path))

    assert found(intake)[0][1].endswith("is 30x40 (the labels were drawn on the picture before its EXIF rotation)")


def test_sizes_that_the_labels_do_not_give_come_from_the_pictures(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", 40, 30, orientation=6)

    settled = settle(dataset([], size=(0, 0)), Intake(), PLACES, find_pictures(tmp_path))

    assert (settled.images.width.tolist(), settled.images.height.tolist()) == ([30], [40])
    assert settled.images.file(0) == str(tmp_path / "a.jpg")


def test_a_missing_picture_leaves_and_an_unlisted_one_is_noted(tmp_path: Path) -> None:
    save(tmp_path / "b.jpg")
    save(tmp_path / "more.jpg")
    intake = Intake()

    settled = settle(dataset([], ("a.jpg", "b.jpg")), intake, PLACES, find_pictures(tmp_path))

    assert found(intake) == [("image", "the picture 'a.jpg' is not there")]
    assert settled.images.names == ("b.jpg",)
    assert [(f.count, f.examples) for f in intake.findings if "without-labels" in f.code] == [(1, ["more.jpg"])]


def test_no_picture_at_all_is_an_error_and_no_folder_is_none(tmp_path: Path) -> None:
    save(tmp_path / "other.jpg")
    intake = Intake()

    with pytest.raises(FormatError, match="none of the 1 pictures is in"):
        settle(dataset([]), Intake(), PLACES, find_pictures(tmp_path))
    settle(dataset([]), intake, PLACES)
    assert intake.verified.startswith("nothing: no pictures were found")


def test_two_images_cannot_share_one_file(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg")

    with pytest.raises(IdentityError, match=r"'A\.JPG' and 'a\.jpg' are one file, 'a\.jpg'"):
        settle(dataset([], ("a.jpg", "A.JPG")), Intake(), PLACES, find_pictures(tmp_path))


def test_a_listed_picture_that_is_a_link_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    save(tmp_path / "secret.jpg")
    (tmp_path / "in/a.jpg").symlink_to("../secret.jpg")

    with pytest.raises(UnsafePathError, match="is a link that leaves the folder"):
        settle(dataset([]), Intake(), PLACES, find_pictures(tmp_path / "in"))


def test_verify_decides_how_closely_pictures_are_looked_at(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg", 41, 30)
    save(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").write_bytes((tmp_path / "b.jpg").read_bytes()[:-2])
    names = ("a.jpg", "b.jpg")

    left = {}
    for verify in ("none", "sizes", "decode"):
        intake = Intake(verify=verify)
        settle(dataset([], names), intake, PLACES, find_pictures(tmp_path))
        left[verify] = sorted(item.image or "" for item in intake.quarantine)

    assert left == {"none": [], "sizes": ["a.jpg"], "decode": ["a.jpg", "b.jpg"]}
