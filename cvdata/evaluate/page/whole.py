"""An evaluation as one HTML page: how good, how sure, what to do next; then everything else."""

from __future__ import annotations

from ...reports.page import Page
from ...reports.scales import plural
from ..report import EvalReport
from ..words import PROTOCOLS, model_names, name_of
from .classes import class_section
from .curves import calibration_section, curve_section, overlap_section
from .drawing import PictureSource
from .matrix import confusion_section
from .opening import opening
from .sections import (
    comparison_section,
    error_section,
    explanation_section,
    settings_section,
    slice_section,
)
from .shown import label_errors, worst_pictures

__all__ = ["whole_page"]


def whole_page(report: EvalReport, pictures: PictureSource | None) -> str:
    """Return the page; what matters most stands first."""
    page = Page(_title(report), _subtitle(report))
    opening(page, report)
    comparison_section(page, report)
    error_section(page, report)
    label_errors(page, report, pictures)
    worst_pictures(page, report, pictures)
    class_section(page, report)
    confusion_section(page, report)
    curve_section(page, report)
    overlap_section(page, report)
    calibration_section(page, report)
    slice_section(page, report)
    explanation_section(page, report)
    settings_section(page, report)
    return page.render().decode("utf-8")


_TASKS = {
    "boxes": "boxes",
    "masks": "masks",
    "keypoints": "keypoints",
    "labels": "classes of whole pictures",
    "pixels": "classes of pixels",
    "segments": "panoptic segments",
}


def _title(report: EvalReport) -> str:
    truth = _file(report.truth)
    if report.comparison is not None:
        first, second = model_names(report.comparison.first, report.comparison.second)
        return f"{first} and {second} against {truth}"
    return f"{_file(report.found)} against {truth}"


def _file(path: str) -> str:
    return name_of(path.replace("\\", "/").rstrip("/").rpartition("/")[2])


def _subtitle(report: EvalReport) -> str:
    parts = [_TASKS[report.kind]]
    if report.protocol in PROTOCOLS:
        parts[0] += f" by the rules of {PROTOCOLS[report.protocol]}"
    parts.append(plural(report.images, "picture"))
    if report.task == "detection":
        parts += [plural(report.objects, "object"), plural(report.detections, "detection")]
    return ", ".join(parts)
