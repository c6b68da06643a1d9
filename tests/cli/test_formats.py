"""`cvdata formats`: a table that a person can read at any width, and one for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cvdata.formats import FEATURES, format_names

CVDATA = str(Path(sys.executable).with_name("cvdata"))


def formats(*arguments: str, columns: int = 80, **variables: str) -> str:
    return subprocess.run(
        [CVDATA, "formats", *arguments],
        env=os.environ | {"COLUMNS": str(columns), "PYTHONUTF8": "1"} | variables,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(columns: int) -> None:
    lines = formats(columns=columns).splitlines()

    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)
    first = [line.split()[0] for line in lines if line.strip()]
    assert [feature for feature in FEATURES if feature not in first] == []
    assert [name for name in format_names() if name not in first] == []


def test_each_line_has_a_mark_per_format_and_says_what_it_means_where_there_is_room() -> None:
    [line] = [line for line in formats(columns=120).splitlines() if line.startswith("rotated ")]

    marks = dict(zip(format_names(), line.split()[1:], strict=False))

    assert {name for name, mark in marks.items() if mark == "✓"} == {"cvdata", "yolo-obb"}
    assert line.rstrip().endswith("rotated boxes")


def test_a_terminal_that_knows_only_ascii_gets_plain_marks() -> None:
    shown = formats(PYTHONUTF8="0", PYTHONIOENCODING="ascii")

    assert shown.isascii()
    assert "\\u" not in shown


def test_programs_get_every_feature_and_option_by_name() -> None:
    table = json.loads(formats("--json"))

    assert list(table) == list(format_names())
    assert table["voc"]["precision_px"] == 0.5
    assert table["voc"]["read_options"] == ["origin"]
    assert table["yolo-obb"]["write_options"] == ["decimals"]
    assert "rotated" in table["yolo-obb"]["carries"]
    assert {feature for facts in table.values() for feature in facts["carries"]} <= set(FEATURES)
