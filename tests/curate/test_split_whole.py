"""No group is ever torn, whatever made it, and shares are met where groups are many and small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.curate.split import SplitSettings, split
from cvdata.curate.split.search import settle
from cvdata.curate.split.strata import Problem, stratify
from cvdata.curate.split.tally import Tally, tally
from cvdata.dataset import Dataset
from tests.curate.divided import dataset_of_names, facts_of_content, splits_of

KINDS = ("copy", "near", "mirrored", "lineage", "stored", "augmented", "film", "roboflow")


@dataclass
class Planted:
    """A dataset in the making, and which of its pictures were planted as belonging together."""

    names: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    phash: list[int] = field(default_factory=list)
    lineage: dict[str, str] = field(default_factory=dict)
    stored: list[int] = field(default_factory=list)
    pairs: list[tuple[int, int]] = field(default_factory=list)

    def alone(self, rng: np.random.Generator, kind: str = "plain") -> int:
        """Add a picture that is like no other; its name is of a film, of Roboflow, or of neither."""
        row = len(self.names)
        named = {"film": f"film{row}_frame_1.jpg", "roboflow": f"{row}/o_jpg.rf.{row:032}.jpg"}
        self.names.append(named.get(kind, f"{row}/p{row}x.jpg"))
        self.content.append(str(row))
        self.phash.append(int(rng.integers(1, 2**62)) * 2)
        self.stored.append(-1)
        return row

    def plant(self, kind: str, of: int, rng: np.random.Generator) -> None:
        """Add a picture that belongs to another one."""
        row = self.alone(rng)
        stem = self.names[of].rsplit(".", 1)[0]
        if kind == "near":
            self.phash[row] = self.phash[of] ^ sum(1 << int(bit) for bit in rng.choice(range(1, 64), 4, replace=False))
        elif kind == "mirrored":
            self.phash[row] = self.phash[of] ^ 0xAAAAAAAAAAAAAAAA  # every wave with an odd number across turns its sign
        elif kind == "lineage":
            self.lineage[self.names[row]] = self.names[of]
        elif kind == "stored":
            self.stored[of] = self.stored[of] if self.stored[of] >= 0 else of
            self.stored[row] = self.stored[of]
        elif kind == "augmented":
            self.names[row] = f"{stem}.aug{row}.jpg"
        elif kind == "film" and self.names[of].endswith("_frame_1.jpg"):
            self.names[row] = f"film{of}_frame_{row}.jpg"
        elif kind == "roboflow" and ".rf." in self.names[of] and ".aug" not in self.names[of]:
            self.names[row] = f"{self.names[of].split('.rf.')[0]}.rf.{row:032}.jpg"
        else:
            self.content[row] = self.content[of]
        self.pairs.append((row, of))

    def dataset(self, objects: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Dataset:
        """Return the dataset with these objects of each class in each picture."""
        return dataset_of_names(
            self.names,
            objects.tolist(),
            objects.shape[1],
            lineage=self.lineage,
            facts=facts_of_content(self.content, self.phash),
            group=np.array(self.stored, np.int32),
            groups=tuple(str(row) for row in range(len(self.names))),
        )


def components(rows: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Return a plain union-find's verdict: the lowest row of the set of each row."""
    parent = list(range(rows))

    def root(row: int) -> int:
        while parent[row] != row:
            row = parent[row]
        return row

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return [root(row) for row in range(rows)]


@st.composite
def planted(draw: st.DrawFn) -> Planted:
    """Draw pictures, some of them planted as belonging to one before them."""
    made = Planted()
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    for kind in ("plain", "film", "roboflow"):
        made.alone(rng, kind)
    for kind in draw(st.lists(st.sampled_from(["alone", *KINDS]), min_size=3, max_size=60)):
        if kind == "alone":
            made.alone(rng, draw(st.sampled_from(["plain", "film", "roboflow"])))
        else:
            made.plant(kind, draw(st.integers(0, len(made.names) - 1)), rng)
    for _ in range(len(made.names)):
        made.alone(rng)  # names that would put more than half of all pictures into one film are not believed
    return made


