"""The gallery in a real browser, opened from the disk: what it shows, and what keys and clicks do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.browse.subject import Found, Judged, Subject
from cvdata.browse.views.view import View
from cvdata.dataset import Categories
from cvdata.evaluate.diagnosis import Verdict
from tests.tiny import build, draw_pictures

from ..chromium import Page, browser
from .made import EVIL, MISSED, subject_of_three, written

pytestmark = pytest.mark.slow

EMPTY = View(name="missed: nut", about="There is none.", tag="no-such-tag")
CARDS = "[...document.querySelectorAll('.card')]"
OPEN = (
    "document.body.dataset.shown && document.querySelector('dialog').open && document.querySelector('#big img, .gone')"
)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile"), ready="document.body && document.body.dataset.shown") as page:
        yield page


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write a gallery of three pictures: views of what was missed, of nothing, and of all."""
    folder = tmp_path_factory.mktemp("gallery")
    return (written(folder, subject_of_three(folder / "src"), MISSED, EMPTY)[0] / "index.html").as_uri()


@pytest.fixture
def page(chromium: Page) -> Iterator[Page]:
    """Return an empty page; whatever a test does there, no script of it may fail."""
    chromium.size(1200, 900)
    chromium.errors.clear()
    yield chromium
    assert chromium.errors == []


def names(page: Page) -> list[str]:
    """Return the names under the pictures."""
    return list(page.ask(f"{CARDS}.map(card => card.children[1].textContent)"))


def seen(page: Page, selector: str) -> int:
    """Return how many elements that a selector names are to be seen."""
    return int(page.ask(f"[...document.querySelectorAll({selector!r})].filter(e => e.getClientRects().length).length"))


def test_a_view_shows_its_pictures_in_order_with_what_is_wrong_in_each(page: Page, address: str) -> None:
    page.visit(address)

    assert names(page) == ["two.jpg", "one.jpg"]
    assert page.ask(f"{CARDS}.map(card => card.querySelector('img').getAttribute('src'))") == [
        "pictures/0/0.jpg",
        "pictures/0/1.jpg",
    ]
    assert page.ask(f"{CARDS}.map(card => card.querySelector('.said').textContent)") == ["2 missed", "1 missed"]
    # The same for who cannot see it.
    assert page.ask(f"{CARDS}.map(card => card.getAttribute('aria-label'))") == [
        "two.jpg, 2 missed",
        "one.jpg, 1 missed",
    ]
    assert page.ask(f"{CARDS}.map(card => card.querySelector('img').alt)") == ["two.jpg, 2 missed", "one.jpg, 1 missed"]


def test_no_name_becomes_markup(page: Page, address: str) -> None:
    page.visit(address)

    assert page.ask("document.querySelector('h1').textContent").startswith("</script><img src=x onerror=alert(1)>")
    assert page.ask("document.querySelectorAll('img[src=x]').length") == 0
    assert EVIL[:9] in page.ask("document.querySelector('#class').textContent")


def test_a_picture_is_shown_large_with_a_table_of_its_labels(page: Page, address: str) -> None:
    page.visit(address + "#0/1", OPEN)

    assert page.ask("document.querySelector('#big img').getAttribute('src')") == "large/1.jpg"
    assert page.ask("document.querySelector('#facts').textContent") == "2 of 2 · 64 × 48"
    rows = "[...document.querySelectorAll('tr')].map(row => [...row.children].map(cell => cell.textContent))"
    assert page.ask(rows) == [
        ["class", "from", "verdict", "score"],
        ["bolt", "truth", "missed", ""],
        ["bolt", "found", "", "0.75"],
    ]


def test_a_picture_that_cannot_be_read_keeps_its_place(page: Page, address: str) -> None:
    page.visit(address + "#2")

    assert names(page) == ["one.jpg", "two.jpg", "gone.jpg"]
    assert page.ask(f"{CARDS}.map(card => card.querySelector('.frame').textContent.includes('cannot be read'))") == [
        False,
        False,
        True,
    ]


def test_a_view_without_pictures_says_so(page: Page, address: str) -> None:
    page.visit(address + "#1")

    assert names(page) == []
    assert page.ask("document.querySelector('#none').textContent") == "There is no picture in this view."
    assert seen(page, "#none") == 1


