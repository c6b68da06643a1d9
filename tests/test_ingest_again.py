from __future__ import annotations

import os
from pathlib import Path

import pytest

from cvdata.dataset import State
from cvdata.errors import UsageError
from cvdata.formats.store import open_store
from tests.compare import tree
from tests.formats.coco_documents import annotation, document, picture, put
from tests.ingestion import DAY, draw, take_in, version


class Opened:
    """A `Progress` that counts the pictures that are opened."""

    def __init__(self) -> None:
        self.pictures = 0
        self._counts = False

    def start(self, task: str, total: int) -> None:
        self._counts = task == "reading pictures"

    def advance(self, items: int) -> None:
        self.pictures += items if self._counts else 0


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.jpg", "b.jpg", "in/c.jpg")):
        draw(tmp_path / "photos" / name, seed)
    return tmp_path / "photos"


def label(path: Path, *names: str, size: tuple[int, int] = (48, 32)) -> str:
    """Write COCO labels with a box for each picture; return the option that joins them."""
    images = [
        picture(number, file_name=name, width=size[0], height=size[1]) for number, name in enumerate(names, start=7)
    ]
    rows = [annotation(number, image=number, bbox=[1, 2, 10, 12]) for number in range(7, 7 + len(names))]
    put(path, document(images, rows))
    return f"coco:{path}"


def test_unchanged_pictures_are_not_opened_again_and_make_no_version(tmp_path: Path, photos: Path) -> None:
    first, again = Opened(), Opened()
    report = take_in(photos, tmp_path / "pets", progress=first)
    before = tree(tmp_path)

    second = take_in(photos, tmp_path / "pets", progress=again)

    assert (first.pictures, again.pictures) == (3, 0)
    assert (second.version, second.unchanged, second.added) == (report.version, 3, 0)
    assert (second.read.images, second.written.images) == (3, 3)
    assert tree(tmp_path) == before


