from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import State
from cvdata.errors import FormatError, IdentityError, UsageError
from cvdata.formats.images import pictures_table
from cvdata.ingest.combine import Joined, add_labels
from cvdata.ingest.known import empty_dataset
from tests.formats.coco_documents import annotation, document, picture, put
from tests.ingestion import draw, take_in, version


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.jpg", "b.jpg", "in/c.jpg")):
        draw(tmp_path / "photos" / name, seed)
    return tmp_path / "photos"


def coco(path: Path, *names: str, **more: object) -> str:
    """Write labels with a box for each picture, ids from 7; return the option that joins them."""
    images = [picture(n, file_name=name, width=48, height=32) | more for n, name in enumerate(names, start=7)]
    rows = [annotation(n, image=n, category=2, bbox=[1, 2, 10, 12]) for n in range(7, 7 + len(names))]
    put(path, document(images, rows))
    return f"coco:{path}"


def test_labels_are_joined_by_name_with_their_classes_ids_and_states(tmp_path: Path, photos: Path) -> None:
    report = take_in(photos, tmp_path / "pets", labels=(coco(tmp_path / "one.json", "b.jpg", "in/c.jpg"),))

    whole = version(tmp_path / "pets")
    assert whole.images.state.tolist() == [State.UNLABELLED, State.LABELLED, State.LABELLED]
    assert whole.categories.names == ("cat", "dog")
    assert [(row.image, row.category, row.box) for row in whole.rows()] == [
        ("b.jpg", "dog", (1, 2, 10, 12)),
        ("in/c.jpg", "dog", (1, 2, 10, 12)),
    ]
    assert (report.labelled, report.findings) == (2, [])


def test_names_are_found_exactly_or_by_case_or_by_folders(tmp_path: Path, photos: Path) -> None:
    labels = coco(tmp_path / "one.json", "A.JPG", "machine/of/someone/b.jpg", "c.jpg")

    report = take_in(photos, tmp_path / "pets", labels=(labels,))

    assert [row.image for row in version(tmp_path / "pets").rows()] == ["a.jpg", "b.jpg", "in/c.jpg"]
    assert (report.labelled, report.read.annotations, report.written.annotations) == (3, 3, 3)


def test_ids_of_pictures_are_kept_and_others_are_counted_on(tmp_path: Path, photos: Path) -> None:
    take_in(photos, tmp_path / "pets", labels=(coco(tmp_path / "one.json", "b.jpg", "in/c.jpg"),))

    ids = version(tmp_path / "pets").images.source_id
    assert ids is not None
    assert list(ids) == [9, 7, 8]


def test_labels_without_a_picture_are_put_aside_by_name(tmp_path: Path, photos: Path) -> None:
    report = take_in(photos, tmp_path / "pets", labels=(coco(tmp_path / "one.json", "b.jpg", "lost.jpg"),))

    assert [(item.image, item.found, item.images, item.annotations) for item in report.quarantine] == [
        ("lost.jpg", "the picture 'lost.jpg' is not among those taken in", 0, 1)
    ]
    assert (report.read.annotations, report.written.annotations, report.quarantined.annotations) == (2, 1, 1)


def test_a_picture_that_contradicts_its_labels_is_put_aside_with_them(tmp_path: Path, photos: Path) -> None:
    one = coco(tmp_path / "one.json", "a.jpg", "b.jpg", width=99)

    report = take_in(photos, tmp_path / "pets", labels=(one,))

    assert [(item.image, item.found, item.images, item.annotations) for item in report.quarantine] == [
        ("a.jpg", "the labels say 99x32, the picture 'a.jpg' is 48x32", 1, 1),
        ("b.jpg", "the labels say 99x32, the picture 'b.jpg' is 48x32", 1, 1),
    ]
    assert version(tmp_path / "pets").images.names == ("in/c.jpg",)


def test_labels_go_with_a_bad_picture_and_with_a_copy_that_is_left_out(tmp_path: Path, photos: Path) -> None:
    (photos / "b.jpg").write_bytes(b"no picture")
    (photos / "z.jpg").write_bytes((photos / "a.jpg").read_bytes())
    one = coco(tmp_path / "one.json", "b.jpg", "z.jpg", "a.jpg")

    report = take_in(photos, tmp_path / "pets", labels=(one,), copies="skip")

    assert [(item.image, item.images, item.annotations) for item in report.quarantine] == [("b.jpg", 1, 1)]
    assert (report.filtered.images, report.filtered.annotations) == (1, 1)
    assert [row.image for row in version(tmp_path / "pets").rows()] == ["a.jpg"]


