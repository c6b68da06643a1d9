"""`cvdata browse SRC --static DIR`: pages for who has no FiftyOne."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from cvdata.files.journal import Journal

from .command import cvdata

_PICTURE = {"id": 1, "file_name": "a.png", "width": 64, "height": 64}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a folder with a picture, three boxes in it, and beside it what a model found: one of them, and a stray."""
    from PIL import Image

    folder = tmp_path / "bolts"
    folder.mkdir()
    Image.new("RGB", (64, 64), "white").save(folder / "a.png")
    boxes = [[2, 2, 10, 10], [20, 20, 10, 10], [40, 40, 10, 10]]
    annotations = [
        {"id": at, "image_id": 1, "category_id": 1, "bbox": box, "area": 100, "iscrowd": 0, "segmentation": []}
        for at, box in enumerate(boxes, 1)
    ]
    classes = [{"id": 1, "name": "bolt"}]
    (folder / "annotations.json").write_text(
        json.dumps({"images": [_PICTURE], "annotations": annotations, "categories": classes})
    )
    found = [
        {"image_id": 1, "category_id": 1, "bbox": boxes[0], "score": 0.9},
        {"image_id": 1, "category_id": 1, "bbox": [2, 50, 10, 10], "score": 0.95},
    ]
    (tmp_path / "found.json").write_text(json.dumps(found))
    return folder


def pages(source: Path, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return cvdata("browse", source, "--labels-only", "--workers", "1", *arguments, cwd=cwd)


def test_the_views_are_pages_and_the_text_says_what_to_open(source: Path, tmp_path: Path) -> None:
    run = pages(source, "--found", "found.json", "--static", "out", "--quiet", "--json", cwd=tmp_path)

    assert (run.returncode, run.stderr) == (0, "")
    report = json.loads(run.stdout)
    assert report["schema"] == "cvdata/browse-gallery-report/1"
    counts = {view["name"]: view["count"] for view in report["views"]}
    assert (counts["missed"], counts["found where nothing is labelled"], counts["all pictures"]) == (2, 1, 1)
    assert (report["large"], report["missing"], report["resumed"]) == (1, [], 0)
    assert (tmp_path / "out/index.html").is_file()
    assert (tmp_path / "out/pictures/0/0.jpg").is_file()
    manifest = json.loads((tmp_path / "out/.cvdata/manifest.json").read_text())
    assert (manifest["command"], manifest["format"], manifest["settings"]["found"]) == (
        "browse",
        "gallery",
        ["found.json"],
    )


def test_the_text_names_the_views_and_the_page(source: Path, tmp_path: Path) -> None:
    run = pages(source, "--found", "found.json", "--static", "out", cwd=tmp_path)

    assert (run.returncode, run.stdout) == (0, "")
    lines = run.stderr.splitlines()
    assert "1 picture in " in run.stderr
    assert "  2  missed" in lines
    assert lines[-1] == "next: open out/index.html in any browser; the folder can be sent as it is"


def test_what_is_there_stays_without_overwrite(source: Path, tmp_path: Path) -> None:
    pages(source, "--static", "out", "--quiet", cwd=tmp_path)
    first = (tmp_path / "out/index.html").read_bytes()

    refused = pages(source, "--static", "out", cwd=tmp_path)
    again = pages(source, "--found", "found.json", "--static", "out", "--overwrite", "--quiet", cwd=tmp_path)

    assert (refused.returncode, again.returncode) == (2, 0)
    assert "out" in refused.stderr
    assert (tmp_path / "out/index.html").read_bytes() != first


def test_what_a_run_left_that_was_killed_in_its_last_moment_goes(source: Path, tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        journal.append(b"{}")
        (Path(journal.make_made(())) / "0.jpg").write_bytes(b"copy")
    kept = tmp_path / ".out.cvdata-journal"
    left = kept.read_bytes()
    pages(source, "--static", "out", "--quiet", cwd=tmp_path)
    kept.write_bytes(left)
    os.utime(kept, (0, 0))

    refused = pages(source, "--static", "out", cwd=tmp_path)

    assert refused.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bolts", "found.json", "out"]


def test_pages_inside_the_source_are_refused(source: Path) -> None:
    run = pages(source, "--static", source / "pages")

    assert run.returncode == 2
    assert "lies inside the input" in run.stderr
    assert not (source / "pages").exists()


def test_predictions_are_never_replaced_by_pages(source: Path, tmp_path: Path) -> None:
    run = pages(source, "--found", "found.json", "--static", "found.json", "--overwrite", cwd=tmp_path)

    assert run.returncode == 2
    assert json.loads((tmp_path / "found.json").read_text())[0]["score"] == 0.9