def test_new_pictures_make_a_new_version_and_the_old_one_stays(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")
    draw(photos / "Z.jpg", 9)

    opened = Opened()
    report = take_in(photos, tmp_path / "pets", progress=opened)

    store = open_store(tmp_path / "pets")
    assert opened.pictures == 1
    assert (report.added, report.unchanged, report.version) == (1, 3, store.versions[1].id)
    assert store.load("1").images.names == ("a.jpg", "b.jpg", "in/c.jpg")
    assert store.load().images.names == ("a.jpg", "b.jpg", "in/c.jpg", "Z.jpg")
    assert os.path.samefile(tmp_path / "pets/images/Z.jpg", photos / "Z.jpg")
    assert (store.current.command, store.current.parent) == ("ingest", store.versions[0].id)


def test_another_source_adds_under_its_own_name_and_the_known_ones_keep_theirs(tmp_path: Path, photos: Path) -> None:
    draw(tmp_path / "more/a.jpg", 20)
    take_in(photos, tmp_path / "pets")

    added = take_in(tmp_path / "more", tmp_path / "pets")
    both = take_in(photos, tmp_path / "more", tmp_path / "pets")
    part = take_in(photos / "in", tmp_path / "pets")

    assert version(tmp_path / "pets").images.names == ("a.jpg", "b.jpg", "in/c.jpg", "more/a.jpg")
    assert (added.added, added.gone) == (1, 0)
    assert (both.added, both.unchanged) == (0, 4)
    assert (part.added, part.unchanged, part.gone) == (0, 1, 0)


def test_a_dataset_and_its_pictures_may_move_together(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")
    (tmp_path / "moved").mkdir()
    for name in ("photos", "pets"):
        (tmp_path / name).rename(tmp_path / "moved" / name)

    report = take_in(tmp_path / "moved/photos", tmp_path / "moved/pets")

    assert (report.unchanged, report.added) == (3, 0)


def test_a_changed_picture_is_stored_beside_the_old_one(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets", media="copy")
    old = (photos / "b.jpg").read_bytes()
    draw(photos / "b.jpg", 50, (60, 40))

    report = take_in(photos, tmp_path / "pets", media="copy")

    store = open_store(tmp_path / "pets")
    before, after = store.load("1").images, store.load().images
    assert (report.changed, report.added, report.unchanged) == (1, 0, 2)
    assert before.names == after.names
    assert Path(before.file(1) or "").read_bytes() == old
    assert Path(after.file(1) or "").read_bytes() == (photos / "b.jpg").read_bytes()
    assert Path(after.file(1) or "").name.startswith("b~")
    assert (after.width[1], after.height[1]) == (60, 40)
    assert take_in(photos, tmp_path / "pets", media="copy").unchanged == 3


def test_a_changed_picture_with_the_longest_name_there_is_is_stored_too(tmp_path: Path) -> None:
    name = "x" + "\u00fc" * 125 + ".jpg"  # 255 bytes
    draw(tmp_path / "long/in" / name, 1)
    take_in(tmp_path / "long", tmp_path / "pets")
    (tmp_path / "long/in" / name).unlink()
    draw(tmp_path / "long/in" / name, 2, (64, 32))

    report = take_in(tmp_path / "long", tmp_path / "pets")

    assert report.changed == 1
    assert version(tmp_path / "pets").images.names == (f"in/{name}",)
    assert sorted(len(os.fsencode(p.name)) for p in (tmp_path / "pets/images/in").iterdir()) == [254, 255]


def test_a_picture_that_was_only_touched_makes_no_version(tmp_path: Path, photos: Path) -> None:
    first = take_in(photos, tmp_path / "pets")
    os.utime(photos / "b.jpg", (DAY + 5, DAY + 5))

    report = take_in(photos, tmp_path / "pets")

    assert (report.version, report.unchanged, report.changed) == (first.version, 3, 0)


def test_a_picture_that_is_gone_stays_and_is_counted(tmp_path: Path, photos: Path) -> None:
    first = take_in(photos, tmp_path / "pets", media="copy")
    (photos / "b.jpg").unlink()

    report = take_in(photos, tmp_path / "pets", media="copy")

    assert (report.gone, report.unchanged, report.version) == (1, 2, first.version)
    assert [(f.code, f.examples) for f in report.findings] == [("gone", ["b.jpg"])]
    assert len(version(tmp_path / "pets").images) == 3


def test_a_renamed_picture_is_a_copy_of_the_one_that_is_gone(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")
    (photos / "b.jpg").rename(photos / "renamed.jpg")

    report = take_in(photos, tmp_path / "pets")

    assert (report.gone, report.added, report.copies) == (1, 1, 1)
    assert report.findings[1].examples == ["renamed.jpg = b.jpg"]


def test_a_picture_that_went_bad_is_put_aside_and_the_old_one_stays(tmp_path: Path, photos: Path) -> None:
    first = take_in(photos, tmp_path / "pets", media="copy")
    (photos / "b.jpg").write_bytes(b"no picture")

    report = take_in(photos, tmp_path / "pets", media="copy")

    assert (report.version, report.unchanged, report.quarantined.images) == (first.version, 2, 1)
    assert len(version(tmp_path / "pets").images) == 3
    assert "b.jpg" in (tmp_path / "pets/.cvdata/quarantine.jsonl").read_text("utf-8")


def test_new_pictures_never_take_the_place_of_one_that_is_there(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")
    draw(photos / "A.jpg", 30)

    take_in(photos, tmp_path / "pets")

    images = version(tmp_path / "pets").images
    for row, name in enumerate(images.names):
        assert Path(images.file(row) or "").read_bytes() == (photos / name).read_bytes()
    assert len({(images.file(row) or "").lower() for row in range(4)}) == 4


def test_pictures_around_or_inside_the_dataset_are_refused_in_later_runs_too(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")

    for source in (tmp_path, tmp_path / "pets/images", tmp_path / "pets/images/a.jpg"):
        with pytest.raises(UsageError, match="the output"):
            take_in(source, tmp_path / "pets")

    assert take_in(photos, tmp_path / "pets").unchanged == 3


def test_starting_anew_forgets_what_was_there(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets")
    (photos / "b.jpg").unlink()

    report = take_in(photos, tmp_path / "pets", overwrite=True)

    assert len(open_store(tmp_path / "pets").versions) == 1
    assert (report.added, report.gone) == (2, 0)


def test_a_dataset_that_was_converted_takes_pictures_in_beside_its_own(tmp_path: Path, photos: Path) -> None:
    import cvdata

    draw(tmp_path / "old/7.jpg", 40)
    label(tmp_path / "old/labels.json", "7.jpg")
    cvdata.convert(tmp_path / "old/labels.json", tmp_path / "pets", "cvdata", source_format="coco")

    report = take_in(photos, tmp_path / "pets")

    whole = version(tmp_path / "pets")
    assert whole.images.names == ("7.jpg", "photos/a.jpg", "photos/b.jpg", "photos/in/c.jpg")
    assert whole.images.state.tolist() == [State.LABELLED, *[State.UNLABELLED] * 3]
    assert len(whole.annotations) == 1
    assert report.added == 3
    assert take_in(photos, tmp_path / "pets").unchanged == 3


# --- labels of a dataset that is there


def test_labels_that_are_there_stay_and_new_ones_are_joined(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets", labels=(label(tmp_path / "one.json", "a.jpg"),))

    report = take_in(photos, tmp_path / "pets", labels=(label(tmp_path / "two.json", "a.jpg", "b.jpg"),))

    whole = version(tmp_path / "pets")
    assert whole.annotations.image.tolist() == [0, 1]
    assert (report.labelled, report.written.annotations, report.filtered.annotations) == (1, 1, 1)
    assert [(f.code, f.examples) for f in report.findings] == [("labels-kept", ["a.jpg"])]


def test_the_class_lock_outlives_a_run_with_other_classes(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets", labels=(label(tmp_path / "one.json", "a.jpg"),))
    put(
        tmp_path / "two.json",
        document(
            [picture(1, file_name="b.jpg", width=48, height=32)],
            [annotation(1, category=5, bbox=[1, 2, 10, 12])],
            [{"id": 5, "name": "bird"}, {"id": 6, "name": "cat"}],
        ),
    )

    take_in(photos, tmp_path / "pets", labels=(f"coco:{tmp_path / 'two.json'}",))

    classes = open_store(tmp_path / "pets").file.classes
    whole = version(tmp_path / "pets")
    assert [(locked.id, locked.name) for locked in classes] == [(1, "cat"), (2, "dog"), (3, "bird")]
    assert [whole.categories.names[row] for row in whole.annotations.category] == ["cat", "bird"]


def test_a_labelled_picture_that_changed_its_size_is_put_aside(tmp_path: Path, photos: Path) -> None:
    first = take_in(photos, tmp_path / "pets", media="copy", labels=(label(tmp_path / "one.json", "b.jpg"),))
    draw(photos / "b.jpg", 50, (60, 40))

    report = take_in(photos, tmp_path / "pets", media="copy")

    assert report.version == first.version
    assert [item.found for item in report.quarantine] == [
        "the picture is now 60x40, and its labels are of one of 48x32"
    ]
