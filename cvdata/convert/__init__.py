"""Read a dataset in one format, write it in another, and account for everything in between."""

from .reading import Reading, load, read
from .settings import ConvertSettings, Keep, Report
from .writing import convert, save

__all__ = ["ConvertSettings", "Keep", "Reading", "Report", "convert", "load", "read", "save"]
