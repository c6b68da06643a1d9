"""What a person does in the Annotate tab of FiftyOne's App: boxes are chosen, moved and drawn on its canvas."""

from __future__ import annotations

import time

from .chromium import WAIT_S, Page

__all__ = [
    "annotate",
    "choose_box",
    "choose_listed",
    "delete",
    "draw",
    "form",
    "go_back",
    "move",
    "relabel",
    "shown_at",
]

Box = tuple[float, float, float, float]
"""x, y, width and height, in parts of the picture's size."""

_MODAL = "document.querySelector('[data-cy=modal]')"
_PICTURES = "[...document.querySelectorAll('[data-cy=fo-grid] [data-cy=looker]')]"
_PICTURE = f"{_MODAL}.querySelector('[data-cy=lighter-sample-image]')"
_CLASS = f"{_MODAL}.querySelector('[data-cy=root_label_container] input')"
_NUMBERS = [
    f"{_MODAL}.querySelector('[data-cy=root_{part}_container] input')"
    for part in ("position_x", "position_y", "dimensions_width", "dimensions_height")
]
_ACTIVE = "[...document.querySelectorAll('[role=option]')].find(e => e.dataset.active !== undefined)"


def annotate(page: Page, place: int, name: str, count: int) -> None:
    """Open a picture large in its Annotate tab, and wait until its so many labels are listed and it is shown.

    Args:
        place: in the grid, from 0; `name`: that it is to have.
    """
    page.click(f"{_PICTURES}[{place}]")
    page.until(f"{_MODAL}.innerText.split('\\n').includes({name!r})")
    page.click(f"{_MODAL}.querySelector('[data-cy=annotate]')")
    page.until(f"{_MODAL}.querySelectorAll('[data-cy^=annotate-label-]').length == {count}")
    page.until(f"{_PICTURE}.complete && {_PICTURE}.naturalWidth")
    page.place(_PICTURE)


def shown_at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return where a point of the picture, in parts of its size, is on the page."""
    left, top, width, height = page.place(_PICTURE)
    return left + x * width, top + y * height


def choose_box(page: Page, box: Box) -> None:
    """Click in the middle of a box on the canvas, and wait until the form is about it."""
    page.click_at(shown_at(page, box[0] + box[2] / 2, box[1] + box[3] / 2))
    _is_about(page, box)


def choose_listed(page: Page, identity: str, box: Box) -> None:
    """Click a label in the list, and wait until the form is about it."""
    page.click(f"{_MODAL}.querySelector('[data-cy=annotate-label-{identity}]')")
    _is_about(page, box)


def form(page: Page) -> tuple[str, Box]:
    """Return the class and the box that the form shows."""
    x, y, width, height = (float(page.ask(f"{number}.value")) for number in _NUMBERS)
    return str(page.ask(f"{_CLASS}.value")), (x, y, width, height)


def move(page: Page, box: Box, by: tuple[float, float]) -> None:
    """Drag the chosen box by parts of the picture's size."""
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    before = _saved(page)
    page.drag(shown_at(page, x, y), shown_at(page, x + by[0], y + by[1]))
    _wait_for_saved(page, before)


def draw(page: Page, box: Box) -> None:
    """Draw a box with the tool for it."""
    page.click(f"{_MODAL}.querySelector('[data-cy=detection-mode]')")
    page.until(f"{_MODAL}.innerText.includes('Click and drag to create a bounding box')")
    before = _saved(page)
    page.drag(shown_at(page, box[0], box[1]), shown_at(page, box[0] + box[2], box[1] + box[3]))
    _wait_for_saved(page, before)


def relabel(page: Page, name: str) -> None:
    """Give the chosen label a class that stands further down in the list, with the keyboard."""
    before = _saved(page)
    page.click(_CLASS)
    at = page.until(f"{_ACTIVE} && {_ACTIVE}.innerText")
    while at.strip() != name:
        page.press("ArrowDown")
        at = page.until(f"{_ACTIVE} && {_ACTIVE}.innerText != {at!r} && {_ACTIVE}.innerText")
    page.press("Enter")
    _wait_for_saved(page, before)
    page.until(f"{_CLASS}.value == {name!r}")


def delete(page: Page) -> None:
    """Delete the chosen label."""
    before = _saved(page)
    page.click(f"{_MODAL}.querySelector('[data-cy=label-menu-trigger]')")
    page.click("document.querySelector('[data-cy=label-menu-delete]')")
    _wait_for_saved(page, before)


def go_back(page: Page) -> None:
    """Leave the form for the list, with the tool that chooses."""
    page.click(f"{_MODAL}.querySelector('[data-cy=annotate-edit-back]')")
    page.click(f"{_MODAL}.querySelector('[data-cy=select-action]')")


def _is_about(page: Page, box: Box) -> None:
    wanted = [
        f"{number} && Math.abs({number}.value - {part}) < 1e-6" for number, part in zip(_NUMBERS, box, strict=True)
    ]
    page.until(" && ".join(wanted))
    page.place(_PICTURE)


def _saved(page: Page) -> int:
    """Return how many edits the App's server has taken."""
    return sum(one["method"] == "PATCH" for one in page.answered)


def _wait_for_saved(page: Page, before: int) -> None:
    """Wait until the server has taken one edit more, and the App has no other to send."""
    ends = time.monotonic() + WAIT_S
    while _saved(page) == before:
        assert time.monotonic() < ends, "the App sent no edit to its server"
        time.sleep(0.05)
    page.until(f"{_MODAL}.querySelector('[data-cy=annotation-save-state]').dataset.settled == 'true'")
