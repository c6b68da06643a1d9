"""`cvdata check`, run as people run it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from cvdata.curate.check.findings import CheckReport
from tests.cli.command import cvdata, write_coco
from tests.curate.checked import noise
from tests.formats.yolo_folders import files, make

GOOD = "0 0.5 0.5 0.2 0.2\n1 0.3 0.3 0.2 0.2\n"
OUTLINE = "1 0.1 0.1 0.5 0.1 0.5 0.5\n"


def faulty(root: Path) -> Path:
    """Make a YOLO dataset with one of each fault that `--fix` repairs for Ultralytics."""
    make(
        root,
        {
            "train/a": OUTLINE + "0 0.5 0.5 0.2 0.2\n" + OUTLINE,  # a box among outlines, and a repeat
            "train/bad": OUTLINE + "0 0.5 0.5 0.2\n7 0.5 0.5 0.1 0.1\n0 0.99 0.5 0.1 0.1\n",
            "train/copy": OUTLINE,
            "train/end": OUTLINE,
            "train/small": OUTLINE,
            "val/copy2": OUTLINE,
        },
        "path: C:\\gone\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n",
    )
    for number, name in enumerate(("train/a", "train/bad", "train/end")):
        noise(root / f"images/{name}.jpg", number + 1)
    for name in ("train/copy", "val/copy2"):
        noise(root / f"images/{name}.jpg", 9)
    noise(root / "images/train/small.jpg", 8, (64, 8))
    end = root / "images/train/end.jpg"
    end.write_bytes(end.read_bytes() + b"\0")
    return root


def test_the_report_says_what_where_and_how_to_cure_it(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "labels.json", bad=True)

    done = cvdata("check", source)

    assert done.returncode == 1
    assert done.stderr == ""
    assert done.stdout.splitlines()[:6] == [
        f"{source}: coco, 1 picture, 1 annotation, 2 classes",
        "cannot be used: 0 pictures, 1 annotation; named below",
        "",
        "error    1 box has no area  [zero-box]",
        "         - labels.json: annotations[1] (id 2): without area (0 x 5 at 1, 2)",
        f"         cure: draw it again, or leave it out: cvdata check {source} --fix DST",
    ]
    assert done.stdout.splitlines()[-1] == "1 error, 2 warnings"


def test_a_faultless_dataset_exits_0(tmp_path: Path) -> None:
    rows = [{"id": i, "image_id": 1, "category_id": 1, "bbox": [i, 2, 15, 16], "area": 240} for i in range(1, 4)]
    source = write_coco(tmp_path / "labels.json", annotations=rows, categories=[{"id": 1, "name": "cat"}])

    done = cvdata("check", source, "--ignore", "few-objects-class,near-duplicate-box")

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing found")


@pytest.mark.parametrize(
    ("options", "code"),
    [((), 0), (("--fail-on", "warning"), 1), (("--fail-on", "info"), 1), (("--fail-on", "never"), 0)],
)
def test_the_exit_code_follows_fail_on(tmp_path: Path, options: tuple[str, ...], code: int) -> None:
    source = write_coco(tmp_path / "labels.json")  # one class of two is unused: a warning

    assert cvdata("check", source, *options, "--quiet").returncode == code


def test_json_is_the_whole_report(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "labels.json", bad=True)

    done = cvdata("check", source, "--json", "--labels-only")

    report = msgspec.json.decode(done.stdout, type=CheckReport)
    assert report.schema == "cvdata/check-report/1"
    assert report.severities == {"error": 1, "warning": 2, "info": 0}
    assert report.settings.labels_only
    assert json.loads(done.stdout)["findings"][0]["places"][0]["file"] == "labels.json"


def test_only_and_ignore_choose_findings(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "labels.json", bad=True)

    only = cvdata("check", source, "--only", "unused-class")
    ignored = cvdata("check", source, "--ignore", "zero-box", "--ignore", "unused-class,single-sample-class")
    wrong = cvdata("check", source, "--only", "zerobox")

    assert re.findall(r"\[([a-z-]+)\]$", only.stdout, re.MULTILINE) == ["unused-class"]
    assert ignored.stdout.splitlines()[-1] == "nothing found"
    assert (wrong.returncode, wrong.stderr.splitlines()[1]) == (2, "  hint: did you mean zero-box?")


def test_verbose_shows_every_place_and_why(tmp_path: Path) -> None:
    rows = [{"id": i, "image_id": 1, "category_id": 1, "bbox": [3 * i, 2, 2, 6], "area": 12} for i in range(1, 6)]
    source = write_coco(tmp_path / "labels.json", annotations=rows)

    few = cvdata("check", source, "--only", "tiny-box").stdout
    every = cvdata("check", source, "--only", "tiny-box", "--verbose").stdout

    assert few.count("annotations[") == 3
    assert "- and 2 more (--verbose)" in few
    assert every.count("annotations[") == 5
    assert "slip of the mouse" in every


def test_the_page_is_one_file_and_escapes_names(tmp_path: Path) -> None:
    names = [{"id": 1, "name": "<script>alert(1)</script>"}, {"id": 2, "name": "dog"}]
    source = write_coco(tmp_path / "in/labels.json", categories=names)
    page = tmp_path / "report.html"

    done = cvdata("check", source, "--html", page)
    again = cvdata("check", source, "--html", page)

    assert done.returncode == 0
    text = page.read_text("utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert again.returncode == 2
    assert "already" in again.stderr


def test_a_source_that_cannot_be_read_is_the_usual_error(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('{"images": [')

    done = cvdata("check", tmp_path / "labels.json", "--from", "coco")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: labels.json")


def test_fix_repairs_everything_that_the_trainer_would_stumble_over(tmp_path: Path) -> None:
    source = faulty(tmp_path / "in")
    before = files(source)
    target = tmp_path / "fixed"

    done = cvdata("check", source, "--trainer", "ultralytics", "--fix", target, "--json")
    again = cvdata("check", target, "--trainer", "ultralytics", "--json", "--from", "yolo-seg")

    report = msgspec.json.decode(done.stdout, type=CheckReport)
    assert report.fix is not None
    rows = {row.code: (row.before, row.after) for row in report.fix.findings if row.done}
    assert rows == {
        "bad-annotation": (1, 0),
        "unknown-class": (1, 0),
        "clipped-box": (1, 0),
        "duplicate-box": (1, 0),
        "leaked-copy": (1, 0),
        "tiny-picture": (1, 0),
        "ultralytics-start": (1, 0),
        "ultralytics-mixed-rows": (2, 0),
        "ultralytics-small-picture": (1, 0),
        "ultralytics-rewrites-jpeg": (1, 0),
    }
    assert (report.fix.target_format, report.fix.written.images) == ("yolo-seg", 4)
    left = msgspec.json.decode(again.stdout, type=CheckReport)
    assert not {finding.code for finding in left.findings} & rows.keys()
    assert not [finding.code for finding in left.findings if finding.code.startswith("ultralytics")]
    assert files(source) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fixed", "in"]
    assert (done.returncode, again.returncode) == (0, 0)


def test_the_summary_of_a_repair_tells_what_was_done_and_what_is_left(tmp_path: Path) -> None:
    done = cvdata("check", faulty(tmp_path / "in"), "--fix", tmp_path / "fixed")

    lines = done.stdout.splitlines()
    at = next(row for row, line in enumerate(lines) if line.startswith("repaired"))
    assert lines[at] == f"repaired {tmp_path}/fixed: yolo-seg, 5 pictures of 6, 7 annotations of 11"
    assert "              1       0  duplicate-box: the first of each kept" in lines[at:]
    assert lines[-1].startswith("left after the repair: ")


@pytest.mark.parametrize("place", ["in/inside", "in", "."])
def test_a_place_for_the_repaired_dataset_is_refused_before_any_work(tmp_path: Path, place: str) -> None:
    source = faulty(tmp_path / "in")

    done = cvdata("check", source, "--fix", tmp_path / place)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: the output")


def test_a_repaired_dataset_can_be_written_in_another_format(tmp_path: Path) -> None:
    done = cvdata("check", faulty(tmp_path / "in"), "--fix", tmp_path / "fixed", "--to", "coco", "--quiet")

    assert done.returncode == 0
    assert (tmp_path / "fixed/annotations/instances_train.json").is_file()


def test_the_help_has_an_example() -> None:
    done = cvdata("check", "--help")

    assert "cvdata check ./yolo --trainer ultralytics --fix ./yolo-fixed" in done.stdout


@pytest.mark.parametrize("option", ["--only", "--ignore"])
def test_an_option_that_names_no_code_is_refused(tmp_path: Path, option: str) -> None:
    done = cvdata("check", faulty(tmp_path / "src"), option, ",")

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {option} names nothing\n")


@pytest.mark.parametrize("place", ["dst", "dst/report.html"])
def test_a_page_inside_the_repaired_dataset_is_refused_before_any_work(tmp_path: Path, place: str) -> None:
    source, target = faulty(tmp_path / "src"), tmp_path / "dst"
    if place != "dst":
        target.mkdir()

    done = cvdata("check", source, "--fix", target, "--html", tmp_path / place)

    assert done.returncode == 2
    assert "lies inside that of --fix" in done.stderr
    assert not target.exists() or not list(target.iterdir())


def test_a_repair_that_leaves_no_picture_writes_nothing_and_says_so(tmp_path: Path) -> None:
    source = make(tmp_path / "src", {"train/a": GOOD}, "train: images/train\nval: images/train\nnames: [cat, dog]\n")
    (tmp_path / "src/images/train/a.jpg").write_bytes(b"")

    done = cvdata("check", source, "--fix", tmp_path / "dst")

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: no picture is left to write to '{tmp_path / 'dst'}'\n")
    assert not (tmp_path / "dst").exists()


def test_a_repaired_dataset_that_leaves_its_pictures_in_place_is_checked_with_them(tmp_path: Path) -> None:
    source = tmp_path / "src/labels.json"
    noise(tmp_path / "src/a.jpg", 1)
    box = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 20, 20], "area": 400, "iscrowd": 0}
    labels = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "annotations": [{"id": 1, **box}, {"id": 2, **box}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    source.write_text(json.dumps(labels))

    done = cvdata("check", source, "--fix", tmp_path / "dst", "--media", "none", "--json")

    assert done.stderr == ""
    fix = json.loads(done.stdout)["fix"]
    assert fix["written"] == {"images": 1, "annotations": 1}
    assert [row["after"] for row in fix["findings"] if row["code"] == "duplicate-box"] == [0]
    assert all(row["code"] != "missing-picture" for row in fix["findings"])


def test_a_trainer_that_does_not_read_the_format_is_not_said_to_take_all_of_it(tmp_path: Path) -> None:
    done = cvdata("check", write_coco(tmp_path / "labels.json"), "--trainer", "ultralytics")

    assert "[trainer-other-format]" in done.stdout
    assert "takes all of it" not in done.stdout


def test_a_command_of_a_cure_has_the_whole_path(tmp_path: Path) -> None:
    source = write_coco(tmp_path / ("d" * 120) / ("e" * 120) / "labels.json", bad=True)

    done = cvdata("check", source, "--trainer", "ultralytics")

    assert f"cvdata check {source} --trainer ultralytics --fix DST" in done.stdout
    assert f"cvdata convert coco yolo {source} DST" in done.stdout


def test_a_repaired_yolo_dataset_without_pictures_is_checked_with_its_labels(tmp_path: Path) -> None:
    yaml = "train: images/train\nval: images/train\nnames: [cat, dog]\n"
    source = make(tmp_path / "src", {"train/a": GOOD + GOOD}, yaml)

    done = cvdata("check", source, "--fix", tmp_path / "dst", "--media", "none", "--json")

    after = {row["code"]: row["after"] for row in json.loads(done.stdout)["fix"]["findings"]}
    assert (after["duplicate-box"], after["single-sample-class"]) == (0, 2)  # the labels were read


def test_a_repair_of_symbolic_links_is_refused_before_any_work(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "in")

    done = cvdata("check", source, "--fix", tmp_path / "out", "--media", "symlink")

    assert done.returncode == 2
    assert "use --media link or copy" in done.stderr
    assert not (tmp_path / "out").exists()
