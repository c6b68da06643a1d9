"""A subject in FiftyOne: put whole, taken up again, and looked at through its saved views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.browse.labels.documents import sample_documents
from cvdata.browse.labels.texts import with_safe_texts
from cvdata.browse.names import INFO
from cvdata.browse.session import fiftyone, opened
from cvdata.browse.store import Put, browse_name, documents_of, put_subject
from cvdata.browse.store.update import write_over
from cvdata.browse.store.writer import collection_of, write_in_bulk
from cvdata.browse.subject import Subject
from cvdata.browse.views import chosen, views_of
from cvdata.browse.views.view import Is, View
from cvdata.errors import BrowseError, LockedError

from ..labels.subjects import every_kind
from .erring import erring

pytestmark = pytest.mark.usefixtures("fiftyone_there")

OWN = ("_id", "_dataset_id", "_rand", "created_at", "last_modified_at")


def put(subject: Subject, source: Path, **more: Any) -> Put:
    return put_subject(subject, source, format="coco", version=None, views=(), **more)


def plain(value: Any) -> Any:
    """Return a value with NaN as a word, since it equals nothing, and without what is not set."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items() if part is not None and key not in OWN[1:]}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return bytes(value)
    return "nan" if isinstance(value, float) and np.isnan(value) else value


def lying(source: Path) -> list[Any]:
    """Return what lies in FiftyOne, without what it says itself."""
    rows = [{key: row[key] for key in row if key not in OWN} for row in documents_of(browse_name(source))]
    # The evaluation panel's own numbers, which are set in all samples together
    return [plain({key: row[key] for key in row if not key.startswith("eval_")}) for row in rows]


def wanted(subject: Subject) -> list[Any]:
    return [plain(row) for row in sample_documents(with_safe_texts(subject), np.arange(len(subject.dataset.images)))]


@pytest.fixture
def source(home: Path) -> Iterator[Path]:
    """Give the folder of a dataset that FiftyOne does not know yet."""
    yield home
    module = fiftyone()
    if module.dataset_exists(browse_name(home)):
        module.delete_dataset(browse_name(home))


def test_a_subject_of_every_kind_lies_in_fiftyone_as_its_documents(source: Path) -> None:
    subject = every_kind(source)

    done = put(subject, source)

    assert (done.how, done.pictures, done.added, done.labels) == ("bulk", 3, 3, 8 + 3 + 2)
    assert lying(source) == wanted(subject)
    assert opened(done.name).persistent


def test_what_is_put_again_as_it_was_is_not_written(source: Path) -> None:
    put(every_kind(source), source)
    before = list(documents_of(browse_name(source)))

    again = put(every_kind(source), source)

    assert (again.added, again.updated, again.removed, again.same) == (0, 0, 0, 3)
    assert [plain(row) for row in documents_of(browse_name(source))] == [plain(row) for row in before]


def test_what_is_not_known_any_more_goes_and_a_persons_fields_stay_whatever_they_are_called(source: Path) -> None:
    subject = every_kind(source)
    samples = opened(put(subject, source).name)
    samples.add_sample_field("truth_seen_by", fiftyone().StringField)
    samples.set_values("truth_seen_by", ["me", "you", "me"])
    samples.match({"name": "a.png"}).tag_samples("fix")

    done = put(replace(subject, suspects=None, worth=None, found=subject.found[:1]), source)

    rows = {row["name"]: row for row in documents_of(done.name)}
    assert done.updated == 3
    assert {name: row["truth_seen_by"] for name, row in rows.items()} == {
        "a.png": "me",
        "b/A.PNG": "you",
        "c.png": "me",
    }
    assert "fix" in rows["a.png"]["tags"]
    assert not any(row.get(field) for row in rows.values() for field in ("suspicion", "worth", "found_2"))


@pytest.mark.slow
def test_pictures_that_are_gone_go_unless_somebody_worked_on_them(source: Path) -> None:
    subject = erring(source)
    samples = opened(put(subject, source).name)
    samples.match({"name": "02.png"}).tag_samples("drop")
    missing = subject.dataset.images.folder.copy()
    missing[[2, 3]] = -1
    images = replace(subject.dataset.images, folder=missing)

    done = put(replace(subject, dataset=replace(subject.dataset, images=images)), source)

    names = [row["name"] for row in documents_of(done.name)]
    assert (done.removed, done.kept, done.missing, done.pictures) == (1, 1, 2, 23)
    assert "02.png" in names
    assert "03.png" not in names


def test_the_dataset_of_another_source_is_left_alone(source: Path) -> None:
    put(every_kind(source), source)

    with pytest.raises(BrowseError, match="is none of"):
        put(every_kind(source), source / "other", name=browse_name(source))


