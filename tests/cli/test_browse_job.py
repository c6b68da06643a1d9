"""What `cvdata browse` reads becomes one subject."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cvdata.browse.views import views_of
from cvdata.cli.browse_job import BrowseInputs, subject_for
from cvdata.engine import Silent
from cvdata.errors import UsageError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A YOLO dataset of two pictures with a box each; the second is a copy of the first in another split."""
    folder = tmp_path / "yolo"
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    for split in ("train", "val"):
        for kind in ("images", "labels"):
            (folder / kind / split).mkdir(parents=True)
        picture.save(folder / "images" / split / f"{split}.png")
        (folder / "labels" / split / f"{split}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    (folder / "data.yaml").write_text("path: .\ntrain: images/train\nval: images/val\nnames: [cell]\n")
    return folder


def test_a_copy_in_another_split_is_tagged_and_has_a_view(source: Path) -> None:
    subject, reading = subject_for(BrowseInputs(source=source, workers=1), Silent())

    assert reading.format == "yolo"
    assert all("leaked-copy" in tags for tags in subject.tags)
    assert subject.leak is not None
    assert subject.leak.tolist() == [0, 0]
    assert "near-duplicates across splits" in {view.name for view in views_of(subject)}


def test_every_tag_has_a_title_and_a_view(source: Path) -> None:
    picture = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    for name in ("one", "two"):  # copies in one split are worth knowing, and no more
        picture.save(source / f"images/train/{name}.png")
        (source / f"labels/train/{name}.txt").write_text("0 0.5 0.5 0.5 0.5\n")

    subject, _ = subject_for(BrowseInputs(source=source, workers=1), Silent())

    assert {code for tags in subject.tags for code in tags} == {"leaked-copy", "exact-copy"}
    assert subject.finding_titles["exact-copy"] == "1 picture is an exact copy of another in its split"
    assert {view.name for view in views_of(subject)} >= {"near-duplicates across splits", "check: exact copy"}


def test_labels_only_opens_no_picture(source: Path) -> None:
    subject, _ = subject_for(BrowseInputs(source=source, labels_only=True, workers=1), Silent())

    assert subject.dataset.images.facts is None
    assert subject.leak is not None
    assert subject.leak.tolist() == [-1, -1]


def test_predictions_of_what_is_no_cvdata_dataset_are_refused(source: Path) -> None:
    with pytest.raises(UsageError, match="no cvdata dataset"):
        subject_for(BrowseInputs(source=source, predictions=("first",), workers=1), Silent())


def test_what_a_model_found_is_judged(source: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.json"
    names = subject_for(BrowseInputs(source=source, labels_only=True, workers=1), Silent())[0].dataset.images.names
    coco = {
        "images": [{"id": 1, "file_name": names[0], "width": 64, "height": 64}],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [16, 16, 32, 32], "area": 1024, "score": 0.9}
        ],
    }
    found.write_text(json.dumps(coco))

    subject, _ = subject_for(BrowseInputs(source=source, found=(found,), labels_only=True, workers=1), Silent())

    assert subject.found[0].report is not None and subject.found[0].report.errors is not None
    assert subject.found[0].report.errors.verdicts["found"] == 1
    assert subject.found[0].report.errors.verdicts["missed"] == 1
