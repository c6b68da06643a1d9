"""What went wrong where: kinds of error and their cost, verdicts, curves, probable label errors."""

from .diagnose import Diagnosis, diagnose
from .kinds import Verdict
from .verdict_table import verdict_table
from .verdicts import Verdicts

__all__ = ["Diagnosis", "Verdict", "Verdicts", "diagnose", "verdict_table"]
