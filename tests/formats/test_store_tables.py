from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow  # noqa: TID253 - a test may take its time
import pyarrow.parquet  # noqa: TID253
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.dataset import TAKEN_UNKNOWN, Annotations, Categories, Dataset, Facts, Images, Polygons, Ragged
from cvdata.errors import FormatError, Place
from cvdata.formats._store_tables import (
    count_polygons,
    decode_annotations,
    decode_images,
    encode_annotations,
    encode_images,
    from_parquet,
    to_parquet,
)

from ..compare import identical
from ..strategies import datasets
from ..tiny import tiny

EVERY_KIND = frozenset(
    {
        "rings", "keypoints", "rotated", "mask", "score", "area", "crowd", "flags", "extra", "splits", "states",
        "supercategory",
    }
)  # fmt: skip


def facts() -> Facts:
    """Return facts for the six pictures of the tiny dataset; nobody read the second one."""
    return Facts(
        size=np.array([5, -1, 7, 8, 9, 10]),
        modified=np.array([2**60, 0, 3, 4, 5, 6]),
        sha256=np.outer([1, 0, 2, 3, 255, 16], np.ones(32)).astype(np.uint8),
        phash=np.array([1, 0, 2**64 - 1, 3, 4, 5], np.uint64),
        taken=np.array([1, TAKEN_UNKNOWN, -5, TAKEN_UNKNOWN, 5, 6]),
        brightness=np.array([0.1, 0, 255, 2, 3, 4], np.float32),
        contrast=np.array([-0.0, 0, 1, 2, 3, 4], np.float32),
        sharpness=np.array([np.nan, 0, 1, 2, 3, 4], np.float32),
    )


def odd_images() -> Images:
    """Return pictures with every column set and the strangest values that it can have."""
    return dataclasses.replace(
        tiny().images,
        names=("a\udcff.jpg", "a\\xff.jpg", "sub/c d.jpg", "猫.jpg", "e.jpg", "f.jpg"),
        width=np.array([0, 1, 2, 3, 4, 5], np.int32),
        splits=("train", "val", "nobody is in it", "tr\udc80"),
        split=np.array([0, 1, -1, 3, 0, 0], np.int32),
        groups=("g", "g", "unused"),  # two of one name
        group=np.array([0, 1, -1, 1, 0, 0], np.int32),
        folders=("pictures", "../elsewhere"),
        folder=np.array([0, 1, -1, 0, 0, 0], np.int32),
        files=("x.jpg", "a\\xff.jpg", "\ud800.jpg", "d", "e", "f"),
        source_id=(1, "one", 2**80, "\udc80", 0, -1),
        extra=Ragged.texts([b"", b'{"a":"\xc3\xa9"}', b"{}", b"", b"", b'{"b":[1,2.5]}']),
        facts=facts(),
    )


def back(table: Any) -> Any:
    return from_parquet(b"".join(to_parquet(table)))


@settings(max_examples=50)
@given(datasets(EVERY_KIND))
def test_any_dataset_comes_back_bit_for_bit(dataset: Dataset) -> None:
    images = decode_images(back(encode_images(dataset.images)))
    annotations = decode_annotations(back(encode_annotations(dataset)), dataset.categories)

    identical(images, dataset.images)
    identical(annotations, dataset.annotations)


def test_the_strangest_pictures_come_back_bit_for_bit() -> None:
    images = odd_images()

    identical(decode_images(back(encode_images(images))), images)


def test_what_nobody_set_is_not_in_the_table_and_stays_unset() -> None:
    images = dataclasses.replace(tiny().images, groups=("g",))
    bare = Annotations(image=np.zeros(1, np.int32), category=np.zeros(1, np.int32), box=np.zeros((1, 4)))
    dataset = Dataset(images=images, annotations=bare, categories=Categories(names=("cat",)))

    table = encode_annotations(dataset)

    assert table.column_names == ["image", "category", "x", "y", "width", "height"]
    assert encode_images(images).column_names == ["image", "name", "width", "height", "state", "split", "folder"]
    identical(decode_annotations(back(table), dataset.categories), bare)
    identical(decode_images(back(encode_images(images))), images)


@settings(max_examples=50)
@given(st.lists(st.floats(width=64), min_size=8, max_size=8), st.integers(-(2**63), 2**63 - 1))
def test_any_number_comes_back_bit_for_bit(numbers: list[float], identity: int) -> None:
    row = Annotations(
        image=np.zeros(1, np.int32),
        category=np.zeros(1, np.int32),
        box=np.array([numbers[:4]]),
        polygons=Polygons.of([[np.array(numbers).reshape(-1, 2).tolist(), []]]),
        rotated=np.array([numbers]),
        score=np.array([numbers[0]]),
        area=np.array([numbers[1]]),
        source_id=np.array([identity]),
    )
    dataset = dataclasses.replace(tiny(), annotations=row)

    identical(decode_annotations(back(encode_annotations(dataset)), dataset.categories), row)


