"""Text of YOLO files: rows of fractions from columns, and a data.yaml that every YAML reader takes the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..dataset.ragged import starts

__all__ = ["format_rows", "is_plain", "yaml_value"]


def format_rows(
    category: NDArray[np.int32], values: NDArray[np.float64], widths: NDArray[np.int64], decimals: int
) -> tuple[bytes, NDArray[np.int64]]:
    """Write rows `class value value ...`, each value with that many decimals, as one text.

    Args:
        category: shape (rows,), not negative.
        values: float64, above -1 and below 10, all rows end to end; `widths`: int64, shape (rows,), how many each has.

    Returns:
        The text, and where each row begins in it, int64, shape (rows + 1,).
    """
    cells = _cells(values, decimals)
    digits = np.ones(len(category), np.int64)
    for power in range(1, 10):
        digits += category >= 10**power
    offsets = starts(digits + widths * cells.shape[1] + 1)
    text = np.empty(offsets[-1], np.uint8)
    is_cell = np.ones(len(text), np.bool_)
    is_cell[offsets[1:] - 1] = False
    for place in range(int(digits.max(initial=0))):
        rows = np.flatnonzero(digits > place)
        at = offsets[rows] + place
        is_cell[at] = False
        text[at] = 48 + category[rows] // 10 ** (digits[rows] - 1 - place) % 10
    text[offsets[1:] - 1] = 10
    text[is_cell] = cells.ravel()
    return text.tobytes(), offsets


def _cells(values: NDArray[np.float64], decimals: int) -> NDArray[np.uint8]:
    """Write each value as a blank, a digit, a point and the decimals: uint8, shape (values, decimals + 3).

    A negative one has its sign in place of the digit, `-.25`, so that all are as long.
    """
    whole = np.rint(values * 10.0**decimals).astype(np.int64)
    cells = np.empty((len(values), decimals + 3), np.uint8)
    cells[:, 0], cells[:, 2] = 32, 46
    small = np.uint32 if decimals < 9 else np.uint64
    rest = np.abs(whole).astype(small)  # unsigned 32-bit division is several times faster
    for place in range(decimals + 2, 2, -1):
        shorter = rest // small(10)
        cells[:, place] = rest - shorter * small(10) + small(48)
        rest = shorter
    cells[:, 1] = rest + small(48)
    cells[whole < 0, 1] = ord("-")
    return cells


def yaml_value(value: Any) -> str:
    """Write a value on one line so that YAML 1.1 and 1.2 read it back exactly."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)}: {yaml_value(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(yaml_value, value)) + "]"


def _quoted(text: str) -> str:
    # Always in quotes: `yes`, `012` and `1e3` would be read as something else. Escaped where it would hide or break.
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code < 0xE000:  # half a character, which no YAML can hold
        return "\\uFFFD"
    if code < 0x100:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"


def is_plain(value: Any) -> bool:
    """Tell whether a value can stand in a YAML file as it is: text, numbers, and lists and mappings of them."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(is_plain(item) for item in value)
    if isinstance(value, float):
        return bool(np.isfinite(value))
    return value is None or isinstance(value, (str, int, bool))
