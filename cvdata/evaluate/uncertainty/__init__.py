"""How sure the figures are: intervals, comparisons of two models, slices."""

from __future__ import annotations

from .compare import Paired, compare, comparison_of
from .costs import sure_costs
from .intervals import interval
from .resampling import Units, described, draws, resampled, resamples_for, units_of
from .slices import slices
from .sure import Sure, sure_numbers

__all__ = [
    "Paired",
    "Sure",
    "Units",
    "compare",
    "comparison_of",
    "described",
    "draws",
    "interval",
    "resampled",
    "resamples_for",
    "slices",
    "sure_costs",
    "sure_numbers",
    "units_of",
]