def test_a_part_of_a_view_stands_below_it_and_keeps_its_whole_name_for_others(page: Page, address: str) -> None:
    page.visit(address)

    buttons = "[...document.querySelectorAll('nav button')]"
    assert page.ask(f"{buttons}.map(b => [b.firstChild.textContent, b.getAttribute('aria-label')])") == [
        ["missed", "missed, 3"],
        ["nut", "missed: nut, 0"],
        ["all pictures", "all pictures, 3"],
    ]


def test_a_click_on_a_view_opens_it_and_the_address_names_it(page: Page, address: str) -> None:
    page.visit(address)

    page.ask("document.querySelectorAll('nav button')[2].click()")
    page.until(f"{CARDS}.length === 3")

    assert page.ask("location.hash") == "#2"
    assert page.ask("document.querySelector('nav [aria-current=true]').getAttribute('aria-label')") == "all pictures, 3"


def test_arrows_go_from_picture_to_picture_and_enter_and_escape_open_and_close(page: Page, address: str) -> None:
    page.visit(address + "#2")
    focused = f"{CARDS}.indexOf(document.activeElement)"

    page.ask(f"{CARDS}[0].focus()")
    page.press("ArrowRight")
    assert page.ask(focused) == 1
    page.press("ArrowLeft")
    assert page.ask(focused) == 0
    page.press("Enter")
    page.until(OPEN)
    assert page.ask("document.querySelector('#title').textContent") == "one.jpg"
    assert page.ask("document.querySelector('#before').disabled")
    page.press("ArrowRight")
    page.press("ArrowRight")
    page.until("document.querySelector('#title').textContent === 'gone.jpg'")
    page.press("ArrowRight")  # there is no other
    page.press("Escape")
    # The browser gives the focus back first, to the picture where it was before.
    page.until(f"{focused} === 2", seconds=10)

    assert not page.ask("document.querySelector('dialog').open")


def test_arrows_up_and_down_go_by_rows(page: Page, address: str) -> None:
    page.size(620, 900)  # one picture in a row
    page.visit(address + "#2")

    page.ask(f"{CARDS}[0].focus()")
    page.press("ArrowDown")
    assert page.ask(f"{CARDS}.indexOf(document.activeElement)") == 1
    page.press("ArrowUp")

    assert page.ask(f"{CARDS}.indexOf(document.activeElement)") == 0


@pytest.mark.parametrize(
    ("box", "left"),
    [
        ("truth", [0, 1, 0]),
        ("found", [3, 0, 3]),
        ("fine", [3, 0, 3]),  # what was found was not judged, so it is no error
        ("text", [3, 1, 0]),
    ],
)
def test_a_box_that_is_not_ticked_hides_its_labels(page: Page, address: str, box: str, left: list[int]) -> None:
    page.visit(address + "#2")
    shown = ["svg .truth .shape", "svg .found .shape", "svg .truth .word"]

    page.ask(f"document.querySelector('#{box}').click()")

    assert [seen(page, selector) for selector in shown] == left


def test_a_search_leaves_pictures_whose_names_fit(page: Page, address: str) -> None:
    page.visit(address + "#2")

    page.ask("const s = document.querySelector('#search'); s.value = 'ONE'; s.dispatchEvent(new Event('input'))")
    page.until("document.querySelector('#fit').textContent")

    assert names(page) == ["one.jpg", "gone.jpg"]
    assert page.ask("document.querySelector('#fit').textContent") == "2 of 3 pictures"


def test_a_class_leaves_pictures_where_the_view_is_about_it(page: Page, address: str) -> None:
    page.visit(address)

    page.ask("const c = document.querySelector('#class'); c.value = '1'; c.dispatchEvent(new Event('change'))")
    page.until("document.querySelector('#fit').textContent")

    assert names(page) == ["two.jpg"]


def test_what_fits_no_picture_is_said(page: Page, address: str) -> None:
    page.visit(address)

    page.ask("const s = document.querySelector('#search'); s.value = 'xyz'; s.dispatchEvent(new Event('input'))")
    page.until("!document.querySelector('#none').hidden")

    assert page.ask("document.querySelector('#none').textContent") == "No picture of this view fits the search."


def test_a_file_that_was_lost_on_the_way_is_named(page: Page, tmp_path: Path) -> None:
    folder, _ = written(tmp_path, subject_of_three(tmp_path / "src"), MISSED)
    (folder / "data/part-0.js").unlink()

    page.visit((folder / "index.html").as_uri(), "!document.querySelector('#none').hidden")

    assert page.ask("document.querySelector('#none').textContent") == (
        "The file data/part-0.js cannot be loaded: keep this folder whole."
    )


