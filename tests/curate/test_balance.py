"""Balancing by repeats: the plan, what it touches, and that the outcome is what the plan says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cvdata.curate.balance import BalanceSettings, apply, check_settings, objects_in
from cvdata.dataset import Dataset
from cvdata.dataset.copies import lineage_of
from cvdata.errors import UsageError
from cvdata.files import Counts

from .balanced import after, counts, crowded, now, of_words, planned

REPEATS = ["repeat-factor", "oversample", "target", "undersample"]


@pytest.mark.parametrize("strategy", REPEATS)
@pytest.mark.parametrize("seed", range(4))
def test_the_outcome_has_exactly_the_objects_and_pictures_of_the_plan(strategy: str, seed: int) -> None:
    dataset = crowded(seed, 60)
    target = {"target": 30} if strategy in ("target", "undersample") else {}

    chosen = planned(dataset, strategy, **target)

    objects, pictures = counts(dataset, chosen)
    assert objects == after(chosen)
    assert pictures == {c.name: c.pictures.after for c in chosen.part.classes}
    assert after(chosen) != now(chosen)


@pytest.mark.parametrize("strategy", REPEATS)
def test_pictures_for_validation_and_test_are_never_touched(strategy: str) -> None:
    words = ["a", "a", "a", "ab", "a", "b", "bb", "c"]
    splits = ["train", "train", "train", "train", "val", "val", "test", "test"]
    dataset = of_words(words, splits)
    target = {"target": 3} if strategy in ("target", "undersample") else {}

    made = apply(dataset, planned(dataset, strategy, **target)).dataset

    untouched = [n for n, row in zip(made.images.names, made.images.split.tolist(), strict=True) if row > 0]
    assert untouched == ["004.png", "005.png", "006.png", "007.png"]
    assert {made.images.splits[row] for row in made.images.split[8:].tolist()} <= {"train"}


def test_all_pictures_are_for_training_where_there_are_no_splits() -> None:
    chosen = planned(of_words(["a", "a", "b"]), "oversample")

    assert chosen.part.splits is None
    assert chosen.rows.tolist() == [0, 1, 2]


def test_pictures_in_no_split_are_left_alone_where_there_are_splits() -> None:
    dataset = of_words(["a", "a", "b"], ["train", "train", "train"])
    split = np.array([0, 0, -1], np.int32)
    dataset = replace(dataset, images=replace(dataset.images, split=split))

    assert planned(dataset, "oversample").rows.tolist() == [0, 1]


def test_pictures_that_nobody_labelled_are_left_alone() -> None:
    chosen = planned(of_words(["a", "a", "?", "b"]), "oversample")

    assert chosen.rows.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("splits", "wanted", "message"),
    [
        (["val", "test"], (), "none of the splits (val, test) is called train or training"),
        (["train", "val"], ("val",), "the split 'val' is there to measure with"),
        (["train", "Test"], ("Test",), "the split 'Test' is there to measure with"),
        (["train", "val"], ("trian",), "there is no split 'trian'"),
    ],
)
def test_a_split_that_may_not_be_touched_is_refused(splits: list[str], wanted: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as error:
        planned(of_words(["a", "b"], splits), "oversample", splits=wanted)

    assert message in error.value.message


@pytest.mark.parametrize("name", ["Train", "TRAINING", "training"])
def test_the_split_to_learn_from_is_found_however_it_is_written(name: str) -> None:
    chosen = planned(of_words(["a", "a", "b"], [name, name, "val"]), "oversample")

    assert chosen.part.splits == [name]


def test_a_split_of_another_name_is_taken_where_it_is_named() -> None:
    chosen = planned(
        of_words(["a", "a", "b", "b"], ["fold1", "fold1", "fold1", "val"]), "oversample", splits=("fold1",)
    )

    assert after(chosen) == {"ant": 2, "bee": 2, "cat": 0, "dog": 0}


def test_a_dataset_without_labelled_pictures_is_refused() -> None:
    with pytest.raises(UsageError, match="no training picture has been labelled"):
        planned(of_words(["?", "?"]), "oversample")


def test_a_dataset_of_empty_pictures_stays_as_it_is() -> None:
    chosen = planned(of_words(["", ""]), "oversample")

    assert chosen.times.tolist() == [1, 1]
    assert (chosen.part.before.ratio, chosen.part.before.entropy) == (None, None)


# --- repeat factors


@pytest.mark.parametrize("strategy", [*REPEATS, "augment", "copy-paste"])
def test_pictures_without_any_object_stay_as_they_are_and_it_says_so(strategy: str) -> None:
    chosen = planned(of_words(["", ""]), strategy)

    assert chosen.times.tolist() == [1, 1]
    assert chosen.part.notes == ["no training picture shows an object"]


def test_repeat_factors_are_those_of_the_paper() -> None:
    # 16 pictures: ants in 15 (no rare class), bees in 4 of them, a cat in 1 alone; threshold 0.25.
    words = ["ab"] * 4 + ["a"] * 11 + ["c"]

    chosen = planned(of_words(words), "repeat-factor", threshold=0.25, output="weights")

    # f(bee) = 0.25 -> 1; f(cat) = 1/16 -> sqrt(0.25 * 16) = 2
    assert chosen.weights.tolist() == [1.0] * 15 + [2.0]
    assert after(chosen) == {"ant": 15, "bee": 4, "cat": 2, "dog": 0}


def test_a_picture_is_repeated_for_the_rarest_of_its_classes() -> None:
    words = ["a"] * 98 + ["ab", "abc"]

    chosen = planned(of_words(words), "repeat-factor", threshold=0.5)

    assert chosen.weights[98] == pytest.approx(5.0)  # sqrt(0.5 / 0.02)
    assert chosen.weights[99] == pytest.approx(7.0710678)  # sqrt(0.5 / 0.01)


def test_a_very_rare_class_is_drawn_no_more_often_than_the_limit() -> None:
    chosen = planned(of_words(["a"] * 99 + ["b"]), "repeat-factor", threshold=1.0, limit=4)

    assert chosen.weights[99] == 4.0  # sqrt(1 / 0.01) = 10


@pytest.mark.parametrize(
    ("words", "threshold"),
    [
        (["a"] * 6 + ["b", "c"], 1 / 3),  # a class that nothing shows does not count
        (["ab"] * 6 + ["abc", "a"], (8 + 7 + 1) / 8 / 3),
    ],
)
def test_a_class_is_rare_below_the_average_one_where_no_threshold_is_given(words: list[str], threshold: float) -> None:
    chosen = planned(of_words(words), "repeat-factor")

    assert chosen.part.threshold == pytest.approx(threshold)


def test_a_fraction_repeats_that_share_of_the_pictures() -> None:
    words = ["a"] * 600 + ["b"] * 400

    chosen = planned(of_words(words), "repeat-factor", threshold=0.9)

    assert chosen.weights[600] == 1.5
    assert set(chosen.times[600:].tolist()) == {1, 2}
    assert chosen.times[600:].sum() == pytest.approx(600, abs=30)  # 3 standard deviations of 400 draws
    assert planned(of_words(words), "repeat-factor", threshold=0.9, seed=1).times.tolist() != chosen.times.tolist()


def test_more_pictures_of_the_same_shares_change_no_other_draw() -> None:
    few, many = of_words(["a", "b"] * 50), of_words(["a", "b"] * 100)

    first, second = (planned(d, "repeat-factor", threshold=1.0).times.tolist() for d in (few, many))

    assert second[:100] == first


# --- oversampling


def test_classes_become_even_where_each_picture_shows_one() -> None:
    chosen = planned(of_words(["a"] * 12 + ["b"] * 5 + ["c"] * 2), "oversample")

    assert after(chosen) == {"ant": 12, "bee": 12, "cat": 12, "dog": 0}
    assert chosen.part.before.ratio == 6.0
    assert chosen.part.after.ratio == 1.0
    assert chosen.part.after.entropy == pytest.approx(1.0)


def test_a_picture_of_a_rare_class_alone_is_repeated_before_one_that_shows_a_common_one_too() -> None:
    chosen = planned(of_words(["a"] * 8 + ["ab", "b"]), "oversample")

    assert chosen.times.tolist() == [1] * 9 + [8]
    assert after(chosen) == {"ant": 9, "bee": 9, "cat": 0, "dog": 0}


def test_a_class_that_only_comes_with_a_common_one_is_raised_a_little_and_named() -> None:
    chosen = planned(of_words(["aaaaa"] * 10 + ["aaaaab"]), "oversample")

    (why,) = [s for s in chosen.part.shortfalls if s.name == "bee"]
    assert (why.reason, why.wanted) == ("beside", 55)
    assert why.message == "its only picture shows 'ant', too, which would grow with it"
    assert after(chosen)["bee"] < 10


def test_no_picture_is_there_more_often_than_the_limit() -> None:
    chosen = planned(of_words(["a"] * 50 + ["b"]), "oversample", limit=7)

    assert chosen.times.max() == 7
    (bee, *_) = [s for s in chosen.part.shortfalls if s.name == "bee"]
    assert (bee.reason, bee.wanted, bee.after) == ("limit", 50, 7)
    assert bee.message == "1 object in 1 picture, each used up to 7 times (--limit)"
    assert [c.objects.reachable for c in chosen.part.classes] == [350, 7, 0, 0]


def test_a_class_that_no_training_picture_shows_is_named() -> None:
    chosen = planned(of_words(["a", "a", "b"], ["train", "train", "val"]), "oversample")

    assert ("bee", "absent") in [(s.name, s.reason) for s in chosen.part.shortfalls]


@pytest.mark.parametrize("seed", range(6))
def test_oversampling_hurts_no_class_and_no_single_change_would_be_better(seed: int) -> None:
    dataset = crowded(seed, 40)

    chosen = planned(dataset, "oversample", limit=6)

    assert all(after(chosen)[name] >= now(chosen)[name] for name in now(chosen))
    assert chosen.part.after.entropy is not None
    assert chosen.part.before.entropy is not None
    assert chosen.part.after.entropy > chosen.part.before.entropy
    best = _distance(dataset, chosen.times, 6)
    for row in range(40):
        for change in (-1, 1):
            times = chosen.times.copy()
            times[row] += change
            if 1 <= times[row] <= 6:
                assert _distance(dataset, times, 6) >= best - 1e-6


def _distance(dataset: Dataset, times: np.ndarray, limit: int) -> float:
    held = np.zeros((40, 4))
    np.add.at(held, (dataset.annotations.image, dataset.annotations.category), 1)
    objects = held.sum(axis=0)
    wanted = np.minimum(objects * limit, objects.max())
    return float((((times @ held - wanted) ** 2) / np.maximum(wanted, 1)).sum())


# --- a least number of objects


def test_each_class_gets_the_target_and_common_ones_stay_as_they_are() -> None:
    chosen = planned(of_words(["a"] * 30 + ["b"] * 4 + ["ac", "c", "c"]), "target", target=10)

    assert after(chosen) == {"ant": 31, "bee": 10, "cat": 10, "dog": 0}


def test_pictures_take_turns_so_that_none_is_repeated_far_more_than_another() -> None:
    chosen = planned(of_words(["b"] * 4), "target", target=10)

    assert sorted(chosen.times.tolist()) == [2, 2, 3, 3]


@pytest.mark.parametrize("seed", range(6))
def test_the_target_is_reached_wherever_the_limit_allows(seed: int) -> None:
    chosen = planned(crowded(seed, 40), "target", target=50, limit=5)

    assert chosen.times.min() >= 1
    assert chosen.times.max() <= 5
    for one in chosen.part.classes:
        assert one.objects.after >= min(50, one.objects.reachable)


def test_the_target_is_500_where_none_is_given() -> None:
    assert planned(of_words(["a", "b"]), "target", limit=1000).part.goal == 500


def test_augmenting_repeats_as_oversampling_does_or_up_to_a_target() -> None:
    dataset = of_words(["a"] * 12 + ["b"] * 5)

    even, fixed = planned(dataset, "augment"), planned(dataset, "augment", target=8)

    assert after(even) == {"ant": 12, "bee": 12, "cat": 0, "dog": 0}
    assert after(fixed) == {"ant": 12, "bee": 8, "cat": 0, "dog": 0}
    assert even.settings.recipe == "standard"


# --- what a copy is


def test_a_copy_is_its_parent_under_another_name_in_its_split_and_group(tmp_path: object) -> None:
    dataset = of_words(["aa", "b"], ["train", "train"])

    outcome = apply(dataset, planned(dataset, "oversample"))

    images = outcome.dataset.images
    assert images.names == ("000.png", "001.png", "001.copy1.png")
    assert images.split.tolist() == [0, 0, 0]
    assert images.files is not None
    assert images.files[2] == "001.png"
    assert images.group is not None
    assert images.group[1] == images.group[2] >= 0
    assert images.group[0] == -1
    assert lineage_of(images) == {2: {"parent": "001.png", "made": "copy", "strategy": "oversample"}}
    assert (outcome.added, outcome.filtered) == (Counts(1, 1), Counts())


def test_a_plan_without_repeats_changes_nothing() -> None:
    dataset = of_words(["a", "b"])

    chosen = planned(dataset, "oversample")

    assert apply(dataset, chosen).dataset is dataset
    assert chosen.part.notes == ["no picture needs to be repeated"]


def test_the_objects_of_an_outcome_are_those_of_its_training_pictures() -> None:
    dataset = of_words(["aa", "b", "b"], ["train", "train", "val"])
    chosen = planned(dataset, "oversample")

    made = apply(dataset, chosen).dataset

    assert objects_in(made, chosen.part.splits) == {"ant": 2, "bee": 2, "cat": 0, "dog": 0}


# --- settings


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (BalanceSettings(strategy="oversample", target=5), "--target is not for --strategy oversample"),
        (BalanceSettings(strategy="target", threshold=0.1), "--threshold is not for --strategy target"),
        (BalanceSettings(strategy="undersample", limit=3), "--limit is not for --strategy undersample"),
        (BalanceSettings(strategy="target", method="exact"), "--method is not for --strategy target"),
        (BalanceSettings(strategy="augment", per_picture=2), "--per-picture is not for --strategy augment"),
        (BalanceSettings(strategy="oversample", recipe="light"), "--recipe is not for --strategy oversample"),
        (BalanceSettings(strategy="target", target=0), "--target is 0"),
        (BalanceSettings(strategy="target", limit=-1), "--limit is -1"),
        (BalanceSettings(strategy="repeat-factor", threshold=1.5), "--threshold is 1.5"),
        (BalanceSettings(strategy="repeat-factor", threshold=float("nan")), "--threshold is nan"),
        (BalanceSettings(strategy="augment", output="weights"), "makes new pictures, which --as weights cannot hold"),
        (BalanceSettings(strategy="copy-paste", output="list"), "makes new pictures, which --as list cannot hold"),
    ],
)
def test_settings_that_make_no_sense_get_one_clear_message(settings: BalanceSettings, message: str) -> None:
    with pytest.raises(UsageError) as error:
        check_settings(settings)

    assert message in error.value.message
    assert error.value.hint
