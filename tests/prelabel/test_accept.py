"""Which proposals become truth: by score, by what a person decided, and never what is labelled already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Annotations, Categories, State
from cvdata.errors import UsageError
from cvdata.formats.store import add_version, open_store
from cvdata.prelabel.accept import AcceptPart, AcceptSettings, check_accept

from ..compare import identical
from ..formats.proposals import propose, proposed, stored_pets
from .opinions import accepted, boxes_of, origins_of

NAN = (float("nan"),) * 4
CAT = ("a.jpg", "cat", (10.0, 10.0, 40.0, 40.0))  # the label that is there

ROWS = [
    ("a.jpg", "cat", (11.0, 10.0, 40.0, 40.0), 0.95),  # the cat that is labelled
    ("a.jpg", "dog", (60.0, 10.0, 30.0, 30.0), 0.8),
    ("b.jpg", "dog", (1.5, 2.0, 30.0, 40.0), 0.9),
    ("b.jpg", "cat", (50.0, 2.0, 30.0, 40.0), 0.3),
    ("c.jpg", "cat", (5.0, 5.0, 20.0, 20.0), 0.85),
]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed(ROWS))
    return root


def balances(part: AcceptPart) -> bool:
    offered = sum(one.proposals + one.drawn for one in part.predictions)
    return offered == part.accepted + sum(part.left_out.values())


# --- by score


def test_what_is_as_sure_as_asked_for_becomes_truth(pets: Path) -> None:
    outcome = accepted(pets, above=0.8)

    assert boxes_of(outcome) == [CAT, *(row[:3] for row in (ROWS[1], ROWS[2], ROWS[4]))]
    assert outcome.part.left_out == {"below": 1, "already-labelled": 1}
    assert (outcome.part.accepted, outcome.part.images) == (3, 3)
    assert balances(outcome.part)


def test_scores_by_class_leave_other_classes_out(pets: Path) -> None:
    outcome = accepted(pets, above_class={"dog": 0.85})

    assert boxes_of(outcome) == [CAT, ROWS[2][:3]]
    assert outcome.part.left_out == {"below": 1, "no-threshold": 3}
    assert [(row.name, row.threshold, row.proposals, row.accepted) for row in outcome.part.classes] == [
        ("cat", None, 3, 0),
        ("dog", 0.85, 2, 1),
    ]


def test_a_class_may_have_a_score_of_its_own_beside_that_of_all(pets: Path) -> None:
    outcome = accepted(pets, above=0.99, above_class={"cat": 0.3})

    assert boxes_of(outcome) == [CAT, ROWS[3][:3], ROWS[4][:3]]


def test_an_unknown_class_is_answered_with_the_nearest(pets: Path) -> None:
    with pytest.raises(UsageError, match="nothing was looked for that is called 'cats'") as caught:
        accepted(pets, above_class={"cats": 0.5})

    assert caught.value.hint == "did you mean 'cat'?"


def test_each_label_says_where_it_comes_from_and_has_no_score(pets: Path) -> None:
    outcome = accepted(pets, above=0.8)

    assert origins_of(outcome) == [
        None,
        *(
            {"prediction": "first", "row": row, "model": "0123456789ab", "score": ROWS[row][3], "threshold": 0.8}
            for row in (1, 2, 4)
        ),
    ]
    assert outcome.dataset.annotations.score is None


def test_pictures_that_got_labels_are_labelled_and_the_others_stay_as_they_were(pets: Path) -> None:
    outcome = accepted(pets, above=0.9)

    assert outcome.dataset.images.state.tolist() == [State.LABELLED, State.LABELLED, State.UNLABELLED, State.UNLABELLED]


def test_without_a_score_a_proposal_comes_in_only_where_none_is_asked_for(pets: Path) -> None:
    propose(pets, proposed([("c.jpg", "cat", (5.0, 5.0, 20.0, 20.0), float("nan"))]), "regions")

    assert accepted(pets, "regions", above=0.1).part.left_out == {"no-score": 1}
    assert accepted(pets, "regions", above=0).part.accepted == 1


def test_a_class_that_the_truth_has_not_comes_behind_its_own(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    classes = Categories(names=("owl", "dog", "eel"), supercategory=("bird", None, "fish"))
    rows = [("b.jpg", "eel", (1.0, 1.0, 9.0, 9.0), 0.9), ("c.jpg", "dog", (1.0, 1.0, 9.0, 9.0), 0.9)]
    propose(root, proposed(rows, classes=classes))

    outcome = accepted(root, above=0.5)

    assert outcome.dataset.categories.names == ("cat", "dog", "eel")
    assert outcome.dataset.categories.supercategory == (None, None, "fish")
    assert [row[1] for row in boxes_of(outcome)] == ["cat", "eel", "dog"]


def test_ids_of_a_source_go_on(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed([("d.jpg", "owl", (1.0, 1.0, 9.0, 9.0), 0.9)], classes=Categories(names=("owl",))), "owls")
    truth = open_store(root).load()
    truth = replace(
        truth,
        annotations=replace(truth.annotations, source_id=np.array([70], np.int64)),
        categories=replace(truth.categories, source_id=(5, 9)),
    )

    outcome = accepted(root, "owls", truth=truth, above=0.5)

    assert outcome.dataset.annotations.source_id is not None
    assert list(outcome.dataset.annotations.source_id) == [70, 71]
    assert outcome.dataset.categories.source_id == (5, 9, 10)


# --- the same again


def test_the_same_again_adds_nothing(pets: Path) -> None:
    first = accepted(pets, above=0.8)

    again = accepted(pets, truth=first.dataset, above=0.8)

    assert again.dataset is first.dataset
    assert again.part.left_out == {"below": 1, "already-labelled": 4}


def test_a_lower_score_adds_the_rest_alone(pets: Path) -> None:
    first = accepted(pets, above=0.9)

    both = accepted(pets, truth=first.dataset, above=0.8)

    identical(both.dataset, accepted(pets, truth=both.dataset, above=0.8).dataset)
    assert sorted(boxes_of(both)) == sorted(boxes_of(accepted(pets, above=0.8)))


def test_a_label_that_was_moved_since_is_not_accepted_a_second_time(pets: Path) -> None:
    first = accepted(pets, above=0.8).dataset
    box = first.annotations.box.copy()
    box[2] = [60, 30, 20, 20]  # the dog in b.jpg
    corrected = replace(first, annotations=replace(first.annotations, box=box))

    assert accepted(pets, truth=corrected, above=0.8).part.accepted == 0


def test_objects_that_a_model_tells_apart_stay_two_however_much_they_overlap(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    crowd = [("b.jpg", "dog", (0.0, 0.0, 30.0, 40.0), 0.9), ("b.jpg", "dog", (5.0, 0.0, 30.0, 40.0), 0.8)]
    propose(root, proposed(crowd))  # an IoU of 25 / 35

    first = accepted(root, above=0.85)
    both = accepted(root, truth=first.dataset, above=0.8)

    assert (first.part.accepted, both.part.accepted) == (1, 1)
    assert accepted(root, above=0.8).part.accepted == 2


def test_another_prediction_of_that_name_is_not_taken_for_the_one_before(pets: Path) -> None:
    first = accepted(pets, above=0.8).dataset
    other = [("d.jpg", "dog", (1.0, 1.0, 9.0, 9.0), 0.9), ("d.jpg", "cat", (40.0, 1.0, 9.0, 9.0), 0.91)]
    propose(pets, proposed(other), overwrite=True)

    assert accepted(pets, truth=first, above=0.8).part.accepted == 2


# --- what is labelled already


@pytest.mark.parametrize(("iou", "taken"), [(0.5, 0), (0.96, 1)])
def test_what_overlaps_a_label_of_its_class_is_that_one(pets: Path, iou: float, taken: int) -> None:
    # The proposal is off by 1 of 40 pixels: an IoU of 39 / 41, 0.951.
    assert accepted(pets, above_class={"cat": 0.9}, iou=iou).part.accepted == taken


def test_an_object_of_another_class_is_no_reason_to_leave_one_out(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed([("a.jpg", "dog", (10.0, 10.0, 40.0, 40.0), 0.9)]))

    assert accepted(root, above=0.5).part.accepted == 1


def test_of_two_predictions_that_have_one_object_the_first_counts(pets: Path) -> None:
    propose(pets, proposed([("c.jpg", "cat", (6.0, 5.0, 20.0, 20.0), 0.99)]), "second")

    one, other = accepted(pets, "first", "second", above=0.8), accepted(pets, "second", "first", above=0.8)

    assert boxes_of(one)[-1] == ROWS[4][:3]
    assert boxes_of(other)[-1] == ("c.jpg", "cat", (6.0, 5.0, 20.0, 20.0))
    assert [part.accepted for part in one.part.predictions] == [3, 0]
    assert balances(one.part) and balances(other.part)


def test_a_picture_with_a_label_of_its_own_gets_no_second_one_from_a_classifier(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    truth = open_store(root).load()
    label = Annotations(image=np.zeros(1, np.int32), category=np.zeros(1, np.int32), box=np.full((1, 4), np.nan))
    truth = replace(truth, annotations=label)
    propose(root, proposed([("a.jpg", "dog", NAN, 0.9), ("b.jpg", "dog", NAN, 0.9)]))

    outcome = accepted(root, truth=truth, above=0.5)

    assert [(row.image, row.category) for row in outcome.dataset.rows()] == [("a.jpg", "cat"), ("b.jpg", "dog")]
    assert outcome.part.left_out == {"already-labelled": 1}


def test_pictures_with_several_labels_of_their_own_get_more(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    rows = [("a.jpg", "dog", NAN, 0.9), ("b.jpg", "cat", NAN, 0.9), ("b.jpg", "dog", NAN, 0.8)]
    propose(root, proposed(rows))
    truth = open_store(root).load()
    truth = replace(truth, annotations=replace(truth.annotations, box=np.full((1, 4), np.nan)))

    assert accepted(root, truth=truth, above=0.5).part.accepted == 3


# --- the dataset changed in the meantime


def test_pictures_are_known_by_name_and_those_that_are_gone_are_counted(pets: Path) -> None:
    truth = open_store(pets).load()
    rows = np.array([3, 0, 1])  # c.jpg is gone
    image = np.array([1], np.int32)
    truth = replace(truth, images=truth.images.take(rows), annotations=replace(truth.annotations, image=image))

    outcome = accepted(pets, truth=truth, above=0.8)

    assert boxes_of(outcome) == [CAT, ROWS[1][:3], ROWS[2][:3]]
    assert outcome.part.left_out == {"below": 1, "already-labelled": 1, "gone": 1}


def test_a_picture_of_another_size_is_another_picture(pets: Path) -> None:
    truth = open_store(pets).load()
    truth = replace(truth, images=replace(truth.images, width=np.array([100, 100, 50, 100], np.int32)))

    assert accepted(pets, truth=truth, above=0.8).part.left_out["changed"] == 1


def test_versions_that_came_since_keep_what_they_have(pets: Path) -> None:
    truth = open_store(pets).load()
    more = replace(truth, images=replace(truth.images, split=np.array([0, 0, 1, 1], np.int32), splits=("train", "val")))
    add_version(pets, more, command="split", settings={})

    outcome = accepted(pets, above=0.8)

    assert outcome.dataset.images.split.tolist() == [0, 0, 1, 1]
    assert outcome.part.accepted == 3


# --- settings


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (AcceptSettings(predictions=()), "no predictions are named"),
        (AcceptSettings(predictions=("a", "a")), "named twice"),
        (AcceptSettings(predictions=("../a",)), "is no name for predictions"),
        (AcceptSettings(predictions=("a",), above=1.5), "--above is 1.5, expected 0 to 1"),
        (AcceptSettings(predictions=("a",), above_class={"cat": -1}), "--above cat is -1"),
        (AcceptSettings(predictions=("a",), empty_below=2), "--empty-below is 2"),
        (AcceptSettings(predictions=("a",), iou=0), "--iou is 0"),
        (AcceptSettings(predictions=("a",), above=0.5, only_reviewed=True), "leave out --above"),
        (AcceptSettings(predictions=("a",), tagged=True, only_reviewed=True), "leave out --only-reviewed"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: AcceptSettings, found: str) -> None:
    with pytest.raises(UsageError, match=found):
        check_accept(settings)
