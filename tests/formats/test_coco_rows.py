"""Annotations of COCO: the fast way and the exact way agree, and what is bad is named."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from cvdata.dataset import Polygons
from cvdata.formats._coco_fast import read_fast
from cvdata.formats._coco_part import Outlines
from cvdata.formats._coco_rows import Part, Piece, read_piece
from cvdata.formats._json import JsonFile, Span
from cvdata.formats._sidecar_outlines import OutlineBatch, decode_outlines

from ..compare import identical

NUMBERS = st.one_of(
    st.integers(-5, 700),
    st.floats(-10, 1e4, allow_nan=False).map(lambda value: round(value, 2)),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
IDS = st.one_of(st.integers(-3, 2**31), st.integers(2**62, 2**65))
RINGS = st.integers(3, 6).flatmap(lambda points: st.lists(NUMBERS, min_size=2 * points, max_size=2 * points))
OUTLINES = st.one_of(
    st.lists(RINGS, max_size=3),
    st.none(),
    st.fixed_dictionaries({"size": st.just([2, 3]), "counts": st.sampled_from([[1, 2, 3], "123", "0"])}),
    st.sampled_from([[[1, 2, 3, 4]], [[1, 2, 3, 4, 5, 6, 7]], [1, 2, 3, 4, 5, 6], [[1, 2, 3, 4, 5], 6], [[]]]),
)
ANNOTATIONS = st.fixed_dictionaries(
    {"id": IDS, "image_id": IDS, "category_id": IDS, "bbox": st.lists(NUMBERS, min_size=4, max_size=4)},
    optional={
        "area": st.one_of(NUMBERS, st.floats(0, 1e6)),
        "iscrowd": st.sampled_from([0, 0, 0, 1]),
        "segmentation": OUTLINES,
        "score": st.floats(0, 1),
    },
)
# Annotations as most tools write them: all on the fast way.
COMMON = st.fixed_dictionaries(
    {
        "id": IDS,
        "image_id": IDS,
        "category_id": IDS,
        "bbox": st.lists(NUMBERS, min_size=4, max_size=4),
        "area": st.floats(0, 1e6),
    },
    optional={"iscrowd": st.just(0), "segmentation": st.lists(RINGS, max_size=3) | st.none(), "score": st.floats(0, 1)},
)
LISTS = st.lists(COMMON, max_size=5) | st.lists(ANNOTATIONS, max_size=5)


def read(items: list[dict[str, Any]], *, outlines: Outlines = "decode", indent: int | None = None) -> Part:
    return read_text(json.dumps(items, indent=indent).strip()[1:-1], outlines=outlines)


def read_text(text: str, *, outlines: Outlines = "decode") -> Part:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(text, encoding="utf-8")
        file = JsonFile(path)
        parts = read_piece(Piece(file, (Span(0, file.size),), outlines, "a.json"))
    assert parts is not None
    (part,) = parts
    return part


def plain(part: Part) -> dict[str, Any]:
    """Return everything that a piece says, as plain values."""
    table = part.table
    rows = range(len(table))
    area, score = (getattr(table, name) for name in ("area", "score"))
    return {
        "rows": part.rows.tolist(),
        "total": part.total,
        "ids": [list(ids) for ids in (part.ids, part.images, part.categories)],
        "box": table.box.tolist(),
        "rings": [[ring.tolist() for ring in table.polygons[row]] if table.polygons else [] for row in rows],
        "masks": [table.masks[row].tolist() if table.masks else [] for row in rows],
        "area": [None if area is None or math.isnan(area[row]) else area[row] for row in rows],
        "score": [None if score is None or math.isnan(score[row]) else score[row] for row in rows],
        "crowd": table.has("crowd").tolist(),
        "bad": [(bad.row, bad.id, bad.field, bad.found, bad.expected) for bad in part.bad],
        "notes": part.notes,
    }


@settings(max_examples=150)
@given(items=LISTS, indent=st.sampled_from([None, 0, 2]))
def test_the_fast_way_and_the_exact_way_give_the_same_columns(items: list[dict[str, Any]], indent: int | None) -> None:
    text = json.dumps(items, indent=indent)[1:-1].encode()
    event("fast" if read_fast(text, "decode") is not None else "exact")

    assert plain(read(items, indent=indent)) == plain(read([item | {"unknown": 1} for item in items]))


@settings(max_examples=150)
@given(items=LISTS, indent=st.sampled_from([None, 0, 2]))
def test_outlines_that_nobody_wants_change_neither_counts_nor_boxes(
    items: list[dict[str, Any]], indent: int | None
) -> None:
    read_whole, read_bare = (read(items, outlines=wanted, indent=indent) for wanted in ("decode", "count"))
    whole, bare = plain(read_whole), plain(read_bare)

    assert read_bare.table.polygons is None
    assert read_bare.unread == counted(read_whole)
    for part in (whole, bare):
        del part["rings"]
    assert bare == whole


def counted(part: Part) -> dict[str, int]:
    polygons = part.table.polygons
    counts = np.zeros(0) if polygons is None else polygons.ring_counts
    return {"polygons": int((counts > 0).sum()), "rings": int((counts > 1).sum())}


@given(LISTS, st.sampled_from([None, 1]))
def test_outlines_that_stay_text_are_the_same_numbers_once_decoded(
    items: list[dict[str, Any]], indent: int | None
) -> None:
    decoded, kept = (read(items, outlines=wanted, indent=indent) for wanted in ("decode", "text"))
    texts = kept.table.outlines

    assert kept.table.polygons is None
    assert kept.unread == counted(decoded)
    assert texts is not None
    rows = [texts.joined(slice(row, row + 1)) for row in range(len(texts))]
    found = decode_outlines(OutlineBatch(rows))
    assert found is not None
    identical(found, decoded.table.polygons or Polygons.none(len(rows)))


def test_a_piece_with_a_nan_says_that_its_outlines_cannot_stay_text() -> None:
    text = json.dumps([common(), common(bbox=[math.nan, 1, 2, 3])])[1:-1]

    part = read_text(text, outlines="text")

    assert part.textless
    assert part.table.outlines is None


def common(**changed: Any) -> dict[str, Any]:
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "area": 12, "iscrowd": 0}
    return {key: value for key, value in (row | changed).items() if value is not ...}


def test_the_common_kind_takes_the_fast_way() -> None:
    rows = [common(), common(score=0.5), common(segmentation=[[0, 0, 4, 0, 4, 4.5]]), common(segmentation=[])]

    for outlines in get_args(Outlines):
        assert read_fast(json.dumps(rows)[1:-1].encode(), outlines) is not None


@pytest.mark.parametrize("outlines", get_args(Outlines))
@pytest.mark.parametrize(
    "row",
    [
        common(iscrowd=1),
        common(area=...),
        common(area=-1),
        common(extra=1),
        common(bbox=[1, 2, 3]),
        common(id=1.0),
        common(segmentation=[[1, 2, 3, 4]]),
        common(segmentation=[[1, 2, 3, 4, 5], 6]),
        common(segmentation={"size": [2, 2], "counts": [4]}),
    ],
)
def test_whatever_needs_a_look_takes_the_exact_way(row: dict[str, Any], outlines: Outlines) -> None:
    assert read_fast(json.dumps([row])[1:-1].encode(), outlines) is None


@pytest.mark.parametrize(
    ("changed", "field", "found"),
    [
        ({"bbox": [1, 2, 3]}, "bbox", "bbox is [1, 2, 3]"),
        ({"bbox": [1, 2, 3, None]}, "bbox", "bbox holds None"),
        ({"bbox": [1, 2, 3, float("nan")]}, "bbox", "bbox holds nan"),
        ({"bbox": [1, 2, 3, 10**39]}, "bbox", None),
        ({"bbox": [True, 2, 3, 4]}, "bbox", "bbox holds True"),
        ({"bbox": None}, "bbox", "neither a box nor an outline"),
        ({"image_id": "x" * 90}, None, None),
        ({"image_id": None}, "image_id", "image_id is None"),
        ({"category_id": 1.5}, "category_id", "category_id is 1.5"),
        ({"category_id": True}, "category_id", "category_id is True"),
        ({"iscrowd": 2}, "iscrowd", "iscrowd is 2"),
        ({"iscrowd": "1"}, "iscrowd", "iscrowd is '1'"),
        ({"score": "high"}, "score", "score holds 'high'"),
        ({"score": float("inf")}, "score", "score holds inf"),
        ({"segmentation": "x"}, "segmentation", "segmentation is 'x'"),
        ({"segmentation": [1, 2, 3, 4, 5, 6]}, "segmentation", "a polygon that is not a list of numbers in a list"),
        ({"segmentation": [[1, 2, 3, 4]]}, "segmentation", "a polygon of 4 numbers"),
        ({"segmentation": [[1, 2, 3, 4, 5, 6, 7]]}, "segmentation", "a polygon of 7 numbers"),
        ({"segmentation": [[1, 2, 3, 4, 5, float("nan")]]}, "segmentation", "segmentation holds nan"),
        ({"segmentation": {"size": [2], "counts": [4]}}, "segmentation/size", "size is [2]"),
        ({"segmentation": {"size": [2, -2], "counts": [4]}}, "segmentation/size", "size is [2, -2]"),
        ({"segmentation": {"size": [2, 2], "counts": [-4]}}, "segmentation/counts", None),
        ({"segmentation": {"size": [2, 2], "counts": "é"}}, "segmentation/counts", None),
        ({"segmentation": {"size": [2, 2], "counts": "~~~"}}, "segmentation", "run lengths that are not COCO's code"),
        ({"keypoints": [1, 2]}, "keypoints", "2 numbers for keypoints"),
        ({"keypoints": [1, 2, 3]}, "keypoints", "visibility 3"),
        ({"keypoints": [1, float("nan"), 2]}, "keypoints", "keypoints holds nan"),
    ],
)
def test_a_bad_annotation_is_named_and_the_others_stay(
    changed: dict[str, Any], field: str | None, found: str | None
) -> None:
    rows = [common(id=5), common(id=6, **changed), common(id=7)]

    part = read(rows)

    if field is None or (found is None and not part.bad):
        assert part.rows.tolist() == [0, 1, 2]
        return
    (bad,) = part.bad
    assert (bad.row, bad.id, bad.field) == (1, 6, field)
    assert found in (None, bad.found)
    assert (part.rows.tolist(), part.total, list(part.ids)) == ([0, 2], 3, [5, 7])


def test_a_text_of_digits_is_the_number_and_other_texts_stay() -> None:
    part = read([common(image_id="12"), common(image_id="012"), common(image_id="twelve"), common(image_id=12.0)])

    assert list(part.images) == [12, "012", "twelve", 12]


def test_a_box_comes_from_the_outline_where_there_is_none() -> None:
    part = read([common(bbox=..., segmentation=[[2, 3, 10, 3, 10, 9.5]]), common(bbox=..., area=...)])

    np.testing.assert_array_equal(part.table.box, [[2, 3, 8, 6.5], [np.nan] * 4])
    assert part.notes == {"box-from-outline": [1], "area-recomputed": [1]}


def test_flags_are_taken_out_of_the_attributes_and_the_rest_stays() -> None:
    part = read(
        [
            common(attributes={"occluded": True, "colour": "red"}),
            common(attributes={"difficult": 0, "truncated": "yes"}),
            common(attributes=["occluded"], more={"a": [1]}),
            common(attributes={}),
        ]
    )

    table = part.table
    assert (table.occluded is not None and table.occluded.tolist()) == [1, -1, -1, -1]
    assert (table.difficult is not None and table.difficult.tolist()) == [-1, 0, -1, -1]
    assert table.truncated is None
    assert table.extra is not None
    assert [json.loads(text) for text in table.extra.to_bytes()] == [
        {"attributes": {"colour": "red"}},
        {"attributes": {"truncated": "yes"}},
        {"attributes": ["occluded"], "more": {"a": [1]}},
        {"attributes": {}},
    ]


@pytest.mark.parametrize("spaced", ["", " ", "\n"])
def test_a_key_twice_is_an_error_in_either_way(spaced: str) -> None:
    from cvdata.errors import FormatError

    text = json.dumps([common()])[1:-2]
    with pytest.raises(FormatError, match=r"a\.json: annotations: the key 'id' is there twice"):
        read_text(f'{text}, "id"{spaced}: 2}}')
