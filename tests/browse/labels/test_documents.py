"""Pictures and labels as documents."""

from __future__ import annotations

import io
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.browse.labels.documents import Documents, sample_documents, tags_of
from cvdata.browse.labels.texts import with_safe_texts
from cvdata.browse.names import list_of
from cvdata.browse.pull.left import left_of, size_of
from cvdata.browse.subject import Subject
from cvdata.browse.views import attributes
from cvdata.dataset import Categories, Dataset

from ...tiny import build
from .subjects import FOUND_ROWS, NAMES, TRUTH_ROWS, dataset_of, every_kind, judged_subject

bson = pytest.importorskip("bson")


def documents(subject: Subject) -> list[dict[str, Any]]:
    return list(sample_documents(subject, np.arange(len(subject.dataset.images))))


def labels(document: dict[str, Any], field: str) -> list[dict[str, Any]]:
    group, name = list_of(field).split(".")
    found: list[dict[str, Any]] = document[group][name]
    return found


def array_of(stored: bytes) -> Any:
    return np.load(io.BytesIO(zlib.decompress(stored)), allow_pickle=False)


def test_a_picture_says_where_it_lies_what_it_is_and_what_was_found_out(home: Path) -> None:
    first, second, third = documents(every_kind(home))

    assert first["filepath"] == f"{home}/a.png"
    assert (first["name"], first["state"], first["tags"]) == ("a.png", "labelled", ["train", "leaked-copy"])
    assert first["metadata"] == {"_cls": "ImageMetadata", "width": 80, "height": 40}
    assert (first["looks_like"], first["errors"], third["worth"]) == (4, 1, 0.25)
    assert (second["errors"], second["suspicion"], second["heat"]["range"]) == (2, 0.875, [0.0, 255.0])
    assert array_of(second["heat"]["map"]).tolist() == [[0, 128], [255, 0]]
    assert (third["state"], third["tags"]) == ("unlabelled", ["dark"])
    assert not {"worth", "heat", "suspicion"} & set(first)


