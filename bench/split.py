"""`cvdata split` beside other ways to divide a dataset: `python bench/split.py [DATASET...]`.

A dataset of 3,000 pictures is generated with near copies, films and augmented copies planted in it; other datasets are
divided as they are. Each is divided 80 : 10 : 10, five times with other seeds where there is one:

    random           each picture by itself
    sechidis         iterative stratification, written plainly from the paper, each picture by itself
    scikit-multilearn, iterstrat    the same by these packages, where they are installed
    cvdata           groups whole

`mean` and `worst` say by how many points the share of a class misses its wish, over objects and pictures of all classes
in 30 pictures or more; `torn` how many groups of pictures that belong together are in more than one split.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cvdata.convert import read
from cvdata.curate.split import SplitSettings, split
from cvdata.curate.split.groups import reasons_of, torn_groups, units_of
from cvdata.dataset import Annotations, Categories, Dataset, Facts, Images
from cvdata.errors import CvdataError

WISH = np.array([0.8, 0.1, 0.1])
SEEDS = 5
ENOUGH = 30

Divide = Callable[[Dataset, int], NDArray[np.int64]]


def planted(pictures: int = 3000, classes: int = 20) -> Dataset:
    """Make a dataset of scenes; a third of them in several pictures, with nearly the same labels in each."""
    rng = np.random.default_rng(11)
    often = 1.5 / np.arange(1, classes + 1) ** 0.8
    names: list[str] = []
    phash: list[int] = []
    objects: list[NDArray[np.int64]] = []
    while len(names) < pictures:
        scene, look = rng.poisson(often * rng.gamma(1.0, 1.0)), int(rng.integers(2**62)) * 2
        number = len(names)
        kind = rng.choice(["alone", "near", "film", "augmented"], p=[0.67, 0.11, 0.11, 0.11])
        for copy in range(1 if kind == "alone" else int(rng.integers(2, 13))):
            own = look if kind == "near" else int(rng.integers(2**62)) * 2
            changed = 0 if not copy else 1 << int(rng.integers(1, 64))
            phash.append(own ^ changed)
            base = {"film": f"film{number}_frame_{copy}", "augmented": f"a{number}" + f".aug{copy}" * bool(copy)}
            names.append(f"{base.get(str(kind), f'{rng.bytes(6).hex()}x')}.jpg")
            objects.append(np.maximum(scene + (rng.random(classes) < 0.02), 0))
    return _dataset(names, np.array(objects), np.array(phash, np.uint64))


def _dataset(names: list[str], objects: NDArray[np.int64], phash: NDArray[np.uint64]) -> Dataset:
    rows, classes = objects.shape
    image, category = (np.repeat(part, objects.ravel()) for part in np.divmod(np.arange(objects.size), classes))
    facts = replace(
        Facts.none(rows),
        size=np.ones(rows, np.int64),
        phash=phash,
        contrast=np.full(rows, 50, np.float32),
        sha256=np.random.default_rng(0).integers(0, 256, (rows, 32), np.uint8),
    )
    images = Images(
        names=tuple(names),
        width=np.full(rows, 64, np.int32),
        height=np.full(rows, 64, np.int32),
        state=np.where(objects.any(axis=1), 2, 1).astype(np.uint8),
        split=np.full(rows, -1, np.int32),
        folder=np.full(rows, -1, np.int32),
        facts=facts,
    )
    table = Annotations(
        image=image.astype(np.int32), category=category.astype(np.int32), box=np.tile([1.0, 1, 9, 9], (len(image), 1))
    )
    names_of = tuple(f"class {number:02}" for number in range(classes))
    return Dataset(images=images, annotations=table, categories=Categories(names=names_of))


def by_chance(dataset: Dataset, seed: int) -> NDArray[np.int64]:
    """Divide at random, as most scripts do."""
    rows = len(dataset.images)
    ends = np.rint(np.cumsum(WISH) * rows)[:-1].astype(int)
    found = np.empty(rows, np.int64)
    for number, part in enumerate(np.split(np.random.default_rng(seed).permutation(rows), ends)):
        found[part] = number
    return found


def presence(dataset: Dataset) -> NDArray[np.int64]:
    """Return which classes are in which pictures, 0 or 1, shape (images, classes)."""
    table = np.zeros((len(dataset.images), len(dataset.categories)), np.int64)
    table[dataset.annotations.image, dataset.annotations.category] = 1
    return table


def sechidis(dataset: Dataset, seed: int) -> NDArray[np.int64]:
    """Divide by algorithm 1 of Sechidis et al. 2011, line by line."""
    rng = np.random.default_rng(seed)
    labels = presence(dataset)
    wanted = WISH * len(labels)
    wanted_of = WISH[:, None] * labels.sum(axis=0)
    left = np.ones(len(labels), np.bool_)
    found = np.full(len(labels), -1, np.int64)
    while left.any():
        counts = labels[left].sum(axis=0)
        if not counts.any():
            rows = np.flatnonzero(left)
            label = -1
        else:
            label = int(np.argmin(np.where(counts > 0, counts, counts.max() + 1)))
            rows = np.flatnonzero(left & (labels[:, label] > 0))
        for row in rng.permutation(rows).tolist():
            need = wanted_of[:, label] if label >= 0 else wanted
            among = np.flatnonzero(need == need.max())
            among = among[wanted[among] == wanted[among].max()]
            chosen = int(rng.choice(among))
            found[row], left[row] = chosen, False
            wanted_of[chosen] -= labels[row]
            wanted[chosen] -= 1
    return found


def scikit_multilearn(dataset: Dataset, seed: int) -> NDArray[np.int64]:
    """Divide with scikit-multilearn."""
    from skmultilearn.model_selection import IterativeStratification

    np.random.seed(seed)  # the package uses the global generator
    labels = presence(dataset)
    folds = IterativeStratification(n_splits=3, order=1, sample_distribution_per_fold=WISH.tolist())
    found = np.full(len(labels), -1, np.int64)
    for number, (_, rows) in enumerate(folds.split(np.zeros((len(labels), 1)), labels)):
        found[rows] = number
    return found


def iterstrat(dataset: Dataset, seed: int) -> NDArray[np.int64]:
    """Divide with iterative-stratification: ten folds, eight of which are for training."""
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    labels = presence(dataset)
    folds = MultilabelStratifiedKFold(n_splits=10, shuffle=True, random_state=seed)
    found = np.full(len(labels), -1, np.int64)
    for number, (_, rows) in enumerate(folds.split(np.zeros((len(labels), 1)), labels)):
        found[rows] = max(0, number - 7)
    return found


def cvdata(dataset: Dataset, seed: int) -> NDArray[np.int64]:
    """Divide with cvdata; pictures were read before."""
    outcome = split(dataset, SplitSettings(seed=seed, labels_only=True))
    return outcome.dataset.images.split.astype(np.int64)


PEERS: dict[str, Divide] = {
    "random": by_chance,
    "sechidis": sechidis,
    "scikit-multilearn": scikit_multilearn,
    "iterstrat": iterstrat,
    "cvdata": cvdata,
}


def off(dataset: Dataset, found: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by how many points each share misses the wish: objects, then pictures, of each class that is not rare."""
    labels = presence(dataset)
    enough = labels.sum(axis=0) >= ENOUGH
    objects = np.zeros_like(labels)
    np.add.at(objects, (dataset.annotations.image, dataset.annotations.category), 1)
    misses = []
    for table in (objects, labels):
        shares = np.array([table[found == number].sum(axis=0) for number in range(3)]) / np.maximum(
            table.sum(axis=0), 1
        )
        misses.append(100 * np.abs(shares - WISH[:, None])[:, enough])
    return np.concatenate(misses, axis=1)


