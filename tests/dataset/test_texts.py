"""Rows of text stay in the pieces in which they came."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cvdata.dataset import Texts

ROWS = st.lists(st.binary(max_size=4), max_size=8)


def rows_of(texts: Texts) -> list[bytes]:
    return [texts.joined(slice(row, row + 1)) for row in range(len(texts))]


def test_rows_come_back_one_by_one_and_end_to_end() -> None:
    texts = Texts.of([b"ab", b"", b"cde"])

    assert rows_of(texts) == [b"ab", b"", b"cde"]
    assert texts.joined(slice(None)) == b"abcde"
    assert texts.joined(slice(1, 1)) == b""


@given(st.lists(ROWS, max_size=4), st.data())
def test_joined_and_chosen_rows_are_those_of_a_list(parts: list[list[bytes]], data: st.DataObject) -> None:
    rows = [row for part in parts for row in part]
    texts = Texts.concat([Texts.of(part) for part in parts])
    chosen = data.draw(st.lists(st.sampled_from(range(len(rows))), max_size=12)) if rows else []

    taken = texts.take(np.array(chosen, np.int64))

    assert rows_of(texts) == rows
    assert rows_of(taken) == [rows[row] for row in chosen]
    assert taken.joined(slice(1, 7)) == b"".join([rows[row] for row in chosen[1:7]])


def test_joining_and_choosing_copies_no_text() -> None:
    one, other = Texts.of([b"abc", b"d"]), Texts.of([b"efg"])

    taken = Texts.concat([one, Texts.none(2), other]).take(np.array([4, 0]))

    assert [piece is text for piece, text in zip(taken.pieces, one.pieces + other.pieces, strict=True)] == [True, True]
    assert rows_of(taken) == [b"efg", b"abc"]
