"""The sections with pictures: probable label errors and the worst pictures; names alone where there are no pictures."""

from __future__ import annotations

from collections.abc import Sequence

from ...reports.markup import Content, Markup, join, tag
from ...reports.page import Cell, Page, image, swatch
from ...reports.scales import plural
from ..diagnosis import Verdict
from ..report import EvalReport, LabelError, WorstPicture
from ..words import brief, counted, figure, name_of
from .colours import LABEL_COLOURS, NEIGHBOUR, VERDICT_COLOURS
from .drawing import Drawing, PictureSource

__all__ = ["label_errors", "worst_pictures"]

_MOST_DRAWN = 24
"""Pictures, and places of label errors, that are drawn; a table names the others."""

_OPEN, _OPEN_WHOLE = 6, 10
_FIRST = 10
_MOST_NAMED = 200

_KINDS = {
    "missing": ("label missing", "Found with confidence, and nothing is labelled there."),
    "spurious": ("nothing there", "Labelled, and no detection at any confidence comes near."),
    "swapped": ("other class", "Labelled as one class, and surely found as another."),
}


def label_errors(page: Page, report: EvalReport, pictures: PictureSource | None) -> None:
    """Add the labels that are probably wrong, surest first."""
    found = report.label_errors
    if not found:
        return
    page.section(
        "Doubtful labels",
        "Places where the model and the labels contradict each other most, surest first. A person has to decide; a "
        "label that is wrong makes the model look worse than it is.",
    )
    shown = found[:_MOST_DRAWN]
    drawings: list[Drawing] = []
    if pictures is not None:
        from .crops import draw_label_errors  # drawing needs what words alone do without

        drawings = draw_label_errors(pictures, shown)
    drawn = [(item, drawing) for item, drawing in zip(shown, drawings, strict=False) if drawing.parts]
    if drawn:
        if report.kind != "labels":
            there = {item.kind for item, _ in drawn}
            page.text(_legend([*((LABEL_COLOURS[k], text) for k, (text, _) in _KINDS.items() if k in there), _NEAR]))
        with page.gallery(large=True):
            for item, drawing in drawn:
                page.figure(image(drawing.parts[0], _said(item)), _crop_caption(item))
    _undrawn(page, pictures, shown, drawings)
    heads = ["what", "picture", "labelled", "found", "confidence", "x, y, width, height"]
    shown_columns = len(heads) - (report.kind == "labels")
    rows = [_label_row(item)[:shown_columns] for item in found]
    _named(page, heads[:shown_columns], rows, "llllrl"[:shown_columns], opened=not drawn)


_SHORT, _LONG = 26, 56
_NEAR = (NEIGHBOUR, "other labels")


def _label_row(item: LabelError) -> list[Cell]:
    truth, found = (None if name is None else name_of(name) for name in (item.truth, item.found))
    return [_KINDS[item.kind][0], name_of(item.image), truth, found, figure(item.score), _place(item)]


def _place(item: LabelError) -> str:
    return ", ".join(f"{value:.0f}" for value in item.box)


def _said(item: LabelError) -> str:
    """Say in a few words what contradicts what."""
    truth, found = (None if name is None else name_of(name) for name in (item.truth, item.found))
    score = "" if item.score is None else f" {item.score:.2f}"
    if item.kind == "missing":
        return f"{found}{score}, not labelled"
    if item.kind == "spurious":
        return f"labelled {truth}, not found"
    return f"labelled {truth}, found {found}{score}"


def _crop_caption(item: LabelError) -> Markup:
    # The table below has the whole of a long name.
    return join([tag("strong", _said(item)), tag("br"), brief(item.image, _SHORT)])


def worst_pictures(page: Page, report: EvalReport, pictures: PictureSource | None) -> None:
    """Add the pictures with most errors."""
    worst = report.worst
    if not worst:
        return
    page.section("Worst pictures", _WORST_INTRO.get(report.task, _WORST_INTRO["detection"]))
    shown = worst[:_MOST_DRAWN]
    drawings: list[Drawing] = []
    if pictures is not None:
        from .worst_drawn import draw_worst

        drawings = draw_worst(pictures, shown)
    drawn = [(item, drawing) for item, drawing in zip(shown, drawings, strict=False) if drawing.parts]
    if drawn:
        if pictures is not None and pictures.verdicts is not None:
            page.text(_legend(_verdict_legend(report)))
            page.text(
                f"Left: the labels. Right: what was found. Right ones are thin; detections below the confidence "
                f"{pictures.verdicts.score:.2f} are not drawn."
            )
        first = _OPEN if len(drawn[0][1].parts) > 1 else _OPEN_WHOLE
        _pairs(page, drawn[:first])
        if len(drawn) > first:
            with page.details(f"{len(drawn) - first} more"):
                _pairs(page, drawn[first:])
    if report.kind not in ("pixels", "segments"):
        _undrawn(page, pictures, shown, drawings)
    rows: list[list[Cell]] = [[name_of(item.image), item.errors, item.objects, _wrong(item)] for item in worst]
    errors = "wrong pixels" if report.kind == "pixels" else "errors"
    _named(page, ["picture", errors, f"{counted(report)[0]}s", "which"], rows, "lrrl", opened=not drawn)