@settings(max_examples=150)
@given(
    made=planted(),
    seed=st.integers(0, 9),
    shares=st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5, 0.0), (0.34, 0.33, 0.33), (0.98, 0.01, 0.01)]),
)
def test_planted_groups_of_every_kind_are_never_separated(
    made: Planted, seed: int, shares: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(seed)
    dataset = made.dataset(rng.integers(0, 3, (len(made.names), 4)))
    roots = components(len(made.names), made.pairs)

    outcome = split(dataset, SplitSettings(train=shares[0], val=shares[1], test=shares[2], seed=seed, labels_only=True))

    found = splits_of(outcome.dataset)
    assert len(found) == len(made.names)
    assert set(found.values()) <= {"train", "val", "test"}
    assert all(found[made.names[row]] == found[made.names[root]] for row, root in enumerate(roots))
    sizes = np.bincount(roots)
    certificate = outcome.certificate
    assert (certificate.groups, certificate.grouped_images) == (int((sizes > 1).sum()), int(sizes[sizes > 1].sum()))
    assert (certificate.whole_groups, certificate.leaks) == (certificate.groups, 0)
    assert sum(part.images for part in certificate.splits) == len(made.names)


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32), folds=st.sampled_from([None, 5]))
def test_shares_are_within_two_points_where_groups_are_many_and_small(seed: int, folds: int | None) -> None:
    rng = np.random.default_rng(seed)
    made = Planted()
    for _ in range(250):
        first = made.alone(rng)
        for kind in rng.choice(KINDS[:6], rng.choice(4, p=[0.6, 0.2, 0.1, 0.1])).tolist():
            made.plant(kind, first, rng)
    objects = rng.poisson([0.4, 0.6, 1.0, 2.0], (len(made.names), 4))

    certificate = split(made.dataset(objects), SplitSettings(folds=folds, labels_only=True)).certificate

    assert certificate.groups > 50
    assert all(part.off is not None and abs(part.off) <= 2 for part in certificate.splits)
    assert all(one.off is not None and abs(one.off) <= 2 for one in certificate.classes)
    assert certificate.warnings == []


def shares_of(
    found: Tally, split: np.ndarray[tuple[int, ...], np.dtype[np.int64]], splits: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the share of each column in each split, by loops."""
    shares = np.zeros((splits, found.columns))
    for unit in range(len(found)):
        for at in range(found.offsets[unit], found.offsets[unit + 1]):
            shares[split[unit], found.column[at]] += found.count[at]
    return np.asarray(shares / np.maximum(shares.sum(axis=0), 1))


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), splits=st.integers(2, 4))
def test_in_the_end_no_move_of_one_group_would_help(seed: int, splits: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(splits, 30))
    dataset = dataset_of_names([str(row) for row in range(rows)], rng.integers(0, 3, (rows, 3)).tolist())
    found = tally(dataset, np.arange(rows))
    wishes = rng.dirichlet(np.ones(splits)) * 0.5 + 0.5 / splits
    weights = np.ones(found.columns)
    start = rng.integers(0, splits, rows)

    end = settle(found, wishes, start, np.ones(rows, np.bool_), weights)

    def cost(split: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
        used = found.totals() > 0
        return float(((shares_of(found, split, splits) - wishes[:, None])[:, used] ** 2).sum())

    assert cost(end) <= cost(start) + 1e-12
    if np.abs(shares_of(found, end, splits)[:, found.totals() > 0] - wishes[:, None]).max() <= 0.0005:
        return
    for unit in range(rows):
        for other in range(splits):
            moved = end.copy()
            moved[unit] = other
            before, after = (shares_of(found, some, splits)[:, 3:7] > 0 for some in (end, moved))
            assert cost(moved) >= cost(end) - 1e-9 or (before & ~after).any()


def test_units_that_are_settled_stay_and_those_left_out_get_no_split() -> None:
    dataset = dataset_of_names([str(row) for row in range(12)], [[1, 0, 0]] * 12)
    fixed = np.array([1, 1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1])

    found = stratify(Problem(tally(dataset, np.arange(12)), (0.5, 0.5), fixed), np.arange(10))

    assert found[:2].tolist() == [1, 1]
    assert np.bincount(found[:10]).tolist() == [5, 5]
    assert found[10:].tolist() == [-1, -1]
