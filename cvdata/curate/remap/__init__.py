"""Rename, join and drop classes: `cvdata remap`."""

from .job import Mapped, NewClass, RemapOutcome, Remapped, RemapReport, RemapSettings, check_remap, remap

__all__ = [
    "Mapped",
    "NewClass",
    "RemapOutcome",
    "RemapReport",
    "RemapSettings",
    "Remapped",
    "check_remap",
    "remap",
]
