"""What the errors cost, two models beside each other, slices, other protocols, and the settings."""

from __future__ import annotations

import json

from ...reports.markup import join, tag
from ...reports.page import Cell, Page, Shown, badge
from ...reports.scales import plural
from ...reports.spans import Span, spans
from ..report import Comparison, ComparisonRow, Difference, EvalReport, Explanation, Number, Slice
from ..words import KINDS_OF_ERROR, PROTOCOLS, between, figure, likeness, model_names, moved, name_of, why_undecided
from .opening import TONES

__all__ = ["comparison_section", "error_section", "explanation_section", "settings_section", "slice_section"]

_MOST_OPEN = 20


def error_section(page: Page, report: EvalReport) -> None:
    """Add what each kind of error costs, what it is and what helps."""
    held = report.errors
    if held is None or not report.detections:
        return
    ap = "" if held.ap is None else f" AP50 is {held.ap:.3f}."
    page.section("What errors cost", f"How much AP50 would rise if one kind of error were mended alone (TIDE).{ap}")
    ranked = sorted(held.kinds, key=lambda kind: -(kind.cost.value or 0.0))
    rows = [
        Span(KINDS_OF_ERROR[k.name].title, k.cost.value, k.cost.low, k.cost.high, "s5", plural(k.count, "error"))
        for k in ranked
    ]
    sides = [("all false alarms", held.false_positive), ("all misses", held.false_negative)]
    rows += [Span(name, number.value, number.low, number.high, "s6") for name, number in sides]
    with page.columns():
        page.figure(
            spans(rows, title="AP50 that mending each would bring", bars=True),
            "Mending one kind changes the others, so the bars do not add up. Grey: both sides as a whole.",
        )
        with page.stack():
            for kind in ranked:
                words = KINDS_OF_ERROR[kind.name]
                told = join(
                    [tag("strong", f"{words.title} ({kind.count:,}). "), f"{likeness(words.what, report)} {words.cure}"]
                )
                if kind.count:
                    page.text(told)
    if held.verdicts:
        page.text(f"At confidence {held.score:.2f}: {_verdicts(held.verdicts)}.")


_OF_OBJECTS = ("found", "missed")


def _verdicts(counts: dict[str, int]) -> str:
    """Count detections and objects by what became of them."""
    said = []
    for noun, own in (("detections", False), ("objects", True)):
        parts = [
            f"{count:,} {verdict}" for verdict, count in counts.items() if count and (verdict in _OF_OBJECTS) == own
        ]
        if parts:
            said.append(f"of the {noun} {', '.join(parts)}")
    return "; ".join(said)


_KINDS = {"better": "s2", "worse": "s5"}


def comparison_section(page: Page, report: EvalReport) -> None:
    """Add which of two models is better, in what, and where there are too few objects to say."""
    held = report.comparison
    if held is None:
        return
    first, second = model_names(held.first, held.second)
    page.section("Comparison", f"{second} against {first}. {_paired(held)}")
    with page.columns():
        _differences(page, [(row.metric, row) for row in held.metrics], f"{second} less {first}")
        if held.classes:
            ranked = sorted(held.classes, key=lambda row: -abs(row.difference.value or 0.0))
            title = f"{held.classes[0].metric} by class, largest difference first"
            _differences(page, [(row.name or "", row) for row in ranked], title)
    _comparison_table(page, held.metrics, ["figure", first, second], by_class=False)
    if held.classes:
        summary = f"All {len(held.classes):,} classes"
        with page.details(summary, opened=len(held.classes) <= _MOST_OPEN):
            if why := why_undecided(held):
                page.text(f"{why[0].upper()}{why[1:]}.")
            _comparison_table(page, held.classes, ["class", first, second], by_class=True)


_SIDES = "Right of zero the second is better. Green: better, orange: worse; blue: too few objects to say."


def _paired(held: Comparison) -> str:
    level = f"{100 * held.intervals.level:g} %"
    return (
        f"Both on the same {plural(held.intervals.units, held.intervals.unit[:-1])}, resampled together "
        f"{held.intervals.resamples:,} times; {level} intervals of the differences. "
        f"Corrected for many verdicts: {held.correction.rstrip('.')}."
    )


def _differences(page: Page, rows: list[tuple[str, ComparisonRow]], title: str) -> None:
    """Draw the differences that are defined, each in the colour of its verdict."""
    drawn = []
    for name, row in rows:
        number, kind = row.difference, _KINDS.get(row.verdict, "mark")
        if number.value is not None:
            drawn.append(Span(name_of(name), number.value, number.low, number.high, kind, row.verdict))
    if drawn:
        page.figure(spans(drawn, title=title, signed=True, limit=20), _SIDES)


