"""Write the JSON Schemas of the files and reports that cvdata defines: `python -m cvdata.schemas.generate [--check]`.

They are made from the typed structs, so that they cannot say anything else; editors and programs read them.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import msgspec

from ..augment.entries import AugmentEntry
from ..augment.recipe import RecipePart
from ..augment.settings import AugmentReport, AugmentSettings
from ..browse.gallery import GalleryReport
from ..browse.gallery.entries import GalleryEntry
from ..browse.pull.report import BrowsePullReport
from ..browse.report import BrowseReport
from ..convert import ConvertSettings, Report
from ..curate.balance import BalancePlanReport, BalanceReport, BalanceSettings, SamplingWeights
from ..curate.check.findings import CheckReport, CheckSettings
from ..curate.diff import DiffReport
from ..curate.filter import FilterReport, FilterSettings
from ..curate.history import LogReport, RestoreReport
from ..curate.merge import MergeReport, MergeSettings
from ..curate.remap import RemapReport, RemapSettings
from ..curate.sample import SampleReport, SampleSettings
from ..curate.split import SplitReport, SplitSettings
from ..evaluate.report import EvalReport
from ..evaluate.settings import EvalSettings
from ..files import Manifest, QuarantineItem, disk
from ..formats._class_folders import ClassMap
from ..formats.embeddings import EmbeddingsInfo
from ..formats.predictions import Prediction
from ..formats.sidecar import Sidecar
from ..formats.store import StoreFile, Version
from ..ingest import IngestReport, IngestSettings
from ..ingest.reading import JournalEntry
from ..models.explain.run import ExplainReport
from ..models.export.report import ExportReport
from ..models.predict import PredictReport, PredictSettings
from ..models.run_folder import Epoch, RunInfo
from ..prelabel.accept import AcceptReport, AcceptSettings
from ..prelabel.embeddings.similar import SimilarReport, SimilarSettings
from ..prelabel.entries import LookedEntry
from ..prelabel.predictors._onnx_layout import OnnxLayout
from ..prelabel.ranking.report import RankReport, RankSettings
from ..prelabel.report import PrelabelReport
from ..prelabel.review import (
    ReviewFile,
    ReviewReport,
    ReviewSample,
    ReviewSampleReport,
    ReviewSettings,
)
from ..prelabel.review import SampleSettings as ReviewSampleSettings
from ..prelabel.settings import PrelabelSettings
from ..reports.stats import StatsReport
from ..train.judge.runs import RunsReport
from ..train.judge.versus import RunsComparison
from ..train.report import TrainReport
from ..train.settings import TrainSettings

__all__ = ["SCHEMAS", "main", "schema_of", "stale"]

SCHEMAS: dict[str, tuple[type[Any], str]] = {
    "accept-report.json": (AcceptReport, "What cvdata accept --json prints"),
    "accept-settings.json": (AcceptSettings, "Settings of turning proposals into labels"),
    "augment-journal.json": (AugmentEntry, "A line of .NAME.cvdata-journal, behind its checksum, of cvdata augment"),
    "augment-report.json": (AugmentReport, "What cvdata augment --json prints"),
    "augment-settings.json": (AugmentSettings, "Settings of making new pictures"),
    "balance-plan.json": (BalancePlanReport, "What cvdata balance --json prints where it writes no dataset"),
    "balance-report.json": (BalanceReport, "What cvdata balance --json prints"),
    "balance-settings.json": (BalanceSettings, "Settings of a balance"),
    "browse-gallery-journal.json": (
        GalleryEntry,
        "A line of .NAME.cvdata-journal, behind its checksum, of cvdata browse --static",
    ),
    "browse-gallery-report.json": (GalleryReport, "What cvdata browse --static --json prints"),
    "browse-pull-report.json": (BrowsePullReport, "What cvdata browse --pull --json prints"),
    "browse-report.json": (BrowseReport, "What cvdata browse --json prints"),
    "check-report.json": (CheckReport, "What cvdata check --json prints"),
    "check-settings.json": (CheckSettings, "Settings of a check"),
    "class-map.json": (ClassMap, "classes.json of an imagefolder"),
    "convert-report.json": (Report, "What cvdata convert --json prints"),
    "convert-settings.json": (ConvertSettings, "Settings of a conversion"),
    "dataset.json": (StoreFile, "cvdata.json of a cvdata dataset"),
    "diff-report.json": (DiffReport, "What cvdata diff --json prints"),
    "eval-report.json": (EvalReport, "What cvdata eval --json prints"),
    "eval-settings.json": (EvalSettings, "Settings of an evaluation"),
    "explain-report.json": (ExplainReport, "What cvdata explain --json prints, and explain.json of its output"),
    "embeddings.json": (EmbeddingsInfo, "What a Parquet file of embeddings says of itself, under the key cvdata"),
    "export-report.json": (ExportReport, "What cvdata export --json prints"),
    "filter-report.json": (FilterReport, "What cvdata filter --json prints"),
    "filter-settings.json": (FilterSettings, "Settings of a filter"),
    "log-report.json": (LogReport, "What cvdata log --json prints"),
    "ingest-journal.json": (JournalEntry, "A line of .NAME.cvdata-journal, behind its checksum"),
    "ingest-report.json": (IngestReport, "What cvdata ingest --json prints"),
    "ingest-settings.json": (IngestSettings, "Settings of taking pictures in"),
    "merge-report.json": (MergeReport, "What cvdata merge --json prints"),
    "merge-settings.json": (MergeSettings, "Settings of making one dataset of several"),
    "manifest.json": (Manifest, ".cvdata/manifest.json of an output"),
    "onnx-layout.json": (
        OnnxLayout,
        "The YAML file that cvdata prelabel --layout reads: what an ONNX file takes and gives",
    ),
    "predict-report.json": (PredictReport, "What cvdata predict --json prints"),
    "predict-settings.json": (PredictSettings, "Settings of letting a model label pictures"),
    "prediction.json": (Prediction, "predictions/NAME/prediction.json of a cvdata dataset"),
    "prelabel-journal.json": (LookedEntry, "A line of .NAME.cvdata-journal, behind its checksum, of cvdata prelabel"),
    "prelabel-report.json": (PrelabelReport, "What cvdata prelabel --json prints"),
    "prelabel-settings.json": (PrelabelSettings, "Settings of letting models propose labels"),
    "quarantine-item.json": (QuarantineItem, "A line of .cvdata/quarantine.jsonl of an output"),
    "rank-report.json": (RankReport, "What cvdata rank --json prints"),
    "rank-settings.json": (RankSettings, "Settings of ranking pictures"),
    "recipe-part.json": (RecipePart, "The part cvdata: of a recipe for cvdata augment"),
    "remap-report.json": (RemapReport, "What cvdata remap --json prints"),
    "remap-settings.json": (RemapSettings, "Settings of a remap"),
    "restore-report.json": (RestoreReport, "What cvdata restore --json prints"),
    "review-report.json": (ReviewReport, "What cvdata review --json prints of a corrected sample"),
    "review-sample-report.json": (ReviewSampleReport, "What cvdata review --json prints where it draws a sample"),
    "review-sample-settings.json": (ReviewSampleSettings, "Settings of drawing a sample of proposals"),
    "review-sample.json": (ReviewSample, "predictions/NAME/review/sample.json: the sample that was drawn last"),
    "review-settings.json": (ReviewSettings, "Settings of judging a corrected sample"),
    "review.json": (ReviewFile, "predictions/NAME/review/review.json: what people decided, and what follows"),
    "run.json": (RunInfo, "run.json of a run folder"),
    "run-epoch.json": (Epoch, "A line of metrics.jsonl of a run folder"),
    "runs-comparison.json": (RunsComparison, "What cvdata runs RUN RUN2 --json prints"),
    "runs-report.json": (RunsReport, "What cvdata runs --json prints"),
    "sample-report.json": (SampleReport, "What cvdata sample --json prints"),
    "sample-settings.json": (SampleSettings, "Settings of a sample"),
    "sidecar.json": (Sidecar, ".cvdata/sidecar/sidecar.json of an output"),
    "similar-report.json": (SimilarReport, "What cvdata similar --json prints"),
    "similar-settings.json": (SimilarSettings, "Settings of finding pictures that are alike"),
    "split-report.json": (SplitReport, "What cvdata split --json prints"),
    "split-settings.json": (SplitSettings, "Settings of a split"),
    "sampling-weights.json": (SamplingWeights, "The file of cvdata balance --as weights, where it is JSON"),
    "stats-report.json": (StatsReport, "What cvdata stats --json prints"),
    "train-report.json": (TrainReport, "report.json of a run folder, and what cvdata train --json prints"),
    "train-settings.json": (TrainSettings, "Settings of a training"),
    "version.json": (Version, "versions/ID/version.json of a cvdata dataset"),
}
"""File name of each schema, with the struct it describes and its title."""

_FOLDER = os.path.dirname(os.path.abspath(__file__))


def schema_of(name: str) -> bytes:
    """Return the text of a schema, keys sorted, with a final newline."""
    kind, title = SCHEMAS[name]
    made = msgspec.json.schema(kind)
    for definition in made["$defs"].values():
        _describe(definition)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": name,
        "title": title,
        **made,
    }
    return msgspec.json.format(msgspec.json.encode(schema, order="sorted"), indent=2) + b"\n"


_ATTRIBUTE = re.compile(r"^ {4}(\w[\w, ]*): (.*(?:\n {5,}.*)*)", re.MULTILINE)


def _describe(definition: dict[str, Any]) -> None:
    """Move what a docstring says of attributes to the properties, where editors show it."""
    # Python 3.13 takes the indentation out of docstrings, earlier ones keep it.
    text, _, attributes = inspect.cleandoc(definition.get("description", "")).partition("\n\nAttributes:\n")
    definition["description"] = text
    for names, meaning in _ATTRIBUTE.findall(attributes):
        for name in names.split(", "):
            if name in definition["properties"]:
                definition["properties"][name]["description"] = " ".join(meaning.split())


def stale(folder: str = _FOLDER) -> list[str]:
    """Return the names of the schemas in a folder that are missing or not what they should be."""
    return [name for name in SCHEMAS if _content(f"{folder}/{name}") != schema_of(name)]


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def main(arguments: Sequence[str], folder: str = _FOLDER) -> int:
    """Write the schemas that are stale, or with `--check` only say which; return the exit code."""
    if list(arguments) not in ([], ["--check"]):
        sys.stderr.write("usage: python -m cvdata.schemas.generate [--check]\n")
        return 2
    names = stale(folder)
    if arguments:
        sys.stderr.writelines(f"schemas/{name} is not current: run make schemas\n" for name in names)
        return 1 if names else 0
    for name in names:
        disk.remove(f"{folder}/{name}")
        disk.write_files(folder, [name], [schema_of(name)])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
