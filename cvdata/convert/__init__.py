"""Read a dataset in one format, write it in another, and account for everything in between."""

from .editing import Edit, check_target, write_edit
from .reading import Reading, load, place_in, read
from .settings import ConvertSettings, Keep, Report
from .writing import convert, save

__all__ = [
    "ConvertSettings",
    "Edit",
    "Keep",
    "Reading",
    "Report",
    "check_target",
    "convert",
    "load",
    "place_in",
    "read",
    "save",
    "write_edit",
]
