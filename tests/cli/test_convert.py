"""`cvdata convert` as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from cvdata.convert import Report
from cvdata.files.lock import OutputLock

from .command import CVDATA, cvdata, environment, write_coco


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_coco(tmp_path / "in/a.json")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return write_coco(tmp_path / "in/a.json", bad=True)


def test_a_conversion_ends_with_0_and_tells_people_on_stderr(source: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "coco", "voc", source, tmp_path / "out")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[0] == f"coco -> voc: {tmp_path / 'out'}"
    assert "read              1            1" in done.stderr
    assert (tmp_path / "out/Annotations/1.xml").is_file()


def test_auto_detects_the_format(source: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "auto", "voc", source, tmp_path / "out")

    assert done.returncode == 0
    assert done.stderr.startswith("coco -> voc")


def test_bad_items_are_put_aside_with_exit_3(bad: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "coco", "voc", bad, tmp_path / "out")

    assert done.returncode == 3
    assert "quarantined       0            1" in done.stderr
    assert "quarantined: a.json: annotations[1] (id 2): a box without area (0 x 5 at 1, 2); expected " in done.stderr


def test_exit_zero_turns_3_into_0_and_nothing_else(bad: Path, tmp_path: Path) -> None:
    assert cvdata("convert", "coco", "voc", bad, tmp_path / "a", "--exit-zero").returncode == 0
    assert cvdata("convert", "coco", "voc", bad, tmp_path / "b", "--exit-zero", "--on-bad", "fail").returncode == 1


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (
            ["coco", "voc", "{in}", "{out}", "--on-bad", "fail"],
            1,
            "error: a.json: annotations[1] (id 2): a box without",
        ),
        (
            ["coco", "voc", "{in}", "{out}", "--strict"],
            1,
            "error: voc cannot hold everything: 1 classes that nothing uses",
        ),
        (["voc", "coco", "{in}", "{out}"], 1, "error: "),
        (["coco", "pascal", "{in}", "{out}"], 2, "error: 'pascal' is not a format\n  hint: formats: coco, "),
        (["coco", "voc", "nowhere", "{out}"], 2, "error: 'nowhere' does not exist"),
        (["coco", "voc", "{in}", "{in}"], 2, "error: the output '{in}' is a file"),
        (["coco", "voc", "{in}", "{out}", "--classes", "kat"], 2, "hint: did you mean 'cat'?"),
        (["coco", "voc", "{in}", "{out}", "--classes", " , "], 2, "error: --classes names nothing"),
        (["coco", "voc", "{in}", "{out}", "--images", "nowhere"], 2, "error: the picture folder 'nowhere' does not"),
        (["coco", "voc", "{in}", "{out}", "--voc-origin", "1"], 2, "error: --voc-origin is for voc, not for coco"),
        (["coco", "yolo", "{in}", "{out}", "--voc-float"], 2, "error: --voc-float is for voc, not for yolo"),
        (["coco", "voc", "{in}", "{out}", "--set", "read.origin=1"], 2, "error: an option for reading coco is wrong"),
        (["coco", "voc", "{in}", "{out}", "--set", "write.decimal=1"], 2, "hint: options: decimals, origin"),
        (["coco", "voc", "{in}", "{out}", "--set", "decimals=1"], 2, "is not of the form read.KEY=VALUE or write."),
        (["coco", "voc", "{in}", "{out}", "--category-ids", "0"], 2, "error: --category-ids is for coco, not for voc"),
        (["coco", "voc", "{in}", "{out}", "--workers", "0"], 2, "--workers"),
        (["coco", "voc", "{in}", "{out}", "--media", "move"], 2, "--media"),
        (["coco", "voc", "{in}", "{out}", "--no-such-option"], 2, "--no-such-option"),
        (["coco", "voc", "{in}"], 2, "DST"),
    ],
)
def test_what_fails_says_why_and_leaves_nothing(
    options: list[str], code: int, message: str, bad: Path, tmp_path: Path
) -> None:
    names = {"{in}": str(bad), "{out}": str(tmp_path / "out")}

    done = cvdata("convert", *(names.get(option, option) for option in options))

    assert done.returncode == code
    assert message.replace("{in}", str(bad)) in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_an_output_in_use_ends_with_5_at_once(source: Path, tmp_path: Path) -> None:
    lock = OutputLock(str(tmp_path / "out"))
    lock.acquire()
    try:
        done = cvdata("convert", "coco", "voc", source, tmp_path / "out")
    finally:
        lock.release()

    assert done.returncode == 5
    assert done.stderr.startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_json_is_the_report_and_all_of_stdout(bad: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "coco", "yolo", bad, tmp_path / "out", "--json", "--quiet")

    report = msgspec.json.decode(done.stdout, type=Report)
    assert (done.returncode, done.stderr) == (3, "")
    assert (report.read.annotations, report.written.annotations, report.quarantined.annotations) == (2, 1, 1)
    assert (report.source_format, report.target_format) == ("coco", "yolo")
    assert report.quarantine[0].field == "annotations[1] (id 2)"
    assert set(json.loads(done.stdout)) == set(Report.__struct_fields__)


def test_quiet_prints_nothing(source: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "coco", "voc", source, tmp_path / "out", "--quiet")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_quiet_keeps_errors(tmp_path: Path) -> None:
    done = cvdata("convert", "coco", "voc", "nowhere", tmp_path / "out", "-q")

    assert done.returncode == 2
    assert done.stderr.startswith("error: 'nowhere' does not exist")


def test_options_of_formats_can_be_set_by_name(tmp_path: Path) -> None:
    source = write_coco(tmp_path / "in/a.json")
    Image.new("L", (20, 30)).save(tmp_path / "in/1.jpg")

    done = cvdata("convert", "coco", "yolo", source, tmp_path / "out", "--set", "write.decimals=8", "-q")

    (label,) = (tmp_path / "out/labels").rglob("1.txt")
    assert done.returncode == 0
    assert label.read_text() == "0 0.17500000 0.16666667 0.25000000 0.20000000\n"


def test_short_options_are_the_options_of_formats(source: Path, tmp_path: Path) -> None:
    write_coco(source, annotations=[{"id": 1, "image_id": 1, "category_id": 2, "bbox": [1.25, 2, 5, 6], "area": 30}])

    assert cvdata("convert", "coco", "voc", source, tmp_path / "voc", "--voc-float", "-q").returncode == 0
    assert "<xmin>2.25</xmin>" in (tmp_path / "voc/Annotations/1.xml").read_text("utf-8")

    done = cvdata(
        "convert", "voc", "coco", tmp_path / "voc", tmp_path / "coco", "--voc-origin", "0", "--category-ids", "0",
        "--sidecar", "none",
    )  # fmt: skip
    found = json.loads((tmp_path / "coco/annotations/instances.json").read_text("utf-8"))
    assert done.returncode == 0
    assert found["annotations"][0]["bbox"][:2] == [2.25, 3]
    assert [row["id"] for row in found["categories"]] == [0]


@pytest.mark.parametrize("given", [["--classes", "dog,cat"], ["--classes", "dog", "--classes", " cat "]])
def test_classes_may_be_given_in_one_or_several_options(given: list[str], source: Path, tmp_path: Path) -> None:
    cvdata("convert", "coco", "coco", source, tmp_path / "out", *given)

    found = json.loads((tmp_path / "out/annotations/instances.json").read_text("utf-8"))
    assert [row["name"] for row in found["categories"]] == ["dog", "cat"]


def test_a_name_cannot_paint_the_terminal(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "\x1b[31m[bold]a.jpg", "width": 20, "height": 30}]
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 0, 1]}
    source = write_coco(tmp_path / "\x1b]0;in.json", images=images, annotations=[row])

    done = cvdata("convert", "coco", "voc", source, tmp_path / "out")

    assert done.returncode == 3
    assert "\x1b" not in done.stderr


def test_a_target_of_relative_parts_is_written_where_it_says(source: Path, tmp_path: Path) -> None:
    done = cvdata("convert", "coco", "voc", "in/a.json", "new/deep/../out", cwd=tmp_path)

    assert done.returncode == 0
    assert (tmp_path / "new/out/Annotations/1.xml").is_file()


# ---- Ctrl-C


def large_coco(path: Path) -> Path:
    """Write 120,000 annotations, which take a few seconds to turn into 20,000 XML files."""
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 640, "height": 480} for n in range(1, 20_001)]
    rows = [
        {"id": n, "image_id": n % 20_000 + 1, "category_id": n % 2 + 1, "bbox": [n % 300, 5, 20, 30.5], "area": 610}
        for n in range(1, 120_001)
    ]
    return write_coco(path, images=images, annotations=rows)


def members(group: int) -> list[int]:
    """Return the processes of a group that are not zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, pgid = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            except OSError:
                continue
            if int(pgid) == group and state != "Z":
                found.append(int(entry.name))
    return found


