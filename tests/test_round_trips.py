"""There and back again between formats: what both can hold comes back, and everything is accounted for."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.convert import ConvertSettings, Report, convert, read, save
from cvdata.dataset import FLAGS, Dataset
from cvdata.formats import format_of

from .compare import same, tree
from .formats.yolo_folders import trainer_reads
from .strategies import CLASS_NAMES, datasets, draw_blank

BRIEF = settings(max_examples=20)
ALONE = ConvertSettings(workers=1)
"""Without worker processes, which take longer to start than all these examples take."""
PER_YOLO = 0.01
"""Pixels: six decimals of a side of 640 are 0.0003, so a whole digit lost would show."""

VOC = frozenset({"flags", "extra", "splits"})
COCO = frozenset({"rings", "keypoints", "mask", "crowd", "score", "area", "flags", "extra", "splits", "states"})


@contextmanager
def folder() -> Iterator[Path]:
    """Give each example a folder of its own; `tmp_path` is one for all of them."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def with_pictures(dataset: Dataset, root: Path) -> Dataset:
    images = dataset.images
    sizes = dict(zip(images.names, zip(images.width.tolist(), images.height.tolist(), strict=True), strict=True))
    draw_blank(root, sizes)
    placed = dataclasses.replace(images, folder=np.zeros(len(images), np.int32), folders=(str(root),))
    return dataclasses.replace(dataset, images=placed)


def labels(root: Path) -> dict[str, bytes]:
    """Return what a dataset says: all files but the pictures and cvdata's own."""
    return {name: text for name, text in tree(root).items() if not name.startswith(".cvdata/") and name[-4:] != ".jpg"}


def xml(root: Path) -> dict[str, list[bytes]]:
    """Return the lines of the XML files; a mark that is 0 and one that is not there mean the same and may change."""
    unmarked = {f"\t\t<{flag}>0</{flag}>".encode() for flag in FLAGS}
    files = {name: text for name, text in labels(root).items() if name.startswith("Annotations/")}
    return {name: [line for line in text.split(b"\n") if line not in unmarked] for name, text in files.items()}


def carried(name: str) -> frozenset[str]:
    module = format_of(name)
    return module.carries(module.WriteOptions())


@BRIEF
@given(dataset=datasets(VOC, whole=True))
def test_voc_by_way_of_coco_is_exact(dataset: Dataset) -> None:
    with folder() as root:
        save(dataset, root / "voc", "voc", settings=ALONE)
        convert(root / "voc", root / "coco", "coco", source_format="voc", settings=ALONE)
        report = convert(root / "coco", root / "back", "voc", settings=ALONE)

        assert report.quarantine == []
        same(read(root / "back", "voc", options={"origin": "1"}, workers=1).dataset, dataset, carried("voc"), 0)
        assert xml(root / "back") == xml(root / "voc")


@BRIEF
@given(dataset=datasets(COCO | {"supercategory"}))
def test_coco_by_way_of_coco_is_exact(dataset: Dataset) -> None:
    with folder() as root:
        save(dataset, root / "a", "coco", settings=ALONE)
        convert(root / "a", root / "b", "coco", settings=ALONE)

        same(read(root / "a", workers=1).dataset, dataset, carried("coco"), 0)
        assert labels(root / "b") == labels(root / "a")


