"""The expressions of `cvdata filter`: held against a reading row by row, and against garbage."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.curate.filter import FilterSettings, check_filter, columns_in_words, filter_dataset
from cvdata.dataset import Dataset, State
from cvdata.errors import UsageError, show

from ..strategies import datasets
from ..tiny import tiny

Row = dict[str, Any]
Verdict = bool | None
Meaning = tuple[str, Callable[[Row], Verdict]]
ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
NUMBERS = ("area", "score", "x", "y", "box_width", "aspect", "share", "image_width", "objects")
KINDS = frozenset({"score", "area", "flags", "extra", "splits", "states"})


def rows_of(dataset: Dataset) -> list[Row]:
    """Return what a filter may ask of each annotation, by plain loops; None where nothing is known."""
    images, table = dataset.images, dataset.annotations
    rows = []
    for i in range(len(table)):
        image = int(table.image[i])
        x, y, width, height = table.box[i].tolist()
        area = None if table.area is None or np.isnan(table.area[i]) else float(table.area[i])
        score = None if table.score is None or np.isnan(table.score[i]) else float(table.score[i])
        extra = {} if table.extra is None else json.loads(bytes(table.extra[i]) or b"{}")
        rows.append(
            {
                "class": dataset.categories.names[table.category[i]],
                "area": width * height if area is None else area,
                "score": score,
                "x": x,
                "y": y,
                "box_width": width,
                "aspect": width / height,
                "share": width * height / (int(images.width[image]) * int(images.height[image])),
                "image_width": int(images.width[image]),
                "objects": int((table.image == image).sum()),
                "name": images.names[image],
                "split": images.splits[images.split[image]] if images.split[image] >= 0 else "",
                "state": State(int(images.state[image])).name.lower(),
                "attributes": extra.get("attributes", {}),
                **{
                    flag: getattr(table, flag) is not None and getattr(table, flag)[i] == 1
                    for flag in ("difficult", "truncated", "occluded")
                },
            }
        )
    return rows


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def listed(names: list[str]) -> str:
    return f"({', '.join(map(quoted, names))})"


def fits(pattern: str, text: str) -> bool:
    """Tell whether `*` for any letters and `?` for one make the pattern fit, without the machinery of the library."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(fits(pattern[1:], text[at:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and fits(pattern[1:], text[1:])


@st.composite
def leaves(draw: st.DrawFn, dataset: Dataset) -> Meaning:
    """Draw a comparison: its text, and what it means for a row."""
    kind = draw(st.sampled_from(["number", "flag", "class", "split", "state", "like", "given", "extra"]))
    if kind == "number":
        column, sign = draw(st.sampled_from(NUMBERS)), draw(st.sampled_from(list(ORDERS)))
        value = draw(st.integers(0, 700) | st.floats(0, 700, allow_subnormal=False))
        return f"{column}{sign}{value!r}", lambda row: None if row[column] is None else ORDERS[sign](row[column], value)
    if kind == "flag":
        column = draw(st.sampled_from(["difficult", "truncated", "occluded"]))
        return column, lambda row: bool(row[column])
    if kind == "given":
        return "score is given", lambda row: row["score"] is not None
    if kind == "like":
        pattern = draw(st.text("*?abc é/.jpgroms", max_size=8))
        return f"name like {quoted(pattern)}", lambda row: fits(pattern, row["name"])
    if kind == "extra":
        return draw(_attributes(dataset))
    known = {
        "class": dataset.categories.names,
        "split": dataset.images.splits,
        "state": ("unlabelled", "empty", "labelled"),
    }
    chosen = draw(st.lists(st.sampled_from(known[kind]), min_size=1, max_size=3))
    if draw(st.booleans()):
        return f"{kind} not in {listed(chosen)}", lambda row: row[kind] not in chosen
    return f"{kind} in {listed(chosen)}", lambda row: row[kind] in chosen