def compare(name: str, dataset: Dataset) -> None:
    """Divide a dataset in every way, and print a line for each."""
    reasons = reasons_of(dataset.images, dataset.images.facts, "auto", near=True)
    unit = units_of(dataset.images, reasons).astype(np.int32)
    groups = int((np.bincount(unit) > 1).sum())
    many = int((presence(dataset).sum(axis=0) >= ENOUGH).sum())
    if not many:
        raise SystemExit(f"{name}: no class is in {ENOUGH} pictures or more, so shares say little")
    print(f"\n{name}: {len(dataset.images):,} pictures, {groups:,} groups, {many} classes in {ENOUGH} pictures or more")
    print(f"{'':<20}{'mean':>8}{'worst':>8}{'torn':>8}{'seconds':>10}")
    for peer, divide in PEERS.items():
        misses, torn, began = [], [], time.perf_counter()
        try:
            for seed in range(SEEDS):
                found = divide(dataset, seed)
                misses.append(off(dataset, found))
                torn.append(len(torn_groups(unit, found.astype(np.int32))))
        except ImportError:
            print(f"{peer:<20}  not installed")
            continue
        seconds = (time.perf_counter() - began) / SEEDS
        mean, worst = np.mean([miss.mean() for miss in misses]), np.mean([miss.max() for miss in misses])
        print(f"{peer:<20}{mean:8.2f}{worst:8.2f}{np.mean(torn):8.1f}{seconds:10.3f}", flush=True)


def known(path: str) -> Dataset:
    """Read a dataset and all of its pictures."""
    from cvdata.curate.check import pictures_of
    from cvdata.engine import Silent, start, worker_count

    dataset = read(path, verify="none").dataset
    with start(worker_count(None)) as engine:
        facts = pictures_of(dataset.images, engine, Silent()).facts
    return replace(dataset, images=replace(dataset.images, facts=facts))


def main() -> None:
    """Read the command line and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("datasets", nargs="*", help="datasets to divide, too, in any format that cvdata reads")
    compare("planted", planted())
    for path in parser.parse_args().datasets:
        try:
            compare(path, known(path))
        except CvdataError as error:
            print(f"{path}: {error}")


if __name__ == "__main__":
    main()