_WORST_INTRO = {
    "detection": "Most errors first. What do they have in common: size, light, a crowd, one class?",
    "classification": "Surest and wrong. Is the picture odd, or its label?",
    "segmentation": "The largest share of wrong pixels first. What do they have in common?",
    "panoptic": "Most errors first. What do they have in common?",
}


def _pairs(page: Page, drawn: Sequence[tuple[WorstPicture, Drawing]]) -> None:
    """Put pictures beside each other: two sides of one, or whole pictures that have their labels written on them."""
    two_sides = len(drawn[0][1].parts) > 1
    with page.columns() if two_sides else page.gallery(large=True):
        for item, drawing in drawn:
            name = name_of(item.image)
            if two_sides:
                parts = [image(data, f"{name}: {side}") for data, side in zip(drawing.parts, _SIDES, strict=False)]
                caption = join([tag("strong", brief(item.image, _LONG)), tag("br"), _verdict_words(item)])
                page.figure(tag("div", *parts, class_="pair"), caption)
            else:
                page.figure(image(drawing.parts[0], name), brief(item.image, _SHORT))


_SIDES = ("labels", "detections")
_RIGHT = (Verdict.TRUE.words, Verdict.FOUND.words, Verdict.UNSURE.words, Verdict.IGNORED.words)


def _verdict_words(item: WorstPicture) -> str:
    """Say what is wrong on a picture, such as `3 missed, 1 duplicate; 8 objects`."""
    what = _wrong(item) or plural(item.errors, "error")
    return f"{what}; {plural(item.objects, 'object')}" if item.objects else what


def _wrong(item: WorstPicture) -> str:
    wrong = [
        f"{count:,} {name_of(verdict)}" for verdict, count in item.verdicts.items() if count and verdict not in _RIGHT
    ]
    return ", ".join(wrong)


_LEGEND = {Verdict.TRUE: "right", Verdict.BOTH: "wrong class and badly placed", Verdict.BACKGROUND: "on background"}


def _verdict_legend(report: EvalReport) -> list[tuple[str, str]]:
    """Return a colour and its verdicts for each that is among the worst pictures."""
    present = {verdict for item in report.worst[:_MOST_DRAWN] for verdict, count in item.verdicts.items() if count}
    entries: dict[str, list[str]] = {}
    for verdict, colour in VERDICT_COLOURS.items():
        if verdict.words in present or verdict == Verdict.TRUE:
            word = _LEGEND.get(verdict, verdict.words)
            if verdict != Verdict.FOUND and verdict != Verdict.UNSURE:
                entries.setdefault(colour, []).append(word)
    return [(colour, " or ".join(words)) for colour, words in entries.items()]


def _legend(entries: Sequence[tuple[str, str]]) -> Markup:
    parts: list[Content] = []
    for colour, text in entries:
        parts += [tag("span", swatch(colour), text, class_="key"), " "]
    return join(parts)


def _named(page: Page, heads: Sequence[str], rows: Sequence[Sequence[Cell]], align: str, *, opened: bool) -> None:
    """Name everything in a table: the first few at once where nothing is drawn, the others behind a line."""
    first = rows[:_FIRST] if opened else []
    if first:
        page.table(heads, first, align=align)
    rest = rows[len(first) : _MOST_NAMED]
    if rest:
        more = f", {len(rows) - _MOST_NAMED:,} are not shown" if len(rows) > _MOST_NAMED else ""
        with page.details(f"{len(rest):,} more{more}" if first else f"As a table ({len(rest):,}{more})"):
            page.table(heads, rest, align=align)


def _undrawn(
    page: Page,
    pictures: PictureSource | None,
    shown: Sequence[LabelError | WorstPicture],
    drawings: Sequence[Drawing],
) -> None:
    """Say why some or all are not drawn."""
    if pictures is None:
        page.text("Drawn only where the pictures are to be had: none were given, so names alone stand here.")
        return
    missing = [
        (name_of(item.image), drawing.problem) for item, drawing in zip(shown, drawings, strict=True) if drawing.problem
    ]
    if missing:
        names = "; ".join(f"{name}: {problem}" for name, problem in missing[:3])
        page.text(f"Not drawn: {len(missing):,} of {len(shown):,}, such as {names}.")
