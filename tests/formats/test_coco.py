"""COCO files: what is kept on the way through, and that pycocotools reads what we write."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.convert import ConvertSettings, Report, convert, save
from cvdata.convert import read as read_any
from cvdata.dataset import Dataset, State
from cvdata.dataset.rle import from_mask, to_mask
from cvdata.errors import CvdataError, FormatError, IdentityError, UnsafePathError, UsageError
from cvdata.formats import Intake, detect
from cvdata.formats.coco import ReadOptions, read

from ..tiny import draw_pictures, tiny

CLASSES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def picture(number: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": f"{number}.jpg", "width": 100, "height": 80, **more}


def annotation(number: Any, image: Any = 1, category: Any = 1, **more: Any) -> dict[str, Any]:
    row = {"id": number, "image_id": image, "category_id": category, "bbox": [1, 2, 30, 40], "area": 1200, "iscrowd": 0}
    return row | more


def document(
    images: list[dict[str, Any]] | None = None,
    annotations: list[dict[str, Any]] | None = None,
    categories: list[dict[str, Any]] | None = None,
    **more: Any,
) -> dict[str, Any]:
    return {
        "images": [picture(1)] if images is None else images,
        "annotations": [annotation(1)] if annotations is None else annotations,
        "categories": CLASSES if categories is None else categories,
        **more,
    }


def put(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def load(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


@pytest.fixture
def through(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], Report]]:
    """Return a function that converts a document from COCO to COCO and gives the output and the report."""

    def run(content: dict[str, Any], **settings: Any) -> tuple[dict[str, Any], Report]:
        put(tmp_path / "in.json", content)
        report = convert(tmp_path / "in.json", tmp_path / "out", "coco", settings=ConvertSettings(**settings))
        return load(tmp_path / "out/annotations/instances.json"), report

    return run


Through = Callable[..., tuple[dict[str, Any], Report]]


@pytest.mark.parametrize(
    "numbers",
    [[0, 1], [7, 3], [5, 10**9], [2**63 + 5, 1], [-4, 4], ["abc", "007"], ["abc", 12]],
    ids=["zero", "unsorted", "sparse", "huge", "negative", "texts", "mixed"],
)
def test_ids_of_pictures_and_classes_are_kept(numbers: list[Any], through: Through) -> None:
    content = document(
        [picture(number) for number in numbers],
        [annotation(1, numbers[1], numbers[0]), annotation(2, numbers[0], numbers[1])],
        [{"id": number, "name": f"class {number}"} for number in numbers],
    )

    found, _ = through(content)

    assert found["images"] == content["images"]
    assert found["categories"] == content["categories"]
    by_id = {row["id"]: row for row in found["annotations"]}
    assert [by_id[1], by_id[2]] == content["annotations"]


def test_integral_floats_and_digits_as_text_are_the_numbers(through: Through) -> None:
    content = document([picture("12"), picture(3.0)], [annotation(1, 12, "1"), annotation(2.0, "3", 1.0)])

    found, report = through(content)

    assert [row["id"] for row in found["images"]] == [12, 3]
    assert [(row["id"], row["image_id"], row["category_id"]) for row in found["annotations"]] == [(1, 12, 1), (2, 3, 1)]
    assert "1 image ids are numbers written as text" in [finding.message for finding in report.findings]


@pytest.mark.parametrize("numbers", [[0, 1], [4, 4], [None, 5]], ids=["zero", "twice", "missing"])
def test_annotation_ids_that_cannot_serve_are_numbered_anew_and_it_is_said(
    numbers: list[int | None], through: Through
) -> None:
    rows = [{k: v for k, v in annotation(number).items() if v is not None} for number in numbers]

    found, report = through(document(annotations=rows))

    assert [row["id"] for row in found["annotations"]] == [1, 2]
    assert [finding.code for finding in report.findings] == ["annotation-ids"]


@pytest.mark.parametrize("number", [7, 2**63 + 5, -3, "a1"])
def test_annotation_ids_are_kept(number: Any, through: Through) -> None:
    found, report = through(document(annotations=[annotation(number), annotation(1)]))

    assert [row["id"] for row in found["annotations"]] == [number, 1]
    assert (report.losses, report.findings) == ([], [])


RICH = document(
    images=[
        picture(1, license=4, coco_url="http://x/é", date_captured="2013-11-14 17:02:52", tags=[{"a": 1}]),
        picture(2),
        picture(3, labelled=False),
    ],
    annotations=[
        annotation(1, attributes={"colour": "red", "ids": [1, {"deep": None}]}, track_id=7),
        annotation(2, 2, 2, segmentation=[[1, 2, 31, 2, 31, 42], [5, 5, 9.25, 5, 9, 9]], area=777.125, score=0.25),
        annotation(3, 2, 1, segmentation={"size": [80, 100], "counts": [100, 50, 7850]}, iscrowd=1, area=50),
        annotation(4, 2, 3, keypoints=[1, 2, 2, 0, 0, 0, 3.5, 4, 1], num_keypoints=2),
    ],
    categories=[
        {"id": 1, "name": "cat", "supercategory": "animal", "colour": [1, 2, 3]},
        {"id": 2, "name": "Katze ü 猫"},
        {"id": 3, "name": "hand", "keypoints": ["a", "b", "c"], "skeleton": [[1, 2], [3, 2]]},
        {"id": 9, "name": "unused"},
    ],
    info={"description": "é", "year": 2026, "nested": {"a": [1, None, True]}},
    licenses=[{"id": 4, "name": "CC0", "url": "x"}],
    type="instances",
    videos=[{"id": 1}],
)


def test_everything_that_a_document_says_is_kept(through: Through) -> None:
    found, report = through(RICH)

    assert found == RICH
    assert (report.losses, report.quarantine) == ([], [])


def test_added_are_info_licences_and_crowd_marks_and_nothing_else(through: Through) -> None:
    content = document(annotations=[{k: v for k, v in annotation(1).items() if k != "iscrowd"}])

    found, _ = through(content)

    assert found == {"info": {"description": ""}, "licenses": []} | document()


def test_flags_are_attributes(through: Through) -> None:
    rows = [annotation(1, attributes={"occluded": True, "a": "b"}), annotation(2, attributes={"truncated": False})]

    found, report = through(document(annotations=rows))

    assert found["annotations"] == rows
    assert report.losses == []




def mask_of(height: int, width: int) -> tuple[list[int], str]:
    from pycocotools import mask as coco_mask

    drawn = np.zeros((height, width), np.bool_)
    drawn[10:60, 20:45] = True
    drawn[5:30, 40:90] = True
    drawn[25:28, 50:60] = False
    code = coco_mask.encode(np.asfortranarray(drawn.astype(np.uint8)))["counts"].decode()
    return from_mask(drawn).tolist(), code


@pytest.mark.parametrize("crowd", [0, 1])
@pytest.mark.parametrize("kind", ["listed", "compressed"])
def test_masks_come_back_as_they_were_written(kind: str, crowd: int, through: Through) -> None:
    listed, compressed = mask_of(80, 100)
    counts = listed if kind == "listed" else compressed
    row = annotation(1, segmentation={"size": [80, 100], "counts": counts}, iscrowd=crowd)

    found, _ = through(document(annotations=[row]))

    assert found["annotations"] == [row]


def test_a_mask_without_a_box_gets_the_box_around_it(through: Through) -> None:
    from pycocotools import mask as coco_mask

    listed, compressed = mask_of(80, 100)
    row = annotation(1, segmentation={"size": [80, 100], "counts": listed})
    del row["bbox"]

    found, report = through(document(annotations=[row]))

    expected = coco_mask.toBbox({"size": [80, 100], "counts": compressed.encode()}).tolist()
    assert found["annotations"][0]["bbox"] == expected
    assert [finding.code for finding in report.findings] == ["box-from-outline"]


def test_an_area_is_kept_and_a_missing_one_is_that_of_the_outline(through: Through) -> None:
    square = [[10, 10, 20, 10, 20, 20, 10, 20]]
    listed, _ = mask_of(80, 100)
    rows = [
        annotation(1, area=5),
        annotation(2, area=None),
        annotation(3, area=None, segmentation=square),
        annotation(4, area=None, segmentation={"size": [80, 100], "counts": listed}),
    ]

    found, report = through(document(annotations=rows))

    assert [row["area"] for row in found["annotations"]] == [5, 1200, 100, sum(listed[1::2])]
    assert [(finding.code, finding.count) for finding in report.findings] == [("area-recomputed", 3)]


def test_labels_of_whole_pictures_are_kept(through: Through) -> None:
    row = {"id": 1, "image_id": 1, "category_id": 2, "area": 0, "iscrowd": 0}

    found, _ = through(document(annotations=[row]))

    assert found["annotations"] == [row]


@pytest.mark.parametrize(("wanted", "expected"), [("keep", [5, 9]), ("1", [1, 2]), ("0", [0, 1])])
def test_class_ids_are_those_asked_for(wanted: str, expected: list[int], through: Through) -> None:
    classes = [{"id": 5, "name": "cat"}, {"id": 9, "name": "dog"}]

    found, report = through(
        document(annotations=[annotation(1, 1, 9)], categories=classes), write={"category_ids": wanted}
    )

    assert [row["id"] for row in found["categories"]] == expected
    assert found["annotations"][0]["category_id"] == expected[1]
    assert [loss.what for loss in report.losses] == ([] if wanted == "keep" else ["class ids"])


def test_another_word_for_class_ids_is_refused(through: Through) -> None:
    with pytest.raises(UsageError, match="category_ids"):
        through(document(), write={"category_ids": "2"})


def states(dataset: Dataset) -> list[str]:
    return [State(value).name for value in dataset.images.state.tolist()]


def test_nobody_has_labelled_a_picture_is_kept(tmp_path: Path) -> None:
    images = [picture(1), picture(2), picture(3, labelled=False), picture(4, labelled=True)]
    file = put(tmp_path / "in.json", document(images))
    convert(file, tmp_path / "out", "coco")

    for path in (file, tmp_path / "out/annotations/instances.json"):
        assert states(read(path, ReadOptions(), Intake())) == ["LABELLED", "EMPTY", "UNLABELLED", "EMPTY"]


def test_a_file_without_annotations_labels_nothing(tmp_path: Path) -> None:
    content = document()
    del content["annotations"], content["categories"]
    intake = Intake()

    dataset = read(put(tmp_path / "image_info_test2017.json", content), ReadOptions(), intake)

    assert states(dataset) == ["UNLABELLED"]
    assert dataset.images.splits == ("test",)
    assert [finding.code for finding in intake.findings] == ["no-annotations"]


# ---- several files


def test_a_file_per_split_is_one_dataset_and_goes_back_to_a_file_per_split(tmp_path: Path) -> None:
    train, val = document([picture(1)], [annotation(1)]), document([picture(2)], [annotation(2, 2, 2)])
    put(tmp_path / "in/annotations/instances_train.json", train)
    put(tmp_path / "in/annotations/instances_val2017.json", val)
    put(tmp_path / "in/annotations/captions_train.json", document([picture(1)], []))
    put(tmp_path / "in/annotations/person_keypoints_train.json", train)

    report = convert(tmp_path / "in", tmp_path / "out", "coco")

    assert (report.source_format, report.read.images, report.read.annotations) == ("coco", 2, 2)
    written = sorted(path.name for path in (tmp_path / "out/annotations").iterdir())
    assert written == ["instances_train.json", "instances_val.json"]
    added = {"info": {"description": ""}, "licenses": []}
    assert load(tmp_path / "out/annotations/instances_train.json") == train | added
    assert load(tmp_path / "out/annotations/instances_val.json") == val | added


def test_the_layout_of_roboflow_is_read(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "valid", "test"), start=1):
        put(tmp_path / f"in/{split}/_annotations.coco.json", document([picture(number)], [annotation(number, number)]))
        Image.new("RGB", (100, 80)).save(tmp_path / f"in/{split}/{number}.jpg")

    reading = read_any(tmp_path / "in")

    images = reading.dataset.images
    assert reading.format == "coco"
    assert [images.splits[code] for code in images.split.tolist()] == ["test", "train", "val"]
    assert reading.intake.verified == "sizes in the picture headers, 1 pictures"
    assert [Path(str(images.file(row))).parent.name for row in range(3)] == ["test", "train", "valid"]


def test_one_name_in_two_splits_is_two_pictures(tmp_path: Path) -> None:
    for split in ("train", "val"):
        put(tmp_path / f"in/annotations/instances_{split}.json", document())
        path = tmp_path / f"in/images/{split}/1.jpg"
        path.parent.mkdir(parents=True)
        Image.new("RGB", (100, 80), "red" if split == "val" else "blue").save(path)

    report = convert(tmp_path / "in", tmp_path / "out", "coco")

    assert report.written.images == 2
    for split in ("train", "val"):
        (image,) = load(tmp_path / f"out/annotations/instances_{split}.json")["images"]
        written = (tmp_path / "out/images" / image["file_name"]).read_bytes()
        assert written == (tmp_path / f"in/images/{split}/1.jpg").read_bytes()


def test_one_name_in_a_split_and_in_none_is_two_pictures(tmp_path: Path) -> None:
    for split in ("default", "train"):
        put(tmp_path / f"in/annotations/instances_{split}.json", document())

    dataset = read(tmp_path / "in", ReadOptions(), Intake())

    assert dataset.images.names == ("1.jpg", "train/1.jpg")


def test_one_picture_in_two_splits_is_refused(tmp_path: Path) -> None:
    for split in ("train", "val"):
        put(tmp_path / f"in/annotations/instances_{split}.json", document())
    (tmp_path / "in/images").mkdir()
    Image.new("RGB", (100, 80)).save(tmp_path / "in/images/1.jpg")

    with pytest.raises(IdentityError, match="is in two annotation files"):
        read(tmp_path / "in", ReadOptions(), Intake())


@pytest.mark.parametrize("number", [3, 2**64, "a"])
def test_annotation_ids_that_two_files_share_are_numbered_anew(number: Any, tmp_path: Path) -> None:
    for image, split in ((1, "train"), (2, "val")):
        content = document([picture(image)], [annotation(number, image)])
        put(tmp_path / f"in/annotations/instances_{split}.json", content)

    intake = Intake()

    dataset = read(tmp_path / "in", ReadOptions(), intake)

    assert dataset.annotations.source_id is None
    assert [(found.code, found.count) for found in intake.findings] == [("shared-annotation-ids", 2)]


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ([{"id": 2, "name": "cat"}], "the class 'cat' has the ids 1 and 2"),
        ([{"id": 1, "name": "bird"}], "two classes have one id in two files"),
    ],
)
def test_files_that_disagree_on_a_class_are_refused(
    second: list[dict[str, Any]], found: str, tmp_path: Path
) -> None:
    put(tmp_path / "in/annotations/instances_train.json", document())
    content = document([picture(2)], [annotation(2, 2, second[0]["id"])], second)
    put(tmp_path / "in/annotations/instances_val.json", content)

    with pytest.raises(IdentityError, match=found):
        read(tmp_path / "in", ReadOptions(), Intake())


def test_classes_of_several_files_are_joined_in_the_order_they_come_up(tmp_path: Path) -> None:
    put(tmp_path / "in/annotations/instances_train.json", document())
    classes = [{"id": 3, "name": "bird"}, {"id": 2, "name": "dog"}]
    put(
        tmp_path / "in/annotations/instances_val.json",
        document([picture(2)], [annotation(2, 2, 3), annotation(3, 2, 2)], classes),
    )

    dataset = read(tmp_path / "in", ReadOptions(), Intake())

    assert dataset.categories.names == ("cat", "dog", "bird")
    assert [row.category for row in dataset.rows()] == ["cat", "bird", "dog"]


def test_quarantine_names_the_file_of_several(tmp_path: Path) -> None:
    put(tmp_path / "in/annotations/instances_train.json", document())
    content = document([picture(2)], [annotation(2, 2), annotation(3, 2, bbox=[1, 1, 0, 5]), annotation(4, 2, 77)])
    put(tmp_path / "in/annotations/instances_val.json", content)
    intake = Intake()

    read(tmp_path / "in", ReadOptions(), intake)

    assert sorted((item.file, item.field) for item in intake.quarantine) == [
        ("annotations/instances_val.json", "annotations[1] (id 3)"),
        ("annotations/instances_val.json", "annotations[2] (id 4)"),
    ]


# ---- pictures


@pytest.mark.parametrize("folder", ["images/train2017", "images/train", "train2017", "train", "images", "data", "."])
def test_pictures_are_found_in_the_usual_places(folder: str, tmp_path: Path) -> None:
    put(tmp_path / "annotations/instances_train2017.json", document())
    (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (100, 80)).save(tmp_path / folder / "1.jpg")

    reading = read_any(tmp_path)

    assert reading.dataset.images.file(0) == str((tmp_path / folder / "1.jpg").resolve())
    assert reading.intake.verified == "sizes in the picture headers, 1 pictures"


def test_pictures_elsewhere_are_found_where_the_user_says(tmp_path: Path) -> None:
    file = put(tmp_path / "in.json", document([picture("猫 é")], [annotation(1, "猫 é")]))
    (tmp_path / "away").mkdir()
    Image.new("RGB", (100, 80)).save(tmp_path / "away/猫 é.jpg")

    convert(file, tmp_path / "out", "coco", settings=ConvertSettings(images=str(tmp_path / "away")))

    assert (tmp_path / "out/images/猫 é.jpg").is_file()
    text = (tmp_path / "out/annotations/instances.json").read_text("utf-8")
    assert "猫 é.jpg" in text


def test_labels_without_pictures_convert_and_say_that_nothing_was_held_against_them(through: Through) -> None:
    _, report = through(document())

    assert report.verified.startswith("nothing: no pictures were found")


def test_a_picture_of_another_size_and_a_missing_one_are_quarantined(tmp_path: Path) -> None:
    images = [picture(1), picture(2), picture(3)]
    put(tmp_path / "in/a.json", document(images, [annotation(n, n) for n in (1, 2, 3)]))
    Image.new("RGB", (100, 80)).save(tmp_path / "in/1.jpg")
    Image.new("RGB", (100, 81)).save(tmp_path / "in/2.jpg")
    intake = Intake()

    dataset = read(tmp_path / "in/a.json", ReadOptions(), intake)

    assert dataset.images.names == ("1.jpg",)
    assert [(item.image, item.images, item.annotations) for item in intake.quarantine] == [
        ("3.jpg", 1, 1),
        ("2.jpg", 1, 1),
    ]
    assert intake.quarantine[1].found == "the labels say 100x80, the picture '2.jpg' is 100x81"


@pytest.mark.parametrize("name", ["/etc/passwd", "../1.jpg", "C:\\1.jpg", "a/../../1.jpg", "\\\\host\\1.jpg", "a\0.jpg"])
def test_a_name_that_leaves_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    file = put(tmp_path / "a.json", document([picture(1, file_name=name)]))

    with pytest.raises(UnsafePathError, match="image id 1"):
        read(file, ReadOptions(), Intake())


# ---- refusals


@pytest.mark.parametrize(
    ("content", "error", "found"),
    [
        (document([picture(1), picture(1)]), IdentityError, "the image id '1' is there twice"),
        (document([picture(1), picture(2, file_name="1.jpg")]), IdentityError, "the file name '1.jpg' is there twice"),
        (document(categories=CLASSES * 2), IdentityError, "the class id '1' is there twice"),
        (document(categories=[CLASSES[0], {"id": 2, "name": "cat"}]), IdentityError, "the class name 'cat'"),
        (document([picture(1, id=None)]), FormatError, "an image id is 'None'|an image id is None"),
        (document([picture(1, file_name=7)]), FormatError, "file_name is 7, expected a text"),
        (document(categories=[{"id": 1, "name": ""}]), FormatError, "a class name is ''"),
        (document(categories=[{"id": None, "name": "a"}]), FormatError, "a class id is None"),
        ({"annotations": []}, FormatError, "has no 'images'"),
        ({"images": {}, "annotations": []}, FormatError, "'images' is {}, expected a list"),
        ({"images": [picture(1)], "annotations": [annotation(1)]}, FormatError, "no 'categories'"),
    ],
)
def test_an_unclear_document_is_refused(
    content: dict[str, Any], error: type[CvdataError], found: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=found):
        read(put(tmp_path / "a.json", content), ReadOptions(), Intake())


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (annotation(9, 77), "an image that is not listed (77)"),
        (annotation(9, 1, 77), "a class that is not listed (77)"),
        (annotation(9, bbox=[1, 2, -3, 4]), "a box without area (-3 x 4 at 1, 2)"),
        (annotation(9, bbox=[200, 2, 3, 4]), "a box that lies outside (3 x 4 at 200, 2)"),
        (annotation(9, segmentation=[[1, 1, 2, 2, 3, 3]]), "a polygon without area"),
        (annotation(9, segmentation=[[200, 1, 210, 1, 210, 9]]), "a polygon that lies outside"),
        (
            annotation(9, segmentation={"size": [100, 80], "counts": [8000]}),
            "a mask of another size than its picture",
        ),
        (
            annotation(9, segmentation={"size": [80, 100], "counts": [7999]}),
            "a mask whose runs do not cover the picture",
        ),
    ],
)
def test_a_bad_annotation_is_put_aside_by_name(row: dict[str, Any], found: str, through: Through) -> None:
    kept, report = through(document(annotations=[annotation(1), row]))

    (item,) = report.quarantine
    assert (item.file, item.found) == ("in.json", found)
    assert item.field is not None
    assert item.field.startswith("annotations[1] (id 9)")
    assert kept["annotations"] == [annotation(1)]
    assert (report.read.annotations, report.written.annotations, report.quarantined.annotations) == (2, 1, 1)


def test_keypoints_of_another_number_than_the_class_has_are_put_aside(through: Through) -> None:
    classes = [{"id": 1, "name": "hand", "keypoints": ["a", "b"]}]

    _, report = through(document(annotations=[annotation(1, keypoints=[1, 1, 2])], categories=classes))

    assert [item.found for item in report.quarantine] == ["a number of keypoints that its class does not have"]


# ---- pycocotools


def coco_of(path: Path) -> Any:
    from pycocotools.coco import COCO

    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools, with NumPy 2
def test_pycocotools_gives_back_what_was_written(tmp_path: Path) -> None:
    from pycocotools import mask as coco_mask

    dataset = tiny(draw_pictures(tmp_path / "pictures"))
    save(dataset, tmp_path / "out", "coco")

    seen = 0
    for path in sorted((tmp_path / "out/annotations").iterdir()):
        coco = coco_of(path)
        names = {number: image["file_name"] for number, image in coco.imgs.items()}
        back = read(path, ReadOptions(), Intake())
        for row, own in zip(coco.loadAnns(back.annotations.source_id.tolist()), back.rows(), strict=True):
            seen += 1
            assert row["bbox"] == list(own.box)
            assert names[row["image_id"]] == own.image
            assert coco.cats[row["category_id"]]["name"] == own.category
            if "masks" in own.columns:
                height, width = row["segmentation"]["size"]
                np.testing.assert_array_equal(coco.annToMask(row), to_mask(own.columns["masks"], height, width))
            elif "polygons" in own.columns:
                rings = [ring.ravel().tolist() for ring in own.columns["polygons"]]
                image = coco.imgs[row["image_id"]]
                codes = coco_mask.frPyObjects(rings, image["height"], image["width"])
                np.testing.assert_array_equal(coco.annToMask(row), coco_mask.decode(coco_mask.merge(codes)))
    assert seen == len(dataset.annotations)


def test_pycocotools_loads_written_scores_as_results(tmp_path: Path) -> None:
    rows = [annotation(1, score=0.75), annotation(2, score=0.5, bbox=[5, 5, 10, 10.5])]
    convert(put(tmp_path / "in.json", document(annotations=rows)), tmp_path / "out", "coco")
    path = tmp_path / "out/annotations/instances.json"

    with contextlib.redirect_stdout(io.StringIO()):
        results = coco_of(path).loadRes(load(path)["annotations"])

    assert [(row["score"], row["bbox"]) for row in results.dataset["annotations"]] == [
        (0.75, [1, 2, 30, 40]),
        (0.5, [5, 5, 10, 10.5]),
    ]


@pytest.mark.parametrize("name", ["a.json", "b.JSON"])
def test_a_json_file_is_known_by_its_sections(name: str, tmp_path: Path) -> None:
    assert detect(put(tmp_path / name, document())) == "coco"
    with pytest.raises(CvdataError, match="in no format that cvdata knows"):
        detect(put(tmp_path / f"results {name}", {"a": [1]}))


def test_a_folder_without_annotation_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no COCO annotation file is here\n  hint: give the JSON file"):
        read(tmp_path, ReadOptions(), Intake())
