"""What people left in FiftyOne, held against the dataset as it is now."""

from .job import Pulled, pull
from .report import BrowsePullReport, Conflict, PullCounts

__all__ = ["BrowsePullReport", "Conflict", "PullCounts", "Pulled", "pull"]
