"""What becomes of the pictures of which proposals are accepted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import State
from cvdata.errors import UsageError
from cvdata.formats.store import open_store
from cvdata.prelabel.review import Decision

from ..formats.proposals import propose, proposed, stored_pets
from .opinions import ROWS, accepted, new, reviewed

KEPT = Decision(row=1, image="b.jpg", outcome="kept", category="cat", box=ROWS[1][2])


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed(ROWS))
    return root


def test_pictures_with_something_left_over_are_said(pets: Path) -> None:
    outcome = accepted(pets, above=0.8)

    (finding,) = outcome.findings
    assert (finding.code, finding.count, finding.examples) == ("partly-labelled", 2, ["b.jpg", "c.jpg"])
    assert outcome.part.partly == 2
    assert "--whole-pictures" in finding.message


def test_whole_pictures_are_those_of_which_everything_can_be_taken(pets: Path) -> None:
    reviewed(pets, KEPT, thresholds={})

    outcome = accepted(pets, above=0.8, whole_pictures=True)

    assert [row[0] for row in new(outcome)] == ["b.jpg", "b.jpg"]
    assert outcome.part.left_out == {"below": 1, "in-part": 1}
    assert outcome.findings == () or all(found.code != "partly-labelled" for found in outcome.findings)
    assert outcome.dataset.images.state.tolist()[2] == State.UNLABELLED


def test_another_guess_at_an_object_that_is_labelled_leaves_nothing_over(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    rows = [("b.jpg", "dog", (0.0, 0.0, 30.0, 40.0), 0.9), ("b.jpg", "cat", (1.0, 0.0, 30.0, 40.0), 0.3)]
    propose(root, proposed(rows))

    outcome = accepted(root, above=0.8, whole_pictures=True)

    assert new(outcome) == [rows[0][:3]]


def test_a_guess_at_what_was_accepted_before_leaves_nothing_over(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    rows = [
        ("b.jpg", "dog", (0.0, 0.0, 30.0, 40.0), 0.9),
        ("b.jpg", "cat", (1.0, 0.0, 30.0, 40.0), 0.3),
        ("b.jpg", "cat", (60.0, 0.0, 30.0, 40.0), 0.6),
    ]
    propose(root, proposed(rows))
    first = accepted(root, above=0.8)

    outcome = accepted(root, truth=first.dataset, above=0.5, whole_pictures=True)

    assert (first.part.partly, outcome.part.accepted) == (1, 1)


def test_pictures_that_a_person_labelled_are_whole(tmp_path: Path) -> None:
    root = stored_pets(tmp_path / "pets")
    rows = [("a.jpg", "dog", (60.0, 0.0, 30.0, 40.0), 0.9), ("a.jpg", "dog", (60.0, 50.0, 30.0, 20.0), 0.3)]
    propose(root, proposed(rows))

    assert accepted(root, above=0.8).part.partly == 0
    assert accepted(root, above=0.8, whole_pictures=True).part.accepted == 1


def test_a_picture_in_which_nothing_likely_was_found_is_empty_only_when_asked(pets: Path) -> None:
    states = [State.LABELLED, State.LABELLED, State.LABELLED]

    assert accepted(pets, above=0.8).dataset.images.state.tolist() == [*states, State.UNLABELLED]
    outcome = accepted(pets, above=0.8, empty_below=0.5)
    assert outcome.dataset.images.state.tolist() == [*states, State.EMPTY]
    assert outcome.part.emptied == 1


def test_a_picture_with_a_likely_proposal_is_not_empty(pets: Path) -> None:
    outcome = accepted(pets, above=0.95, empty_below=0.85)

    assert outcome.dataset.images.state.tolist() == [State.LABELLED, State.UNLABELLED, State.EMPTY, State.EMPTY]
    reviewed(pets, Decision(row=0, image="b.jpg", outcome="removed"), thresholds={})
    assert accepted(pets, above=0.95, empty_below=0.85).part.emptied == 3


def test_a_picture_is_not_called_empty_for_what_nobody_kept(pets: Path) -> None:
    with pytest.raises(UsageError, match=r"of 'dog' nothing below 0\.5 was kept in 'first'"):
        accepted(pets, above=0.8, empty_below=0.3)


def test_a_label_in_a_picture_that_was_called_empty_is_said(pets: Path) -> None:
    truth = open_store(pets).load()
    state = np.array([State.LABELLED, State.EMPTY, State.EMPTY, State.EMPTY], np.uint8)
    truth = replace(truth, images=replace(truth.images, state=state))

    outcome = accepted(pets, truth=truth, above=0.85)

    assert [(found.code, found.examples) for found in outcome.findings] == [("not-empty-after-all", ["b.jpg"])]
    assert outcome.dataset.images.state.tolist() == [State.LABELLED, State.LABELLED, State.EMPTY, State.EMPTY]
