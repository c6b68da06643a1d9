"""Parts of an evaluation held against each other as text: two models, parts of the data, and other protocols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import show
from .eval_figures import change, figure, plain
from .table import table_lines

if TYPE_CHECKING:
    from ..evaluate.report import Comparison, ComparisonRow, EvalReport, Explanation
    from .pen import Paper

__all__ = ["comparison_lines", "explanation_lines", "slice_lines"]

_MOST_CLASSES = 20
_LONGEST_NAME = 20
_COLOURS = {"better": "good", "worse": "error"}


def comparison_lines(report: EvalReport, paper: Paper) -> list[str]:
    """Return the figures of two models side by side, each difference with its verdict."""
    from ..evaluate.words import why_undecided

    made = report.comparison
    if made is None:
        return []
    lines = [paper.pen("bold", "first and second model, on the same pictures; all else is about the first")]
    lines += [f"first   {made.first}", f"second  {made.second}"]
    lines += _comparison_table([("all classes" if row.name is None else row.name, row) for row in made.metrics], paper)
    decided = [row for row in made.classes if row.verdict != "too few objects to say"]
    if made.classes:
        shown = decided[:_MOST_CLASSES] if len(made.classes) > _MOST_CLASSES else made.classes
        lines += ["", *_comparison_table([(row.name or "", row) for row in shown], paper, heading="class")]
        more = len(made.classes) - len(shown)
        if more > 0:
            lines.append(f"and {more:,} more classes (--json has all)")
    if made.classes:
        lines += paper.wrapped(_counted(made))
    note = f"{made.correction.rstrip('.')}; {100 * made.intervals.level:g} % intervals of the difference"
    why = why_undecided(made)
    return [*lines, *paper.wrapped(note), *(paper.wrapped(why) if why else [])]


def _counted(made: Comparison) -> str:
    words = [row.verdict for row in made.classes]
    counts = [f"{words.count(word):,} {word}" for word in ("better", "worse") if word in words]
    few = words.count("too few objects to say")
    if few:
        counts.append(f"{few:,} with too few objects to say")
    return f"of the second model's classes: {', '.join(counts)}"


def _comparison_table(rows: Sequence[tuple[str, ComparisonRow]], paper: Paper, heading: str = "") -> list[str]:
    metric = rows[0][1].metric if rows and heading else ""
    heads = [f"{heading} ({metric})" if heading else "", "first", "second", "difference"]
    cells = []
    for name, row in rows:
        label = show(name, _LONGEST_NAME) if heading else row.metric
        cells.append([label, plain(row.first), plain(row.second), figure(row.difference, signed=True)])
    lines = table_lines(heads, cells)
    for at, (_, row) in enumerate(rows, 1):
        colour = _COLOURS.get(row.verdict)
        lines[at] += f"  {paper.pen(colour, row.verdict) if colour else row.verdict}"
    return lines


def slice_lines(report: EvalReport, paper: Paper) -> list[str]:
    """Return the figures of each part of the data."""
    lines: list[str] = []
    for by in dict.fromkeys(row.by for row in report.slices):
        rows = [row for row in report.slices if row.by == by]
        first, *others = list(rows[0].metrics) or [""]
        heads = [f"by {show(by, _LONGEST_NAME)}", "pictures", "objects", first, *others]
        cells = []
        for row in rows:
            figures = [figure(row.metrics[first]) if first else "", *(plain(row.metrics[n].value) for n in others)]
            cells.append([show(row.value, _LONGEST_NAME), f"{row.pictures:,}", f"{row.objects:,}", *figures])
        while len(heads) > 4 and max(map(len, table_lines(heads, cells))) > paper.room:
            heads, cells = heads[:-1], [row[:-1] for row in cells]
        table = table_lines(heads, cells)
        lines += [*([""] if lines else []), paper.pen("bold", table[0]), *table[1:]]
    return lines


def explanation_lines(report: EvalReport, paper: Paper) -> list[str]:
    """Return the same predictions by other rules, and which rule makes which part of the difference."""
    made = report.explanation
    if not made:
        return []
    names = list(dict.fromkeys(name for one in made for name in one.metrics))
    rows = [[_rules_of(one), *(plain(one.metrics.get(name)) for name in names)] for one in made]
    while len(names) > 1 and max(map(len, table_lines(["by the rules of", *names], rows))) > paper.room:
        names, rows = names[:-1], [row[:-1] for row in rows]
    lines = [paper.pen("bold", "the same predictions by other rules"), *table_lines(["by the rules of", *names], rows)]
    for one in made:
        lines += _steps(one, paper)
    return lines


def _rules_of(one: Explanation) -> str:
    from ..evaluate.words import PROTOCOLS

    return PROTOCOLS[one.protocol].removeprefix("Pascal ")


def _steps(one: Explanation, paper: Paper) -> list[str]:
    """Walk from COCO's rules to these, a figure at a time, over the steps that change something."""
    from ..evaluate.words import moved

    lines = []
    for metric in dict.fromkeys(step.metric for step in one.steps):
        steps = [step for step in one.steps if step.metric == metric]
        told = [step for step in steps if moved(step)]
        if one.protocol == "coco" and not told:
            continue
        way = f"{metric} {plain(steps[0].before)} -> {plain(steps[-1].after)}"
        lines += [
            "",
            f"from COCO to {_rules_of(one)}: {way}" if one.protocol != "coco" else f"within COCO: {way}",
        ]
        width = max((len(step.rule) for step in told), default=0)
        for step in told:
            difference = None if step.before is None or step.after is None else step.after - step.before
            start = f"  {step.rule:<{width}}  {_exact(difference):>7}  "
            text = paper.wrapped(step.what, len(start))
            lines += [start + text[0].strip(), *text[1:]]
        still = dict.fromkeys(step.rule for step in steps if not moved(step))
        if still:
            lines += paper.wrapped(f"no difference: {', '.join(still)}", 2)
    return lines


def _exact(difference: float | None) -> str:
    """Write a difference so that a small one does not look like none."""
    if difference is not None and 0 < abs(difference) < 0.0005:
        return f"{difference:+.0e}"
    return change(difference)
