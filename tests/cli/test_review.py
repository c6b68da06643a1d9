"""`cvdata review` as people run it, with tools that correct COCO, YOLO, VOC and folders of classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from cvdata.dataset import Dataset
from cvdata.formats.predictions import read_note, read_prediction
from cvdata.prelabel.review import REVIEW, SAMPLE, ReviewReport, ReviewSampleReport

from ..compare import tree
from ..prelabel.reviewed import line_up, proposals_in
from .command import cvdata, write_coco


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a dataset of 8 pictures with 80 proposals: 40 cats, then 40 dogs, surest first."""
    scores = {"cat": np.linspace(0.95, 0.35, 40), "dog": np.linspace(0.95, 0.35, 40)}
    proposals_in(tmp_path / "pets", with_pictures(line_up(scores), tmp_path / "photos"))
    return tmp_path / "pets"


def with_pictures(dataset: Dataset, folder: Path) -> Dataset:
    from dataclasses import replace

    folder.mkdir()
    images = dataset.images
    for name, width, height in zip(images.names, images.width.tolist(), images.height.tolist(), strict=True):
        Image.new("RGB", (width, height), (90, 120, 150)).save(folder / name)
    found = np.zeros(len(images), np.int32)
    return replace(dataset, images=replace(images, folder=found, folders=(str(folder),)))


def drawn(pets: Path, target: Path, *more: object) -> None:
    run = cvdata("review", pets, "--predictions", "first", target, "--per-class", 40, "--bands", 2, *more)
    assert run.returncode == 0, run.stderr


def judged(pets: Path, corrected: Path, *more: object) -> ReviewReport:
    run = cvdata("review", pets, "--predictions", "first", "--corrected", corrected, "--json", "--quiet", *more)
    assert run.returncode == 0, run.stderr
    return msgspec.json.decode(run.stdout, type=ReviewReport)


def test_a_sample_is_written_with_what_to_do_with_it(pets: Path, tmp_path: Path) -> None:
    before = tree(pets / "versions")

    run = cvdata("review", pets, "--predictions", "first", tmp_path / "todo", "--per-class", 10, "--bands", 2, "--json")

    report = msgspec.json.decode(run.stdout, type=ReviewSampleReport)
    first = run.stderr.splitlines()[0]
    assert first.startswith(f"{len(report.sample.rows)} proposals in ")
    assert first.endswith(f" to look at: {tmp_path / 'todo'} (coco)")
    assert "\n  leave    everything that is right; objects without a label are not part of the sample\n" in run.stderr
    assert f"\nThen: cvdata review {pets} --predictions first --corrected {tmp_path / 'todo'}\n" in run.stderr
    assert (report.written.annotations, report.added.annotations) == (len(report.sample.rows),) * 2
    assert (report.read.images, report.filtered.annotations) == (8, 0)
    assert tree(pets / "versions") == before
    note = read_note(pets, "first", SAMPLE)
    assert note is not None and msgspec.json.decode(note)["rows"] == list(report.sample.rows)


def test_labels_to_correct_have_no_scores_and_every_class(pets: Path, tmp_path: Path) -> None:
    drawn(pets, tmp_path / "todo", "--classes", "dog")

    (path,) = (tmp_path / "todo/annotations").glob("*.json")
    found = json.loads(path.read_text("utf-8"))
    assert [c["name"] for c in found["categories"]] == ["cat", "dog"]
    assert len(found["annotations"]) == 40
    assert not any("score" in a for a in found["annotations"])


def drop_coco(folder: Path, left: float) -> None:
    (path,) = (folder / "annotations").glob("*.json")
    document = json.loads(path.read_text("utf-8"))
    document["annotations"] = [a for a in document["annotations"] if a["bbox"][0] != left]
    path.write_text(json.dumps(document), "utf-8")


