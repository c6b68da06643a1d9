"""Look at a dataset before training on it: `cvdata check`."""

from .job import check, check_codes, check_pictures
from .pictures import Pictures, pictures_of

__all__ = [
    "Pictures",
    "check",
    "check_codes",
    "check_pictures",
    "pictures_of",
]
