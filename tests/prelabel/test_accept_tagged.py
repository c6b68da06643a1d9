"""What people tag in FiftyOne becomes truth; and an account in which everything is once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.formats.predictions import read_prediction
from cvdata.formats.store import open_store
from cvdata.prelabel.accept import AcceptSettings, Offer, Opinions, accept, opinions_of_tags
from cvdata.prelabel.review import Decision, Drawn

from ..formats.proposals import propose, proposed, stored_pets
from .opinions import ROWS, accepted, new, origins_of, reviewed

DRAWN = Drawn(image="d.jpg", category="dog", box=(1, 1, 10, 10))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    root = stored_pets(tmp_path / "pets")
    propose(root, proposed(ROWS))
    return root


def tagged(root: Path, tags: list[set[str]], image_tags: list[set[str]] | None = None, **changes: Any) -> Opinions:
    stored = read_prediction(root, "first")
    left = replace(stored.dataset, annotations=replace(stored.dataset.annotations, **changes))
    return opinions_of_tags(
        stored,
        left,
        np.arange(len(tags)),
        touched=np.arange(len(tags)) == 0,
        tags=tags,
        image_tags=image_tags or [set()] * 4,
        deleted=np.array([], np.int64),
    )


def test_tags_of_a_label_count_more_than_those_of_its_picture(pets: Path) -> None:
    opinions = tagged(
        pets, [{"accept"}, {"reject", "accept"}, set(), {"reject"}], [set(), {"reject"}, {"accept"}, set()]
    )

    assert [(decision.row, decision.outcome) for decision in opinions.decisions] == [
        (0, "kept"),
        (1, "removed"),
        (2, "kept"),
        (3, "removed"),
    ]


def test_a_tagged_label_comes_in_as_the_person_left_it(pets: Path) -> None:
    table = read_prediction(pets, "first").dataset.annotations
    box, category = table.box.copy(), table.category.copy()
    box[0], category[2] = [0, 0, 20, 30], 1

    opinions = tagged(pets, [{"accept"}, set(), {"accept"}, set()], box=box, category=category)
    asked = AcceptSettings(predictions=("first",), tagged=True)
    outcome = accept(open_store(pets).load(), [Offer(read_prediction(pets, "first"), opinions, {})], asked)

    assert new(outcome) == [("b.jpg", "dog", (0, 0, 20, 30)), ("c.jpg", "dog", ROWS[2][2])]
    assert [origin and origin["reviewed"] for origin in origins_of(outcome)] == [None, "moved", "relabelled"]
    assert outcome.part.left_out == {"not-decided": 2}


def test_a_correction_without_a_tag_is_said(pets: Path) -> None:
    opinions = tagged(pets, [set(), {"accept"}, set(), set()])

    assert [(found.code, found.count, found.examples) for found in opinions.findings] == [
        ("untagged-corrections", 1, ["b.jpg"])
    ]


@settings(max_examples=25)
@given(
    scores=st.lists(st.integers(5, 20), min_size=4, max_size=4),
    outcomes=st.lists(st.sampled_from(["", "kept", "moved", "removed"]), min_size=4, max_size=4),
    above=st.none() | st.integers(0, 20),
    whole=st.booleans(),
)
def test_everything_that_was_offered_is_in_the_account_once(
    tmp_path_factory: pytest.TempPathFactory, scores: list[int], outcomes: list[str], above: int | None, whole: bool
) -> None:
    root = stored_pets(tmp_path_factory.mktemp("pets") / "pets")
    rows = [(*row[:3], score / 20) for row, score in zip(ROWS, scores, strict=True)]
    propose(root, proposed(rows))
    decisions = [
        Decision(row=row, image=ROWS[row][0], outcome=outcome, category=ROWS[row][1], box=(3, 3, 9, 9 + row))  # type: ignore[arg-type]
        for row, outcome in enumerate(outcomes)
        if outcome
    ]
    reviewed(root, *decisions, drawn=(DRAWN,), thresholds={"cat": 0.5, "dog": None})

    asked: dict[str, Any] = {"above": None if above is None else above / 20, "whole_pictures": whole}
    outcome = accepted(root, **asked)

    part = outcome.part
    assert part.accepted + sum(part.left_out.values()) == 5
    assert len(outcome.dataset.annotations) == 1 + part.accepted
    assert sum(row.accepted for row in part.classes) == part.accepted
    assert accepted(root, truth=outcome.dataset, **asked).part.accepted == 0
