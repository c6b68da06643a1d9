"""The numbers of a dataset as a page that one would want to share."""

from __future__ import annotations

import numpy as np

from . import plots
from .markup import join
from .page import Cell, Page, decimal, percent, swatch
from .palette import class_colour
from .scales import plural
from .stats import Distribution, SplitStats, Stats, StatsReport

__all__ = ["KINDS", "stats_page"]

KINDS = {
    "boxes": "boxes",
    "image-labels": "classes of whole pictures",
    "polygons": "outlines",
    "masks": "masks",
    "keypoints": "keypoints",
    "rotated": "rotated boxes",
    "score": "confidences",
    "crowd": "crowd regions",
    "difficult": "marked difficult",
    "truncated": "marked truncated",
    "occluded": "marked occluded",
    "area": "areas given",
    "extra": "other attributes",
}
"""What the kinds of `Stats.kinds` are called."""

_FEW_CLASSES = 15  # up to which bars and a table of the rarest would say the same
_MOST_OPEN = 20
_MOST_RARE = 8
_MOST_IN_MATRIX = 20
_MOST_MAPS = 12


def stats_page(report: StatsReport, name: str, sheet: bytes | None = None, sheet_note: str = "") -> bytes:
    """Return the page, one self-contained HTML file.

    Args:
        name: what to call the dataset.
        sheet: a contact sheet, PNG or JPEG, that becomes part of it.
    """
    numbers = report.stats
    page = Page(name, f"{report.source_format} dataset, {plural(numbers.images, 'picture')}")
    _overview(page, report)
    if sheet is not None:
        page.section("A look at it", "Pictures chosen so that every class and every split is seen.")
        page.picture(sheet, f"Contact sheet of {name}", sheet_note)
    if numbers.annotations:
        _class_section(page, numbers)
        if numbers.side.count:
            _box_section(page, numbers)
        if len(numbers.together.categories) > 1:
            _together_section(page, numbers)
    if numbers.images:
        _picture_section(page, numbers)
    return page.render()


def _overview(page: Page, report: StatsReport) -> None:
    numbers = report.stats
    used = sum(1 for c in numbers.categories if c.annotations)
    unused = "" if used == len(numbers.categories) else f", {used:,} in use"
    cards: list[tuple[str, Cell]] = [
        (_noun(numbers.images, "picture"), numbers.images),
        (_noun(numbers.annotations, "label"), numbers.annotations),
        (_noun(len(numbers.categories), "class") + unused, len(numbers.categories)),
        ("labels per picture, median", decimal(numbers.per_image.median)),
        ("of the picture covered by a box, median", percent(numbers.share.median)),
        ("largest class, times the smallest", _imbalance(numbers)),
    ]
    page.cards([card for card in cards if card[1] is not None])
    left_out = report.quarantined
    if left_out.images or left_out.annotations:
        page.text(
            f"Left out, because they are bad: {plural(left_out.images, 'picture')} and "
            f"{plural(left_out.annotations, 'label')}. cvdata check names them."
        )
    title = "Splits" if any(split.name is not None for split in numbers.splits) else "Pictures and labels"
    page.section(title, "An empty picture was looked at and has nothing in it; one not labelled was not looked at.")
    page.table(
        ["split", "pictures", "share", "labels", "per picture", "labelled", "empty", "not labelled"],
        [_split_row(split, numbers) for split in numbers.splits],
        align="lrrrrrrr",
    )
    what = [f"{KINDS[kind]} ({count:,})" for kind, count in numbers.kinds.items()]
    if what:
        page.text(f"What the labels carry: {', '.join(what)}.")
    if numbers.groups is not None:
        groups = numbers.groups
        page.text(
            f"{plural(groups.images, 'picture')} in {plural(groups.groups, 'group')} that no split may divide; "
            f"the largest has {groups.largest:,}."
        )