def _comparison_table(page: Page, held: list[ComparisonRow], heads: list[str], *, by_class: bool) -> None:
    rows: list[list[Cell]] = [
        [
            name_of(row.name or "all") if by_class else row.metric,
            figure(row.first),
            figure(row.second),
            None if row.difference.value is None else Shown(f"{row.difference.value:+.3f}", row.difference.value),
            between(row.difference, signed=True) or None,
            row.objects,
            badge(row.verdict, TONES.get(row.verdict, "plain")),
        ]
        for row in held
    ]
    page.table([*heads, "difference", "interval", "objects", "verdict"], rows, align="lrrrrrl")


def slice_section(page: Page, report: EvalReport) -> None:
    """Add the figures of parts of the pictures or objects."""
    if not report.slices:
        return
    page.section("Parts", "The same figures on parts of the pictures or of the objects.")
    for by in dict.fromkeys(part.by for part in report.slices):
        parts = [part for part in report.slices if part.by == by]
        metrics = list(dict.fromkeys(name for part in parts for name in part.metrics))
        with page.columns():
            if metrics:
                rows = [_slice_span(part, metrics[0]) for part in parts]
                title = f"{metrics[0].replace('_', ' ')} by {name_of(by)}"
                page.figure(spans(rows, title=title, across=(0.0, 1.0)))
            table: list[list[Cell]] = [
                [name_of(part.value), part.pictures, part.objects, *(figure(_of(part, m).value) for m in metrics)]
                for part in parts
            ]
            heads = [name_of(by), "pictures", "objects", *(m.replace("_", " ") for m in metrics)]
            page.table(heads, table, align="l" + "r" * (len(heads) - 1))


def _of(part: Slice, metric: str) -> Number:
    return part.metrics.get(metric, Number(None))


def _slice_span(part: Slice, metric: str) -> Span:
    number, count = _of(part, metric), plural(part.objects, "object")
    return Span(name_of(part.value), number.value, number.low, number.high, note=count)


def explanation_section(page: Page, report: EvalReport) -> None:
    """Add the figures of other protocols, and which rule makes which part of the difference."""
    if not report.explanation:
        return
    page.section(
        "Other rules",
        "The same predictions under other rules: why a figure from another program differs, one rule at a time.",
    )
    metrics = list(dict.fromkeys(name for held in report.explanation for name in held.metrics))
    rows: list[list[Cell]] = [
        [PROTOCOLS[held.protocol], *(figure(held.metrics.get(name)) for name in metrics)] for held in report.explanation
    ]
    page.table(["rules", *metrics], rows, align="l" + "r" * len(metrics))
    for held in report.explanation:
        if any(map(moved, held.steps)) or (held.steps and held.protocol != "coco"):
            _steps(page, held)


def _steps(page: Page, held: Explanation) -> None:
    with page.panel("Within COCO" if held.protocol == "coco" else f"From COCO to {PROTOCOLS[held.protocol]}"):
        told = [step for step in held.steps if moved(step)]
        if told:
            rows: list[list[Cell]] = [
                [step.what, step.metric, figure(step.before), figure(step.after), _change(step)] for step in told
            ]
            page.table(["what changes", "figure", "before", "after", "difference"], rows, align="llrrr")
        same = list(dict.fromkeys(step.rule for step in held.steps if not moved(step)))
        if same:
            page.text(f"Without effect here: {', '.join(rule.replace('-', ' ') for rule in same)}.")


def _change(step: Difference) -> Cell:
    if step.before is None or step.after is None:
        return None
    change = step.after - step.before
    return Shown(f"{change:+.3f}" if abs(change) >= 0.0005 else f"{change:+.0e}", change)


def settings_section(page: Page, report: EvalReport) -> None:
    """Add the settings that the figures belong to."""
    page.section("Settings")
    rows: list[list[Cell]] = [
        ["truth", f"{name_of(report.truth)} ({name_of(report.truth_format)})"],
        ["found", f"{name_of(report.found)} ({name_of(report.found_format)})"],
        ["compared", report.kind],
        ["rules", report.protocol],
        ["engine", report.engine],
    ]
    known = {row[0] for row in rows}
    rows += [[key.replace("_", " "), _written(value)] for key, value in report.settings.items() if key not in known]
    with page.details("Everything the figures depend on"):
        page.table(["setting", "value"], rows, align="ll")


def _written(value: object) -> str:
    if isinstance(value, str):
        return name_of(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return name_of(text if len(text) <= 120 else f"{text[:110]} …")
