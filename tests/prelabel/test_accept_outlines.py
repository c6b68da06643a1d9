"""Which labels get the outlines of the proposals over them, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cvdata.convert import read
from cvdata.dataset import Annotations, Categories, Dataset, Polygons, Ragged
from cvdata.formats.store import open_store
from cvdata.prelabel.accept import Accepted, AcceptReport
from cvdata.prelabel.review import Decision

from ..cli.command import cvdata
from ..formats.proposals import propose, proposed, stored_pets
from ..tiny import build
from .opinions import accepted, reviewed

SIZES = {"a.jpg": (100, 80)}
CLASSES = Categories(names=("cat", "dog"))
CAT, NEAR, DOG = (10.0, 10.0, 40.0, 40.0), (20.0, 10.0, 40.0, 40.0), (60.0, 10.0, 30.0, 30.0)  # the cats share 0.6


def runs(box: tuple[float, float, float, float]) -> list[int]:
    """Return the run lengths of the left half of a box, in a picture of 100 x 80."""
    x, y, width, height = (int(side) for side in box)
    first = x * 80 + y
    columns = [first, *[height, 80 - height] * (width // 2)]
    return [*columns[:-1], 8000 - sum(columns[:-1])]


def truth_of(*rows: dict[str, Any], **columns: Any) -> Dataset:
    dataset = build(SIZES, [{"image": "a.jpg", "category": "cat", **row} for row in rows], CLASSES)
    return replace(dataset, annotations=replace(dataset.annotations, **columns))


def masks_over(root: Path, *rows: tuple[str, tuple[float, float, float, float], float], name: str = "first") -> None:
    masks = Ragged.of([runs(box) for _, box, _ in rows], np.uint32)
    propose(root, proposed([("a.jpg", category, box, score) for category, box, score in rows], masks=masks), name)


def mask_of(outcome: Accepted, row: int) -> list[int] | None:
    table = outcome.dataset.annotations
    return table.masks[row].tolist() or None if table.masks is not None else None


def said_of(table: Annotations) -> list[Any]:
    assert table.extra is not None
    return [msgspec.json.decode(text) if text else None for text in table.extra.to_bytes()]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    return stored_pets(tmp_path / "pets")


def test_a_box_gets_the_mask_of_the_proposal_over_it_and_no_second_label(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0), ("dog", DOG, 0.9))

    outcome = accepted(pets, above=0.95, outlines=True)

    assert len(outcome.dataset.annotations) == 1
    assert mask_of(outcome, 0) == runs(CAT)
    whose = {"prediction": "first", "model": "0123456789ab", "score": 1.0}
    assert said_of(outcome.dataset.annotations) == [{"outline": whose}]
    assert (outcome.part.accepted, outcome.part.outlined, outcome.part.left_out) == (0, 1, {"below": 1})


def test_the_same_again_adds_nothing(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0), ("dog", DOG, 0.9))
    first = accepted(pets, above=0.5, outlines=True)

    again = accepted(pets, truth=first.dataset, above=0.5, outlines=True)

    assert (first.part.accepted, first.part.outlined, first.part.left_out) == (1, 1, {})
    assert again.dataset is first.dataset
    assert (again.part.accepted, again.part.outlined, again.part.left_out) == (0, 0, {"already-labelled": 2})


def test_unasked_the_box_stays_a_box_and_it_is_said(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0))

    outcome = accepted(pets, above=0.5)

    assert outcome.dataset.annotations.masks is None
    assert (outcome.part.outlined, outcome.part.left_out) == (None, {"already-labelled": 1})
    (finding,) = outcome.findings
    assert (finding.code, finding.count, finding.examples) == ("outlines-left-out", 1, ["a.jpg"])
    assert "--outlines" in finding.message


def test_what_has_a_mask_or_an_outline_or_is_a_crowd_keeps_it(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0), ("cat", DOG, 1.0), ("cat", (0.0, 60.0, 20.0, 20.0), 1.0))
    square = [[(60, 10), (90, 10), (90, 40), (60, 40)]]
    truth = truth_of(
        {"box": CAT},
        {"box": DOG},
        {"box": (0, 60, 20, 20)},
        masks=Ragged.of([[0, 8000], [], []], np.uint32),
        polygons=Polygons.of([[], square, []]),
        crowd=np.array([False, False, True]),
    )

    outcome = accepted(pets, truth=truth, above=0.5, outlines=True)

    assert (outcome.part.outlined, outcome.part.left_out) == (0, {"already-labelled": 3})
    assert outcome.dataset is truth


def test_of_two_objects_close_together_each_gets_its_own_mask(pets: Path) -> None:
    masks_over(pets, ("cat", NEAR, 1.0), ("cat", CAT, 1.0))

    outcome = accepted(pets, truth=truth_of({"box": CAT}, {"box": NEAR}), above=0.5, outlines=True)

    assert [mask_of(outcome, row) for row in (0, 1)] == [runs(CAT), runs(NEAR)]


def test_the_surest_of_several_predictions_counts(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 0.7))
    masks_over(pets, ("cat", (11.0, 10.0, 40.0, 40.0), 0.9), name="second")

    outcome = accepted(pets, "first", "second", above=0.5, outlines=True)

    assert mask_of(outcome, 0) == runs((11.0, 10.0, 40.0, 40.0))
    (said,) = said_of(outcome.dataset.annotations)
    assert said["outline"]["prediction"] == "second"
    assert (outcome.part.outlined, outcome.part.left_out) == (1, {"already-labelled": 1})


def test_neither_another_class_nor_what_is_not_sure_enough_or_too_far_off_gives_a_mask(pets: Path) -> None:
    masks_over(pets, ("dog", CAT, 1.0), ("cat", CAT, 0.4), ("cat", (30.0, 10.0, 40.0, 40.0), 0.9))

    outcome = accepted(pets, above=0.5, outlines=True)

    assert outcome.part.outlined == 0
    assert outcome.part.left_out == {"below": 1}


def test_what_a_person_moved_or_removed_gives_no_mask(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0), ("cat", NEAR, 0.9))
    moved = Decision(row=0, image="a.jpg", outcome="moved", category="cat", box=(12.0, 12.0, 38.0, 38.0))
    reviewed(pets, moved, Decision(row=1, image="a.jpg", outcome="removed"), thresholds={"cat": 0.5})

    outcome = accepted(pets, outlines=True)

    assert outcome.part.outlined == 0
    assert outcome.part.left_out == {"removed": 1, "already-labelled": 1}


def test_attributes_stay_and_an_area_that_was_that_of_the_box_is_computed_anew(pets: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0))
    own = Ragged.texts([b'{"id":12345678901234567890123,"weight":1.50}', b""])
    truth = truth_of({"box": CAT}, {"box": DOG}, extra=own, area=np.array([1600.0, 900.0]))

    table = accepted(pets, truth=truth, above=0.5, outlines=True).dataset.annotations

    assert table.extra is not None and table.area is not None
    assert table.extra.to_bytes()[0].startswith(b'{"id":12345678901234567890123,"weight":1.50,"outline":{')
    assert table.extra.to_bytes()[1] == b""
    assert np.isnan(table.area[0]) and table.area[1] == 900


def test_polygons_come_as_polygons_and_a_label_that_comes_in_has_its_own(pets: Path) -> None:
    rings = [[[(10, 10), (50, 10), (50, 50)]], [[(60, 10), (90, 10), (90, 40)]]]
    rows = [("a.jpg", "cat", CAT, 0.9), ("a.jpg", "dog", DOG, 0.8)]
    propose(pets, proposed(rows, polygons=Polygons.of(rings)))

    table = accepted(pets, above=0.5, outlines=True).dataset.annotations

    assert table.masks is None and table.polygons is not None
    assert [[ring.tolist() for ring in table.polygons[row]] for row in (0, 1)] == [
        [[[10, 10], [50, 10], [50, 50]]],
        [[[60, 10], [90, 10], [90, 40]]],
    ]


def test_labels_accepted_from_boxes_get_masks_of_a_later_prediction(pets: Path) -> None:
    propose(pets, proposed([("a.jpg", "dog", DOG, 0.8)]), "boxes")
    first = accepted(pets, "boxes", above=0.5)
    masks_over(pets, ("dog", DOG, 1.0))

    outcome = accepted(pets, truth=first.dataset, above=0.5, outlines=True)

    assert (outcome.part.outlined, mask_of(outcome, 1)) == (1, runs(DOG))
    said = said_of(outcome.dataset.annotations)[1]
    assert (said["origin"]["prediction"], said["outline"]["prediction"]) == ("boxes", "first")


def test_the_command_says_it_and_makes_a_version_once(pets: Path, tmp_path: Path) -> None:
    masks_over(pets, ("cat", CAT, 1.0))
    command = ("accept", pets, "--predictions", "first", "--above", "0", "--outlines")

    done, again = cvdata(*command, "--json"), cvdata(*command)

    assert (done.returncode, again.returncode) == (0, 0), done.stderr + again.stderr
    report = msgspec.json.decode(done.stdout, type=AcceptReport)
    assert (report.accept.outlined, report.added.annotations, report.written.annotations) == (1, 0, 1)
    assert "1 label that had none got the mask or outline of a proposal over it" in done.stderr.splitlines()
    assert "0 labels that had none got the mask or outline of a proposal over them" in again.stderr.splitlines()
    assert len(open_store(pets).versions) == 2
    cvdata("convert", "cvdata", "coco", pets, tmp_path / "coco")
    (row,) = json.loads((tmp_path / "coco/annotations/instances.json").read_text())["annotations"]
    assert (row["area"], row["outline"]["score"]) == (800, 1)
    assert read(tmp_path / "coco").dataset.annotations.masks is not None
