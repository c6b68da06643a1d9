"""COCO result lists: what they mean."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.convert import read
from cvdata.dataset import Dataset, Images
from cvdata.dataset.ragged import Ragged
from cvdata.dataset.rle import compress, from_mask, to_mask
from cvdata.errors import FormatError
from cvdata.formats import results
from cvdata.formats._results_rows import _read_fast
from cvdata.formats.results import looks_like_results, read_results

from .result_lists import CODE, MASK, RUNS, put, row, truth


def names_of(found: Dataset) -> list[str]:
    return [found.images.names[i] for i in found.annotations.image.tolist()]


def test_boxes_are_read_onto_the_pictures_and_classes_of_the_truth(tmp_path: Path) -> None:
    path = put(tmp_path, [row(8, 9, [0, 0.5, 3, 2], 0.25), row(139, 3, [1, 1, 4, 2], 1), row(8, 3, [0, 0, 0, 0], 0)])

    found = read_results(path, truth())

    assert names_of(found) == ["000000000139.jpg", "val/c.png", "val/c.png"]
    assert found.annotations.category.tolist() == [0, 1, 0]
    assert found.annotations.box.tolist() == [[1, 1, 4, 2], [0, 0.5, 3, 2], [0, 0, 0, 0]]
    assert found.annotations.score is not None
    assert found.annotations.score.tolist() == [1, 0.25, 0]
    assert found.annotations.area is not None
    assert found.annotations.area.tolist() == [8, 6, 0]
    assert found.categories.names == ("cat", "dog")


def test_only_pictures_that_the_list_names_are_in_the_dataset(tmp_path: Path) -> None:
    found = read_results(put(tmp_path, [row(8), row(8)]), truth())

    assert found.images.names == ("val/c.png",)
    assert found.annotations.image.tolist() == [0, 0]


def test_an_empty_list_is_a_model_that_found_nothing(tmp_path: Path) -> None:
    for text in ("[]", " [\n ]\n"):
        path = put(tmp_path, text)

        found = read_results(path, truth())

        assert looks_like_results(path)
        assert len(found.annotations) == 0
        assert found.annotations.score is not None


def test_ids_as_text_and_as_whole_floats_are_the_numbers_they_show(tmp_path: Path) -> None:
    path = put(tmp_path, '[{"image_id": "139", "category_id": 3.0, "bbox": [1, 1, 4, 2], "score": 0.5}]')

    found = read_results(path, truth())

    assert names_of(found) == ["000000000139.jpg"]


@pytest.mark.parametrize("ids", [None, (139, 7, 8)])
@pytest.mark.parametrize(
    ("image", "name"),
    [("val/a b.jpg", "val/a b.jpg"), ("a b.jpg", "val/a b.jpg"), ("c", "val/c.png"), (139, "000000000139.jpg")],
)
def test_pictures_may_be_named(ids: Any, image: int | str, name: str, tmp_path: Path) -> None:
    found = read_results(put(tmp_path, [row(image, 1)]), truth(ids, class_ids=(1, 2) if ids else None))

    assert names_of(found) == [name]


def test_a_number_is_no_picture_where_the_ids_of_several_files_were_the_same(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"image_id is 139, .* several of its files used the same ids") as refused:
        read_results(put(tmp_path, [row(139)]), truth(ids=None))

    assert "the file whose ids they are" in (refused.value.hint or "")


def test_parts_of_names_beside_whole_ones_are_refused_for_they_may_be_of_pictures_that_are_gone(tmp_path: Path) -> None:
    said = "'val/a b.jpg' is the whole name of a picture, and 'c.png' only a part of 'val/c.png'"
    for order in (1, -1):
        with pytest.raises(FormatError, match=said):
            read_results(put(tmp_path, [row("val/a b.jpg"), row("c.png")][::order]), truth())

    parts = read_results(put(tmp_path, [row("a b.jpg"), row("c"), row(139)]), truth())
    assert names_of(parts) == list(truth().images.names)


@pytest.mark.parametrize("more", [{}, {"id": "x"}])  # the fast way and the exact one
def test_an_id_beside_the_file_name_of_another_picture_is_refused(more: dict[str, Any], tmp_path: Path) -> None:
    right = row(7, file_name="images/A b.PNG", **more)
    wrong = row(8, file_name="a b.jpg", score="0.5" if more else 0.5)

    assert names_of(read_results(put(tmp_path, [right]), truth())) == ["val/a b.jpg"]
    with pytest.raises(FormatError, match=r"\[1\]/file_name: .* 'a b.jpg', and the image_id that of 'val/c.png'"):
        read_results(put(tmp_path, [right, wrong | {"score": 0.5}]), truth())


@pytest.mark.parametrize(
    ("name", "file_name"),
    [
        ("val/été.jpg", "e\u0301te\u0301.png"),
        ("scan v1.5.jpg", "scan v1.5"),
        ("v1.5", "v1.5.jpg"),
        ("a/B.jpg", "x\\b.JPG"),
    ],
)
def test_a_file_name_may_be_written_in_other_ways_beside_an_id(name: str, file_name: str, tmp_path: Path) -> None:
    dataset = truth()
    dataset = replace(dataset, images=replace(dataset.images, names=("1.jpg", name, "2.jpg")))

    assert names_of(read_results(put(tmp_path, [row(7, file_name=file_name)]), dataset)) == [name]


def test_a_name_that_two_pictures_share_is_none(tmp_path: Path) -> None:
    both = truth(None)
    both = Dataset(
        images=Images(
            names=("a/1.jpg", "b/1.jpg", "b/2.jpg"),
            width=both.images.width,
            height=both.images.height,
            state=both.images.state,
            split=both.images.split,
            folder=both.images.folder,
        ),
        annotations=both.annotations,
        categories=both.categories,
    )

    with pytest.raises(FormatError, match=r"image_id is '1\.jpg', which is no picture"):
        read_results(put(tmp_path, [row("1.jpg")]), both)


def test_without_ids_classes_count_from_one_and_may_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, [row(category=2), row(category="cat")])

    found = read_results(path, truth(class_ids=None))

    assert found.annotations.category.tolist() == [1, 0]


def test_classes_that_count_from_zero_are_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"category_id is 0, .* expected 1 to 2 or a name") as refused:
        read_results(put(tmp_path, [row(category=1), row(category=0)]), truth(class_ids=None))

    assert refused.value.hint is not None
    assert "add 1 to every category_id" in refused.value.hint


@pytest.mark.parametrize("counts", [RUNS, CODE])
def test_a_mask_without_box_gives_its_box_and_its_area(counts: Any, tmp_path: Path) -> None:
    content = row(segmentation={"size": [4, 8], "counts": counts})
    del content["bbox"]

    found = read_results(put(tmp_path, [content]), truth()).annotations

    assert found.masks is not None
    assert to_mask(found.masks[0], 4, 8).tolist() == MASK.tolist()
    assert found.box.tolist() == [[2, 1, 5, 2]]
    assert found.area is not None
    assert found.area.tolist() == [10]


def test_the_area_of_a_mask_with_a_box_is_that_of_the_box(tmp_path: Path) -> None:
    path = put(tmp_path, [row(bbox=[2, 1, 5, 3], segmentation={"size": [4, 8], "counts": CODE})])

    found = read_results(path, truth()).annotations

    assert found.area is not None
    assert found.area.tolist() == [15]  # `loadRes` of pycocotools; it decides about small, medium and large


def test_run_lengths_may_begin_with_a_colon(tmp_path: Path) -> None:
    mask = np.zeros((4, 8), np.bool_)
    mask[2, 2] = True  # ten pixels before it, which is the code ":"
    code = compress(Ragged.of([from_mask(mask).tolist()], np.int64))[0].decode()
    path = put(tmp_path, [row(segmentation={"size": [4, 8], "counts": code})])

    found = read_results(path, truth()).annotations

    assert code.startswith(":")
    assert found.masks is not None
    assert to_mask(found.masks[0], 4, 8)[2, 2]
    assert _read_fast(path.read_bytes().strip()[1:-1]) is not None  # it is not taken for a key that is there twice


def test_polygons_without_box_give_box_and_area(tmp_path: Path) -> None:
    content = row(bbox=None, segmentation=[[1, 1, 5, 1, 5, 3, 1, 3], [6, 0, 7, 0, 7, 1]])

    found = read_results(put(tmp_path, [content]), truth()).annotations

    assert found.polygons is not None
    assert found.polygons.ring_counts.tolist() == [2]
    assert found.box.tolist() == [[1, 0, 6, 3]]
    assert found.area is not None
    assert found.area.tolist() == [8.5]


def test_keypoints_without_box_give_the_box_around_them(tmp_path: Path) -> None:
    content = row(keypoints=[2, 3, 0.9, 6, 1, 0])
    del content["bbox"]

    found = read_results(put(tmp_path, [content]), truth(keypoints=(("nose", "tail"), ()))).annotations

    assert found.keypoints is not None
    assert found.keypoints[0].tolist() == [[2, 3, 0.9], [6, 1, 0]]  # a visibility may be a confidence here
    assert found.box.tolist() == [[2, 1, 4, 2]]
    assert found.area is not None
    assert found.area.tolist() == [8]


def test_results_without_shapes_label_whole_pictures_where_the_truth_does(tmp_path: Path) -> None:
    content = {"image_id": 7, "category_id": 9, "score": 0.75}

    found = read_results(put(tmp_path, [content]), truth(labels=True))

    assert np.isnan(found.annotations.box).all()
    assert found.annotations.category.tolist() == [1]


def test_keys_that_say_nothing_more_are_passed_over(tmp_path: Path) -> None:
    path = put(tmp_path, [row(id=4, iscrowd=0, area=99, file_name="x/000000000139.JPG", mine={"a": [1]}), row()])

    found = read_results(path, truth()).annotations

    assert found.area is not None
    assert found.area.tolist() == [8, 8]


def test_a_place_is_counted_through_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "_PIECE", 200)  # some results a piece
    content = [row(score=round(i / 100, 2)) for i in range(100)]
    whole = read_results(put(tmp_path, content), truth()).annotations
    content[77]["score"] = "high"

    with pytest.raises(FormatError) as refused:
        read_results(put(tmp_path, content), truth())

    assert whole.score is not None
    assert whole.score.tolist() == [i / 100 for i in range(100)]
    assert "[77]/score" in str(refused.value)


def test_a_text_that_looks_like_the_border_of_two_results_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_PIECE", 100)
    path = put(tmp_path, [row(model="}, {" * 20) for _ in range(20)])

    found = read_results(path, truth())

    assert len(found.annotations) == 20


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_the_encoding_do_not_matter(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps([row()], indent=1), encoding)

    assert looks_like_results(path)
    assert len(read_results(path, truth()).annotations) == 1


@pytest.mark.parametrize(
    "text",
    ['{"images": [], "annotations": [{"image_id": 1}]}', '[{"name": "cat"}]', '["image_id"]', "", "image,label,score"],
)
def test_other_files_do_not_look_like_results(text: str, tmp_path: Path) -> None:
    assert not looks_like_results(put(tmp_path, text))
    assert not looks_like_results(tmp_path)
    assert not looks_like_results(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("ours", "theirs", "dropped"),
    [
        ("dataset/cocoapi/instances_val2014_100", "dataset/cocoapi/instances_val2014_fakebbox100_results", ()),
        ("dataset/cocoapi/instances_val2014_100", "dataset/cocoapi/instances_val2014_fakesegm100_results", ()),
        ("keypoints_dataset/gt_dataset", "keypoints_dataset/dt_dataset", ()),
        ("keypoints_dataset/gt_dataset", "keypoints_dataset/dt_dataset", ("bbox",)),
        ("dataset/example_crowdpose_val", "dataset/example_crowdpose_preds", ()),
    ],
)
def test_boxes_and_areas_are_those_of_pycocotools(
    ours: str, theirs: str, dropped: tuple[str, ...], shared: Path, tmp_path: Path
) -> None:
    from pycocotools.coco import COCO

    folder = shared / "data/coco_eval_100/tests"
    rows = json.loads((folder / f"{theirs}.json").read_text("utf-8"))
    for key in dropped:
        for content in rows:
            content.pop(key, None)
    labels = read(folder / f"{ours}.json", verify="none").dataset

    found = read_results(put(tmp_path, rows), labels).annotations

    coco = COCO()
    coco.dataset = json.loads((folder / f"{ours}.json").read_text("utf-8"))
    coco.createIndex()
    loaded = list(coco.loadRes(copy.deepcopy(rows)).anns.values())
    ids = np.asarray(labels.images.source_id).tolist()
    loaded.sort(key=lambda one: ids.index(one["image_id"]))
    assert found.box.tolist() == [list(map(float, one["bbox"])) for one in loaded]
    assert found.area is not None
    assert found.area.tolist() == [float(one["area"]) for one in loaded]


def test_results_that_pycocotools_refuses_for_an_id_in_quotes_are_read(shared: Path) -> None:
    folder = shared / "data/coco_eval_100/tests/dataset"
    labels = read(folder / "gt_ignore_test.json", verify="none").dataset

    found = read_results(folder / "dt_ignore_test.json", labels)

    assert len(found.annotations) == 63
    assert found.images.names == labels.images.names
