"""What `prediction.json` says: which models looked at which version of a dataset, and what was kept."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Literal

import msgspec
import numpy as np

from .._version import __version__
from ..dataset import Annotations, Categories, Dataset, Ragged
from ..errors import UsageError, show
from ..files import output_names
from ._store_records import CategoryColumn, TableFile, category_rows, lock_classes, now

__all__ = [
    "PREDICTION",
    "PREDICTIONS",
    "PredictedClass",
    "Prediction",
    "PredictionModel",
    "categories_in",
    "check_prediction_name",
    "joint_hash",
    "make_prediction",
    "predicted_classes",
    "short_hash",
    "with_origin",
]

PREDICTIONS = "predictions"
PREDICTION = "prediction.json"

_LONGEST_NAME = 100
_NAME = re.compile(r"\w[\w.-]*")


class PredictionModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that looked.

    Attributes:
        name: of its run or file; `sha256`: of its weights.
        task, architecture: what it is.
    """

    name: str
    sha256: str
    task: str
    architecture: str


class PredictedClass(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A class that objects were proposed for, or could have been; see `Category` of versions."""

    name: str
    source_id: int | str | None = None
    supercategory: str | None = None
    keypoints: tuple[str, ...] = ()
    skeleton: tuple[tuple[int, int], ...] = ()
    extra: dict[str, Any] = {}


class Prediction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`predictions/NAME/prediction.json`: proposals of models, which never change.

    Attributes:
        cvdata: version that wrote it.
        name: of the prediction; its folder is so called.
        time: when, in UTC; SOURCE_DATE_EPOCH decides where it is set.
        version: id of the version of the dataset whose pictures were looked at.
        models: that looked.
        sha256: of the weights of the model; of several, the SHA-256 of their hashes one after the other.
        thresholds: least score of what was kept, by class.
        settings: how they looked, as resolved.
        categories: the classes in order.
        category_columns: which columns of the classes somebody set.
        images: pictures that were looked at; `annotations`: proposals.
        bad: pictures that could not be read.
        folders: folders that the pictures lie in, relative to the dataset where that can be.
        files: the tables, by name.
    """

    schema: Literal["cvdata/prediction/1"] = "cvdata/prediction/1"
    cvdata: str
    name: str
    time: str
    version: str
    models: tuple[PredictionModel, ...]
    sha256: str
    thresholds: dict[str, float]
    settings: dict[str, Any]
    categories: tuple[PredictedClass, ...] = ()
    category_columns: tuple[CategoryColumn, ...] = ()
    images: int = 0
    annotations: int = 0
    bad: int = 0
    folders: tuple[str, ...] = ()
    files: dict[str, TableFile] = {}

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in order."""
        return tuple(category.name for category in self.categories)


def make_prediction(
    name: str,
    *,
    version: str,
    models: Sequence[PredictionModel],
    thresholds: Mapping[str, float],
    settings: Mapping[str, Any],
    bad: int = 0,
) -> Prediction:
    """Return what is to be said of proposals; `write_prediction` adds what the tables tell.

    Args:
        version: id of the version whose pictures were looked at.
        bad: pictures that could not be read.

    Raises:
        UsageError: the name is none for a folder, or there is no model.
    """
    check_prediction_name(name)
    if not models:
        raise UsageError(f"no model made the predictions '{show(name)}'", hint="name one")
    return Prediction(
        cvdata=__version__,
        name=name,
        time=now(),
        version=version,
        models=tuple(models),
        sha256=joint_hash([model.sha256 for model in models]),
        thresholds=dict(thresholds),
        settings=msgspec.to_builtins(dict(settings)),
        bad=bad,
    )


def check_prediction_name(name: str) -> None:
    """Refuse a name that is none for the folder of a prediction on any system.

    Raises:
        UsageError: it is not made of letters, digits, `-`, `_` and `.`, begins with a dot, or is too long.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME or output_names([name]) != [name]:
        raise UsageError(
            f"'{show(name)}' is no name for predictions",
            hint=f"use letters, digits, '-', '_' and '.', {_LONGEST_NAME} at most, beginning with a letter or digit",
        )


def joint_hash(hashes: Sequence[str]) -> str:
    """Return the hash of a model, or one for several models together: the SHA-256 of theirs, one after the other."""
    return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()


def short_hash(whole: str) -> str:
    """Return the beginning of a hash, which tells models apart and which annotations carry."""
    return whole[:12]


def with_origin(dataset: Dataset, sha256: str, thresholds: Mapping[str, float]) -> Dataset:
    """Return proposals each of which says in `extra` which `model` found it and the `threshold` that it had to reach.

    Args:
        sha256: of the model; see `joint_hash`.
        thresholds: least score by class; classes without one have none.
    """
    table = dataset.annotations
    origins: list[dict[str, Any]] = [
        {"model": short_hash(sha256)} | ({"threshold": thresholds[name]} if name in thresholds else {})
        for name in dataset.categories.names
    ]
    if table.extra is None:
        texts = Ragged.texts([json.dumps(origin).encode() for origin in origins])
        return replace(dataset, annotations=replace(table, extra=texts.take(table.category.astype(np.int64))))
    return replace(dataset, annotations=replace(table, extra=_added(table, origins)))


def _added(table: Annotations, origins: Sequence[Mapping[str, Any]]) -> Ragged:
    """Return the attributes with an origin added to those that are there."""
    texts = [] if table.extra is None else table.extra.to_bytes()
    known = [json.loads(text) if text else {} for text in texts]
    own = [{**said, **origins[row]} for said, row in zip(known, table.category.tolist(), strict=True)]
    return Ragged.texts([json.dumps(said).encode() for said in own])


def predicted_classes(categories: Categories) -> tuple[tuple[PredictedClass, ...], tuple[CategoryColumn, ...]]:
    """Return the classes as records, and which of their columns somebody set."""
    rows, columns = category_rows(categories, lock_classes(None, categories.names)[0])
    return tuple(PredictedClass(name=row.name, **{c: getattr(row, c) for c in columns}) for row in rows), columns


def categories_in(about: Prediction) -> Categories:
    """Return the classes of a prediction."""
    columns: dict[str, Any] = {c: tuple(getattr(row, c) for row in about.categories) for c in about.category_columns}
    return Categories(names=about.classes, **columns)
