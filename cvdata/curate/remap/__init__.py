"""Rename, join and drop classes: `cvdata remap`."""

from .job import Mapped, NewClass, RemapOutcome, Remapped, RemapReport, RemapSettings, remap

__all__ = [
    "Mapped",
    "NewClass",
    "RemapOutcome",
    "RemapReport",
    "RemapSettings",
    "Remapped",
    "remap",
]
