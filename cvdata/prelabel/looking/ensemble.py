"""Several models look at the same pictures, and their opinions become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError, show
from ...models.columns import Columns
from ...models.predictor import Predictor
from ...models.spec import ModelSpec
from .fuse import FuseSettings, check_fuse, weighted_box_fusion
from .mean import mean_scores
from .together import joined_names, joined_sha256

__all__ = ["Ensemble"]


class Ensemble:
    """Models of one kind and the same classes as one `Predictor`.

    What detectors find becomes one by weighted box fusion, so that what one of N that know its class found alone has a
    score N times lower;
    of classifiers the mean probability counts. Masks and keypoints stay where all models find the same.

    Attributes:
        spec: the classes of all; the size of the first.
        name: `a + b`; `sha256`: of the hashes of the models, one after the other.
    """

    def __init__(
        self, predictors: Sequence[Predictor], settings: FuseSettings, knows: NDArray[np.bool_] | None = None
    ) -> None:
        """Put models together.

        Args:
            predictors: at least one; see `Renamed` for models that call their classes differently.
            knows: bool, shape (predictors, classes), which classes each detector can find; None where all find all.

        Raises:
            UsageError: they find different things, or a setting makes no sense.
        """
        check_fuse(settings, len(predictors))
        self._predictors = tuple(predictors)
        self._settings = settings
        self._knows = knows
        self.spec = _joined_spec([one.spec for one in predictors])
        self.name = joined_names([one.name for one in predictors])
        self.sha256 = joined_sha256([one.sha256 for one in predictors])

    def find(self, pictures: Sequence[NDArray[np.uint8]]) -> Columns:
        """Return what the models find together; see `Predictor.find`."""
        parts = [one.find(pictures) for one in self._predictors]
        if self.spec.task == "classifier":
            return mean_scores(parts, self._settings.weights)
        if not self.spec.keypoints:
            parts = [replace(part, keypoints=None) for part in parts]
        return weighted_box_fusion(parts, self._settings, self._knows)


def _joined_spec(specs: Sequence[ModelSpec]) -> ModelSpec:
    first = specs[0]
    if any(spec.task == "segmenter" for spec in specs):
        raise UsageError("segmenters say nothing about how sure they are, so several have no opinion in common")
    for spec in specs[1:]:
        if spec.task != first.task:
            raise UsageError(f"a {first.task} and a {spec.task} cannot look together", hint="name models of one kind")
        if spec.classes != first.classes:
            raise UsageError("models with different classes cannot look together", hint=_difference(first, spec))
        if (spec.several, spec.crop_margin is None) != (first.several, first.crop_margin is None):
            raise UsageError(
                "classifiers that learnt different things cannot look together: one label or several, "
                "whole pictures or cut-out objects"
            )
    same_points = all((spec.keypoints, spec.flips) == (first.keypoints, first.flips) for spec in specs)
    return msgspec.structs.replace(
        first,
        architecture=" + ".join(dict.fromkeys(spec.architecture for spec in specs)),
        masks=all(spec.masks for spec in specs),
        keypoints=first.keypoints if same_points else (),
        flips=first.flips if same_points else (),
        options={},
    )


def _difference(one: ModelSpec, other: ModelSpec) -> str:
    alone = [name for name in (*one.classes, *other.classes) if (name in one.classes) != (name in other.classes)]
    return f"not all have '{show(alone[0])}'" if alone else "they have them in a different order"
