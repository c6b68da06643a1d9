"""COCO result lists: what they mean, and which are refused."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.convert import read
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.dataset.ragged import Ragged
from cvdata.dataset.rle import compress, from_mask, to_mask
from cvdata.errors import FormatError
from cvdata.formats import results
from cvdata.formats._results_rows import _read_fast
from cvdata.formats.results import looks_like_results, read_results

NAMES = ("000000000139.jpg", "val/a b.jpg", "val/c.png")


def truth(
    ids: tuple[int | str, ...] | None = (139, 7, 8),
    class_ids: tuple[int | str, ...] | None = (3, 9),
    keypoints: tuple[tuple[str, ...], ...] | None = None,
    labels: bool = False,
) -> Dataset:
    """Return three pictures of 8 x 4 pixels with the classes cat and dog."""
    return Dataset(
        images=Images(
            names=NAMES,
            width=np.full(3, 8, np.int32),
            height=np.full(3, 4, np.int32),
            state=np.full(3, State.LABELLED, np.uint8),
            split=np.full(3, -1, np.int32),
            folder=np.full(3, -1, np.int32),
            source_id=ids,
        ),
        annotations=Annotations(
            image=np.zeros(1, np.int32),
            category=np.zeros(1, np.int32),
            box=np.full((1, 4), np.nan) if labels else np.array([[1.0, 1, 2, 2]]),
        ),
        categories=Categories(names=("cat", "dog"), source_id=class_ids, keypoints=keypoints),
    )


def put(folder: Path, content: Any) -> Path:
    path = folder / "results.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def row(image: Any = 139, category: Any = 3, bbox: Any = (1, 1, 4, 2), score: Any = 0.5, **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": bbox, "score": score, **more}


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
    found = read_results(put(tmp_path, [row(image)]), truth(ids))

    assert names_of(found) == [name]


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


MASK = np.zeros((4, 8), np.bool_)
MASK[1:3, 2:7] = True
RUNS = from_mask(MASK).tolist()
CODE = compress(Ragged.of([RUNS], np.int64))[0].decode()


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


def with_(**values: Any) -> list[dict[str, Any]]:
    return [row(), row() | values]


def without(key: str) -> list[dict[str, Any]]:
    content = [row(), row()]
    del content[1][key]
    return content


def masked(size: Any = (4, 8), counts: Any = CODE) -> list[dict[str, Any]]:
    return with_(segmentation={"size": size, "counts": counts})


@pytest.mark.parametrize(
    ("content", "place", "found"),
    [
        (with_(score=float("nan")), "[1]/score", "score is nan, expected a finite number"),
        (with_(score=float("inf")), "[1]/score", "score is inf"),
        (with_(score=-0.25), "[1]/score", "score is -0.25, expected a number from 0 on"),
        (with_(score=None), "[1]/score", "score is None"),
        (with_(score="0.9"), "[1]/score", "score is '0.9', expected a number"),
        (with_(score=True), "[1]/score", "score is True"),
        (without("score"), "[1]/score", "score is missing"),
        (with_(bbox=[5, 5, -3, 4]), "[1]/bbox", "bbox is [5, 5, -3, 4]"),
        (with_(bbox=[5, 5, 3, float("nan")]), "[1]/bbox[3]", "bbox[3] is nan"),
        (with_(bbox=[5, 5, 3]), "[1]/bbox", "bbox is [5, 5, 3], expected [x, y, width, height]"),
        (with_(bbox=["5", 5, 3, 1]), "[1]/bbox[0]", "bbox[0] is '5'"),
        (with_(bbox=None), "[1]", "has neither bbox nor segmentation nor keypoints"),
        (without("bbox"), "[1]", "has neither bbox nor segmentation nor keypoints"),
        (with_(image_id=999), "[1]/image_id", "image_id is 999, which is no picture of the truth"),
        (with_(image_id="x.jpg"), "[1]/image_id", "image_id is 'x.jpg', which is no picture of the truth"),
        (with_(image_id="9" * 5000), "[1]/image_id", "which is no picture of the truth"),
        (with_(category_id="9" * 5000), "[1]/category_id", "which is no class of the truth"),
        (with_(image_id=None), "[1]/image_id", "image_id is None"),
        (with_(image_id=True), "[1]/image_id", "image_id is True"),
        (with_(image_id=2**80), "[1]/image_id", "which is no picture of the truth"),
        (without("image_id"), "[1]/image_id", "image_id is missing"),
        (with_(category_id=999), "[1]/category_id", "category_id is 999, which is no class of the truth"),
        (with_(category_id=[3]), "[1]/category_id", "category_id is [3]"),
        (masked(size=[8, 4]), "[1]/segmentation/size", "segmentation/size is [8, 4]"),
        (masked(size=[4]), "[1]/segmentation/size", "segmentation/size is [4]"),
        (masked(counts="\u00ff" * 2 + "P"), "[1]/segmentation/counts", "are no run lengths"),
        (masked(size=[4, -8]), "[1]/segmentation/size", "segmentation/size is [4, -8]"),
        (masked(counts="\x7f"), "[1]/segmentation/counts", "are no run lengths"),
        (masked(counts=[40, -8]), "[1]/segmentation/counts", "are no run lengths"),
        (masked(counts=[31]), "[1]/segmentation/counts", "cover 31 pixels"),
        (masked(counts=[1.5]), "[1]/segmentation/counts", "holds what is no whole number"),
        (masked(counts=7), "[1]/segmentation/counts", "is 7"),
        (with_(segmentation=[[1, 1, 2]]), "[1]/segmentation[0]", "has 3 numbers"),
        (with_(segmentation=[[1, 1, 2, 2, 3, float("inf")]]), "[1]/segmentation[0]", "is inf"),
        (with_(segmentation="x"), "[1]/segmentation", "is 'x'"),
        (with_(segmentation=[1, 2, 3]), "[1]/segmentation[0]", "is 1"),
        (with_(keypoints=[1, 2]), "[1]/keypoints", "has 2 numbers"),
        (with_(keypoints=[1, 2, 1] * 3), "[1]/keypoints", "has 9 numbers"),
        (with_(keypoints=[1, 2, "v", 1, 2, 1]), "[1]/keypoints[2]", "is 'v'"),
        (with_(keypoints={"nose": 1}), "[1]/keypoints", "is {'nose': 1}"),
    ],
)
def test_a_list_with_one_bad_result_is_refused_by_place(content: Any, place: str, found: str, tmp_path: Path) -> None:
    path = put(tmp_path, content)

    with pytest.raises(FormatError) as refused:
        read_results(path, truth(keypoints=(("nose", "tail"), ())))

    assert refused.value.at is not None
    assert str(refused.value.at) == f"{path}: {place}"
    assert found in refused.value.message
    assert refused.value.hint


def test_a_mask_that_no_picture_can_have_is_refused_where_the_size_is_not_known(tmp_path: Path) -> None:
    known = truth()
    unknown = replace(known, images=replace(known.images, width=0 * known.images.width, height=0 * known.images.height))

    with pytest.raises(FormatError, match=r"size: segmentation/size is \[3e\+09, 1\], expected \[height, width\]"):
        read_results(put(tmp_path, masked((3_000_000_000, 1), [3_000_000_000])), unknown)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"annotations": []}', "is not a list of results"),
        ("", "is not a list of results"),
        ("7", "is not a list of results"),
        ("[1, 2]", "an object was expected here"),
        ("[", "ends in the middle"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5}', "ends in the middle"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5}] []', "is not JSON from here on"),
        ('[] [{"image_id": 139}]', "is not JSON from here on"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": oops}]', "is not JSON here"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5, "score": 0.9}]', "is there twice"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 0.5, "score" : 0.9}]', "is there twice"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 1' + "0" * 45 + "}]", r"score is 1e\+45"),
        ('[{"image_id": 139, "category_id": 3, "bbox": [1, 1, 4, 2], "score": 1e999}]', "score is inf"),
        ('[{"score": ' + "[" * 99 + "]" * 99 + "}]", "nested more than 64 deep"),
    ],
)
def test_what_is_no_list_of_results_is_refused(text: str, found: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=found):
        read_results(put(tmp_path, text), truth())


def test_keys_that_say_nothing_more_are_passed_over(tmp_path: Path) -> None:
    path = put(tmp_path, [row(id=4, iscrowd=0, area=99, file_name="x: y.jpg", mine={"a": [1]}), row()])

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
    path = put(tmp_path, [row(file_name="}, {" * 20) for _ in range(20)])

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


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=4),
    st.lists(st.floats(allow_nan=False), max_size=7),
    st.lists(st.lists(st.integers(-5, 50), max_size=8), max_size=2),
    st.fixed_dictionaries({"size": st.lists(st.integers(-1, 9), max_size=3), "counts": st.text(max_size=6)}),
)
KEYS = st.sampled_from(["image_id", "category_id", "bbox", "score", "segmentation", "keypoints", "area", "x"])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_other_value_is_read_or_refused_by_place(values: dict[str, Any]) -> None:
    import tempfile

    content = [row(), row() | values]
    with tempfile.TemporaryDirectory() as folder:
        path = put(Path(folder), content)
        try:
            found = read_results(path, truth())
        except FormatError as error:
            assert "[1]" in str(error)  # it may be read as well
        else:
            assert np.isfinite(found.annotations.box).all()
            assert found.annotations.score is not None
            assert np.isfinite(found.annotations.score).all()


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
