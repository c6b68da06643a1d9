"""The step that learns: a small detector from scratch, on the processor, and what it finds in pictures it never saw."""

from __future__ import annotations

import os
import shlex

from ..convert import read, save
from ..errors import MissingExtraError
from ..evaluate.report import Names
from ..evaluate.run import evaluate
from ..evaluate.settings import EvalSettings
from ..models.predict import PredictSettings, collect, look
from ..models.predictor import load_predictor
from ..train.open import open_source
from ..train.report import TrainReport
from ..train.run import train_network
from ..train.settings import TrainSettings
from .drawing import write_pictures
from .shapes import draw
from .tour import Look, Step, Tour

__all__ = ["learn"]

_PICTURES = 200
_SETTINGS = TrainSettings(task="detector", architecture="nano", size=(160, 160), epochs=12, batch=8, workers=0)


def learn(tour: Tour) -> Step:
    """Draw more pictures of the same kind, train a detector on them, and try it on the pictures of the tour."""
    lessons, run = tour.folder / "lessons", tour.folder / "run"
    drawing = draw(tour.seed + 1, os.path.abspath(lessons / "pictures"), _PICTURES)
    write_pictures(lessons / "pictures", drawing.pictures, tour)
    labels = lessons / "coco"
    save(drawing.dataset, labels, "coco", settings=tour.settings())
    try:
        report = train_network(open_source(labels, "detector"), run, _SETTINGS, overwrite=True)
    except MissingExtraError as error:
        return Step(title="Train a small detector", lines=[f"Left out: {error.message}.", f"{error.hint}"])
    lines = [] if report is None else _lines(tour, report)
    train = ["cvdata", "train", "detector", str(labels), str(run), "--size", "160", "--epochs", "12", "--batch", "8"]
    return Step(
        title=f"Train a small detector on {len(drawing.pictures)} pictures of the same kind, from scratch",
        commands=[
            shlex.join(train),
            shlex.join(["cvdata", "predict", str(run), str(tour.folder / "pictures"), str(tour.folder / "predicted")]),
            shlex.join(["cvdata", "export", str(run)]),
        ],
        lines=lines,
        looks=[
            Look(f"{run / 'report.html'}", "what became of the run, and what would make it better"),
            Look(f"{run / 'curves.png'}", "its curves"),
            Look(f"{run / 'samples'}", "what it found after each epoch, beside the labels"),
        ],
    )


def _lines(tour: Tour, report: TrainReport) -> list[str]:
    """Say how good it is on the pictures of the tour, none of which it saw."""
    truth = read(tour.folder / "coco", "coco", workers=1).dataset
    predictor = load_predictor(report.run)
    looked = look(predictor, truth.images, workers=1)
    found = collect(looked, predictor.spec, truth.images, PredictSettings(score=0.01)).dataset
    names = Names(truth="coco", found="run")
    figures = evaluate(truth, found, EvalSettings(details=False), names=names).report.metrics
    ap, ap50 = (figures[name].value or 0.0 for name in ("AP", "AP50"))
    return [
        f"{report.epochs} epochs in {report.seconds:.0f} s on the processor; best {report.metric} in validation: "
        f"{report.best or 0:.3f}.",
        f"On the {len(truth.images)} pictures of this tour, which it never saw: AP {ap:.3f}, AP50 {ap50:.3f}.",
        f"{report.diagnosis.message}.",
    ]