@st.composite
def label_files(draw: st.DrawFn) -> tuple[list[str], dict[str, tuple[tuple[int, int], str]]]:
    """Class names, and per picture its size and a label file of six decimals with every box inside."""
    names = draw(st.lists(CLASS_NAMES, min_size=1, max_size=3, unique_by=str.casefold))
    files = {}
    for number in range(draw(st.integers(1, 3))):
        lines = []
        for _ in range(draw(st.integers(0, 5))):
            line = [str(draw(st.integers(0, len(names) - 1)))]
            extents = [draw(st.integers(1, 10**6)) for _ in "xy"]
            centres = [draw(st.integers(-(-extent // 2), 10**6 - -(-extent // 2))) for extent in extents]
            line += [f"{value / 1e6:.6f}" for value in centres + extents]
            lines.append(" ".join(line) + "\n")
        size = (draw(st.integers(10, 640)), draw(st.integers(10, 640)))
        files[f"{draw(st.sampled_from(['train', 'val', 'test']))}/{number}"] = (size, "".join(lines))
    return names, files


def write_yolo(root: Path, names: list[str], files: dict[str, tuple[tuple[int, int], str]]) -> None:
    draw_blank(root / "images", {f"{name}.jpg": size for name, (size, _) in files.items()})
    for name, (_, text) in files.items():
        path = root / f"labels/{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    splits = sorted({name.partition("/")[0] for name in files})
    lines = [f"{split}: images/{split}\n" for split in splits]
    (root / "data.yaml").write_text("".join(lines) + f"names: {json.dumps(names, ensure_ascii=False)}\n", "utf-8")


@BRIEF
@given(drawn=label_files())
def test_yolo_by_way_of_coco_gives_the_same_label_files(
    drawn: tuple[list[str], dict[str, tuple[tuple[int, int], str]]],
) -> None:
    names, files = drawn
    with folder() as root:
        write_yolo(root / "in", names, files)
        convert(root / "in", root / "coco", "coco", source_format="yolo", settings=ALONE)
        convert(root / "coco", root / "back", "yolo", settings=ALONE)

        found = {name: text for name, text in labels(root / "back").items() if name.endswith(".txt")}
        assert found == {f"labels/{name}.txt": text.encode() for name, (_, text) in files.items()}


@BRIEF
@given(dataset=datasets(frozenset({"rings", "keypoints", "flags", "extra", "splits", "states"})))
def test_a_trainer_reads_the_boxes_that_coco_had(dataset: Dataset) -> None:
    with folder() as root:
        save(with_pictures(dataset, root / "pictures"), root / "coco", "coco", settings=ALONE)
        convert(root / "coco", root / "yolo", "yolo", settings=ALONE)

        rows = [row for pictures in _own_splits(root / "yolo", dataset).values() for row in pictures]
        images, table = dataset.images, dataset.annotations
        size = np.stack([images.width, images.height], axis=1)[table.image]
        assert len(rows) == len(table)
        for row, box, (width, height), category in zip(rows, table.box, size, table.category, strict=True):
            cx, cy, w, h = np.array(row[1:]) * (width, height, width, height)
            np.testing.assert_allclose([cx - w / 2, cy - h / 2, w, h], box, atol=PER_YOLO, rtol=0)
            assert row[0] == category


def _own_splits(root: Path, dataset: Dataset) -> dict[str, list[list[float]]]:
    """Return the rows by picture in the order of the dataset; splits that only stand in for others left out."""
    found = {name: rows for pictures in trainer_reads(root).values() for name, rows in pictures.items()}
    return {name: found[name] for name in dataset.images.names}


@pytest.mark.parametrize(
    ("name", "kinds", "columns"),
    [
        ("yolo", frozenset({"rings"}), {"boxes", "splits"}),
        ("yolo-seg", frozenset({"outline"}), {"boxes", "polygons", "splits"}),
        ("yolo-pose", frozenset({"pose"}), {"boxes", "keypoints", "splits"}),
        ("yolo-obb", frozenset(), {"boxes", "splits"}),
    ],
)
@BRIEF
@given(data=st.data())
def test_coco_by_way_of_yolo_moves_nothing_by_more_than_a_hundredth(
    name: str, kinds: frozenset[str], columns: set[str], data: st.DataObject
) -> None:
    dataset = data.draw(datasets(kinds | {"splits"}))
    with folder() as root:
        save(with_pictures(dataset, root / "pictures"), root / "coco", "coco", settings=ALONE)
        there = convert(root / "coco", root / "yolo", name, settings=ALONE)
        convert(root / "yolo", root / "back", "coco", source_format=name, settings=ALONE)

        if name != "yolo-pose" or len(dataset.annotations):
            assert there.quarantine == []
        same(read(root / "back", workers=1).dataset, dataset, frozenset(columns), PER_YOLO)


@BRIEF
@given(dataset=datasets(frozenset({"turned", "splits"})))
def test_corners_come_back_from_yolo_obb(dataset: Dataset) -> None:
    with folder() as root:
        save(with_pictures(dataset, root / "pictures"), root / "yolo", "yolo-obb", settings=ALONE)

        same(read(root / "yolo", workers=1).dataset, dataset, frozenset({"boxes", "rotated", "splits"}), PER_YOLO)


# ---- the same bytes


def large_coco(path: Path) -> Path:
    """Write a document of a few pieces: 12,000 annotations of several kinds."""
    rng = np.random.default_rng(0)
    images = [{"id": n + 1, "file_name": f"{n}.jpg", "width": 640, "height": 480} for n in range(400)]
    boxes = np.concatenate([rng.uniform(0, 300, (12_000, 2)), rng.uniform(1, 150, (12_000, 2))], axis=1).round(2)
    annotations = []
    for number, (x, y, w, h) in enumerate(boxes.tolist()):
        ring = [x, y, x + w, y, x + w, y + h, x, y + h]
        row: dict[str, Any] = {
            "id": number + 1,
            "image_id": number % 400 + 1,
            "category_id": number % 3 + 1,
            "iscrowd": 0,
        }
        row |= {"bbox": [x, y, w, h], "area": w * h, "segmentation": [ring]}
        annotations.append(row | ({"note": "}]"} if number == 9_000 else {}))
    classes = [{"id": n + 1, "name": name} for n, name in enumerate("abc")]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": classes}), "utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("target", ["coco", "voc", "yolo", "yolo-seg"])
def test_two_runs_and_two_workers_write_the_same_bytes(target: str, tmp_path: Path) -> None:
    source = large_coco(tmp_path / "in.json")

    for name, workers in (("a", 1), ("b", 1), ("c", 2)):
        convert(source, tmp_path / name, target, settings=ConvertSettings(workers=workers))

    whole = tree(tmp_path / "a")
    assert whole == tree(tmp_path / "b")
    assert whole == tree(tmp_path / "c")
    assert len(whole) > 1


# ---- the account

DAMAGE = ("nan", "no area", "outside", "unknown class")


def damage_coco(root: Path, damage: dict[int, str]) -> None:
    path = root / "annotations/instances.json"
    content = json.loads(path.read_text("utf-8"))
    for row, kind in damage.items():
        annotation = content["annotations"][row]
        box: dict[str, Any] = {"nan": [1, 1, float("nan"), 5], "no area": [1, 1, 0, 5], "outside": [9999, 1, 5, 5]}
        annotation |= {"category_id": 777} if kind == "unknown class" else {"bbox": box[kind]}
    path.write_text(json.dumps(content), "utf-8")


def damage_yolo(root: Path, damage: dict[int, str]) -> None:
    row = 0
    for path in sorted((root / "labels").rglob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        for at, line in enumerate(lines):
            label = line.split()[0]
            rest = {"nan": "nan 0.5 0.1 0.1", "no area": "0.5 0.5 0 0.1", "outside": "5.5 0.5 0.1 0.1"}
            kind = damage.get(row)
            if kind is not None:
                lines[at] = "777 0.5 0.5 0.1 0.1" if kind == "unknown class" else f"{label} {rest[kind]}"
            row += 1
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def damage_voc(root: Path, damage: dict[int, str]) -> None:
    row = 0
    for path in sorted((root / "Annotations").rglob("*.xml")):
        head, *objects = path.read_text("utf-8").split("<xmin>")
        for at, text in enumerate(objects):
            rest = text.partition("</xmin>")[2]
            value = {"nan": "nan", "no area": "5000", "outside": "-9000", "unknown class": "?"}
            kind = damage.get(row)
            if kind is not None:
                objects[at] = f"{value[kind]}</xmin>{rest}"
            row += 1
        path.write_text("<xmin>".join([head, *objects]), "utf-8")


BREAK = {"coco": damage_coco, "yolo": damage_yolo, "voc": damage_voc}


@pytest.mark.parametrize("target", ["coco", "voc", "yolo"])
@pytest.mark.parametrize("source", ["coco", "voc", "yolo"])
@settings(max_examples=30)
@given(data=st.data())
def test_what_is_read_is_written_or_quarantined_by_name(source: str, target: str, data: st.DataObject) -> None:
    dataset = data.draw(datasets(frozenset(), whole=True))
    count = len(dataset.annotations)
    rows = st.dictionaries(st.integers(0, max(0, count - 1)), st.sampled_from(DAMAGE), max_size=count)
    damage = data.draw(rows) if count else {}
    with folder() as root:
        save(with_pictures(dataset, root / "pictures"), root / "in", source, settings=ALONE)
        BREAK[source](root / "in", damage)

        report = convert(root / "in", root / "out", target, source_format=source, settings=ALONE)

        assert report.read == report.written + report.quarantined + report.filtered
        assert report.read.images == report.written.images == len(dataset.images)
        assert (report.read.annotations, report.quarantined.annotations) == (count, len(damage))
        quarantine = root / "out/.cvdata/quarantine.jsonl"
        lines = quarantine.read_text("utf-8").splitlines() if damage else []
        assert sum(json.loads(line)["annotations"] for line in lines) == len(damage)
        assert quarantine.exists() == bool(damage)
        assert len(read(root / "out", target, workers=1).dataset.annotations) == count - len(damage)


def test_the_account_of_classes_left_out_balances(tmp_path: Path) -> None:
    source = large_coco(tmp_path / "in.json")

    report: Report = convert(source, tmp_path / "out", "coco", settings=ConvertSettings(classes=("c", "a")))

    assert report.filtered.annotations == 4000
    assert report.read == report.written + report.quarantined + report.filtered
