"""Attributes that changed on both sides, and what FiftyOne has of them after it was put or pulled again."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from cvdata.browse.labels.attributes import shown_of
from cvdata.browse.labels.digests import is_touched
from cvdata.browse.pull import PullCounts, pull
from cvdata.browse.pull.rebase import rebased
from cvdata.browse.store.update import brought_up_to_date
from cvdata.dataset import Dataset, Ragged

from ...compare import identical
from .attributed import dataset, extra_of, label_of
from .test_columns import documents


def test_an_attribute_changed_on_both_sides_is_a_conflict_and_the_same_change_is_not() -> None:
    left = documents(dataset())
    label_of(left, 0)["pose"] = "right"
    extra = dataset().annotations.extra
    assert extra is not None

    def now(first: bytes) -> Dataset:
        table = replace(dataset().annotations, extra=Ragged.texts([first, *extra.to_bytes()[1:]]))
        return replace(dataset(), annotations=table)

    same, other = (extra[0].tobytes().replace(b'"left"', value) for value in (b'"right"', b'"up"'))
    assert pull(now(same), left).counts == PullCounts(again=1)
    assert pull(now(other), left).counts == PullCounts(conflicts=1)


def test_a_cleared_attribute_that_the_dataset_has_got_meanwhile_otherwise_is_a_conflict() -> None:
    left = documents(dataset())
    label_of(left, 0)["pose"] = None
    moved = dataset().annotations.box.copy()
    moved[1] += 1

    counts = pull(replace(dataset(), annotations=replace(dataset().annotations, box=moved)), left).counts

    assert counts == PullCounts(conflicts=1)


@pytest.mark.parametrize(("person", "meanwhile"), [(None, 0), (False, -1)])
def test_a_flag_that_somebody_set_to_no_meanwhile_or_cleared_is_a_conflict(person: object, meanwhile: int) -> None:
    left = documents(dataset())
    row = 2 if person is None else 1
    label_of(left, row).update(difficult=person, pose="up")
    flags = dataset().annotations.difficult
    assert flags is not None
    now = flags.copy()
    now[row] = meanwhile
    changed = replace(dataset(), annotations=replace(dataset().annotations, difficult=now))

    pulled = pull(changed, left)

    assert pulled.counts == PullCounts(conflicts=1)
    assert pulled.dataset is changed


def test_what_was_put_before_attributes_were_noted_is_compared_as_it_was_then() -> None:
    left = documents(dataset())
    for document in left:
        del document["cvdata_put"]["said"]
    label_of(left, 0)["pose"] = "right"
    label_of(left, 1)["label"] = "dog"

    pulled = pull(dataset(), left)

    assert not is_touched(left[1])
    assert pulled.counts == PullCounts(pictures=1, relabelled=1)
    identical(pulled.dataset.annotations, dataset().annotations, but=frozenset({"category"}))


def test_a_missing_value_is_not_cleared_where_the_attribute_has_another_type_by_now() -> None:
    """Opened again, FiftyOne's field was made anew, and the values of pictures that were worked on went with it."""
    left = documents(dataset())
    label_of(left, 0).update(pose="right")
    del label_of(left, 0)["age"]
    extra = dataset().annotations.extra
    assert extra is not None
    texts = [*extra.to_bytes()[:4], b'{"age":0.5}']
    now = replace(dataset(), annotations=replace(dataset().annotations, extra=Ragged.texts(texts)))
    assert {one.key: one.kind for one in shown_of(now).extras}["age"] == "FloatField"

    pulled = pull(now, left)

    assert pulled.counts == PullCounts(pictures=1, attributes=1)
    assert extra_of(pulled, 0).startswith(b'{"pose":"right","nested":{"a":[1,2]},"age":3,')


def test_a_picture_that_is_put_again_keeps_a_persons_attributes_and_what_tells_them() -> None:
    old, new = documents(dataset())[0], documents(dataset())[0]
    old["truth"]["detections"][0]["pose"] = "right"
    new["cvdata_put"]["shown"] = "other"

    kept = brought_up_to_date(old, new, touched=is_touched(old))

    assert kept is not None
    assert kept["truth"]["detections"][0]["pose"] == "right"
    assert pull(dataset(), [kept]).counts == PullCounts(pictures=1, attributes=1)


def test_after_a_pull_fiftyone_has_the_new_values_and_nothing_is_left_to_pull() -> None:
    left = documents(dataset())
    label_of(left, 0).update(pose="right", difficult=None, new=1.5)

    pulled = pull(dataset(), left)
    now = rebased(left[0], documents(pulled.dataset)[0])

    assert now["truth"]["detections"][0]["new"] == 1.5
    assert not is_touched(now)
    assert pull(pulled.dataset, [now]).counts == PullCounts()


@pytest.mark.parametrize("name", ["night shot", "x-y", "3d", "a b" * 30])
def test_a_new_attribute_gets_the_name_that_cvdata_shows_and_a_later_change_of_it_stays(name: str) -> None:
    left = documents(dataset())
    label_of(left, 0)[name] = "yes"

    first = pull(dataset(), left)
    shown = shown_of(first.dataset).extras
    now = rebased(left[0], documents(first.dataset)[0], shown)
    (other,) = (one.name for one in shown if one.key == name)
    label = now["truth"]["detections"][0]
    assert (name in label, label[other], is_touched(now)) == (False, "yes", False)
    label[other] = "no"
    second = pull(first.dataset, [now])
    last = rebased(now, documents(second.dataset)[0], shown)

    assert msgspec.json.decode(extra_of(second, 0))[name] == "no"
    assert pull(second.dataset, [last]).counts == PullCounts()


def test_a_value_that_was_refused_stays_in_fiftyone_until_it_is_mended() -> None:
    left = documents(dataset())
    label_of(left, 0)["tags"] = ["drop"]
    label_of(left, 1).update(a_b="half", colour="green")

    pulled = pull(dataset(), left)
    now = rebased(left[0], documents(pulled.dataset)[0])
    again = pull(pulled.dataset, [now])

    first, second = now["truth"]["detections"]
    assert (first["number"], first["a_b"], first["colour"], second.get("a_b")) == (0, "half", "green", None)
    assert pulled.counts == PullCounts(pictures=1, deleted=1, attributes=1, problems=1)
    assert again.counts == PullCounts(problems=1)
    now["truth"]["detections"][0]["a_b"] = 1.5
    assert pull(pulled.dataset, [now]).counts == PullCounts(pictures=1, attributes=1)
