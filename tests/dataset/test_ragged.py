from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.dataset import Ragged
from cvdata.dataset.ragged import locked, ranges, starts

rows_of_numbers = st.lists(st.lists(st.integers(-9, 9), max_size=5), max_size=8)


def listed(table: Ragged) -> list[list[int]]:
    return [table[row].tolist() for row in range(len(table))]


@given(rows_of_numbers)
def test_rows_come_back_as_they_were(rows: list[list[int]]) -> None:
    assert listed(Ragged.of(rows, np.int64)) == rows


@given(rows_of_numbers, st.data())
def test_take_picks_rows_in_any_order_and_number(rows: list[list[int]], data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=9)) if rows else []

    taken = Ragged.of(rows, np.int64).take(np.array(chosen, np.int64))

    assert listed(taken) == [rows[row] for row in chosen]


@given(st.lists(rows_of_numbers, min_size=1, max_size=4))
def test_concat_joins_tables_end_to_end(tables: list[list[list[int]]]) -> None:
    joined = Ragged.concat([Ragged.of(rows, np.int64) for rows in tables])

    assert listed(joined) == [row for rows in tables for row in rows]


@given(st.lists(st.binary(max_size=6), max_size=8))
def test_byte_strings_come_back(texts: list[bytes]) -> None:
    assert Ragged.texts(texts).to_bytes() == texts


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), max_size=8))
def test_ranges_are_aranges_end_to_end(spans: list[tuple[int, int]]) -> None:
    first, length = (np.array([span[i] for span in spans], np.int64) for i in (0, 1))

    assert ranges(first, length).tolist() == [n for a, m in spans for n in range(a, a + m)]


def test_lengths_and_owners_follow_the_offsets() -> None:
    table = Ragged.of([[1], [], [2, 3]], np.int64)

    assert table.lengths.tolist() == [1, 0, 2]
    assert table.owner.tolist() == [0, 2, 2]
    assert starts(np.array([1, 0, 2])).tolist() == [0, 1, 1, 3]


def test_no_one_can_change_a_table() -> None:
    values = np.arange(3)
    table = Ragged(values, starts(np.array([3])))

    with pytest.raises(ValueError, match="read-only"):
        table.values[0] = 9
    with pytest.raises(ValueError, match="read-only"):
        table.offsets[0] = 9
    values[0] = 7  # the caller's own array stays the caller's
    assert locked(table.values) is table.values