def test_labels_of_a_copy_that_is_left_out_go_to_the_picture_that_stays(tmp_path: Path, photos: Path) -> None:
    (photos / "z.jpg").write_bytes((photos / "a.jpg").read_bytes())
    images = [picture(n, file_name=name, width=48, height=32) for n, name in enumerate(("a.jpg", "z.jpg"), start=7)]
    put(tmp_path / "one.json", document(images, [annotation(1, image=8, bbox=[1, 2, 10, 12])]))

    report = take_in(photos, tmp_path / "pets", labels=(f"coco:{tmp_path / 'one.json'}",), copies="skip")

    assert [row.image for row in version(tmp_path / "pets").rows()] == ["a.jpg"]
    assert (report.written.annotations, report.filtered.images, report.filtered.annotations) == (1, 1, 0)
    assert ("labels-of-copies", ["z.jpg to a.jpg"]) in [(f.code, f.examples) for f in report.findings]


def test_boxes_that_the_real_size_proves_bad_are_put_aside(tmp_path: Path, photos: Path) -> None:
    rows = [annotation(1, bbox=[500, 2, 10, 12]), annotation(2, bbox=[1, 2, 10, 12])]
    put(tmp_path / "one.json", document([{"id": 1, "file_name": "a.jpg"}], rows))

    report = take_in(photos, tmp_path / "pets", labels=(f"coco:{tmp_path / 'one.json'}",))

    assert [item.found for item in report.quarantine] == ["a box that lies outside (10 x 12 at 500, 2)"]
    assert len(version(tmp_path / "pets").annotations) == 1


def test_two_sets_of_labels_come_together(tmp_path: Path, photos: Path) -> None:
    for name in ("cat", "owl"):
        (tmp_path / "classes" / name).mkdir(parents=True)
    draw(tmp_path / "classes/owl/b.jpg", 1)
    one = coco(tmp_path / "one.json", "b.jpg")

    take_in(photos, tmp_path / "pets", labels=(one, f"imagefolder:{tmp_path / 'classes'}"))

    whole = version(tmp_path / "pets")
    assert whole.categories.names == ("cat", "dog", "owl")
    assert [(row.image, row.category) for row in whole.rows()] == [("b.jpg", "dog"), ("b.jpg", "owl")]


def test_as_many_groups_as_pictures_are_joined() -> None:
    count = 40_000
    names = [f"{row}.jpg" for row in range(count)]
    whole = replace(empty_dataset(), images=pictures_table(names))
    group = np.arange(count, dtype=np.int32)
    grouped = replace(whole, images=replace(whole.images, group=group, groups=tuple(names)))

    joined = add_labels(whole, [Joined(grouped, np.arange(count))])

    assert joined.images.groups == tuple(names)
    assert joined.images.group is not None
    assert joined.images.group.tolist() == list(range(count))


def test_class_folders_label_their_own_pictures(tmp_path: Path) -> None:
    for seed, name in enumerate(("train/cat/1.jpg", "train/dog/1.jpg", "val/cat/1.jpg")):
        draw(tmp_path / "in" / name, seed)

    report = take_in(tmp_path / "in", tmp_path / "pets", labels=(f"imagefolder:{tmp_path / 'in'}",))

    whole = version(tmp_path / "pets")
    assert [(row.image, row.category) for row in whole.rows()] == [
        ("train/cat/1.jpg", "cat"),
        ("train/dog/1.jpg", "dog"),
        ("val/cat/1.jpg", "cat"),
    ]
    assert [whole.images.splits[row] for row in whole.images.split] == ["train", "train", "val"]
    assert report.labelled == 3


def test_two_entries_for_one_picture_are_refused_before_anything_is_written(tmp_path: Path, photos: Path) -> None:
    one = coco(tmp_path / "one.json", "b.jpg", "folder/b.jpg")

    with pytest.raises(IdentityError, match=r"'folder/b\.jpg' and 'b\.jpg' are one picture"):
        take_in(photos, tmp_path / "pets", labels=(one,))

    assert not (tmp_path / "pets").exists()


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("labels.json", UsageError, "is not FORMAT:PATH"),
        ("coco:", UsageError, "is not FORMAT:PATH"),
        ("kokos:labels.json", UsageError, "'kokos' is not a format"),
        ("coco:none.json", UsageError, "do not exist"),
        ("coco:{}/bad.json", FormatError, "bad.json"),
    ],
)
def test_labels_that_cannot_be_read_are_refused_before_any_picture_is(
    tmp_path: Path, photos: Path, text: str, error: type[Exception], message: str
) -> None:
    (tmp_path / "bad.json").write_text("{", "utf-8")

    with pytest.raises(error, match=message):
        take_in(photos, tmp_path / "pets", labels=(text.format(tmp_path),))

    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.json", "photos"]
