"""cvdata: from a folder of pictures to a corrected, balanced dataset and a trained, measured model.

    import cvdata

    dataset = cvdata.load("VOC2012")                   # any format; detected
    cvdata.save(dataset, "voc-yolo", "yolo")           # whole or not at all
    report = cvdata.convert("VOC2012", "out", "coco")  # with the account of everything
    cvdata.check(dataset).findings                     # what is wrong with it
    cvdata.diff(dataset, cvdata.load("out")).changes   # annotation by annotation
    cvdata.split(dataset).certificate.leaks            # divided, and what that is worth
    cvdata.evaluate(dataset, found).report.metrics     # how good a model is, and how sure that is

Names are imported when they are first used, so that `import cvdata` costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .convert import ConvertSettings, Reading, Report, convert, load, read, save
    from .curate.check import check
    from .curate.check.findings import CheckReport, CheckSettings
    from .curate.diff import diff
    from .curate.filter import FilterSettings, filter_dataset
    from .curate.merge import MergeSettings, merge
    from .curate.remap import RemapSettings, remap
    from .curate.sample import SampleSettings, sample
    from .curate.split import SplitSettings, split
    from .dataset import Annotations, Categories, Dataset, Images, State
    from .errors import CvdataError
    from .evaluate.report import EvalReport
    from .evaluate.run import evaluate
    from .evaluate.settings import EvalSettings
    from .formats.results import read_results
    from .ingest import IngestReport, IngestSettings, ingest
    from .reports.stats import stats

__all__ = [
    "Annotations",
    "Categories",
    "CheckReport",
    "CheckSettings",
    "ConvertSettings",
    "CvdataError",
    "Dataset",
    "EvalReport",
    "EvalSettings",
    "FilterSettings",
    "Images",
    "IngestReport",
    "IngestSettings",
    "MergeSettings",
    "Reading",
    "RemapSettings",
    "Report",
    "SampleSettings",
    "SplitSettings",
    "State",
    "__version__",
    "check",
    "convert",
    "diff",
    "evaluate",
    "filter_dataset",
    "ingest",
    "load",
    "merge",
    "read",
    "read_results",
    "remap",
    "sample",
    "save",
    "split",
    "stats",
]

_HOMES = {
    "Annotations": "dataset",
    "Categories": "dataset",
    "CheckReport": "curate.check.findings",
    "CheckSettings": "curate.check.findings",
    "ConvertSettings": "convert",
    "CvdataError": "errors",
    "Dataset": "dataset",
    "EvalReport": "evaluate.report",
    "EvalSettings": "evaluate.settings",
    "FilterSettings": "curate.filter",
    "Images": "dataset",
    "IngestReport": "ingest",
    "IngestSettings": "ingest",
    "MergeSettings": "curate.merge",
    "Reading": "convert",
    "RemapSettings": "curate.remap",
    "Report": "convert",
    "SampleSettings": "curate.sample",
    "SplitSettings": "curate.split",
    "State": "dataset",
    "check": "curate.check",
    "convert": "convert",
    "diff": "curate.diff",
    "evaluate": "evaluate.run",
    "filter_dataset": "curate.filter",
    "ingest": "ingest",
    "load": "convert",
    "merge": "curate.merge",
    "read": "convert",
    "read_results": "formats.results",
    "remap": "curate.remap",
    "sample": "curate.sample",
    "save": "convert",
    "split": "curate.split",
    "stats": "reports.stats",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cvdata' has no attribute '{name}'")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """Keeps `cvdata.convert` the function: Python hangs a module on its package under its name once it is imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
