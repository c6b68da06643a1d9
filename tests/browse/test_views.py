"""Views of a subject hold exactly what `cvdata eval` counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvdata.browse.judge import judged_found, placed, suspects_of
from cvdata.browse.subject import Subject, Suspects
from cvdata.browse.views import attributes, chosen, errors_of, suspicion_of, views_of
from cvdata.dataset import Categories, Dataset, State

from ..tiny import build

_CLASSES = Categories(names=("cat", "dog"))
_SIZES = {"a.jpg": (200, 200), "b.jpg": (200, 200), "c.jpg": (200, 200)}


def _row(image: str, category: str, box: list[float], **more: float) -> dict[str, object]:
    return {"image": image, "category": category, "box": box, **more}


@pytest.fixture
def truth() -> Dataset:
    rows = [
        _row("a.jpg", "cat", [10, 10, 40, 40]),
        _row("a.jpg", "dog", [100, 100, 40, 40]),
        _row("b.jpg", "cat", [10, 10, 20, 20]),
        _row("b.jpg", "cat", [100, 10, 20, 20]),
    ]
    return build(_SIZES, rows, _CLASSES, states={"c.jpg": State.UNLABELLED})


@pytest.fixture
def found() -> Dataset:
    rows = [
        _row("c.jpg", "dog", [5, 5, 50, 50], score=0.95),
        _row("a.jpg", "cat", [10, 10, 40, 40], score=0.8),
        _row("a.jpg", "cat", [100, 100, 40, 40], score=0.9),
        _row("b.jpg", "cat", [10, 10, 20, 20], score=0.8),
        _row("b.jpg", "dog", [150, 150, 40, 40], score=0.85),
    ]
    sizes = {name: _SIZES[name] for name in ("c.jpg", "a.jpg", "b.jpg")}
    return build(sizes, rows, _CLASSES)


def _subject(truth: Dataset, found: Dataset) -> Subject:
    one = judged_found("model", truth, found)
    return Subject(dataset=truth, found=(one,), suspects=suspects_of(truth, one))


def test_what_was_found_lies_on_all_pictures_of_the_truth_in_its_order(truth: Dataset, found: Dataset) -> None:
    own = placed(truth, found)

    assert own.images is truth.images
    assert own.annotations.image.tolist() == [0, 0, 1, 1, 2]
    assert own.annotations.score is not None
    assert own.annotations.score.tolist() == [0.8, 0.9, 0.8, 0.85, 0.95]


def test_verdicts_lie_on_the_rows_of_the_dataset_and_unlabelled_pictures_have_none(
    truth: Dataset, found: Dataset
) -> None:
    subject = _subject(truth, found)

    here, there = attributes(subject, "truth"), attributes(subject, "found")

    assert here["verdict"].tolist() == ["found", "wrong class", "found", "missed"]
    assert here["eval"].tolist() == ["tp", "fn", "tp", "fn"]
    assert here["partner_class"].tolist() == ["cat", "cat", "cat", ""]
    assert there["verdict"].tolist() == ["true", "wrong class", "true", "background", ""]
    assert there["eval"].tolist() == ["tp", "fp", "tp", "fp", ""]
    assert here["size"].tolist() == ["medium", "medium", "small", "small"]
    assert errors_of(subject).tolist() == [1, 2, 0]


def test_every_view_holds_as_many_as_it_says_and_every_kind_of_error_is_whole(truth: Dataset, found: Dataset) -> None:
    subject = _subject(truth, found)
    report = subject.found[0].report
    assert report is not None and report.errors is not None

    views = {view.name: view for view in views_of(subject)}

    names = {"missed": "missed", "confused": "wrong class", "found where nothing is labelled": "background"}
    assert {name: views[name].count for name in names} == {
        name: report.errors.verdicts[verdict] for name, verdict in names.items()
    }
    assert next(iter(views)) == "worst pictures first"
    assert chosen(subject, views["worst pictures first"]).pictures.tolist() == [1, 0]
    assert chosen(subject, views["missed"]).rows.tolist() == [3]


def test_a_confused_class_is_named_with_the_truth_first(truth: Dataset, found: Dataset) -> None:
    table = found.annotations
    more = np.array([0, 1, 2, 2, 3, 4])  # twice the dog that was taken for a cat
    twice = Dataset(images=found.images, annotations=table.take(more), categories=found.categories, meta=found.meta)
    extra = truth.annotations.take(np.array([0, 1, 1, 2, 3]))
    box = extra.box.copy()
    box[2, 0] = 50
    doubled = replace(truth, annotations=replace(extra, box=box))
    at = twice.annotations.box.copy()
    at[3, 0] = 50
    twice = replace(twice, annotations=replace(twice.annotations, box=at))

    views = {view.name: view.count for view in views_of(_subject(doubled, twice))}

    assert views["confused: dog as cat"] == 2


def test_a_classifier_is_judged_by_the_class_that_it_is_surest_of() -> None:
    nowhere = [np.nan] * 4
    truth = build(_SIZES, [_row("a.jpg", "cat", nowhere), _row("b.jpg", "dog", nowhere)], _CLASSES)
    rows = [
        _row("a.jpg", "cat", nowhere, score=0.3),
        _row("a.jpg", "dog", nowhere, score=0.7),
        _row("b.jpg", "dog", nowhere, score=0.9),
    ]
    found = build(_SIZES, rows, _CLASSES)

    subject = _subject(truth, found)

    assert attributes(subject, "truth")["verdict"].tolist() == ["wrong class", "found"]
    assert attributes(subject, "found")["verdict"].tolist() == ["", "wrong class", "true"]
    assert attributes(subject, "found")["partner_class"].tolist() == ["", "cat", "dog"]


def test_the_kind_of_error_with_the_most_labels_comes_first(truth: Dataset, found: Dataset) -> None:
    more = found.annotations.take(np.array([0, 1, 2, 3, 4, 4]))
    box = more.box.copy()
    box[5] = [60, 150, 40, 40]  # a second detection where nothing is labelled
    often = replace(found, annotations=replace(more, box=box))

    names = [view.name for view in views_of(_subject(truth, often)) if view.side is not None]

    assert names[:3] == ["found where nothing is labelled", "missed", "confused"]


def test_all_probable_label_errors_are_in_one_view_the_surest_picture_first(truth: Dataset, found: Dataset) -> None:
    suspects = Suspects(
        side=("truth", "found", "truth"),
        row=np.array([3, 1, 2]),
        kind=("spurious", "missing", "swapped"),
        surety=np.array([0.9, 0.8, 0.6]),
    )
    subject = replace(_subject(truth, found), suspects=suspects)

    views = {view.name: view for view in views_of(subject)}

    assert np.array_equal(suspicion_of(subject), [0.8, 0.9, np.nan], equal_nan=True)
    assert chosen(subject, views["probable label errors"]).pictures.tolist() == [1, 0]
    names = ("not labelled", "wrong class", "nothing there")
    rows = [chosen(subject, views[f"probable label errors: {name}"]).rows.tolist() for name in names]
    assert rows == [[1], [2], [3]]
    assert attributes(subject, "truth")["label_error"].tolist() == ["", "", "swapped", "spurious"]


def test_a_size_of_which_more_is_missed_has_its_view() -> None:
    sizes = {f"{number}.jpg": (500, 500) for number in range(8)}
    small = [_row(name, "cat", [300, 300, 10, 10]) for name in sizes]
    large = [_row(name, "cat", [10, 10, 200, 200]) for name in sizes]
    truth = build(sizes, small + large, _CLASSES)
    hits = [_row(name, "cat", [10, 10, 200, 200], score=0.9) for name in sizes]
    hits += [_row(name, "cat", [300, 300, 10, 10], score=0.9) for name in list(sizes)[:3]]

    views = {view.name: view for view in views_of(_subject(truth, build(sizes, hits, _CLASSES)))}

    assert views["missed: small cat"].count == 5
    assert "missed: large cat" not in views
    assert "missed: cat" not in views  # it would be `missed` again


def test_what_leaks_is_one_view_and_other_findings_have_plain_names(truth: Dataset) -> None:
    titles = {"leaked-copy": "1 picture is in more than one split", "zero-box": "2 boxes have no area"}
    subject = Subject(
        dataset=truth,
        tags=(("leaked-copy",), ("zero-box",), ("leaked-copy", "zero-box")),
        finding_titles=titles,
        leak=np.array([1, -1, 1], np.int32),
    )

    views = [(view.name, view.count, view.about) for view in views_of(subject)]

    assert views == [
        (
            "near-duplicates across splits",
            2,
            "Pictures that are the same or look alike and lie in several splits, side by side. 2 pictures.",
        ),
        ("check: box without area", 2, "2 boxes have no area. 2 pictures."),
    ]


def test_groups_that_look_alike_lie_side_by_side(truth: Dataset) -> None:
    subject = Subject(dataset=truth, leak=np.array([1, 0, 1], np.int32))

    (view,) = views_of(subject)

    assert chosen(subject, view).pictures.tolist() == [1, 0, 2]


def test_what_is_best_to_label_comes_first(truth: Dataset) -> None:
    subject = Subject(dataset=truth, worth=np.array([0.2, np.nan, 0.7]))

    (view,) = views_of(subject)

    assert view.name == "low confidence, worth labelling"
    assert chosen(subject, view).pictures.tolist() == [2, 0]


def test_columns_that_were_not_asked_for_may_be_blank_and_the_others_are_the_same(
    truth: Dataset, found: Dataset
) -> None:
    subject = _subject(truth, found)

    asked, whole = attributes(subject, "found", only=("verdict",)), attributes(subject, "found")

    assert asked["verdict"].tolist() == whole["verdict"].tolist()
    assert set(asked["eval_id"].tolist()) == {""}
    assert [len(one) for one in whole["eval_id"].tolist()] == [24, 24, 24, 0, 0]
