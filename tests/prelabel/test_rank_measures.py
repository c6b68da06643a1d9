"""`cvdata.prelabel.ranking`: how unsure models are, and where they differ."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.errors import EvaluationError
from cvdata.prelabel.ranking.disagreement import disagreement
from cvdata.prelabel.ranking.uncertainty import binary_entropy, uncertainty

from .ranked import Hit, found_by, opinions

A, B = (10, 10, 20, 20), (60, 60, 20, 20)
WHOLE = (math.nan,) * 4


def test_a_coin_toss_tells_one_bit_and_what_is_sure_tells_nothing() -> None:
    bits = binary_entropy(np.array([0.0, 0.11, 0.5, 0.89, 1.0]))

    assert bits.tolist() == pytest.approx([0, 0.499916, 1, 0.499916, 0], abs=1e-6)


def test_the_most_unsure_detection_counts_by_half_and_each_further_one_half_as_much() -> None:
    hits: list[Hit] = [("one", "cat", 0.5, A), ("two", "cat", 0.5, A), ("two", "dog", 0.89, B)]

    value = uncertainty(opinions(["one", "two"], found_by("m", hits)))

    assert value.tolist() == pytest.approx([0.5, 0.5 + 0.499916 / 4], abs=1e-6)


def test_a_crowd_of_sure_objects_is_less_unsure_than_one_doubt() -> None:
    crowd: list[Hit] = [("crowd", "cat", 0.97, (x, y, 5, 5)) for x in range(0, 90, 9) for y in range(0, 90, 9)]

    value = uncertainty(opinions(["crowd", "one"], found_by("m", [*crowd, ("one", "cat", 0.6, A)])))

    assert value[0] == pytest.approx(binary_entropy(np.array([0.97]))[0])
    assert value[0] < value[1]


def test_where_nothing_was_found_no_score_says_anything() -> None:
    looked = found_by("m", [("a", "cat", 0.5, A)], nothing_in=["b"])

    value = uncertainty(opinions(["a", "b", "c"], looked))

    assert np.isnan(value).tolist() == [False, True, True]


def test_several_models_are_as_unsure_as_they_are_on_average_where_they_found_anything() -> None:
    first = found_by("m", [("a", "cat", 0.5, A), ("b", "cat", 0.5, A)])
    second = found_by("n", [("a", "cat", 1.0, A)], nothing_in=["b"])

    assert uncertainty(opinions(["a", "b"], first, second)).tolist() == [0.25, 0.5]


def test_a_label_of_a_whole_picture_is_as_unsure_as_it_lacks_to_1_and_none_at_all_is_wholly_unsure() -> None:
    classified = found_by("m", [("a", "cat", 0.4, WHOLE), ("b", "dog", 0.9, WHOLE)], nothing_in=["c"])

    value = uncertainty(opinions(["a", "b", "c", "never seen"], classified))

    assert value[:3].tolist() == pytest.approx([0.6, 0.1, 1.0])
    assert np.isnan(value[3])


def test_where_a_picture_may_have_several_labels_each_is_a_yes_or_no() -> None:
    classified = found_by("m", [("a", "cat", 0.5, WHOLE), ("a", "dog", 1.0, WHOLE), ("b", "dog", 0.89, WHOLE)])

    value = uncertainty(opinions(["a", "b"], classified))

    assert value.tolist() == pytest.approx([0.5, 0.499916 / 2], abs=1e-6)


def test_models_that_found_the_same_agree() -> None:
    hits: list[Hit] = [("a", "cat", 0.9, A), ("a", "dog", 0.3, B)]

    found = disagreement(
        opinions(["a", "b"], found_by("m", hits, nothing_in=["b"]), found_by("n", hits[:2], nothing_in=["b"]))
    )

    assert (found.value.tolist(), found.objects.tolist()) == ([0, 0], [0, 0])


def test_what_one_model_found_and_the_other_did_not_counts_by_its_score() -> None:
    first = found_by("m", [("a", "cat", 0.9, A), ("a", "dog", 0.6, B)])
    second = found_by("n", [("a", "cat", 0.7, (12, 10, 20, 20)), ("a", "cat", 0.4, B)])

    found = disagreement(opinions(["a"], first, second))

    # Pairs: the two cats at A (0.7 in common). The dog and the cat at B are of other classes.
    assert found.value.tolist() == pytest.approx([1 - (2 * 0.7 + 1) / (0.9 + 0.6 + 0.7 + 0.4 + 1)])
    assert found.objects.tolist() == [1]  # the dog; the cat at B has less than 0.5


def test_two_boxes_of_one_model_are_not_both_the_one_box_of_the_other() -> None:
    first = found_by("m", [("a", "cat", 0.8, (10, 10, 20, 20)), ("a", "cat", 0.9, (14, 10, 20, 20))])
    second = found_by("n", [("a", "cat", 0.9, (11, 10, 20, 20))])

    found = disagreement(opinions(["a"], first, second))

    assert found.value.tolist() == pytest.approx([1 - (2 * 0.8 + 1) / (2.6 + 1)])
    assert found.objects.tolist() == [1]


def test_next_to_nothing_in_both_is_next_to_no_difference() -> None:
    found = disagreement(
        opinions(["a"], found_by("m", [("a", "cat", 0.05, A)]), found_by("n", [("a", "dog", 0.05, B)]))
    )

    assert found.value.tolist() == pytest.approx([1 - 1 / 1.1])


def test_labels_of_whole_pictures_agree_where_they_are_the_same() -> None:
    first = found_by("m", [("a", "cat", 0.9, WHOLE), ("b", "cat", 0.9, WHOLE)])
    second = found_by("n", [("a", "cat", 0.5, WHOLE), ("b", "dog", 0.8, WHOLE)])

    found = disagreement(opinions(["a", "b"], first, second))

    assert found.value.tolist() == pytest.approx([1 - 2 / 2.4, 1 - 1 / 2.7])
    assert found.objects.tolist() == [0, 2]


def test_a_picture_that_only_one_model_looked_at_is_not_compared() -> None:
    found = disagreement(
        opinions(
            ["a", "b"], found_by("m", [("a", "cat", 1, A), ("b", "cat", 1, A)]), found_by("n", [("a", "cat", 1, A)])
        )
    )

    assert found.value[0] == 0
    assert np.isnan(found.value[1])


boxes = st.tuples(*(st.integers(0, 60) for _ in range(2)), *(st.integers(1, 40) for _ in range(2)))
hits = st.lists(st.tuples(st.just("a"), st.sampled_from(["cat", "dog"]), st.floats(0, 1), boxes), max_size=6)


@given(st.lists(hits, min_size=2, max_size=3))
def test_the_order_of_models_does_not_matter_and_nobody_differs_from_itself(models: list[list[Hit]]) -> None:
    found = [found_by(str(number), part, nothing_in=["a"]) for number, part in enumerate(models)]

    values = [disagreement(opinions(["a"], *order)).value[0] for order in itertools.permutations(found)]

    assert values == pytest.approx([values[0]] * len(values))
    assert 0 <= values[0] < 1
    assert disagreement(opinions(["a"], found[0], found[0])).value[0] == pytest.approx(0)


def test_classes_are_the_same_where_their_names_are() -> None:
    from cvdata.dataset import Categories
    from cvdata.prelabel.ranking.opinions import Found

    from ..tiny import build

    row = {"image": "a", "category": "dog", "box": A, "score": 0.9}
    other = Found(name="n", dataset=build({"a": (100, 100)}, [row], Categories(names=("bird", "dog"))))

    found = disagreement(opinions(["a"], found_by("m", [("a", "dog", 0.9, A)]), other))

    assert found.value.tolist() == [0]


@pytest.mark.parametrize(("score", "said"), [(math.nan, "no score"), (3.5, "the score 3.5"), (-1.0, "the score -1")])
def test_what_has_no_confidence_is_refused(score: float, said: str) -> None:
    with pytest.raises(EvaluationError, match=rf"m: 1 annotation without a score.*a, has {said}") as caught:
        opinions(["a"], found_by("m", [("a", "cat", 0.5, A), ("a", "cat", score, A)]))

    assert "--embed colour" in (caught.value.hint or "")


def test_what_was_found_in_other_pictures_is_refused() -> None:
    with pytest.raises(EvaluationError, match="m is about other pictures: it has x"):
        opinions(["a"], found_by("m", [("x", "cat", 0.5, A)]))


def test_pictures_are_known_by_their_file_names_where_folders_differ_and_others_are_counted() -> None:
    found = found_by("m", [("run/b.jpg", "cat", 0.5, A), ("c.jpg", "cat", 0.5, A)])

    (opinion,) = opinions(["a.jpg", "in/b.jpg"], found)

    assert [row.image for row in opinion.found.rows()] == ["in/b.jpg"]
    assert (opinion.looked.tolist(), opinion.elsewhere) == ([False, True], 1)


def test_no_picture_is_taken_for_one_of_its_name_in_another_folder() -> None:
    found = found_by("m", [("one/a.jpg", "cat", 0.5, A), ("two/b.jpg", "cat", 0.5, A)])

    (opinion,) = opinions(["one/a.jpg", "one/b.jpg"], found)

    assert [row.image for row in opinion.found.rows()] == ["one/a.jpg"]
    assert (opinion.looked.tolist(), opinion.elsewhere) == ([True, False], 1)
