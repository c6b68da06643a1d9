"""Figures that must be reached: `mAP=0.4,AP50.cat=0.6`, for builds that fail when a model gets worse."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageError, nearest_of, show
from .report import EvalReport, Number

__all__ = ["Gate", "Judgement", "check_classes", "judge", "parse_gates"]

_FORM = (
    "give METRIC=NUMBER or METRIC.CLASS=NUMBER, such as mAP=0.4,AP50.cat=0.6; a class with a comma, an = or a quote in "
    'its name stands in quotes: AP50."a, b"=0.6'
)

# A class with a comma, an equals sign or a quote in its name stands in quotes, and a quote in it is doubled, as in CSV.
_GATE = re.compile(
    r"""\s* (?P<metric> [^.,="'\s]+ ) \s*
    (?: \. \s* (?: "(?P<double>(?:[^"]|"")*)" | '(?P<single>(?:[^']|'')*)' | (?P<bare>[^,="']+) ) \s* )?
    = \s* (?P<least> [^,]*? ) \s* (?: , | $ )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """A figure that must not be lower.

    Attributes:
        metric: name of the figure; `name`: of the class, None for all classes together.
        least: the lowest value that passes.
    """

    metric: str
    name: str | None
    least: float

    def __str__(self) -> str:
        return self.metric if self.name is None else f"{self.metric} of {show(self.name, 60)}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a gate.

    Attributes:
        value: the figure; None where it is not defined, which fails the gate: nobody knows that it is high enough.
    """

    gate: Gate
    value: float | None

    @property
    def passed(self) -> bool:
        """Tell whether the figure reaches the gate."""
        return self.value is not None and self.value >= self.gate.least

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.gate} is not defined (no such objects), and should be at least {self.gate.least:g}"
        shown = f"{self.value:.4f}"
        if not self.passed and float(shown) >= self.gate.least:  # rounding would make it look as if it had passed
            shown = repr(self.value)
        return f"{self.gate} is {shown}, {'at least' if self.passed else 'under'} {self.gate.least:g}"


def parse_gates(given: Sequence[str]) -> tuple[Gate, ...]:
    """Read gates as they stand on a command line: `mAP=0.4,AP50."a.b, c"=0.6`.

    Raises:
        UsageError: one is not of that form, its number is none from 0 to 1, or no report has such a figure.
    """
    gates = []
    for text in given:
        at = 0
        while at == 0 or at < len(text):
            found = _GATE.match(text, at)
            if found is None:
                raise UsageError(f"--fail-under: '{show(text[at:].strip())}' is no gate", hint=_FORM)
            _refuse_unknown(found["metric"])
            gates.append(Gate(found["metric"], _class_in(found), _least(found["least"])))
            at = found.end()
    return tuple(gates)


_NUMBERED_OR_SIZED = re.compile(r"m?A[PR](\d+|[a-z]|_.+)?", re.IGNORECASE)


def _refuse_unknown(metric: str) -> None:
    """Refuse what is a figure of no report; whether one has it shows when it is there."""
    if metric.casefold() == "ece":
        what = "--fail-under: ECE is better the lower it is, and a gate is the lowest value that passes"
        raise UsageError(what, hint="gate another figure; --json has ECE")
    if _NUMBERED_OR_SIZED.fullmatch(metric):
        return
    from .words import figure_names

    known = [*figure_names(), *_OFTEN]
    folded = {f"{name}{part}".casefold() for name in known for part in ("", "_things", "_stuff")}
    if not folded & {name.casefold() for name in _spellings(metric)}:
        raise UsageError(f"--fail-under: there is no figure '{show(metric)}'", hint=nearest_of(metric, known))


_OFTEN = ("AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


def check_classes(gates: Sequence[Gate], classes: Sequence[str]) -> None:
    """Refuse a gate on a class that is not there, before anything that takes long.

    Raises:
        UsageError: there is no such class.
    """
    known = set(classes)
    for gate in gates:
        # The name of a figure may have a point itself, such as AP72.5: what stands behind it is no class then.
        if gate.name is None or gate.name in known or _WITH_A_POINT.match(f"{gate.metric}.{gate.name}."):
            continue
        raise _no_class(gate.name, classes)


_WITH_A_POINT = re.compile(r"A[PR](\d+\.\d+\.|_)")


def _no_class(name: str, classes: Sequence[str]) -> UsageError:
    return UsageError(f"--fail-under: there is no class '{show(name)}'", hint=nearest_of(name, classes))


def _class_in(found: re.Match[str]) -> str | None:
    for kind, quote in (("double", '"'), ("single", "'")):
        quoted = found[kind]
        if quoted is not None:
            return str(quoted).replace(quote * 2, quote)
    bare = found["bare"]
    return None if bare is None else str(bare).strip()


def _least(text: str) -> float:
    try:
        least = float(text)
    except ValueError:
        least = math.nan
    if not 0 <= least <= 1:
        raise UsageError(f"--fail-under: '{show(text)}' is no number from 0 to 1", hint=_FORM)
    return least


def judge(report: EvalReport, gates: Sequence[Gate]) -> list[Judgement]:
    """Hold the figures of a report against gates.

    Raises:
        UsageError: the report has no such figure or class.
    """
    classes = {row.name: row.metrics for row in report.classes}
    quick = report.task == "detection" and not report.settings.get("details", True)
    judged = []
    for given in gates:
        gate = _whole(given, list(report.metrics))
        if gate.name is not None and gate.name not in classes:
            raise _no_class(gate.name, list(classes))
        figures = report.metrics if gate.name is None else classes[gate.name]
        judged.append(Judgement(gate, _value(gate, figures, quick=quick)))
    return judged


def _whole(gate: Gate, metrics: Sequence[str]) -> Gate:
    """Put a figure together whose own name has a point in it, such as AP72.5."""
    for metric in metrics:
        whole = f"{gate.metric}.{gate.name}."
        if "." in metric and whole.startswith(f"{metric}."):
            return Gate(metric, whole[len(metric) + 1 : -1] or None, gate.least)
    return gate


def _value(gate: Gate, figures: dict[str, Number], *, quick: bool) -> float | None:
    metric, of = gate.metric, "" if gate.name is None else " of a class"
    folded = {name.casefold(): name for name in reversed(figures)}
    for name in _spellings(metric):
        found = name if name in figures else folded.get(name.casefold())
        if found is not None:
            return figures[found].value
    left_out = quick and metric.casefold() in _WITHOUT_QUICK
    hint = "leave out --quick, which computes the main figures alone" if left_out else nearest_of(metric, list(figures))
    raise UsageError(f"--fail-under: there is no figure '{show(metric)}'{of}", hint=hint)


_WITHOUT_QUICK = ("f1", "precision", "recall", "mean_iou")
"""Figures of objects that rest on the errors."""


def _spellings(metric: str) -> list[str]:
    """Return a name and what others call the same figure: mAP is COCO's AP, mAP50-95 what Ultralytics calls it."""
    bare = metric[1:] if metric[:3].casefold() == "map" else metric
    names = [metric, bare, f"m{bare}"]
    return [*names, "AP", "mAP"] if bare.casefold() in ("ap50-95", "ap@50:95") else names
