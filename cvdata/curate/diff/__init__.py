"""What changed between two datasets, picture by picture and annotation by annotation."""

from .compare import Comparison, Kind
from .job import compare, diff
from .records import (
    AnnotationCounts,
    Change,
    ClassChange,
    ClassCounts,
    DiffReport,
    DiffSettings,
    DiffSide,
    PictureChange,
    PictureCounts,
    Relabelled,
    Shift,
)
from .report import report_of
from .sheet import draw_changes

__all__ = [
    "AnnotationCounts",
    "Change",
    "ClassChange",
    "ClassCounts",
    "Comparison",
    "DiffReport",
    "DiffSettings",
    "DiffSide",
    "Kind",
    "PictureChange",
    "PictureCounts",
    "Relabelled",
    "Shift",
    "compare",
    "diff",
    "draw_changes",
    "report_of",
]