def drop_yolo(folder: Path, left: float) -> None:
    centre = (left + 10) / 300
    for path in folder.rglob("*.txt"):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if abs(float(line.split()[1]) - centre) > 0.01]
        path.write_text("".join(kept), "utf-8")


def drop_voc(folder: Path, left: float) -> None:
    import xml.etree.ElementTree as ET

    for path in folder.rglob("*.xml"):
        page = ET.parse(path)
        root = page.getroot()
        for element in root.findall("object"):
            if abs(float(element.findtext("bndbox/xmin") or 0) - left) <= 1:
                root.remove(element)
        page.write(path)


@pytest.mark.parametrize(
    ("to", "drop"), [("coco", drop_coco), ("yolo", drop_yolo), ("voc", drop_voc)], ids=["coco", "yolo", "voc"]
)
def test_what_was_deleted_in_a_tool_counts_as_wrong(
    pets: Path, tmp_path: Path, to: str, drop: Callable[[Path, float], None]
) -> None:
    drawn(pets, tmp_path / "todo", "--to", to)
    drop(tmp_path / "todo", 5.0)  # the first of ten boxes in each of the 8 pictures

    report = judged(pets, tmp_path / "todo")

    assert report.outcomes == {"kept": 72, "moved": 0, "relabelled": 0, "removed": 8}
    assert {d.row % 10 for d in report.review.decisions if d.outcome == "removed"} == {0}
    assert report.findings == ()


def test_thresholds_follow_and_are_said_class_by_class(pets: Path, tmp_path: Path) -> None:
    drawn(pets, tmp_path / "todo")
    drop_coco(tmp_path / "todo", 5.0)

    run = cvdata("review", pets, "--predictions", "first", "--corrected", tmp_path / "todo", "--promise", 0.9)

    # Everything was seen: 36 of 40 are right, and 18 of the upper 20.
    assert run.stderr.splitlines() == [
        f"{tmp_path / 'todo'}: 72 kept, 0 moved, 0 relabelled, 8 removed",
        "class  proposals  seen  right  precision              accept from  accepts",
        "cat           40    40     36     90.0 %  (90 to 90)        0.350       40",
        "dog           40    40     36     90.0 %  (90 to 90)        0.350       40",
        "",
        "class  score           right",
        "cat    0.658 to 0.950  ██████████████████··  90.0 %  18 of 20",
        "       0.350 to 0.643  ██████████████████··  90.0 %  18 of 20",
        "dog    0.658 to 0.950  ██████████████████··  90.0 %  18 of 20",
        "       0.350 to 0.643  ██████████████████··  90.0 %  18 of 20",
        "",
        "cat from 0.350: at least 90 % right (40 seen there, 36 right)",
        "dog from 0.350: at least 90 % right (40 seen there, 36 right)",
        "Each of these promises holds with a confidence of 95 %.",
        f"next: cvdata accept {pets} --predictions first",
    ]
    assert read_note(pets, "first", REVIEW) is not None


def test_where_too_little_was_seen_the_next_command_is_said(pets: Path, tmp_path: Path) -> None:
    cvdata("review", pets, "--predictions", "first", tmp_path / "todo", "--per-class", 10, "--bands", 1, "--quiet")
    drop_coco(tmp_path / "todo", 1.0)  # nothing

    run = cvdata("review", pets, "--predictions", "first", "--corrected", tmp_path / "todo")

    # Of 40 with 3 bad ones, 38 * 37 * ... draws without any are rarer than 4 % from 26 seen on.
    said = (
        "10 proposals seen, all right: that supports 77.5 %; review 16 more there: if they are right, that makes 95 %"
    )
    assert f"\ncat: nothing can be promised: {said}\n" in run.stderr
    assert (
        f"\nto review more: cvdata review {pets} --predictions first DST --classes cat,dog --per-class 16\n"
        in run.stderr
    )