@pytest.mark.slow
def test_a_run_that_ends_in_the_middle_of_a_batch_is_taken_up_again(source: Path) -> None:
    def half(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
        write_in_bulk(samples, documents[1:])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(every_kind(source), source, bulk=half)

    done = put(every_kind(source), source)

    assert (done.how, done.added, done.same) == ("bulk", 1, 2)
    assert sorted(lying(source), key=lambda row: str(row["name"])) == wanted(every_kind(source))


@pytest.mark.slow
def test_what_a_broken_run_left_that_the_api_cannot_read_is_written_anew(source: Path) -> None:
    def wrong(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
        write_in_bulk(samples, [{**row, "metadata": {"_cls": "Polylines"}} for row in documents])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put(every_kind(source), source, bulk=wrong)

    done = put(every_kind(source), source)

    assert (done.how, done.added) == ("api", 3)
    assert lying(source) == wanted(every_kind(source))


@pytest.mark.slow
@pytest.mark.parametrize("known", [("1.22.",), ()])
def test_changed_pictures_get_their_new_labels_either_way(
    source: Path, known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(every_kind(source), source)
    monkeypatch.setattr("cvdata.browse.store.writer._KNOWN", known)
    subject = every_kind(source)
    worth = np.array([0.5, 0.75, np.nan])
    changed = replace(subject, worth=worth, heat={}, suspects=None)

    done = put(changed, source)

    assert (done.how, done.updated) == ("bulk" if known else "api", 3)
    assert lying(source) == wanted(changed)


@pytest.mark.slow
def test_a_sample_that_somebody_changes_meanwhile_is_left_for_the_next_time(source: Path) -> None:
    subject = every_kind(source)
    name = put(subject, source).name
    read = list(documents_of(name))
    sample = opened(name).match({"name": "a.png"}).first()
    sample.tags.append("fix")
    sample.save()

    written = write_over(opened(name), [{**row, "worth": 0.125} for row in read])

    assert written == 2
    assert [row.get("worth") for row in documents_of(name)] == [None, 0.125, 0.125]
    assert "fix" in next(documents_of(name))["tags"]


def test_every_view_holds_the_pictures_and_labels_that_it_counts_in_its_order(source: Path) -> None:
    subject = erring(source)
    small = View(name="small ones", about="", side="truth", where=(Is("verdict", "missed"), Is("size", "small")))
    views = (*views_of(subject), replace(small, count=len(chosen(subject, small).rows)))

    done = put_subject(subject, source, format="coco", version=None, views=views)

    names = np.array(subject.dataset.images.names)
    samples = opened(done.name)
    for view in views:
        saved, expected = samples.load_saved_view(view.name), chosen(subject, view)
        assert (view.name, saved.values("name")) == (view.name, names[expected.pictures].tolist())
        if view.side is not None:
            assert (view.name, saved.count(f"{view.side}.detections")) == (view.name, view.count)
        if f"{view.name}, box by box" in done.views:
            assert len(samples.load_saved_view(f"{view.name}, box by box")) == view.count
    kinds = {(view.side, view.field, view.tag, view.by) for view in views}
    assert {
        (None, "errors", None, "errors"),
        (None, "suspicion", None, "suspicion"),
        (None, "worth", None, "worth"),
        (None, "looks_like", None, "group"),
        (None, None, "dark", "most"),
        ("truth", None, None, "most"),
        ("found", None, None, "confidence"),
        ("truth", None, None, "surety"),
    } <= kinds
    assert len([name for name in done.views if name.endswith("box by box")]) == 3
    assert "23.png" not in samples.load_saved_view("worst pictures first").values("name")


@pytest.mark.slow
def test_views_that_were_half_saved_are_not_taken_for_a_persons_own(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = erring(source)
    views = views_of(subject)
    samples = opened(put(subject, source).name)
    kind, save, saved = type(samples), type(samples).save_view, list[None]()

    def twice(*args: Any, **more: Any) -> None:
        if len(saved) == 2:
            raise KeyboardInterrupt
        saved.append(save(*args, **more))

    with monkeypatch.context() as patch:
        patch.setattr(kind, "save_view", twice)
        with pytest.raises(KeyboardInterrupt):
            put_subject(subject, source, format="coco", version=None, views=views)

    done = put_subject(subject, source, format="coco", version=None, views=views)

    assert not [name for name in done.views if name.endswith("(2)")]
    assert set(opened(done.name).list_saved_views()) == set(done.views)
    assert opened(done.name).info[INFO]["views"] == list(done.views)


def test_the_index_finds_a_picture_by_its_name(source: Path) -> None:
    name = put(every_kind(source), source).name

    plan = collection_of(opened(name)).find({"name": {"$in": ["a.png", "c.png"]}}).explain()

    assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"])


def test_a_person_may_add_any_number_of_samples_of_their_own(source: Path) -> None:
    samples = opened(put(every_kind(source), source).name)
    module = fiftyone()

    samples.add_samples([module.Sample(filepath=f"/own/{name}.png") for name in "xy"], progress=False)
    again = put(every_kind(source), source)

    assert (again.same, again.kept, again.removed) == (3, 2, 0)
    assert len(opened(again.name)) == 5


def test_what_another_run_is_putting_is_left_to_it(source: Path) -> None:
    def meanwhile(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
        with pytest.raises(LockedError, match="another cvdata run is putting"):
            put(every_kind(source), source)
        return write_in_bulk(samples, documents)

    assert put(every_kind(source), source, bulk=meanwhile).added == 3
    assert put(every_kind(source), source).same == 3
