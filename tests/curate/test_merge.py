"""Several datasets become one: what becomes of everything, and of ids, notes and lineage."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cvdata.curate.merge import Part, merge
from cvdata.dataset import Categories, Ragged, State
from cvdata.errors import UsageError

from ..tiny import draw_pictures, tiny
from .merging import BOX, codes, joined, one, pictures


def test_everything_that_a_dataset_may_hold_survives() -> None:
    first, second = tiny(), tiny()
    names = tuple(f"two/{name}" for name in second.images.names)
    outcome = joined(first, replace(second, images=replace(second.images, names=names)))

    rows = list(outcome.dataset.rows())
    before = list(first.rows())
    assert len(rows) == 2 * len(before)
    for one_row, again in zip(before, rows[len(before) :], strict=True):
        assert (one_row.category, one_row.box, one_row.columns.keys()) == (
            again.category,
            again.box,
            again.columns.keys(),
        )


def test_a_dataset_merged_with_itself_is_itself(tmp_path: Path) -> None:
    dataset = tiny(draw_pictures(tmp_path))

    outcome = joined(dataset, dataset)

    assert outcome.dataset.images.names == dataset.images.names
    assert [(r.image, r.category, r.box) for r in outcome.dataset.rows()] == [
        (r.image, r.category, r.box) for r in dataset.rows()
    ]
    assert outcome.dataset.images.state.tolist() == dataset.images.state.tolist()


def test_one_dataset_is_nothing_to_merge() -> None:
    with pytest.raises(UsageError, match="1 dataset to merge"):
        joined(tiny())


def test_sources_of_one_name_are_told_apart() -> None:
    outcome = merge([Part("data", one([])), Part("data", one([], names=("2.jpg",)))])

    assert [source.name for source in outcome.tally.sources] == ["data", "data-2"]


_SOURCE = st.lists(
    st.tuples(
        st.sampled_from("pqr"),  # content
        st.sampled_from(["", "train", "test"]),
        st.none() | st.lists(st.tuples(st.sampled_from(["cat", "dog"]), st.integers(0, 3)), max_size=3),
    ),
    max_size=4,
)


@settings(max_examples=60)
@given(st.lists(_SOURCE, min_size=2, max_size=3), st.sampled_from(["first", "last", "union", "keep"]), st.data())
def test_nothing_is_lost_that_is_not_counted(
    tmp_path_factory: pytest.TempPathFactory, sources: list[Any], chosen: str, data: Any
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    pair = Categories(names=("cat", "dog"))
    datasets = []
    for number, source in enumerate(sources):
        names = data.draw(st.permutations(["1.jpg", "2.jpg", "3.jpg", "4.jpg"]))[: len(source)]
        place = pictures(folder / str(number), {n: s[0] for n, s in zip(names, source, strict=True)})
        rows = [
            {"image": name, "category": label, "box": [20 * at, 10, 15, 15]}
            for name, (_, _, labels) in zip(names, source, strict=True)
            for label, at in labels or ()
        ]
        splits = {name: split for name, (_, split, _) in zip(names, source, strict=True) if split}
        unseen = {name: State.UNLABELLED for name, (*_, labels) in zip(names, source, strict=True) if labels is None}
        datasets.append(one(rows, place, names=tuple(names), categories=pair, splits=splits, states=unseen))

    outcome = joined(*datasets, on_conflict=chosen)

    images, table = outcome.dataset.images, outcome.dataset.annotations
    assert len(set(images.names)) == len(images)
    assert len(images) + outcome.filtered.images == sum(len(d.images) for d in datasets)
    assert len(table) + outcome.filtered.annotations == sum(len(d.annotations) for d in datasets)
    assert (np.diff(table.image) >= 0).all()
    assert ((images.state == State.LABELLED) == (np.diff(outcome.dataset.offsets) > 0)).all()
    contents = {Path(images.file(row) or "").read_text("utf-8") for row in range(len(images))}
    assert contents == {content for source in sources for content, *_ in source}
    if chosen == "union":
        seen = {(label, at) for source in sources for *_, labels in source for label, at in labels or ()}
        assert {
            (outcome.dataset.categories.names[c], int(b[0]) // 20)
            for c, b in zip(table.category.tolist(), table.box.tolist(), strict=True)
        } == seen


# --- ids, notes, lineage


def test_ids_stay_where_no_other_source_has_them() -> None:
    first = one([BOX], source_id=np.array([5]))
    second = one([], names=("2.jpg", "3.jpg"), source_id=np.array([5, 8]))

    outcome = joined(first, second)

    ids = outcome.dataset.images.source_id
    assert isinstance(ids, np.ndarray)
    assert ids.tolist() == [5, 9, 8]
    assert codes(outcome)["picture-ids"] == 1


def test_ids_of_any_size_and_kind_stay_unique() -> None:
    first = one([], source_id=("a",))
    second = one([], names=("2.jpg", "3.jpg"), source_id=(2**80, "a"))

    assert joined(first, second).dataset.images.source_id == ("a", 2**80, 2**80 + 1)


def _attributes(*rows: dict[str, Any]) -> Ragged:
    return Ragged.texts([json.dumps(row).encode() if row else b"" for row in rows])


def test_lineage_follows_a_parent_that_is_renamed_or_becomes_one_with_another(tmp_path: Path) -> None:
    first = pictures(tmp_path / "x", {"1.jpg": "one", "same.jpg": "same"})
    second = pictures(tmp_path / "y", {"1.jpg": "two", "2.jpg": "same", "m.jpg": "made", "n.jpg": "also"})
    extra = _attributes(
        {}, {}, {"lineage": {"parent": "1.jpg", "made": "aug", "others": ["2.jpg", "gone.jpg"]}}, {"seen": 1}
    )

    outcome = joined(
        one([], first, names=("1.jpg", "same.jpg")),
        one([], second, names=("1.jpg", "2.jpg", "m.jpg", "n.jpg"), extra=extra),
    )

    images = outcome.dataset.images
    assert images.names == ("1.jpg", "same.jpg", "b/1.jpg", "b/m.jpg", "b/n.jpg")
    assert images.extra is not None
    said = json.loads(images.extra[3].tobytes())["lineage"]
    assert (said["parent"], said["others"]) == ("b/1.jpg", ["same.jpg", "gone.jpg"])
    assert json.loads(images.extra[4].tobytes()) == {"seen": 1}


def test_licences_become_one_list_and_pictures_keep_theirs() -> None:
    free, mine = {"id": 1, "name": "CC0"}, {"id": 1, "name": "mine"}
    first = one([], meta={"licenses": [free], "info": {"year": 2025}}, extra=_attributes({"license": 1}))
    second = one([], names=("2.jpg",), meta={"licenses": [mine]}, extra=_attributes({"license": 1}))

    dataset = joined(first, second).dataset

    assert dataset.meta["licenses"] == [free, {"id": 2, "name": "mine"}]
    assert dataset.images.extra is not None
    assert [json.loads(text)["license"] for text in dataset.images.extra.to_bytes()] == [1, 2]


def test_notes_that_differ_are_kept_beside_those_of_the_first() -> None:
    metas: list[dict[str, Any]] = [{"info": {"year": 2025}}, {"info": {"year": 2026}}, {"info": {"year": 2025}}]

    outcome = joined(*(one([], names=(f"{n}.jpg",), meta=meta) for n, meta in enumerate(metas)))

    assert outcome.dataset.meta == {
        "info": {"year": 2025},
        "coco": {"merged": [{"source": "b", "info": {"year": 2026}}]},
    }
    assert codes(outcome)["notes-differ"] == 1
