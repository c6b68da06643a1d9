"""`cvdata.curate.filter`: what stays of a dataset."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from cvdata.curate.class_counts import ClassChange
from cvdata.curate.filter import FilterOutcome, FilterSettings, filter_dataset
from cvdata.dataset import Dataset, Facts, Ragged, State
from cvdata.errors import UsageError

from ..tiny import tiny


def keep(expression: str, dataset: Dataset | None = None, **more: object) -> FilterOutcome:
    return filter_dataset(dataset or tiny(), FilterSettings(keep=expression, **more))  # type: ignore[arg-type]


def kept(expression: str) -> list[str]:
    """Return the class and picture of the annotations that fit."""
    return [f"{row.category} {row.image}" for row in keep(expression, of="annotations").dataset.rows()]


def test_annotations_that_fit_stay_and_so_do_all_pictures_and_classes() -> None:
    outcome = keep("class in (cat, person) and area > 200 and split == train and not difficult", of="annotations")

    assert [row.box for row in outcome.dataset.rows()] == [(4, 4, 20, 12), (10, 5, 30, 15), (10, 5, 30, 15)]
    assert outcome.dataset.images.names == tiny().images.names
    assert outcome.dataset.categories.names == tiny().categories.names
    assert (outcome.filtered.of, outcome.filtered.looked_at, outcome.filtered.fitting) == ("annotations", 10, 3)


def test_what_must_hold_of_pictures_alone_chooses_pictures_so_that_none_is_called_empty_for_it() -> None:
    outcome = keep("class == cat and (split == train and state == labelled) and not difficult")

    assert outcome.dataset.images.names == ("street.jpg",)
    assert outcome.dataset.images.state.tolist() == [State.LABELLED]
    assert (outcome.filtered.fitting, outcome.filtered.pictures_out, outcome.filtered.emptied) == (3, 5, 0)


def test_what_need_not_hold_of_pictures_chooses_annotations_alone() -> None:
    either, dropped = keep("class == person or split == train"), FilterSettings(drop="class == cat and split == train")

    assert len(either.dataset.images) == 6
    assert len(filter_dataset(tiny(), dropped).dataset.images) == 6


def test_an_expression_about_pictures_alone_chooses_pictures() -> None:
    outcome = keep("split == val or state == empty")

    assert outcome.dataset.images.names == ("turned.jpg", "empty.jpg", "UPPER.JPG")
    assert outcome.dataset.annotations.image.tolist() == [0, 2, 2]
    assert (outcome.filtered.of, outcome.filtered.looked_at, outcome.filtered.fitting) == ("pictures", 6, 3)


def test_pictures_can_be_chosen_by_one_annotation_and_stay_whole() -> None:
    outcome = keep("class == person", of="pictures")

    assert outcome.dataset.images.names == ("rooms/two words é.png",)
    assert [row.category for row in outcome.dataset.rows()] == ["cat", "person"]


def test_pictures_with_one_fitting_annotation_can_be_dropped_whole() -> None:
    outcome = filter_dataset(tiny(), FilterSettings(drop="class == cat", of="pictures"))

    assert outcome.dataset.images.names == ("turned.jpg", "empty.jpg", "new.jpg")


@pytest.mark.parametrize(
    ("emptied", "state"), [("background", State.EMPTY), ("unlabelled", State.UNLABELLED), ("drop", None)]
)
def test_pictures_that_lose_all_annotations_become_what_was_asked_for(emptied: str, state: State | None) -> None:
    outcome = keep("class == cat", emptied=emptied)

    images = outcome.dataset.images
    assert outcome.filtered.emptied == 1
    assert ("turned.jpg" in images.names) == (state is not None)
    if state is not None:
        assert images.state[images.names.index("turned.jpg")] == state
    assert images.state[images.names.index("empty.jpg")] == State.EMPTY
    assert images.state[images.names.index("new.jpg")] == State.UNLABELLED


def test_each_class_is_counted_before_and_after() -> None:
    classes = keep("class == cat and not difficult").filtered.classes

    assert classes[0] == ClassChange(name="cat", annotations=7, annotations_after=6, images=3, images_after=3)
    assert [row.annotations_after for row in classes] == [6, 0, 0, 0]


def test_where_a_value_is_missing_the_expression_neither_fits_nor_not() -> None:
    for expression in ("score > 0.5", "not score > 0.5", "score != 0.5"):
        outcome = keep(expression)
        assert (outcome.filtered.fitting, outcome.filtered.undecided) == (0, 10)
        assert outcome.filtered.silent == ["score"]

    assert keep("score is missing").filtered.fitting == 10
    assert keep("score > 0.5 or class == person").filtered.fitting == 1
    assert keep("score > 0.5 and class == unused").filtered.undecided == 0


def test_a_mark_that_nobody_made_is_not_there() -> None:
    assert len(kept("not difficult")) == 9
    assert len(kept("difficult is given")) == 1
    assert kept("crowd") == kept("iscrowd == yes") == ["cat street.jpg"]


def test_a_picture_in_no_split_is_in_another_than_train() -> None:
    assert keep("split != train").dataset.images.names == (
        "rooms/two words é.png",
        "turned.jpg",
        "new.jpg",
        "UPPER.JPG",
    )
    assert keep("split is missing").dataset.images.names == ("rooms/two words é.png", "new.jpg")


def test_an_area_is_as_given_else_of_the_mask_the_outline_or_the_box() -> None:
    table = tiny().annotations
    exact = [240.0, 240.0, 250.5, 430.0, 430.0, 602.5, 120.0, 1500.0, 0.5, 64.0]

    assert all(len(keep(f"area == {area}").dataset.annotations) == exact.count(area) for area in exact)
    assert len(table) == len(exact)


def test_kinds_of_labels_are_columns() -> None:
    assert len(kept("has_polygon")) == 2
    assert len(kept("has_mask")) == 2
    assert kept("has_keypoints") == ["person rooms/two words é.png"]
    assert kept("has_rotated") == ["cat UPPER.JPG"]
    assert len(kept("has_box")) == 10


def test_names_are_compared_whole_or_by_patterns() -> None:
    assert keep("name like 'rooms/*'").dataset.images.names == ("rooms/two words é.png",)
    assert keep("name ~ *.JPG").dataset.images.names == ("UPPER.JPG",)
    assert keep("name like (new*, em?ty.jpg)").dataset.images.names == ("empty.jpg", "new.jpg")
    assert keep("name in (new.jpg, 'street.jpg')").dataset.images.names == ("street.jpg", "new.jpg")
    assert keep("name like '[a-z]*'").dataset.images.names == ()
    assert keep("supercategory == animal").filtered.fitting == 9


def test_other_attributes_are_found_through_dots() -> None:
    assert kept("extra.pose == Left") == kept("extra.attributes.age >= 3") == ["cat rooms/two words é.png"]
    assert kept("extra.attributes.colour like r*") == ["cat rooms/two words é.png"]
    assert keep("extra.pose == Right").filtered.undecided == 9


def marked(pictures: dict[str, bytes], labels: dict[int, bytes]) -> Dataset:
    """Return the tiny dataset with some attributes of pictures, by name, and of annotations, by row; no others."""
    dataset = tiny()
    images, table = dataset.images, dataset.annotations
    own = Ragged.texts([pictures.get(name, b"") for name in images.names]) if pictures else None
    extra = Ragged.texts([labels.get(row, b"") for row in range(len(table))]) if labels else None
    return replace(dataset, images=replace(images, extra=own), annotations=replace(table, extra=extra))


FIX = b'{"fix": true}'


@pytest.mark.parametrize(
    ("pictures", "labels", "names"),
    [
        ({}, {}, ()),
        ({"empty.jpg": FIX}, {}, ("empty.jpg",)),
        ({}, {0: FIX}, (tiny().images.names[tiny().annotations.image[0]],)),
        ({"empty.jpg": FIX}, {0: FIX}, (tiny().images.names[tiny().annotations.image[0]], "empty.jpg")),
    ],
)
def test_marks_to_fix_may_be_asked_for_wherever_they_are_and_where_nobody_made_any(
    pictures: dict[str, bytes], labels: dict[int, bytes], names: tuple[str, ...]
) -> None:
    dataset = marked(pictures, labels)

    outcome = keep("image.fix or extra.fix", dataset, of="pictures")
    others = keep("not (image.fix or extra.fix)", dataset, of="pictures")

    assert outcome.dataset.images.names == names
    assert outcome.filtered.undecided == 0
    bare = {"empty.jpg", "new.jpg"}  # nothing in them is marked
    assert set(others.dataset.images.names) >= {"turned.jpg", "UPPER.JPG", *bare} - set(names)
    silent = [name for name, there in (("image.fix", pictures), ("extra.fix", labels)) if not there]
    assert outcome.filtered.silent == silent


def test_a_mark_that_nobody_made_is_not_there_but_not_given_either() -> None:
    dataset = marked({"empty.jpg": FIX}, {})

    assert len(keep("not image.fix", dataset).dataset.images) == 5
    assert len(keep("image.fix == no", dataset).dataset.images) == 5
    assert keep("image.fix is given", dataset).dataset.images.names == ("empty.jpg",)
    assert keep("extra.fix is given", dataset, of="annotations").filtered.fitting == 0


def test_what_was_accepted_may_be_asked_for_where_nothing_was() -> None:
    none, some = marked({}, {}), marked({}, {3: b'{"origin": {"model": "ab", "score": 0.5}}'})

    assert keep("extra.origin.model == ab", none).filtered.silent == ["extra.origin.model"]
    assert len(filter_dataset(none, FilterSettings(drop="extra.origin is given")).dataset.annotations) == 10
    assert keep("extra.origin.model == ab", some).filtered.fitting == 1
    with pytest.raises(UsageError, match=r"no annotation has the attribute 'origin\.modle'") as refused:
        keep("extra.origin.modle == ab", some)
    assert refused.value.hint == "did you mean 'extra.origin.model'?"


@pytest.mark.parametrize(("typed", "meant"), [("image.fixx", "image.fix"), ("extra.orgin is given", "extra.origin")])
def test_a_mistyped_mark_is_refused_with_the_one_that_was_meant(typed: str, meant: str) -> None:
    with pytest.raises(UsageError) as refused:
        keep(typed, marked({}, {}))

    assert meant in (refused.value.hint or "")


def test_attributes_of_pictures_are_asked_for_by_image() -> None:
    dataset = tiny()
    texts = [b'{"weather": "fog", "n": 1}', b"", b'{"n": true}', b'{"n": "1"}', b'{"n": null}', b'{"n": [1]}']
    dataset = replace(dataset, images=replace(dataset.images, extra=Ragged.texts(texts)))

    assert keep("image.weather == fog", dataset).dataset.images.names == ("street.jpg",)
    assert keep("image.n == 1", dataset).filtered.fitting == 3
    assert keep("image.n", dataset).filtered.fitting == 2
    assert keep("image.n > 0", dataset).filtered.fitting == 1
    assert keep("image.n is given", dataset).filtered.fitting == 5
    assert keep("image.n == 1", dataset).filtered.undecided == 3


def test_what_the_files_of_pictures_say_can_be_compared() -> None:
    dataset = tiny()
    taken = int(datetime(2024, 5, 1, 18, 30, tzinfo=timezone.utc).timestamp() * 1000)
    facts = replace(
        Facts.none(6),
        size=np.array([9, 9, -1, 9, 9, 9]),
        brightness=np.array([10, 200, 255, 0, 0, 0], np.float32),
        taken=np.array([taken, taken + 1000, *[np.iinfo(np.int64).min] * 4]),
    )
    dataset = replace(dataset, images=replace(dataset.images, facts=facts))

    assert keep("brightness >= 10", dataset).dataset.images.names == ("street.jpg", "rooms/two words é.png")
    assert keep("taken > 2024-05-01T18:30", dataset).dataset.images.names == ("rooms/two words é.png",)
    assert keep("taken < 2024-05-02", dataset).filtered.undecided == 4


def test_classes_named_by_numbers_keywords_or_with_quotes_can_be_named() -> None:
    dataset = tiny()
    names = ("3", "not", "it's", "a b")
    dataset = replace(dataset, categories=replace(dataset.categories, names=names))

    assert keep("class == 3", dataset).filtered.fitting == 7
    assert keep("class == 'not'", dataset).filtered.fitting == 2
    assert keep("""class in ('it''s', "a b", "it's")""", dataset).filtered.fitting == 1


def test_and_binds_closer_than_or() -> None:
    assert len(kept("class == person or class == cat and difficult")) == 2
    assert len(kept("(class == person or class == cat) and difficult")) == 1
    assert kept("NOT class == cat AND class IN (person)") == ["person rooms/two words é.png"]


@pytest.mark.parametrize("settings", [FilterSettings(), FilterSettings(keep="crowd", drop="crowd")])
def test_exactly_one_expression_is_expected(settings: FilterSettings) -> None:
    with pytest.raises(UsageError, match="either keep or drop"):
        filter_dataset(tiny(), settings)


def test_an_empty_dataset_has_nothing_that_fits() -> None:
    none = keep("state == unlabelled and image_width > 1000").dataset

    outcome = keep("area > 3 and class == cat and not crowd", none)

    assert (len(outcome.dataset.images), outcome.filtered.looked_at, outcome.filtered.silent) == (0, 0, [])


@pytest.mark.slow
def test_real_labels_are_filtered_as_a_loop_filters_them(shared: Path) -> None:
    import cvdata

    dataset = cvdata.load(shared / "data/bccd_voc", verify="none")

    outcome = keep("class in (WBC, Platelets) and area > 3000 and not truncated", dataset)

    rows = [row for row in dataset.rows() if row.category in ("WBC", "Platelets")]
    rows = [row for row in rows if row.box[2] * row.box[3] > 3000 and "truncated" not in row.columns]
    assert [row.box for row in outcome.dataset.rows()] == [row.box for row in rows]
    assert rows
