"""What a command made of a dataset is written whole: as a new one, or as a version of the one that was read."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.convert import ConvertSettings, Edit, check_target, read, save, write_edit
from cvdata.dataset import Dataset
from cvdata.dataset.copies import Copies, add_copies, copied_annotations, copied_images, copy_names
from cvdata.dataset.select import keep_images
from cvdata.errors import UsageError
from cvdata.files import Counts
from cvdata.formats.store import open_store
from tests.compare import tree
from tests.tiny import draw_pictures, tiny

ONE = ConvertSettings(workers=1)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    draw_pictures(tmp_path / "photos")
    save(tiny(tmp_path / "photos"), tmp_path / "pets", "cvdata", settings=ONE)
    return tmp_path / "pets"


def without_first(dataset: Dataset) -> Edit:
    kept = keep_images(dataset, np.arange(1, len(dataset.images)))
    left_out = Counts(1, len(dataset.annotations) - len(kept.annotations))
    return Edit(command="filter", settings={"keep": "no street"}, dataset=kept, filtered=left_out)


def with_made(dataset: Dataset, folder: Path) -> Edit:
    """Add a picture that lies in a folder of its own, as an augmented copy does."""
    folder.mkdir()
    copies = Copies.times(np.array([1] + [0] * (len(dataset.images) - 1)))
    names = copy_names(dataset.images, copies, "aug")
    (folder / names[0]).write_bytes((Path(dataset.images.file(0) or "")).read_bytes() + b"more")
    images = copied_images(dataset.images, copies, names, [{"made": "aug"}])
    images = replace(images, folder=np.zeros(1, np.int32), folders=(str(folder),), files=names)
    grown = add_copies(dataset, copies, images, copied_annotations(dataset, copies))
    added = Counts(1, len(grown.annotations) - len(dataset.annotations))
    return Edit(command="augment", settings={}, dataset=grown, added=added, made=frozenset({str(folder)}))


def test_a_new_dataset_says_what_was_left_out_and_by_which_command(pets: Path, tmp_path: Path) -> None:
    reading = read(pets, workers=1)
    report = write_edit([reading], [pets], without_first(reading.dataset), tmp_path / "out", to="coco", settings=ONE)

    manifest = json.loads((tmp_path / "out/.cvdata/manifest.json").read_bytes())
    assert (report.read, report.written, report.filtered) == (Counts(6, 10), Counts(5, 5), Counts(1, 5))
    assert report.target_format == "coco"
    assert manifest["command"] == "filter"
    assert manifest["settings"]["keep"] == "no street"


def test_without_a_target_the_dataset_gets_a_version_and_keeps_the_old_one(pets: Path) -> None:
    follows = check_target([pets], None, None, ONE)
    reading = read(pets, workers=1)
    report = write_edit([reading], [pets], without_first(reading.dataset), None, settings=ONE, follows=follows)

    store = open_store(pets)
    assert [version.command for version in store.versions] == ["save", "filter"]
    assert report.version == store.current.id
    assert len(store.load("1").images) == 6
    assert len(store.load().images) == 5


def test_a_version_of_another_run_in_between_is_not_overwritten(pets: Path) -> None:
    follows = check_target([pets], None, None, ONE)
    reading = read(pets, workers=1)
    edit = without_first(reading.dataset)
    write_edit([reading], [pets], edit, None, settings=ONE, follows=follows)

    with pytest.raises(UsageError, match="another run added a version"):
        write_edit([reading], [pets], edit, None, settings=ONE, follows=follows)


@pytest.mark.parametrize("media", ["link", "copy", "symlink", "none"])
def test_pictures_that_were_made_get_into_the_output_whatever_happens_to_the_others(
    pets: Path, tmp_path: Path, media: str
) -> None:
    reading = read(pets, workers=1)
    edit = with_made(reading.dataset, tmp_path / "made")
    settings = ConvertSettings(workers=1, media=media)  # type: ignore[arg-type]
    report = write_edit([reading], [pets], edit, tmp_path / "out", to="cvdata", settings=settings)

    made = tmp_path / "out/images/street.aug1.jpg"
    assert not made.is_symlink()
    assert made.read_bytes().endswith(b"more")
    assert (tmp_path / "out/images/street.jpg").exists() == (media != "none")
    assert (report.added, report.written) == (Counts(1, 5), Counts(7, 15))


def test_pictures_that_were_made_join_a_dataset_in_place_and_a_second_time_nothing_is_copied(
    pets: Path, tmp_path: Path
) -> None:
    reading = read(pets, workers=1)
    edit = with_made(reading.dataset, tmp_path / "made")
    write_edit([reading], [pets], edit, None, settings=ONE)
    first = tree(pets / "images")
    write_edit([reading], [pets], edit, None, settings=ONE)  # as after a kill: the pictures are there already

    assert "street.aug1.jpg" in first
    assert tree(pets / "images") == first
    assert len(read(pets, workers=1).dataset.images) == 7


def test_another_picture_of_that_name_stays(pets: Path, tmp_path: Path) -> None:
    (pets / "images/street.aug1.jpg").write_bytes(b"mine")
    reading = read(pets, workers=1)
    write_edit([reading], [pets], with_made(reading.dataset, tmp_path / "made"), None, settings=ONE)

    assert (pets / "images/street.aug1.jpg").read_bytes() == b"mine"
    assert (pets / "images/street.aug1-2.jpg").read_bytes().endswith(b"more")


@pytest.mark.parametrize(
    ("source", "to", "message"),
    [
        ("photos", None, "is not a cvdata dataset"),
        ("pets", "coco", "has no other format"),
        ("pets@1", None, "versions never change"),
    ],
)
def test_what_cannot_have_a_version_is_refused_at_once(
    pets: Path, tmp_path: Path, source: str, to: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check_target([tmp_path / source], None, to, ONE)


def test_an_output_inside_the_input_is_refused_at_once(pets: Path) -> None:
    with pytest.raises(UsageError, match="inside"):
        check_target([pets], pets / "out", None, ONE)


def test_an_outcome_without_pictures_is_refused_and_nothing_is_written(pets: Path, tmp_path: Path) -> None:
    reading = read(pets, workers=1)
    nothing = keep_images(reading.dataset, np.zeros(0, np.int64))
    edit = Edit(command="filter", settings={}, dataset=nothing, filtered=Counts(6, 10))

    for target in (tmp_path / "out", None):
        with pytest.raises(UsageError, match="no picture is left"):
            write_edit([reading], [pets], edit, target, settings=ONE)
    assert not (tmp_path / "out").exists()
    assert len(open_store(pets).versions) == 1


def test_a_loss_in_silence_is_our_bug(pets: Path, tmp_path: Path) -> None:
    reading = read(pets, workers=1)
    edit = replace(without_first(reading.dataset), filtered=Counts(0, 0))

    with pytest.raises(RuntimeError, match="lost"):
        write_edit([reading], [pets], edit, tmp_path / "out", settings=ONE)
    assert not (tmp_path / "out").exists()


def test_outlines_that_nobody_looks_at_are_written_as_they_came(tmp_path: Path) -> None:
    save(tiny(), tmp_path / "coco", "coco", settings=ConvertSettings(workers=1, verify="none"))
    whole = read(tmp_path / "coco", verify="none", workers=1)
    no_masks = replace(whole.dataset, annotations=replace(whole.dataset.annotations, masks=None, mask_listed=None))
    save(no_masks, tmp_path / "plain", "coco", settings=ConvertSettings(workers=1, verify="none"))

    [file] = (tmp_path / "plain/annotations").glob("*_train.json")
    spaced = file.read_bytes().replace(b"12.5,40.0", b"12.50, 40")
    (tmp_path / "one.json").write_bytes(spaced)
    reading = read(tmp_path / "one.json", verify="none", outlines_as_text=True, workers=1)
    edit = Edit(command="split", settings={}, dataset=reading.dataset)
    write_edit([reading], [tmp_path / "one.json"], edit, tmp_path / "out", settings=ONE)

    [written] = (tmp_path / "out/annotations").glob("*.json")
    assert b"12.50, 40" in spaced
    assert b"12.50, 40" in written.read_bytes()
    before, after = (read(path, verify="none", workers=1).dataset for path in (tmp_path / "one.json", tmp_path / "out"))
    assert same_rows(before, after)


def test_areas_that_are_missing_come_from_outlines_that_are_text(tmp_path: Path) -> None:
    ring = [1, 1, 5, 1, 5, 3, 1, 3]
    document = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4], "segmentation": [ring]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "a.json").write_text(json.dumps(document), "utf-8")
    reading = read(tmp_path / "a.json", verify="none", outlines_as_text=True, workers=1)
    edit = Edit(command="split", settings={}, dataset=reading.dataset)
    write_edit([reading], [tmp_path / "a.json"], edit, tmp_path / "out", settings=ONE)

    [written] = (tmp_path / "out/annotations").glob("*.json")
    assert reading.dataset.annotations.outlines is not None
    assert json.loads(written.read_bytes())["annotations"][0]["area"] == 8.0


def test_what_a_full_disk_left_of_a_picture_changes_no_name_in_the_next_version(pets: Path, tmp_path: Path) -> None:
    shutil.copytree(pets, tmp_path / "other")
    reading = read(pets, workers=1)
    edit = with_made(reading.dataset, tmp_path / "made")
    [made] = (tmp_path / "made").iterdir()
    whole = made.read_bytes()
    (pets / "images" / made.name).write_bytes(whole[: len(whole) // 2])
    written = write_edit([reading], [pets], edit, None, settings=ONE)

    reading = read(tmp_path / "other", workers=1)
    edit = replace(
        edit, dataset=with_made(reading.dataset, tmp_path / "again").dataset, made=frozenset({str(tmp_path / "again")})
    )
    clean = write_edit([reading], [tmp_path / "other"], edit, None, settings=ONE)

    assert (pets / "images" / made.name).read_bytes() == whole
    assert written.version == clean.version


def test_a_torn_picture_that_the_dataset_has_is_left_alone(pets: Path, tmp_path: Path) -> None:
    reading = read(pets, workers=1)
    edit = with_made(reading.dataset, tmp_path / "made")
    [made] = (tmp_path / "made").iterdir()
    torn = made.read_bytes()[:200]
    (pets / "images" / made.name).write_bytes(torn)
    images = reading.dataset.images
    files = (made.name, *(images.files or images.names)[1:])
    owner = replace(reading, dataset=replace(reading.dataset, images=replace(images, files=files)))
    write_edit([owner], [pets], edit, None, settings=ONE)

    assert (pets / "images" / made.name).read_bytes() == torn
    assert (pets / "images" / f"{made.stem}-2{made.suffix}").is_file()


def test_what_is_said_of_two_sources_says_of_which_and_is_not_taken_for_one(pets: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(pets, other)
    readings = [read(path, workers=1) for path in (pets, other)]
    for number, reading in enumerate(readings):
        reading.intake.note("origin", f"pixels count from {number}")
        reading.intake.note("clipped", "{n} boxes were clipped", 2, ["a.jpg"])
    dataset = readings[0].dataset
    again = Counts(len(dataset.images), len(dataset.annotations))
    edit = Edit(command="merge", settings={}, dataset=dataset, filtered=again)
    report = write_edit(readings, [pets, other], edit, tmp_path / "out", settings=ONE)

    assert [(found.code, found.message, found.examples) for found in report.findings] == [
        ("origin", "pixels count from 0", [str(pets)]),
        ("clipped", "4 boxes were clipped", [f"{pets}: a.jpg", f"{other}: a.jpg"]),
        ("origin", "pixels count from 1", [str(other)]),
    ]


def test_bad_items_of_the_source_are_named_beside_a_version_too(pets: Path) -> None:
    (pets / "images/street.jpg").unlink()
    reading = read(pets, workers=1)
    write_edit([reading], [pets], Edit(command="split", settings={}, dataset=reading.dataset), None, settings=ONE)

    assert b"street.jpg" in (pets / ".cvdata/quarantine.jsonl").read_bytes()


def same_rows(one: Dataset, other: Dataset) -> bool:
    """Tell whether annotations are the same, row by row."""

    def plain(dataset: Dataset) -> list[str]:
        return [repr((row.image, row.category, row.box, sorted(row.columns))) for row in dataset.rows()]

    polygons, others = one.annotations.polygons, other.annotations.polygons
    assert polygons is not None
    assert others is not None
    return plain(one) == plain(other) and polygons.points.tolist() == others.points.tolist()
