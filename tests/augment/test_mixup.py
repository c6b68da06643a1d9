"""MixUp: two pictures shine through each other."""

from __future__ import annotations

import numpy as np
import pytest

from cvdata.augment.mixup import mixup
from cvdata.augment.remnants import Remnants
from cvdata.errors import UsageError

from .coloured import RED, labelled, painted, plain, with_ids


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_colours_are_blended_by_the_weight_that_is_reported() -> None:
    dark, light = labelled(plain(40, 30, (0, 100, 0)), []), labelled(plain(40, 30, (200, 100, 0)), [])

    mixed = mixup(dark, light, rng(), Remnants())

    weight = mixed.parameters["weight"]
    assert 0.3 < weight < 0.7
    assert np.unique(mixed.sample.image.reshape(-1, 3), axis=0).tolist() == [[round(200 * (1 - weight)), 100, 0]]


def test_labels_of_both_are_kept_and_those_of_the_first_stay_where_they_are() -> None:
    one = with_ids(labelled(plain(40, 30), [{"box": [5.5, 6, 10, 12], "difficult": 1}]))
    other = with_ids(painted(80, 60, (20, 10, 20, 30)))

    mixed = mixup(one, other, rng(), Remnants())

    table = mixed.sample.table
    assert table.box.tolist() == [[5.5, 6, 10, 12], [10, 5, 10, 15]]
    assert table.image.tolist() == [0, 0]
    assert table.difficult is not None and table.difficult.tolist() == [1, -1]
    assert table.source_id is None


def test_the_other_picture_fills_the_first_without_being_distorted() -> None:
    one, other = labelled(plain(60, 60), []), painted(300, 60, (100, 20, 20, 20))

    mixed = mixup(one, other, rng(), Remnants())

    red = np.asarray(mixed.sample.image[..., 0] > 50)
    assert red.sum() == 20 * 20
    assert mixed.sample.table.box[:, 2:].tolist() == [[20, 20]]
    assert mixed.parameters["scale"] == 1.0


def test_what_is_cut_off_too_far_is_dropped_and_counted() -> None:
    one, other = labelled(plain(20, 60), []), painted(300, 60, (0, 0, 300, 60))

    mixed = mixup(one, other, rng(), Remnants(min_visible=0.5))

    assert (len(mixed.sample.table), mixed.dropped) == (0, 1)


def test_a_small_alpha_shows_mostly_one_picture() -> None:
    one = labelled(plain(4, 4), [])

    weights = [mixup(one, one, rng(seed), Remnants(), 0.1).parameters["weight"] for seed in range(40)]

    assert sum(0.1 < weight < 0.9 for weight in weights) < 15


def test_the_same_seed_gives_the_same_picture() -> None:
    one, other = painted(40, 30, (5, 6, 10, 12)), painted(99, 45, (20, 10, 20, 30))

    first, again = (mixup(one, other, rng(7), Remnants()) for _ in range(2))

    assert np.array_equal(first.sample.image, again.sample.image)
    assert np.array_equal(first.sample.table.box, again.sample.table.box)
    assert np.array_equal(one.image, painted(40, 30, (5, 6, 10, 12)).image)


def test_the_label_of_a_whole_picture_is_refused() -> None:
    whole = labelled(plain(8, 8, RED), [{"box": [np.nan] * 4}])

    with pytest.raises(UsageError, match="mixup needs boxes"):
        mixup(painted(8, 8, (1, 1, 4, 4)), whole, rng(), Remnants())
