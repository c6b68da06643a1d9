"""What stands in the way of a run in the dataset that it learnt from."""

from __future__ import annotations

from cvdata.train.report import ClassOutcome

from .diagnosing import SOUND, codes, judged, said


def test_few_validation_pictures_are_said_to_be_few_without_an_interval() -> None:
    assert "small-validation" in codes(judged(0.6, 0.6, val_images=29))
    assert "small-validation" not in codes(judged(0.6, 0.6, val_images=30))


def test_a_leak_comes_first() -> None:
    diagnosis = judged(0.1, 0.9, leaks=50, val_images=200)

    assert codes(diagnosis)[0] == "leaky-split"
    assert diagnosis.advice[0].message == (
        "50 of 200 validation pictures (25 %) have a copy, or nearly one, among the training pictures: AP is better "
        "than it would be on new pictures"
    )
    assert diagnosis.advice[0].figures == {"leaks": 50, "share": 0.25}


def test_classes_under_500_objects_are_named_with_their_counts_and_figures_rarest_first() -> None:
    outcomes = [
        ClassOutcome(name="cat", train=500, metric="AP", value=0.7),
        ClassOutcome(name="dog", train=499, metric="AP", value=0.5),
        ClassOutcome(name="eel", train=12, metric="AP", value=0.031),
    ]

    advice = said(judged(0.6, 0.6, outcomes=outcomes), "starved-classes")

    assert (
        advice.message == "2 classes have fewer than 500 objects to learn from: 'eel' 12, AP 0.03; 'dog' 499, AP 0.50"
    )
    assert advice.figures == {"classes": 2, "least": 12}
    assert advice.cures[1] == "show them more often: --balance sampling"


def test_of_many_starved_classes_five_are_named_and_the_rest_counted() -> None:
    outcomes = [ClassOutcome(name=f"class {number}", train=number + 1) for number in range(1200)]

    message = said(judged(0.6, 0.6, outcomes=outcomes), "starved-classes").message

    assert message.startswith("499 classes have fewer than 500 objects to learn from: 'class 0' 1; 'class 1' 2;")
    assert message.endswith("; and 494 more")


def test_pixels_are_rare_by_their_share() -> None:
    outcomes = [ClassOutcome(name="background", train=1_000_000), ClassOutcome(name="crack", train=900)]

    diagnosis = judged(0.8, 0.8, metric="mIoU", outcomes=outcomes, settings={"task": "segmenter"})

    assert said(diagnosis, "starved-classes").message == (
        "1 class has less than 0.1 % of the pixels to learn from: 'crack' 900 pixels"
    )


def test_a_class_that_is_never_shown_cannot_be_learnt() -> None:
    outcomes = [*SOUND, ClassOutcome(name="owl\x1b[31m", train=0, val=3, metric="AP", value=0.0)]

    advice = said(judged(0.6, 0.6, outcomes=outcomes), "never-in-training")

    assert advice.message == "1 class is on no training picture and cannot be learnt: 'owl\\x1b[31m'"


def test_a_class_that_is_on_no_picture_at_all_stands_in_no_way() -> None:
    unused = ClassOutcome(name="unused", train=0, val=0, metric="F1", value=0.0)  # found once, and wrong
    unknown = ClassOutcome(name="unknown", train=0, val=None, metric="IoU", value=None)
    pixels = ClassOutcome(name="pixels", train=0, val=None, metric="IoU", value=0.0)

    assert "never-in-training" not in codes(judged(0.6, 0.6, outcomes=[*SOUND, unused, unknown]))
    assert "never-in-training" in codes(judged(0.6, 0.6, outcomes=[*SOUND, pixels]))


def test_mostly_empty_pictures_are_said_where_the_run_is_not_good() -> None:
    assert "empty-pictures" in codes(judged(0.4, 0.4, train_images=20_000, empty_images=10_001))
    assert "empty-pictures" not in codes(judged(0.4, 0.4, train_images=20_000, empty_images=10_000))
    assert "empty-pictures" not in codes(judged(0.7, 0.7, train_images=20_000, empty_images=15_000))


def test_no_command_is_named_that_cannot_read_maps_of_classes() -> None:
    cures = said(judged(0.6, 0.65, leaks=5), "leaky-split").cures
    of_maps = said(judged(0.6, 0.65, leaks=5, maps=True), "leaky-split").cures

    assert cures[0] == "divide again, copies together: cvdata split SRC DST"
    assert of_maps == ["divide again, copies together", "see which they are"]
