"""What a run is said to be, and what stands in its way."""

from __future__ import annotations

import pytest

from cvdata.train.report import ClassOutcome

from .diagnosing import FLAT, codes, judged, said
from .epochs import epochs


@pytest.mark.parametrize(
    ("train", "value", "verdict"),
    [
        (0.29, 0.28, "under-fits"),
        (0.29, 0.02, "under-fits"),  # whatever the gap: it did not learn the training pictures
        (0.60, 0.55, "fits"),
        (0.60, 0.63, "fits"),
        (0.80, 0.721, "fits"),
        (0.80, 0.72, "over-fits a little"),
        (0.80, 0.601, "over-fits a little"),
        (0.80, 0.60, "over-fits strongly"),
        (0.95, 0.10, "over-fits strongly"),
        (0.40, 0.38, "fits"),  # not good, but it does not get better
    ],
)
def test_the_verdict_follows_from_the_figures_of_both_sides(train: float, value: float, verdict: str) -> None:
    assert judged(value, train).verdict == verdict


def test_the_sentence_has_the_figures() -> None:
    assert judged(0.6, 0.8).message == (
        "it over-fits strongly: AP 0.800 on training pictures, 0.600 on validation pictures, 25 % less"
    )
    assert judged(0.63, 0.6).message == (
        "it fits: AP 0.600 on training pictures, 0.630 on validation pictures, no worse on new ones"
    )
    assert judged(0.1, 0.1).message == (
        "it under-fits: AP 0.100 on training pictures, 0.100 on validation pictures, and it does not get better any "
        "more"
    )


def test_a_middling_run_that_still_learns_under_fits() -> None:
    falling = epochs([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3], FLAT, [0.43] * 8)

    diagnosis = judged(0.43, 0.45, falling)

    assert diagnosis.verdict == "under-fits"
    # 0.5 before the last two epochs, 0.3 in them
    assert "the training loss still falls (by 40 % in the last quarter of the epochs)" in diagnosis.message
    assert said(diagnosis, "under-fits").cures[0] == "train longer: --epochs 100"


def test_one_that_does_not_move_any_more_is_not_told_to_train_longer() -> None:
    advice = said(judged(0.1, 0.1), "under-fits")

    assert advice.message.endswith("it does not get better any more")
    assert not any("--epochs" in cure for cure in advice.cures)


def test_after_a_few_epochs_in_which_nothing_moved_it_is_not_said_to_be_still_learning() -> None:
    advice = said(judged(0.0, 0.0, epochs([1.0], [1.0], [0.0])), "under-fits")

    assert advice.message == "AP is 0.000 on the training pictures themselves, and 1 epoch may be too few"
    assert advice.figures["fall"] == 0.0
    assert advice.cures[0] == "train longer: --epochs 100"


def test_few_validations_of_many_epochs_are_no_short_run() -> None:
    seldom = epochs([1.0] * 15, [1.0] * 15, [0.1, *[None] * 14])

    diagnosis = judged(0.1, 0.1, seldom)

    assert diagnosis.message.endswith("it does not get better any more")
    assert said(diagnosis, "under-fits").message.endswith("it does not get better any more")


def test_what_is_frozen_is_named_where_it_under_fits() -> None:
    frozen = said(judged(0.1, 0.1, settings={"freeze": "backbone", "weights": "default"}), "under-fits")

    assert "free what is frozen: --unfreeze-every 5, or --freeze none" in frozen.cures


def test_after_one_epoch_a_middling_figure_says_nothing_and_a_low_one_does() -> None:
    first = epochs([1.0], [1.0], [0.43])

    assert judged(0.43, 0.45, first).verdict == "too short to say"
    assert judged(0.43, 0.45, first).message.startswith("too short to say after 1 epoch: AP 0.450")
    assert judged(0.05, 0.06, first).verdict == "under-fits"
    assert judged(0.90, 0.95, first).verdict == "fits"


def test_without_a_figure_nothing_is_said_but_why() -> None:
    diagnosis = judged(None, 0.5)

    assert diagnosis.verdict == "too short to say"
    assert diagnosis.message == "too short to say: AP is not defined on the validation pictures"
    assert codes(diagnosis) == ["no-metric"]


def test_an_accuracy_is_held_against_guessing() -> None:
    rare = [ClassOutcome(name="ok", train=9000), ClassOutcome(name="broken", train=1000)]
    even = [ClassOutcome(name="ok", train=5000), ClassOutcome(name="broken", train=5000)]

    # To say "ok" always is right in 90 % of the cases: 0.92 is a fifth of the way from there to 1, and 84 % from 0.5.
    assert judged(0.91, 0.92, metric="accuracy", outcomes=rare).verdict == "under-fits"
    assert judged(0.91, 0.92, metric="accuracy", outcomes=even).verdict == "fits"


@pytest.mark.parametrize(("train", "verdict"), [(0.49, "under-fits"), (0.76, "fits")])
def test_a_miou_has_a_scale_of_its_own(train: float, verdict: str) -> None:
    assert judged(train, train, metric="mIoU").verdict == verdict


def test_a_rising_validation_loss_makes_a_small_gap_over_fitting() -> None:
    rising = epochs([0.9, 0.7, 0.5, 0.4, 0.3, 0.2], [1.0, 0.8, 0.6, 0.7, 0.75, 0.8], [0.65] * 6)

    diagnosis = judged(0.65, 0.7, rising)

    assert diagnosis.verdict == "over-fits a little"
    advice = said(diagnosis, "validation-loss-rises")
    assert advice.message == (
        "the validation loss has risen by 25 % since epoch 3, from 0.600 to 0.750, while the training loss fell: "
        "later epochs make it surer, not better"
    )
    assert advice.figures == {"since": 3, "least": 0.6, "last": 0.75}


