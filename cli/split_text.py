"""A certificate of a split as text for people."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from ..errors import show
from .table import table_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..curate.split import ClassPart, ClassShares, SplitCertificate, SplitPart, SplitSettings
    from ..files import Finding

__all__ = ["certificate_lines"]

_MOST_CLASSES = 40
_MOST_SPLITS = 4
_MOST_CELLS = 3  # per class and split
_LONGEST_NAME = 40
_PLAIN_WIDTH = 160  # columns where there is no terminal to ask


def certificate_lines(certificate: SplitCertificate, settings: SplitSettings) -> list[str]:
    """Return the certificate as lines: splits, classes, groups, leaks, and the warnings."""
    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else _PLAIN_WIDTH
    classes = ["", *_classes(certificate, width)] if certificate.classes else []
    return [
        *_splits(certificate),
        *classes,
        *_hidden(certificate),
        "",
        *_groups(certificate, settings),
        *_warnings(certificate.warnings),
        "",
    ]


def _splits(certificate: SplitCertificate) -> list[str]:
    rows = [[show(part.name, _LONGEST_NAME), *_split_cells(part), f"{part.objects:,}"] for part in certificate.splits]
    return table_lines(["split", "wish", "pictures", "share", "off by", "objects"], rows)


def _split_cells(part: SplitPart) -> list[str]:
    if part.wished is None:
        return ["kept", f"{part.images:,}", "–", "–"]
    return [_percent(part.wished), f"{part.images:,}", _percent(part.share), _points(part.off)]


def _classes(certificate: SplitCertificate, width: int) -> list[str]:
    """Return a line per class, with as much of each split as there is room for."""
    for cells in range(_MOST_CELLS, 0, -1):
        lines = _class_table(certificate, cells)
        if max(map(len, lines)) <= width:
            return lines
    return _class_table(certificate, 0)


def _class_table(certificate: SplitCertificate, cells: int) -> list[str]:
    """Return a line per class, of each split the last so many of: objects, their share, the share of the pictures."""
    filled = [part.name for part in certificate.splits if part.wished is not None]
    cells = cells if len(filled) <= _MOST_SPLITS else 0
    heads = ["class", "objects", "pictures", "groups"]
    for name in filled:
        shown = show(name, 12)
        heads += ([], [shown], [f"{shown}: objects", "pictures"], [shown, "of objects", "of pictures"])[cells]
    rows = []
    for one in _ranked(certificate.classes)[:_MOST_CLASSES]:
        numbers = [f"{one.objects:,}", f"{one.images:,}", f"{one.groups:,}"]
        parts = [cell for part in one.splits for cell in _part_cells(part, cells)]
        rows.append([show(one.name, _LONGEST_NAME), *numbers, *parts, _points(one.off)])
    return table_lines([*heads, "off by"], rows)


def _part_cells(part: ClassPart, cells: int) -> list[str]:
    shares = [_percent(part.object_share), _percent(part.image_share)]
    return ([], shares[:1], shares, [f"{part.objects:,}", *shares])[cells]


def _ranked(classes: Sequence[ClassShares]) -> list[ClassShares]:
    """Return classes in their order, or where there are too many to show, those that are off the most."""
    if len(classes) <= _MOST_CLASSES:
        return list(classes)
    return sorted(classes, key=lambda one: -abs(one.off or 0))


def _hidden(certificate: SplitCertificate) -> list[str]:
    more = len(certificate.classes) - _MOST_CLASSES
    return [f"and {more:,} more classes that are off less; --json has them all"] if more > 0 else []


def _groups(certificate: SplitCertificate, settings: SplitSettings) -> list[str]:
    pictures = sum(part.images for part in certificate.splits)
    lines = []
    if certificate.worst_off is not None and certificate.mean_off is not None:
        lines.append(
            f"classes are off by {certificate.mean_off:.2f} points on average, {certificate.worst_off:.1f} at most"
        )
    if not certificate.groups:
        lines.append("groups: none, every picture stands alone")
    else:
        lines.append(
            f"groups kept whole: {certificate.whole_groups:,} of {certificate.groups:,}, with "
            f"{certificate.grouped_images:,} pictures; the largest has {certificate.largest_group:,} "
            f"({show(certificate.largest_group_of or '', _LONGEST_NAME)})"
        )
        lines += [
            f"  {kind.words}: {kind.groups:,} group{'s' * (kind.groups != 1)}, {kind.images:,} pictures"
            for kind in certificate.kinds
        ]
    lines.append(_compared(certificate, pictures, settings))
    lines.append(f"leaks found in the finished splits: {certificate.leaks:,}")
    return lines


def _compared(certificate: SplitCertificate, pictures: int, settings: SplitSettings) -> str:
    """Say what was looked at, so that nobody takes what was not looked for as not there."""
    why = " (--labels-only)" if settings.labels_only else ""
    if not certificate.compared:
        return f"pictures compared: none{why}; copies may be in two splits"
    what = "content and look" if settings.near else "content (--no-near)"
    missing = pictures - certificate.compared
    rest = f"; {missing:,} could not be, copies of them may be in two splits{why}" if missing else ""
    return f"pictures compared by {what}: {certificate.compared:,} of {pictures:,}{rest}"


def _warnings(warnings: Sequence[Finding]) -> list[str]:
    lines = []
    for warning in warnings:
        lines.append(f"warning: {warning.message}")
        lines += [f"  {example}" for example in warning.examples]
        if warning.count > len(warning.examples):
            lines.append(f"  and {warning.count - len(warning.examples):,} more; --json names the first")
    return lines


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _points(off: float | None) -> str:
    if off is None:
        return "–"
    return "0.0" if abs(off) < 0.05 else f"{off:+.1f}"