@st.composite
def _attributes(draw: st.DrawFn, dataset: Dataset) -> Meaning:
    held = sorted({key for row in rows_of(dataset) for key in row["attributes"]})
    if not held:
        return "crowd is given", lambda row: False
    key, value = draw(st.sampled_from(held)), draw(st.integers(0, 9) | st.sampled_from(["red", "a b", "true", "no"]))
    words = {"true": True, "1": True, "no": False, "0": False}

    def equal(row: Row) -> Verdict:
        found = row["attributes"].get(key)
        if found is None:
            return None
        if isinstance(found, bool):
            return words.get(str(value)) is found
        return bool(found == value)

    return f"extra.attributes.{key} == {quoted(str(value))}", equal


def negated(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def joined(word: str, verdicts: list[Verdict]) -> Verdict:
    """Join as SQL does: what decides wins, else the unknown."""
    decisive = word == "or"
    if decisive in verdicts:
        return decisive
    return None if None in verdicts else not decisive


@st.composite
def expressions(draw: st.DrawFn, dataset: Dataset, depth: int = 3) -> Meaning:
    kind = draw(st.sampled_from(["leaf", "not", "and", "or"])) if depth else "leaf"
    if kind == "leaf":
        return draw(leaves(dataset))
    if kind == "not":
        text, meaning = draw(expressions(dataset, depth - 1))
        return f"not ({text})", lambda row: negated(meaning(row))
    parts = [draw(expressions(dataset, depth - 1)) for _ in range(draw(st.integers(2, 3)))]
    text = f" {kind} ".join(f"({text})" for text, _ in parts)
    return text, lambda row: joined(kind, [meaning(row) for _, meaning in parts])


@settings(max_examples=200)
@given(st.data())
def test_every_expression_keeps_what_a_reading_row_by_row_keeps(data: st.DataObject) -> None:
    dataset = data.draw(datasets(KINDS))
    text, meaning = data.draw(expressions(dataset))

    outcome = filter_dataset(dataset, FilterSettings(keep=text, of="annotations"))

    verdicts = [meaning(row) for row in rows_of(dataset)]
    kept = [i for i, verdict in enumerate(verdicts) if verdict is True]
    assert outcome.dataset.annotations.box.tolist() == dataset.annotations.box[kept].tolist()
    assert outcome.filtered.fitting == len(kept)
    assert outcome.filtered.undecided == verdicts.count(None)


@settings(max_examples=100)
@given(st.data())
def test_keeping_and_dropping_part_the_annotations_and_leave_the_unknown_alone(data: st.DataObject) -> None:
    dataset = data.draw(datasets(KINDS))
    text, _ = data.draw(expressions(dataset))

    kept = filter_dataset(dataset, FilterSettings(keep=text, of="annotations")).dataset
    left = filter_dataset(dataset, FilterSettings(drop=text, of="annotations")).dataset
    denied = filter_dataset(dataset, FilterSettings(keep=f"not ({text})", of="annotations"))

    assert len(kept.annotations) + len(left.annotations) == len(dataset.annotations)
    assert len(denied.dataset.annotations) + denied.filtered.undecided == len(left.annotations)


WORDS = [name for name, _, _ in columns_in_words()]
PIECES = st.sampled_from(
    [*WORDS, "and", "or", "not", "in", "like", "is", "given", "(", ")", ",", "==", "<", "!=", "~", "'", '"', "cat", "1"]
)


@settings(max_examples=500)
@given(
    st.text(max_size=60)
    | st.lists(PIECES, max_size=12).map(" ".join)
    | st.text("()'\"=<>!~, *?\x1c\x85 a", max_size=40)
)
def test_garbage_is_a_filter_or_one_clear_message(text: str) -> None:
    try:
        filter_dataset(tiny(), FilterSettings(keep=text))
    except UsageError as error:
        assert error.hint
        assert str(error).startswith("keep")
        assert all(show(line, 10_000) == line for line in str(error).split("\n"))


@pytest.mark.parametrize("text", ["not " * 100_000, "(" * 100_000, "area > 1 or " * 2000 + "crowd", "a" * 200_000])
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"deep|more than 1,000 comparisons|expected at most 100,000"):
        check_filter(FilterSettings(keep=text))


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    outcome = filter_dataset(tiny(), FilterSettings(keep=f"name like '{'*e' * 500}*x'"))

    assert outcome.filtered.fitting == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "class in (cat, person) and aera > 1024",
            """\
keep: character 28: there is no column 'aera'
    class in (cat, person) and aera > 1024
                               ^^^^
  hint: did you mean 'area'?""",
        ),
        (
            "class == Cat",
            """\
keep: character 10: there is no class 'Cat'
    class == Cat
             ^^^
  hint: did you mean 'cat'?""",
        ),
        (
            "split == trian",
            """\
keep: character 10: there is no split 'trian'
    split == trian
             ^^^^^
  hint: did you mean 'train'?""",
        ),
        (
            "'猫' == 1",
            """\
keep: character 1: there is no column '猫'
    '猫' == 1
    ^^^^
""",
        ),
        (
            "class = cat",
            """\
keep: character 7: '=' compares nothing
    class = cat
          ^
  hint: write == to compare""",
        ),
        (
            "crowd or iscrowd && difficult",
            """\
keep: character 18: '&&' stands here, expected a comparison
    crowd or iscrowd && difficult
                     ^^
  hint: did you mean 'and'?""",
        ),
        (
            "class in cat, dog",
            """\
keep: character 13: ',' stands here, expected 'and', 'or' or the end
    class in cat, dog
                ^
  hint: several values go in brackets: in (cat, dog); join conditions with 'and' or 'or'""",
        ),
        (
            "AREA > 3",
            """\
keep: character 1: there is no column 'AREA'
    AREA > 3
    ^^^^
  hint: did you mean 'area'?""",
        ),
        (
            "class == hard hat",
            """\
keep: character 15: 'hat' stands here, expected 'and', 'or' or the end
    class == hard hat
                  ^^^
  hint: join conditions with 'and' or 'or'; put a name of several words in quotes: 'hard hat'""",
        ),
    ],
)
def test_a_message_shows_where_and_what_to_write_instead(text: str, expected: str) -> None:
    with pytest.raises(UsageError, match=re.escape(expected)):
        filter_dataset(tiny(), FilterSettings(keep=text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("area", "is no yes or no"),
        ("name > 3", "has no order"),
        ("difficult > 0", "has no order"),
        ("area like '1*'", "is no text"),
        ("area > big", "is no number"),
        ("area > 1e999", "is no number"),
        ("area > box_width", "is no number"),
        ("taken > yesterday", "is no date"),
        ("taken > 2024-02-30", "is no date"),
        ("difficult == maybe", "is no yes or no"),
        ("extra.colour > red", "is no number"),
        ("extra.colour == red", "no annotation has the attribute 'colour'"),
        ("width > 3", "there is no column 'width'"),
        ("class in (cat", "the expression ends, expected ',' or ')'"),
        ("class not == cat", "expected 'in' or 'like' behind 'not'"),
        ("class is cat", "expected 'given' or 'missing'"),
        ("(crowd", "the expression ends, expected ')'"),
        ("class == 'cat", "a quote that nothing closes"),
        ("crowd <> 1", "'<>' stands here, expected a comparison"),
        ("", "the expression is empty"),
    ],
)
def test_what_makes_no_sense_is_named(text: str, found: str) -> None:
    with pytest.raises(UsageError, match=re.escape(found)):
        filter_dataset(tiny(), FilterSettings(keep=text))


def test_a_message_about_a_long_expression_shows_the_part_that_matters() -> None:
    text = "crowd or " * 100 + "\x1b[31maera > 1" + " or crowd" * 100

    with pytest.raises(UsageError) as caught:
        check_filter(FilterSettings(keep=text))

    first, shown, mark, _ = str(caught.value).splitlines()
    assert "\\x1b[31maera" in first
    assert len(shown) < 150
    assert shown[mark.index("^") : mark.rindex("^") + 1] == "\\x1b[31maera"
