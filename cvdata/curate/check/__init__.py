"""Look at a dataset before training on it: `cvdata check`."""

from .job import Pictures, check, check_codes, pictures_of

__all__ = [
    "Pictures",
    "check",
    "check_codes",
    "pictures_of",
]
