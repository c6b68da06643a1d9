"""Planning what is pasted where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Dataset, Polygons
from cvdata.errors import UsageError

from .balanced import after, now, of_words, planned


def pasted(dataset: Dataset, **settings: object) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return of each new picture its ground, and the class and the picture of each object pasted into it."""
    copies = planned(dataset, "copy-paste", **settings).copies
    objects = copies.pasted
    assert objects is not None
    table, names = dataset.annotations, dataset.images.names
    return [
        (
            names[parent],
            [
                (dataset.categories.names[table.category[row]], names[table.image[row]])
                for row in objects[number].tolist()
            ],
        )
        for number, parent in enumerate(copies.parent.tolist())
    ]


def test_objects_of_rare_classes_go_into_empty_pictures() -> None:
    made = pasted(of_words(["a"] * 5 + ["b", ""]), target=4)

    assert made == [("006.png", [("bee", "005.png")] * 3)]


def test_every_class_below_the_target_gets_it_and_the_plan_counts_it() -> None:
    dataset = of_words(["aaa"] * 4 + ["b", "b", "c", "", "", ""])

    chosen = planned(dataset, "copy-paste", target=6)

    assert after(chosen) == {"ant": 12, "bee": 6, "cat": 6, "dog": 0}
    assert chosen.part.pasted == 9
    assert (chosen.part.repeats.pictures, chosen.part.repeats.after) == (10, 13)


def test_pictures_with_few_objects_of_common_classes_come_next() -> None:
    made = pasted(of_words(["aaaa", "aa", "aaa", "b"]), target=3, per_picture=1)

    assert [ground for ground, _ in made] == ["001.png", "001.png"]


def test_full_pictures_come_last() -> None:
    dataset = of_words(["aaaa", "aa", "aaa", "b"])
    box = dataset.annotations.box.copy()
    box[4] = [0, 0, 120, 100]  # of the picture that shows the fewest
    dataset = replace(dataset, annotations=replace(dataset.annotations, box=box))

    made = pasted(dataset, target=3, per_picture=1)

    assert [ground for ground, _ in made] == ["002.png", "002.png"]


def test_large_objects_go_fewer_into_one_picture_and_only_where_there_is_room() -> None:
    dataset = of_words(["aaaaaaa", "a", "b", "b"])
    box = dataset.annotations.box.copy()
    box[7] = [0, 0, 90, 100]
    box[8:] = [0, 0, 120, 80]
    dataset = replace(dataset, annotations=replace(dataset.annotations, box=box))

    made = pasted(dataset, target=8, limit=3)

    assert [(ground, len(objects)) for ground, objects in made] == [("000.png", 2), ("000.png", 2)]


def test_an_object_does_not_come_back_into_its_own_picture() -> None:
    made = pasted(of_words(["a", "a", "b"]), target=2, per_picture=1)

    assert made
    assert all(ground != source for ground, objects in made for _, source in objects)


def test_an_object_of_the_only_picture_comes_back_into_it() -> None:
    assert pasted(of_words(["ab"]), target=2, per_picture=2) == [("000.png", [("ant", "000.png"), ("bee", "000.png")])]


def test_no_picture_gets_more_objects_than_asked_for() -> None:
    made = pasted(of_words(["a"] * 9 + ["b", "b", "", ""]), target=9, per_picture=2)

    assert {len(objects) for _, objects in made} <= {1, 2}


def test_an_object_is_used_as_often_as_the_limit_says_itself_included() -> None:
    dataset = of_words(["a"] * 40 + ["b", ""])

    chosen = planned(dataset, "copy-paste", target=40, limit=4)

    assert after(chosen)["bee"] == 4
    (bee,) = [s for s in chosen.part.shortfalls if s.name == "bee"]
    assert bee.reason == "limit"


def test_objects_with_an_outline_are_used_up_before_those_with_a_box_alone() -> None:
    dataset = of_words(["b", "b", "", "aaaa"])
    outlined = Polygons.of([[], [[(0, 10), (18, 10), (18, 28)]], [], [], [], []])
    dataset = replace(dataset, annotations=replace(dataset.annotations, polygons=outlined))

    made = pasted(dataset, target=4, limit=3)

    assert made == [("002.png", [("bee", "001.png")] * 2)]


@pytest.mark.parametrize("column", ["crowd", "difficult", "truncated", "tiny", "overlarge"])
def test_objects_that_cannot_be_cut_out_well_are_left_alone(column: str) -> None:
    dataset = of_words(["aaaa", "b", "b", ""])
    table = dataset.annotations
    if column in ("tiny", "overlarge"):
        box = table.box.copy()
        box[4] = [0, 0, 12, 40] if column == "tiny" else [0, 0, 200, 90]
        table = replace(table, box=box)
    else:
        value = np.arange(6) == 4
        flags: dict[str, Any] = {column: value if column == "crowd" else value.astype(np.int8)}
        table = replace(table, **flags)

    made = pasted(replace(dataset, annotations=table), target=4)

    assert made == [("003.png", [("bee", "002.png")] * 2)]


def test_too_few_usable_objects_are_named_as_the_reason() -> None:
    dataset = of_words(["a"] * 30 + ["b", "b", ""])
    crowd = np.zeros(32, np.bool_)
    crowd[30] = True
    dataset = replace(dataset, annotations=replace(dataset.annotations, crowd=crowd))

    chosen = planned(dataset, "copy-paste", target=30)

    (bee,) = [s for s in chosen.part.shortfalls if s.name == "bee"]
    assert bee.reason == "unusable"
    assert bee.message.startswith("1 of 2 objects can be cut out")


def test_where_no_class_lacks_anything_it_says_so() -> None:
    chosen = planned(of_words(["a", "b", ""]), "copy-paste", target=1)

    assert chosen.part.pasted == 0
    assert chosen.part.notes == ["nothing to paste: every class that is shown has as many objects as --target says"]


def test_labels_of_whole_pictures_are_refused() -> None:
    dataset = of_words(["a", "b"])
    dataset = replace(dataset, annotations=replace(dataset.annotations, box=np.full((2, 4), np.nan)))

    with pytest.raises(UsageError, match="these labels are of whole pictures"):
        planned(dataset, "copy-paste")


def test_pictures_that_were_not_found_are_no_ground_and_give_no_object() -> None:
    dataset = of_words(["b", "b", "", "", "aaaa"])
    folder = np.array([-1, 0, 0, -1, 0], np.int32)
    images = replace(dataset.images, folder=folder, folders=("/nowhere",))

    made = pasted(replace(dataset, images=images), target=4)

    assert made == [("002.png", [("bee", "001.png")] * 2)]


def test_objects_of_a_ground_count_towards_the_target() -> None:
    # Both pictures show rare classes alone, so a copy of one brings its own objects along.
    dataset = of_words(["b", "c"])

    chosen = planned(dataset, "copy-paste", target=3, per_picture=1)

    assert all(count in (3, 4) for name, count in after(chosen).items() if now(chosen)[name])
