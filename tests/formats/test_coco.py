"""COCO to COCO: what a document says is kept, and pycocotools reads what we write."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.convert import convert, save
from cvdata.dataset import Dataset, State
from cvdata.dataset.rle import from_mask, to_mask
from cvdata.errors import CvdataError, FormatError, UsageError
from cvdata.formats import Intake, detect
from cvdata.formats.coco import ReadOptions, read

from ..tiny import draw_pictures, tiny
from .coco_documents import Through, annotation, document, load, picture, put, through


@pytest.fixture(name="through")
def _through(tmp_path: Path) -> Through:
    return through(tmp_path)


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


def test_annotations_in_any_order_are_sorted_by_picture_and_keep_their_order_within(tmp_path: Path) -> None:
    rows = [annotation(4, 2), annotation(3, 1), annotation(9, 2, 2), annotation(1, 1, bbox=[5, 5, 5, 5])]

    dataset = read(put(tmp_path / "a.json", document([picture(1), picture(2)], rows)), ReadOptions(), Intake())

    assert dataset.annotations.image.tolist() == [0, 0, 1, 1]
    assert np.asarray(dataset.annotations.source_id).tolist() == [3, 1, 4, 9]
    assert dataset.annotations.box[1].tolist() == [5, 5, 5, 5]


def test_quarantine_names_the_place_in_the_file_whatever_the_order(through: Through) -> None:
    rows = [annotation(4, 2), annotation(3, 1, bbox=[1, 1, 0, 1]), annotation(9, 2, bbox=[1, 1, 9, 0])]

    _, report = through(document([picture(1), picture(2)], rows))

    assert sorted(item.field or "" for item in report.quarantine) == ["annotations[1] (id 3)", "annotations[2] (id 9)"]


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
        for row, own in zip(coco.loadAnns(np.asarray(back.annotations.source_id).tolist()), back.rows(), strict=True):
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