def test_a_table_of_several_groups_of_rows_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cvdata.formats._store_parquet._ROWS_A_GROUP", 3)
    dataset = dataclasses.replace(tiny(), images=odd_images())

    pieces = list(to_parquet(encode_annotations(dataset)))

    assert pyarrow.parquet.ParquetFile(pyarrow.BufferReader(b"".join(pieces))).num_row_groups == 4
    identical(decode_annotations(from_parquet(b"".join(pieces)), dataset.categories), dataset.annotations)
    identical(decode_images(back(encode_images(dataset.images))), dataset.images)


def test_no_picture_and_no_annotation_come_back() -> None:
    images = dataclasses.replace(odd_images().take(np.zeros(0, np.int64)))
    dataset = Dataset(
        images=images, annotations=tiny().annotations.take(np.zeros(0, np.int64)), categories=tiny().categories
    )

    identical(decode_images(back(encode_images(images))), images)
    identical(decode_annotations(back(encode_annotations(dataset)), dataset.categories), dataset.annotations)


def test_other_tools_see_text_numbers_and_nulls(tmp_path: Path) -> None:
    dataset = dataclasses.replace(tiny(), images=odd_images())

    images = back(encode_images(dataset.images)).to_pylist()
    rows = back(encode_annotations(dataset)).to_pylist()

    assert images[0] | {"taken": str(images[0]["taken"])} == {
        "image": 0, "name": "a\\xff.jpg", "name_bytes": b"a\xed\xb3\xbf.jpg", "width": None, "height": 48,
        "state": "labelled", "split": "train", "group": "g", "folder": "pictures", "file": "x.jpg", "file_bytes": None,
        "source_id": "1", "extra": None, "size_bytes": 5, "modified_ns": 2**60, "sha256": "01" * 32, "phash": 1,
        "taken": "1970-01-01 00:00:00.001000", "brightness": np.float32(0.1), "contrast": -0.0, "sharpness": None,
    }  # fmt: skip
    assert [image["state"] for image in images][3:5] == ["empty", "unlabelled"]
    assert rows[2] == {
        "image": 0, "category": "dog <b>&amp;", "x": 10, "y": 10, "width": 30, "height": 20,
        "polygons": [[10, 10, 20, 10, 20, 30, 10, 30], [30, 12.5, 40, 12, 35, 29.25]], "mask": None,
        "mask_listed": False, "keypoints": None, "rotated": None, "area": 250.5, "crowd": False, "difficult": None,
        "truncated": None, "occluded": None, "extra": None,
    }  # fmt: skip
    assert rows[6]["keypoints"] == [2, 3, 2, 0, 0, 0, 5.5, 6.5, 1]


def test_the_label_of_a_whole_picture_has_null_for_its_box() -> None:
    whole = Annotations(
        image=np.zeros(2, np.int32),
        category=np.zeros(2, np.int32),
        box=np.array([[np.nan] * 4, [1, 2, 3, 4]]),
        score=np.array([0.5, np.nan]),
    )

    rows = encode_annotations(dataclasses.replace(tiny(), annotations=whole)).to_pylist()

    assert [[row[side] for side in ("x", "y", "width", "height")] for row in rows] == [[None] * 4, [1, 2, 3, 4]]
    assert [row["score"] for row in rows] == [0.5, None]


def test_the_same_table_gives_the_same_bytes() -> None:
    assert list(to_parquet(encode_images(odd_images()))) == list(to_parquet(encode_images(odd_images())))


def test_columns_that_nobody_wants_are_not_read() -> None:
    dataset = tiny()

    table = from_parquet(b"".join(to_parquet(encode_annotations(dataset))), without=["polygons", "mask"])

    found = decode_annotations(table, dataset.categories)
    assert (found.polygons, found.masks) == (None, None)
    identical(found.keypoints, dataset.annotations.keypoints)


# --- what a stranger may have written


