"""The whole way: a dataset in FiftyOne, a person's work there, and `cvdata browse --pull`."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from cvdata.browse.pull import PullCounts
from cvdata.browse.pull.rebase import rebase
from cvdata.browse.session import fiftyone, opened
from cvdata.browse.store import documents_of, put_subject
from cvdata.browse.store.writer import collection_of
from cvdata.browse.subject import Subject
from cvdata.convert import Edit, read, save, write_edit
from cvdata.dataset import State
from cvdata.files import Counts
from cvdata.formats.store import open_store

from ...train.shapes import draw_shapes
from .rounds import objects_of, opened_shapes, pulled_with, sample_of

pytestmark = pytest.mark.usefixtures("fiftyone_there")

REPO = Path(__file__).parents[3]

_SIDE = 96


def parts(*pixels: float) -> list[float]:
    return [value / _SIDE for value in pixels]


def box(name: str, *pixels: float) -> Any:
    """Return a box as a person draws it."""
    return fiftyone().Detection(label=name, bounding_box=parts(*pixels))


def work(samples: Any) -> None:
    """Move, relabel, delete, draw, tag and accept, as a person does."""
    first = sample_of(samples, "0000.png")
    first.truth.detections[0].bounding_box = parts(20, 55, 23, 23)
    first.truth.detections[1].label = "disc"
    first.save()
    second = sample_of(samples, "0001.png")
    del second.truth.detections[1]
    second.truth.detections.append(box("star", 0, 0, 24, 12))
    second.save()
    third = sample_of(samples, "0002.png")
    third.tags.append("fix")
    third.truth.detections[0].tags.append("fix")
    third.truth.detections[1].tags.append("drop")
    third.save()
    for name, tag in (("0003.png", "drop"), ("0004.png", "accept")):
        sample = sample_of(samples, name)
        sample.tags.append(tag)
        sample.save()


@pytest.fixture
def shapes(tmp_path: Path) -> tuple[Path, Any]:
    return opened_shapes(tmp_path)


def test_exactly_what_a_person_did_comes_back_and_comes_once(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    work(samples)

    report = pulled_with(source, capsys)
    again = pulled_with(source, capsys)

    assert report.counts == PullCounts(
        pictures=5, drawn=1, moved=1, relabelled=1, deleted=2, accepted=1, dropped=1, fix_pictures=1, fix_labels=1
    )
    assert objects_of(source) == {
        "0000.png": [("square", [20, 55, 23, 23]), ("disc", [27, 2, 30, 30])],
        "0001.png": [("triangle", [50, 26, 21, 21]), ("disc", [64, 50, 22, 22]), ("star", [0, 0, 24, 12])],
        "0002.png": [("square", [49, 38, 25, 25])],
        "0004.png": [("disc", [10, 20, 30, 40])],
    }
    dataset = read(source).dataset
    assert dataset.categories.names == ("square", "disc", "triangle", "star")
    assert dataset.images.state.tolist() == [State.LABELLED] * 4
    assert dataset.images.extra is not None
    assert dataset.images.extra.to_bytes() == [b"", b"", b'{"fix":true}', b""]
    assert dataset.annotations.extra is not None
    assert dataset.annotations.extra.to_bytes()[5:] == [
        b'{"fix":true}',
        b'{"origin":{"prediction":"first","score":0.9,"reviewed":"kept"}}',
    ]
    assert (again.counts, again.written) == (PullCounts(), None)
    assert len(open_store(source).versions) == 2


@pytest.mark.slow
def test_fiftyone_shows_the_new_version_afterwards_and_a_person_goes_on_from_there(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    work(samples)
    sample = sample_of(samples, "0002.png")
    sample.tags.append("mine")
    sample.save()

    pulled_with(source, capsys)
    samples.reload()

    assert samples.values("name") == ["0000.png", "0001.png", "0002.png", "0004.png"]
    assert samples.values("tags") == [["train"], ["train"], ["train", "mine"], ["val"]]
    assert samples.values("truth.detections.label")[1] == ["triangle", "disc", "star"]
    assert samples.values("truth.detections.number")[1] == [0, 1, 2]
    assert samples.values("state")[3] == "labelled"
    assert samples.info["cvdata"]["version"] == open_store(source).current.id
    assert samples.default_classes == ["square", "disc", "triangle", "star"]

    sample = sample_of(samples, "0001.png")
    sample.truth.detections[2].label = "disc"
    sample.save()
    assert pulled_with(source, capsys).counts == PullCounts(pictures=1, relabelled=1)
    assert objects_of(source)["0001.png"][2] == ("disc", [0, 0, 24, 12])


def test_a_dry_run_writes_nothing_and_changes_nothing_in_fiftyone(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    work(samples)

    first = pulled_with(source, capsys, dry_run=True)
    second = pulled_with(source, capsys, dry_run=True)

    assert first == second
    assert (first.counts.pictures, first.written, first.dry_run) == (5, None, True)
    assert (first.changes.counts.relabelled, first.changes.counts.added) == (1, 3)
    assert len(open_store(source).versions) == 1


@pytest.mark.slow
def test_a_new_folder_holds_the_edits_and_the_source_none(
    shapes: tuple[Path, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    before = objects_of(source)
    work(samples)

    report = pulled_with(source, capsys, tmp_path / "corrected")

    assert report.written is not None
    assert (report.written.read, report.written.added) == (Counts(5, 8), Counts(0, 2))
    assert (report.written.written, report.written.filtered) == (Counts(4, 7), Counts(1, 3))
    assert objects_of(source) == before
    assert objects_of(tmp_path / "corrected")["0000.png"] == [("square", [20, 55, 23, 23]), ("disc", [27, 2, 30, 30])]


def test_a_new_folder_holds_no_picture_whose_size_the_labels_contradict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = draw_shapes(tmp_path / "photos", 3)
    width = drawn.images.width.copy()
    width[0] += 10
    table = drawn.annotations.without(frozenset({"masks"}))
    save(replace(drawn, annotations=table, images=replace(drawn.images, width=width)), tmp_path / "shapes", "coco")
    dataset = read(tmp_path / "shapes").dataset
    subject = Subject(dataset=dataset)
    samples = opened(put_subject(subject, tmp_path / "shapes", format="coco", version=None, views=()).name)
    sample = sample_of(samples, "0001.png")
    sample.truth.detections[0].label = "star"
    sample.save()

    with pytest.raises(typer.Exit):
        pulled_with(tmp_path / "shapes", capsys, tmp_path / "corrected")

    corrected = read(tmp_path / "corrected", verify="none").dataset
    assert dataset.images.names == corrected.images.names == ("0001.png", "0002.png")
    assert "star" in corrected.categories.names


def test_a_picture_that_changed_on_both_sides_is_named_and_left_as_the_dataset_has_it(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    work(samples)
    _relabel_all(source)

    report = pulled_with(source, capsys)
    again = pulled_with(source, capsys)

    assert report.counts == PullCounts(conflicts=4, pictures=1, accepted=1)
    assert [one.image for one in report.conflicts] == ["0000.png", "0001.png", "0002.png", "0003.png"]
    assert report.conflicts[3].person == "left it with 1 label, tagged drop"
    assert report.conflicts[3].dataset == "its labels or its split were changed; it has 1 label now"
    assert objects_of(source)["0000.png"] == [("triangle", [11, 55, 23, 23]), ("triangle", [27, 2, 30, 30])]
    assert again.counts == PullCounts(conflicts=4)
    assert sample_of(samples, "0000.png").truth.detections[1].label == "disc"


@pytest.mark.slow
def test_work_done_while_it_is_pulled_stays(shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]) -> None:
    source, samples = shapes
    work(samples)
    read_at = dict(zip(samples.values("name"), samples.values("last_modified_at"), strict=True))
    later = sample_of(samples, "0000.png")
    later.truth.detections.append(box("star", 50, 50, 10, 10))
    later.save()

    count = rebase(samples.name, read(source).dataset, "v", read_at)

    assert count == 4
    assert len(sample_of(samples, "0000.png").truth.detections) == 3
    assert samples.match({"name": "0001.png"}).values("truth.detections.label") == [["triangle", "triangle", "disc"]]


@pytest.mark.slow
def test_an_outline_that_was_drawn_anew_comes_back_and_a_box_that_moved_alone_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = opened_shapes(tmp_path, "polygons")
    first = sample_of(samples, "0000.png")
    first.truth_outlines.polylines[0].points = [[(0.25, 0.25), (0.75, 0.25), (0.5, 0.5)]]
    first.save()
    second = sample_of(samples, "0003.png")
    second.truth.detections[0].bounding_box = parts(0, 0, 24, 24)
    second.save()

    report = pulled_with(source, capsys)

    table = read(source).dataset.annotations
    assert report.counts == PullCounts(pictures=2, moved=1, reshaped=1)
    assert table.polygons is not None
    assert table.polygons[0][0].tolist() == [[24, 24], [72, 24], [48, 48]]
    assert table.box[[0, 7]].tolist() == [[24, 24, 48, 24], [0, 0, 24, 24]]
    assert [one.code for one in report.findings] == ["unmoved-shapes"]
    assert report.findings[0].examples == ["disc at 0, 0, 24, 24 in 0003.png"]


def test_a_label_that_was_drawn_without_a_class_is_named_and_its_picture_still_comes_back(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    sample = sample_of(samples, "0003.png")
    sample.truth.detections += [fiftyone().Detection(bounding_box=[0, 0, 0.5, 0.5]), box("square", 0, 0, 12, 12)]
    sample.save()

    report = pulled_with(source, capsys)
    again = pulled_with(source, capsys)

    assert report.counts == PullCounts(pictures=1, drawn=1, problems=1)
    assert again.counts == PullCounts(problems=1)
    left = next(one for one in documents_of(samples.name) if one["name"] == "0003.png")
    assert [label.get("label") for label in left["truth"]["detections"]] == ["disc", "square", None]
    assert report.findings[0].examples == ["box without a class in 0003.png"]
    assert objects_of(source)["0003.png"] == [("disc", [12, 38, 23, 23]), ("square", [0, 0, 12, 12])]


def test_a_pull_that_ended_before_fiftyone_was_told_is_there_the_next_time(
    shapes: tuple[Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    source, samples = shapes
    work(samples)
    left = list(documents_of(samples.name))
    first = pulled_with(source, capsys)
    _put_back(samples, left)

    second = pulled_with(source, capsys)

    assert first.counts.pictures == 5
    assert second.counts == PullCounts(again=5)
    assert (second.written, second.conflicts) == (None, [])
    assert samples.values("tags") == [["train"], ["train"], ["train"], ["val"]]
    assert len(open_store(source).versions) == 2


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 6, 11])
def test_a_pull_that_was_killed_is_done_by_the_next(
    shapes: tuple[Path, Any], at: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """`at`: which change of the disk it did not make any more."""
    source, samples = shapes
    work(samples)
    before = objects_of(source)

    done = subprocess.run(
        [sys.executable, "-c", _KILLED.format(at=at, source=str(source))], cwd=REPO, capture_output=True, timeout=120
    )
    between = objects_of(source)
    pulled_with(source, capsys)

    assert done.returncode == -signal.SIGKILL, done.stderr
    after = objects_of(source)
    assert between in (before, after)
    assert after["0002.png"] == [("square", [49, 38, 25, 25])]
    assert list(after) == ["0000.png", "0001.png", "0002.png", "0004.png"]
    assert pulled_with(source, capsys).counts == PullCounts()


_KILLED = """
from pathlib import Path
from cvdata.cli.browse_pull import run_pull
from cvdata.cli.choices import Media
from tests.kills import killed_before
settings = dict(from_format=None, images=None, to=None, media=Media.link, overwrite=False, workers=1, dry_run=False)
killed_before({at}, lambda: run_pull(
    Path("{source}"), None, **settings, limit=0, as_json=True, quiet=True, exit_zero=False))
"""


def _put_back(samples: Any, left: list[dict[str, Any]]) -> None:
    """Put samples into the state before a pull."""
    collection = collection_of(samples)
    collection.delete_many({})
    collection.insert_many(left)


def _relabel_all(source: Path) -> None:
    """Make a new version in which every object is a triangle, as another tool does."""
    reading = read(source)
    table = reading.dataset.annotations
    dataset = replace(reading.dataset, annotations=replace(table, category=np.full(len(table), 2, np.int32)))
    write_edit([reading], [source], Edit(command="remap", settings={}, dataset=dataset), None)
