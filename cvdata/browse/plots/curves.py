"""The curves of `cvdata eval` where the panel "Precision and recall" finds them: as a run of FiftyOne."""

from __future__ import annotations

from typing import Any

import msgspec

from ...evaluate.report import Curve
from ..subject import Subject

__all__ = ["CURVES", "Curves", "put_curves", "stored_curves"]

CURVES = "cvdata_curves"
"""Key of the run. Its results lie beside the dataset's document, which they might make too large."""


class Curves(msgspec.Struct, frozen=True, kw_only=True):
    """Curves of the first model.

    Attributes:
        model: its name, for people; `score`: least confidence at which the labels were judged, None where none was.
        curves: of the mean over classes, which has no name, and of each class; `ap50` of each of them by its place.
    """

    model: str
    score: float | None
    curves: list[Curve]
    ap50: list[float | None]


def put_curves(samples: Any, subject: Subject) -> None:
    """Put the curves in place of those before; without any, take those away."""
    found = subject.found[0] if subject.found else None
    if samples.has_run(CURVES):
        samples.delete_run(CURVES)
    report = None if found is None else found.report
    if found is None or report is None or not report.curves:
        return
    by_class = {one.name: one.metrics for one in report.classes}
    figures = [report.metrics if curve.name is None else by_class.get(curve.name, {}) for curve in report.curves]
    best = report.operating_points[0].score if report.operating_points else None
    curves = Curves(
        model=found.name,
        score=best,
        curves=report.curves,
        ap50=[one["AP50"].value if "AP50" in one else None for one in figures],
    )
    samples.register_run(CURVES, samples.init_run(method="cvdata"))
    samples.save_run_results(CURVES, samples.init_run_results(CURVES, **msgspec.to_builtins(curves)), cache=False)


def stored_curves(samples: Any) -> Curves | None:
    """Return the curves that `put_curves` put, None where there are none."""
    if not samples.has_run(CURVES):
        return None
    results = samples.load_run_results(CURVES, cache=False)
    held = {name: getattr(results, name, None) for name in Curves.__struct_fields__}
    try:
        return msgspec.convert(held, Curves)
    except msgspec.ValidationError:  # those of another version
        return None
