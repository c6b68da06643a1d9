"""Embeddings as a Parquet file: read by others as it is, and every value checked on the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow  # noqa: TID253 - a test may take its time
import pyarrow.parquet  # noqa: TID253
import pytest

from cvdata.errors import FormatError
from cvdata.formats.embeddings import (
    Embeddings,
    EmbeddingsInfo,
    encode_embeddings,
    merge_embeddings,
    read_embeddings,
)

INFO = EmbeddingsInfo(model="tiny", sha256="ab" * 32, length=2)


def table(*names: str, first: float = 0.6) -> Embeddings:
    count = len(names)
    return Embeddings(
        info=INFO,
        names=names,
        size=np.arange(count) + 10,
        modified=np.arange(count) + 1000,
        vectors=np.array([[first, (1 - first**2) ** 0.5]] * count, np.float32).reshape(-1, 2),
    )


def written(path: Path, embeddings: Embeddings) -> Path:
    path.write_bytes(b"".join(encode_embeddings(embeddings)))
    return path


def test_any_reader_of_parquet_sees_names_and_lists_of_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "e.parquet", table("a.jpg", "ü b.jpg"))

    found = pyarrow.parquet.read_table(path)

    assert found.schema.field("embedding").type == pyarrow.list_(pyarrow.float32(), 2)
    assert found.drop_columns("embedding").to_pylist() == [
        {"name": "a.jpg", "size_bytes": 10, "modified_ns": 1000},
        {"name": "ü b.jpg", "size_bytes": 11, "modified_ns": 1001},
    ]
    assert found.column("embedding").to_pylist() == [pytest.approx([0.6, 0.8])] * 2
    assert b'"model":"tiny"' in found.schema.metadata[b"cvdata"]


@pytest.mark.parametrize("names", [(), ("a.jpg",), ("a", "bad-\udcff.jpg", "c")])
def test_what_is_written_is_read_again(tmp_path: Path, names: tuple[str, ...]) -> None:
    whole = table(*names)

    found = read_embeddings(written(tmp_path / "e.parquet", whole))

    assert found.info == INFO
    assert found.names == names
    assert found.size.tolist() == whole.size.tolist()
    assert found.modified.tolist() == whole.modified.tolist()
    assert found.vectors.tolist() == whole.vectors.tolist()


def test_many_rows_keep_their_order(tmp_path: Path) -> None:
    names = tuple(f"{n:06d}" for n in range(150_000))  # more than one group of rows
    angle = np.linspace(0, 3, len(names))
    whole = Embeddings(
        info=INFO,
        names=names,
        size=np.arange(len(names)),
        modified=np.arange(len(names)),
        vectors=np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32),
    )

    found = read_embeddings(written(tmp_path / "e.parquet", whole))

    assert found.names == names
    assert (found.vectors == whole.vectors).all()


def test_of_a_picture_in_several_tables_the_last_one_counts() -> None:
    merged = merge_embeddings([table("b", "a"), table("c", "b", first=0.0)])

    assert merged.names == ("a", "b", "c")
    assert merged.vectors[:, 0].tolist() == pytest.approx([0.6, 0.0, 0.0])
    assert merged.size.tolist() == [11, 11, 10]


def columns(**changes: Any) -> dict[str, Any]:
    """Return the columns of a file of two pictures, some of them changed, or left out where None."""
    whole = {
        "name": pyarrow.array(["a", "b"]),
        "size_bytes": pyarrow.array([1, 2]),
        "modified_ns": pyarrow.array([1, 2]),
        "embedding": pyarrow.array([[1.0, 0.0], [0.0, 1.0]], pyarrow.list_(pyarrow.float32(), 2)),
        **changes,
    }
    return {name: column for name, column in whole.items() if column is not None}


FIXED = pyarrow.list_(pyarrow.float32(), 2)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (columns(embedding=None), "a column is missing"),
        (columns(modified_ns=None), "a column is missing"),
        (columns(name=pyarrow.array(["a", None])), "a column is missing, or holds something else"),
        (columns(name=pyarrow.array(["a", "a"])), "is there twice"),
        (columns(name=pyarrow.array(["a", ""])), "has no name"),
        (columns(size_bytes=pyarrow.array(["x", "y"])), "holds something else"),
        (columns(embedding=pyarrow.array([[1.0, 0.0], None], FIXED)), "holds something else"),
        (columns(embedding=pyarrow.array([[1.0, 0.0], [None, 1.0]], FIXED)), "holds something else"),
        (columns(embedding=pyarrow.array([[1.0], [1.0]], pyarrow.list_(pyarrow.float32(), 1))), "something else"),
        (columns(embedding=pyarrow.array([[1.0, 0.0], [3.0, 1.0]], FIXED)), "not of length 1"),
        (columns(embedding=pyarrow.array([[1.0, 0.0], [float("nan"), 1.0]], FIXED)), "not of length 1"),
    ],
)
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, found: dict[str, Any], message: str) -> None:
    said = pyarrow.parquet.read_schema(written(tmp_path / "good.parquet", table("a"))).metadata
    pyarrow.parquet.write_table(pyarrow.table(found).replace_schema_metadata(said), tmp_path / "e.parquet")

    with pytest.raises(FormatError, match=message):
        read_embeddings(tmp_path / "e.parquet")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({}, "it holds no embeddings of cvdata"),
        ({b"cvdata": b"{"}, "does not say in a known way"),
        ({b"cvdata": b'{"schema":"cvdata/embeddings/2","model":"a","sha256":"b","length":2}'}, "in a known way"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, said: dict[bytes, bytes], message: str) -> None:
    pyarrow.parquet.write_table(pyarrow.table(columns()).replace_schema_metadata(said), tmp_path / "e.parquet")

    with pytest.raises(FormatError, match=message):
        read_embeddings(tmp_path / "e.parquet")


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "e.parquet", table("a", "b"))
    path.write_bytes(path.read_bytes()[:-20])

    with pytest.raises(FormatError, match=r"e\.parquet: it is not a Parquet file, or it is damaged") as caught:
        read_embeddings(path)

    assert caught.value.hint == "give another file, or remove this one: embeddings can be made again"
