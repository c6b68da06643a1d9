from __future__ import annotations

import time
from itertools import combinations
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.engine import InProcess, Silent
from cvdata.images.facts import facts_of
from cvdata.images.find import find_pictures
from cvdata.images.phash import turned
from cvdata.images.similar import exact_copies, near_copies

Hashes: TypeAlias = "NDArray[np.uint64]"


def hashes(*values: int) -> Hashes:
    return np.array(values, np.uint64)


def random_hashes(count: int, seed: int = 0) -> Hashes:
    return np.asarray(np.random.default_rng(seed).integers(0, 1 << 63, count, dtype=np.uint64) << np.uint64(1))


def flipped(value: int, *bits: int) -> int:
    for bit in bits:
        value ^= 1 << bit
    return value


def slow_clusters(values: list[int], bits: int) -> list[int]:
    """Compare all with all."""
    root = list(range(len(values)))
    for a, b in combinations(range(len(values)), 2):
        if bin(values[a] ^ values[b]).count("1") <= bits and root[a] != root[b]:
            low, high = sorted((root[a], root[b]))
            root = [low if r == high else r for r in root]
    numbers: dict[int, int] = {}
    return [-1 if root.count(r) == 1 else numbers.setdefault(r, len(numbers)) for r in root]


# Exact copies


def test_files_with_the_same_bytes_are_numbered_by_first_appearance() -> None:
    sha256 = np.random.default_rng(0).integers(0, 256, (7, 32), dtype=np.uint8)
    sha256[4] = sha256[1]
    sha256[6] = sha256[1]
    sha256[5] = sha256[0]

    assert exact_copies(sha256).tolist() == [0, 1, -1, -1, 1, 0, 1]


def test_files_that_differ_in_the_last_byte_of_the_hash_are_no_copies() -> None:
    sha256 = np.ones((2, 32), np.uint8)
    sha256[1, 31] = 2

    assert exact_copies(sha256).tolist() == [-1, -1]


def test_files_that_were_never_read_are_no_copies() -> None:
    assert exact_copies(np.zeros((3, 32), np.uint8)).tolist() == [-1, -1, -1]
    assert exact_copies(np.zeros((0, 32), np.uint8)).tolist() == []


# Near copies


def test_pictures_that_differ_in_few_bits_are_near_copies() -> None:
    a, b = 0x5A5A_0000_1234_5678, 0x0F0F_FFFF_0000_AAAA

    found = near_copies(hashes(b, a, flipped(a, 1, 20, 40, 63), flipped(b, 1, 2, 3, 4, 5), a), bits=4)

    assert found.tolist() == [-1, 0, 0, -1, 0]


def test_a_chain_of_near_copies_is_one_set() -> None:
    a = 0x5A5A_0000_1234_5678

    found = near_copies(hashes(a, flipped(a, *range(1, 9)), flipped(a, *range(1, 5))), bits=4)

    assert found.tolist() == [0, 0, 0]


@pytest.mark.parametrize("bits", [0, 1, 2, 4, 6, 8])
@given(st.lists(st.tuples(st.integers(0, 5), st.sets(st.integers(1, 63), max_size=9)), max_size=40))
def test_what_all_pairs_say_is_found(bits: int, rows: list[tuple[int, set[int]]]) -> None:
    seeds = random_hashes(6).tolist()
    values = [flipped(seeds[seed], *changes) for seed, changes in rows]

    assert near_copies(hashes(*values), bits=bits).tolist() == slow_clusters(values, bits)


def test_mirrored_and_turned_pictures_are_near_copies_where_asked() -> None:
    values = random_hashes(20)
    values[7] = turned(values[2:3])[0, 1] ^ np.uint64(1 << 9)
    values[9] = turned(values[3:4])[0, 6]

    plain = near_copies(values)
    with_turns = near_copies(values, turned=True)

    assert plain.tolist() == [-1] * 20
    assert np.flatnonzero(with_turns >= 0).tolist() == [2, 3, 7, 9]
    assert with_turns[[2, 3, 7, 9]].tolist() == [0, 1, 0, 1]


def test_pictures_whose_hash_says_nothing_are_copies_of_none() -> None:
    usable = np.array([False, True, False, True])

    assert near_copies(np.zeros(4, np.uint64), usable=usable).tolist() == [-1, 0, -1, 0]


def test_no_pictures_have_no_copies() -> None:
    assert near_copies(hashes()).tolist() == []
    assert near_copies(hashes(), turned=True).tolist() == []
    assert near_copies(hashes(5)).tolist() == [-1]


def test_planted_pairs_among_many_are_all_found() -> None:
    values = random_hashes(100_000)
    rng = np.random.default_rng(1)
    rows = rng.permutation(100_000)[:2000]
    first, second = rows[:1000], rows[1000:]
    values[second] = values[first]
    for _ in range(4):
        values[second] ^= np.uint64(1) << rng.integers(1, 64, 1000).astype(np.uint64)

    found = near_copies(values, bits=4)

    assert (found[first] == found[second]).all()
    assert (found >= 0).sum() == 2000


@pytest.mark.parametrize("kind", ["equal", "one crowded band", "one bit apart", "two camps"])
def test_skewed_hashes_take_no_longer_than_others(kind: str) -> None:
    count = 60_000
    values = random_hashes(count)
    if kind == "equal":
        values[:] = values[0]
    elif kind == "one crowded band":  # all but the last 20 bits are the same
        values = (values[0] & ~np.uint64((1 << 20) - 1)) | (values & np.uint64((1 << 20) - 1))
    elif kind == "one bit apart":
        values = values[0] ^ (np.uint64(1) << np.arange(count, dtype=np.uint64) % np.uint64(63))
    else:
        values[::2], values[1::2] = values[0], values[1]

    started = time.process_time()
    found = near_copies(values, bits=4)

    assert time.process_time() - started < 5  # all pairs of 60,000 take minutes
    assert found.max() == (1 if kind == "two camps" else 0)
    assert (found >= 0).mean() > 0.99


def test_an_older_numpy_counts_bits_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    values = random_hashes(500)
    values[250:] = values[:250] ^ np.uint64(0b1010)
    expected = near_copies(values)

    monkeypatch.delattr(np, "bitwise_count", raising=False)

    assert near_copies(values).tolist() == expected.tolist()
    assert (expected >= 0).all()


def test_distinct_real_pictures_are_not_taken_for_copies(shared: Path) -> None:
    index = find_pictures(shared / "data/clothing_cls")
    read = facts_of([f"{index.root}/{name}" for name in index.names[:120]], InProcess(), Silent())

    assert (near_copies(read.facts.phash) == -1).all()


@pytest.mark.slow
def test_copies_in_real_data_are_found(shared: Path) -> None:
    index = find_pictures(shared / "data/bolt_yolo_seg")

    read = facts_of([f"{index.root}/{name}" for name in index.names], InProcess(), Silent())

    copies = exact_copies(read.facts.sha256)
    assert copies.max() + 1 == 5
    assert {index.names[row].split("/")[0] for row in np.flatnonzero(copies >= 0)} == {"val", "valid"}
