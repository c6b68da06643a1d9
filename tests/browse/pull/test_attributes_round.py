"""Flags and attributes through FiftyOne itself: edited by its API, pulled, and pulled again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.browse.labels.runs import attributes_of_runs
from cvdata.browse.pull import PullCounts
from cvdata.browse.session import fiftyone
from cvdata.browse.store import documents_of
from cvdata.browse.store.writer import collection_of
from cvdata.convert import read, save
from cvdata.dataset import Ragged
from cvdata.formats.store import open_store

from ...train.shapes import draw_shapes
from .rounds import pulled_with, put, sample_of

pytestmark = pytest.mark.usefixtures("fiftyone_there")


@pytest.fixture
def shapes(tmp_path: Path) -> tuple[Path, Any]:
    """Return a dataset with flags and attributes, and what it is in FiftyOne."""
    drawn = draw_shapes(tmp_path / "photos", 3)
    table = drawn.annotations.without(frozenset({"polygons", "keypoints", "masks"}))
    texts = [b'{"attributes":{"colour":"red","age":3},"note":{"deep":1}}'] + [b""] * (len(table) - 1)
    flags = np.full(len(table), -1, np.int8)
    flags[0] = 1
    table = replace(table, extra=Ragged.texts(texts), difficult=flags)
    save(replace(drawn, annotations=table), tmp_path / "shapes", "cvdata")
    return tmp_path / "shapes", put(tmp_path / "shapes")


def work(samples: Any) -> None:
    """Change flags and attributes as a person does in Python."""
    first = sample_of(samples, "0000.png")
    label = first.truth.detections[0]
    label.difficult, label.colour, label.age = None, "blue", 4
    first.truth.detections[1].difficult = False
    first.save()
    second = sample_of(samples, "0001.png")
    second.truth.detections[0]["material"] = "wood"
    box = [0.25, 0.25, 0.5, 0.5]
    second.truth.detections.append(fiftyone().Detection(label="star", bounding_box=box, colour="red", difficult=True))
    second.save()


def test_edited_attributes_come_back_once_and_a_pull_that_was_cut_short_is_taken_up(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    before = read(source).dataset.annotations
    work(samples)
    left = list(documents_of(samples.name))

    tried = pulled_with(source, capsys, dry_run=True)
    report = pulled_with(source, capsys)
    again = pulled_with(source, capsys)
    collection_of(samples).delete_many({})
    collection_of(samples).insert_many(left)  # as if FiftyOne had never been told
    late = pulled_with(source, capsys)

    table = read(source).dataset.annotations
    expected = PullCounts(pictures=2, drawn=1, attributes=3)
    assert (tried.counts, tried.written, report.counts) == (expected, None, expected)
    assert report.changes.columns == {"difficult": 2, "extra": 2}
    assert (again.counts, late.counts) == (PullCounts(), PullCounts(again=2))
    assert (len(open_store(source).versions), len(table)) == (2, len(before) + 1)
    assert table.extra is not None
    assert table.difficult is not None
    assert table.extra[0].tobytes() == b'{"attributes":{"colour":"blue","age":4},"note":{"deep":1}}'
    drawn = int(read(source).dataset.offsets[2]) - 1
    assert [text for text in table.extra.to_bytes()[1:] if text] == [
        b'{"attributes":{"material":"wood"}}',
        b'{"attributes":{"colour":"red"}}',
    ]
    assert table.difficult[[0, 1, drawn]].tolist() == [-1, 0, 1]


@pytest.mark.slow
def test_an_evaluation_of_fiftyones_own_touches_nothing(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    samples.evaluate_detections("truth", gt_field="truth", eval_key="mine", progress=False)

    assert attributes_of_runs(samples) >= {"mine", "mine_id", "mine_iou"}
    assert pulled_with(source, capsys).counts == PullCounts()


def test_the_app_may_edit_flags_and_attributes_of_the_truth_and_nothing_of_cvdatas(shapes: tuple[Path, Any]) -> None:
    _, samples = shapes

    schema = samples.label_schemas["truth"]["attributes"]

    editable = {one["name"] for one in schema if not one.get("read_only")}
    assert editable == {"tags", "difficult", "colour", "age"}
