"""Open Images' AP50 on cases worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from cvdata.dataset import Categories
from cvdata.dataset.ragged import Ragged
from cvdata.errors import EvaluationError, UsageError
from cvdata.evaluate.coco import openimages_numbers
from cvdata.evaluate.objects import Kind
from cvdata.evaluate.pair import Pair
from cvdata.evaluate.run import evaluate
from cvdata.evaluate.settings import EvalSettings

from .drawn import hand, pair_of
from .shapes import with_masks

DOG, ANIMAL, CUP = range(3)
WHOLE = [0, 0, 90, 90]
LEFT, RIGHT = [0, 0, 10, 10], [40, 0, 10, 10]


def told(
    pair: Pair,
    parents: tuple[str | None, ...] = (None, None, None),
    *,
    objects: list[dict[str, Any]] | None = None,
    images: list[dict[str, Any]] | None = None,
) -> Pair:
    """Name the classes dog, animal, cup, say what they lie within, and add attributes of objects and pictures."""
    names = ("dog", "animal", "cup")[: len(pair.classes)]
    truth = replace(pair.truth, categories=Categories(names=names, supercategory=parents[: len(names)]))
    if objects is not None:
        truth = replace(truth, annotations=replace(truth.annotations, extra=_column(objects)))
    if images is not None:
        truth = replace(truth, images=replace(truth.images, extra=_column(images)))
    found = replace(pair.found, categories=truth.categories)
    return replace(pair, truth=truth, found=found)


def _column(rows: list[dict[str, Any]]) -> Ragged:
    return Ragged.texts([msgspec.json.encode(row) for row in rows])


def ap50(pair: Pair, settings: EvalSettings | None = None) -> list[float | None]:
    """Return the figure over all classes, then that of each."""
    numbers = openimages_numbers(pair, "boxes", settings or EvalSettings())
    assert list(numbers.metrics) == ["AP50"]
    return [numbers.metrics["AP50"], *(row["AP50"] for row in numbers.classes)]


def test_precision_is_the_whole_area_under_its_curve_and_a_class_without_objects_is_left_out() -> None:
    truth = [(0, DOG, LEFT), (0, DOG, RIGHT), (0, CUP, RIGHT)]
    found = [(0, DOG, LEFT, 0.9), (0, DOG, WHOLE, 0.8), (0, DOG, RIGHT, 0.7), (0, ANIMAL, LEFT, 0.6)]

    # dog: recall 1/2 at precision 1, then 1 at 2/3: 1/2 + 1/3. COCO's 101 points would give 0.8350.
    assert ap50(told(hand(truth, found))) == pytest.approx([(5 / 6 + 0) / 2, 5 / 6, None, 0])


def test_an_object_is_also_one_of_every_class_around_its_own() -> None:
    pair = hand([(0, DOG, LEFT), (0, CUP, RIGHT)], [(0, DOG, LEFT, 0.9), (0, ANIMAL, LEFT, 0.8), (0, CUP, RIGHT, 0.7)])

    flat = ap50(told(pair))
    nested = ap50(told(pair, ("animal", "thing", "thing")))

    assert flat == [1, 1, None, 1]
    assert nested == [1, 1, 1, 1]  # the dog is an animal; "thing" is no class and is not evaluated


def test_a_group_is_found_by_the_surest_in_it_and_others_there_do_not_count() -> None:
    truth = [(0, DOG, WHOLE), (0, DOG, [92, 92, 5, 5])]
    found = [(0, DOG, LEFT, 0.9), (0, DOG, RIGHT, 0.8), (0, DOG, [92, 92, 5, 5], 0.7)]

    apart = ap50(told(hand(truth, found)))
    group = ap50(told(hand(truth, found), objects=[{"is_group_of": True}, {}]))

    # As an object the first is found by nobody: of three detections the last is right, recall 1/2 at precision 1/3.
    assert apart[0] == pytest.approx(1 / 6)
    assert group[0] == 1


@pytest.mark.parametrize("attribute", [{"IsGroupOf": 1}, {"isgroupof": "1"}, {"is_group_of": True}])
def test_converters_write_the_attribute_differently(attribute: dict[str, Any]) -> None:
    pair = told(hand([(0, DOG, WHOLE)], [(0, DOG, LEFT, 0.9), (0, DOG, RIGHT, 0.8)]), objects=[attribute])

    assert ap50(pair)[0] == 1


def test_a_crowd_is_a_group() -> None:
    pair = told(hand([(0, DOG, WHOLE)], [(0, DOG, LEFT, 0.9)]))
    crowd = replace(pair.truth.annotations, crowd=pair.truth.annotations.box[:, 0] == 0)
    pair = replace(pair, truth=replace(pair.truth, annotations=crowd))

    assert ap50(pair)[0] == 1


def test_detections_of_classes_that_nobody_looked_for_are_left_out() -> None:
    truth = [(0, DOG, LEFT), (1, CUP, LEFT)]
    found = [(0, DOG, LEFT, 0.5), (1, DOG, LEFT, 0.9), (1, CUP, LEFT, 0.9), (2, DOG, LEFT, 0.8)]
    nobody: list[dict[str, Any]] = [{"neg_category_ids": []}, {"neg_category_ids": []}, {"neg_category_ids": []}]

    everywhere = told(hand(truth, found))
    nowhere = told(hand(truth, found), images=nobody)
    one_more = told(hand(truth, found), images=[*nobody[:2], {"neg_category_ids": [1]}])  # ids are 1, 2, 3

    # Two surer dogs that are wrong leave a third of the precision; one leaves half.
    assert [ap50(pair)[1] for pair in (everywhere, one_more, nowhere)] == pytest.approx([1 / 3, 1 / 2, 1])


def test_where_there_is_no_animal_there_is_no_dog() -> None:
    found = [(0, DOG, LEFT, 0.5), (1, DOG, LEFT, 0.9)]
    pair = told(
        hand([(0, DOG, LEFT), (0, ANIMAL, RIGHT)], found),
        ("animal", None),
        images=[{}, {"neg_category_ids": [2]}],
    )

    assert ap50(pair)[1] == pytest.approx(1 / 2)


def test_as_many_detections_count_as_there_are_unless_a_number_is_asked_for() -> None:
    found = [(0, DOG, WHOLE, 1 - n / 1000) for n in range(150)] + [(0, DOG, LEFT, 0.1)]
    pair = told(hand([(0, DOG, LEFT)], found))

    assert ap50(pair)[0] == pytest.approx(1 / 151)
    assert ap50(pair, EvalSettings(max_detections=(100,)))[0] == 0


def test_nothing_found_and_nothing_there() -> None:
    assert ap50(told(hand([(0, DOG, LEFT)], [])))[0] == 0
    assert ap50(told(hand([], [(0, DOG, LEFT, 0.5)])))[0] is None


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    ap50(told(hand([(0, DOG, LEFT)], [(0, DOG, LEFT, 0.9)])))

    assert capfd.readouterr() == ("", "")


def test_classes_within_each_other_are_refused() -> None:
    pair = told(hand([(0, CUP, LEFT)], [(0, CUP, LEFT, 0.9)]), ("animal", "dog", None))

    with pytest.raises(EvaluationError, match="in a circle"):
        ap50(pair)


@pytest.mark.parametrize(
    ("kind", "message"),
    [("keypoints", "Open Images has no rule for keypoints"), ("masks", "the rules of Open Images are for boxes")],
)
def test_open_images_has_boxes_alone(kind: Kind, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        openimages_numbers(told(hand([(0, DOG, LEFT)], [])), kind, EvalSettings())


def test_masks_by_the_rules_of_open_images_are_refused_with_a_way_out() -> None:
    pair, settings = with_masks(pair_of(1), 1), EvalSettings(protocol="openimages", details=False)

    with pytest.raises(UsageError, match="boxes here, not for masks") as caught:
        evaluate(pair.truth, pair.found, settings)
    boxes = evaluate(pair.truth, pair.found, msgspec.structs.replace(settings, kind="boxes")).report

    assert "--kind boxes" in str(caught.value.hint)
    assert boxes.metrics["AP50"].value is not None
