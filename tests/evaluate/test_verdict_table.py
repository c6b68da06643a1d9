"""The table of every object and every detection with its verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cvdata.evaluate.diagnosis import Verdict, diagnose, verdict_table
from cvdata.evaluate.diagnosis.verdict_table import COLUMNS
from cvdata.evaluate.matching import Rules, match
from cvdata.evaluate.overlaps import box_overlaps
from cvdata.evaluate.pair import Pair

from .drawn import hand, pair_of

if TYPE_CHECKING:
    import pyarrow as pa

HERE, SHORT = (10, 10, 10, 10), (10, 10, 10, 4)


def table_of(pair: Pair) -> pa.Table:
    overlaps = box_overlaps(pair, least=0.1)
    diagnosis = diagnose(pair, overlaps, match(pair, overlaps, Rules(thresholds=(0.5,))), "boxes")
    return verdict_table(pair, diagnosis.verdicts, "boxes")


def test_a_row_says_what_an_object_or_detection_is_and_what_it_met() -> None:
    pair = hand([(0, 0, HERE), (1, 1, HERE)], [(0, 1, HERE, 0.75), (1, 1, HERE, 0.5)])

    rows = table_of(pair).to_pylist()

    box = {"x": 10.0, "y": 10.0, "width": 10.0, "height": 10.0}
    assert rows == [
        {
            "side": "truth", "row": 0, "image": "0.jpg", "category": "class 0", **box, "score": None,
            "verdict": "wrong class", "overlap": 1.0, "other": 0, "other_category": "class 1", "source_id": None,
        },
        {
            "side": "truth", "row": 1, "image": "1.jpg", "category": "class 1", **box, "score": None,
            "verdict": "found", "overlap": 1.0, "other": 1, "other_category": "class 1", "source_id": None,
        },
        {
            "side": "found", "row": 0, "image": "0.jpg", "category": "class 1", **box, "score": 0.75,
            "verdict": "wrong class", "overlap": 1.0, "other": 0, "other_category": "class 0", "source_id": None,
        },
        {
            "side": "found", "row": 1, "image": "1.jpg", "category": "class 1", **box, "score": 0.5,
            "verdict": "true", "overlap": 1.0, "other": 1, "other_category": "class 1", "source_id": None,
        },
    ]  # fmt: skip


def test_what_met_nothing_has_no_other() -> None:
    rows = table_of(hand([(0, 0, HERE)], [(0, 0, (50, 50, 5, 5), 0.9)])).to_pylist()

    assert [(row["verdict"], row["overlap"], row["other"], row["other_category"]) for row in rows] == [
        ("missed", None, None, None),
        ("background", None, None, None),
    ]


def test_every_column_says_what_it_holds() -> None:
    schema = table_of(pair_of(1)).schema

    assert schema.names == list(COLUMNS)
    for field in schema:
        assert field.metadata[b"description"].decode() == COLUMNS[field.name]
    assert schema.metadata[b"cvdata.schema"] == b"cvdata/verdicts/1"


@pytest.mark.parametrize(("objects", "detections"), [(40, 80), (0, 5), (5, 0), (0, 0)])
def test_there_is_a_row_for_each_object_and_each_detection(objects: int, detections: int) -> None:
    table = table_of(pair_of(2, objects=objects, detections=detections))

    sides = table["side"].to_pylist()
    assert (sides.count("truth"), sides.count("found")) == (objects, detections)
    assert table["row"].to_pylist() == [*range(objects), *range(detections)]
    assert set(table["verdict"].to_pylist()) <= {verdict.words for verdict in Verdict}


def test_ids_of_the_sources_are_numbers_or_texts() -> None:
    pair = hand([(0, 0, HERE)], [(0, 0, HERE, 0.9)])
    numbers = replace(pair.truth, annotations=replace(pair.truth.annotations, source_id=np.array([7])))
    texts = replace(pair.truth, annotations=replace(pair.truth.annotations, source_id=("a7",)))

    assert table_of(replace(pair, truth=numbers))["source_id"].to_pylist() == [7, None]
    assert table_of(replace(pair, truth=texts))["source_id"].to_pylist() == ["a7", None]


def test_the_same_input_gives_the_same_bytes_that_others_read(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for name in ("a", "b"):
        pq.write_table(table_of(pair_of(5)), tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert pq.read_table(tmp_path / "a").to_pylist() == table_of(pair_of(5)).to_pylist()
