"""Which pictures make which batch, and how often rare ones come."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.dataset import Categories
from cvdata.dataset.select import keep_images
from cvdata.errors import TrainingError, UsageError
from cvdata.train.data.part import Part
from cvdata.train.data.prepare import prepare
from cvdata.train.data.sampling import InOrder, Shuffled, draw_seed, repeats_of
from cvdata.train.data.weights import class_weights
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

from .shapes import draw_classes


def rows(order: InOrder | Shuffled) -> list[list[int]]:
    return [draw.rows.tolist() for draw in order]


@given(pictures=st.integers(2, 60), batch=st.integers(1, 20), world=st.integers(1, 4), epoch=st.integers(0, 3))
def test_every_picture_comes_once_an_epoch_however_many_share_the_work(
    pictures: int, batch: int, world: int, epoch: int
) -> None:
    if batch < world or pictures < world:
        return
    shares = []
    for rank in range(world):
        order = Shuffled(pictures, batch, 7, rank=rank, world=world)
        order.set_epoch(epoch)
        shares.append(rows(order))
        assert len(shares[-1]) == len(order)

    assert len({len(share) for share in shares}) == 1  # else one would wait for ever
    assert all(share for ranks in zip(*shares, strict=True) for share in ranks)
    assert sorted(row for share in shares for part in share for row in part) == list(range(pictures))
    sizes = [sum(map(len, ranks)) for ranks in zip(*shares, strict=True)]
    assert set(sizes[:-1]) <= {batch}
    assert batch == 1 or min(sizes) > 1


def test_a_last_picture_alone_joins_the_batch_before() -> None:
    assert [len(part) for part in rows(Shuffled(9, 4, 0))] == [4, 5]
    assert [len(part) for part in rows(Shuffled(10, 4, 0))] == [4, 4, 2]
    assert [len(part) for part in rows(Shuffled(1, 4, 0))] == [1]
    assert [len(part) for part in rows(Shuffled(3, 1, 0))] == [1, 1, 1]


def test_the_order_hangs_on_the_seed_and_the_epoch_alone() -> None:
    def order(seed: int, epoch: int) -> list[list[int]]:
        shuffled = Shuffled(20, 8, seed)
        shuffled.set_epoch(epoch)
        return rows(shuffled)

    assert order(1, 2) == order(1, 2)
    assert order(1, 2) != order(1, 3)
    assert order(1, 2) != order(2, 2)


def test_validation_sees_every_picture_in_order() -> None:
    assert rows(InOrder(5, 2)) == [[0, 1], [2, 3], [4]]
    assert [rows(InOrder(5, 2, rank=rank, world=2)) for rank in (0, 1)] == [[[0], [2], [4]], [[1], [3]]]
    assert len(InOrder(5, 2, rank=1, world=2)) == 2


def test_more_processes_than_pictures_are_refused() -> None:
    with pytest.raises(UsageError, match="--batch 2 is less than a picture for each of 4 processes"):
        Shuffled(20, 2, 0, world=4)
    with pytest.raises(TrainingError, match="3 pictures are fewer than 4 processes"):
        Shuffled(3, 8, 0, world=4)


@given(
    factors=st.lists(st.floats(1, 10), min_size=1, max_size=40),
    epoch=st.integers(0, 5),
)
def test_a_picture_comes_as_often_as_its_factor_says_to_the_next_whole_number(factors: list[float], epoch: int) -> None:
    wanted = np.array(factors)
    order = Shuffled(len(factors), 8, 0, factors=wanted)
    order.set_epoch(epoch)

    draws = list(order)

    drawn = np.concatenate([draw.rows for draw in draws])
    turns = np.concatenate([draw.turns for draw in draws])
    assert len(drawn) == round(float(wanted.sum()))
    scaled = wanted * (len(drawn) / wanted.sum())
    counts = np.bincount(drawn, minlength=len(factors))
    assert (np.abs(counts - scaled) < 1 + 1e-9).all()
    assert len({(int(row), int(turn)) for row, turn in zip(drawn, turns, strict=True)}) == len(drawn)


def test_over_many_epochs_factors_are_met() -> None:
    factors = np.array([1.0, 1.25, 2.5, 1.0, 1.0])
    order = Shuffled(5, 8, 0, factors=factors)
    counts = np.zeros(5)
    for epoch in range(400):
        order.set_epoch(epoch)
        counts += np.bincount(np.concatenate([draw.rows for draw in order]), minlength=5)

    scaled = factors * (7 / factors.sum())

    assert np.abs(counts / 400 - scaled).max() < 0.1


def test_sizes_are_multiples_of_32_that_all_processes_agree_on() -> None:
    first, second = (
        [draw.size for draw in Shuffled(40, 4, 0, rank=rank, world=2, sizes=((64, 128), 0.5))] for rank in (0, 1)
    )

    assert first == second
    assert len(set(first)) > 2
    for size in first:
        assert size is not None
        assert size[0] in (32, 64, 96)
        assert 64 <= size[1] <= 192
        assert size[1] % 32 == 0


def test_seeds_of_pictures_differ() -> None:
    seeds = {draw_seed(*numbers) for numbers in product((0, 1), repeat=4)}

    assert len(seeds) == 16


def test_pictures_of_a_rare_class_are_drawn_more_often(tmp_path: Path) -> None:
    # given: 4 of 5 pictures are squares, 1 is a disc; the average class is on half of the pictures
    dataset = keep_images(draw_classes(tmp_path, 12), np.arange(5))
    table = replace(dataset.annotations, category=np.array([0, 0, 0, 0, 1], np.int32))
    dataset = replace(dataset, annotations=table, categories=Categories(names=("square", "disc")))

    factors = repeats_of(Part(dataset), 2)

    assert factors[:4].tolist() == [1, 1, 1, 1]
    assert factors[4] == pytest.approx((0.5 / 0.2) ** 0.5)


def test_weights_of_classes_follow_the_inverse_square_root(tmp_path: Path) -> None:
    wanted = TrainSettings(task="classifier", architecture="resnet18")
    prepared = prepare(Source(dataset=draw_classes(tmp_path, 12)), wanted)

    def weights(*counts: int) -> list[float]:
        counted = replace(prepared, class_counts=np.array(counts, np.int64))
        return [float(weight) for weight in class_weights(counted, wanted)]

    assert weights(100, 100) == [1, 1]
    assert weights(400, 100) == pytest.approx([2 / 3, 4 / 3])
    assert weights(100, 0, 100) == [1, 1, 1]
    with pytest.raises(UsageError, match="--balance loss: the losses of faster-rcnn cannot weigh classes"):
        class_weights(prepared, TrainSettings(task="detector", architecture="faster-rcnn"))


def test_even_classes_are_drawn_evenly(tmp_path: Path) -> None:
    prepared = prepare(Source(dataset=draw_classes(tmp_path, 12)), TrainSettings(task="classifier", architecture="any"))

    assert repeats_of(prepared.train, 3).tolist() == [1] * 9  # three classes, three pictures each: nothing to even out
