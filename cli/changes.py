"""What changed between two datasets, as lines for people: with colours on a terminal, plain in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from ..errors import show

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ..curate.diff import (
        AnnotationCounts,
        Change,
        ClassChange,
        DiffReport,
        PictureChange,
        PictureCounts,
        Shift,
    )

__all__ = ["counts_in_words", "pictures_in_words", "plain_console", "print_changes", "signed"]

_MOST_CLASSES = 20
_MOST_RELABELLED = 5
_COLOURS = {"+": "green", "-": "red", ">": "yellow", "~": "magenta", "*": "cyan"}
_PIPE_WIDTH = 200  # a table is as wide as it has to be where nobody looks at it


def plain_console() -> Console:
    """Return a console on stdout that takes names from files as they are; in a pipe no line is broken."""
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, _PIPE_WIDTH)
    return console


def print_changes(report: DiffReport, limit: int) -> None:
    """Print a report: totals, a table of the classes that changed, then change by change."""
    console = plain_console()
    console.print(f"{report.before.name} -> {report.after.name}", style="bold")
    console.print()
    if report.same:
        console.print(f"nothing differs in {_totals(report)}")
    else:
        console.print(_overview(report))
        touched = [row for row in report.by_class if row.before != row.equal or row.after != row.equal]
        if touched:
            console.print()
            console.print(_classes(report))
        for line in _remarks(report):
            console.print(line)
        _print_lines(console, report, limit)
    for side, name in ((report.before, "A"), (report.after, "B")):
        if side.left_out:
            items = f"{side.left_out:,} bad items of {name} were" if side.left_out > 1 else f"1 bad item of {name} was"
            console.print(f"note: {items} left out; cvdata check names them")


def _totals(report: DiffReport) -> str:
    side = report.before
    return f"{side.images:,} pictures, {side.annotations:,} annotations, {side.classes:,} classes"


def _table(*heads: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=not number)
    return table


def _overview(report: DiffReport) -> Table:
    table = _table("", "A", "B")
    table.add_column("what changed", justify="left")
    a, b = report.before, report.after
    table.add_row("pictures", f"{a.images:,}", f"{b.images:,}", pictures_in_words(report.pictures))
    table.add_row("annotations", f"{a.annotations:,}", f"{b.annotations:,}", counts_in_words(report.counts))
    table.add_row("classes", f"{a.classes:,}", f"{b.classes:,}", _classes_in_words(report))
    return table


def counts_in_words(counts: AnnotationCounts) -> str:
    """Say how many annotations changed and how: `3 added, 1 moved`."""
    kinds = ("added", "removed", "moved", "relabelled", "changed")
    return _words((getattr(counts, kind), "differ in other columns" if kind == "changed" else kind) for kind in kinds)


def pictures_in_words(counts: PictureCounts) -> str:
    """Say how many pictures came, went or differ."""
    phrases = (
        ("added", "added"),
        ("removed", "removed"),
        ("renamed", "renamed"),
        ("replaced", "with another content"),
        ("resized", "of another size"),
        ("split", "in another split"),
        ("state", "in another state"),
        ("touched", "with other annotations"),
    )
    return _words((getattr(counts, name), phrase) for name, phrase in phrases)


def _classes_in_words(report: DiffReport) -> str:
    kinds: list[str] = [change.kind for change in report.class_changes]
    words = [(kinds.count(kind), phrase) for kind, phrase in _CLASS_PHRASES]
    return ", ".join([*filter(None, [_words(words, nothing="")]), *(["in another order"] if report.reordered else [])])


_CLASS_PHRASES = (
    ("added", "added"),
    ("removed", "removed"),
    ("renamed", "renamed"),
    ("renumbered", "with another id"),
)


def _words(numbers: Iterator[tuple[int, str]] | list[tuple[int, str]], nothing: str = "the same") -> str:
    return ", ".join(f"{number:,} {phrase}" for number, phrase in numbers if number) or nothing


def signed(number: int) -> str:
    """Return `+3`, `-1,000`, or nothing for 0."""
    return f"{number:+,}" if number else ""


def _classes(report: DiffReport) -> Table:
    """Show the classes that changed, the most changed first where there are too many."""
    rows = [row for row in report.by_class if row.before != row.equal or row.after != row.equal]
    if len(rows) > _MOST_CLASSES:
        rows.sort(key=lambda row: row.equal - max(row.before, row.after))
    table = _table("class", "A", "B", "equal", "added", "removed", "moved", "relabelled", "other")
    for row in rows[:_MOST_CLASSES]:
        turned = " ".join(filter(None, [signed(-row.relabelled_from), signed(row.relabelled_to)]))
        table.add_row(
            show(row.name, 40),
            f"{row.before:,}",
            f"{row.after:,}",
            f"{row.equal:,}",
            _coloured(signed(row.added), "+"),
            _coloured(signed(-row.removed), "-"),
            _coloured(f"{row.moved:,}" if row.moved else "", ">"),
            _coloured(turned, "~"),
            _coloured(f"{row.changed:,}" if row.changed else "", "*"),
        )
    if len(rows) > _MOST_CLASSES:
        table.add_row(f"and {len(rows) - _MOST_CLASSES:,} more classes: --json")
    return table


def _coloured(text: str, sign: str) -> Text:
    from rich.text import Text

    return Text(text, _COLOURS[sign])


def _remarks(report: DiffReport) -> Iterator[str]:
    """Yield what the tables leave open: how far boxes moved, which class became which, which columns differ."""
    yield ""
    if report.shift is not None:
        mean, median, largest = map(_px, (report.shift.mean, report.shift.median, report.shift.largest))
        several = f"{median} px in the median, {mean} px on average, {largest} px at most"
        yield f"moved by: {several if mean != largest else f'{largest} px'}"
        yield from _pattern(report.shift)
    few = report.relabelled[:_MOST_RELABELLED]
    if few:
        more = ", ..." if len(report.relabelled) > len(few) else ""
        named = ", ".join(f"{show(r.before)} -> {show(r.after)} ({r.count:,})" for r in few)
        yield f"relabelled: {named}{more}"
    if report.columns:
        yield "columns that differ: " + ", ".join(f"{name} ({count:,})" for name, count in report.columns.items())


def _pattern(shift: Shift) -> Iterator[str]:
    """Say what moves boxes that no person moved."""
    if shift.edges is not None:
        edges = ", ".join(f"{name} by {_px(by)}" for name, by in zip(_EDGES, shift.edges, strict=True) if round(by, 1))
        yield f"  all alike: {edges} px"
        if {round(abs(by), 1) for by in shift.edges} <= {0.0, 1.0}:
            yield "  two conventions of the first pixel: where one of them is VOC, see --voc-origin of cvdata convert"
        return
    for step, why in ((0.01, "YOLO writes six decimals"), (0.75, "VOC writes whole pixels")):
        if shift.largest <= step:
            yield f"  that is rounding: {why}; --tolerance {step} takes such boxes for equal"
            return


_EDGES = ("left", "top", "right", "bottom")


def _px(value: float) -> str:
    """Return a length with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{float(f'{value:.3g}'):.10f}".rstrip("0").rstrip(".")


