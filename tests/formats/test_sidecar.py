"""What a format cannot hold is kept beside its files, and comes back where nobody touched them."""

from __future__ import annotations

import dataclasses
import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.convert import ConvertSettings, Reading, convert, read, save
from cvdata.dataset import Dataset, Facts, State
from cvdata.errors import OutputError
from cvdata.files import Staging, disk
from cvdata.formats import Intake, Outlet, format_of

from ..compare import expected_of, identical, tree
from ..strategies import datasets, draw_blank
from ..test_round_trips import folder, with_pictures
from ..tiny import draw_pictures, tiny

FORMATS = ["coco", "voc", "yolo", "yolo-seg", "yolo-pose", "yolo-obb"]
SIDECAR = ".cvdata/sidecar"
PLACES = frozenset({"folder", "folders", "files"})
"""Columns that say where pictures are now."""

KINDS = frozenset(
    {"rings", "keypoints", "rotated", "mask", "score", "area", "crowd", "flags", "extra", "splits", "states"}
    | {"supercategory"}
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_pictures(tmp_path_factory.mktemp("pictures"))


@pytest.fixture
def dataset(pictures: Path) -> Dataset:
    return tiny(pictures)


def notes(reading: Reading) -> dict[str, int]:
    wanted = ("restored", "edited", "classes-edited", "picture-replaced", "sidecar-unusable")
    return {found.code: found.count for found in reading.intake.findings if found.code in wanted}


def balances(reading: Reading) -> bool:
    images, table, intake = reading.dataset.images, reading.dataset.annotations, reading.intake
    left = intake.quarantined + intake.filtered
    return (len(images) + left.images, len(table) + left.annotations) == (intake.read.images, intake.read.annotations)


# ---- nothing was touched


@pytest.mark.parametrize("name", FORMATS)
def test_everything_comes_back_exactly(name: str, dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", name)

    back = read(tmp_path / "out", name)

    identical(back.dataset, dataset, but=PLACES)
    assert notes(back) == {"restored": 10}
    assert back.intake.quarantine == []
    assert balances(back)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=15)
@given(data=st.data())
def test_any_dataset_comes_back_exactly(name: str, data: st.DataObject) -> None:
    drawn = data.draw(datasets(KINDS))
    with folder() as root:
        placed = with_pictures(drawn, root / "in")
        kept = dataclasses.replace(
            placed, images=dataclasses.replace(placed.images, facts=Facts.none(len(placed.images)))
        )
        save(kept, root / "out", name, settings=ConvertSettings(verify="none", workers=1))

        identical(read(root / "out", name, workers=1).dataset, kept, but=PLACES)


@pytest.mark.parametrize("name", FORMATS)
def test_a_writer_says_what_its_reader_will_find_where(name: str, dataset: Dataset, tmp_path: Path) -> None:
    module, outlets = format_of(name), []
    with Staging(tmp_path / "out") as staging:
        outlets.append(Outlet(staging=staging))
        module.write(expected_of(dataset, module, module.WriteOptions()), outlets[0], module.WriteOptions())
        shutil.copytree(staging.path, tmp_path / "copy")
    said, intake = outlets[0].labels, Intake()

    found = module.read(tmp_path / "copy", module.ReadOptions(), intake)

    assert said is not None
    assert intake.label_files == dict(zip(said.names, said.files, strict=True))
    assert all((tmp_path / "copy" / file).is_file() for file in said.files if file is not None)
    assert set(found.images.names) == set(said.names)
    assert set(found.categories.names) <= set(said.classes)
    assert found.categories.names == said.classes or not said.numbered
    row_of = {written: row for row, written in enumerate(said.names)}
    for row, picture in enumerate(found.images.names):
        split = int(dataset.images.split[row_of[picture]])
        as_read = None if found.images.split[row] < 0 else found.images.splits[found.images.split[row]]
        assert as_read == (None if split < 0 else said.splits[split])


def test_a_crowd_region_is_put_aside_and_kept(dataset: Dataset, tmp_path: Path) -> None:
    report = save(dataset, tmp_path / "out", "yolo")

    back = read(tmp_path / "out")

    [item] = report.quarantine
    assert (item.image, item.found) == ("street.jpg", "a crowd region")
    [outcome] = [loss.outcome for loss in report.losses if loss.what == "annotations: a crowd region"]
    assert outcome == "left out and named in quarantine; kept in .cvdata/sidecar"
    assert int(back.dataset.annotations.has("crowd").sum()) == 1


def test_a_box_too_thin_for_the_format_comes_back_and_is_not_put_aside(dataset: Dataset, tmp_path: Path) -> None:
    box = dataset.annotations.box.copy()
    box[0] = [4, 4, 1e-6, 12]
    thin = dataclasses.replace(dataset, annotations=dataclasses.replace(dataset.annotations, box=box))
    save(thin, tmp_path / "out", "yolo")

    alone = read(tmp_path / "out", sidecar="none")
    back = read(tmp_path / "out")

    assert [item.found[:18] for item in alone.intake.quarantine] == ["a box without area"]
    assert back.intake.quarantine == []
    assert back.dataset.annotations.box[0].tolist() == [4, 4, 1e-6, 12]
    assert balances(back)


def test_facts_of_pictures_are_kept_though_no_one_would_call_them_lost(dataset: Dataset, tmp_path: Path) -> None:
    facts = dataclasses.replace(Facts.none(6), size=np.arange(6), phash=np.arange(6, dtype=np.uint64) << np.uint64(60))
    known = dataclasses.replace(dataset, images=dataclasses.replace(dataset.images, facts=facts))

    save(known, tmp_path / "out", "coco")

    identical(read(tmp_path / "out").dataset, known, but=PLACES)


def test_a_conversion_back_is_the_file_that_it_began_with(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "a", "coco", settings=ConvertSettings(sidecar="none"))
    convert(tmp_path / "a", tmp_path / "yolo", "yolo", settings=ConvertSettings(workers=2))
    report = convert(tmp_path / "yolo", tmp_path / "b", "coco")

    assert (report.read, report.losses, report.quarantine) == (report.written, [], [])
    for name in ("instances_train", "instances_val", "instances_default"):
        file = f"annotations/{name}.json"
        assert json.loads((tmp_path / "b" / file).read_text()) == json.loads((tmp_path / "a" / file).read_text())


def test_the_kept_tables_are_the_same_at_any_number_of_workers_and_name_no_folder(
    dataset: Dataset, pictures: Path, tmp_path: Path
) -> None:
    for target, workers in (("a", 1), ("b", 2)):
        save(dataset, tmp_path / target, "voc", settings=ConvertSettings(workers=workers))

    one, two = tree(tmp_path / "a" / SIDECAR), tree(tmp_path / "b" / SIDECAR)
    assert one == two
    assert sorted(one) == ["annotations.parquet", "images.parquet", "sidecar.json"]
    assert not any(str(pictures).encode() in data for data in one.values())


# ---- only where it is needed and wanted


def test_a_format_that_holds_everything_gets_no_sidecar(dataset: Dataset, tmp_path: Path) -> None:
    plain = dataclasses.replace(dataset, annotations=dataset.annotations.without(frozenset({"rotated"})))

    report = save(plain, tmp_path / "out", "coco")

    assert report.losses == []
    assert not (tmp_path / "out" / SIDECAR).exists()


@pytest.mark.parametrize("name", ["imagefolder", "images", "cvdata"])
def test_formats_without_label_files_get_none(name: str, dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", name)

    assert not (tmp_path / "out" / SIDECAR).exists()


def test_without_a_sidecar_nothing_is_kept_and_the_ledger_says_so(dataset: Dataset, tmp_path: Path) -> None:
    report = save(dataset, tmp_path / "out", "yolo", settings=ConvertSettings(sidecar="none"))

    assert not (tmp_path / "out" / SIDECAR).exists()
    assert report.losses
    assert not any("kept" in loss.outcome and "sidecar" in loss.outcome for loss in report.losses)


def test_reading_without_it_takes_the_labels_as_they_stand(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "voc")

    back = read(tmp_path / "out", sidecar="none")

    assert notes(back) == {}
    assert back.dataset.annotations.polygons is None


def test_the_annotation_file_alone_is_enough(dataset: Dataset, tmp_path: Path) -> None:
    one = dataclasses.replace(dataset, images=dataclasses.replace(dataset.images, split=np.full(6, -1, np.int32)))
    save(one, tmp_path / "out", "coco")

    back = read(tmp_path / "out/annotations/instances.json")

    assert notes(back) == {"restored": 10}
    identical(back.dataset, one, but=PLACES)


# ---- somebody was there


def edit_voc(root: Path) -> None:
    path = root / "Annotations/street.xml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("<xmin>5</xmin>", "<xmin>7</xmin>", 1), "utf-8")
    assert path.read_text("utf-8") != text


def edit_yolo(root: Path) -> None:
    path = root / "labels/train/street.txt"
    lines = path.read_text("utf-8").splitlines(keepends=True)
    before, _, last = lines[0].rpartition(" ")
    path.write_text("".join([f"{before} {float(last) + 0.01:.6f}\n", *lines[1:]]), "utf-8")


EDITS: dict[str, Callable[[Path], None]] = {
    "voc": edit_voc,
    "yolo": edit_yolo,
    "yolo-seg": edit_yolo,
    "yolo-pose": edit_yolo,
    "yolo-obb": edit_yolo,
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_wins_and_all_other_pictures_come_back(name: str, dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", name)
    EDITS[name](tmp_path / "out")

    back = read(tmp_path / "out", name)
    alone = read(tmp_path / "out", name, sidecar="none")

    assert notes(back) == {"restored": 5, "edited": 1}
    assert balances(back)
    found = [row for row in back.dataset.rows() if row.image == "street.jpg"]
    wanted = [row for row in alone.dataset.rows() if row.image == "street.jpg"]
    assert [(row.category, row.box) for row in found] == [(row.category, row.box) for row in wanted]
    assert [row.box for row in found] != [row.box for row in dataset.rows() if row.image == "street.jpg"]
    others = np.flatnonzero(back.dataset.annotations.image != 0)
    identical(
        back.dataset.annotations.take(others),
        dataset.annotations.take(np.arange(5, 10)),
        but=frozenset({"mask_listed", "masks"}),
    )
    assert back.dataset.images.names == dataset.images.names
    assert back.dataset.categories.source_id == dataset.categories.source_id


def test_a_file_of_a_split_that_was_edited_leaves_the_other_splits_as_they_were(
    dataset: Dataset, tmp_path: Path
) -> None:
    save(dataset, tmp_path / "out", "coco")
    path = tmp_path / "out/annotations/instances_val.json"
    content = json.loads(path.read_text("utf-8"))
    content["annotations"][0]["bbox"][0] += 1
    path.write_text(json.dumps(content), "utf-8")

    back = read(tmp_path / "out")

    assert notes(back) == {"restored": 7, "edited": 2}
    boxes = {row.image: row.box for row in back.dataset.rows() if row.image == "turned.jpg"}
    assert boxes == {"turned.jpg": (1, 0, 29, 50)}  # clipped at the edge of the picture
    assert back.dataset.images.names == dataset.images.names


def test_an_object_of_a_new_class_in_one_file_is_there_beside_what_comes_back(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "voc")
    path = tmp_path / "out/Annotations/street.xml"
    path.write_text(path.read_text("utf-8").replace("<name>cat</name>", "<name>tiger</name>", 1), "utf-8")

    back = read(tmp_path / "out")

    assert back.dataset.categories.names == (*dataset.categories.names, "tiger")
    assert back.dataset.categories.source_id == (3, 7, 9, 12, 13)
    assert back.dataset.categories.keypoints == (*(dataset.categories.keypoints or ()), ())
    assert [row.category for row in back.dataset.rows()][:2] == ["tiger", "cat"]
    assert notes(back) == {"restored": 5, "edited": 1}


def test_numbers_that_mean_other_classes_now_are_taken_as_they_stand(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "yolo")
    path = tmp_path / "out/data.yaml"
    path.write_text(path.read_text("utf-8").replace("cat", "lion"), "utf-8")

    back = read(tmp_path / "out")

    assert notes(back) == {"classes-edited": 1}
    assert back.dataset.categories.names[0] == "lion"
    assert back.dataset.annotations.polygons is None


def test_a_picture_that_was_moved_to_another_split_is_there(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "voc")
    lists = tmp_path / "out/ImageSets/Main"
    (lists / "train.txt").write_text("empty\n")
    (lists / "val.txt").write_text("turned\nUPPER\nstreet\n")
    (lists / "trainval.txt").unlink()

    back = read(tmp_path / "out").dataset.images

    splits = {name: back.splits[code] if code >= 0 else None for name, code in zip(back.names, back.split, strict=True)}
    assert splits["street.jpg"] == "val"
    assert splits["empty.jpg"] == "train"
    assert splits["new.jpg"] is None


def test_a_picture_that_is_gone_stays_gone_and_a_new_one_comes_last(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "yolo", settings=ConvertSettings(media="copy"))
    root = tmp_path / "out"
    (root / "images/val/UPPER.JPG").unlink()
    (root / "labels/val/UPPER.txt").unlink()
    draw_blank(root / "images/train", {"added.jpg": (10, 10)})
    (root / "labels/train/added.txt").write_text("1 0.5 0.5 0.2 0.2\n")

    back = read(root)

    assert back.dataset.images.names == (*dataset.images.names[:5], "added.jpg")
    assert [row.box for row in back.dataset.rows()][-1] == (4, 4, 2, 2)
    assert notes(back) == {"restored": 8}
    assert back.dataset.images.state.tolist()[3:] == [State.EMPTY, State.UNLABELLED, State.LABELLED]


def test_in_a_picture_of_another_size_kept_pixels_mean_nothing(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "yolo", settings=ConvertSettings(media="copy"))
    draw_blank(tmp_path / "out/images/train", {"street.jpg": (640, 480)})

    back = read(tmp_path / "out")

    assert notes(back) == {"restored": 5, "picture-replaced": 1}
    assert next(back.dataset.rows()).box == pytest.approx((40, 40, 200, 120), abs=0.01)


def test_labels_from_another_folder_are_not_taken_for_those_that_were_written(dataset: Dataset, tmp_path: Path) -> None:
    save(dataset, tmp_path / "out", "yolo")
    root = tmp_path / "out"
    for kind in ("images", "labels"):
        shutil.copytree(root / kind, root / "second" / kind)
    (root / "second/labels/train/street.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    path = root / "data.yaml"
    path.write_text(path.read_text("utf-8").replace(": images/", ": second/images/"), "utf-8")

    back = read(root)

    assert [row.box for row in back.dataset.rows() if row.image == "street.jpg"] == [(16, 12, 32, 24)]


@pytest.mark.parametrize("file", ["annotations.parquet", "images.parquet", "sidecar.json"])
def test_a_disk_that_refuses_the_sidecar_leaves_no_output_at_all(file: str, dataset: Dataset, tmp_path: Path) -> None:
    def refuse(kind: str, path: str) -> None:
        if kind == "write" and path.endswith(f"{SIDECAR}/{file}"):
            raise OSError(errno.ENOSPC, "No space left on device", path)

    disk.on_operation(refuse)
    try:
        with pytest.raises(OutputError, match="No space left on device"):
            save(dataset, tmp_path / "out", "yolo")
    finally:
        disk.on_operation(None)

    assert list(tmp_path.iterdir()) == []
