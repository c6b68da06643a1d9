"""A balance as lines for people: each class before and after, how even they are, and what stays apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import plural
from .table import table_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..curate.balance import BalancePart, MadeCounts

__all__ = ["difference_lines", "plan_lines"]

_MOST_CLASSES = 40
_MOST_WARNINGS = 8
_LONGEST_NAME = 40


def plan_lines(part: BalancePart) -> list[str]:
    """Return a plan as lines."""
    return [
        _headline(part),
        "",
        *_classes(part),
        "",
        *_measures(part),
        *_shortfalls(part),
        *(f"note: {note}" for note in part.notes),
    ]


def _headline(part: BalancePart) -> str:
    where = "the dataset has no splits" if part.splits is None else f"only {', '.join(map(show, part.splits))}"
    goal = ""
    if part.goal is not None:
        what = "floor" if part.strategy == "undersample" else "goal"
        goal = f", {what} {part.goal:,} objects of each class"
    if part.threshold is not None:
        goal = f", threshold {100 * part.threshold:.4g} % of the pictures"
    return f"{part.strategy}{goal}; {plural(part.repeats.pictures, 'training picture')} ({where})"


def _classes(part: BalancePart) -> list[str]:
    """Return the table, most objects first; of very many the largest and the rarest, without those that are absent."""
    ranked = sorted(part.classes, key=lambda c: -c.objects.now)
    if len(ranked) > _MOST_CLASSES:
        ranked = [c for c in ranked if c.objects.now]
    rows = []
    for one in ranked:
        now, after = one.objects.now, one.objects.after
        numbers = (now, one.objects.reachable, after)
        times = f"x {after / now:.2f}".removesuffix(".00") if now and after != now else ""
        pictures = (one.pictures.now, one.pictures.reachable, one.pictures.after)
        rows.append([show(one.name, _LONGEST_NAME), *(f"{n:,}" for n in numbers), times, *(f"{n:,}" for n in pictures)])
    hidden = len(part.classes) - min(len(rows), _MOST_CLASSES)
    heads = ["class", "objects", "reachable", "after", "", "pictures", "reachable", "after"]
    half = _MOST_CLASSES // 2
    long = len(rows) > _MOST_CLASSES
    lines = table_lines(heads, [*rows[:half], *rows[-half:]] if long else rows)
    if hidden > 0:
        more = f"... {hidden:,} more; --plot FILE.html and --json have them all"
        lines.insert(1 + half if long else len(lines), more)
    return lines


def _measures(part: BalancePart) -> list[str]:
    lines = []
    if part.before.ratio is not None and part.after.ratio is not None:
        lines.append(f"largest class : smallest  {part.before.ratio:,.1f} -> {part.after.ratio:,.1f}")
    if part.before.entropy is not None and part.after.entropy is not None:
        lines.append(f"evenness (1 is even)      {part.before.entropy:.3f} -> {part.after.entropy:.3f}")
    repeats = part.repeats
    how = "none of them repeated"
    if repeats.repeated:
        how = f"{repeats.repeated:,} of them repeated, up to {repeats.most} times in all"
    if part.strategy == "undersample":
        how = f"{repeats.removed:,} left out"
    elif part.strategy in ("augment", "copy-paste"):
        how = f"new ones made of {repeats.repeated:,} of them, up to {repeats.most - 1} of each"
        if not repeats.repeated:
            how = "no new ones"
    if part.pasted:
        how += f"; {part.pasted:,} objects to paste"
    lines.append(f"training pictures         {repeats.pictures:,} -> {repeats.after:,} ({how})")
    return lines


def _shortfalls(part: BalancePart) -> list[str]:
    verb = "stays at" if part.strategy == "undersample" else "reaches"
    absent = [show(s.name, _LONGEST_NAME) for s in part.shortfalls if s.reason == "absent"]
    others = [s for s in part.shortfalls if s.reason != "absent"]
    lines = [
        f"warning: '{show(s.name, _LONGEST_NAME)}' {verb} {s.after:,} of {s.wanted:,}: {s.message}"
        for s in others[:_MOST_WARNINGS]
    ]
    if len(others) > _MOST_WARNINGS:
        lines.append(f"and {len(others) - _MOST_WARNINGS:,} more such classes; --json has them all")
    if absent:
        few = ", ".join(absent[:_MOST_WARNINGS]) + (", ..." if len(absent) > _MOST_WARNINGS else "")
        lines.append(f"warning: no training picture shows {plural(len(absent), 'class')}: {few}")
    return lines


def difference_lines(part: BalancePart, made: MadeCounts, objects: Mapping[str, int]) -> list[str]:
    """Say where new pictures came out otherwise than planned."""
    lines = []
    if made.unplaced:
        lines.append(f"{made.unplaced:,} of {part.pasted:,} objects found no place and were not pasted")
    if made.dropped:
        lines.append(f"{made.dropped:,} objects of the new pictures got no label: too little of them was left")
    others = [c for c in part.classes if objects[c.name] != c.objects.after]
    if others:
        rows = [[show(c.name, _LONGEST_NAME), f"{c.objects.after:,}", f"{objects[c.name]:,}"] for c in others]
        lines += ["", *table_lines(["class", "planned", "written"], rows[:_MOST_CLASSES])]
    return lines
