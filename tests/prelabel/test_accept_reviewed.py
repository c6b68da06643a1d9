"""What a person decided overrules the scores; and what becomes of pictures and shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Categories, Polygons, Ragged
from cvdata.errors import FormatError, UsageError
from cvdata.prelabel.review import Decision, Drawn

from ..formats.proposals import propose, proposed, stored_pets
from .opinions import ROWS, accepted, new, origins_of, reviewed

KEPT = Decision(row=1, image="b.jpg", outcome="kept", category="cat", box=ROWS[1][2])
MOVED = Decision(row=0, image="b.jpg", outcome="moved", category="dog", box=(0, 0, 20, 30))
RELABELLED = Decision(row=0, image="b.jpg", outcome="relabelled", category="cow", box=ROWS[0][2])
REMOVED = Decision(row=2, image="c.jpg", outcome="removed")
DRAWN = Drawn(image="d.jpg", category="dog", box=(1, 1, 10, 10))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed(ROWS))
    return root


# --- reviews


def test_what_a_review_promises_is_taken_where_nothing_else_is_said(pets: Path) -> None:
    reviewed(pets, thresholds={"cat": 0.8, "dog": None})

    outcome = accepted(pets)

    assert new(outcome) == [ROWS[2][:3]]
    assert outcome.part.left_out == {"below": 2, "no-threshold": 1}


def test_without_a_review_somebody_must_say_how_sure_proposals_must_be(pets: Path) -> None:
    asks: list[dict[str, Any]] = [{}, {"only_reviewed": True}]
    for asked in asks:
        with pytest.raises(UsageError, match="nobody has reviewed the predictions 'first'") as caught:
            accepted(pets, **asked)

        assert "--above" in str(caught.value.hint)


@pytest.mark.parametrize("asked", [{"above": 0.85}, {}, {"only_reviewed": True}])
def test_decisions_come_in_whatever_the_score(pets: Path, asked: dict[str, Any]) -> None:
    reviewed(pets, KEPT, MOVED, REMOVED, drawn=(DRAWN,), thresholds={"cat": 0.5, "dog": 0.5})

    outcome = accepted(pets, **asked)

    assert new(outcome) == [
        ("b.jpg", "dog", (0, 0, 20, 30)),
        ("b.jpg", "cat", (50, 0, 30, 40)),
        ("d.jpg", "dog", (1, 1, 10, 10)),
    ]
    assert outcome.part.left_out["removed"] == 1
    assert [(row.name, row.accepted, row.reviewed, row.drawn) for row in outcome.part.classes] == [
        ("cat", 1, 1, 0),
        ("dog", 2, 1, 1),
    ]


def test_what_a_person_decided_is_said_with_the_label(pets: Path) -> None:
    reviewed(pets, KEPT, MOVED, drawn=(DRAWN,), thresholds={})

    origins = origins_of(accepted(pets))

    assert origins[1:] == [
        {"prediction": "first", "row": 0, "model": "0123456789ab", "score": 0.9, "reviewed": "moved"},
        {"prediction": "first", "row": 1, "model": "0123456789ab", "score": 0.3, "reviewed": "kept"},
        {"prediction": "first", "reviewed": "drawn"},
    ]


def test_another_class_may_be_one_that_nobody_had(pets: Path) -> None:
    reviewed(pets, RELABELLED, thresholds={})

    outcome = accepted(pets, only_reviewed=True)

    assert outcome.dataset.categories.names == ("cat", "dog", "cow")
    assert new(outcome) == [("b.jpg", "cow", ROWS[0][2])]
    assert outcome.part.left_out == {"not-decided": 3}


def test_a_box_that_a_format_rounded_is_where_the_model_saw_it(pets: Path) -> None:
    near = Decision(row=0, image="b.jpg", outcome="kept", category="dog", box=(0.4, 0, 29.9, 40.5))
    reviewed(pets, near, thresholds={})

    assert new(accepted(pets)) == [ROWS[0][:3]]


def test_what_a_person_drew_stands_for_a_proposal_at_the_same_place(pets: Path) -> None:
    reviewed(pets, drawn=(Drawn(image="c.jpg", category="cat", box=(6, 5, 20, 20)),), thresholds={})

    outcome = accepted(pets, above=0.8)

    assert new(outcome) == [ROWS[0][:3], ("c.jpg", "cat", (6, 5, 20, 20))]
    assert outcome.part.left_out == {"below": 2, "already-labelled": 1}


def test_a_review_is_accepted_once(pets: Path) -> None:
    reviewed(pets, KEPT, MOVED, drawn=(DRAWN,), thresholds={"cat": 0.5})
    first = accepted(pets).dataset

    assert accepted(pets, truth=first).dataset is first


def test_a_decision_that_comes_after_its_proposal_was_accepted_is_said(pets: Path) -> None:
    first = accepted(pets, above=0.8).dataset
    reviewed(pets, MOVED, REMOVED, thresholds={})

    outcome = accepted(pets, truth=first)

    (finding,) = outcome.findings
    assert (finding.code, finding.count, finding.examples) == ("decided-late", 2, ["b.jpg", "c.jpg"])
    assert outcome.part.accepted == 0


def test_to_ask_for_less_than_was_promised_is_said(pets: Path) -> None:
    reviewed(pets, thresholds={"cat": 0.8, "dog": None})

    (finding, *_) = [found for found in accepted(pets, above=0.25).findings if found.code == "below-promise"]

    assert finding.examples == [
        "cat from 0.25; promised from 0.8",
        "dog from 0.25; nothing can be promised yet",
    ]


def test_to_ask_for_less_is_nothing_to_say_where_it_lets_in_no_more(pets: Path) -> None:
    seen = Decision(row=3, image="c.jpg", outcome="kept", category="cat", box=ROWS[3][2])
    reviewed(pets, seen, thresholds={"cat": 0.8, "dog": 0.9})

    codes = [[found.code for found in accepted(pets, above=least).findings] for least in (0.31, 0.3)]

    assert ["below-promise" in some for some in codes] == [False, True]


def test_a_box_of_a_review_that_is_none_is_refused_with_its_place(pets: Path) -> None:
    reviewed(pets, drawn=(Drawn(image="d.jpg", category="dog", box=(1, 1, 0, 10)),), thresholds={})

    with pytest.raises(FormatError, match=r"predictions/first/review/review\.json: a box in 'd\.jpg'"):
        accepted(pets)


# --- shapes


def test_shapes_come_along_unless_a_person_moved_the_box(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    classes = Categories(names=("cat", "dog"), keypoints=(("nose",), ("nose",)), skeleton=((), ()))
    columns: dict[str, Any] = {
        "masks": Ragged.of([[0, 8000], [8000], []], np.uint32),
        "polygons": Polygons.of([[[(0, 0), (30, 0), (30, 40)]], [[(50, 0), (80, 0), (80, 40)]], []]),
        "keypoints": Ragged(np.array([[1.0, 1, 2], [51, 1, 2], [6, 6, 2]]), np.array([0, 1, 2, 3])),
        "area": np.array([600.0, 600, 400]),
    }
    propose(root, proposed(ROWS[:3], classes=classes, **columns))
    reviewed(root, MOVED, thresholds={"cat": 0.0})

    outcome = accepted(root)

    table = outcome.dataset.annotations
    assert [table.has(name).tolist() for name in ("masks", "polygons", "keypoints", "area")] == [
        [False, False, True, False],
        [False, False, True, False],
        [False, False, True, True],
        [False, False, True, True],
    ]
    assert table.polygons is not None and table.polygons[2][0].tolist() == [[50, 0], [80, 0], [80, 40]]
    assert table.masks is not None and table.masks[2].tolist() == [8000]
    assert outcome.part.shapes == 1
    assert [finding.code for finding in outcome.findings] == ["shapes-left-out"]
