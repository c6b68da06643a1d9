"""Keep the annotations or the pictures that fit an expression, or drop them, or go by names: `cvdata filter`."""

from .job import (
    Emptied,
    Filtered,
    FilterOutcome,
    FilterReport,
    FilterSettings,
    Of,
    check_filter,
    columns_in_words,
    filter_dataset,
)
from .names import encode_names, read_names

__all__ = [
    "Emptied",
    "FilterOutcome",
    "FilterReport",
    "FilterSettings",
    "Filtered",
    "Of",
    "check_filter",
    "columns_in_words",
    "encode_names",
    "filter_dataset",
    "read_names",
]
