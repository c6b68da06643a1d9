"""What `cvdata similar` says to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Place, show
from .table import table_lines

if TYPE_CHECKING:
    from ..prelabel.embeddings.similar import EmbedderPart, SimilarImage, SimilarReport

__all__ = ["similar_lines"]

_PLAIN = "colour"
_LONGEST_NAME, _LONGEST_OF_TWO = 60, 40
_MOST_ROWS = 50
_MOST_LEFT_OUT = 5


def similar_lines(report: SimilarReport) -> list[str]:
    """Return what was found, for people."""
    found = report.found
    pictures = f"{len(found):,} of {report.searched:,} picture{'s' * (report.searched != 1)}"
    if report.settings.unlike:
        lines = [f"{pictures} that are like none of {report.compared:,} seen, nor each other; the farthest first"]
    else:
        asked = "the one" if report.compared == 1 else f"one of the {report.compared:,}"
        lines = [f"{pictures} that are most like {asked} asked for"]
    lines += _compared_by(report.model)
    lines += _table(found[:_MOST_ROWS], unlike=report.settings.unlike, several=report.compared > 1)
    if len(found) > _MOST_ROWS:
        lines.append(f"and {len(found) - _MOST_ROWS:,} more (--json and --out have all)")
    return lines + _left_out(report)


def _compared_by(model: EmbedderPart) -> list[str]:
    plain = model.name == _PLAIN
    by = "colours and edges" if plain else f"{show(model.name)} ({model.sha256[:8]})"
    kept = f", kept in {model.store}" if model.store is not None else ""
    lines = [f"compared by {by}: {model.computed:,} looked at now, {model.stored:,} known{kept}"]
    if plain:
        lines.append("note: these do not tell what is in a picture; --embed RUN or --embed timm:NAME does")
    return lines


def _table(found: Sequence[SimilarImage], *, unlike: bool, several: bool) -> list[str]:
    named = unlike or several
    heads = ["picture", *(["nearest seen" if unlike else "like"] if named else []), "state", "split"]
    longest = _LONGEST_OF_TWO if named else _LONGEST_NAME
    rows = []
    for one in found:
        number = one.distance if unlike else one.similarity
        names = [one.image, *([one.nearest] if named else [])]
        split = show(one.split, _LONGEST_OF_TWO) if one.split else "-"
        rows.append([*(show(name, longest) for name in names), one.state, split, f"{number:.3f}"])
    return table_lines([*heads, "distance" if unlike else "similarity"], rows, left=len(heads))


def _left_out(report: SimilarReport) -> list[str]:
    lines = [
        f"left out: {Place(item.file, item.line, item.field)}: {show(item.found)}; expected {show(item.expected)}"
        for item in report.quarantine[:_MOST_LEFT_OUT]
    ]
    more = len(report.quarantine) - _MOST_LEFT_OUT
    return [*lines, f"and {more:,} more (--json has all)"] if more > 0 else lines
