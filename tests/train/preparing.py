"""Datasets prepared in one line, for tests of what is said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cvdata.dataset import Dataset
from cvdata.errors import CvdataError
from cvdata.train.data.prepare import Prepared, prepare
from cvdata.train.settings import TrainSettings
from cvdata.train.source import Source

__all__ = ["prepared", "refused", "said", "with_split"]


def _settings(task: Any = "detector", **more: Any) -> TrainSettings:
    return TrainSettings(task=task, architecture="nano" if task == "detector" else "any", **more)


def prepared(dataset: Dataset, task: Any = "detector", **more: Any) -> Prepared:
    return prepare(Source(dataset=dataset, path="shapes", format="coco"), _settings(task, **more))


def said(prepared: Prepared) -> dict[str, str]:
    return {finding.code: finding.message for finding in prepared.findings}


def refused(dataset: Dataset, task: Any = "detector", **more: Any) -> str:
    with pytest.raises(CvdataError) as caught:
        prepared(dataset, task, **more)
    return str(caught.value)


def with_split(dataset: Dataset, splits: tuple[str, ...], split: list[int]) -> Dataset:
    images = replace(dataset.images, splits=splits, split=np.array(split, np.int32))
    return replace(dataset, images=images)
