"""COCO panoptic documents: how they are found, and what is refused of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cvdata.errors import DetectionError, EvaluationError, FormatError, IdentityError
from cvdata.formats.panoptic_files import find_panoptic, looks_panoptic, open_panoptic, read_ids

SEGMENT = {"id": 66051, "category_id": 7, "area": 1, "iscrowd": 0}
DOCUMENT: dict[str, Any] = {
    "images": [{"id": 17, "file_name": "street/a.jpg"}],
    "categories": [{"id": 7, "name": "cat", "isthing": 1}, {"id": 9, "name": "sky", "isthing": 0}],
    "annotations": [{"image_id": "17", "file_name": "a.png", "segments_info": [SEGMENT]}],
}


def written(path: Path, document: Any = DOCUMENT, *, folder: bool = True) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    if folder:
        path.with_suffix("").mkdir(exist_ok=True)
        Image.fromarray(np.array([[[3, 2, 1]]], np.uint8)).save(path.with_suffix("") / "a.png")
    return path


def test_a_document_is_read_with_its_pictures_segments_and_classes(tmp_path: Path) -> None:
    maps = open_panoptic(written(tmp_path / "val.json"))

    assert (maps.names, maps.ids, maps.files) == (("street/a",), ("17",), ("a.png",))
    assert (maps.classes.names, maps.classes.things) == (("cat", "sky"), (True, False))
    assert maps.segments[0].ids.tolist() == [66051]
    assert maps.segments[0].classes.tolist() == [0]
    assert read_ids(f"{maps.folder}/{maps.files[0]}").tolist() == [[3 + 256 * 2 + 65536 * 1]]


def test_a_document_is_found_by_itself_its_folder_and_the_folder_around(tmp_path: Path) -> None:
    path = written(tmp_path / "annotations/val.json")

    for given in (path, path.with_suffix(""), tmp_path, tmp_path / "annotations"):
        assert looks_panoptic(given)
        assert Path(find_panoptic(given)) == path


def test_results_beside_their_png_files_are_found_where_they_are_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path / "predictions.json", folder=False)
    Image.fromarray(np.array([[[3, 2, 1]]], np.uint8)).save(tmp_path / "a.png")

    assert not looks_panoptic(path)
    assert open_panoptic(path).folder == str(tmp_path)
    assert looks_panoptic(path.rename(tmp_path / "panoptic.json"))
    assert looks_panoptic(tmp_path)


def test_other_documents_are_none(tmp_path: Path) -> None:
    instances = written(tmp_path / "panoptic.json", {"annotations": []})
    mixed = written(tmp_path / "mixed/val.json").parent
    written(mixed / "instances.json", {"annotations": []})

    assert not looks_panoptic(instances)
    assert not looks_panoptic(mixed)
    assert not looks_panoptic(tmp_path / "nowhere")
    assert not looks_panoptic(written(tmp_path / "empty.json", ""))
    assert Path(find_panoptic(mixed)).name == "val.json"
    with pytest.raises(DetectionError, match="holds no COCO panoptic document"):
        find_panoptic(instances)


def changed(**parts: Any) -> dict[str, Any]:
    return {**DOCUMENT, **parts}


def annotated(**parts: Any) -> dict[str, Any]:
    return changed(annotations=[{**DOCUMENT["annotations"][0], **parts}])


def segmented(**parts: Any) -> dict[str, Any]:
    return annotated(segments_info=[{**SEGMENT, **parts}])


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ('{"annotations": [{"segments_info": [', FormatError, "is not JSON, or is cut off"),
        ('["segments_info"]', FormatError, "is not a JSON object"),
        ('{"segments_info": 1, "segments_info": 2}', FormatError, "'segments_info' is there twice"),
        ('{"segments_info": 1, "categories": []}', FormatError, "annotations: is missing"),
        (changed(categories=[1]), FormatError, r"categories\[0\]: is not an object"),
        (changed(categories=[{"id": 7, "name": ""}]), FormatError, r"categories\[0\]/name: is no text"),
        (changed(categories=[{"id": 7, "name": "a"}] * 2), IdentityError, r"categories\[1\]/id: id '7' is that of"),
        (changed(categories=[{"id": 7, "name": "a", "isthing": 2}]), FormatError, "isthing: is neither 0 nor 1"),
        (changed(images=[{"id": 1}]), FormatError, r"images\[0\]/file_name: is missing"),
        (annotated(segments_info=None), FormatError, r"annotations\[0\]/segments_info: is no list of segments"),
        (annotated(image_id=-1), FormatError, "image_id: is no whole number from 0 on"),
        (annotated(image_id=True), FormatError, "image_id: is no whole number from 0 on"),
        (segmented(id=0), FormatError, "id: is no whole number from 1 on"),
        (segmented(id=1.5), FormatError, "id: is no whole number from 1 on"),
        (segmented(area=0), FormatError, "area: is no whole number from 1 on"),
        (segmented(category_id="7"), FormatError, "category_id: is no whole number from 0 on"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(
    tmp_path: Path, document: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        open_panoptic(written(tmp_path / "val.json", document))


def test_results_need_neither_classes_nor_areas_but_known_classes(tmp_path: Path) -> None:
    classes = open_panoptic(written(tmp_path / "truth.json")).classes
    bare = {"annotations": [{"image_id": 17, "file_name": "a.png", "segments_info": [{"id": 5, "category_id": 9}]}]}
    dog = {**bare, "categories": [{"id": 9, "name": "dog"}]}

    maps = open_panoptic(written(tmp_path / "found.json", bare), classes)

    assert maps.segments[0].classes.tolist() == [1]
    with pytest.raises(EvaluationError, match="is of class 'dog', which the truth does not have"):
        open_panoptic(written(tmp_path / "other.json", dog), classes)
    with pytest.raises(FormatError, match="categories: is missing"):
        open_panoptic(tmp_path / "found.json")


def test_a_document_without_its_folder_is_refused_with_the_name_it_should_have(tmp_path: Path) -> None:
    path = written(tmp_path / "val.json", folder=False)

    with pytest.raises(FormatError, match="has no folder of PNG files") as error:
        open_panoptic(path)

    assert "'val'" in str(error.value.hint)
