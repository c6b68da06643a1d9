"""`--score 0.5`, `--above car=0.71,person=0.6`: a number for all classes, or one for each that is named."""

from __future__ import annotations

from ..errors import UsageError, show

__all__ = ["class_scores"]


def class_scores(given: list[str] | None, option: str) -> dict[str, float]:
    """Return the score of each class that was named, and under the empty name that of all others.

    Raises:
        UsageError: a part is no number between 0 and 1, or a class is named twice.
    """
    scores: dict[str, float] = {}
    for part in (part.strip() for value in given or () for part in value.split(",")):
        name, _, number = part.rpartition("=")
        name = name.strip()
        if "=" in part and not name:
            raise UsageError(f"{option} '{show(part)}' names no class", hint=f"write {option} car=0.7, or {option} 0.7")
        if name in scores:
            raise UsageError(f"{option} has two scores for {show(name) or 'all classes'}", hint="give one")
        scores[name] = _score(number, option)
    return scores


def _score(text: str, option: str) -> float:
    try:
        score = float(text)
    except ValueError:
        score = -1.0
    if not 0 <= score <= 1:
        raise UsageError(f"{option} has '{show(text)}', expected a number from 0 to 1", hint=f"such as {option} 0.5")
    return score
