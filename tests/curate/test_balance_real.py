"""Two real datasets, uneven as they come, balanced by each strategy: the outcome is what the plan says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cvdata as library
from cvdata.augment.run import make
from cvdata.augment.settings import AugmentSettings
from cvdata.convert import read
from cvdata.curate.balance import BalanceSettings, apply, plan
from cvdata.dataset import Dataset
from cvdata.engine import Silent, start

# Objects of each class in the order of the dataset, before and after.
RICE = {
    "now": [17, 6, 22, 12, 9, 19, 196],
    "repeat-factor": [18, 11, 22, 14, 12, 19, 196],
    "oversample": [170, 60, 196, 120, 90, 190, 196],
    "undersample": [17, 6, 20, 12, 9, 19, 20],
    "target": [100, 60, 100, 100, 90, 100, 196],
    "copy-paste": [60, 60, 60, 60, 60, 62, 196],
}
CLOTHING = {
    "now": [15, 12, 72, 38, 42, 26, 73, 30, 12, 52],
    "oversample": [73, 73, 73, 73, 73, 73, 73, 73, 73, 73],
    "undersample": [15, 12, 20, 20, 20, 20, 20, 20, 12, 20],
    "target": [100, 100, 100, 100, 100, 100, 100, 100, 100, 100],
}
TARGETS = {"undersample": 20, "target": 100, "copy-paste": 60}


@pytest.fixture(scope="module")
def rice(shared: Path) -> Dataset:
    """Return 196 of 281 boxes in one class; its own training split has 20 pictures of two classes, so all of it."""
    dataset = read(shared / "data/rice_pest_yolo", verify="none").dataset
    images = replace(dataset.images, split=np.full(len(dataset.images), -1, np.int32), splits=())
    return replace(dataset, images=images)


@pytest.fixture(scope="module")
def clothing(shared: Path) -> Dataset:
    """Return pictures of one class each."""
    return read(shared / "data/clothing_cls/test", verify="none").dataset


def objects(dataset: Dataset) -> list[int]:
    return list(np.bincount(dataset.annotations.category, minlength=len(dataset.categories)).tolist())


def settings(strategy: str) -> BalanceSettings:
    return BalanceSettings(strategy=strategy, target=TARGETS.get(strategy))  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", [name for name in RICE if name != "now"])
def test_boxes_become_as_even_as_the_strategy_can(strategy: str, rice: Dataset) -> None:
    chosen = plan(rice, settings(strategy))

    assert [c.objects.now for c in chosen.part.classes] == RICE["now"]
    assert [c.objects.after for c in chosen.part.classes] == RICE[strategy]
    if strategy != "copy-paste":
        assert objects(apply(rice, chosen).dataset) == RICE[strategy]


@pytest.mark.parametrize("strategy", [name for name in CLOTHING if name != "now"])
def test_pictures_of_one_class_each_become_as_even_as_the_strategy_can(strategy: str, clothing: Dataset) -> None:
    chosen = plan(clothing, settings(strategy))

    assert [c.objects.now for c in chosen.part.classes] == CLOTHING["now"]
    assert [c.objects.after for c in chosen.part.classes] == CLOTHING[strategy]
    assert objects(apply(clothing, chosen).dataset) == CLOTHING[strategy]


@pytest.mark.parametrize("target", [20, 60])
def test_what_is_pasted_is_what_was_planned(target: int, rice: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    chosen = plan(rice, BalanceSettings(strategy="copy-paste", target=target))
    settings, place = AugmentSettings(recipe="none"), tmp_path / "even"

    with (
        start(2) as engine,
        make(
            rice,
            chosen.copies,
            settings,
            recipe=None,
            word="paste",
            target=place,
            engine=engine,
            progress=Silent(),
        ) as made,
    ):
        assert (made.part.unplaced, made.part.dropped, made.part.failed) == (0, 0, 0)
        assert objects(made.dataset) == [c.objects.after for c in chosen.part.classes]


def test_a_balanced_dataset_read_again_has_what_was_planned(rice: Dataset, tmp_path: Path) -> None:
    chosen = plan(rice, settings("oversample"))

    library.save(apply(rice, chosen).dataset, tmp_path / "even", "yolo")

    again = read(tmp_path / "even", sidecar="none").dataset
    assert objects(again) == RICE["oversample"]
    assert len(again.images) == chosen.part.repeats.after
