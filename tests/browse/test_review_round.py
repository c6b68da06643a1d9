"""The whole round as people go it: `cvdata review`, work in FiftyOne, `--pull`, `cvdata accept --tagged`."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from cvdata.browse import review_name
from cvdata.browse.session import opened
from cvdata.dataset import Dataset
from cvdata.formats.store import open_store
from cvdata.prelabel.accept import AcceptReport
from cvdata.prelabel.review import ReviewReport

from ..cli.command import CVDATA, environment
from ..prelabel.reviewed import line_up, proposals_in

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]


def run(*arguments: object) -> str:
    """Run the command, which is to succeed; return its report."""
    done = subprocess.run(
        [CVDATA, *map(str, arguments), "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=240,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_pictures(dataset: Dataset, folder: Path) -> Dataset:
    """Return the dataset with grey pictures."""
    folder.mkdir()
    images = dataset.images
    for name, width, height in zip(images.names, images.width.tolist(), images.height.tolist(), strict=True):
        Image.new("RGB", (width, height), (90, 120, 150)).save(folder / name)
    found = np.zeros(len(images), np.int32)
    return replace(dataset, images=replace(images, folder=found, folders=(str(folder),)))


def change(samples: Any, number: int, **changes: Any) -> None:
    """Change a label as a person does."""
    for sample in samples:
        for label in sample.proposals.detections:
            if label.number == number:
                for field, value in changes.items():
                    label[field] = value
                sample.save()


def test_a_review_in_fiftyone_becomes_truth(tmp_path: Path) -> None:
    # 20 cats and 20 dogs, ten in a picture; the numbers of the proposals are 0 to 39.
    pets = tmp_path / f"pets-{tmp_path.parent.name}"
    scores = {"cat": np.linspace(0.95, 0.35, 20), "dog": np.linspace(0.9, 0.3, 20)}
    proposals_in(pets, with_pictures(line_up(scores), tmp_path / "photos"))
    name = review_name(open_store(pets).name, "first")

    run("review", pets, "--predictions", "first", "--per-class", 20, "--bands", 2, "--no-app")

    samples = opened(name)
    number = {label.number: label for row in samples.values("proposals.detections") for label in row}
    assert sorted(number) == list(range(40))
    change(samples, 1, bounding_box=[0.0, 0.0, 0.05, 0.5])  # cat 1: moved far away
    change(samples, 2, label="dog")
    samples.delete_labels(ids=[number[3].id])
    samples.select_labels(ids=[number[0].id, number[1].id, number[2].id, number[25].id]).tag_labels("accept")
    samples.select_labels(ids=[number[26].id]).tag_labels("reject")

    judged = msgspec.json.decode(run("review", pets, "--predictions", "first", "--pull"), type=ReviewReport)

    assert judged.outcomes == {"kept": 36, "moved": 1, "relabelled": 1, "removed": 2}
    assert judged.corrected == name
    decisions = {decision.row: decision.outcome for decision in judged.review.decisions}
    assert {row: decisions[row] for row in (0, 1, 2, 3, 26)} == {
        0: "kept", 1: "moved", 2: "relabelled", 3: "removed", 26: "removed",
    }  # fmt: skip

    accepted = msgspec.json.decode(run("accept", pets, "--predictions", "first", "--tagged"), type=AcceptReport)

    assert (accepted.accept.accepted, accepted.accept.left_out) == (4, {"not-decided": 34, "removed": 2})
    assert accepted.added.annotations == 4
    store = open_store(pets)
    truth = store.load()
    boxes = {
        (round(float(x), 6), truth.categories.names[category])
        for (x, _, _, _), category in zip(
            truth.annotations.box.tolist(), truth.annotations.category.tolist(), strict=True
        )
    }
    assert store.current.command == "accept"
    assert (5.0, "cat") in boxes  # number 0, as it was
    assert (0.0, "cat") in boxes  # number 1, where it was moved
    assert (65.0, "dog") in boxes  # number 2, as it was renamed
    assert (65.0, "cat") not in boxes
