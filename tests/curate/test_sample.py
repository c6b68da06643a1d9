"""`cvdata.curate.sample`: a part that looks like the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.curate.sample import By, SampleSettings, sample
from cvdata.curate.sample.units import apportion
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.dataset.select import keep_images
from cvdata.errors import UsageError

from ..strategies import datasets
from ..tiny import tiny

WAYS: list[By] = ["classes", "splits", "nothing"]


def crowded(pictures: int = 2000, classes: int = 12, seed: int = 5) -> Dataset:
    """Return pictures of several classes each, the last a hundred times as rare as the first; one in ten is empty."""
    rng = np.random.default_rng(seed)
    weights = np.geomspace(1, 0.01, classes)
    counts = np.where(rng.random(pictures) < 0.1, 0, rng.integers(1, 12, pictures))
    image = np.repeat(np.arange(pictures, dtype=np.int32), counts)
    category = rng.choice(classes, len(image), p=weights / weights.sum()).astype(np.int32)
    names = tuple(f"{number:05}.jpg" for number in range(pictures))
    size = np.full(pictures, 100, np.int32)
    return Dataset(
        images=Images(
            names=names,
            width=size,
            height=size,
            state=np.where(counts, State.LABELLED, State.EMPTY).astype(np.uint8),
            split=rng.choice(3, pictures, p=[0.7, 0.2, 0.1]).astype(np.int32),
            splits=("train", "val", "test"),
            folder=np.full(pictures, -1, np.int32),
        ),
        annotations=Annotations(image=image, category=category, box=np.tile([1.0, 1, 9, 9], (len(image), 1))),
        categories=Categories(names=tuple(f"class {number}" for number in range(classes))),
    )


@settings(max_examples=150)
@given(st.data())
def test_the_number_is_exact_and_pictures_stay_whole_and_in_order(data: st.DataObject) -> None:
    dataset = data.draw(datasets(frozenset({"splits", "states", "score"})))
    number = data.draw(st.integers(1, len(dataset.images)))
    by = data.draw(st.sampled_from(WAYS))

    outcome = sample(dataset, SampleSettings(number=number, by=by, seed=data.draw(st.integers(0, 3))))

    names = outcome.dataset.images.names
    assert len(names) == number == outcome.sampled.drawn
    assert names == tuple(name for name in dataset.images.names if name in set(names))
    expected = [(row.image, row.category, row.box) for row in dataset.rows() if row.image in names]
    assert [(row.image, row.category, row.box) for row in outcome.dataset.rows()] == expected


@pytest.mark.parametrize(("number", "most"), [(40, 0.03), (200, 0.01), (1000, 0.003)])
def test_shares_of_classes_are_nearer_than_by_chance_in_objects_and_pictures(number: int, most: float) -> None:
    dataset = crowded()

    def off(by: By) -> tuple[float, float]:
        classes = sample(dataset, SampleSettings(number=number, by=by)).sampled.classes
        objects = [abs((row.share or 0) - (row.share_after or 0)) for row in classes]
        return max(objects), max(abs((row.image_share or 0) - (row.image_share_after or 0)) for row in classes)

    assert off("classes")[0] < most
    assert off("classes")[1] < 2 * most
    assert off("classes")[0] < off("nothing")[0] / 2


@pytest.mark.parametrize("by", ["classes", "splits"])
def test_splits_and_empty_pictures_keep_their_shares(by: By) -> None:
    outcome = sample(crowded(), SampleSettings(number=200, by=by)).sampled

    assert [part.name for part in (*outcome.splits, *outcome.states)] == ["train", "val", "test", "empty", "labelled"]
    assert all(abs(part.images_after - part.images / 10) < 2 for part in (*outcome.splits, *outcome.states))


def test_each_class_is_drawn_where_the_number_allows() -> None:
    dataset = crowded()
    rare = np.flatnonzero(np.bincount(dataset.annotations.category) > 0)

    for seed in range(20):
        assert sample(dataset, SampleSettings(number=len(rare), seed=seed)).sampled.missing == []
    assert len(sample(dataset, SampleSettings(number=2)).dataset.images) == 2


def test_the_same_seed_draws_the_same_and_another_one_others() -> None:
    dataset = crowded()

    def drawn(seed: int) -> tuple[str, ...]:
        return sample(dataset, SampleSettings(fraction=0.1, seed=seed)).dataset.images.names

    assert drawn(0) == drawn(0)
    assert len(set(drawn(0)) & set(drawn(1))) < 60


@pytest.mark.parametrize(("by", "most"), [("nothing", 8), ("splits", 12), ("classes", 60)])
def test_pictures_that_come_later_change_little(by: By, most: int) -> None:
    dataset = crowded()
    before = keep_images(dataset, np.flatnonzero(np.arange(2000) % 50 != 0))

    first = sample(before, SampleSettings(number=200, by=by)).dataset.images.names
    second = sample(dataset, SampleSettings(number=200, by=by)).dataset.images.names

    assert len(set(second) - set(first)) <= most


@pytest.mark.parametrize("by", WAYS)
def test_groups_stay_whole_where_that_is_asked_for(by: By) -> None:
    dataset = crowded()
    group = np.where(np.arange(2000) < 1500, np.arange(2000) // 7, -1).astype(np.int32)
    groups = tuple(f"sequence {number}" for number in range(215))
    dataset = replace(dataset, images=replace(dataset.images, group=group, groups=groups))

    whole = sample(dataset, SampleSettings(number=300, by=by, whole_groups=True)).sampled
    free = sample(dataset, SampleSettings(number=300, by=by)).sampled

    assert (whole.torn_groups, whole.drawn) == (0, 300)
    assert free.torn_groups > 50


def test_where_no_whole_group_fits_fewer_are_drawn() -> None:
    dataset = crowded(20)
    images = replace(dataset.images, group=np.repeat([0, 1], 10).astype(np.int32), groups=("a", "b"))

    outcome = sample(replace(dataset, images=images), SampleSettings(number=15, whole_groups=True)).sampled

    assert (outcome.wished, outcome.drawn, outcome.torn_groups) == (15, 10, 0)


def test_a_fraction_is_of_all_pictures() -> None:
    assert len(sample(tiny(), SampleSettings(fraction=0.5)).dataset.images) == 3
    assert len(sample(tiny(), SampleSettings(fraction=0.01)).dataset.images) == 1
    assert sample(tiny(), SampleSettings(fraction=1)).dataset.images.names == tiny().images.names


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (SampleSettings(), "either a number of pictures or a fraction"),
        (SampleSettings(number=3, fraction=0.5), "either a number of pictures or a fraction"),
        (SampleSettings(number=0), "a sample of 0 pictures"),
        (SampleSettings(fraction=50), "the fraction is 50.*\n  hint: did you mean 0.5"),
        (SampleSettings(fraction=float("nan")), "the fraction is nan"),
        (SampleSettings(number=7), "the dataset has 6 pictures, fewer than 7"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(settings: SampleSettings, found: str) -> None:
    with pytest.raises(UsageError, match=found):
        sample(tiny(), settings)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.data())
def test_parts_add_up_within_their_bounds_and_one_of_their_shares(sizes: list[int], data: st.DataObject) -> None:
    whole: NDArray[np.int64] = np.array(sizes, np.int64)
    least = np.array([data.draw(st.integers(0, size)) for size in sizes], np.int64)
    total = data.draw(st.integers(int(least.sum()), int(whole.sum())))

    parts = apportion(total, whole, least)
    free = apportion(total, whole)

    assert parts.sum() == free.sum() == total
    assert ((parts >= least) & (parts <= whole)).all()
    assert (np.abs(free - total * whole / max(1, whole.sum())) < 1).all()
