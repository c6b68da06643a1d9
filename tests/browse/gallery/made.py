"""A small gallery to look at, and what its files hold."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from cvdata.browse.gallery import GalleryReport, write_gallery
from cvdata.browse.subject import NOT_JUDGED, Found, Judged, Subject
from cvdata.browse.views.view import Is, View
from cvdata.dataset import Categories
from cvdata.engine import InProcess
from cvdata.evaluate.diagnosis import Verdict
from cvdata.files.journal import Journal
from cvdata.files.staging import Staging
from tests.tiny import build, draw_pictures

__all__ = ["EVIL", "MISSED", "handed", "subject_of_three", "written"]

EVIL = "</script><img src=x onerror=alert(1)>\"'\u2028"
MISSED = View(name="missed", about="Not found.", side="truth", where=(Is("verdict", "missed"),), by="most", count=3)
SIZES = {"one.jpg": (64, 48), "two.jpg": (40, 40), "gone.jpg": (20, 20)}
ROWS = [
    {"image": "one.jpg", "category": "bolt", "box": [1, 2, 10, 10]},
    {"image": "two.jpg", "category": "bolt", "box": [1, 1, 5, 5]},
    {"image": "two.jpg", "category": EVIL, "box": [10, 10, 20, 20]},
]


def subject_of_three(folder: Path, *, found: bool = True) -> Subject:
    """Return three pictures, the last of them no picture, whose three objects nobody found."""
    classes = Categories(names=("bolt", EVIL))
    dataset = build(SIZES, ROWS, classes, folder=folder)
    draw_pictures(folder, dataset)
    (folder / "gone.jpg").write_bytes(b"no picture")
    if not found:
        return Subject(dataset=dataset)
    rows = [{"image": "one.jpg", "category": "bolt", "box": [40, 2, 9, 9], "score": 0.75}]
    other = build(SIZES, rows, classes, folder=folder)
    judged = Judged(
        score=0.5,
        truth=np.array([Verdict.MISSED] * 3, np.uint8),
        found=np.array([NOT_JUDGED], np.uint8),
        truth_other=np.array([-1, -1, -1]),
        found_other=np.array([-1]),
        truth_overlap=np.full(3, np.nan),
        found_overlap=np.full(1, np.nan),
    )
    return Subject(dataset=dataset, found=(Found(name="mine", dataset=other, judged=judged),))


def written(tmp_path: Path, subject: Subject, *views: View) -> tuple[Path, GalleryReport]:
    """Write a gallery and return where it lies."""
    with Staging(tmp_path / "out") as staging, Journal(tmp_path / "out") as journal:
        report = write_gallery(subject, views, staging, title=EVIL, journal=journal, engine=InProcess())
        shutil.copytree(staging.path, tmp_path / "gallery")
        journal.discard()
    return tmp_path / "gallery", report


def handed(path: Path) -> Any:
    """Return the value that a data file hands over."""
    found = re.fullmatch(r'cvdata\("[a-z]+",\d+,(.*)\)\n', path.read_text("ascii"))
    assert found
    return json.loads(found[1])
