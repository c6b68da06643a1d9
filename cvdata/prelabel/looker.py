"""The models that were named, put together to one that looks at pictures and names things as the dataset does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..dataset import Categories, Dataset
from ..dataset.concat import concat_categories, fill_ids
from ..errors import UsageError, show
from ..files import Finding
from ..formats.predictions import PredictionModel
from ..models.columns import Columns, categories_of
from ..models.predict import DETECTION_SCORE, LABEL_SCORE
from ..models.predictor import Predictor
from ..models.spec import ModelSpec
from .given import BOXES, GivenBoxes
from .looking.chained import Chained
from .looking.ensemble import Ensemble
from .looking.flipped import Flipped
from .looking.fuse import FuseSettings
from .looking.outlined import Outlined
from .looking.regions import Regions
from .looking.renamed import Renamed
from .looking.tiled import Tiled, TileSettings
from .naming import name_classes
from .predictors.family import Model, ModelOptions, Outliner, family_of, load_model
from .settings import OTHERS, PrelabelSettings

__all__ = ["Looker", "make_looker"]

_OBJECT = "object"


@dataclass(frozen=True, slots=True, eq=False)
class Looker:
    """What looks at pictures.

    Attributes:
        find: gets pictures and their rows, and returns what is found in them; classes are those of `categories`.
        spec: what it is.
        models: that it is made of, the second stage last.
        categories: classes of the dataset, and new ones behind them.
        thresholds: least score of each class, float64, shape (classes,).
        findings: what is worth knowing about the classes.
        scored: what it finds has scores; regions of a segmenter have none.
    """

    find: Callable[[Sequence[NDArray[np.uint8]], NDArray[np.int64]], Columns]
    spec: ModelSpec
    models: tuple[PredictionModel, ...]
    categories: Categories
    thresholds: NDArray[np.float64]
    findings: tuple[Finding, ...]
    scored: bool


def make_looker(settings: PrelabelSettings, dataset: Dataset, rows: NDArray[np.int64]) -> Looker:
    """Make the models ready and put them together.

    Tiles come first, then mirrored pictures, then a segmenter's regions, then the names of classes, then several
    models together, then the second stage. Where the second stage names the boxes, names come last.

    Args:
        dataset: whose classes proposals have; `rows`: pictures of it that will be looked at, in that order.

    Raises:
        UsageError: a model is not there, a class is unknown, or the models cannot work together.
        ModelError: a model is broken.
        MissingExtraError: a package is not installed.
    """
    second = None if settings.then is None else load_model(settings.then, ModelOptions(device=settings.device))
    given = settings.models == (BOXES,)
    first: list[Predictor] = [GivenBoxes(dataset, rows)] if given else _load(settings)
    _check_stages(first, second, settings.then)
    scored = first[0].spec.task != "segmenter" or (second is not None and not isinstance(second, Outliner))
    if settings.score and not scored:
        raise UsageError("--score is for detectors and classifiers, and this is a segmenter", hint="leave it out")
    looks = first if given else [_viewed(model, settings) for model in first]
    stages = _Stages(settings, second, looks, dataset.categories.names)
    whole = stages.together(looks)

    def find(pictures: Sequence[NDArray[np.uint8]], asked: NDArray[np.int64]) -> Columns:
        if given:  # the boxes of these pictures take the detector's place
            return stages.together([GivenBoxes(dataset, rows[asked])]).find(pictures)
        return whole.find(pictures)

    names = stages.naming.names
    models = tuple(_described(model) for model in [*first, *([] if second is None else [second])])
    return Looker(
        find=find,
        spec=whole.spec,
        models=models,
        categories=_categories(dataset.categories, names, whole.spec),
        thresholds=_thresholds(settings, names, whole.spec),
        findings=stages.naming.findings,
        scored=scored,
    )


def _load(settings: PrelabelSettings) -> list[Predictor]:
    _check_taken(settings)
    options = ModelOptions(
        weights=settings.weights,
        device=settings.device,
        prompt=settings.prompt,
        layout=settings.layout,
        score=_least_of_all(settings),
    )
    loaded = [_predictor(load_model(text, options), text) for text in settings.models]
    if len({model.sha256 for model in loaded}) < len(loaded):
        raise UsageError("two of the models are the same one", hint="name each once")
    return loaded


def _check_taken(settings: PrelabelSettings) -> None:
    """Refuse options that none of the models takes.

    Raises:
        UsageError: there is one.
    """
    takes = {option for text in settings.models for option in getattr(family_of(text)[0], "TAKES", ())}
    if settings.prompt and "prompt" not in takes:
        raise UsageError(
            "--prompt is for models that take words, and there is none", hint="--model owlv2, or leave it out"
        )
    if settings.layout is not None and "layout" not in takes:
        raise UsageError("--layout is about an ONNX file, and the model is none", hint="leave it out")


class _Stages:
    """How detectors or classifiers become one that names things as the dataset does."""

    def __init__(
        self, settings: PrelabelSettings, second: Model | None, looks: Sequence[Predictor], known: Sequence[str]
    ) -> None:
        self._settings = settings
        self._second = second
        self._least = _least_of_all(settings)
        models = [second] if second is not None and not isinstance(second, Outliner) else looks
        classes = [model.spec.classes for model in models]
        self.naming = name_classes(classes, known, settings.map, new_classes=settings.new_classes)

    def together(self, looks: Sequence[Predictor]) -> Predictor:
        """Return the whole of some models, the same ones each time but for what they are about to find."""
        second, naming = self._second, self.naming
        if second is None or isinstance(second, Outliner):
            renamed = [Renamed(m, naming.names, own) for m, own in zip(looks, naming.rows, strict=True)]
            knows = np.array([np.isin(np.arange(len(naming.names)), own) for own in naming.rows])
            whole = self._ensemble(renamed, knows)
            return whole if second is None else Outlined(whole, second, least=self._least)
        blank = [Renamed(model, (_OBJECT,), np.zeros(len(model.spec.classes), np.int64)) for model in looks]
        return Renamed(Chained(self._ensemble(blank), second, least=self._least), naming.names, naming.rows[0])

    def _ensemble(self, models: Sequence[Predictor], knows: NDArray[np.bool_] | None = None) -> Predictor:
        return models[0] if len(models) == 1 else Ensemble(models, FuseSettings(iou=self._settings.iou), knows)


def _least_of_all(settings: PrelabelSettings) -> float:
    """Return the least score that a detection of any class needs: nobody will see what is less sure."""
    return min({OTHERS: DETECTION_SCORE, **settings.score}.values())


def _predictor(model: Model, text: str) -> Predictor:
    if isinstance(model, Outliner):
        raise UsageError(
            f"'{show(text)}' outlines objects of which the boxes are known, and finds none itself",
            hint=f"name a model that finds them, and this one as the second stage: --model MODEL --then {show(text)}",
        )
    return model


def _check_stages(first: Sequence[Predictor], second: Model | None, then: str | None) -> None:
    tasks = {model.spec.task for model in first}
    if len(tasks) > 1:
        raise UsageError(
            f"the models are of several kinds: {', '.join(sorted(tasks))}", hint="look with those of one kind at a time"
        )
    if len(first) > 1 and "segmenter" in tasks:
        raise UsageError("segmenters say nothing about how sure they are, so that several cannot be put together",
                         hint="name one")  # fmt: skip
    if second is None:
        return
    if "classifier" in tasks:
        raise UsageError("a classifier finds no boxes for a second stage to look at", hint="name a detector as --model")
    if not isinstance(second, Outliner) and second.spec.task != "classifier":
        raise UsageError(
            f"the second stage '{show(then or '')}' is a {second.spec.task}, expected a classifier or sam",
            hint="several detectors together: give --model more than once",
        )


def _viewed(model: Predictor, settings: PrelabelSettings) -> Predictor:
    tiles = settings.tile
    if tiles is not None:
        chosen = TileSettings(
            tile=tiles, overlap=settings.overlap, whole=settings.whole, merge=settings.merge, iou=settings.iou
        )
        model = Tiled(model, chosen, batch=settings.batch)
    if settings.flips != "none":
        model = Flipped(model, FuseSettings(iou=settings.iou), both=settings.flips == "both")
    return Regions(model) if model.spec.task == "segmenter" else model


def _described(model: Model) -> PredictionModel:
    if isinstance(model, Outliner):
        return PredictionModel(name=model.name, sha256=model.sha256, task="outliner", architecture=model.architecture)
    spec = model.spec
    return PredictionModel(name=model.name, sha256=model.sha256, task=spec.task, architecture=spec.architecture)


def _categories(known: Categories, names: Sequence[str], spec: ModelSpec) -> Categories:
    """Return the classes of the dataset, and new ones behind them with what the model knows of them."""
    new = list(range(len(known), len(names)))
    if not new:
        return known
    joined = concat_categories([known, categories_of(spec).take(new)])[0]
    if known.source_id is None:
        return joined
    return replace(joined, source_id=tuple(fill_ids([*known.source_id, *[None] * len(new)])))


def _thresholds(settings: PrelabelSettings, names: Sequence[str], spec: ModelSpec) -> NDArray[np.float64]:
    for name in settings.score:
        if name != OTHERS and name not in names:
            raise UsageError(f"--score names '{show(name)}', and no proposal can have that class",
                             hint=", ".join(show(n, 40) for n in names[:20]))  # fmt: skip
    usual = DETECTION_SCORE if spec.task == "detector" else LABEL_SCORE if spec.several else 0.0
    usual = settings.score.get(OTHERS, usual)
    return np.array([settings.score.get(name, usual) for name in names], np.float64)
