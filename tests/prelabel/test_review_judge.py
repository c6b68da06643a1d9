"""What a person made of each proposal of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.errors import UsageError
from cvdata.formats.predictions import Stored
from cvdata.prelabel.review import Drawn, Judged, ReviewSample, ReviewSettings, SampleSettings, judge
from cvdata.prelabel.review.draw import proposals_hash

from ..formats.proposals import proposed, stored_pets
from .reviewed import proposals_in

Box = tuple[float, float, float, float]
Entry = tuple[str, str, Box]

A, B = (10.0, 10.0, 20.0, 20.0), (50.0, 10.0, 20.0, 20.0)
NAN = (np.nan,) * 4
CLASSES = ("cat", "dog", "bird")


def stored_of(tmp_path: Path, rows: Sequence[Entry]) -> Stored:
    stored_pets(tmp_path / "pets")
    return proposals_in(tmp_path / "pets", proposed([(*row, 0.5) for row in rows]))


def sample_of(stored: Stored, rows: Sequence[int] | None = None) -> ReviewSample:
    table = stored.dataset.annotations
    chosen = range(len(table)) if rows is None else rows
    owners = sorted({int(table.image[row]) for row in chosen})
    return ReviewSample(
        prediction="first",
        sha256=proposals_hash(stored),
        time="2026-01-01T00:00:00Z",
        number=1,
        settings=SampleSettings(),
        rows=tuple(chosen),
        images=tuple(stored.dataset.images.names[owner] for owner in owners),
        classes=(),
    )


def left(entries: Sequence[Entry], names: Sequence[str] = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")) -> Dataset:
    entries = sorted(entries, key=lambda entry: names.index(entry[0]))
    used = {entry[0] for entry in entries}
    count = len(names)
    images = Images(
        names=tuple(names),
        width=np.full(count, 100, np.int32),
        height=np.full(count, 80, np.int32),
        state=np.array([State.LABELLED if name in used else State.UNLABELLED for name in names], np.uint8),
        split=np.full(count, -1, np.int32),
        folder=np.full(count, -1, np.int32),
    )
    table = Annotations(
        image=np.array([names.index(entry[0]) for entry in entries], np.int32),
        category=np.array([CLASSES.index(entry[1]) for entry in entries], np.int32),
        box=np.array([entry[2] for entry in entries], np.float64).reshape(-1, 4),
    )
    return Dataset(images=images, annotations=table, categories=Categories(names=CLASSES))


def outcomes(
    tmp_path: Path,
    rows: Sequence[Entry],
    entries: Sequence[Entry],
    settings: ReviewSettings = ReviewSettings(),  # noqa: B008 - it is frozen
) -> Judged:
    stored = stored_of(tmp_path, rows)
    return judge(stored, sample_of(stored), left(entries), settings)


def test_kept_moved_relabelled_removed_and_drawn(tmp_path: Path) -> None:
    rows = [("a.jpg", "cat", A), ("a.jpg", "cat", B), ("b.jpg", "cat", A), ("b.jpg", "cat", B)]
    moved = (58.0, 10.0, 20.0, 20.0)  # IoU 12 / 28
    entries = [("a.jpg", "cat", A), ("a.jpg", "cat", moved), ("b.jpg", "dog", A), ("b.jpg", "bird", (0, 60, 9, 9))]

    judged = outcomes(tmp_path, rows, entries)

    assert [(d.row, d.image, d.outcome, d.category, d.box) for d in judged.decisions] == [
        (0, "a.jpg", "kept", "cat", A),
        (1, "a.jpg", "moved", "cat", moved),
        (2, "b.jpg", "relabelled", "dog", A),
        (3, "b.jpg", "removed", None, None),
    ]
    assert judged.drawn == (Drawn(image="b.jpg", category="bird", box=(0, 60, 9, 9)),)
    assert judged.findings == ()


def test_from_which_overlap_on_a_box_is_kept_is_a_setting(tmp_path: Path) -> None:
    shifted = (14.0, 10.0, 20.0, 20.0)  # IoU 16 / 24
    rows, entries = [("a.jpg", "cat", A)], [("a.jpg", "cat", shifted)]

    strict = outcomes(tmp_path / "strict", rows, entries)
    loose = outcomes(tmp_path / "loose", rows, entries, ReviewSettings(iou=0.66))

    assert strict.decisions[0].outcome == "moved"
    assert loose.decisions[0].outcome == "kept"


def test_a_box_that_only_a_format_rounded_is_the_one_that_was_proposed(tmp_path: Path) -> None:
    exact, rounded, moved = (10.25, 10.5, 20.3, 19.9), (10.0, 11.0, 21.0, 19.0), (12.0, 11.0, 19.0, 19.0)
    rows = [("a.jpg", "cat", exact), ("b.jpg", "cat", exact)]

    judged = outcomes(tmp_path, rows, [("a.jpg", "cat", rounded), ("b.jpg", "cat", moved)])

    assert [(d.outcome, d.box) for d in judged.decisions] == [("kept", exact), ("kept", moved)]


def test_the_class_decides_before_the_overlap(tmp_path: Path) -> None:
    # A person deleted the dog of two proposals on one object; the cat that stayed is not the dog, relabelled.
    near = (11.0, 10.0, 20.0, 20.0)

    judged = outcomes(tmp_path, [("a.jpg", "dog", A), ("a.jpg", "cat", near)], [("a.jpg", "cat", A)])

    assert [d.outcome for d in judged.decisions] == ["removed", "kept"]


def test_one_object_is_the_partner_of_one_proposal(tmp_path: Path) -> None:
    judged = outcomes(tmp_path, [("a.jpg", "cat", A), ("a.jpg", "cat", A)], [("a.jpg", "cat", A)])

    assert sorted(d.outcome for d in judged.decisions) == ["kept", "removed"]


def test_a_renamed_object_is_not_taken_for_a_moved_neighbour(tmp_path: Path) -> None:
    neighbour = (20.0, 10.0, 20.0, 20.0)  # IoU with A 10 / 30
    rows = [("a.jpg", "cat", A), ("a.jpg", "dog", neighbour)]

    judged = outcomes(tmp_path, rows, [("a.jpg", "dog", A)])

    assert [d.outcome for d in judged.decisions] == ["relabelled", "removed"]


def test_what_hangs_over_the_edge_may_come_back_cut_off(tmp_path: Path) -> None:
    judged = outcomes(tmp_path, [("a.jpg", "cat", (-20, 0, 50, 20))], [("a.jpg", "cat", (0, 0, 30, 20))])

    assert [d.outcome for d in judged.decisions] == ["kept"]


def test_labels_of_whole_pictures_have_no_boxes(tmp_path: Path) -> None:
    rows = [("a.jpg", "cat", NAN), ("b.jpg", "cat", NAN), ("c.jpg", "cat", NAN)]

    judged = outcomes(tmp_path, rows, [("a.jpg", "cat", NAN), ("b.jpg", "dog", NAN)])

    assert [(d.outcome, d.category, d.box) for d in judged.decisions] == [
        ("kept", "cat", None),
        ("relabelled", "dog", None),
        ("removed", None, None),
    ]


def test_pictures_are_known_by_their_stem_where_a_tool_renamed_them(tmp_path: Path) -> None:
    stored = stored_of(tmp_path, [("a.jpg", "cat", A)])

    judged = judge(stored, sample_of(stored), left([("export/a.png", "cat", A)], ["export/a.png"]), ReviewSettings())

    assert [(d.image, d.outcome) for d in judged.decisions] == [("a.jpg", "kept")]


def test_no_picture_is_taken_for_one_of_its_name_in_another_folder(tmp_path: Path) -> None:
    stored = stored_of(tmp_path, [("a.jpg", "cat", A), ("b.jpg", "cat", A)])
    images = stored.dataset.images
    images = replace(images, names=tuple(f"one/{name}" for name in images.names))
    stored = replace(stored, dataset=replace(stored.dataset, images=images))
    names = ["one/a.jpg", "two/b.jpg"]

    judged = judge(stored, sample_of(stored), left([(name, "cat", A) for name in names], names), ReviewSettings())

    assert [d.image for d in judged.decisions] == ["one/a.jpg"]
    assert next(f for f in judged.findings if f.code == "pictures-missing").examples == ["one/b.jpg"]


def test_a_picture_that_did_not_come_back_is_not_judged_and_counted(tmp_path: Path) -> None:
    stored = stored_of(tmp_path, [("a.jpg", "cat", A), ("b.jpg", "cat", A)])
    back = left([("a.jpg", "cat", B)], ["a.jpg"])

    unseen = judge(stored, sample_of(stored), back, ReviewSettings())
    removed = judge(stored, sample_of(stored), back, ReviewSettings(missing="removed"))

    assert [d.row for d in unseen.decisions] == [0]
    assert [(f.code, f.count, f.examples) for f in unseen.findings] == [("pictures-missing", 1, ["b.jpg"])]
    assert [(d.row, d.outcome) for d in removed.decisions] == [(0, "removed"), (1, "removed")]


def test_a_picture_that_came_back_without_labels_had_them_removed(tmp_path: Path) -> None:
    # The sample has a label in each: nothing there, not even marked as empty, is what deleting them leaves.
    judged = outcomes(tmp_path, [("a.jpg", "cat", A), ("b.jpg", "cat", A)], [("a.jpg", "cat", A)])

    assert [d.outcome for d in judged.decisions] == ["kept", "removed"]


def test_a_sample_that_nobody_changed_is_a_finding(tmp_path: Path) -> None:
    judged = outcomes(tmp_path, [("a.jpg", "cat", A)], [("a.jpg", "cat", A)])

    assert [f.code for f in judged.findings] == ["unchanged-sample"]


def test_a_dataset_of_other_pictures_is_refused(tmp_path: Path) -> None:
    stored = stored_of(tmp_path, [("a.jpg", "cat", A)])

    with pytest.raises(UsageError, match="no picture of the sample is in the corrected dataset"):
        judge(stored, sample_of(stored), left([("z.jpg", "cat", A)], ["z.jpg"]), ReviewSettings())


def test_many_objects_of_which_none_was_sampled_are_another_sample(tmp_path: Path) -> None:
    rows = [("a.jpg", "cat", (8.0 * at, 0.0, 6.0, 6.0)) for at in range(10)]
    others = [("a.jpg", "cat", (8.0 * at, 40.0, 6.0, 6.0)) for at in range(5)]

    with pytest.raises(UsageError, match="none of the 10 sampled proposals is in the corrected dataset"):
        outcomes(tmp_path / "others", rows, others)

    assert len(outcomes(tmp_path / "fewer", rows, others[:4]).drawn) == 4


def test_numbers_that_a_tool_kept_say_what_is_what(tmp_path: Path) -> None:
    # 0 was dragged to where 1 had been, and 1 deleted; 7 is of an earlier sample; the last one was drawn.
    stored = stored_of(tmp_path, [("a.jpg", "cat", A), ("a.jpg", "cat", B)])
    far = (0.0, 60.0, 9.0, 9.0)
    corrected = left([("a.jpg", "cat", B), ("a.jpg", "cat", far), ("a.jpg", "dog", far)])

    judged = judge(stored, sample_of(stored), corrected, ReviewSettings(), numbers=np.array([0, 7, -1]))

    assert [(d.row, d.outcome, d.box) for d in judged.decisions] == [(0, "moved", B), (1, "removed", None)]
    assert [d.category for d in judged.drawn] == ["dog"]