def test_a_box_is_parts_of_the_picture_and_carries_its_flags_and_attributes() -> None:
    first = labels(documents(Subject(dataset=dataset_of(TRUTH_ROWS)))[0], "truth")

    assert [label["bounding_box"] for label in first[:2]] == [[0.1, 0.1, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]
    assert {key: first[0][key] for key in ("number", "label", "difficult", "crowd", "pose", "age")} == {
        "number": 0,
        "label": "bolt",
        "difficult": True,
        "crowd": False,
        "pose": "left",
        "age": 3.0,
    }
    assert [label.get("occluded") for label in first] == [None, None, None, False]
    assert [label["crowd"] for label in first] == [False, False, True, False]
    assert "truncated" not in first[0]


def test_attributes_whose_names_are_taken_get_others_and_mixed_values_become_texts() -> None:
    first = labels(documents(Subject(dataset=dataset_of(TRUTH_ROWS)))[0], "truth")

    assert (first[1]["source_id"], first[1]["source_label"], first[1]["label"]) == (7, "x", "a.b$c")
    assert first[1]["tags"] == []
    assert (first[1]["mixed"], first[2]["mixed"], first[2]["a_b"]) == ("true", "yes", 1)


def test_names_of_classes_are_what_mongodb_can_hold() -> None:
    first = documents(Subject(dataset=dataset_of(TRUTH_ROWS)))[0]

    assert [label["label"] for label in labels(first, "truth")] == [*NAMES[:3], "half \\udc80 name"]
    assert bson.decode(bson.encode(first)) == first


def test_shapes_lie_beside_their_boxes_under_the_same_number() -> None:
    first, second, _ = documents(Subject(dataset=dataset_of(TRUTH_ROWS)))

    polygon, rotated = labels(first, "truth_outlines")
    assert (polygon["number"], polygon["closed"]) == (2, True)
    assert polygon["points"][0] == [[0.1, 0.1], [0.5, 0.1], [0.5, 0.6]]
    assert len(polygon["points"]) == 2
    assert rotated["number"] == 3
    assert rotated["points"] == [[[0.05, 0.0], [0.1, 0.1], [0.05, 0.2], [0.0, 0.1]]]
    (pose,) = labels(second, "truth_keypoints")
    assert (pose["number"], pose["visibility"], pose["points"][2]) == (0, [2, 0, 1], [0.055, 0.13])
    assert np.isnan(pose["points"][1]).all()
    assert [label["number"] for label in labels(second, "truth_of_picture")] == [1]
    assert [label["number"] for label in labels(second, "truth")] == [0, 2, 3]
    assert [label["number"] for label in labels(second, "truth_outlines")] == [0]  # a ring without points is none


def test_a_mask_is_what_it_covers_of_its_box() -> None:
    first = labels(documents(Subject(dataset=dataset_of(TRUTH_ROWS)))[0], "truth")

    mask = array_of(first[1]["mask"])

    assert (mask.shape, mask.dtype, int(mask.sum()), bool(mask[2, 5])) == ((10, 20), np.bool_, 199, False)
    assert "mask" not in first[0]


def test_what_was_judged_names_its_verdict_and_the_label_that_it_met() -> None:
    first, second, third = documents(judged_subject())

    (truth, missed), (found, unsure) = labels(first, "truth")[:2], labels(first, "found")
    assert (truth["verdict"], truth["eval"], truth["eval_iou"]) == ("found", "tp", 1.0)
    assert (found["verdict"], found["eval"], found["confidence"]) == ("true", "tp", 0.75)
    assert (truth["eval_id"], found["eval_id"]) == (str(found["_id"]), str(truth["_id"]))
    assert (missed["verdict"], missed["eval"], "eval_iou" in missed) == ("missed", "fn", False)
    assert (unsure["verdict"], "eval" in unsure, "confidence" in unsure) == ("unsure", False, False)
    confused = labels(second, "truth")[0]
    assert (confused["eval"], confused["eval_id"]) == ("fn", str(labels(second, "found")[0]["_id"]))
    assert (confused["partner_class"], confused["label_error"], confused["surety"]) == (
        "half \\udc80 name",
        "wrong class",
        0.875,
    )
    assert labels(second, "truth_keypoints")[0]["verdict"] == "missed"
    assert third["found"] == {"_cls": "Detections", "detections": []}
    assert "verdict" not in labels(first, "truth")[2]


def test_attributes_are_those_that_views_ask_for() -> None:
    subject = judged_subject()
    columns = attributes(subject, "truth")

    rows = [label for document in documents(subject) for end in ("truth", "truth_of_picture") if end in document
            for label in sorted(labels(document, end), key=lambda label: int(label["number"]))]  # fmt: skip
    order = [0, 1, 2, 3, 4, 6, 7, 5]  # labels of the whole picture come last

    for name in ("verdict", "eval", "eval_id", "size", "label_error"):
        assert [label.get(name, "") for label in rows] == columns[name][order].tolist()


def test_ids_are_the_same_each_time_and_no_two_labels_share_one() -> None:
    subject = every_kind()

    first = documents(subject)
    fields = [(document, field) for document in first for field in document if field.startswith(("truth", "found"))]
    ids = [label["_id"] for document, field in fields for label in labels(document, field)]

    assert len(set(ids)) == len(ids) == 19
    assert list(map(str, documents(subject))) == list(map(str, first))  # as texts, since NaN equals nothing


@pytest.mark.parametrize("pictures", [[2, 0], [1], []])
def test_some_pictures_are_the_same_as_among_all(pictures: list[int]) -> None:
    subject = every_kind()
    every = documents(subject)

    some = list(Documents(subject).of(np.array(pictures, np.int64)))

    assert list(map(str, some)) == [str(every[row]) for row in pictures]


def test_the_boxes_of_a_dataset_of_labelled_pictures_alone_have_no_field() -> None:
    wholes = dataset_of([{"image": "a.png", "category": "bolt", "box": [np.nan] * 4}])

    first, second, _ = documents(Subject(dataset=wholes))

    assert labels(first, "truth_of_picture")[0]["label"] == "bolt"
    assert not [field for document in (first, second) for field in document if field == "truth"]


def test_thousands_of_classes_and_no_labels_at_all_are_no_trouble() -> None:
    names = tuple(f"class {row}" for row in range(1200))
    rows = [{"image": "c.png", "category": name, "box": [1, 1, 3, 3]} for name in names]

    third = documents(Subject(dataset=dataset_of(rows, names=names)))[2]

    assert [label["label"] for label in labels(third, "truth")] == list(names)
    assert documents(Subject(dataset=dataset_of([])))[0]["truth"]["detections"] == []


def test_a_picture_that_is_gone_and_has_no_size_still_has_a_document() -> None:
    dataset = dataset_of(FOUND_ROWS)
    gone = replace(dataset, images=replace(dataset.images, width=np.zeros(3, np.int32), height=np.zeros(3, np.int32)))

    assert documents(Subject(dataset=gone))[0]["filepath"] == "a.png"


def test_a_file_whose_name_is_no_utf8_is_put_under_a_name_that_is(home: Path) -> None:
    rows = [{"image": "x\udcff.png", "category": "bolt", "box": [0, 0, 1, 1]}]
    dataset = build({"x\udcff.png": (4, 4)}, rows, Categories(names=("bolt",)), folder=home)
    subject = Subject(dataset=dataset)

    (raw,), (safe,) = documents(subject), documents(with_safe_texts(subject))

    assert raw == safe
    assert (raw["name"], raw["filepath"]) == ("x\\udcff.png", f"{home}/x\\udcff.png")
    assert with_safe_texts(subject).dataset.images.file(0) == f"{home}/x\udcff.png"
    assert with_safe_texts(judged := Subject(dataset=dataset_of([], names=("a",)))) is judged


def test_tags_are_the_split_and_the_findings_each_once() -> None:
    assert [tags_of(every_kind(), row) for row in range(3)] == [["train", "leaked-copy"], ["val"], ["dark"]]


SIZES = st.tuples(st.integers(1, 20000), st.integers(1, 20000))
FRACTIONS = st.floats(-0.5, 1.5)


@given(SIZES, st.lists(st.tuples(FRACTIONS, FRACTIONS), min_size=4, max_size=12))
def test_boxes_and_outlines_come_back_within_a_billionth_of_a_pixel(
    size: tuple[int, int], places: list[tuple[float, float]]
) -> None:
    ring = np.array(places) * size
    box = np.concatenate([ring.min(axis=0), np.ptp(ring, axis=0)])
    rows = [{"image": "a", "category": "x", "box": box.tolist(), "rings": [ring.tolist()]}]
    dataset: Dataset = build({"a": size}, rows, Categories(names=("x",)))

    (document,) = sample_documents(Subject(dataset=dataset), np.array([0]))
    (left,), problems = left_of(document, "truth", size_of(document))

    assert not problems
    np.testing.assert_allclose(left.box, box, rtol=0, atol=1e-9)
    np.testing.assert_allclose(left.rings[0], ring, rtol=0, atol=1e-9)
