"""Leaving pictures out: floors hold, the exact method is as good as trying everything."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cvdata.errors import UsageError

from .balanced import after, counts, crowded, now, of_words, planned

METHODS = ["greedy", "exact"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("target", [1, 5, 20])
def test_no_class_falls_below_its_floor(method: str, seed: int, target: int) -> None:
    dataset = crowded(seed, 30)

    chosen = planned(dataset, "undersample", target=target, method=method)

    for name, count in after(chosen).items():
        assert count >= min(target, now(chosen)[name])
    assert counts(dataset, chosen)[0] == after(chosen)
    assert set(chosen.times.tolist()) <= {0, 1}


@pytest.mark.parametrize("seed", range(12))
def test_the_exact_method_leaves_what_trying_everything_leaves(seed: int) -> None:
    dataset = crowded(seed, 11)
    held = np.zeros((11, 4), np.int64)
    np.add.at(held, (dataset.annotations.image, dataset.annotations.category), 1)
    floor = np.minimum(held.sum(axis=0), 3)
    outcomes = [(kept, np.array(kept) @ held) for kept in product((0, 1), repeat=11)]
    best = min((int(left.sum()), -sum(kept)) for kept, left in outcomes if (left >= floor).all())

    chosen = planned(dataset, "undersample", target=3, method="exact")

    assert (sum(after(chosen).values()), -int(chosen.times.sum())) == best


@pytest.mark.parametrize("method", METHODS)
def test_pictures_of_one_class_each_shrink_to_the_target(method: str) -> None:
    chosen = planned(of_words(["a"] * 20 + ["b"] * 12 + ["c"] * 3), "undersample", target=5, method=method)

    assert after(chosen) == {"ant": 5, "bee": 5, "cat": 3, "dog": 0}
    assert (chosen.part.repeats.removed, chosen.part.repeats.after) == (22, 13)


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_of_a_scarce_class_stays_and_the_common_one_beside_it_is_named(method: str) -> None:
    chosen = planned(of_words(["aaaac"] * 3 + ["a"] * 10), "undersample", target=5, method=method)

    assert after(chosen) == {"ant": 12, "bee": 0, "cat": 3, "dog": 0}
    (why,) = chosen.part.shortfalls
    assert (why.name, why.reason, why.after) == ("ant", "beside", 12)
    assert "'cat' in 3 of them" in why.message


@pytest.mark.parametrize("method", METHODS)
def test_empty_pictures_stay(method: str) -> None:
    chosen = planned(of_words(["", "a", "a", "a", ""]), "undersample", target=1, method=method)

    assert chosen.times[[0, 4]].tolist() == [1, 1]
    assert chosen.times.sum() == 3


def test_nothing_is_left_out_where_no_class_is_above_the_target() -> None:
    chosen = planned(of_words(["a"] * 20 + ["b"] * 6), "undersample")

    assert chosen.times.tolist() == [1] * 26
    assert chosen.part.notes == [
        "no picture can be left out: --target 500 is the floor of every class; the smallest class has 6"
    ]


def test_another_seed_keeps_other_pictures() -> None:
    dataset = of_words(["a"] * 40)

    first, second, again = (planned(dataset, "undersample", target=10, seed=s).times.tolist() for s in (0, 1, 0))

    assert first == again != second


def test_the_exact_method_says_where_it_ends() -> None:
    words = ["a" * one + "b" * two + "c" * three for one in range(8) for two in range(7) for three in range(7)]

    with pytest.raises(UsageError, match="the exact method is for up to 300"):
        planned(of_words(words), "undersample", target=100, method="exact")