def test_a_validation_loss_that_was_least_just_before_the_end_does_not_rise() -> None:
    falling = [1.0, 0.8, 0.6, 0.4, 0.3, 0.2]
    scattered = epochs(falling, [1.0, 0.8, 0.6, 0.5, 0.4, 0.5], [0.6] * 6)  # the median of the last three is 0.5, too
    rising = epochs(falling, [1.0, 0.8, 0.4, 0.5, 0.5, 0.5], [0.6] * 6)

    assert "validation-loss-rises" not in codes(judged(0.6, 0.65, scattered))
    assert "validation-loss-rises" in codes(judged(0.6, 0.65, rising))


def test_one_that_was_best_before_it_learnt_its_pictures_by_heart_over_fits() -> None:
    # The best weights, of epoch 2, had learnt nothing yet.
    heart = epochs([1.0, 0.8, 0.5, 0.3, 0.2, 0.1], FLAT, [0.1, 0.2, 0.1, 0.1, 0.1, 0.15])

    diagnosis = judged(0.2, 0.21, heart)

    assert diagnosis.message == (
        "it over-fits strongly: since the best epoch, 2 of 6, the training loss fell from 0.8 to 0.1, and AP on "
        "validation pictures went from 0.200 to 0.150"
    )
    assert not any("--epochs" in cure for advice in diagnosis.advice for cure in advice.cures)
    slower = epochs([1.0, 0.8, 0.7, 0.6, 0.5, 0.41], FLAT, [0.1, 0.2, 0.1, 0.1, 0.1, 0.15])
    assert judged(0.2, 0.21, slower).verdict == "under-fits"


def test_a_gap_that_may_be_chance_is_never_strong_and_is_said_to_be_open() -> None:
    diagnosis = judged(0.6, 0.85, interval=(0.3, 0.9), val_images=12)

    assert diagnosis.verdict == "over-fits a little"
    assert diagnosis.message.endswith("29 % less, which may be chance with so few of them")
    assert said(diagnosis, "small-validation").message == (
        "12 validation pictures say little: on others AP could be 0.300 to 0.900, so that the gap of 0.250 to the "
        "training pictures may be chance"
    )
    assert judged(0.6, 0.85, interval=(0.55, 0.65)).verdict == "over-fits strongly"


def test_one_leap_of_the_loss_to_twice_or_three_smaller_ones_are_an_unstable_rate() -> None:
    def unstable(losses: list[float]) -> bool:
        return "unstable-rate" in codes(judged(0.6, 0.6, epochs(losses, FLAT, [0.6] * len(losses))))

    assert unstable([1.0, 0.5, 1.0, 0.4])
    assert not unstable([1.0, 0.5, 0.75, 0.4])
    assert unstable([1.0, 0.5, 0.75, 0.4, 0.6, 0.4, 0.6])
    assert not unstable([1.0, 0.01, 0.03, 0.01])  # next to nothing, twice or not


def test_the_cure_of_an_unstable_rate_is_a_third_of_it() -> None:
    advice = said(judged(0.6, 0.6, epochs([1.0, 0.5, 2.0], FLAT, [0.6] * 3)), "unstable-rate")

    assert "most at epoch 3, to 4.0 times what it was" in advice.message
    assert advice.cures == [
        "a third of the learning rate: --rate 0.00033",
        "a longer warm-up: --warmup 3",
        "shorter gradients: --clip 1",
    ]


def test_one_that_still_improves_is_told_to_train_longer_unless_it_over_fits_by_then() -> None:
    rising = [0.3, 0.4, 0.5, 0.55, 0.6, 0.62, 0.64, 0.68]

    advice = said(judged(0.68, 0.7, epochs(FLAT, FLAT, rising)), "still-improving")

    # from 0.62 before the last quarter to 0.68 in it
    assert advice.figures == pytest.approx({"gain": 0.0882353, "best_epoch": 8})
    assert "still-improving" not in codes(judged(0.68, 0.95, epochs(FLAT, FLAT, rising)))


def test_a_best_epoch_at_the_very_beginning_is_said() -> None:
    down = epochs([1.0] * 20, [1.0] * 20, [0.6, 0.65, *[0.5] * 18])

    assert said(judged(0.65, 0.66, down), "best-at-start").message == (
        "epoch 2 of 20 was best, with AP 0.650; it went down to 0.500: training harmed more than it helped"
    )
    steady = epochs([1.0] * 20, [1.0] * 20, [0.6, 0.65, *[0.64] * 18])
    assert "best-at-start" not in codes(judged(0.65, 0.66, steady))


def test_few_pictures_from_random_weights_lead_to_published_ones() -> None:
    assert "from-scratch" in codes(judged(0.4, 0.4, train_images=9_999))
    assert "from-scratch" not in codes(judged(0.4, 0.4, train_images=10_000))
    assert "from-scratch" not in codes(judged(0.7, 0.7, train_images=300))  # it is good as it is
    assert "from-scratch" not in codes(judged(0.4, 0.4, train_images=300, settings={"weights": "default"}))


def test_over_fitting_leads_to_the_next_stronger_recipe() -> None:
    def cures(recipe: str) -> list[str]:
        return said(judged(0.5, 0.9, settings={"recipe": recipe}), "over-fits").cures

    assert cures("none")[0] == "more augmentation: --recipe light"
    assert cures("light")[0] == "more augmentation: --recipe standard"
    assert cures("heavy")[0] == "more pictures: there are 20,000"


def test_nothing_stands_in_the_way_of_a_sound_run() -> None:
    diagnosis = judged(0.65, 0.68)

    assert (diagnosis.verdict, diagnosis.advice) == ("fits", [])
