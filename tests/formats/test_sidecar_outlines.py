"""Outlines of a COCO file that the target cannot hold are kept as text, and come back as if they had been read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow  # noqa: TID253 - only these tests need it
import pyarrow.parquet  # noqa: TID253
import pytest

from cvdata.convert import ConvertSettings, Reading, convert, read

from ..compare import identical, tree

SIDECAR = ".cvdata/sidecar"
PLACES = frozenset({"folder", "folders", "files"})

Row = dict[str, Any]

ONE_RING: Row = {"image_id": 2, "segmentation": [[1, 1, 9, 1.25, 9, 9.5]]}
TWO_RINGS: Row = {"image_id": 1, "segmentation": [[1, 1, 9, 1, 9, 9], [2, 2, 4, 2, 4, 4, 2, 4]]}
NO_OUTLINE: Row = {"image_id": 2}
EMPTY: Row = {"image_id": 1, "segmentation": []}
LARGE_NUMBERS: Row = {"image_id": 1, "segmentation": [[1e1, 1, 0.1e2, 9, 5, 9]], "note": "to be read exactly"}
MASK: Row = {"image_id": 1, "iscrowd": 1, "segmentation": {"size": [48, 64], "counts": [1000, 72, 2000]}}

OVER_THE_EDGE: Row = {"image_id": 1, "segmentation": [[-1, 1, 9, 1, 9, 9]]}
OUTSIDE: Row = {"image_id": 1, "segmentation": [[100, 1, 109, 1, 109, 9]]}
ON_A_LINE: Row = {"image_id": 2, "segmentation": [[1, 1, 5, 5, 9, 9]]}

SOURCES: dict[str, list[Row]] = {
    "in order of their pictures": [TWO_RINGS, TWO_RINGS, ONE_RING],
    "in another order": [ONE_RING, TWO_RINGS, NO_OUTLINE, ONE_RING, EMPTY],
    "some to be read exactly": [ONE_RING, LARGE_NUMBERS, MASK, TWO_RINGS],
    "over the edge": [ONE_RING, OVER_THE_EDGE],
    "none at all": [NO_OUTLINE, EMPTY],
}


def coco(path: Path, rows: list[Row], *, pictures: int = 2) -> Path:
    plain = {"category_id": 1, "bbox": [1, 1, 8, 8], "area": 40.5, "iscrowd": 0}
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "images": [{"id": n + 1, "file_name": f"{n + 1}.jpg", "width": 64, "height": 48} for n in range(pictures)],
        "annotations": [{"id": n + 1} | plain | row for n, row in enumerate(rows)],
        "categories": [{"id": 1, "name": "cat"}],
    }
    path.write_text(json.dumps(content))
    return path


def columns(root: Path) -> set[str]:
    return set(pyarrow.parquet.read_schema(root / SIDECAR / "annotations.parquet").names)


def balances(reading: Reading) -> bool:
    left = reading.intake.quarantined + reading.intake.filtered
    count = len(reading.dataset.annotations) + left.annotations
    return (len(reading.dataset.images) + left.images, count) == (
        reading.intake.read.images,
        reading.intake.read.annotations,
    )


@pytest.mark.parametrize("name", SOURCES)
def test_what_comes_back_is_what_reading_the_source_gives(name: str, tmp_path: Path) -> None:
    source = coco(tmp_path / "coco.json", SOURCES[name])

    convert(source, tmp_path / "voc", "voc")
    back = read(tmp_path / "voc")

    identical(back.dataset, read(source).dataset, but=PLACES)
    assert "polygons" not in columns(tmp_path / "voc")
    assert back.intake.quarantine == []
    assert balances(back)


def test_the_text_is_a_column_that_other_tools_read(tmp_path: Path) -> None:
    convert(coco(tmp_path / "coco.json", [TWO_RINGS, NO_OUTLINE, ONE_RING]), tmp_path / "voc", "voc")

    table = pyarrow.parquet.read_table(tmp_path / "voc" / SIDECAR / "annotations.parquet")

    assert table.column("polygons_json").to_pylist() == [
        "[[1, 1, 9, 1, 9, 9], [2, 2, 4, 2, 4, 4, 2, 4]]",
        None,
        "[[1, 1, 9, 1.25, 9, 9.5]]",
    ]


def test_the_ledger_counts_them_as_if_they_had_been_decoded(tmp_path: Path) -> None:
    source = coco(tmp_path / "coco.json", [TWO_RINGS, LARGE_NUMBERS, NO_OUTLINE, ONE_RING])

    report = convert(source, tmp_path / "voc", "voc")

    losses = {loss.what: loss.count for loss in report.losses}
    assert (losses["outlines (polygons)"], losses["outlines of several rings"]) == (3, 1)


def test_a_bad_outline_is_put_aside_by_name_once_it_is_put_back(tmp_path: Path) -> None:
    source = coco(tmp_path / "coco.json", [TWO_RINGS, OUTSIDE, ON_A_LINE])
    convert(source, tmp_path / "voc", "voc")

    back, direct = read(tmp_path / "voc"), read(source)

    items = [(item.file, item.field, item.image, item.found) for item in back.intake.quarantine]
    assert items == [
        ("Annotations/2.xml", "annotation 1", "2.jpg", "a polygon without area"),
        ("Annotations/1.xml", "annotation 2", "1.jpg", "a polygon that lies outside"),
    ]
    assert [item.found for item in direct.intake.quarantine] == [found for *_, found in items]
    identical(back.dataset, direct.dataset, but=PLACES)
    assert balances(back)


def test_a_bad_outline_of_a_picture_that_was_edited_is_nobodys_trouble(tmp_path: Path) -> None:
    convert(coco(tmp_path / "coco.json", [ONE_RING, OUTSIDE]), tmp_path / "voc", "voc")
    path = tmp_path / "voc/Annotations/1.xml"
    path.write_text(path.read_text().replace("<xmax>9</xmax>", "<xmax>12</xmax>"))

    back = read(tmp_path / "voc")

    assert back.intake.quarantine == []
    assert [row.box for row in back.dataset.rows()] == [(1, 1, 11, 8), (1, 1, 8, 8)]


def test_outlines_of_several_files_are_kept_each_in_its_way(tmp_path: Path) -> None:
    coco(tmp_path / "in/annotations/instances_train.json", [TWO_RINGS, ONE_RING])
    other = coco(
        tmp_path / "in/annotations/instances_val.json", [ONE_RING, {"image_id": 1, "bbox": [float("nan")] * 4}]
    )
    other.write_text(other.read_text().replace(".jpg", "-val.jpg"))

    convert(tmp_path / "in", tmp_path / "voc", "voc")
    back = read(tmp_path / "voc").dataset

    assert {"polygons", "polygons_json"} <= columns(tmp_path / "voc")
    identical(back.annotations, read(tmp_path / "in").dataset.annotations)


def test_the_kept_tables_are_the_same_at_any_number_of_workers(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rings = rng.integers(1, 40, (6000, 40)).tolist()
    rows = [{"image_id": number % 300 + 1, "segmentation": [ring]} for number, ring in enumerate(rings)]
    rows[4500] |= {"note": "only the piece around this is read exactly"}
    source = coco(tmp_path / "coco.json", rows, pictures=300)
    assert source.stat().st_size > 4 << 18  # pieces: more than one a worker

    kept = []
    for workers in (1, 2, 3):
        convert(source, tmp_path / str(workers), "voc", settings=ConvertSettings(workers=workers))
        kept.append(tree(tmp_path / str(workers) / SIDECAR))

    assert kept[0] == kept[1] == kept[2]
    identical(read(tmp_path / "1").dataset, read(source).dataset, but=PLACES)


@pytest.mark.parametrize("text", ["[[1, 2, 3, 4]]", "[[1, 2, 3, 4, 5, 6, 7]]", "[], []", "[[1e999]]", "{}", "[", "é"])
def test_text_that_is_no_outline_makes_the_sidecar_unusable(text: str, tmp_path: Path) -> None:
    convert(coco(tmp_path / "coco.json", [TWO_RINGS, ONE_RING]), tmp_path / "voc", "voc")
    replace_column(tmp_path / "voc" / SIDECAR, pyarrow.array([text, None], pyarrow.large_string()))

    back = read(tmp_path / "voc")

    assert "sidecar-unusable" in [found.code for found in back.intake.findings]
    assert back.dataset.annotations.polygons is None
    assert len(back.dataset.annotations) == 2


def test_a_column_of_something_else_makes_the_sidecar_unusable(tmp_path: Path) -> None:
    convert(coco(tmp_path / "coco.json", [TWO_RINGS, ONE_RING]), tmp_path / "voc", "voc")
    replace_column(tmp_path / "voc" / SIDECAR, pyarrow.array([1, 2]))

    assert "sidecar-unusable" in [found.code for found in read(tmp_path / "voc").intake.findings]


NO_UTF8 = pyarrow.Array.from_buffers(
    pyarrow.string(), 2, [None, pyarrow.py_buffer(np.array([0, 1, 2], np.int32)), pyarrow.py_buffer(b"\xff\xfe")]
)


@pytest.mark.parametrize("name", ["output_name", "label_file"])
@pytest.mark.parametrize("column", [pyarrow.array([["a"], ["b"]]), NO_UTF8], ids=["lists", "no UTF-8"])
def test_names_that_are_something_else_make_the_sidecar_unusable(name: str, column: Any, tmp_path: Path) -> None:
    convert(coco(tmp_path / "coco.json", [TWO_RINGS, ONE_RING]), tmp_path / "voc", "voc")
    replace_column(tmp_path / "voc" / SIDECAR, column, "images.parquet", name)

    assert "sidecar-unusable" in [found.code for found in read(tmp_path / "voc").intake.findings]


def replace_column(folder: Path, column: Any, file: str = "annotations.parquet", name: str = "polygons_json") -> None:
    """Put another column in place of one, the outlines unless said, and correct the hash."""
    path = folder / file
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.set_column(table.column_names.index(name), name, column), path)
    head = json.loads((folder / "sidecar.json").read_text())
    data = path.read_bytes()
    row = [known[0] for known in head["files"]].index(file)
    head["files"][row] = [file, len(data), hashlib.sha256(data).hexdigest()]
    (folder / "sidecar.json").write_text(json.dumps(head))
