"""The page and the table of a dataset's numbers, for any dataset."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from cvdata.dataset import Categories, Dataset
from cvdata.files import Counts
from cvdata.reports.stats import StatsReport, stats
from cvdata.reports.stats_csv import HEADERS, cell, stats_csv
from cvdata.reports.stats_page import stats_page

from ..strategies import datasets
from ..tiny import build, tiny
from .test_page import Tags

KINDS = frozenset({"splits", "states", "score", "area", "rings", "keypoints"})


def page(dataset: Dataset, **more: Any) -> str:
    read = Counts(len(dataset.images), len(dataset.annotations))
    none = Counts(0, 0)
    values: dict[str, Any] = {
        "source": "sets/pets",
        "source_format": "coco",
        "read": read,
        "quarantined": none,
        "filtered": none,
        "findings": [],
        "verified": "",
        "stats": stats(dataset),
    }
    return stats_page(StatsReport(**values | more), "pets").decode()


def table(dataset: Dataset) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(stats_csv(dataset).decode("utf-8-sig"), newline="")))


@settings(max_examples=40)
@given(datasets(KINDS))
def test_the_page_of_any_dataset_is_well_formed_and_has_no_undefined_number(dataset: Dataset) -> None:
    html = page(dataset)

    assert Tags(html).open == []
    assert not re.search(r"[^a-z](?:nan|inf|None)[^a-z]", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))


def test_the_page_says_what_it_is_of_and_what_was_left_out() -> None:
    html = page(tiny(), quarantined=Counts(1, 2))

    assert "<title>pets</title>" in html
    assert "Left out, because they are bad: 1 picture and 2 labels." in html


def test_the_page_has_a_plot_of_each_kind() -> None:
    html = page(tiny())

    plots = ["Labels per class", "Labels per picture", "Width and height of boxes", "Size of boxes", "Shape of boxes"]
    plots += ["all classes", "Classes in one picture", "Size of pictures", "Shape of pictures"]
    for title in plots:
        assert f'aria-label="{title}"' in html


def test_classes_of_whole_pictures_have_no_section_on_boxes() -> None:
    nan = float("nan")
    rows = [{"image": "a.png", "category": "cat", "box": [nan] * 4}]

    html = page(build({"a.png": (4, 4)}, rows, Categories(names=("cat",))))

    assert ">Boxes</h2>" not in html
    assert ">Classes</h2>" in html


@settings(max_examples=40)
@given(datasets(KINDS))
def test_the_table_of_any_dataset_adds_up(dataset: Dataset) -> None:
    rows = table(dataset)

    assert sum(int(row["labels"]) for row in rows) == len(dataset.annotations)
    assert sum(int(row[size]) for row in rows for size in ("small", "medium", "large")) == len(dataset.annotations)
    assert list(dict.fromkeys(row["picture"] for row in rows)) == list(dataset.images.names)


def test_the_table_says_what_boxes_cover_of_their_picture() -> None:
    rows = [
        {"image": "a.png", "category": "cat", "box": [0, 0, 10, 10]},
        {"image": "a.png", "category": "cat", "box": [50, 50, 20, 10]},
        {"image": "b.png", "category": "cat", "box": [0, 0, 10, 10]},
    ]

    found = table(build({"a.png": (100, 100), "b.png": (0, 0)}, rows, Categories(names=("cat",))))

    assert [row["share_of_picture"] for row in found] == ["0.030000", ""]
    assert [row["width"] for row in found] == ["100", ""]


def test_the_table_begins_with_a_mark_only_where_excel_needs_one() -> None:
    plain = build({"a.png": (4, 4)}, [], Categories(names=()))
    foreign = build({"猫.png": (4, 4)}, [], Categories(names=()))

    assert stats_csv(plain).startswith(",".join(HEADERS).encode() + b"\r\n")
    assert stats_csv(foreign).startswith(b"\xef\xbb\xbfpicture,")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@A1", "'@A1"),
        ("\t=1", "'\\t=1"),
        ("\r=1", "'\\r=1"),
        ("a=1", "a=1"),
    ],
)
def test_a_formula_gets_an_apostrophe(text: str, shown: str) -> None:
    assert cell(text) == shown


def test_a_dataset_of_no_picture_has_a_page_and_a_table() -> None:
    empty = build({}, [], Categories(names=()))

    assert "<dt>pictures</dt><dd>0</dd>" in page(empty)
    assert table(empty) == []
    assert np.array(stats(empty).boxes).sum() == 0
