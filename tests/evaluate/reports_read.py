"""What a report says, as tests compare it: its figures by name, and the text of its page."""

from __future__ import annotations

import re

from cvdata.evaluate.report import EvalReport
from cvdata.evaluate.settings import EvalSettings

__all__ = ["POINT", "of_class", "text_of", "values", "without_style"]

POINT = EvalSettings(resamples=0)


def values(report: EvalReport) -> dict[str, float | None]:
    return {name: number.value for name, number in report.metrics.items()}


def of_class(report: EvalReport, name: str) -> dict[str, float | None]:
    found = next(c for c in report.classes if c.name == name)
    return {metric: number.value for metric, number in found.metrics.items()}


def without_style(html: str) -> str:
    return re.sub(r"<style>.*?</style>|<script>.*?</script>", "", html, flags=re.DOTALL)


def text_of(html: str) -> str:
    """Return what a reader sees, without markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", without_style(html)).split())
