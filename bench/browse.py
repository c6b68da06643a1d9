"""A dataset and its predictions put into FiftyOne: `python bench/browse.py`; see bench/README.md.

As many pictures, objects and detections as COCO's validation part with a middling detector's results, drawn at random:
first by the straightforward code of FiftyOne's own guide (`fo.Sample`, `fo.Detections`, `add_samples`), then by cvdata;
then opened again as it is, and with other labels on one picture in a hundred. Both use the same database, which is
started before; FiftyOne's import does not count either.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from cvdata.browse.labels.documents import sample_documents
from cvdata.browse.names import FOUND, TRUTH
from cvdata.browse.session import fiftyone
from cvdata.browse.store import Put, put_subject
from cvdata.browse.subject import Found, Judged, Subject
from cvdata.dataset import Annotations, Categories, Dataset, Images, State
from cvdata.evaluate.diagnosis.kinds import Verdict

_OBJECTS, _DETECTIONS, _CLASSES = 36_414, 50_858, 80
_WIDTH, _HEIGHT = 640, 480


def make_subject(pictures: int, seed: int = 3) -> Subject:
    """Draw objects, detections and verdicts at random, in COCO's numbers for 5,000 pictures."""
    rng = np.random.default_rng(seed)
    images = Images(
        names=tuple(f"{row:012d}.jpg" for row in range(pictures)),
        width=np.full(pictures, _WIDTH, np.int32),
        height=np.full(pictures, _HEIGHT, np.int32),
        state=np.full(pictures, State.LABELLED, np.uint8),
        split=np.full(pictures, -1, np.int32),
        folder=np.zeros(pictures, np.int32),
        folders=("/pictures",),
        files=tuple(f"{row:012d}.jpg" for row in range(pictures)),
    )
    truth = _dataset(rng, images, _OBJECTS * pictures // 5000, scored=False)
    found = _dataset(rng, images, _DETECTIONS * pictures // 5000, scored=True)
    judged = Judged(
        score=0.3,
        truth=np.full(len(truth.annotations.image), Verdict.MISSED, np.uint8),
        found=np.full(len(found.annotations.image), Verdict.BACKGROUND, np.uint8),
        truth_other=np.full(len(truth.annotations.image), -1, np.int64),
        found_other=np.full(len(found.annotations.image), -1, np.int64),
        truth_overlap=np.full(len(truth.annotations.image), np.nan),
        found_overlap=np.full(len(found.annotations.image), np.nan),
    )
    return Subject(dataset=truth, found=(Found(name="model", dataset=found, judged=judged),))


def _dataset(rng: np.random.Generator, images: Images, number: int, *, scored: bool) -> Dataset:
    corner, side = rng.random((number, 2)) * (400, 300), 8 + rng.random((number, 2)) * (200, 150)
    annotations = Annotations(
        image=np.sort(rng.integers(len(images), size=number)).astype(np.int32),
        category=rng.integers(_CLASSES, size=number).astype(np.int32),
        box=np.hstack([corner, corner + side]),
        score=rng.random(number) if scored else None,
    )
    return Dataset(
        images=images,
        annotations=annotations,
        categories=Categories(names=tuple(f"class {n}" for n in range(_CLASSES))),
    )


def _straightforward(module: Any, documents: list[dict[str, Any]], name: str) -> float:
    """Put the same labels, attributes and fields as in FiftyOne's guide; return the seconds."""
    begin = time.perf_counter()
    samples = module.Dataset(name)
    made = []
    for document in documents:
        sample = module.Sample(filepath=document["filepath"], tags=document["tags"])
        sample["metadata"] = module.ImageMetadata(width=_WIDTH, height=_HEIGHT)
        for field in (TRUTH, FOUND):
            labels = (document.get(field) or {"detections": ()})["detections"]
            own = ("_id", "_cls", "attributes")
            sample[field] = module.Detections(
                detections=[
                    module.Detection(**{key: value for key, value in label.items() if key not in own})
                    for label in labels
                ]
            )
        made.append(sample)
    samples.add_samples(made, progress=False)
    return time.perf_counter() - begin


def _put(subject: Subject, name: str) -> tuple[float, Put]:
    begin = time.perf_counter()
    put = put_subject(subject, Path("/pictures"), format="coco", version=None, views=(), name=name)
    return time.perf_counter() - begin, put


def _changed(subject: Subject) -> Subject:
    """Give the objects of one picture in a hundred another class."""
    annotations = subject.dataset.annotations
    hit = annotations.image % 100 == 0
    category = np.where(hit, (annotations.category + 1) % _CLASSES, annotations.category).astype(np.int32)
    dataset = dataclasses.replace(subject.dataset, annotations=dataclasses.replace(annotations, category=category))
    return dataclasses.replace(subject, dataset=dataset)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=5000)
    pictures = parser.parse_args().pictures
    subject, module = make_subject(pictures), fiftyone()
    module.list_datasets()
    plain, ours = "bench-plain", "bench-cvdata"
    for name in (plain, ours):
        if module.dataset_exists(name):
            module.delete_dataset(name)
    documents = list(sample_documents(subject, np.arange(pictures)))
    slow = _straightforward(module, documents, plain)
    first, put = _put(subject, ours)
    again, same = _put(subject, ours)
    other, changed = _put(_changed(subject), ours)
    for name in (plain, ours):
        module.delete_dataset(name)
    sys.stdout.write(
        f"add_samples             {slow:7.1f} s\n"
        f"cvdata, {put.how:<4}            {first:7.1f} s   {slow / first:.1f} times faster, {put.labels} labels\n"
        f"opened again            {again:7.1f} s   {same.same} the same\n"
        f"1 % changed             {other:7.1f} s   {changed.updated} updated\n"
    )


if __name__ == "__main__":
    main()
