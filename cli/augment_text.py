"""What augmenting did as text for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import show
from ..reports.scales import plural
from .table import table_lines

if TYPE_CHECKING:
    from ..augment.settings import AugmentPart, AugmentReport, ClassChange, Skipped

__all__ = ["augment_lines", "made_lines"]

_MOST_CLASSES = 40
_LONGEST_NAME = 40


def augment_lines(report: AugmentReport) -> list[str]:
    """Return what was made, of what, and what it changed."""
    return [*made_lines(report.augment), *_skipped_lines(report.skipped), *_class_lines(report.augment.classes)]


def made_lines(part: AugmentPart) -> list[str]:
    """Return how many pictures were made, and what became of objects at their edges."""
    how = f"recipe {show(part.recipe)}: " if part.recipe is not None else ""
    lines = [f"{how}{plural(part.copies, 'new picture')} of {plural(part.parents, 'picture')}"]
    joined = [f"{count:,} {what}" for count, what in ((part.mosaics, "mosaics"), (part.mixups, "mixups")) if count]
    if joined:
        lines.append(f"among them: {', '.join(joined)}")
    if part.pasted or part.unplaced:
        rest = f"; no room for {part.unplaced:,} more" if part.unplaced else ""
        lines.append(f"pasted in: {plural(part.pasted, 'object')}{rest}")
    if part.dropped:
        rule = part.remnants
        lines.append(
            f"remnants: {plural(part.dropped, 'object')} of which less than {100 * rule.min_visible:g} % or "
            f"{rule.min_side:g} px were left got no label"
        )
    if part.failed:
        lines.append(f"could not be made: {plural(part.failed, 'picture')}")
    return lines


def _skipped_lines(skipped: Skipped) -> list[str]:
    said = (
        (skipped.other_splits, "not for training"),
        (skipped.unlabelled, "not labelled"),
        (skipped.augmented, "made by an earlier run"),
        (skipped.other_classes, "without these classes"),
        (skipped.missing, "not found"),
    )
    parts = [f"{count:,} {why}" for count, why in said if count]
    return [f"no copies of: {', '.join(parts)}"] if parts else []


def _class_lines(classes: list[ClassChange]) -> list[str]:
    """Return each class before and after; those that gained most where there are many."""
    ranked = list(classes)
    if len(ranked) > _MOST_CLASSES:
        ranked.sort(key=lambda row: row.objects_before - row.objects_after)
    rows = [
        (
            show(row.name, _LONGEST_NAME),
            f"{row.objects_before:,}",
            f"{row.objects_after:,}",
            f"{row.pictures_before:,}",
            f"{row.pictures_after:,}",
        )
        for row in ranked[:_MOST_CLASSES]
    ]
    lines = ["", *table_lines(["class", "objects", "after", "pictures", "after"], rows), ""] if rows else []
    more = len(ranked) - _MOST_CLASSES
    return [*lines[:-1], f"and {more:,} more (--json has all)", ""] if more > 0 else lines
