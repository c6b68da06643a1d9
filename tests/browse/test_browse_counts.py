"""On real data the views of all kinds of error count what `cvdata eval` counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.browse.judge import judged_found, suspects_of
from cvdata.browse.store import put_subject
from cvdata.browse.subject import Found, Subject
from cvdata.browse.views import chosen, views_of
from cvdata.convert import read
from cvdata.dataset import Annotations, Dataset

_VERDICTS = {
    "missed": "missed",
    "confused": "wrong class",
    "found where nothing is labelled": "background",
    "badly placed": "badly placed",
    "found twice": "duplicate",
    "wrong class and badly placed": "both",
}


def _counts(truth: Dataset, found: Found) -> tuple[dict[str, int], dict[str, int]]:
    """Return what the views hold and what the report says, by name of the view."""
    subject = Subject(dataset=truth, found=(found,))
    held = {view.name: len(chosen(subject, view).rows) for view in views_of(subject)}
    assert found.report is not None and found.report.errors is not None
    said = {name: found.report.errors.verdicts[verdict] for name, verdict in _VERDICTS.items()}
    return {name: held.get(name, 0) for name in _VERDICTS}, said


def test_the_views_of_padillas_detections_hold_what_the_report_counts(shared: Path) -> None:
    folder = shared / "data/padilla_multiformat/data/database"
    truth = read(folder / "gts/pascalvoc_format", images=folder / "images", verify="none").dataset
    found = read(folder / "dets/coco_format/coco_dets.json", verify="none").dataset

    held, said = _counts(truth, judged_found("padilla", truth, found))

    assert len(found.annotations) == 452
    assert held == said
    assert sum(said.values()) == 35 + 3 + 165 + 35 + 2 + 22


def test_the_views_of_a_perturbed_truth_hold_what_the_report_counts(shared: Path) -> None:
    truth = read(shared / "data/bccd_voc", verify="none").dataset
    rng = np.random.default_rng(8)
    rows = np.flatnonzero(rng.random(len(truth.annotations)) < 0.9)
    rows = np.sort(np.concatenate([rows, rows[::20]]))
    table = truth.annotations.take(rows)
    box = table.box + rng.normal(0, 0.08, table.box.shape) * np.tile(table.box[:, 2:], 2)
    turned = (table.category + (rng.random(len(rows)) < 0.1)) % len(truth.categories)
    table = replace(
        table, box=np.maximum(box, 1), category=turned.astype(np.int32), score=rng.uniform(0.2, 1, len(rows)), area=None
    )
    found = Dataset(images=truth.images, annotations=table, categories=truth.categories, meta={})

    held, said = _counts(truth, judged_found("perturbed", truth, found))

    assert held == said
    assert min(said["missed"], said["confused"], said["found twice"]) > 0


def test_the_confused_pictures_of_a_classifier_are_those_off_the_diagonal(shared: Path) -> None:
    truth = read(shared / "data/clothing_cls", verify="none").dataset
    rng = np.random.default_rng(3)
    count, classes = len(truth.annotations), len(truth.categories)
    score = rng.dirichlet(np.full(classes, 0.3), count)
    score[np.arange(count), truth.annotations.category] += rng.choice([0, 1], count)
    table = Annotations(
        image=np.repeat(truth.annotations.image, classes),
        category=np.tile(np.arange(classes, dtype=np.int32), count),
        box=np.full((count * classes, 4), np.nan),
        score=score.ravel() / 2,
    )
    found = judged_found("scores", truth, replace(truth, annotations=table))
    subject = Subject(dataset=truth, found=(found,))

    views = {view.name: len(chosen(subject, view).rows) for view in views_of(subject)}

    assert found.report is not None and found.report.confusion is not None
    names, counts = found.report.confusion.names, np.array(found.report.confusion.counts)
    assert views["confused"] == counts.sum() - np.trace(counts) > 50
    pairs = {
        f"confused: {names[one]} as {names[other]}": counts[one, other]
        for one in range(len(names))
        for other in range(len(names))
        if one != other
    }
    of_pairs = {name: count for name, count in views.items() if name.startswith("confused: ")}
    assert of_pairs == {name: pairs[name] for name in of_pairs}
    assert len(of_pairs) == 12


@pytest.mark.slow
def test_in_fiftyone_each_view_has_the_same_labels_and_pictures_in_the_same_order(
    shared: Path, fiftyone_there: None
) -> None:
    folder = shared / "data/padilla_multiformat/data/database"
    truth = read(folder / "gts/pascalvoc_format", images=folder / "images", verify="sizes").dataset
    detections = read(folder / "dets/coco_format/coco_dets.json", verify="none").dataset
    found = judged_found("padilla", truth, detections)
    subject = Subject(dataset=truth, found=(found,), suspects=suspects_of(truth, found))
    views = views_of(subject)

    put = put_subject(subject, folder, format="voc", version=None, views=views, name="padilla-views")

    import fiftyone

    samples = fiftyone.load_dataset(put.name)
    for view in views:
        saved, own = samples.load_saved_view(view.name), chosen(subject, view)
        assert saved.values("name") == [truth.images.names[row] for row in own.pictures.tolist()], view.name
        if view.side is not None:
            assert saved.count(f"{view.side}.detections") == view.count == len(own.rows), view.name
    assert len(views) > 20
