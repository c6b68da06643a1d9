"""Datasets for the tests of `balance`: pictures by the letters of the objects in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cvdata.curate.balance import BalanceSettings, Plan, apply, plan
from cvdata.dataset import Categories, Dataset, State

from ..tiny import build

__all__ = ["CLASSES", "after", "counts", "crowded", "now", "of_words", "planned"]

CLASSES = ("ant", "bee", "cat", "dog")


def of_words(
    words: Sequence[str], splits: Sequence[str] = (), folder: Path | None = None, classes: Sequence[str] = CLASSES
) -> Dataset:
    """Return a dataset of a picture for each word: `aab` shows two ants and a bee, `` nothing, `?` nobody has seen."""
    names = [f"{number:03}.png" for number in range(len(words))]
    rows = [
        {"image": name, "category": next(c for c in classes if c[0] == letter), "box": [20.0 * n, 10, 18, 18 + n]}
        for name, word in zip(names, words, strict=True)
        for n, letter in enumerate(word.replace("?", ""))
    ]
    states = {name: State.UNLABELLED for name, word in zip(names, words, strict=True) if word == "?"}
    return build(
        dict.fromkeys(names, (200, 100)),
        rows,
        Categories(names=tuple(classes)),
        states=states,
        splits=dict(zip(names, splits, strict=True)) if splits else None,
        folder=folder,
    )


def crowded(seed: int, pictures: int, classes: int = 4) -> Dataset:
    """Return pictures of up to five objects drawn by lot, the first classes far more often."""
    rng = np.random.default_rng(seed)
    share = 0.5 ** np.arange(classes)
    letters = [c[0] for c in CLASSES[:classes]]
    drawn = [rng.choice(letters, rng.integers(0, 6), p=share / share.sum()) for _ in range(pictures)]
    return of_words(["".join(word) for word in drawn])


def planned(dataset: Dataset, strategy: str, **settings: object) -> Plan:
    """Plan a balance."""
    return plan(dataset, BalanceSettings(strategy=strategy, **settings))  # type: ignore[arg-type]


def now(chosen: Plan) -> dict[str, int]:
    """Return the objects of each class that a plan counted."""
    return {c.name: c.objects.now for c in chosen.part.classes}


def after(chosen: Plan) -> dict[str, int]:
    """Return the objects of each class that a plan promises."""
    return {c.name: c.objects.after for c in chosen.part.classes}


def counts(dataset: Dataset, chosen: Plan, splits: Sequence[str] = ()) -> tuple[dict[str, int], dict[str, int]]:
    """Carry a plan out; return objects and pictures of each class, of pictures in these splits (all, if none given)."""
    made = apply(dataset, chosen).dataset
    kept = np.ones(len(made.images), np.bool_)
    if splits:
        kept = np.array([row >= 0 and made.images.splits[row] in splits for row in made.images.split.tolist()])
    table = made.annotations
    rows = [(i, c) for i, c in zip(table.image.tolist(), table.category.tolist(), strict=True) if kept[i]]
    names = made.categories.names
    return (
        {name: sum(c == row for _, c in rows) for row, name in enumerate(names)},
        {name: len({i for i, c in rows if c == row}) for row, name in enumerate(names)},
    )
