"""`cvdata.curate.remap`: classes renamed, joined and dropped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.curate.remap import Mapped, NewClass, RemapOutcome, RemapSettings, remap
from cvdata.curate.remap.file import parse_map, read_map
from cvdata.dataset import Dataset, State
from cvdata.errors import FormatError, UsageError

from ..strategies import CLASS_NAMES, datasets
from ..tiny import tiny

DOG = "dog <b>&amp;"


def mapped(given: dict[str, str | None], **more: bool) -> RemapOutcome:
    return remap(tiny(), RemapSettings(map=given, **more))


def names_of(dataset: Dataset) -> list[str]:
    return [row.category for row in dataset.rows()]


def test_a_renamed_class_keeps_its_place_and_all_that_is_known_of_it() -> None:
    after = mapped({"person": "human"}).dataset

    before = tiny().categories
    assert after.categories.names == ("cat", DOG, "unused", "human")
    assert (after.categories.source_id, after.categories.keypoints) == (before.source_id, before.keypoints)
    assert names_of(after) == ["human" if name == "person" else name for name in names_of(tiny())]


def test_joined_classes_stand_where_the_first_stood_with_its_id() -> None:
    outcome = mapped({DOG: "animal", "cat": "animal"})

    categories = outcome.dataset.categories
    assert (categories.names, categories.source_id) == (("animal", "unused", "person"), (3, 9, 12))
    assert categories.supercategory == ("animal", None, "person")
    assert names_of(outcome.dataset).count("animal") == 9
    assert outcome.remapped.classes[0] == NewClass(name="animal", annotations=9, images=4)
    assert outcome.remapped.mapped[1] == Mapped(old=DOG, new="animal", annotations=2, images=2)


def test_a_class_that_has_the_new_name_already_stays_itself() -> None:
    categories = mapped({"cat": DOG}).dataset.categories

    assert (categories.names, categories.source_id) == ((DOG, "unused", "person"), (7, 9, 12))


def test_names_change_all_at_once_so_that_two_can_be_swapped() -> None:
    after = mapped({"cat": "person", "person": "cat"}).dataset

    assert after.categories.names == ("person", DOG, "unused", "cat")
    assert names_of(after).count("person") == 7
    assert after.categories.source_id == (3, 7, 9, 12)


def test_a_dropped_class_goes_with_its_annotations_and_leaves_empty_pictures() -> None:
    outcome = mapped({DOG: None, "unused": None})

    images = outcome.dataset.images
    assert outcome.dataset.categories.names == ("cat", "person")
    assert images.names == tiny().images.names
    assert images.state[images.names.index("turned.jpg")] == State.EMPTY
    assert images.state[images.names.index("new.jpg")] == State.UNLABELLED
    assert (outcome.remapped.dropped, outcome.remapped.emptied) == (2, 1)


def test_classes_that_nobody_named_can_be_dropped() -> None:
    after = mapped({"cat": DOG}, only_mapped=True).dataset

    assert after.categories.names == (DOG,)
    assert names_of(after) == [DOG] * 9


@pytest.mark.parametrize("names", [{}, {"cat": None}])
def test_a_map_that_names_no_class_to_keep_does_not_drop_all_of_them(names: dict[str, str | None]) -> None:
    with pytest.raises(UsageError, match="would drop every class"):
        mapped(names, only_mapped=True)


def test_classes_with_different_keypoints_are_not_joined() -> None:
    dataset = tiny()
    points = (("nose", "tail"), (), (), ("nose", "eye", "ear"))
    dataset = replace(dataset, categories=replace(dataset.categories, keypoints=points))

    with pytest.raises(
        UsageError, match=r"'cat' and 'person' have different keypoints.*\n.*cat: nose, tail; person: nose"
    ):
        remap(dataset, RemapSettings(map={"cat": "body", "person": "body"}))


def test_a_class_with_keypoints_gives_them_to_those_it_is_joined_with() -> None:
    categories = mapped({"cat": "body", "person": "body"}).dataset.categories

    assert categories.names == ("body", DOG, "unused")
    assert categories.keypoints == (("nose", "eye", "ear"), (), ())
    assert categories.skeleton == (((0, 1), (1, 2)), (), ())


def test_new_names_that_differ_from_another_in_case_alone_are_a_finding() -> None:
    outcome = mapped({"unused": "Cat"})

    assert [(finding.code, finding.examples) for finding in outcome.findings] == [("class-case", ["'cat' and 'Cat'"])]
    assert mapped({"unused": "used"}).findings == []


def test_an_unknown_class_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="there is no class 'persn'\n  hint: did you mean 'person'"):
        mapped({"persn": "human"})


@pytest.mark.parametrize("name", ["", " cat", "a\x00b", "x\u202ey"])
def test_a_name_that_cannot_be_seen_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="is no name for a class"):
        mapped({"cat": name})


def test_flags_say_what_becomes_of_which_class() -> None:
    assert parse_map(["cat=animal", "dog = a=b"], ["person"]) == {"cat": "animal", "dog": "a=b", "person": None}


@pytest.mark.parametrize(
    ("pairs", "dropped", "found"),
    [
        (["cat"], [], "'cat' is not of the form OLD=NEW"),
        (["cat="], [], "not of the form"),
        (["=cat"], [], "not of the form"),
        (["cat=a", "cat=b"], [], "'cat' is to be both 'a' and 'b'"),
        (["cat=a"], ["cat"], "'cat' is to be both 'a' and dropped"),
    ],
)
def test_flags_that_make_no_sense_are_refused(pairs: list[str], dropped: list[str], found: str) -> None:
    with pytest.raises(UsageError, match=found):
        parse_map(pairs, dropped)


def test_a_file_has_a_line_for_each_class(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("cat: animal\n'dog <b>&amp;': yes\nunused: null\nperson: 'null'\n7:\n", "utf-8")

    given, places = read_map(tmp_path / "map.yaml")

    assert given == {"cat": "animal", DOG: "yes", "unused": None, "person": "null", "7": None}
    assert places["person"].line == 4


@pytest.mark.parametrize("nothing", ["", "~", "null", "Null", "NULL"])
def test_every_nothing_of_yaml_drops_a_class(tmp_path: Path, nothing: str) -> None:
    (tmp_path / "map.yaml").write_text(f"cat: {nothing}\n", "utf-8")

    assert read_map(tmp_path / "map.yaml")[0] == {"cat": None}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- cat\n- dog\n", "expected a mapping"),
        ("", "expected a mapping"),
        ("cat: [a, b]\n", "line 1: 'cat' has a list or a mapping, expected a name"),
        ("dog: x\ncat: ' a'\n", "line 2: ' a' for 'cat' is no name"),
    ],
)
def test_a_file_that_is_no_map_is_refused_with_the_line(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "map.yaml").write_text(text, "utf-8")

    with pytest.raises(UsageError, match=found):
        read_map(tmp_path / "map.yaml")


@pytest.mark.parametrize("text", ["a: &x b\nc: *x\n", "a: b\na: c\n", "a: !!python/name:os.system b\n", "a: [\n"])
def test_a_file_that_is_not_plain_yaml_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "map.yaml").write_text(text, "utf-8")

    with pytest.raises(FormatError, match=r"map\.yaml: line [12]"):
        read_map(tmp_path / "map.yaml")


def test_an_unknown_class_of_a_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("cat: animal\ndoog: animal\n", "utf-8")
    given, places = read_map(tmp_path / "map.yaml")

    with pytest.raises(UsageError, match=r"map\.yaml: line 2: there is no class 'doog'"):
        remap(tiny(), RemapSettings(map=given), places)


@settings(max_examples=100)
@given(st.data())
def test_every_annotation_gets_the_new_name_of_its_class_or_goes(data: st.DataObject) -> None:
    dataset = data.draw(datasets(frozenset({"area", "states", "supercategory"})))
    new_names = st.none() | CLASS_NAMES | st.sampled_from(dataset.categories.names)
    chosen = data.draw(st.dictionaries(st.sampled_from(dataset.categories.names), new_names))

    outcome = remap(dataset, RemapSettings(map=chosen))

    expected = [(row.image, chosen.get(row.category, row.category), row.box) for row in dataset.rows()]
    expected = [row for row in expected if row[1] is not None]
    assert [(row.image, row.category, row.box) for row in outcome.dataset.rows()] == expected
    assert outcome.remapped.dropped == len(dataset.annotations) - len(expected)
    assert [row.name for row in outcome.remapped.classes] == list(
        dict.fromkeys(name for old in dataset.categories.names if (name := chosen.get(old, old)) is not None)
    )
