from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.command import cvdata
from tests.formats.coco_documents import annotation, document, picture, put
from tests.ingestion import draw


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, name in enumerate(("a.jpg", "b.jpg", "in/c.jpg")):
        draw(tmp_path / "photos" / name, seed)
    return tmp_path / "photos"


def test_a_folder_becomes_a_dataset_and_the_summary_says_what_is_in_it(tmp_path: Path, photos: Path) -> None:
    (photos / "z.jpg").write_bytes((photos / "b.jpg").read_bytes())

    done = cvdata("ingest", "photos", "pets", cwd=tmp_path)

    assert done.returncode == 0
    assert done.stdout == ""
    assert re.sub(r"-[0-9a-f]{8}", "-ID", done.stderr) == (
        "pets: version 0001-ID\n"
        "             images  annotations\n"
        "read              4            0\n"
        "written           4            0\n"
        "pictures: 4 added\n"
        "groups that no split may part: 1\n"
        "note: exact copies of other pictures: 1 (--copies skip leaves them out) (z.jpg = b.jpg)\n"
        "note: 2 pictures look alike, copies included: 1 cluster (b.jpg, z.jpg)\n"
    )


def test_a_bad_picture_is_named_and_the_exit_code_says_so(tmp_path: Path, photos: Path) -> None:
    (photos / "[red]bad.jpg").write_bytes(b"no picture")

    done = cvdata("ingest", "photos", "pets", cwd=tmp_path)
    again = cvdata("ingest", "photos", "pets", "--exit-zero", "--quiet", cwd=tmp_path)

    assert done.returncode == 3
    assert "quarantined: [red]bad.jpg: is not a picture that cvdata reads" in done.stderr
    assert (again.returncode, again.stderr) == (0, "")


def test_the_report_is_one_json_document(tmp_path: Path, photos: Path) -> None:
    put(
        tmp_path / "labels.json",
        document([picture(1, file_name="a.jpg", width=48, height=32)], [annotation(1, bbox=[1, 2, 9, 9])]),
    )

    done = cvdata("ingest", "photos", "pets", "--labels", "coco:labels.json", "--json", cwd=tmp_path)

    report = json.loads(done.stdout)
    assert report["schema"] == "cvdata/ingest-report/1"
    assert report["read"] == report["written"] == {"images": 3, "annotations": 1}
    assert (report["added"], report["labelled"], report["losses"]) == (3, 1, [])
    assert report["settings"]["labels"] == ["coco:labels.json"]


def test_verbose_names_every_odd_picture(tmp_path: Path) -> None:
    for seed in range(7):
        draw(tmp_path / f"photos/{seed}.png", seed).rename(tmp_path / f"photos/{seed}.jpg")

    short = cvdata("ingest", "photos", "short", cwd=tmp_path)
    full = cvdata("ingest", "photos", "full", "--verbose", cwd=tmp_path)

    assert "6.jpg" not in short.stderr
    assert full.stderr.count(".jpg (PNG)") == 7


def test_a_pattern_in_quotes_is_expanded(tmp_path: Path, photos: Path) -> None:
    done = cvdata("ingest", "photos/**/*.jpg", "pets", "--json", cwd=tmp_path)

    assert json.loads(done.stdout)["added"] == 3


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["photos"], 2, "error: the dataset is missing"),
        (["none", "pets"], 2, "error: 'none' does not exist"),
        (["photos", "photos/pets"], 2, "error: the output"),
        (["photos", "pets", "--group", "hue"], 2, "hue"),
        (["photos", "pets", "--labels", "x"], 2, "error: 'x' is not FORMAT:PATH"),
    ],
)
def test_wrong_usage_says_what_to_do(tmp_path: Path, photos: Path, words: list[str], code: int, message: str) -> None:
    done = cvdata("ingest", *words, cwd=tmp_path)

    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


def test_the_help_shows_examples(tmp_path: Path) -> None:
    done = cvdata("ingest", "--help")

    assert "cvdata ingest photos/ pets" in done.stdout
    assert "--labels FORMAT:PATH" in done.stdout
