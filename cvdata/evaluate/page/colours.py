"""Colours of verdicts and of label errors: Okabe and Ito's, told apart by all kinds of colour vision."""

from __future__ import annotations

from ..diagnosis import Verdict

__all__ = ["LABEL_COLOURS", "NEIGHBOUR", "PLAIN", "VERDICT_COLOURS"]

_GREEN, _VERMILLION, _ORANGE, _PURPLE, _SKY, _YELLOW, _GREY = (
    "#009e73", "#d55e00", "#e69f00", "#cc79a7", "#56b4e9", "#f0e442", "#8a8f94",
)  # fmt: skip

VERDICT_COLOURS = {
    Verdict.TRUE: _GREEN,
    Verdict.FOUND: _GREEN,
    Verdict.MISSED: _VERMILLION,
    Verdict.BACKGROUND: _VERMILLION,
    Verdict.WRONG_CLASS: _PURPLE,
    Verdict.BADLY_PLACED: _ORANGE,
    Verdict.BOTH: _YELLOW,
    Verdict.DUPLICATE: _SKY,
    Verdict.IGNORED: _GREY,
    Verdict.UNSURE: _GREY,
}

LABEL_COLOURS = {"missing": _VERMILLION, "spurious": _ORANGE, "swapped": _PURPLE}

NEIGHBOUR = "#56b4e9"
"""What else is labelled around a probable label error."""

PLAIN = "#0072b2"
"""An object that nothing is said of."""
