"""Which embeddings are near which: exact, by products of matrices, a block at a time.

Memory stays bounded: a block is at most 16 million products (64 MB), and besides there is one number a picture. A
search among a million pictures of 512 numbers each, which are 2.1 GB themselves, took 150 MB more.

Vectors are float32 of length 1, shape (n, numbers): their product is the cosine of the angle between two of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["closest", "farthest_first", "nearest", "novelty"]

_PRODUCTS = 1 << 24
_ROWS = 1 << 14  # of a block, at most
_IN_FLOAT64 = 1 << 12  # rows that are looked at again at a time
_SLACK = 1e-5  # more than products in float32 are ever wrong by, of vectors with up to 10,000 numbers


def nearest(
    vectors: NDArray[np.float32], query: NDArray[np.float32], n: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the rows that are most alike to a query, those first, and their cosine with it; of equals the first row.

    Args:
        query: shape (numbers,), or (queries, numbers): then a row is as alike as to the query that it is most alike to.
    """
    queries = np.atleast_2d(query)
    if not len(vectors) or not len(queries) or n < 1:
        return np.empty(0, np.int64), np.empty(0)
    rough = _best(vectors, queries)
    least = np.partition(rough, len(rough) - min(n, len(rough)))[len(rough) - min(n, len(rough))]
    rows = np.flatnonzero(rough >= least - _SLACK)
    # In float32 the same vector may come out a hair different in another place of a block; here it does not.
    exact = np.concatenate([_exact(vectors[rows[part]], queries) for part in _parts(len(rows))])
    order = np.argsort(-exact, kind="stable")[:n]
    return rows[order], exact[order]


def closest(vectors: NDArray[np.float32], others: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return for each vector the row of the other one that it is most alike to, and their cosine, shape (n,) both.

    Args:
        others: at least one.
    """
    best, row = np.full(len(vectors), -np.inf, np.float32), np.zeros(len(vectors), np.int64)
    for mine, first, products in _products(vectors, others):
        at = products.argmax(axis=1)
        value = products[np.arange(len(at)), at]
        better = value > best[mine]
        row[mine] = np.where(better, first + at, row[mine])
        best[mine] = np.where(better, value, best[mine])
    cosine = [(vectors[part].astype(np.float64) * others[row[part]]).sum(axis=1) for part in _parts(len(vectors))]
    return row, np.concatenate([np.empty(0), *cosine])


def novelty(vectors: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return how far each vector is from the nearest known one, 1 - cosine, float64, shape (n,): 0 the same, at most 2.

    NaN where nothing is known, and far from it so has no meaning.
    """
    if not len(known):
        return np.full(len(vectors), np.nan)
    return np.clip(1 - _best(vectors, known).astype(np.float64), 0, 2)


def farthest_first(vectors: NDArray[np.float32], known: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Return rows, each the farthest from everything known and from the rows before it; of equals the first.

    So few cover all that there is: the greedy solution of the k-centre problem, at most twice as far from the last
    picture as the best one (Gonzalez 1985; for labelling Sener and Savarese 2018, algorithm 1). Where nothing is known
    the first is the one that is nearest to the mean of all.
    """
    n = min(n, len(vectors))
    if n < 1:
        return np.empty(0, np.int64)
    if len(known):
        alike = _best(vectors, known)
        chosen: list[int] = []
    else:
        chosen = [int(nearest(vectors, vectors.mean(axis=0, dtype=np.float64).astype(np.float32), 1)[0][0])]
        alike = _best(vectors, vectors[chosen])
    alike[chosen] = np.inf
    while len(chosen) < n:
        # Rounded, or which of two pictures that are the same comes first would hang on the last digit.
        row = int(np.round(alike, 6).argmin())
        chosen.append(row)
        np.maximum(alike, _best(vectors, vectors[row : row + 1]), out=alike)
        alike[row] = np.inf
    return np.array(chosen, np.int64)


def _best(vectors: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest product of each vector with any other one, float32, shape (n,)."""
    best = np.full(len(vectors), -np.inf, np.float32)
    for mine, _, products in _products(vectors, others):
        np.maximum(best[mine], products.max(axis=1), out=best[mine])
    return best


def _products(
    vectors: NDArray[np.float32], others: NDArray[np.float32]
) -> Iterator[tuple[slice, int, NDArray[np.float32]]]:
    """Yield all products, a block at a time: which vectors, the first of the other ones, shape (vectors, others)."""
    step = max(1, min(_ROWS, _PRODUCTS // max(1, min(_ROWS, len(others)))))
    for start in range(0, len(vectors), step):
        mine = slice(start, start + step)
        for first in range(0, len(others), _ROWS):
            yield mine, first, vectors[mine] @ others[first : first + _ROWS].T


def _exact(vectors: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the largest product of each vector with any query, each sum taken on its own and in float64."""
    best = np.full(len(vectors), -np.inf)
    for query in queries.astype(np.float64):
        np.maximum(best, (vectors * query).sum(axis=1), out=best)
    return best


def _parts(rows: int) -> Iterator[slice]:
    return (slice(first, first + _IN_FLOAT64) for first in range(0, rows, _IN_FLOAT64))