def _split_row(split: SplitStats, numbers: Stats) -> list[Cell]:
    return [
        split.name if split.name is not None else ("all" if len(numbers.splits) == 1 else "in no split"),
        split.images,
        percent(split.images / numbers.images if numbers.images else None),
        split.annotations,
        decimal(split.annotations / split.images if split.images else None),
        split.labelled,
        split.empty,
        split.unlabelled,
    ]


def _noun(count: int, noun: str) -> str:
    return plural(count, noun).partition(" ")[2]


def _imbalance(numbers: Stats) -> Cell:
    counts = [c.annotations for c in numbers.categories if c.annotations]
    if len(counts) < 2:
        return None
    ratio = max(counts) / min(counts)
    return f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×"


def _class_section(page: Page, numbers: Stats) -> None:
    page.section("Classes")
    order = sorted(range(len(numbers.categories)), key=lambda row: -numbers.categories[row].annotations)
    ranked = [numbers.categories[row] for row in order]
    names = [c.name for c in ranked]
    splits = [split.name if split.name is not None else "no split" for split in numbers.splits]
    with page.columns():
        labels = np.array([c.split_annotations for c in ranked])
        page.figure(plots.bars(names, labels, series=splits, title="Labels per class"))
        per_image = numbers.per_image
        edges = np.array(per_image.edges)
        counts = np.array(per_image.counts)
        with page.stack():
            page.figure(
                plots.histogram(edges, counts, title="Labels per picture", label="labels in a picture"),
                _in_words(per_image, "labels"),
            )
            rare = [c for c in reversed(ranked) if c.annotations][:_MOST_RARE]
            if len(names) > _FEW_CLASSES:
                page.table(["rarest classes", "labels", "pictures"], [[c.name, c.annotations, c.images] for c in rare])
    summary = f"All {len(ranked):,} classes in numbers" if len(ranked) > 1 else "The class in numbers"
    with page.details(summary, opened=len(ranked) <= _MOST_OPEN):
        _class_table(page, numbers, order, splits if len(splits) > 1 else [])


def _class_table(page: Page, numbers: Stats, order: list[int], splits: list[str]) -> None:
    headers = ["class", "labels", "share", "pictures", *splits, "small", "medium", "large"]
    headers += ["side, px", "of picture", "width : height"]
    rows: list[list[Cell]] = [
        [
            join([swatch(class_colour(row)), c.name]),
            c.annotations,
            percent(c.annotations / numbers.annotations),
            c.images,
            *(c.split_annotations if splits else []),
            c.small,
            c.medium,
            c.large,
            decimal(c.side),
            percent(c.share),
            decimal(c.aspect, 2),
        ]
        for row, c in ((row, numbers.categories[row]) for row in order)
    ]
    page.table(headers, rows, align="l" + "r" * (len(headers) - 1))
    page.text(
        "Small, medium and large are COCO's: areas below 32 × 32 pixels, below 96 × 96, and above. Side, share of "
        "the picture and width : height are medians over the boxes of the class."
    )


def _in_words(numbers: Distribution, what: str) -> str:
    if numbers.median is None or numbers.p5 is None or numbers.p95 is None or numbers.most is None:
        return ""
    middle, low, high, most = (f"{value:,.4g}" for value in (numbers.median, numbers.p5, numbers.p95, numbers.most))
    return f"Median {middle} {what}; nine pictures of ten have {low} to {high}; the most is {most}."


