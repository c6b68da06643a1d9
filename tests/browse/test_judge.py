"""What a model found beside the truth: groups of copies, and probable label errors by their rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvdata.browse.judge import judged_found, leak_groups, placed, suspects_of
from cvdata.browse.subject import NOT_JUDGED
from cvdata.dataset import Categories, Dataset, State
from cvdata.dataset.select import keep_annotations, keep_images
from cvdata.errors import EvaluationError
from cvdata.evaluate.diagnosis.kinds import Verdict

from ..tiny import build

_CLASSES = Categories(names=("cat", "dog"))


def _truth() -> Dataset:
    sizes = {"a_jpg.rf.0123456789abcdef0123456789abcdef.jpg": (64, 64)}
    sizes["a_jpg.rf.fedcba9876543210fedcba9876543210.jpg"] = (64, 64)
    sizes["b.jpg"] = (64, 64)
    rows = [{"image": name, "category": "cat", "box": [np.nan] * 4} for name in sizes]
    return build(sizes, rows, _CLASSES, splits=dict(zip(sizes, ("train", "val", "val"), strict=True)))


def test_augmented_copies_in_two_splits_are_one_group() -> None:
    assert leak_groups(_truth()).tolist() == [0, 0, -1]


def test_a_class_that_no_picture_has_makes_no_label_suspect() -> None:
    truth = _truth()
    scores = [("cat", 0.9), ("cat", 0.9), ("dog", 0.99)]
    rows = [
        {"image": name, "category": category, "box": [np.nan] * 4, "score": score}
        for name, (category, score) in zip(truth.images.names, scores, strict=True)
    ]
    found = build(dict.fromkeys(truth.images.names, (64, 64)), rows, _CLASSES)

    one = judged_found("model", truth, found)
    suspects = suspects_of(truth, one)

    assert one.judged is not None and suspects is not None
    assert one.judged.truth_other.tolist() == [0, 1, 2]
    assert suspects.row.tolist() == []  # no picture is labelled as a dog: nothing is known of how sure it would be


def test_without_any_labelled_picture_nothing_is_judged() -> None:
    truth = build({"a.jpg": (64, 64)}, [], _CLASSES, states={"a.jpg": State.UNLABELLED})
    row = {"image": "a.jpg", "category": "cat", "box": [1, 1, 9, 9], "score": 0.5}
    found = build({"a.jpg": (64, 64)}, [row], _CLASSES)

    one = judged_found("model", truth, found)

    assert one.judged is None
    assert suspects_of(truth, one) is None
    assert len(one.dataset.annotations) == 1


def test_a_detection_on_an_unknown_picture_is_refused() -> None:
    row = {"image": "z.jpg", "category": "cat", "box": [1, 1, 9, 9], "score": 0.5}
    found = build({"z.jpg": (64, 64)}, [row], _CLASSES)

    with pytest.raises(EvaluationError, match=r"z\.jpg"):
        placed(_truth(), found)


def test_detections_on_a_picture_that_was_dropped_since_are_left_out_and_said() -> None:
    truth, found = _scene()
    dropped = keep_images(truth, np.arange(1, len(truth.images)))

    one = judged_found("model", dropped, found)

    assert one.report == judged_found("model", dropped, keep_images(found, np.arange(1, len(found.images)))).report
    assert [(finding.code, finding.examples) for finding in one.findings] == [("unknown-pictures", ["0.jpg"])]
    assert one.findings[0].message == "left out of model: 1 picture with detections that the dataset lacks"


_CATS = {f"{number}.jpg": (200, 200) for number in range(10)}


def _scene() -> tuple[Dataset, Dataset]:
    """Return ten cats that are found surely, and in the first picture a label of each kind that is probably wrong."""
    rows = [{"image": name, "category": "cat", "box": [10, 10, 50, 50]} for name in _CATS]
    hits = [row | {"score": 0.8} for row in rows]
    rows.append({"image": "0.jpg", "category": "dog", "box": [70, 10, 50, 50]})
    rows.append({"image": "0.jpg", "category": "cat", "box": [10, 130, 50, 50]})
    hits.append({"image": "0.jpg", "category": "cat", "box": [70, 10, 50, 50], "score": 0.99})
    hits.append({"image": "0.jpg", "category": "cat", "box": [130, 130, 50, 50], "score": 0.95})
    hits.append({"image": "9.jpg", "category": "cat", "box": [130, 130, 50, 50], "score": 0.05})
    return build(_CATS, rows, _CLASSES), build(_CATS, hits, _CLASSES)


def test_each_probable_label_error_points_to_its_row() -> None:
    truth, found = _scene()

    one = judged_found("model", truth, found)
    suspects = suspects_of(truth, one)

    assert suspects is not None
    told = sorted(zip(suspects.kind, suspects.side, suspects.row.tolist(), strict=True))
    # In the first picture: the cat, the dog that is a cat, the cat that is not there; found: the same cat, then these.
    assert told == [("missing", "found", 2), ("spurious", "truth", 2), ("swapped", "truth", 1)]
    assert suspects.surety.tolist() == sorted(suspects.surety.tolist(), reverse=True)


def test_pictures_that_the_model_did_not_look_at_are_not_judged() -> None:
    truth, found = _scene()
    seen = keep_images(found, np.arange(2, 10))

    part = judged_found("model", truth, seen, complete=False)
    whole = judged_found("model", truth, seen)

    assert part.judged is not None and part.report is not None and part.report.errors is not None
    assert part.judged.truth.tolist() == [NOT_JUDGED] * 4 + [Verdict.FOUND] * 8
    assert part.report.errors.verdicts["missed"] == 0
    assert [finding.code for finding in part.report.findings if finding.code.startswith("pictures")] == [
        "pictures-not-looked-at"
    ]
    assert whole.report is not None and whole.report.errors is not None
    assert whole.report.errors.verdicts["missed"] == 4


def test_a_model_that_looked_at_unlabelled_pictures_alone_is_not_judged() -> None:
    truth = build(_CATS, [{"image": "0.jpg", "category": "cat", "box": [10, 10, 50, 50]}], _CLASSES,
                  states=dict.fromkeys(list(_CATS)[1:], State.UNLABELLED))  # fmt: skip
    hits = [{"image": "4.jpg", "category": "cat", "box": [10, 10, 50, 50], "score": 0.5}]

    one = judged_found("model", truth, keep_images(build(_CATS, hits, _CLASSES), np.arange(1, 10)), complete=False)

    assert one.judged is None and one.report is None
    assert one.dataset.annotations.image.tolist() == [4]


def test_a_split_that_nobody_labelled_is_not_judged() -> None:
    truth, found = _scene()
    state = np.where(np.arange(10) < 5, State.LABELLED, State.UNLABELLED).astype(np.uint8)
    split = (np.arange(10) >= 5).astype(np.int32)
    first = keep_annotations(truth, np.flatnonzero(truth.annotations.image < 5))
    half = replace(first, images=replace(first.images, state=state, split=split, splits=("train", "val")))

    assert judged_found("model", half, found, split="val").report is None
    assert judged_found("model", half, found, split="train").report is not None


def test_labels_of_whole_pictures_among_boxes_have_no_verdict() -> None:
    rows = [
        {"image": "0.jpg", "category": "dog", "box": [np.nan] * 4},
        {"image": "0.jpg", "category": "cat", "box": [10, 10, 50, 50]},
    ]
    truth = build({"0.jpg": (200, 200)}, rows, _CLASSES)
    hits = [{"image": "0.jpg", "category": "cat", "box": [10, 10, 50, 50], "score": 0.9}]

    one = judged_found("model", truth, build({"0.jpg": (200, 200)}, hits, _CLASSES))

    assert one.judged is not None
    assert one.judged.truth.tolist() == [NOT_JUDGED, Verdict.FOUND]
    assert one.judged.found_other.tolist() == [1]


def test_of_pictures_with_several_labels_no_label_is_judged_on_its_own() -> None:
    nowhere = [np.nan] * 4
    rows = [{"image": "0.jpg", "category": name, "box": nowhere} for name in ("cat", "dog")]
    truth = build({"0.jpg": (200, 200)}, rows, _CLASSES)
    hits = [row | {"score": 0.9} for row in rows]

    one = judged_found("model", truth, build({"0.jpg": (200, 200)}, hits, _CLASSES))

    assert one.judged is None
    assert one.report is not None
