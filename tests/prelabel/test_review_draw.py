"""Which proposals a person is asked to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cvdata.dataset import Categories, Dataset
from cvdata.errors import UsageError
from cvdata.prelabel.review import SampleSettings, draw_sample, sample_dataset
from cvdata.prelabel.review.draw import band_words, orders_of
from cvdata.prelabel.review.records import ReviewSample

from .reviewed import line_up, order_of, proposals_in


def steps(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return scores from 0.999 downwards, all different."""
    return 0.999 - 0.9 * np.arange(count) / count


def test_behind_every_edge_the_same_number_is_looked_at_and_most_of_them_are_shared(tmp_path: Path) -> None:
    stored = proposals_in(tmp_path / "pets", line_up({"cat": steps(400)}))

    sample = draw_sample(stored, SampleSettings(per_class=40, bands=4))

    score = stored.dataset.annotations.score
    assert score is not None
    (cat,) = sample.classes
    assert (cat.sizes, cat.quota) == ((100, 100, 100, 100), 40)
    assert cat.drawn[0] == 40  # all 40 of the first edge are in the first band
    assert list(cat.drawn) == sorted(cat.drawn, reverse=True)
    assert 60 <= len(sample.rows) <= 105  # 40 (1 + 1/2 + 1/3 + 1/4) = 83 are expected
    for edge in cat.edges:
        (order,) = orders_of(stored, 4, 0)
        above = [row for row in order.rows.tolist() if score[row] >= (edge or 0)]
        assert set(above[:40]) <= set(sample.rows)


def test_each_proposal_behind_an_edge_has_the_same_chance_to_be_seen_for_it() -> None:
    rng = np.random.default_rng(0)
    seen = np.zeros((2, 20))

    for _ in range(2000):
        order = order_of(steps(20), 2, rng)
        for edge in (0, 1):
            seen[edge, order.from_edge(edge)[:5]] += 1

    assert seen[0, :10] / 2000 == pytest.approx(np.full(10, 0.5), abs=0.05)
    assert seen[1] / 2000 == pytest.approx(np.full(20, 0.25), abs=0.05)


def test_the_same_seed_draws_the_same_and_another_one_does_not(tmp_path: Path) -> None:
    stored = proposals_in(tmp_path / "pets", line_up({"cat": steps(400)}))

    first, second, other = (draw_sample(stored, SampleSettings(per_class=20, seed=s)) for s in (0, 0, 1))

    assert first == second
    assert first.rows != other.rows


def test_equal_scores_are_in_one_band(tmp_path: Path) -> None:
    stored = proposals_in(tmp_path / "pets", line_up({"cat": np.array([0.9] * 7 + [0.5] * 5)}))

    (order,) = orders_of(stored, 4, 0)

    assert (order.edges.tolist(), order.sizes.tolist()) == ([0.9, 0.5], [7, 5])


def test_proposals_without_scores_are_the_last_band(tmp_path: Path) -> None:
    scores = {"road": np.full(6, np.nan), "cat": np.array([0.9, np.nan, 0.8, 0.7])}
    stored = proposals_in(tmp_path / "pets", line_up(scores))

    sample = draw_sample(stored, SampleSettings(per_class=10, bands=2))

    assert [(c.name, c.edges, c.sizes) for c in sample.classes] == [
        ("road", (None,), (6,)),
        ("cat", (0.8, None), (2, 2)),
    ]


def test_the_sample_is_a_dataset_with_all_classes_and_an_annotation_for_each_row(tmp_path: Path) -> None:
    proposals = line_up({"cat": steps(40), "dog": steps(40)})
    stored = proposals_in(tmp_path / "pets", proposals)
    truth = Dataset(
        images=proposals.images, annotations=proposals.annotations, categories=Categories(names=("bird", "dog", "cat"))
    )
    sample = draw_sample(stored, SampleSettings(per_class=3, bands=2))

    dataset = sample_dataset(stored, sample, truth)

    rows = np.array(sample.rows)
    names = np.array(dataset.categories.names)[dataset.annotations.category]
    assert dataset.categories.names == ("bird", "dog", "cat")
    assert names.tolist() == ["cat" if row < 40 else "dog" for row in sample.rows]
    assert dataset.annotations.box.tolist() == proposals.annotations.box[rows].tolist()
    assert dataset.images.names == sample.images
    assert len(dataset.images) == len(set((rows // 10).tolist()))


def test_bands_are_said_in_words(tmp_path: Path) -> None:
    stored = proposals_in(tmp_path / "pets", line_up({"cat": np.array([0.9, 0.8, 0.4, np.nan])}))
    sample = draw_sample(stored, SampleSettings(bands=2))

    words = band_words(sample_dataset(stored, sample, None), sample)

    assert words == ["score 0.80 to 1.00", "score 0.80 to 1.00", "score 0.00 to 0.80", "no score"]


def draw(tmp_path: Path, **settings: object) -> ReviewSample:
    stored = proposals_in(tmp_path / "pets", line_up({"cat": steps(20)}))
    return draw_sample(stored, SampleSettings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{"per_class": 0}, {"bands": 0}, {"bands": 101}])
def test_numbers_that_make_no_sense_are_refused(tmp_path: Path, settings: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"0 proposals|0 bands|101 bands"):
        draw(tmp_path, **settings)


def test_an_unknown_class_is_answered_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no proposal is of class 'Cat'") as caught:
        draw(tmp_path, classes=("Cat",))
    assert caught.value.hint == "did you mean 'cat'?"


def test_a_prediction_without_proposals_is_refused(tmp_path: Path) -> None:
    empty = line_up({"cat": steps(10)})
    bare = Dataset(
        images=empty.images, annotations=empty.annotations.take(np.zeros(0, np.int64)), categories=empty.categories
    )
    stored = proposals_in(tmp_path / "pets", bare)

    with pytest.raises(UsageError, match="'first' proposes nothing at all"):
        draw_sample(stored, SampleSettings())
