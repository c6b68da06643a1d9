"""What `convert`, `load`, `read` and `save` promise whatever the formats are."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import cvdata
from cvdata.convert import ConvertSettings, convert
from cvdata.dataset import Dataset
from cvdata.errors import (
    CvdataError,
    DetectionError,
    LossError,
    OutputError,
    QuarantineError,
    UsageError,
)

from .conversions import bad_coco, draw_photo, run
from .tiny import draw_pictures, tiny


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny dataset as COCO, pictures beside it."""
    root = tmp_path_factory.mktemp("source")
    cvdata.save(tiny(draw_pictures(root / "pictures")), root / "coco", "coco")
    return root / "coco"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return draw_photo(tmp_path / "in")


# ---- losses


def test_what_a_target_cannot_hold_is_counted(source: Path, tmp_path: Path) -> None:
    report = run(source, tmp_path / "out", "yolo")

    losses = {loss.what: loss.count for loss in report.losses}
    assert losses["outlines (polygons)"] == 2
    assert losses["outlines of several rings"] == 1
    assert losses["masks (run lengths)"] == 1  # that of the crowd is a refusal, and named
    assert losses["annotations with keypoints"] == 1
    assert losses["annotations marked difficult"] == 1
    assert losses["annotations marked truncated"] == 1
    assert losses["annotations marked occluded"] == 1
    assert losses["annotations with other attributes"] == 1
    assert losses["annotations: a crowd region"] == 1
    assert losses["class ids"] == 4


def test_ids_that_count_up_from_one_are_no_loss(tmp_path: Path) -> None:
    bad_coco(tmp_path)

    report = run(tmp_path / "a.json", tmp_path / "out", "voc")

    assert report.losses == []


def test_strict_stops_before_anything_is_written(source: Path, tmp_path: Path) -> None:
    with pytest.raises(LossError, match=r"yolo cannot hold everything: .*outlines"):
        run(source, tmp_path / "out", "yolo", strict=True)

    assert list(tmp_path.iterdir()) == []


def test_strict_is_content_where_nothing_is_lost(source: Path, tmp_path: Path) -> None:
    assert run(source, tmp_path / "out", "coco", strict=True, sidecar="none").losses == []


def test_a_polygon_that_nobody_reads_is_a_loss_all_the_same(tmp_path: Path) -> None:
    path = bad_coco(tmp_path)
    content = json.loads(path.read_text("utf-8"))
    content["annotations"] = [content["annotations"][0] | {"segmentation": [[1, 1, 6, 1, 6, 6, 1, 6]]}]
    path.write_text(json.dumps(content), "utf-8")

    report = run(path, tmp_path / "out", "voc")

    assert [(loss.what, loss.count) for loss in report.losses] == [("outlines (polygons)", 1)]


# ---- classes


def test_classes_are_kept_in_the_order_asked_for(source: Path, tmp_path: Path) -> None:
    report = run(source, tmp_path / "out", "coco", classes=("person", "cat"))

    dataset = cvdata.load(tmp_path / "out")
    assert dataset.categories.names == ("person", "cat")
    assert {row.category for row in dataset.rows()} == {"person", "cat"}
    assert (report.read.annotations, report.written.annotations, report.filtered.annotations) == (10, 8, 2)
    assert report.written.images == 6


def test_a_picture_that_loses_its_classes_is_empty_and_not_unlabelled(source: Path, tmp_path: Path) -> None:
    run(source, tmp_path / "out", "coco", classes=("person",))

    dataset = cvdata.load(tmp_path / "out")
    states = dict(zip(dataset.images.names, dataset.images.state.tolist(), strict=True))
    assert states["street.jpg"] == cvdata.State.EMPTY
    assert states["new.jpg"] == cvdata.State.UNLABELLED


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("kat",), "there is no class 'kat'\n  hint: did you mean 'cat'?"),
        (("CAT",), "there is no class 'CAT'\n  hint: did you mean 'cat'?"),
        (("zebra",), "there is no class 'zebra'\n  hint: there are: cat, dog <b>&amp;, unused, person"),
        (("cat", "cat"), "a class is named twice"),
    ],
)
def test_an_unknown_class_is_refused_with_the_nearest(
    classes: tuple[str, ...], message: str, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as error:
        run(source, tmp_path / "out", "coco", classes=classes)

    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


# ---- bad items and verification


def test_on_bad_fail_stops_at_the_first_and_writes_nothing(tmp_path: Path) -> None:
    path = bad_coco(tmp_path / "in")

    with pytest.raises(QuarantineError, match=r"a\.json: annotations\[1\] \(id 2\): a box without area"):
        run(path, tmp_path / "out", "voc", on_bad="fail")

    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_bad_items_are_named_in_the_output(tmp_path: Path) -> None:
    run(bad_coco(tmp_path / "in"), tmp_path / "out", "voc")

    (line,) = (tmp_path / "out/.cvdata/quarantine.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "kind": "annotation",
        "file": "a.json",
        "field": "annotations[1] (id 2)",
        "found": "a box without area (0 x 5 at 1, 1)",
        "expected": "a width and a height above 0",
        "image": "1.jpg",
        "annotations": 1,
    }


def test_labels_drawn_before_the_exif_rotation_are_named_as_such(tmp_path: Path) -> None:
    path = bad_coco(tmp_path / "in")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (20, 30)).save(tmp_path / "in/1.jpg", exif=exif)

    report = run(path, tmp_path / "out", "coco")

    found = [item.found for item in report.quarantine]
    assert found[0] == (
        "the labels say 20x30, the picture '1.jpg' is 30x20"
        " (the labels were drawn on the picture before its EXIF rotation)"
    )


