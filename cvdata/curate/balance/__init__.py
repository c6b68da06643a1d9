"""Even out the classes of the training pictures: a plan first, then what it says."""

from .job import (
    OPTIONS,
    TARGET,
    Balanced,
    BalancePart,
    BalancePlanReport,
    BalanceReport,
    BalanceSettings,
    MadeCounts,
    Plan,
    SamplingWeights,
    Strategy,
    apply,
    check_settings,
    objects_in,
    plan,
)

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
