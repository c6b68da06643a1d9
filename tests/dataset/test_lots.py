"""`cvdata.dataset.lots`: chance that hangs on names alone."""

from __future__ import annotations

import hashlib

import numpy as np

from cvdata.dataset.lots import draw_lots


def test_a_lot_is_the_hash_of_salt_and_name() -> None:
    first = hashlib.blake2b(b"7/caf\xc3\xa9.jpg", digest_size=8).digest()
    second = hashlib.blake2b(b"7/bad\xed\xb3\xbf.jpg", digest_size=8).digest()  # a byte that is no text

    lots = draw_lots(["café.jpg", "bad\udcff.jpg"], "7/")

    assert lots.dtype == np.uint64
    assert lots.tolist() == [int.from_bytes(first, "big"), int.from_bytes(second, "big")]


def test_a_name_that_comes_later_changes_no_other_lot() -> None:
    assert draw_lots(["a", "b", "c"], "0/")[[0, 2]].tolist() == draw_lots(["a", "c"], "0/").tolist()


def test_no_names_have_no_lots() -> None:
    assert draw_lots([], "0/").tolist() == []
