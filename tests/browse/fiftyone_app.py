"""What a person does in FiftyOne's App, and what is to be seen there; what anyone asks of its server."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

from .chromium import WAIT_S, Page

__all__ = ["ask", "choose", "is_open", "listed", "pictures_of", "show", "tag_first"]

_CHOICE = "document.querySelector('[data-cy=saved-views-selection]')"
_OPTIONS = "[...document.querySelectorAll('[data-cy^=saved-views-][data-cy$=-selection-option]')]"
_PICTURES = "[...document.querySelectorAll('[data-cy=looker]')]"


def ask(port: int, path: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, bytes]:
    """Return status and body of the server's answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def is_open(page: Page) -> None:
    """Wait until all pictures are drawn, and put aside what the makers of FiftyOne offer."""
    page.until(f"{_PICTURES}.length && {_PICTURES}.every(e => e.querySelector('canvas[canvas-loaded=true]'))")
    dismiss = "[...document.querySelectorAll('button')].find(b => b.innerText == 'Dismiss')"
    if page.ask(f"!!{dismiss}"):
        page.click(dismiss)


def show(page: Page, address: str) -> list[str]:
    """Go to an address of the App; return the names of the pictures that it asked its server for, in their order."""
    before = len(page.requests)
    page.visit(address)
    is_open(page)
    return pictures_of(page, before)


def pictures_of(page: Page, since: int = 0) -> list[str]:
    """Return the names of the pictures that the App asked for, each once."""
    asked = [urlsplit(str(one["url"])) for one in page.requests[since:]]
    paths = [parse_qs(one.query)["filepath"][0] for one in asked if one.path == "/media"]
    return list(dict.fromkeys(path.rpartition("/")[2] for path in paths))


def listed(page: Page) -> list[str]:
    """Open the list of saved views, return the names in it, and close it."""
    page.click(_CHOICE)
    page.until(f"{_OPTIONS}.length > 1")
    names = page.ask(f"{_OPTIONS}.map(e => e.innerText.trim().split('\\n')[0])")
    page.press("Escape")
    return [name for name in names if name != "Unsaved view"]


def choose(page: Page, view: str, pictures: int) -> None:
    """Choose a saved view by its name, and wait until the App says how many pictures it has."""
    page.click(_CHOICE)
    page.click(f"{_OPTIONS}.find(e => e.innerText.trim().split('\\n')[0] == {view!r})")
    count = f"{pictures} sample{'' if pictures == 1 else 's'}"
    page.until(f"document.body.innerText.split('\\n').includes({count!r}) && {_PICTURES}.length == {pictures}")


def tag_first(page: Page, tag: str) -> None:
    """Give the first picture a tag, with the mouse and the keyboard."""
    page.click(f"{_PICTURES}[0]", corner=14)
    page.click("document.querySelector('[data-cy=action-tag-sample-labels]')")
    page.click("document.querySelector('[data-cy=sample-tag-input]')")
    page.type(tag)
    page.press("Enter")
    before = len(page.requests)
    page.click("document.querySelector('[data-cy=button-Apply]')")
    done = time.monotonic() + WAIT_S
    while not _asked(page, before, "/tagging"):  # once its server has answered, the App asks what tags there are now
        assert time.monotonic() < done, "the tag was not set"
        time.sleep(0.1)


def _asked(page: Page, since: int, path: str) -> bool:
    return any(urlsplit(str(one["url"])).path == path for one in page.requests[since:])
