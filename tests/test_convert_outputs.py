"""Where a conversion puts its pictures and its output, and what it leaves alone."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

import cvdata
from cvdata.convert import ConvertSettings, convert
from cvdata.errors import (
    FormatError,
    UsageError,
)

from .compare import tree
from .conversions import draw_photo, run
from .tiny import draw_pictures, tiny


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return draw_photo(tmp_path / "in")


def test_pictures_are_hard_links(photo: Path, tmp_path: Path) -> None:
    run(photo, tmp_path / "out", "coco")

    picture = tmp_path / "out/images/1.jpg"
    assert picture.stat().st_ino == (photo.parent / "1.jpg").stat().st_ino
    assert picture.stat().st_nlink == 2
    assert not picture.is_symlink()


def test_pictures_can_be_copies(photo: Path, tmp_path: Path) -> None:
    run(photo, tmp_path / "out", "coco", media="copy")

    picture, origin = tmp_path / "out/images/1.jpg", photo.parent / "1.jpg"
    assert picture.stat().st_ino != origin.stat().st_ino
    assert picture.read_bytes() == origin.read_bytes()
    assert origin.stat().st_nlink == 1


def test_pictures_can_be_symbolic_links(photo: Path, tmp_path: Path) -> None:
    run(photo, tmp_path / "out", "coco", media="symlink")

    picture = tmp_path / "out/images/1.jpg"
    assert picture.is_symlink()
    assert picture.resolve() == (photo.parent / "1.jpg").resolve()


def test_pictures_can_stay_where_they_are(photo: Path, tmp_path: Path) -> None:
    run(photo, tmp_path / "out", "coco", media="none")

    assert not (tmp_path / "out/images").exists()


def test_a_picture_behind_a_link_arrives_as_a_file(photo: Path, tmp_path: Path) -> None:
    folder = photo.parent
    (folder / "1.jpg").rename(folder / "stored.bin")
    (folder / "1.jpg").symlink_to("stored.bin")

    run(photo, tmp_path / "out", "coco")

    picture = tmp_path / "out/images/1.jpg"
    assert not picture.is_symlink()
    assert picture.read_bytes() == (folder / "stored.bin").read_bytes()


def test_pictures_that_get_a_new_name_are_named_in_the_report(tmp_path: Path) -> None:
    for name in ("Photo.jpg", "photo.jpg"):
        draw_photo(tmp_path / "in")
        (tmp_path / "in/1.jpg").rename(tmp_path / f"in/{name}")
    (tmp_path / "in/a.json").unlink()

    report = run(tmp_path / "in", tmp_path / "out", "yolo")

    [found] = [found for found in report.findings if found.code == "renamed"]
    assert (found.count, report.renamed) == (1, 1)
    assert found.examples[0].startswith("photo.jpg -> photo-")


@pytest.mark.parametrize("media", ["link", "copy", "symlink", "none"])
def test_the_input_is_never_changed(media: str, photo: Path, tmp_path: Path) -> None:
    before = {name: (text, os.stat(photo.parent / name).st_mtime_ns) for name, text in tree(photo.parent).items()}

    run(photo, tmp_path / "out", "voc", media=media)

    after = {name: (text, os.stat(photo.parent / name).st_mtime_ns) for name, text in tree(photo.parent).items()}
    assert after == before


def test_an_output_is_replaced_only_when_asked(photo: Path, tmp_path: Path) -> None:
    run(photo, tmp_path / "out", "coco")
    with pytest.raises(UsageError, match="is not empty\n  hint: give another folder, or --overwrite"):
        run(photo, tmp_path / "out", "voc")
    assert (tmp_path / "out/annotations").is_dir()

    run(photo, tmp_path / "out", "voc", overwrite=True)

    assert (tmp_path / "out/Annotations/1.xml").is_file()
    assert not (tmp_path / "out/annotations").exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in", "out"]


def test_what_someone_else_wrote_is_never_replaced(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("all of it")

    with pytest.raises(UsageError, match="was not written by cvdata"):
        run(photo, tmp_path / "out", "coco", overwrite=True)

    assert (tmp_path / "out/thesis.txt").read_text() == "all of it"


@pytest.mark.parametrize("name", ["in", "in/out", "."])
def test_an_output_in_or_around_the_input_is_refused(name: str, photo: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)

    with pytest.raises(UsageError, match=r"the output '.*' (is|lies inside|holds) the input"):
        run(photo.parent, tmp_path / name, "coco")

    assert tree(tmp_path) == before


def test_a_failed_conversion_leaves_what_was_there(photo: Path, tmp_path: Path) -> None:
    run(photo, tmp_path / "out", "coco")
    before = tree(tmp_path / "out")
    photo.write_text("{", "utf-8")

    with pytest.raises(FormatError):
        convert(photo, tmp_path / "out", "voc", source_format="coco", settings=ConvertSettings(overwrite=True))

    assert tree(tmp_path / "out") == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in", "out"]


def test_the_manifest_has_the_account_and_every_file(photo: Path, tmp_path: Path) -> None:
    report = run(photo, tmp_path / "out", "voc", media="copy")

    manifest = json.loads((tmp_path / "out/.cvdata/manifest.json").read_text("utf-8"))
    assert (manifest["command"], manifest["format"]) == ("convert", "voc")
    assert manifest["account"]["written"] == {"images": 1, "annotations": 1}
    assert manifest["account"]["quarantined"] == {"images": 0, "annotations": 1}
    assert manifest["settings"] == json.loads(json.dumps(report.settings))
    on_disk = {name for name in tree(tmp_path / "out") if name != ".cvdata/manifest.json"}
    assert {name for name, *_ in manifest["files"]} == on_disk


def test_saving_puts_boxes_aside_that_no_format_should_hold(tmp_path: Path) -> None:
    dataset = tiny(draw_pictures(tmp_path / "pictures"))
    box = dataset.annotations.box.copy()
    box[0] = (np.inf, 4, 20, 12)
    box[1, 2] = 0
    spoiled = dataclasses.replace(dataset, annotations=dataclasses.replace(dataset.annotations, box=box))

    report = cvdata.save(spoiled, tmp_path / "out", "coco")

    assert report.quarantined.annotations == 2
    assert [item.file for item in report.quarantine] == ["street.jpg", "street.jpg"]
    assert [item.field for item in report.quarantine] == ["annotation 1", "annotation 2"]
    assert len(cvdata.load(tmp_path / "out").annotations) == len(box) - 2
