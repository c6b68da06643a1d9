"""What models found, in every form that `cvdata browse` takes, and what does not belong to the dataset."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cvdata.browse.subject import NOT_JUDGED, Subject
from cvdata.browse.views import views_of
from cvdata.cli.browse_job import BrowseInputs, subject_for
from cvdata.convert import save
from cvdata.dataset import Annotations, Categories, Dataset, State
from cvdata.dataset.select import keep_annotations, keep_images
from cvdata.engine import Silent
from cvdata.errors import CvdataError
from cvdata.formats.predictions import PredictionModel, make_prediction, write_prediction
from cvdata.formats.results_write import results_bytes
from cvdata.formats.store import add_version, open_store

from ..models.runs import DETECTOR, SEGMENTER, network_of, write_run
from ..train.runs_made import make_run, save_shapes
from ..train.shapes import draw_shapes

_LABELLED, _PICTURES = 2, 6


def _subject(source: Path, **more: object) -> Subject:
    inputs = BrowseInputs(source=source, labels_only=True, workers=1, **more)  # type: ignore[arg-type]
    return subject_for(inputs, Silent())[0]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a cvdata dataset of six pictures, of which two are labelled."""
    drawn = draw_shapes(tmp_path / "drawn", _PICTURES, 64, objects=1)
    part = keep_annotations(drawn, np.flatnonzero(drawn.annotations.image < _LABELLED))
    state = np.where(np.arange(_PICTURES) < _LABELLED, State.LABELLED, State.UNLABELLED).astype(np.uint8)
    save(replace(part, images=replace(part.images, state=state)), tmp_path / "pets", "cvdata")
    return tmp_path / "pets"


def _propose(root: Path, name: str, scores: dict[int, float], seen: int) -> None:
    """Write what a model found in the pictures from `seen` on: a disc, with these scores."""
    store = open_store(root)
    rows = np.array(sorted(scores), np.int32)
    table = Annotations(
        image=rows,
        category=np.ones(len(rows), np.int32),
        box=np.tile([10.0, 10, 20, 20], (len(rows), 1)),
        score=np.array([scores[row] for row in rows.tolist()]),
    )
    found = keep_images(replace(store.load(), annotations=table), np.arange(seen, _PICTURES))
    model = PredictionModel(name=name, sha256="0" * 64, task="detector", architecture="nano")
    about = make_prediction(name, version=store.current.id, models=[model], thresholds={}, settings={})
    write_prediction(root, found, about)


def test_proposals_are_judged_only_where_the_model_looked(pets: Path) -> None:
    _propose(pets, "new", {3: 0.5, 4: 0.99}, seen=_LABELLED)
    _propose(pets, "all", {3: 0.9}, seen=0)

    subject = _subject(pets, predictions=("new", "all"))
    new, everything = subject.found

    assert (new.name, everything.name) == ("new", "all")
    assert new.judged is None
    assert everything.report is not None and everything.report.errors is not None
    assert everything.report.errors.verdicts["missed"] == len(subject.dataset.annotations)
    assert subject.worth is not None
    # Half sure is most worth; where no model found anything no score tells what it is worth.
    assert np.isnan(subject.worth).tolist() == [True, True, True, False, False, True]
    assert subject.worth[3] > subject.worth[4]
    names = [view.name for view in views_of(subject)]
    assert names[:2] == ["low confidence, worth labelling", "unlabelled"]


def test_the_folder_of_proposals_may_be_given_as_a_path(pets: Path) -> None:
    _propose(pets, "new", {3: 0.5}, seen=_LABELLED)

    subject = _subject(pets, found=(pets / "predictions/new",))

    assert [(one.name, one.judged) for one in subject.found] == [("new", None)]


def test_a_run_is_judged_in_its_validation_pictures(tmp_path: Path) -> None:
    source = save_shapes(tmp_path, "detector", 6)
    judged = make_run(source, tmp_path / "run", "detector")

    subject = _subject(source, found=(tmp_path / "run",))

    (found,) = subject.found
    images, table = subject.dataset.images, subject.dataset.annotations
    in_val = images.split[table.image] == images.splits.index("val")
    assert found.name == "run"
    assert found.judged is not None and found.report is not None and found.report.errors is not None
    assert (found.judged.truth == NOT_JUDGED).tolist() == (~in_val).tolist()
    assert judged.report is not None and judged.report.errors is not None
    assert found.report.errors.verdicts == judged.report.errors.verdicts


def test_a_classifier_run_is_judged_too(tmp_path: Path) -> None:
    source = save_shapes(tmp_path, "classifier", 6)
    make_run(source, tmp_path / "run", "classifier")

    (found,) = _subject(source, found=(tmp_path / "run",)).found

    assert found.judged is not None
    assert (found.judged.truth != NOT_JUDGED).sum() == 3


