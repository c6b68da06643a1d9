"""What may stand in the way of a run: the rules in the order in which a person should deal with them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..report import Advice
from .evidence import Evidence
from .rules_data import leaky, mostly_empty, never_shown, small_validation, starved
from .rules_run import best_at_start, from_scratch, improving, loss_rises, over_fits, undefined, under_fits, unstable

__all__ = ["RULES", "advice_of"]

RULES: tuple[Callable[[Evidence], Advice | None], ...] = (
    undefined,
    leaky,
    unstable,
    under_fits,
    over_fits,
    never_shown,
    best_at_start,
    starved,
    small_validation,
    loss_rises,
    improving,
    from_scratch,
    mostly_empty,
)
"""First what makes the figures wrong, then what makes them low. None where a rule does not hold."""


def advice_of(evidence: Evidence) -> list[Advice]:
    """Return what stands in the way, worst first."""
    given = [advice for rule in RULES for advice in [rule(evidence)] if advice is not None]
    return [_in_words(advice) for advice in given] if evidence.facts.maps else given


def _in_words(advice: Advice) -> Advice:
    """Return advice without the commands for datasets: none of them reads folders with maps of classes."""
    return msgspec.structs.replace(advice, cures=[cure.partition(": cvdata ")[0] for cure in advice.cures])
