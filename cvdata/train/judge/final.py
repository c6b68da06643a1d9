"""The judgement at the end of a run: what the best weights find, in figures and in files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Dataset
from ...engine import Progress, Silent
from ...errors import EvaluationError, show
from ...evaluate.diagnosis import verdict_table
from ...evaluate.page import PictureSource, report_page
from ...evaluate.pixels.arrays import Segmented
from ...evaluate.report import EvalReport, Names
from ...evaluate.run import Evaluation
from ...formats._store_parquet import to_parquet
from ...models.spec import ModelSpec
from ...reports.heat_map import draw_heat_map
from ..data.part import Part, Prepared
from ..folder import RunFolder
from ..settings import TrainSettings
from .figures import figures_of, found_dataset, judged_maps
from .found_files import (
    CLASSES,
    FOUND,
    MOST_SCORES,
    PICTURES,
    encode_classes,
    encode_found,
    encode_map,
    encode_names,
    map_files,
)
from .reported import report_on
from .seen import Seen
from .validate import Validation

if TYPE_CHECKING:
    from ...models.networks.network import Network

__all__ = ["Judged", "evaluate_best", "look"]

CONFUSION, PAGE, REPORT, VERDICTS = "confusion.png", "eval.html", "eval.json", "verdicts.parquet"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the best weights are worth.

    Attributes:
        metrics: figures of the validation pictures, as those of each epoch; None where one is not defined.
        train_metrics: of as many training pictures, without augmentation.
        report: everything that `cvdata eval` says of the validation pictures; None where nothing can be said, as of
            pictures without labels.
    """

    metrics: dict[str, float | None]
    train_metrics: dict[str, float | None]
    report: EvalReport | None


def evaluate_best(
    network: Network,
    prepared: Prepared,
    settings: TrainSettings,
    folder: RunFolder,
    *,
    progress: Progress | None = None,
) -> Judged:
    """Judge a network by its validation pictures and by as many training pictures, and write down what it found.

    Writes val.txt, found/, eval.json, eval.html, confusion.png and, for detectors, verdicts.parquet.

    Args:
        network: with the best weights; it is left in evaluation mode, on the device that the settings ask for.

    Raises:
        OutputError: the disk refused.
    """
    progress, spec, val = progress or Silent(), network.spec, prepared.val
    files = map_files(val.dataset.images.names) if spec.task == "segmenter" else []

    def keep(row: int, values: NDArray[np.uint8]) -> None:
        folder.write(files[row], encode_map(values))

    judge = Validation(val, spec, each_map=keep)
    look(network, val, settings, judge, "judging the best weights", progress)
    seen = judge.all_seen()
    found = _write_found(val, spec, seen, folder)
    report = _report(prepared, spec, found, folder, progress)
    train = _some(prepared.train, len(val), settings.seed)
    check = Validation(train, spec)
    look(network, train, settings, check, "judging them by training pictures", progress)
    return Judged(
        metrics=figures_of(val.dataset, spec, seen),
        train_metrics=check.metrics([check.parts()]),
        report=report,
    )


def look(
    network: Network, part: Part, settings: TrainSettings, judge: Validation, task: str, progress: Progress
) -> None:
    """Show a network every picture of a part, without augmentation, and let a judge take in what it finds.

    Args:
        task: what this is called while it runs.
    """
    import torch

    from ...models.torch_predictor import device_of
    from ..data.loading import val_loader

    device = device_of("cpu" if settings.accelerator == "cpu" else "auto")
    network.to(device).eval()
    judge.start()
    progress.start(task, len(part))
    with torch.no_grad():  # not inference mode: networks keep tensors, such as anchors, that may be trained with later
        for batch in val_loader(part, network.spec, settings):
            judge.add(network.found(batch.images.to(device)), batch.rows)
            progress.advance(len(batch.rows))


def _some(part: Part, count: int, seed: int) -> Part:
    """Return so many pictures of a part, drawn by the seed."""
    if count >= len(part):
        return part
    return part.take(np.sort(np.random.default_rng(seed).choice(len(part), count, replace=False)))


def _write_found(val: Part, spec: ModelSpec, seen: Seen, folder: RunFolder) -> Dataset | Segmented:
    """Write what was found; maps of classes are written already, but for the list of their classes."""
    folder.write(PICTURES, encode_names(val.dataset.images.names))
    if spec.task == "segmenter":
        folder.write(CLASSES, encode_classes(spec))
        return judged_maps(val.dataset, spec, seen)
    found = found_dataset(val.dataset, spec, seen, None if spec.several else MOST_SCORES)
    folder.write(FOUND[spec.task], encode_found(found, spec.task))
    return found


def _report(
    prepared: Prepared, spec: ModelSpec, found: Dataset | Segmented, folder: RunFolder, progress: Progress
) -> EvalReport | None:
    """Evaluate what was found in the validation pictures, and write the report; None where nothing is labelled."""
    info = prepared.info
    names = Names(truth=show(info.path), found=show(folder.path), truth_format=info.format, found_format="run")
    try:
        report, evaluation = report_on(prepared.val, spec, found, names, progress=progress)
    except EvaluationError:  # the weights are none the worse for it
        return None
    _write_report(report, evaluation, folder, progress)
    return report


def _write_report(report: EvalReport, evaluation: Evaluation | None, folder: RunFolder, progress: Progress) -> None:
    """Write the report as JSON and as a page, the verdicts and the confusions."""
    folder.write(REPORT, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    source = None
    if evaluation is not None:
        source = PictureSource(evaluation.pair, evaluation.verdicts, None, progress)
    folder.write(PAGE, report_page(report, pictures=source).encode("utf-8"))
    if evaluation is not None and evaluation.verdicts is not None and evaluation.kind is not None:
        table = verdict_table(evaluation.pair, evaluation.verdicts, evaluation.kind)
        folder.write(VERDICTS, b"".join(to_parquet(table)))
    held = report.confusion
    if held is not None and held.names:
        unit = {"labels": "picture", "pixels": "pixel"}.get(report.kind, "object")
        counts = np.array(held.counts, np.int64)
        folder.write(CONFUSION, draw_heat_map(held.names, counts, background=held.background, unit=unit))