def _print_lines(console: Console, report: DiffReport, limit: int) -> None:
    counts = report.counts
    came = sum(change.annotations for change in report.picture_changes)
    total = counts.added + counts.removed + counts.moved + counts.relabelled + counts.changed - came
    pictures = list(_picture_lines(report.picture_changes))
    for lines, number, what in (
        (map(_class_line, report.class_changes), len(report.class_changes), "classes"),
        (iter(pictures), len(pictures), "lines on pictures"),
        (map(_change_line, report.changes), total, "annotations"),
    ):
        if not number or not limit:
            continue
        console.print()
        shown = list(islice(lines, limit))
        for line in shown:
            console.print(line, style=_COLOURS[line[0]])
        if number > len(shown):
            console.print(f"... and {number - len(shown):,} more {what}; --limit lists more, --json all")


def _class_line(change: ClassChange) -> str:
    name = show(change.name)
    if change.kind == "renamed":
        return f"~ class {name} -> {show(change.after or '')}: all of its {change.annotations:,} annotations"
    if change.kind == "renumbered":
        return f"* class {name}: id {show(change.before or '')} -> {show(change.after or '')}"
    return f"{'+' if change.kind == 'added' else '-'} class {name}"


_BY = {"content": "the same content", "base-name": "the same name in another folder", "stem": "the same stem"}


_TOGETHER = 4  # pictures that went from one split or state to another that share a line


def _picture_lines(changes: list[PictureChange]) -> Iterator[str]:
    """Yield a line per picture, and one for all that went the same way, where they are many."""
    ways: dict[tuple[str, str | None, str | None], list[PictureChange]] = {}
    for change in changes:
        if change.kind in ("split", "state"):
            ways.setdefault((change.kind, change.before, change.after), []).append(change)
    many = {way: alike for way, alike in ways.items() if len(alike) >= _TOGETHER}
    for (kind, before, after), alike in many.items():
        yield f"* {len(alike):,} pictures: {kind} {show(before or 'none')} -> {show(after or 'none')}"
    for change in changes:
        if (change.kind, change.before, change.after) not in many:
            yield _picture_line(change)


def _picture_line(change: PictureChange) -> str:
    name = show(change.image)
    before, after = (show(value) if value is not None else "none" for value in (change.before, change.after))
    if change.kind in ("added", "removed"):
        sign = "+" if change.kind == "added" else "-"
        return f"{sign} picture {name} ({change.annotations:,} annotation{'s' * (change.annotations != 1)})"
    if change.kind == "renamed":
        return f"> picture {name} -> {after} ({_BY.get(change.by or '', 'the same')})"
    if change.kind == "replaced":
        return f"* picture {name}: another content (SHA-256 {before[:12]}... -> {after[:12]}...)"
    words = {"resized": "size", "split": "split", "state": "state"}
    return f"* picture {name}: {words[change.kind]} {before} -> {after}"


def _change_line(change: Change) -> str:
    before, after = show(change.class_before or ""), show(change.class_after or "")
    others = f" [{', '.join(change.columns)}]" if change.columns else ""
    moved = "" if change.moved_px is None else f" moved {_px(change.moved_px)} px"
    if moved and _box(change.box_before) != _box(change.box_after):
        moved += f" to {_box(change.box_after)}"
    name = show(change.image)
    if change.kind == "added":
        return f"+ {name}: {after} {_box(change.box_after)}"
    if change.kind == "removed":
        return f"- {name}: {before} {_box(change.box_before)}"
    if change.kind == "moved":
        return f"> {name}: {before} {_box(change.box_before)}{moved}{others}"
    if change.kind == "relabelled":
        return f"~ {name}: {before} -> {after} {_box(change.box_before)}{moved}{others}"
    return f"* {name}: {before} {_box(change.box_before)}{others}"


def _box(box: tuple[float, float, float, float] | None) -> str:
    """Return x,y,width,height, to a hundredth of a pixel."""
    return "(whole picture)" if box is None else ",".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in box)
