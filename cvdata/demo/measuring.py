"""The step that measures: what two small models find in the pictures, how good that is, and which is better."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec

from ..convert import read
from ..dataset import Dataset
from ..evaluate.page import PictureSource, report_page
from ..evaluate.report import EvalReport, Names, Number
from ..evaluate.run import evaluate
from ..files import write_single
from ..formats.results import read_results
from ..images.decode import decode
from .finding import find_shapes
from .tour import Look, Step, Tour

__all__ = ["BETTER", "measure"]

_MODELS = {"coarse.json": 4, "fine.json": 3}
"""Predictions, and the side of the squares in which that model looks at a picture."""

BETTER = "fine.json"
"""Predictions of the model that looks more closely."""


def measure(tour: Tour) -> Step:
    """Write what two models find, and hold it against the labels."""
    source, page = tour.folder / "coco", tour.folder / "eval.html"
    truth = read(source, "coco", workers=1).dataset
    found = [tour.folder / name for name in _MODELS]
    for path, cell in zip(found, _MODELS.values(), strict=True):
        write_single(path, msgspec.json.encode(_results(truth, cell)))
    coarse, fine = (read_results(path, truth) for path in found)
    compared = evaluate(truth, coarse, second=fine, names=_names(source, *found)).report
    better = evaluate(truth, fine, names=_names(source, found[1]))
    write_single(page, report_page(better.report, pictures=PictureSource(better.pair, better.verdicts)).encode())
    return Step(
        title="Measure what two small models find in it, and which is better",
        commands=[
            shlex.join(["cvdata", "eval", str(source), *map(str, found)]),
            shlex.join(["cvdata", "eval", str(source), str(found[1]), "--html", str(page)]),
        ],
        lines=_lines(compared),
        looks=[Look(f"{page}", "how good the better one is, and what to mend")],
    )


def _names(source: Path, found: Path, second: Path | None = None) -> Names:
    return Names(
        truth=source.name,
        found=found.name,
        second="" if second is None else second.name,
        truth_format="coco",
        found_format="COCO results",
    )


def _results(truth: Dataset, cell: int) -> list[dict[str, object]]:
    """Return what a model finds, as a COCO result list."""
    images, classes = truth.images, truth.categories
    ids = dict(zip(classes.names, classes.source_id or range(1, len(classes) + 1), strict=True))
    pictures = range(1, len(images) + 1) if images.source_id is None else images.source_id
    results: list[dict[str, object]] = []
    for row, picture in enumerate(pictures):
        file = images.file(row)
        for one in [] if file is None else find_shapes(decode(file), cell):
            place = {"image_id": int(picture), "category_id": ids[one.category]}
            results.append({**place, "bbox": one.box, "score": one.score})
    return results


def _lines(report: EvalReport) -> list[str]:
    comparison = report.comparison
    if comparison is None:
        return []
    first, second = (Path(name).stem for name in (comparison.first, comparison.second))
    rows = [row for row in comparison.metrics if row.metric in ("AP", "AP50")]
    return [
        f"{row.metric:<6}{first} {_text(row.first)}   {second} {_text(row.second)}   {_difference(row.difference)}   "
        f"the second is: {row.verdict}"
        for row in rows
    ]


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _difference(number: Number) -> str:
    if number.value is None or number.low is None or number.high is None:
        return _text(number.value)
    return f"{number.value:+.3f} [{number.low:+.3f}, {number.high:+.3f}]"
