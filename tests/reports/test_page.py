"""Pages: nothing in them can become markup, nothing is fetched, and the same blocks give the same bytes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from cvdata.reports.markup import Markup, escape, tag
from cvdata.reports.page import Page, badge, decimal, percent

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e\"'&"


class Tags(HTMLParser):
    """The tags of a document, and whether each that opens closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def everything(text: str) -> str:
    """Return a page that has the text in every kind of place."""
    page = Page(text, text)
    page.cards([(text, text)])
    page.section(text, text)
    page.section(text)
    page.text(text)
    page.code(text)
    page.table([text], [[text]])
    page.figure(tag("svg", tag("text", text), aria_label=text), text)
    page.picture(b"\x89PNG", text, text)
    with page.panel(text, badge(text, "error"), "error"), page.details(text), page.columns():
        page.text(text)
    return page.render().decode()


def test_text_never_becomes_markup_wherever_it_stands() -> None:
    html = everything(HOSTILE)

    assert "<img src=x" not in html
    assert Tags(html).names.count("img") == 1
    assert not [name for name, _ in Tags(html).attributes if name.startswith("on")]


def test_control_and_bidirectional_characters_are_shown_as_escapes() -> None:
    html = everything(HOSTILE)

    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "\\x1b[31m\\u202e" in html


def test_every_element_is_closed_where_it_was_opened() -> None:
    assert Tags(everything("plain")).open == []


def test_a_page_names_no_place_to_fetch_anything_from_and_forbids_it() -> None:
    html = everything("plain")

    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:|//)""", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    assert "default-src 'none'; img-src data:;" in policy.group(1)
    assert "unsafe-inline" not in policy.group(1)


def test_the_policy_lets_exactly_the_style_and_the_script_of_the_page_run() -> None:
    import base64
    import hashlib

    html = everything("plain")

    for element in ("style", "script"):
        body = re.search(f"<{element}>(.*?)</{element}>", html, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body.group(1).encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in html


def test_the_same_blocks_give_the_same_bytes() -> None:
    assert everything("a") == everything("a")


def test_numbers_stand_on_the_right_and_sort_by_their_value() -> None:
    page = Page("t")

    page.table(["class", "objects", "share"], [["cat", 1204, percent(0.25)], ["dog", None, None]])
    html = page.render().decode()

    assert '<th scope="col">class</th><th scope="col" class="r">objects</th>' in html
    assert '<td class="r" data-v="1204">1,204</td><td class="r" data-v="0.25">25.0 %</td>' in html
    assert '<td class="r">–</td>' in html


def test_sections_are_linked_from_the_head() -> None:
    page = Page("t")
    page.section("One")
    page.section("Two")

    html = page.render().decode()

    assert '<a href="#s2">Two</a>' in html
    assert '<h2 id="s2">Two</h2>' in html


def test_blocks_inside_details_are_inside_of_it() -> None:
    page = Page("t")
    with page.details("more"):
        page.text("inside")
    page.text("outside")

    assert "<details><summary>more</summary><p>inside</p></details>\n<p>outside</p>" in page.render().decode()


def test_decimals_have_three_digits_and_no_exponent() -> None:
    shown = [decimal(value) for value in (0.0, 0.00123456, 1.5, 102.4, 1234567.8)]

    assert [number.text for number in shown if number] == ["0", "0.00123", "1.5", "102", "1,234,568"]
    assert decimal(None) is None


def test_a_share_that_is_not_all_is_never_shown_as_all() -> None:
    shown = [percent(share) for share in (0.0, 0.00001, 0.123, 0.99999, 1.0)]

    assert [number.text for number in shown if number] == ["0.0 %", "<0.1 %", "12.3 %", ">99.9 %", "100.0 %"]


def test_markup_goes_through_and_attributes_are_escaped() -> None:
    assert escape(Markup("<b>")) == "<b>"
    assert tag("p", "a<b", class_='x"y', title=None, stroke_width=2).html == (
        '<p class="x&quot;y" stroke-width="2">a&lt;b</p>'
    )