def interrupt(
    command: Sequence[str], folder: Path, moment: str, end: signal.Signals = signal.SIGINT
) -> tuple[int, str, float]:
    """Run a command, send a signal at a moment of the work; return exit code, stderr and seconds until all was over."""
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True, env=environment()
    )
    limit = time.monotonic() + 40
    while not any(folder.glob(moment)):
        assert process.poll() is None, f"it ended before {moment} was there"
        assert time.monotonic() < limit
        time.sleep(0.01)
    started = time.monotonic()
    os.killpg(process.pid, end)  # as a terminal does: to the workers too
    _, text = process.communicate(timeout=30)
    while members(process.pid) and time.monotonic() < limit:
        time.sleep(0.01)
    return process.returncode, text, time.monotonic() - started


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks for processes in /proc")
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("moment", [".out.cvdata-*", ".out.cvdata-*/Annotations/*.xml"], ids=["reading", "writing"])
def test_ctrl_c_ends_it_within_two_seconds_and_leaves_nothing(moment: str, workers: int, tmp_path: Path) -> None:
    source = large_coco(tmp_path / "in/a.json")
    command = [CVDATA, "convert", "coco", "voc", str(source), str(tmp_path / "out"), "--workers", str(workers)]

    code, text, seconds = interrupt(command, tmp_path, moment)

    assert (code, text) == (130, "interrupted; nothing was written\n")
    assert seconds < 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it looks for processes in /proc")
def test_a_scheduler_that_ends_it_finds_nothing_left(tmp_path: Path) -> None:
    source = large_coco(tmp_path / "in/a.json")
    command = [CVDATA, "convert", "coco", "voc", str(source), str(tmp_path / "out"), "--workers", "2"]

    code, text, _ = interrupt(command, tmp_path, ".out.cvdata-*/Annotations/*.xml", signal.SIGTERM)

    assert (code, text) == (130, "interrupted; nothing was written\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_a_path_too_long_for_the_disk_is_one_that_does_not_exist(tmp_path: Path) -> None:
    done = cvdata("convert", "auto", "coco", "a" * 300, tmp_path / "out")

    assert done.returncode == 2
    assert "does not exist" in done.stderr
