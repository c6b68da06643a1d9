"""A judged dataset as samples of FiftyOne, made through FiftyOne's own API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cvdata.browse.boxes import parts_of
from cvdata.browse.names import FOUND, NAME, NUMBER, TRUTH, VERDICT
from cvdata.browse.subject import Found, Judged, Subject
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.evaluate.diagnosis.kinds import Verdict
from cvdata.evaluate.run import evaluate
from cvdata.evaluate.settings import EvalSettings

__all__ = ["judged_subject", "put_plainly", "two_pictures"]

CLASSES = ("cat", "dog", "bird")


def two_pictures(folder: Path) -> tuple[Dataset, Dataset]:
    """Return a truth of four objects and five detections of it: two true, one of another class, one on nothing."""
    truth = _dataset(folder, [(0, 0, 10), (0, 1, 50), (1, 0, 10), (1, 0, 60)], None)
    found = _dataset(folder, [(0, 0, 10), (0, 0, 50), (1, 0, 10), (1, 1, 90), (1, 0, 10)], [0.9, 0.8, 0.75, 0.7, 0.6])
    return truth, found


def _dataset(folder: Path, objects: list[tuple[int, int, int]], scores: list[float] | None) -> Dataset:
    pictures = 2
    return Dataset(
        images=Images(
            names=("a.png", "b.png"),
            width=np.full(pictures, 128, np.int32),
            height=np.full(pictures, 128, np.int32),
            state=np.full(pictures, State.LABELLED, np.uint8),
            split=np.full(pictures, -1, np.int32),
            folder=np.zeros(pictures, np.int32),
            folders=(str(folder),),
        ),
        annotations=Annotations(
            image=np.array([one[0] for one in objects], np.int32),
            category=np.array([one[1] for one in objects], np.int32),
            box=np.array([[one[2], 10, 30, 30] for one in objects], np.float64),
            score=None if scores is None else np.array(scores),
        ),
        categories=Categories(names=CLASSES),
    )


def judged_subject(truth: Dataset, found: Dataset, **more: Any) -> Subject:
    """Return truth and detections with the verdicts of `evaluate`, where both have the same rows."""
    done = evaluate(truth, found, EvalSettings(resamples=0))
    assert done.verdicts is not None
    said = done.verdicts
    judged = Judged(
        score=said.score,
        truth=said.truth,
        found=said.found,
        truth_other=said.truth_other,
        found_other=said.found_other,
        truth_overlap=said.truth_overlap,
        found_overlap=said.found_overlap,
    )
    return Subject(dataset=truth, found=(Found(name="m", dataset=found, judged=judged, report=done.report),), **more)


def put_plainly(fiftyone: Any, name: str, subject: Subject) -> Any:
    """Return a new dataset of FiftyOne with the boxes of both sides and their verdicts."""
    samples = fiftyone.Dataset(name, overwrite=True)
    found = subject.found[0]
    assert found.judged is not None
    made = []
    for picture, name_of in enumerate(subject.dataset.images.names):
        sample = fiftyone.Sample(filepath=subject.dataset.images.file(picture), **{NAME: name_of})
        sample[TRUTH] = _labels(fiftyone, subject.dataset, picture, found.judged.truth)
        sample[FOUND] = _labels(fiftyone, found.dataset, picture, found.judged.found)
        made.append(sample)
    samples.add_samples(made, progress=False, dynamic=True)
    return samples


def _labels(fiftyone: Any, dataset: Dataset, picture: int, verdicts: Any) -> Any:
    table, first = dataset.annotations, int(dataset.offsets[picture])
    rows = range(first, int(dataset.offsets[picture + 1]))
    size = np.array([[dataset.images.width[picture], dataset.images.height[picture]]], np.float64)
    words = {Verdict.TRUE: "tp", Verdict.FOUND: "tp"}
    kind = "fn" if table.score is None else "fp"
    return fiftyone.Detections(
        detections=[
            fiftyone.Detection(
                label=dataset.categories.names[table.category[row]],
                bounding_box=parts_of(table.box[row : row + 1], size)[0].tolist(),
                confidence=None if table.score is None else float(table.score[row]),
                **{
                    NUMBER: row - first,
                    VERDICT: Verdict(verdicts[row]).words,
                    "eval": words.get(Verdict(verdicts[row]), kind),
                },
            )
            for row in rows
        ]
    )
