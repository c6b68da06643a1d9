"""COCO documents that are refused, and annotations that are put aside by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cvdata.errors import CvdataError, FormatError, IdentityError
from cvdata.formats import Intake
from cvdata.formats.coco import ReadOptions, read

from .coco_documents import CLASSES, Through, annotation, document, picture, put, through


@pytest.fixture(name="through")
def _through(tmp_path: Path) -> Through:
    return through(tmp_path)


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
