"""Whole-picture labels: accuracy, and whether confidences can be believed."""

from __future__ import annotations

from ..pair import is_classification
from .calibration import calibration, calibration_of_detections
from .classification import Classified, classify
from .figures import class_figures, class_metrics, class_results, confusion_of
from .labels import label_report
from .suspects import suspect_labels, worst_pictures

__all__ = [
    "Classified",
    "calibration",
    "calibration_of_detections",
    "class_figures",
    "class_metrics",
    "class_results",
    "classify",
    "confusion_of",
    "is_classification",
    "label_report",
    "suspect_labels",
    "worst_pictures",
]