def test_pictures_without_any_class_take_those_of_the_model(tmp_path: Path) -> None:
    drawn = draw_shapes(tmp_path / "pictures", 2, 64, objects=1)

    subject = _subject(tmp_path / "pictures", found=(_coco(tmp_path, drawn),))

    assert subject.dataset.categories.names == drawn.categories.names
    assert len(subject.found[0].dataset.annotations) == len(drawn.annotations)
    assert subject.found[0].report is None


def test_models_of_one_name_are_told_apart_by_their_paths(tmp_path: Path, pets: Path) -> None:
    drawn = draw_shapes(tmp_path / "again", _PICTURES, 64, objects=1)
    first, second = _coco(tmp_path / "a", drawn), _coco(tmp_path / "b", drawn)

    subject = _subject(pets, found=(first, second))

    assert [one.name for one in subject.found] == [str(first), str(second)]


def test_results_by_ids_go_to_the_same_pictures_when_others_were_dropped(tmp_path: Path) -> None:
    drawn = draw_shapes(tmp_path / "drawn", _PICTURES, 64, objects=1)
    ids = np.arange(_PICTURES) + 10
    whole = replace(drawn, images=replace(drawn.images, source_id=ids))
    save(whole, tmp_path / "pets", "cvdata")
    results = tmp_path / "found.json"
    results.write_bytes(results_bytes(replace(whole, annotations=_scored(whole)), whole))
    before = _subject(tmp_path / "pets", found=(results,)).found[0]
    add_version(tmp_path / "pets", keep_images(whole, np.arange(2, _PICTURES)), command="browse", settings={})

    after = _subject(tmp_path / "pets", found=(results,)).found[0]

    assert [(one.code, one.count, one.examples) for one in after.findings] == [
        ("unknown-pictures", 2, list(drawn.images.names[:2]))
    ]
    kept = before.dataset.annotations.image >= 2
    assert (after.dataset.annotations.image + 2).tolist() == before.dataset.annotations.image[kept].tolist()
    assert (after.dataset.annotations.box == before.dataset.annotations.box[kept]).all()
    assert after.report is not None and after.report.errors is not None
    assert after.report.errors.verdicts["missed"] == 0


def _scored(dataset: Dataset) -> Annotations:
    return replace(dataset.annotations, score=np.full(len(dataset.annotations), 0.75))


def _coco(folder: Path, dataset: Dataset, classes: tuple[str, ...] | None = None) -> Path:
    """Write the boxes as detections."""
    table, names = dataset.annotations, classes or dataset.categories.names
    folder.mkdir(exist_ok=True)
    path = folder / "found.json"
    path.write_text(
        json.dumps(
            {
                "images": [
                    {"id": row, "file_name": name, "width": 64, "height": 64}
                    for row, name in enumerate(dataset.images.names)
                ],
                "categories": [{"id": row, "name": name} for row, name in enumerate(names)],
                "annotations": [
                    {"id": row, "image_id": image, "category_id": category, "bbox": box, "area": 9, "score": 0.5}
                    for row, (image, category, box) in enumerate(
                        zip(table.image.tolist(), table.category.tolist(), table.box.tolist(), strict=True)
                    )
                ],
            }
        )
    )
    return path


def _bad(folder: Path, what: str) -> dict[str, object]:
    """Return what is given, and does not fit the dataset."""
    drawn = draw_shapes(folder / "other", _PICTURES, 64, objects=1)
    match what:
        case "pictures":
            names = tuple(f"other-{row}.png" for row in range(_PICTURES))
            return {"found": (_coco(folder, replace(drawn, images=replace(drawn.images, names=names))),)}
        case "classes":
            return {"found": (_coco(folder, drawn, ("square", "circle", "triangle")),)}
        case "no scores":
            save(replace(drawn, categories=Categories(names=drawn.categories.names)), folder / "labels", "coco")
            return {"found": (folder / "labels",)}
        case "segmenter":
            return {"found": (write_run(folder / "seg", network_of(SEGMENTER)),)}
        case "unfinished run":
            return {"found": (write_run(folder / "det", network_of(DETECTOR)),)}
        case "no split":
            return {"found": (_coco(folder, drawn),), "split": "test"}
        case "nothing to judge":
            return {"split": "val"}
        case "format of nothing":
            return {"found_format": "coco"}
        case _:
            return {"predictions": ("none",)}


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("pictures", r"found\.json: the truth lacks \d pictures with detections: other-0\.png"),
        ("classes", r"found\.json: detections are of class 'circle', which the truth does not have"),
        ("no scores", "labels: FOUND has no scores"),
        ("segmenter", "is a segmenter, which finds no objects"),
        ("unfinished run", r"val\.txt: is not there"),
        ("no split", "'test' is no split of the dataset"),
        ("nothing to judge", "there is nothing to judge"),
        ("format of nothing", "--found, which is not given"),
        ("no such proposals", "there are no predictions 'none'"),
    ],
)
def test_what_does_not_fit_gets_one_clear_message(tmp_path: Path, pets: Path, what: str, message: str) -> None:
    with pytest.raises(CvdataError, match=message) as caught:
        _subject(pets, **_bad(tmp_path, what))

    assert caught.value.hint
