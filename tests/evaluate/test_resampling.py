"""Drawing pictures again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.dataset import Images, State
from cvdata.errors import UsageError
from cvdata.evaluate.settings import EvalSettings
from cvdata.evaluate.uncertainty import Units, draws, resampled, resamples_for, units_of


def _images(group: list[int] | None, names: tuple[str, ...] = ()) -> Images:
    count = 4 if group is None else len(group)
    return Images(
        names=tuple(f"{i}.jpg" for i in range(count)),
        width=np.full(count, 10, np.int32),
        height=np.full(count, 10, np.int32),
        state=np.full(count, State.LABELLED, np.uint8),
        split=np.full(count, -1, np.int32),
        folder=np.full(count, -1, np.int32),
        group=None if group is None else np.array(group, np.int32),
        groups=names,
    )


def test_every_resample_draws_as_many_units_as_there_are() -> None:
    counts = np.concatenate(list(draws(7, 50, 0)))

    assert counts.shape == (50, 7)
    assert counts.dtype == np.int32
    assert (counts.sum(axis=1) == 7).all()


def test_resamples_are_the_same_however_large_the_blocks_are() -> None:
    whole = np.concatenate(list(draws(11, 20, 3)))
    single = np.concatenate(list(draws(11, 20, 3, block=1)))
    uneven = np.concatenate(list(draws(11, 20, 3, block=7)))

    assert (whole == single).all()
    assert (whole == uneven).all()


def test_draws_follow_from_the_bits_of_pcg64() -> None:
    # The first outputs of PCG64 with seed 0, whose upper 32 bits times 10 over 2**32 are the units drawn.
    bits = np.random.PCG64(0)
    drawn = [(int(bits.random_raw()) >> 32) * 10 >> 32 for _ in range(10)]

    counts = next(draws(10, 1, 0))[0]

    assert drawn[:4] == [6, 2, 0, 0]
    assert counts.tolist() == [drawn.count(unit) for unit in range(10)]


def test_units_are_drawn_evenly() -> None:
    total = np.concatenate(list(draws(5, 2000, 1))).sum(axis=0)

    # 10,000 draws of 5: 2,000 each, with a standard deviation of 40.
    assert (np.abs(total - 2000) < 160).all()


def test_groups_are_drawn_whole_where_the_truth_has_any() -> None:
    units = units_of(_images([1, -1, 1, 0], ("a", "b")), EvalSettings())

    assert (units.kind, units.count) == ("groups", 3)
    for counts in next(draws(units.count, 20, 0)):
        pictures = units.weights(counts)
        assert pictures[0] == pictures[2]
        assert sorted([pictures[0], pictures[1], pictures[3]]) == sorted(counts)


def test_pictures_are_drawn_where_none_is_in_a_group() -> None:
    assert units_of(_images(None), EvalSettings()).kind == "pictures"
    assert units_of(_images([-1, -1]), EvalSettings()).kind == "pictures"


def test_pictures_are_drawn_where_the_settings_say_so() -> None:
    units = units_of(_images([0, 0], ("a",)), EvalSettings(resample="pictures"))

    assert (units.kind, units.count) == ("pictures", 2)


def test_asking_for_groups_that_are_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no groups of pictures"):
        units_of(_images(None), EvalSettings(resample="groups"))


@pytest.mark.parametrize(("size", "expected"), [(0, 1000), (100_000, 1000), (250_000, 400), (10_000_000, 200)])
def test_large_sets_have_fewer_resamples(size: int, expected: int) -> None:
    assert resamples_for(EvalSettings(), size) == expected


def test_the_number_of_resamples_is_as_asked() -> None:
    assert resamples_for(EvalSettings(resamples=150), 10) == 150


def test_the_interval_of_a_share_is_that_of_the_binomial() -> None:
    # 400 pictures of which 300 are right: 0.75, with a standard error of sqrt(0.75 * 0.25 / 400) = 0.02165.
    right = np.arange(400) < 300

    def metrics(weights: NDArray[np.int32]) -> dict[str, float | None]:
        return {"accuracy": float((weights * right).sum() / weights.sum()), "nothing": None}

    numbers = resampled(metrics, 400, EvalSettings())

    accuracy = numbers["accuracy"]
    assert accuracy.value == 0.75
    assert accuracy.low == pytest.approx(0.75 - 1.96 * 0.02165, abs=0.004)
    assert accuracy.high == pytest.approx(0.75 + 1.96 * 0.02165, abs=0.004)
    assert numbers["nothing"].value is None


def test_an_interval_is_wider_where_groups_are_drawn() -> None:
    # 100 groups of 4 pictures that are right or wrong together: as many as 100 pictures would tell.
    right = np.repeat(np.arange(100) < 50, 4)
    groups = Units("groups", 100, np.repeat(np.arange(100), 4))

    def metrics(weights: NDArray[np.int32]) -> dict[str, float | None]:
        return {"accuracy": float((weights * right).sum() / weights.sum())}

    alone, together = (resampled(metrics, units, EvalSettings())["accuracy"] for units in (400, groups))

    assert alone.low is not None and alone.high is not None and together.low is not None and together.high is not None
    assert together.high - together.low == pytest.approx(2 * (alone.high - alone.low), rel=0.1)


def test_nothing_is_resampled_where_no_resamples_are_asked_for() -> None:
    numbers = resampled(lambda weights: {"sum": float(weights.mean())}, 5, EvalSettings(resamples=0))

    assert numbers["sum"].value == 1.0
    assert numbers["sum"].low is None


def test_a_figure_that_rests_on_few_pictures_is_less_sure() -> None:
    right = np.arange(100) % 2

    def metrics(weights: NDArray[np.int32]) -> dict[str, float | None]:
        share = float((weights * right).sum() / weights.sum())
        return {"few": share, "many": share}

    found = resampled(metrics, 100, EvalSettings(resamples=200), among={"few": 4, "many": 100}.__getitem__)

    few, many = found["few"], found["many"]
    assert few.low is not None and few.high is not None and many.low is not None and many.high is not None
    assert few.low < many.low - 0.02
    assert few.high > many.high + 0.02