def _box_section(page: Page, numbers: Stats) -> None:
    total = max(numbers.small + numbers.medium + numbers.large, 1)
    shares = [percent(count / total) for count in (numbers.small, numbers.medium, numbers.large)]
    words = [share.text if share is not None else "" for share in shares]
    page.section(
        "Boxes",
        f"{words[0]} of the labels are small (below 32 × 32 pixels), {words[1]} medium, "
        f"{words[2]} large (from 96 × 96).",
    )
    with page.columns():
        grid, edges = np.array(numbers.boxes), np.array(numbers.box_edges)
        labels = ("width, pixels", "height, pixels")
        page.figure(plots.density(grid, edges, title="Width and height of boxes", labels=labels), _SQUARE)
        with page.stack():
            side = numbers.side
            page.figure(
                plots.histogram(
                    *_used(side), title="Size of boxes", label="square root of width × height, pixels", log=True
                )
            )
            aspect = numbers.aspect
            page.figure(plots.histogram(*_used(aspect), title="Shape of boxes", label="width : height", log=True))
    page.section("Where boxes lie", "Centres of the boxes, over pictures of any size; stronger where there are more.")
    maps = numbers.heat_maps[: 1 + _MOST_MAPS] if len(numbers.heat_maps) > 2 else numbers.heat_maps[:1]
    with page.gallery():
        for heat in maps:
            grid = np.array(heat.grid)
            title = "all classes" if heat.category is None else heat.category
            page.figure(plots.heat_map(grid, title=title, note=plural(int(grid.sum()), "box")))


_SQUARE = "On the line, boxes are square; below it, they are wider than high. Both axes are logarithmic."


def _used(numbers: Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges and counts of a histogram without empty bins at its ends."""
    edges, counts = np.array(numbers.edges), np.array(numbers.counts)
    filled = np.flatnonzero(counts)
    if not len(filled):
        return edges, counts
    first, last = max(0, filled[0] - 1), min(len(counts), filled[-1] + 2)
    return edges[first : last + 1], counts[first:last]


def _together_section(page: Page, numbers: Stats) -> None:
    held = numbers.together
    names = held.categories[:_MOST_IN_MATRIX]
    table = np.array(held.images)[: len(names), : len(names)]
    page.section(
        "Classes that come together", "Pictures that hold both classes; on the diagonal, pictures of the class."
    )
    with page.columns():
        page.figure(plots.matrix(names, table, title="Classes in one picture", noun="picture"), _SHADES)
        pairs = _pairs(held.categories, np.array(held.images))
        if pairs:
            page.table(["class", "with", "pictures", "share of the rarer"], pairs)


_SHADES = "Shades are logarithmic; rest the pointer on a field for its number."


def _pairs(names: list[str], table: np.ndarray) -> list[list[Cell]]:
    """Return the pairs of classes that come together most."""
    first, second = np.triu_indices(len(names), 1)
    counts = table[first, second]
    order = np.argsort(-counts, kind="stable")[:_MOST_PAIRS]
    return [
        [names[a], names[b], int(n), percent(n / min(table[a, a], table[b, b]))]
        for a, b, n in zip(first[order].tolist(), second[order].tolist(), counts[order].tolist(), strict=True)
        if n
    ]


_MOST_PAIRS = 15


def _picture_section(page: Page, numbers: Stats) -> None:
    page.section("Pictures", _sizes_in_words(numbers))
    if not numbers.picture_sizes:
        return
    with page.columns():
        rows: list[list[Cell]] = [
            [f"{s.width:,} × {s.height:,}", s.images, percent(s.images / numbers.images)] for s in numbers.picture_sizes
        ]
        page.table(["size, pixels", "pictures", "share"], rows)
        with page.stack():
            if numbers.sizes > 1:
                side, aspect = numbers.picture_side, numbers.picture_aspect
                label = "square root of width × height, pixels"
                page.figure(plots.histogram(*_used(side), title="Size of pictures", label=label, log=True))
                page.figure(
                    plots.histogram(*_used(aspect), title="Shape of pictures", label="width : height", log=True)
                )


def _sizes_in_words(numbers: Stats) -> str:
    unknown = f" The size of {numbers.size_unknown:,} is not known." if numbers.size_unknown else ""
    if not numbers.sizes:
        return "The labels do not say how large the pictures are, and no picture was opened."
    if numbers.sizes == 1:
        return f"All have the same size.{unknown}"
    more = f"; the {len(numbers.picture_sizes)} most common" if numbers.sizes > len(numbers.picture_sizes) else ""
    return f"{numbers.sizes:,} different sizes{more}.{unknown}"
