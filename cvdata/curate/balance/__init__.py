"""Even out the classes of the training pictures: a plan first, then what it says."""

from .job import Balanced, Plan, apply, objects_in, plan
from .report import BalancePart, BalancePlanReport, BalanceReport, MadeCounts, SamplingWeights, Strategy
from .settings import OPTIONS, TARGET, BalanceSettings, check_settings

__all__ = [
    "OPTIONS",
    "TARGET",
    "BalancePart",
    "BalancePlanReport",
    "BalanceReport",
    "BalanceSettings",
    "Balanced",
    "MadeCounts",
    "Plan",
    "SamplingWeights",
    "Strategy",
    "apply",
    "check_settings",
    "objects_in",
    "plan",
]
