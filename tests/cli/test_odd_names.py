"""Reports about a class whose name is no UTF-8: JSON has an escape for such a part, and no figure is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .command import cvdata

ODD = "d\udcff"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a picture, a truth in COCO's form with an odd class, and what was found of it."""
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    box = {"image_id": 1, "category_id": 1, "bbox": [2, 2, 20, 20]}
    truth = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 1, "name": ODD}],
        "annotations": [box | {"id": 1, "area": 400, "iscrowd": 0}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth), "utf-8")
    (tmp_path / "found.json").write_text(json.dumps([box | {"score": 0.9}]), "utf-8")
    return tmp_path


def report(*command: Any) -> Any:
    run = cvdata(*command, "--json", "--quiet")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_eval_measures_it(folder: Path) -> None:
    said = report("eval", folder / "truth.json", folder / "found.json")

    assert [(one["name"], one["metrics"]["AP50"]["value"]) for one in said["classes"]] == [(ODD, pytest.approx(1))]


def test_stats_counts_it(folder: Path) -> None:
    said = report("stats", folder / "truth.json", "--images", folder)

    assert [(one["name"], one["annotations"]) for one in said["stats"]["categories"]] == [(ODD, 1)]