def with_column(table: Any, name: str, values: list[Any], kind: Any = None) -> Any:
    return table.set_column(table.column_names.index(name), name, pyarrow.array(values, kind))


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("image", [0, 1, 2, 3, 4, 7], "does not count the rows"),
        ("name", ["a", "b", None, "d", "e", "f"], "nulls"),
        ("name", [1, 2, 3, 4, 5, {"a": 1}], None),
        ("width", [1, 2, 3, -4, 5, 6], "negative"),
        ("width", [1, 2, 3, 2**40, 5, 6], ""),
        ("height", ["a", "b", "c", "d", "e", "f"], ""),
        ("state", ["labelled"] * 5 + ["maybe"], "does not list"),
        ("state", ["labelled"] * 5 + [None], "nulls"),
        ("split", ["train"] * 5 + ["secret"], "does not list"),
        ("source_id", ["1", "2", "3", "4", "5", "[]"], "neither a number nor a text"),
        ("source_id", ["1", "2", "3", "4", "5", "{"], ""),
        ("sha256", ["00"] * 6, "64 hexadecimal"),
        ("sha256", ["zz" * 32] * 6, ""),
        ("size_bytes", [[1]] * 6, ""),
        ("extra", [1.5] * 6, ""),
    ],
)
def test_a_wrong_column_of_pictures_is_named(name: str, values: list[Any], found: str | None) -> None:
    table = encode_images(odd_images())
    if found is None:
        table = table.drop_columns([name])
        found = "it is missing"
    else:
        table = with_column(table, name, values)

    with pytest.raises(FormatError) as error:
        decode_images(table, Place("images.parquet"))

    assert f"images.parquet: column '{'size_bytes' if name == 'sha256' else name}'" in str(error.value)
    assert found in str(error.value)


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("image", [0, 0, 0, 0, 0, 1, 1, 2, 5, 4], "ascending"),
        ("image", [-1, 0, 0, 0, 0, 1, 1, 2, 5, 5], "ascending"),
        ("category", ["cat"] * 9 + ["unheard of"], "does not list"),
        ("category", ["cat"] * 9 + [None], "nulls"),
        ("x", ["1"] * 9 + ["wide"], ""),
        ("polygons", [[[1.0, 2.0, 3.0]]] * 10, "an x without a y"),
        ("polygons", [1.0] * 10, "not a list"),
        ("polygons", [[1.0]] * 10, "not a list"),
        ("mask", [[1, -1]] * 10, ""),
        ("mask", [[1, None]] * 10, "nulls"),
        ("keypoints", [[1.0, 2.0]] * 10, "visibility"),
        ("rotated", [[1.0, 2.0]] * 10, "four corners"),
        ("crowd", [None] * 10, ""),
        ("difficult", [1.5] * 10, ""),
    ],
)
def test_a_wrong_column_of_annotations_is_named(name: str, values: list[Any], found: str) -> None:
    dataset = tiny()
    table = with_column(encode_annotations(dataset), name, values)

    with pytest.raises(FormatError) as error:
        decode_annotations(table, dataset.categories, Place("annotations.parquet"))

    assert f"annotations.parquet: column '{name}'" in str(error.value)
    assert found in str(error.value)


def test_a_column_that_is_there_twice_is_refused() -> None:
    table = encode_images(tiny().images)

    with pytest.raises(FormatError, match="'name' is wrong: it is there twice"):
        decode_images(table.append_column("name", table.column("name")))


@pytest.mark.parametrize("values", [["x", None], [b"\xff", None], [1, None], [[1], None]])
def test_the_bytes_of_odd_names_may_be_of_any_type_and_do_no_harm(values: list[Any]) -> None:
    table = encode_images(tiny().images)
    table = table.append_column("name_bytes", pyarrow.array(values * 3))

    if values[0] == "x":
        assert decode_images(table).names[0] == "x"
        return
    with pytest.raises(FormatError, match="column 'name' is wrong"):
        decode_images(table)


def test_outlines_are_counted_without_reading_them(tmp_path: Path) -> None:
    dataset = tiny()
    table = encode_annotations(dataset)
    (tmp_path / "a").write_bytes(b"".join(to_parquet(table)))
    (tmp_path / "b").write_bytes(b"".join(to_parquet(table.drop_columns(["polygons"]))))
    pyarrow.parquet.write_table(table, tmp_path / "c", write_statistics=False)

    assert [count_polygons(tmp_path / name) for name in "abc"] == [2, 0, None]
    assert int(dataset.annotations.has("polygons").sum()) == 2


@pytest.mark.parametrize("metadata", [{}, {b"cvdata": b"{"}, {b"cvdata": b"[]"}, {b"cvdata": b'{"splits":[1]}'}])
def test_a_table_that_cvdata_did_not_write_is_refused(metadata: dict[bytes, bytes]) -> None:
    table = encode_images(tiny().images).replace_schema_metadata(metadata)

    with pytest.raises(FormatError):
        decode_images(table)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1", b"not Parquet at all"])
def test_what_is_not_parquet_is_refused_with_its_place(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(data)

    for source in (data, path):
        with pytest.raises(FormatError, match="not a Parquet file"):
            from_parquet(source)
    with pytest.raises(FormatError, match=r"a\.parquet"):
        from_parquet(path)


def test_a_damaged_page_is_refused(tmp_path: Path) -> None:
    data = bytearray(b"".join(to_parquet(encode_images(odd_images()))))
    data[10:60] = bytes(50)

    with pytest.raises(FormatError):
        decode_images(from_parquet(bytes(data)))