def test_points_outlines_and_classes_of_whole_pictures_are_drawn(page: Page, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"image": "a.jpg", "category": "bolt", "box": [2, 2, 8, 8], "keypoints": [[3, 4, 2], [5, 6, 1], [0, 0, 0]]},
        {"image": "a.jpg", "category": "bolt", "box": [50, 50, 8, 8], "rotated": [54, 50, 58, 54, 54, 58, 50, 54]},
        {"image": "a.jpg", "category": "nut", "box": [np.nan] * 4},
    ]
    classes = Categories(names=("bolt", "nut"), keypoints=(("head", "end", "tip"), ()), skeleton=(((0, 1), (1, 2)), ()))
    dataset = build({"a.jpg": (400, 300)}, rows, classes, folder=tmp_path)
    draw_pictures(tmp_path, dataset)
    folder, _ = written(tmp_path, Subject(dataset=dataset))

    page.visit((folder / "index.html").as_uri())

    # Two points are labelled, of which one is hidden, so hollow; only the line between them is drawn.
    fills = page.ask("[...document.querySelectorAll('svg circle')].map(e => e.getAttribute('fill'))")
    assert fills == ["#0072b2", "#fff"]
    assert seen(page, "svg line") == 1
    assert page.ask("document.querySelector('svg path.shape').getAttribute('d')") == "M54 50L58 54L54 58L50 54Z"
    assert page.ask("[...document.querySelectorAll('svg text')].map(e => e.textContent)").count("nut") == 1


def test_of_many_errors_some_are_named_and_of_many_labels_none(page: Page, tmp_path: Path) -> None:
    places = [(x, y) for y in (30, 120, 210) for x in (10, 110, 210, 310)]
    rows = [{"image": "a.jpg", "category": "bolt", "box": [x, y, 40, 40]} for x, y in places]
    dataset = build({"a.jpg": (400, 300)}, rows, Categories(names=("bolt",)), folder=tmp_path)
    draw_pictures(tmp_path, dataset)
    missed = Judged(
        score=0.5,
        truth=np.full(12, Verdict.MISSED, np.uint8),
        found=np.zeros(0, np.uint8),
        truth_other=np.full(12, -1),
        found_other=np.zeros(0, np.int64),
        truth_overlap=np.full(12, np.nan),
        found_overlap=np.zeros(0),
    )
    nothing = build({"a.jpg": (400, 300)}, [], Categories(names=("bolt",)), folder=tmp_path)
    found = (Found(name="mine", dataset=nothing, judged=missed),)
    words = {}
    for kind, subject in (("labels", Subject(dataset=dataset)), ("errors", Subject(dataset=dataset, found=found))):
        folder = written(tmp_path / kind, subject)[0]

        page.visit((folder / "index.html").as_uri())
        words[kind] = seen(page, ".card .word")
        page.visit((folder / "index.html").as_uri() + "#0/0", OPEN)
        words[f"{kind}, large"] = seen(page, "dialog .word")

    assert words == {"labels": 0, "labels, large": 12, "errors": 8, "errors, large": 12}


def test_an_outline_that_is_small_on_the_screen_is_thin(page: Page, tmp_path: Path) -> None:
    rings = [[(10, 10), (22, 10), (16, 22)]], [[(100, 100), (300, 100), (200, 280)]]
    boxes = [10, 10, 12, 12], [100, 100, 200, 180]
    rows = [
        {"image": "a.jpg", "category": "bolt", "box": box, "rings": ring}
        for box, ring in zip(boxes, rings, strict=True)
    ]
    dataset = build({"a.jpg": (400, 300)}, rows, Categories(names=("bolt",)), folder=tmp_path)
    draw_pictures(tmp_path, dataset)
    folder = written(tmp_path, Subject(dataset=dataset))[0]

    page.visit((folder / "index.html").as_uri())

    drawn = "[...document.querySelectorAll('path.shape')]"
    parts = "[e.getAttribute('d').slice(0, 4), e.getAttribute('stroke-width')]"
    assert sorted(page.ask(f"{drawn}.map(e => {parts})")) == [["M10 ", "1"], ["M100", "2"]]
