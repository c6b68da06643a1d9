"""Sampling weights, lists of files, and the plot of a plan, as the bytes of a file."""

from __future__ import annotations

import csv
import io
import os

import msgspec
import numpy as np

from ...dataset import Dataset
from ...errors import CvdataError, show
from ...reports import before_after, plots
from ...reports.before_after import BeforeAfter, Row
from ...reports.page import Cell, Page, Shown, decimal
from ...reports.scales import plural
from ...reports.stats_csv import cell
from .job import Plan
from .report import BalancePart, Evenness, SamplingWeights

__all__ = ["PLOTS", "WEIGHTS", "list_file", "plot_file", "weights_file"]

WEIGHTS = (".csv", ".json")
PLOTS = (".png", ".svg", ".html")
"""Endings of the files that can be made."""


def weights_file(dataset: Dataset, plan: Plan, suffix: str) -> bytes:
    """Return the sampling weight of each training picture: 1 for one that is drawn as often as it is there.

    Args:
        suffix: `.csv`, columns image and weight, or `.json`, a `SamplingWeights`.
    """
    names = [dataset.images.names[row] for row in plan.rows.tolist()]
    weights = plan.weights.tolist()
    if suffix == ".json":
        report = SamplingWeights(strategy=plan.settings.strategy, weights=dict(zip(names, weights, strict=True)))
        return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(("image", "weight"))
    writer.writerows((cell(name), repr(weight)) for name, weight in zip(names, weights, strict=True))
    text = out.getvalue()
    return text.encode("ascii" if text.isascii() else "utf-8-sig")


def list_file(dataset: Dataset, plan: Plan) -> bytes:
    """Return the path of each training picture on a line of its own, as often as it is to be drawn.

    The paths are absolute: darknet and Ultralytics read them from anywhere. (Relative ones count from the folder that
    darknet is started in, and Ultralytics takes only those for relative to the list that begin with `./`.)

    Raises:
        CvdataError: a picture was not found, or its path would not be one line.
    """
    lines = []
    for row, times in zip(plan.rows.tolist(), plan.times.tolist(), strict=True):
        path = dataset.images.file(row)
        name = show(dataset.images.names[row])
        if path is None:
            raise CvdataError(
                f"the picture '{name}' was not found, so a list cannot name its file",
                hint="say where the pictures are with --images DIR",
            )
        path = os.path.abspath(path)
        if len(path.splitlines()) != 1 or path != path.strip():
            raise CvdataError(
                f"the path of '{name}' has a line break, or a space at its end, and a list of files cannot hold it",
                hint="rename the file, or use --as copies",
            )
        lines.extend([path] * times)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


_MOST_LARGE, _MOST_RARE = 20, 30


def plot_file(part: BalancePart, name: str, suffix: str) -> bytes:
    """Return objects per class before and after as bars: a picture, an SVG, or a page with the numbers as well."""
    if suffix == ".html":
        return _page(part, name)
    plot = _plot(part, f"{name}: objects of each class in the training pictures, {part.strategy}")
    return before_after.png(plot) if suffix == ".png" else before_after.svg(plot)


def _plot(part: BalancePart, title: str) -> BeforeAfter:
    """Draw the largest classes and the rarest; in a long list, what is between them or absent shows nothing new."""
    ranked = few = sorted(part.classes, key=lambda c: -c.objects.now)
    if len(few) > _MOST_LARGE + _MOST_RARE:
        few = [c for c in few if c.objects.now]
    if len(few) > _MOST_LARGE + _MOST_RARE:
        few = [*few[:_MOST_LARGE], *few[-_MOST_RARE:]]
    bounded = part.strategy not in ("undersample", "repeat-factor")
    rows = [Row(c.name, c.objects.now, c.objects.after, c.objects.reachable if bounded else None) for c in few]
    return BeforeAfter(title, rows, goal=part.goal, left_out=len(ranked) - len(few))


def _page(part: BalancePart, name: str) -> bytes:
    page = Page(f"Balance of {name}", f"strategy {part.strategy}, {_touched(part)}")
    repeats = part.repeats
    ratios = _change(decimal(part.before.ratio), decimal(part.after.ratio))
    page.cards(
        [
            ("training pictures", _change(Shown(f"{repeats.pictures:,}", 0), Shown(f"{repeats.after:,}", 0))),
            ("largest class over smallest", ratios),
            ("evenness; 1 is even", _change(_entropy(part.before), _entropy(part.after))),
        ]
    )
    page.section("Classes", "Objects of each class in the training pictures.")
    page.figure(before_after.drawn(_plot(part, "Objects per class")), _CAPTION)
    headers = ["class", "objects now", "reachable", "after", "times", "pictures now", "after"]
    rows: list[list[Cell]] = [
        [
            c.name,
            c.objects.now,
            c.objects.reachable,
            c.objects.after,
            decimal(c.objects.after / c.objects.now if c.objects.now else None),
            c.pictures.now,
            c.pictures.after,
        ]
        for c in sorted(part.classes, key=lambda c: -c.objects.now)
    ]
    page.table(headers, rows, align="lrrrrrr")
    if part.shortfalls:
        page.section("What stays apart", "Classes that do not become what was wanted, and why.")
        page.table(
            ["class", "wanted", "after", "why"], [[s.name, s.wanted, s.after, s.message] for s in part.shortfalls]
        )
    page.section("Pictures", _repeats_in_words(part))
    labels = [f"{plural(t.times, 'time')}" if t.times else "left out" for t in repeats.times]
    counts = np.array([t.pictures for t in repeats.times])
    page.figure(plots.bars(labels, counts, title="Pictures by how often they will be there"))
    for note in part.notes:
        page.text(note)
    return page.render()


_CAPTION = (
    "Reachable is the most that the strategy could give a class by itself, all its pictures repeated as often "
    "as --limit allows; where that is beyond the axis, the table alone has it. Evenness is the entropy of the classes "
    "over its maximum; 1 is even."
)


def _change(before: Shown | None, after: Shown | None) -> str | None:
    return None if before is None or after is None else f"{before.text} → {after.text}"


def _touched(part: BalancePart) -> str:
    if part.splits is None:
        return f"{plural(part.repeats.pictures, 'picture')}; the dataset has no splits"
    return f"{plural(part.repeats.pictures, 'picture')} of {', '.join(part.splits)}; no other split is touched"


def _repeats_in_words(part: BalancePart) -> str:
    repeats = part.repeats
    words = [f"{plural(repeats.repeated, 'picture')} will be there more than once, up to {repeats.most} times"]
    if repeats.removed:
        words = [f"{plural(repeats.removed, 'picture')} will be left out"]
    if part.pasted:
        words.append(f"{plural(part.pasted, 'object')} will be pasted into new pictures")
    return f"{'; '.join(words)}."


def _entropy(evenness: Evenness) -> Shown | None:
    return None if evenness.entropy is None else Shown(f"{evenness.entropy:.3f}", evenness.entropy)
