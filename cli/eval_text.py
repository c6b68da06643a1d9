"""An evaluation as text: how good the model is, how sure that is, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import plural
from .eval_advice import advice_lines, detail_lines
from .eval_compare import comparison_lines, explanation_lines, slice_lines
from .eval_figures import figure, meaning, plain
from .pen import Paper
from .show import finding_lines
from .table import table_lines

if TYPE_CHECKING:
    from ..evaluate.gates import Judgement
    from ..evaluate.report import ClassResult, EvalReport, Number

__all__ = ["eval_text"]

_MOST_CLASSES = 20
_LONGEST_NAME = 20
_ENOUGH = 10
_PROTOCOLS = {
    "coco": "COCO",
    "voc07": "Pascal VOC 2007 (11 points)",
    "voc12": "Pascal VOC 2010 and later (all points)",
    "lvis": "LVIS",
    "openimages": "Open Images",
}
_PREFERRED = ("AP50", "F1", "AR100", "AP75", "mean_IoU", "precision", "recall", "IoU", "Dice", "SQ", "RQ")


def eval_text(
    report: EvalReport, judged: Sequence[Judgement] = (), *, page: bool = False, paper: Paper | None = None
) -> str:
    """Return the report as lines for people, with a final newline.

    Args:
        judged: gates; those that failed are said elsewhere, as errors.
        page: a page with all of it was written, too, and need not be recommended.
    """
    paper = paper or Paper.of_stdout()
    parts = [
        _head(report, paper),
        _metrics(report, paper),
        comparison_lines(report, paper),
        _classes(report, paper),
        detail_lines(report, paper),
        slice_lines(report, paper),
        explanation_lines(report, paper),
        advice_lines(report, paper),  # last, where the eye of someone at a terminal is
        _end(report, judged, paper, page=page),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _head(report: EvalReport, paper: Paper) -> list[str]:
    counted = [plural(report.images, "picture")]
    things = {"labels": "label", "segments": "segment"}.get(report.kind, "object")
    if report.kind != "pixels":
        counted.append(plural(report.objects, things))
    counted.append(plural(len(report.classes), "class"))
    found = ""
    if report.kind != "pixels":
        found = f": {plural(report.detections, 'detection' if things == 'object' else things)}"
    rows = [
        ("truth", f"{report.truth} ({report.truth_format}): {', '.join(counted)}"),
        ("found", f"{report.found} ({report.found_format}){found}"),
        ("rules", _rules(report)),
    ]
    lines = [f"{paper.pen('bold', name)}  {text}" for name, text in rows]
    return [*lines, *(line for note in finding_lines(report.findings) for line in paper.wrapped(note))]


def _rules(report: EvalReport) -> str:
    names = {"classification": "labels of whole pictures", "segmentation": "semantic segmentation"}
    if report.task == "detection":
        return f"{_PROTOCOLS.get(report.protocol, report.protocol)}, {report.kind}"
    return names.get(report.task, "panoptic segmentation")


def _metrics(report: EvalReport, paper: Paper) -> list[str]:
    from ..evaluate.words import no_intervals, read_high

    rows = []
    for name, number in report.metrics.items():
        of = {**report.settings, "kind": report.kind}
        rows.append([name, figure(number), meaning(name, of, report.task)])
    lines = _ragged(table_lines(["", "", ""], rows, left=3)[1:], paper)
    if any(number.value is None for number in report.metrics.values()):
        why = "the truth has no such objects" if report.task == "detection" else "there is nothing to compute it from"
        lines.append(f"- is not defined: {why}")
    made = report.intervals
    if none := no_intervals(report):
        lines += paper.wrapped(none)
    elif made is not None:
        drawn = f"{plural(made.resamples, 'resample')} of {plural(made.units, made.unit[:-1])}"
        lines += paper.wrapped(f"[ ] {100 * made.level:g} % intervals from {drawn}; {made.method}")
        lines += paper.wrapped(read_high(report)) if read_high(report) else []
    return lines


def _ragged(lines: list[str], paper: Paper) -> list[str]:
    """Cut what stands behind a table where the terminal ends."""
    return lines if paper.width is None else [line[: paper.width] for line in lines]


def _classes(report: EvalReport, paper: Paper) -> list[str]:
    """Return the figures of each class; of many the weakest, for these are the ones to work on."""
    from ..evaluate.words import class_metric

    classes, first = report.classes, class_metric(report)
    if first is None:
        return []
    shown, title = classes, "classes"
    if len(classes) > _MOST_CLASSES:
        defined = [row for row in classes if _of(row, first).value is not None]
        # One object more or less would turn the order of small classes around.
        large = [row for row in defined if row.objects >= _ENOUGH]
        among = large if len(large) >= _MOST_CLASSES // 2 else defined
        shown = sorted(among, key=lambda row: _of(row, first).value or 0.0)[:_MOST_CLASSES]
        which = (
            f"{len(among):,} classes with {_ENOUGH} objects or more" if among is large else f"{len(classes):,} classes"
        )
        title = f"the {len(shown)} weakest of the {which}, by {first} (--json has all)"
    return [paper.pen("bold", title), *_class_table(shown, first, report, paper)]


def _class_table(shown: Sequence[ClassResult], first: str, report: EvalReport, paper: Paper) -> list[str]:
    names = {name for row in shown for name in row.metrics}
    whole = report.kind in ("labels", "pixels")
    heads = ["class", "pictures" if whole else "segments" if report.kind == "segments" else "objects"]
    if report.kind != "pixels":
        heads.append("found")
    heads.append(first)
    rows = []
    for row in shown:
        counts = [row.images if whole else row.objects, row.detections][: len(heads) - 2]
        rows.append([show(row.name, _LONGEST_NAME), *(f"{n:,}" for n in counts), figure(_of(row, first))])
    more = [name for name in _PREFERRED if name in names and name != first]
    for name in more:
        wider = [[*row, plain(_of(one, name).value)] for row, one in zip(rows, shown, strict=True)]
        if max(map(len, table_lines([*heads, name], wider)), default=0) > paper.room:
            break
        heads, rows = [*heads, name], wider
    return table_lines(heads, rows)


def _of(row: ClassResult, name: str) -> Number:
    """Return a figure of a class; undefined where the class has none of that name."""
    from ..evaluate.report import Number

    return row.metrics.get(name, Number(None))


def _end(report: EvalReport, judged: Sequence[Judgement], paper: Paper, *, page: bool) -> list[str]:
    lines = [f"{paper.pen('good', 'passed')}: {one}" for one in judged if one.passed]  # the others go to stderr
    if not page and (report.curves or report.worst or report.confusion is not None):
        lines.append("--html FILE draws the curves, the confusion matrix and the worst pictures")
    return lines
