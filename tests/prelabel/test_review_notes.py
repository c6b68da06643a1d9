"""Samples go out, come back and add up; what was found stays beside the proposals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from cvdata.dataset import Dataset
from cvdata.errors import CvdataError, FormatError, UsageError
from cvdata.formats.predictions import Stored, read_note, read_prediction, write_note, write_prediction
from cvdata.prelabel.review import (
    REVIEW,
    SAMPLE,
    ReviewFile,
    ReviewSettings,
    SampleSettings,
    check_review,
    next_sample,
    read_review,
    read_sample,
    review,
    sample_dataset,
)
from cvdata.prelabel.review.notes import note_sample

from .reviewed import line_up, proposals_in, without

FEW = SampleSettings(per_class=20, bands=2)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return proposals_in(tmp_path / "pets", line_up({"cat": np.linspace(0.99, 0.2, 200)}))


@pytest.fixture
def pets(stored: Stored) -> Path:
    return stored.folder.parents[1]


def correct(
    pets: Path, stored: Stored, settings: SampleSettings, is_wrong: Callable[[int], bool], promise: float = 0.8
) -> ReviewFile:
    """Draw a sample, let a person delete what is wrong, and judge it."""
    sample = next_sample(pets, stored, settings)
    corrected = without(sample_dataset(stored, sample, None), sample, is_wrong)
    return review(pets, stored, corrected, ReviewSettings(promise=promise))[0]


def test_what_was_decided_is_read_again_as_it_was_written(pets: Path, stored: Stored) -> None:
    found = correct(pets, stored, FEW, lambda row: row >= 100)

    assert read_review(pets, stored) == found
    assert {d.row for d in found.decisions if d.outcome == "removed"} == {d.row for d in found.decisions if d.row > 99}
    (cat,) = found.classes
    assert found.thresholds == {"cat": cat.threshold}
    assert cat.threshold == pytest.approx(stored.dataset.annotations.score[99])  # type: ignore[index]
    assert cat.accepts == 100


def test_a_class_of_which_nothing_can_be_promised_has_no_threshold(pets: Path, stored: Stored) -> None:
    found = correct(pets, stored, FEW, lambda row: row % 2 == 0)

    assert found.thresholds == {"cat": None}
    assert found.classes[0].advice.endswith("promise less, or let a better model propose")


def test_a_second_sample_goes_on_where_the_first_ended_and_adds_to_it(pets: Path, stored: Stored) -> None:
    first = correct(pets, stored, FEW, lambda row: row == 0)
    second = correct(pets, stored, FEW, lambda row: row == 0)

    rows = [{d.row for d in one.decisions} for one in (first, second)]
    assert rows[0] < rows[1]
    assert [s.number for s in second.samples] == [1, 2]
    assert [s.quota for s in second.samples] == [{"cat": 20}, {"cat": 40}]
    assert sum(s.asked for s in second.samples) == len(rows[1])
    assert second.classes[0].candidates[0].seen == 40


def test_the_same_sample_judged_again_takes_the_place_of_what_was_found_before(pets: Path, stored: Stored) -> None:
    sample = next_sample(pets, stored, FEW)
    dataset = sample_dataset(stored, sample, None)

    review(pets, stored, without(dataset, sample, lambda row: row < 150), ReviewSettings())
    found, _ = review(pets, stored, dataset, ReviewSettings())

    assert [s.number for s in found.samples] == [1]
    assert {d.outcome for d in found.decisions} == {"kept"}


def test_objects_drawn_twice_are_kept_once(pets: Path, stored: Stored) -> None:
    def with_one_more(sample_rows: Dataset) -> Dataset:
        from dataclasses import replace

        table = sample_rows.annotations
        extra = replace(table.take(np.zeros(1, np.int64)), box=np.array([[5.0, 5.0, 9.0, 9.0]]))
        joined = np.concatenate([np.zeros(1, np.int64), np.arange(len(table))])
        box = table.box[joined]
        box[0] = extra.box[0]
        return replace(sample_rows, annotations=replace(table.take(joined), box=box))

    for _ in range(2):
        sample = next_sample(pets, stored, FEW)
        found, _ = review(pets, stored, with_one_more(sample_dataset(stored, sample, None)), ReviewSettings())

    boxes = [(d.image, d.box) for d in found.drawn]
    assert len(boxes) == len(set(boxes)) >= 1


def test_asking_for_the_same_sample_again_gives_the_same(pets: Path, stored: Stored) -> None:
    assert next_sample(pets, stored, FEW) == next_sample(pets, stored, FEW) == read_sample(pets, stored)


def test_a_sample_that_is_out_is_not_replaced_unasked(pets: Path, stored: Stored) -> None:
    first = next_sample(pets, stored, FEW)
    other = SampleSettings(per_class=30, bands=2)

    with pytest.raises(UsageError, match=rf"a sample of {len(first.rows)} proposals was drawn on .* has not come back"):
        next_sample(pets, stored, other)
    assert read_sample(pets, stored) == first

    assert len(next_sample(pets, stored, other, again=True).rows) > len(first.rows)


def test_a_second_sample_keeps_the_order_of_the_first(pets: Path, stored: Stored) -> None:
    correct(pets, stored, FEW, lambda row: False)

    with pytest.raises(UsageError, match="these predictions were reviewed with 2 bands and seed 0"):
        next_sample(pets, stored, SampleSettings(bands=3))


def test_when_all_is_seen_there_is_nothing_left_to_draw(pets: Path, stored: Stored) -> None:
    correct(pets, stored, SampleSettings(per_class=200, bands=2), lambda row: False)

    with pytest.raises(UsageError, match="every proposal that could be drawn was reviewed already"):
        next_sample(pets, stored, FEW)


def test_nothing_is_judged_before_a_sample_was_drawn(pets: Path, stored: Stored) -> None:
    with pytest.raises(UsageError, match="no sample of 'first' was drawn yet"):
        review(pets, stored, stored.dataset, ReviewSettings())


@pytest.mark.parametrize(
    "settings",
    [ReviewSettings(iou=0), ReviewSettings(promise=1), ReviewSettings(confidence=1), ReviewSettings(confidence=0.3)],
)
def test_settings_that_make_no_sense_are_refused(settings: ReviewSettings) -> None:
    with pytest.raises(UsageError):
        check_review(settings)


@pytest.mark.parametrize(("file", "data"), [(SAMPLE, b"{}"), (SAMPLE, b"\xff"), (REVIEW, b'{"schema": "other"}')])
def test_a_damaged_note_is_one_message_with_its_place(pets: Path, stored: Stored, file: str, data: bytes) -> None:
    write_note(pets, "first", file, data)

    with pytest.raises(CvdataError) as caught:
        next_sample(pets, stored, FEW)
    assert str(caught.value).startswith(f"predictions/first/{file}: ")


@pytest.mark.parametrize(
    "damage",
    [{"rows": ()}, {"rows": (3, 3)}, {"images": ()}, {"images": ("elsewhere.jpg",)}],
    ids=lambda damage: "-".join(damage),
)
def test_a_sample_of_other_pictures_or_of_nothing_is_refused(
    pets: Path, stored: Stored, damage: dict[str, Any]
) -> None:
    sample = next_sample(pets, stored, FEW)
    note_sample(pets, msgspec.structs.replace(sample, **damage))

    with pytest.raises(FormatError, match=r"review/sample\.json: its rows or pictures are not those of a sample"):
        review(pets, stored, sample_dataset(stored, sample, None), ReviewSettings())


@pytest.mark.parametrize(
    "damage", [("kept", "category", ""), ("thresholds", "cat", -1.0)], ids=lambda damage: damage[1]
)
def test_a_review_with_a_class_or_a_threshold_that_is_none_is_refused(
    pets: Path, stored: Stored, damage: tuple[str, str, Any]
) -> None:
    found = msgspec.to_builtins(correct(pets, stored, FEW, lambda row: False))
    where = found["thresholds"] if damage[0] == "thresholds" else found["decisions"][0]
    where[damage[1]] = damage[2]
    write_note(pets, "first", REVIEW, msgspec.json.encode(found))

    with pytest.raises(FormatError, match=r"review/review\.json: Expected "):
        read_review(pets, stored)


def test_notes_of_other_proposals_are_refused(pets: Path, stored: Stored) -> None:
    next_sample(pets, stored, FEW)
    data = read_note(pets, "first", SAMPLE)
    assert data is not None
    other = line_up({"cat": np.linspace(0.9, 0.3, 50)})
    from ..formats.proposals import about_of

    write_prediction(pets, other, about_of(pets, "second"))
    write_note(pets, "second", SAMPLE, data)

    with pytest.raises(FormatError, match="it belongs to other proposals"):
        read_sample(pets, read_prediction(pets, "second"))
