"""`cvdata.prelabel.ranking.job`: which pictures are ranked, by what, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.dataset import Dataset, Facts
from cvdata.errors import UsageError
from cvdata.prelabel.ranking.job import rank_pictures
from cvdata.prelabel.ranking.report import RankReport, RankSettings
from cvdata.prelabel.ranking.table import rank_csv
from cvdata.prelabel.ranking.vectors import Vectors

from .ranked import found_by, unlabelled

A, B, C = (10, 10, 20, 20), (60, 60, 20, 20), (60, 10, 20, 20)

FIRST = found_by(
    "first",
    [
        ("sure", "cat", 0.98, A),
        ("torn", "cat", 0.5, A), ("torn", "dog", 0.55, B), ("torn", "cat", 0.45, C),
        ("differ", "cat", 0.95, A),
    ],
    nothing_in=["nothing"],
)  # fmt: skip
SECOND = found_by(
    "second",
    [
        ("sure", "cat", 0.97, A),
        ("torn", "cat", 0.5, A), ("torn", "dog", 0.55, B), ("torn", "cat", 0.45, C),
        ("differ", "dog", 0.96, A),
    ],
    nothing_in=["nothing"],
)  # fmt: skip
PICTURES = ("sure", "torn", "nothing", "differ")


def names(report: RankReport) -> list[str]:
    return [row.image for row in report.first]


def reasons(report: RankReport) -> dict[str, str]:
    return {row.image: row.reason for row in report.first}


def vectors_of(dataset: Dataset, degrees: dict[str, float], **more: Any) -> Vectors:
    """Return a vector in a plane for each named picture."""
    rows = [row for row, name in enumerate(dataset.images.names) if name in degrees]
    turned = np.radians([degrees[dataset.images.names[row]] for row in rows])
    plane = np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)
    return Vectors(name="colour", sha256=None, rows=np.array(rows), vectors=plane, **more)


def with_hashes(dataset: Dataset, hashes: list[int]) -> Dataset:
    """Return the dataset as if somebody had measured its pictures; none has the same bytes as another."""
    count = len(hashes)
    facts = replace(
        Facts.none(count),
        size=np.ones(count, np.int64),
        sha256=np.arange(1, 1 + 32 * count, dtype=np.int64).astype(np.uint8).reshape(count, 32),
        phash=np.array(hashes, np.uint64),
        contrast=np.full(count, 50, np.float32),
    )
    return replace(dataset, images=replace(dataset.images, facts=facts))


def test_doubts_come_first_what_is_sure_last_and_nothing_found_in_between() -> None:
    report = rank_pictures(unlabelled(*PICTURES), RankSettings(), found=[FIRST]).report

    assert names(report) == ["torn", "nothing", "differ", "sure"]
    assert report.by == ("uncertainty",)
    assert reasons(report) == {
        "torn": "3 objects near 0.5",
        "nothing": "nothing was found",
        "differ": "least sure: cat (0.95)",
        "sure": "least sure: cat (0.98)",
    }
    assert [(row.found, row.uncertainty is None) for row in report.first] == [
        (3, False), (0, True), (1, False), (1, False)
    ]  # fmt: skip


def test_two_models_are_compared_and_the_words_say_in_how_much_they_differ() -> None:
    report = rank_pictures(unlabelled(*PICTURES), RankSettings(by="disagreement"), found=[FIRST, SECOND]).report

    assert names(report)[0] == "differ"
    assert reasons(report)["differ"] == "least sure: cat (0.95); models differ in 2"
    assert reasons(report)["sure"] == "least sure: cat (0.97); models agree"
    assert report.first[0].disagreement == pytest.approx(1 - 1 / (0.95 + 0.96 + 1))


def test_models_that_are_sure_of_nothing_do_not_agree_where_they_found_other_things() -> None:
    first = found_by("first", [("lawn", "cat", 0.45, A)] * 3)
    second = found_by("second", [("lawn", "dog", 0.45, A)] * 3)

    report = rank_pictures(unlabelled("lawn"), RankSettings(by="disagreement"), found=[first, second]).report

    assert report.first[0].disagreement == pytest.approx(1 - 1 / 3.7)
    assert reasons(report)["lawn"].endswith("; models differ in unsure ones")


def test_mixed_measures_count_alike_and_those_of_one_alone_are_none() -> None:
    report = rank_pictures(unlabelled(*PICTURES), RankSettings(), found=[FIRST, SECOND]).report

    # Ranks of uncertainty: torn 5/6, differ 3/6, sure 1/6, nothing 1/2; of disagreement: differ 7/8, the others that
    # agree 3/8 but for sure, where 0.01 lies between, 5/8... and torn and nothing, 2/8 each.
    scores = {row.image: row.score for row in report.first}
    assert scores == pytest.approx(
        {"differ": (1 / 2 + 7 / 8) / 2, "torn": (5 / 6 + 1 / 4) / 2, "sure": (1 / 6 + 5 / 8) / 2, "nothing": 0.375}
    )
    assert report.by == ("uncertainty", "disagreement")
    assert {row.novelty for row in report.first} == {None}


def test_novelty_is_the_distance_to_what_somebody_labelled_and_the_batch_keeps_apart() -> None:
    dataset = unlabelled("like", "far", "farther", "apart", labelled=["known"])
    vectors = vectors_of(dataset, {"known": 0, "like": 1, "far": 120, "farther": 122, "apart": 240})

    report = rank_pictures(dataset, RankSettings(), vectors=vectors).report

    assert names(report) == ["farther", "apart", "far", "like"]
    assert report.by == ("novelty",)
    assert [row.novelty for row in report.first] == pytest.approx([1.529919, 1.5, 1.5, 0.000152], abs=1e-5)
    assert report.first[2].apart == pytest.approx(1 - np.cos(np.radians(2)), abs=1e-5)
    assert reasons(report)["farther"] == "unlike labelled ones"
    assert reasons(report)["like"] == "like labelled ones"


def test_near_copies_are_named_once_and_those_of_labelled_pictures_last() -> None:
    far, near = 0x5555555555555554, 0x5555555555555554 ^ 0b1000
    dataset = with_hashes(unlabelled(*PICTURES, labelled=["known"]), [0x3333, far, 0x3333, 0x0F0F0F0F, near])

    report = rank_pictures(dataset, RankSettings(), found=[FIRST]).report

    assert names(report) == ["nothing", "differ", "torn", "sure"]
    assert report.copies == 2
    assert reasons(report)["torn"].endswith("a near copy of a labelled picture")
    assert report.findings == ()


def test_without_hashes_or_vectors_it_is_said_that_copies_were_not_told_apart() -> None:
    report = rank_pictures(unlabelled(*PICTURES), RankSettings(), found=[FIRST]).report

    assert [finding.code for finding in report.findings] == ["copies-unknown"]


def test_labelled_pictures_are_ranked_only_where_all_are() -> None:
    dataset = unlabelled("torn", "nothing", labelled=["sure", "differ"])

    few = rank_pictures(dataset, RankSettings(), found=[FIRST]).report
    every = rank_pictures(dataset, RankSettings(everything=True), found=[FIRST]).report

    assert (names(few), few.ranked, few.labelled, few.pictures) == (["torn", "nothing"], 2, 2, 4)
    assert names(every) == ["torn", "differ", "nothing", "sure"]


def test_only_the_splits_that_are_asked_for_are_ranked() -> None:
    dataset = unlabelled(*PICTURES, splits={"sure": "train", "torn": "val"})

    assert names(rank_pictures(dataset, RankSettings(splits=("train",)), found=[FIRST]).report) == ["sure"]
    with pytest.raises(UsageError, match="no split 'tran'"):
        rank_pictures(dataset, RankSettings(splits=("tran",)), found=[FIRST])


def test_what_a_model_did_not_look_at_has_the_middle_place_and_is_counted() -> None:
    dataset = unlabelled(*PICTURES, "later")

    report = rank_pictures(dataset, RankSettings(), found=[FIRST]).report

    assert names(report) == ["torn", "nothing", "differ", "later", "sure"]
    assert reasons(report)["later"] == "no model looked at it"
    assert (report.findings[0].code, report.findings[0].count) == ("not-looked-at", 1)


def test_predictions_that_leave_doubts_out_are_named_with_the_cure() -> None:
    sure = replace(FIRST, least=0.25)

    first = rank_pictures(unlabelled(*PICTURES), RankSettings(), found=[sure]).report.findings[0]

    assert (first.code, first.examples) == ("scores-cut-off", ["first"])
    assert first.message == (
        "first kept nothing below 0.25, so that many doubts are not seen: cvdata prelabel --score 0.05 keeps them"
    )


def test_a_list_of_results_says_of_pictures_it_does_not_name_that_nothing_was_found() -> None:
    results = replace(FIRST, complete=False)

    report = rank_pictures(unlabelled(*PICTURES, "later"), RankSettings(), found=[results]).report

    assert reasons(report)["later"] == "nothing was found"


def test_a_picture_that_cannot_be_read_is_not_ranked_by_its_look() -> None:
    dataset = unlabelled("a", "b", labelled=["known"])
    vectors = vectors_of(dataset, {"known": 0, "a": 50}, bad={2: "the file is cut off"})

    report = rank_pictures(dataset, RankSettings(), vectors=vectors).report

    assert names(report) == ["a"]
    assert report.findings[0].message == "1 picture cannot be read and is not ranked; the first: the file is cut off"


@pytest.mark.parametrize(
    ("settings", "found", "embed", "message"),
    [
        ({}, 0, False, "nothing to rank by"),
        ({"by": "uncertainty"}, 0, True, "nothing to rank by uncertainty"),
        ({"by": "disagreement"}, 1, False, "nothing to rank by disagreement"),
        ({"by": "novelty"}, 1, False, "nothing to rank by novelty"),
        ({"by": "uncertainty"}, 1, True, "embeddings say nothing of uncertainty"),
        ({"by": "novelty"}, 1, True, "says nothing of novelty"),
        ({"number": 0}, 1, False, "0 pictures are to be named"),
    ],
)
def test_what_has_nothing_to_go_by_is_one_clear_message(
    settings: dict[str, Any], found: int, embed: bool, message: str
) -> None:
    dataset = unlabelled(*PICTURES)
    vectors = vectors_of(dataset, dict.fromkeys(PICTURES, 0.0)) if embed else None

    with pytest.raises(UsageError, match=message) as caught:
        rank_pictures(dataset, RankSettings(**settings), found=[FIRST, SECOND][:found], vectors=vectors)

    assert caught.value.hint or "expected" in caught.value.message


def test_a_dataset_without_unlabelled_pictures_names_the_cure() -> None:
    with pytest.raises(UsageError, match="all pictures are labelled") as caught:
        rank_pictures(unlabelled(labelled=["sure"]), RankSettings(), found=[FIRST])

    assert "--all" in (caught.value.hint or "")


def test_the_same_pictures_in_another_order_have_the_same_places() -> None:
    shuffled = ("differ", "nothing", "torn", "sure")

    one = rank_pictures(unlabelled(*PICTURES), RankSettings(), found=[FIRST, SECOND]).report
    other = rank_pictures(unlabelled(*shuffled), RankSettings(), found=[SECOND, FIRST]).report

    assert names(one) == names(other)


def test_the_table_has_a_row_a_picture() -> None:
    report = rank_pictures(unlabelled(*PICTURES), RankSettings(number=2), found=[FIRST]).report

    assert rank_csv(report).decode().splitlines() == [
        "place,picture,split,score,uncertainty,disagreement,novelty,apart,found,reason",
        "1,torn,,0.833333,0.87229,,,,3,3 objects near 0.5",
        "2,nothing,,0.5,,,,,0,nothing was found",
    ]


def test_what_is_drawn_is_what_the_first_model_found_in_the_ranked_pictures() -> None:
    ranking = rank_pictures(unlabelled(*PICTURES, labelled=["known"]), RankSettings(number=1), found=[FIRST, SECOND])

    drawn: NDArray[np.int64] = ranking.rows
    assert [ranking.drawn.images.names[row] for row in drawn.tolist()] == ["differ"]
    assert [row.category for row in ranking.drawn.rows() if row.image == "differ"] == ["cat"]
