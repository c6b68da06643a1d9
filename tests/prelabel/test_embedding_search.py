"""The search among embeddings, held against the plainest way to do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cvdata.prelabel.embeddings import search
from cvdata.prelabel.embeddings.search import closest, farthest_first, nearest, novelty


def directions(*degrees: float) -> NDArray[np.float32]:
    """Return vectors in a plane, so that the cosine of two is that of the angle between them."""
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def drawn(seed: int, rows: int, numbers: int = 5, copies: int = 0) -> NDArray[np.float32]:
    """Draw vectors, the last of which are copies of the first."""
    vectors = np.random.default_rng(seed).normal(size=(rows, numbers))
    vectors[rows - copies :] = vectors[:copies]
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_the_nearest_come_first_with_their_cosine() -> None:
    rows, cosine = nearest(directions(90, 10, 0, 60), directions(0)[0], 3)

    assert rows.tolist() == [2, 1, 3]
    assert cosine == pytest.approx([1, np.cos(np.radians(10)), 0.5], abs=1e-6)


def test_of_several_queries_the_nearer_one_counts() -> None:
    rows, cosine = nearest(directions(80, 40, 1), directions(0, 90), 3)

    assert rows.tolist() == [2, 0, 1]
    assert cosine == pytest.approx(np.cos(np.radians([1, 10, 40])), abs=1e-6)


def test_equals_come_in_the_order_of_their_rows() -> None:
    vectors = directions(*([30] * 5), 0, *([30] * 5))

    rows, _ = nearest(vectors, directions(30)[0], 4)

    assert rows.tolist() == [0, 1, 2, 3]


@given(seed=st.integers(0, 99), rows=st.integers(1, 40), queries=st.integers(1, 4), n=st.integers(1, 50))
def test_the_nearest_are_those_of_all_products_sorted(seed: int, rows: int, queries: int, n: int) -> None:
    vectors, query = drawn(seed, rows, copies=rows // 3), drawn(seed + 1, queries)

    found, cosine = nearest(vectors, query, n)

    best = [max(float(sum(a * b for a, b in zip(v, q, strict=True))) for q in query.astype(float)) for v in vectors]
    assert found.tolist() == sorted(range(rows), key=lambda row: (-round(best[row], 12), row))[:n]
    assert cosine == pytest.approx([best[row] for row in found], abs=1e-9)


@given(seed=st.integers(0, 99), rows=st.integers(0, 20), others=st.integers(1, 20))
def test_the_closest_is_the_one_with_the_largest_product(seed: int, rows: int, others: int) -> None:
    vectors, known = drawn(seed, rows), drawn(seed + 1, others)

    found, cosine = closest(vectors, known)

    products = vectors.astype(float) @ known.astype(float).T
    assert found.tolist() == [int(row.argmax()) for row in products]
    assert cosine == pytest.approx([float(row.max()) for row in products], abs=1e-9)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, known = drawn(0, 500, copies=100), drawn(1, 90)
    whole = nearest(vectors, known[:7], 40), novelty(vectors, known), farthest_first(vectors, known, 30)
    near = closest(vectors, known)[0].tolist()

    monkeypatch.setattr(search, "_ROWS", 8)
    monkeypatch.setattr(search, "_PRODUCTS", 50)
    cut = nearest(vectors, known[:7], 40), novelty(vectors, known), farthest_first(vectors, known, 30)

    assert cut[0][0].tolist() == whole[0][0].tolist()
    assert cut[1] == pytest.approx(whole[1], abs=1e-6)
    assert cut[2].tolist() == whole[2].tolist()
    assert closest(vectors, known)[0].tolist() == near


def test_novelty_is_the_distance_to_the_nearest_known_one() -> None:
    assert novelty(directions(0, 60, 180), directions(0, 10)) == pytest.approx(
        [0, 1 - np.cos(np.radians(50)), 1 - np.cos(np.radians(170))], abs=1e-6
    )


def test_where_nothing_is_known_novelty_is_not_defined() -> None:
    assert np.isnan(novelty(directions(0, 60), directions())).tolist() == [True, True]


def test_the_farthest_come_first_and_are_far_from_each_other() -> None:
    # Known 0. The farthest is 170; then 60 is 60 from the known one and 110 from 170, and 150 only 20 from it.
    assert farthest_first(directions(5, 150, 60, 170, 172), directions(0), 4).tolist() == [4, 2, 1, 0]


def test_where_nothing_is_known_the_most_usual_comes_first() -> None:
    assert farthest_first(directions(0, 20, 40, 130), directions(), 3).tolist() == [2, 3, 0]


@given(seed=st.integers(0, 99), rows=st.integers(1, 25), known=st.integers(1, 5))
def test_farthest_first_is_what_its_definition_says(seed: int, rows: int, known: int) -> None:
    vectors, others = drawn(seed, rows), drawn(seed + 1, known)

    found = farthest_first(vectors, others, rows).tolist()

    assert sorted(found) == list(range(rows))
    seen = [row.astype(float) for row in others]
    for row in found:
        left = found[found.index(row) :]
        far = {one: min(1 - float(vectors[one].astype(float) @ other) for other in seen) for one in left}
        assert far[row] == pytest.approx(max(far.values()), abs=2e-6)
        seen.append(vectors[row].astype(float))


@pytest.mark.parametrize("n", [0, 3])
def test_there_are_never_more_than_there_are(n: int) -> None:
    assert len(nearest(directions(0, 1), directions(0), n)[0]) == min(n, 2)
    assert len(farthest_first(directions(0, 1), directions(90), n)) == min(n, 2)
    assert len(nearest(directions(), directions(0), n)[0]) == 0
    assert len(farthest_first(directions(), directions(0), n)) == 0