def test_an_untouched_sample_is_doubted(pets: Path, tmp_path: Path) -> None:
    drawn(pets, tmp_path / "todo")

    report = judged(pets, tmp_path / "todo")

    assert [f.code for f in report.findings] == ["unchanged-sample"]


def test_a_file_that_cannot_be_read_is_a_picture_that_did_not_come_back(pets: Path, tmp_path: Path) -> None:
    drawn(pets, tmp_path / "todo", "--to", "voc")
    (first, *_) = sorted((tmp_path / "todo/Annotations").glob("*.xml"))
    first.write_text("<annotation>")

    report = judged(pets, tmp_path / "todo")

    bad = next(finding for finding in report.findings if finding.code == "bad-items")
    assert (bad.count, bad.message) == (
        1,
        "1 item of the corrected dataset cannot be read: labels among them count as removed, pictures as if they had "
        "not come back",
    )
    assert report.outcomes["removed"] == 0
    (sample,) = report.review.samples
    assert report.outcomes["kept"] == sample.judged < sample.asked
    assert "pictures-missing" in [finding.code for finding in report.findings]


def test_labels_of_whole_pictures_are_corrected_by_moving_files(tmp_path: Path) -> None:
    from dataclasses import replace

    scores = {"cat": np.linspace(0.9, 0.5, 100)}
    dataset = with_pictures(line_up(scores), tmp_path / "photos")
    rows = np.arange(0, 100, 10)
    table = dataset.annotations.take(rows)
    table = replace(table, box=np.full((10, 4), np.nan))
    proposals_in(tmp_path / "pets", replace(dataset, annotations=table))
    cvdata("review", tmp_path / "pets", "--predictions", "first", tmp_path / "todo", "--quiet")
    (tmp_path / "todo/dog").mkdir()
    (tmp_path / "todo/cat/0003.jpg").rename(tmp_path / "todo/dog/0003.jpg")
    (tmp_path / "todo/cat/0004.jpg").rename(tmp_path / "todo/0004.jpg")

    report = judged(tmp_path / "pets", tmp_path / "todo")

    assert report.corrected_format == "imagefolder"
    assert report.outcomes == {"kept": 8, "moved": 0, "relabelled": 1, "removed": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--predictions", "frist", "{out}"), "did you mean 'first'?"),
        (("{out}",), "name them with --predictions; there are: first"),
        (("--predictions", "first", "{out}", "--classes", "Dog"), "did you mean 'dog'?"),
        (("--predictions", "first", "{out}", "--corrected", "x"), "DST, --corrected and --pull are three ways"),
        (("--predictions", "first", "{out}", "--promise", 0.9), "--promise has no use in writing a sample to DST"),
        (("--predictions", "first", "--corrected", "x", "--bands", 3), "--bands has no use in judging a sample"),
        (("--predictions", "first", "--pull", "--from", "coco"), "--from has no use in judging a sample"),
        (("--predictions", "first", "--corrected", ".", "--promise", 2), "a promise of 2"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    pets: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    run = cvdata("review", pets, *(str(a).replace("{out}", str(tmp_path / "out")) for a in arguments))

    assert (run.returncode, run.stdout) == (2, "")
    assert said in run.stderr
    assert not (tmp_path / "out").exists()
    assert read_note(pets, "first", SAMPLE) is None


def test_other_datasets_have_no_proposals_to_review(tmp_path: Path) -> None:
    write_coco(tmp_path / "set/annotations/all.json")

    run = cvdata("review", tmp_path / "set", "--predictions", "first", tmp_path / "out")

    assert run.returncode == 2
    assert "is no cvdata dataset" in run.stderr


def test_the_same_seed_writes_the_same_bytes(pets: Path, tmp_path: Path) -> None:
    for name, workers in (("a", 1), ("b", 2)):
        drawn(pets, tmp_path / name, "--workers", workers)

    files = [p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) > 8
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in files)
    assert len(read_prediction(pets, "first").dataset.annotations) == 80
