"""What to do next as text, and where the errors are: their kinds, confused classes, wrong labels, worst pictures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..errors import show
from .eval_figures import figure, plain
from .table import table_lines

if TYPE_CHECKING:
    from ..evaluate.report import Confusion, EvalReport, LabelError
    from .pen import Paper

__all__ = ["advice_lines", "detail_lines"]

_FEW = 5
_LONGEST_CLASS = 24
_KINDS = {
    "class": "right place, wrong class",
    "location": "right class, IoU only 0.1 to 0.5",
    "both": "wrong class and badly placed",
    "duplicate": "found already by a surer detection",
    "background": "nothing is labelled there",
    "missed": "no detection comes near",
}
_LABELS = ("missing", "spurious", "swapped")


def advice_lines(report: EvalReport, paper: Paper) -> list[str]:
    """Return what to know and to do, what matters most first, in the words of the page."""
    from ..evaluate.advice import advice

    lines = []
    for said in advice(report):
        title = paper.wrapped(said.title, 2)
        lines += [f"- {paper.pen(said.tone, title[0].strip())}", *title[1:], *paper.wrapped(said.text, 2)]
    return [paper.pen("bold", "what to know and to do"), *lines] if lines else []


def detail_lines(report: EvalReport, paper: Paper) -> list[str]:
    """Return where the errors are: kinds, classes, places and pictures."""
    parts = [
        _errors(report, paper),
        _confused(report.confusion, "pixels" if report.kind == "pixels" else "times", paper),
        _placed(report, paper),
        _label_errors(report.label_errors, report.kind == "labels", paper),
        _worst(report, paper),
    ]
    return [line for part in parts if part for line in ["", *part]][1:]


def _errors(report: EvalReport, paper: Paper) -> list[str]:
    """Return each kind of error, the dearest first, with what it is."""
    from ..evaluate.words import likeness

    errors = report.errors
    if errors is None:
        return []
    made = [kind for kind in errors.kinds if kind.count]
    made.sort(key=lambda kind: -(kind.cost.value or 0.0))
    title = f"errors, and what AP50 (now {plain(errors.ap)}) would gain without them (TIDE)"
    cells = [[kind.name, f"{kind.count:,}", figure(kind.cost, signed=True)] for kind in made]
    table = table_lines(["", "count", "gain"], cells)
    lines = [
        *table[:1],
        *(f"{row}  {likeness(_KINDS[kind.name], report)}" for row, kind in zip(table[1:], made, strict=True)),
    ]
    return [paper.pen("bold", title), *(lines or ["none of any kind"])]


def _confused(confusion: Confusion | None, things: str, paper: Paper) -> list[str]:
    """Return the pairs of classes that are taken for each other most."""
    if confusion is None:
        return []
    pairs = [
        (count, truth, found)
        for truth, row in enumerate(confusion.counts[: len(confusion.names)])
        for found, count in enumerate(row[: len(confusion.names)])
        if truth != found and count
    ]
    pairs.sort(key=lambda pair: -pair[0])
    if not pairs:
        return []
    cells = [
        [*(show(confusion.names[at], _LONGEST_CLASS) for at in (truth, found)), f"{count:,}"]
        for count, truth, found in pairs[:_FEW]
    ]
    title = "classes that are taken for each other"
    return [paper.pen("bold", title), *table_lines(["truth", "found", things], cells, left=2)]


def _placed(report: EvalReport, paper: Paper) -> list[str]:
    """Say how well found objects are placed, and whether confidences can be believed."""
    lines = []
    overlap = next((one for one in report.overlaps if one.name is None), None)
    if overlap is not None and overlap.pairs and "mean_IoU" not in report.metrics:
        lines.append(f"overlap of found objects: mean IoU {plain(overlap.mean)}, median {plain(overlap.median)}")
    made = report.calibration
    if made is not None and made.ece.value is not None and "ECE" not in report.metrics:
        lines.append(f"confidence and the share that is right differ by {figure(made.ece)} on average (ECE)")
    return [text for line in lines for text in paper.wrapped(line)]


def _label_errors(found: list[LabelError], whole: bool, paper: Paper) -> list[str]:
    """Return the labels that are probably wrong, the surest first."""
    if not found:
        return []
    counts = Counter[str](error.kind for error in found)
    kinds = ", ".join(f"{counts[kind]:,} {kind}" for kind in _LABELS if counts[kind])
    lines = [paper.pen("bold", f"labels of the truth to look at first: {kinds}")]
    cells = []
    for error in found[:_FEW]:
        box = [] if whole else [",".join(f"{side:.0f}" for side in error.box)]
        cells.append([error.kind, _suspect(error), *box, show(error.image)])
    heads = ["", "", *([] if whole else ["x,y,w,h"]), "picture"]
    return [*lines, *table_lines(heads, cells, left=len(heads))]


def _suspect(error: LabelError) -> str:
    truth, found = (show(name or "", _LONGEST_CLASS) for name in (error.truth, error.found))
    score = "" if error.score is None else f" {error.score:.2f}"
    if error.kind == "missing":
        return f"{found}{score}"
    return f"{truth}, nothing finds it" if error.kind == "spurious" else f"{truth}, found as {found}{score}"


def _worst(report: EvalReport, paper: Paper) -> list[str]:
    """Return the pictures with the most errors, each with what is wrong with it; the name last, to be copied."""
    if not report.worst:
        return []
    pixels = report.kind == "pixels"
    cells = []
    for picture in report.worst[:_FEW]:
        wrong = [f"{count:,} {name}" for name, count in picture.verdicts.items() if count and name != "true"]
        cells.append([f"{picture.errors:,}", ", ".join(wrong[: 1 if pixels else None]), show(picture.image)])
    title = f"pictures with the most {'wrong pixels' if pixels else 'errors'}"
    rows = [[f"{errors:>6}", wrong, name] for errors, wrong, name in cells]
    return [paper.pen("bold", title), *table_lines(["", "", ""], rows, left=3)[1:]]