def cut_in_half(path: Path) -> None:
    Image.effect_noise((20, 30), 90).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])


@pytest.mark.parametrize(
    ("verify", "images", "verified"),
    [
        ("sizes", 0, "sizes in the picture headers, 1 pictures"),
        ("decode", 1, "every pixel, 1 pictures"),
        ("none", 0, "nothing, as asked (--verify none)"),
    ],
)
def test_only_decoding_sees_that_pixels_are_missing(verify: str, images: int, verified: str, tmp_path: Path) -> None:
    path = bad_coco(tmp_path / "in")
    cut_in_half(tmp_path / "in/1.jpg")

    report = run(path, tmp_path / "out", "coco", verify=verify)

    assert (report.quarantined.images, report.verified) == (images, verified)


def test_a_wrong_size_passes_where_labels_are_trusted(tmp_path: Path) -> None:
    path = bad_coco(tmp_path / "in")
    Image.new("L", (40, 40)).save(tmp_path / "in/1.jpg")

    assert run(path, tmp_path / "a", "coco", verify="none").quarantined.images == 0
    assert run(path, tmp_path / "b", "coco").quarantined.images == 1


# ---- wrong use


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"to": "pascal"}, UsageError, "'pascal' is not a format\n  hint: formats: coco, "),
        ({"source": "nowhere"}, DetectionError, "'nowhere' does not exist"),
        ({"source": "nowhere", "source_format": "coco"}, UsageError, "'nowhere' does not exist"),
        ({"images": "nowhere"}, UsageError, "the picture folder 'nowhere' does not exist"),
        ({"workers": 0}, UsageError, "0 workers"),
        ({"read": {"orgin": "1"}}, UsageError, "an option for reading coco is wrong: .*orgin.*\n  hint: options: none"),
        ({"write": {"decimal": 8}}, UsageError, "an option for writing voc is wrong: .*\n  hint: options: decimals, "),
        ({"write": {"origin": "2"}}, UsageError, "an option for writing voc is wrong"),
    ],
)
def test_wrong_use_is_refused_before_any_work(
    changed: dict[str, Any], error: type[CvdataError], message: str, photo: Path, tmp_path: Path
) -> None:
    given: dict[str, Any] = {"source": photo, "to": "voc", "source_format": None} | changed
    keys = ("source", "to", "source_format")
    settings = ConvertSettings(**{key: value for key, value in given.items() if key not in keys})

    with pytest.raises(error, match=message):
        convert(given["source"], tmp_path / "out", given["to"], source_format=given["source_format"], settings=settings)

    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_made_is_said(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="cannot write the output"):
        run(photo, tmp_path / "file/out", "coco")


# ---- the library


def test_names_of_the_library_come_from_the_package(photo: Path, tmp_path: Path) -> None:
    dataset = cvdata.load(photo)
    report = cvdata.save(dataset, tmp_path / "out", "voc")
    reading = cvdata.read(tmp_path / "out")
    again = cvdata.convert(tmp_path / "out", tmp_path / "coco", "coco")

    assert isinstance(dataset, Dataset)
    assert (report.source, report.written, reading.format) == ("memory", again.written, "voc")
    assert set(cvdata.__all__) <= set(dir(cvdata))
    with pytest.raises(AttributeError, match="has no attribute 'lod'"):
        _ = cvdata.lod


@pytest.mark.parametrize(
    "first",
    ["import cvdata", "import cvdata.convert", "from cvdata.convert import save", "cvdata.load", "cvdata.Report"],
)
def test_convert_is_the_function_whatever_was_imported_first(first: str) -> None:
    code = f"import cvdata\n{first}\nfrom cvdata import convert\nassert convert is cvdata.convert and callable(convert)"

    subprocess.run([sys.executable, "-c", code], check=True)


def test_load_logs_what_it_left_out(photo: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="cvdata"):
        cvdata.load(photo)

    (record,) = caplog.records
    assert "0 images and 1 annotations are bad and were left out; the first: a.json: annotations[1] (id 2)" in (
        record.getMessage()
    )


def test_load_of_a_sound_dataset_logs_nothing(source: Path, caplog: pytest.LogCaptureFixture) -> None:
    cvdata.load(source)

    assert caplog.records == []


def test_read_keeps_the_account(photo: Path) -> None:
    reading = cvdata.read(photo)

    assert (reading.intake.read.annotations, reading.intake.quarantined.annotations) == (2, 1)
    assert reading.intake.where is not None
    assert str(reading.intake.where(0)) == "a.json: annotations[0] (id 1)"


def test_save_of_what_was_loaded_holds_the_pictures_too(photo: Path, tmp_path: Path) -> None:
    cvdata.save(cvdata.load(photo), tmp_path / "out", "yolo")

    (picture,) = (tmp_path / "out").rglob("1.jpg")
    assert picture.samefile(photo.parent / "1.jpg")


def test_save_into_the_pictures_is_refused(photo: Path) -> None:
    with pytest.raises(UsageError, match="lies inside the input"):
        cvdata.save(cvdata.load(photo), photo.parent / "out", "yolo")
