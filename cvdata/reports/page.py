"""A report as one HTML file: nothing is loaded from anywhere, and no name from a file can become markup.

page = Page("pets", "COCO, 1,204 pictures")
page.cards([("pictures", 1204), ("classes", 3)])
page.section("Classes", "Objects of each class.")
with page.columns():
    page.figure(bars(...), "Objects per class")
with page.details("Every class"):
    page.table(["class", "objects"], [["cat", 70], ["dog", 12]])
data = page.render()
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, NamedTuple

from .._version import __version__
from ._page_style import SCRIPT, STYLE
from .markup import Content, Markup, escape, join, tag

__all__ = ["Cell", "Page", "Shown", "Tone", "allowed", "badge", "decimal", "image", "percent", "swatch"]

Tone = Literal["error", "warning", "info", "good", "plain"]


class Shown(NamedTuple):
    """A number as people read it, and the value that a table sorts it by."""

    text: str
    value: float


Cell = Content | Shown


def decimal(value: float | None, digits: int = 3) -> Shown | None:
    """Show a number with so many significant digits and no exponent; None stays None."""
    if value is None:
        return None
    whole = abs(value) >= 10 ** (digits - 1) or value == int(value)
    return Shown(f"{value:,.0f}" if whole else f"{value:.{digits}g}", value)


def percent(share: float | None) -> Shown | None:
    """Show a share of 1 as a percentage; None, a share of nothing, stays None."""
    if share is None:
        return None
    value = 100 * share
    # A share that is neither none nor all must not be rounded to it.
    text = "<0.1 %" if 0 < value < 0.1 else ">99.9 %" if 99.9 < value < 100 else f"{value:.1f} %"
    return Shown(text, share)


def badge(text: str, tone: Tone = "plain") -> Markup:
    """Return a small coloured word, such as a severity."""
    return tag("span", text, class_=f"badge {tone}")


def image(data: bytes, alt: str) -> Markup:
    """Return a PNG or JPEG as an element that holds all of it; `alt` says what it shows."""
    kind = "png" if data.startswith(b"\x89PNG") else "jpeg"
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return tag("img", src=Markup(source), alt=alt)


def swatch(colour: str) -> Markup:
    """Return a small square of a colour such as `#0072b2`."""
    square = tag("rect", width=10, height=10, rx=2, fill=colour)
    return tag("svg", square, class_="swatch", viewBox="0 0 10 10", aria_hidden="true")


class Page:
    """A report that is written from top to bottom; each method adds a block, text is escaped."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        self._title, self._subtitle = title, subtitle
        self._blocks: list[Markup] = []
        self._sections: list[str] = []

    def cards(self, items: Sequence[tuple[str, Cell]]) -> None:
        """Add a row of large figures, each with what it counts."""
        cards = [tag("div", tag("dt", label), tag("dd", _shown(value)), class_="card") for label, value in items]
        self._add(tag("dl", *cards, class_="cards"))

    def section(self, title: str, intro: str = "") -> None:
        """Begin a section; the head of the page links to it."""
        self._sections.append(title)
        self._add(tag("h2", title, id=f"s{len(self._sections)}"))
        if intro:
            self._add(tag("p", intro, class_="intro"))

    def text(self, content: Content) -> None:
        """Add a paragraph."""
        self._add(tag("p", content))

    def code(self, text: str) -> None:
        """Add lines to copy, such as a command."""
        self._add(tag("pre", tag("code", join(text.split("\n"), "\n"))))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Cell]], *, align: str = "") -> None:
        """Add a table; a click on a header sorts by it.

        Args:
            align: a letter per column, `l` or `r`; by default columns of numbers alone stand on the right.
        """
        align = align or "".join("r" if _numeric([row[c] for row in rows]) else "l" for c in range(len(headers)))
        head = [
            tag("th", header, scope="col", class_=_side(letter)) for header, letter in zip(headers, align, strict=True)
        ]
        body = [tag("tr", *map(_table_cell, row, align)) for row in rows]
        whole = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body))
        self._add(tag("div", whole, class_="scroll", tabindex=0, role="group", aria_label="table"))

    def figure(self, drawing: Markup, caption: Content = "") -> None:
        """Add a drawing, such as the SVG of `plots`."""
        below = tag("figcaption", caption) if caption else None
        self._add(tag("figure", tag("div", drawing, class_="drawing"), below))

    def picture(self, data: bytes, alt: str, caption: Content = "") -> None:
        """Add a PNG or JPEG, which becomes part of the page.

        Args:
            alt: what it shows, for those who cannot see it.
        """
        self._add(tag("figure", image(data, alt), tag("figcaption", caption) if caption else None))

    @contextmanager
    def columns(self) -> Iterator[None]:
        """Put the blocks added inside side by side, where the window is wide enough."""
        with self._inside("columns"):
            yield

    @contextmanager
    def stack(self) -> Iterator[None]:
        """Put the blocks added inside one below the other, as one of the `columns`."""
        with self._inside("stack"):
            yield

    @contextmanager
    def gallery(self, *, large: bool = False) -> Iterator[None]:
        """Put small figures side by side, as many as there is room for; not quite so small where they are `large`."""
        with self._inside("gallery large" if large else "gallery"):
            yield

    @contextmanager
    def details(self, summary: Content, *, opened: bool = False) -> Iterator[None]:
        """Fold the blocks added inside under a line that opens them."""
        with self._apart() as blocks:
            yield
        start = "<details open>" if opened else "<details>"
        self._add(Markup(f"{start}{tag('summary', summary).html}{join(blocks).html}</details>"))

    @contextmanager
    def panel(self, title: Content, mark: Markup | None = None, tone: Tone = "plain") -> Iterator[None]:
        """Put the blocks added inside into a frame with a title, and maybe a `badge` before it."""
        with self._apart() as blocks:
            yield
        self._add(tag("section", tag("h3", mark, " " if mark else "", title), *blocks, class_=f"panel {tone}"))

    @contextmanager
    def _inside(self, kind: str) -> Iterator[None]:
        with self._apart() as blocks:
            yield
        if blocks:
            self._add(tag("div", *blocks, class_=kind))

    @contextmanager
    def _apart(self) -> Iterator[list[Markup]]:
        """Keep the blocks added inside from the page, and hand them over."""
        outer, self._blocks = self._blocks, []
        inner = self._blocks
        try:
            yield inner
        finally:
            self._blocks = outer

    def _add(self, block: Markup) -> None:
        self._blocks.append(block)

    def render(self) -> bytes:
        """Return the file; the same blocks give the same bytes."""
        links = [tag("a", title, href=f"#s{n}") for n, title in enumerate(self._sections, 1)]
        head = tag(
            "header",
            tag("h1", self._title),
            tag("p", self._subtitle, class_="subtitle") if self._subtitle else None,
            tag("nav", *links, aria_label="Sections") if len(links) > 1 else None,
        )
        foot = tag("footer", f"cvdata {__version__}. This file is complete: it loads nothing from anywhere.")
        return _DOCUMENT.format(
            policy=_POLICY,
            title=escape(self._title),
            style=STYLE,
            script=SCRIPT,
            body="\n".join(block.html for block in (head, tag("main", join(self._blocks, "\n")), foot)),
        ).encode()


def _shown(cell: Cell) -> Content:
    if isinstance(cell, Shown):
        return cell.text
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return _shown(decimal(cell))
    return cell


def _numeric(cells: Sequence[Cell]) -> bool:
    numbers = [cell for cell in cells if cell is not None]
    return bool(numbers) and all(isinstance(cell, (int, float, Shown)) for cell in numbers)


def _side(letter: str) -> str | None:
    return "r" if letter == "r" else None


def _table_cell(cell: Cell, letter: str) -> Markup:
    value = cell.value if isinstance(cell, Shown) else cell if isinstance(cell, (int, float)) else None
    shown = _shown(cell)
    plain = value is None or str(value) == shown
    return tag("td", shown, class_=_side(letter), data_v=None if plain else repr(value))


def allowed(text: str) -> str:
    """Return how a Content-Security-Policy names a script or a style that may run: by its hash."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") + "'"


# Only our own style and script run, and nothing is fetched: even markup that slipped through could do nothing.
_POLICY = (
    f"default-src 'none'; img-src data:; style-src {allowed(STYLE)}; script-src {allowed(SCRIPT)}; "
    "base-uri 'none'; form-action 'none'"
)

_DOCUMENT = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
<script>{script}</script>
</body>
</html>
"""
