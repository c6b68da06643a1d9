"""What is in the files of a gallery."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from cvdata.browse.gallery.tracing import mask_path
from cvdata.browse.subject import Found, Subject, Suspects
from cvdata.dataset import Categories
from cvdata.dataset.rle import from_mask
from tests.tiny import build, draw_pictures

from .made import MISSED, handed, subject_of_three, written


def test_the_report_counts_pictures_views_and_what_cannot_be_read(tmp_path: Path) -> None:
    subject = subject_of_three(tmp_path / "src")

    folder, report = written(tmp_path, subject, MISSED)

    assert [(view.name, view.count, view.pictures) for view in report.views] == [
        ("missed", 3, 2),
        ("all pictures", 3, 3),
    ]
    assert (report.pictures, report.large, report.missing) == (3, 2, ["gone.jpg"])
    assert report.bytes == sum(
        path.stat().st_size for path in folder.rglob("*") if path.is_file() and ".cvdata" not in path.parts
    )


def test_a_view_has_the_worst_picture_first_with_the_labels_it_is_about(tmp_path: Path) -> None:
    folder, _ = written(tmp_path, subject_of_three(tmp_path / "src"), MISSED)

    # two.jpg has two missed objects and comes first: as number 0, with its labels 0 and 1 of classes 0 and 1.
    assert handed(folder / "data/view-0.js") == [[0, [0, 1], [0, 1]], [1, [0], [0]]]
    part = handed(folder / "data/part-0.js")
    assert [picture["n"] for picture in part] == ["two.jpg", "one.jpg", "gone.jpg"]
    assert part[1]["l"] == [
        {"s": 0, "c": 0, "b": [1.0, 2.0, 10.0, 10.0], "v": "missed"},
        {"s": 1, "c": 0, "b": [40.0, 2.0, 9.0, 9.0], "p": 0.75},
    ]


def test_a_dataset_without_found_has_its_pictures_alone(tmp_path: Path) -> None:
    folder, report = written(tmp_path, subject_of_three(tmp_path / "src", found=False))

    assert [view.name for view in report.views] == ["all pictures"]
    assert [entry[0] for entry in handed(folder / "data/view-0.js")] == [0, 1, 2]


def test_nothing_tells_where_the_files_lay_and_no_name_can_end_a_script(tmp_path: Path) -> None:
    folder, _ = written(tmp_path, subject_of_three(tmp_path / "src"), MISSED)

    texts = [path.read_text() for path in folder.rglob("*") if path.suffix in (".js", ".html")]
    assert len(texts) == 5
    for text in texts:
        assert str(tmp_path) not in text
        assert "<img" not in text
        assert "\u2028" not in text
    assert (folder / "index.html").read_text().count("</script>") == 1


def test_a_mask_with_a_hole_is_two_rings() -> None:
    mask = np.ones((3, 3), np.bool_)
    mask[1, 1] = False

    path = mask_path(from_mask(mask), 3, 3)

    # The four corners of the square, and the four of its hole.
    rings = [set(ring.strip("MZ").split("L")) for ring in path.split("Z")[:-1]]
    assert rings == [{"0 0", "3 0", "3 3", "0 3"}, {"1 1", "2 1", "2 2", "1 2"}]


def test_labels_of_every_kind_are_in_the_part_as_they_are_drawn(tmp_path: Path) -> None:
    rows = [
        {"image": "a.jpg", "category": "bolt", "box": [2, 2, 8, 8], "keypoints": [[3, 4, 2], [5, 6, 1], [0, 0, 0]]},
        {"image": "a.jpg", "category": "bolt", "box": [10, 10, 8, 8], "rotated": [14, 10, 18, 14, 14, 18, 10, 14]},
        {"image": "a.jpg", "category": "bolt", "box": [20, 20, 6, 6], "rings": [[(20, 20), (26, 20), (23.5, 26)]]},
        {"image": "a.jpg", "category": "bolt", "box": [np.nan] * 4},
    ]
    dataset = build({"a.jpg": (40, 30)}, rows, Categories(names=("bolt",)), folder=tmp_path)
    draw_pictures(tmp_path, dataset)

    folder, _ = written(tmp_path, Subject(dataset=dataset))

    assert handed(folder / "data/part-0.js")[0]["l"] == [
        {"s": 0, "c": 0, "b": [2.0, 2.0, 8.0, 8.0], "k": [[3.0, 4.0, 2], [5.0, 6.0, 1], [0.0, 0.0, 0]]},
        {"s": 0, "c": 0, "b": [10.0, 10.0, 8.0, 8.0], "d": "M14 10L18 14L14 18L10 14Z"},
        {"s": 0, "c": 0, "b": [20.0, 20.0, 6.0, 6.0], "d": "M20 20L26 20L23.5 26Z"},
        {"s": 0, "c": 0},
    ]


def test_a_photo_that_was_stored_on_its_side_stands_upright(tmp_path: Path) -> None:
    dataset = build({"turned.jpg": (30, 50)}, [], Categories(names=("bolt",)), folder=tmp_path)
    draw_pictures(tmp_path, dataset)  # with EXIF orientation 6
    with Image.open(tmp_path / "turned.jpg") as stored:
        assert stored.size == (50, 30)

    folder, _ = written(tmp_path, Subject(dataset=dataset))

    for name in ("pictures/0/0.jpg", "large/0.jpg"):
        with Image.open(folder / name) as picture:
            assert (picture.size, dict(picture.getexif())) == ((30, 50), {})


def test_each_model_has_its_own_side_and_partners_count_from_the_first_label(tmp_path: Path) -> None:
    one = subject_of_three(tmp_path / "src")
    judged = one.found[0].judged
    assert judged is not None
    met = np.array([0])
    first = Found(name="first", dataset=one.found[0].dataset)
    second = Found(
        name="second",
        dataset=one.found[0].dataset,
        judged=type(judged)(
            score=0.5,
            truth=judged.truth,
            found=np.array([2], np.uint8),
            truth_other=judged.truth_other,
            found_other=met,
            truth_overlap=judged.truth_overlap,
            found_overlap=np.array([0.25]),
        ),
    )

    folder, _ = written(tmp_path, Subject(dataset=one.dataset, found=(first, second)))

    labels = handed(folder / "data/part-0.js")[0]["l"]
    assert [label["s"] for label in labels] == [0, 1, 2]
    # The second model came near the truth's first label, which is drawn first.
    assert {key: labels[2][key] for key in ("v", "o", "m")} == {"v": "badly placed", "o": 0.25, "m": 0}
    assert "v" not in labels[1]


def test_a_probable_label_error_is_said_at_its_label(tmp_path: Path) -> None:
    one = subject_of_three(tmp_path / "src")
    suspects = Suspects(side=("truth",), row=np.array([2]), kind=("spurious",), surety=np.array([0.875]))

    folder, _ = written(tmp_path, Subject(dataset=one.dataset, suspects=suspects))

    labels = handed(folder / "data/part-0.js")[1]["l"]
    assert [label.get("e") for label in labels] == [None, ["spurious", 0.875]]


def test_heat_lies_beside_the_picture_clear_where_the_network_did_not_look(tmp_path: Path) -> None:
    one = subject_of_three(tmp_path / "src")
    heat = np.array([[0, 1]], np.float32)

    folder, _ = written(tmp_path, Subject(dataset=one.dataset, heat={1: heat}))

    part = handed(folder / "data/part-0.js")
    assert [picture.get("x") for picture in part] == [None, 1, None]
    with Image.open(folder / "heat/1.png") as picture:
        # Inferno's two ends; as strong as four fifths.
        assert [picture.getpixel((x, 0)) for x in (0, 1)] == [(0, 0, 4, 0), (252, 255, 164, 204)]
    assert sorted(path.name for path in (folder / "heat").iterdir()) == ["1.png"]


def test_pictures_that_share_a_file_have_a_copy_each(tmp_path: Path) -> None:
    one = subject_of_three(tmp_path / "src", found=False)
    images = replace(one.dataset.images, files=("one.jpg", "one.jpg", "two.jpg"))

    folder, report = written(tmp_path, Subject(dataset=replace(one.dataset, images=images)))

    copies = [(folder / f"pictures/0/{number}.jpg").read_bytes() for number in range(3)]
    assert copies[0] == copies[1] != copies[2]
    assert (report.large, report.missing) == (3, [])


def test_a_large_picture_is_shrunk_and_a_small_one_keeps_its_size(tmp_path: Path) -> None:
    sizes = {"a.jpg": (3000, 1000), "b.png": (700, 1400), "c.jpg": (99, 50)}
    dataset = build(sizes, [], Categories(names=("bolt",)), folder=tmp_path)
    draw_pictures(tmp_path, dataset)

    folder, _ = written(tmp_path, Subject(dataset=dataset))

    found = {}
    for path in sorted(folder.rglob("*.jpg")):
        with Image.open(path) as picture:
            found[path.relative_to(folder).as_posix()] = picture.size
    assert found == {
        "pictures/0/0.jpg": (360, 120),
        "large/0.jpg": (1024, 341),
        "pictures/0/1.jpg": (180, 360),
        "large/1.jpg": (512, 1024),
        "pictures/0/2.jpg": (99, 50),
        "large/2.jpg": (99, 50),
    }
