"""In a real browser: panels of the App show the figures of `cvdata eval` and the map of the embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cvdata.browse.app import served

from ..cli.command import cvdata
from .chromium import Page, browser
from .conftest import free_port
from .fiftyone_app import is_open
from .looked_at import looked_at

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fiftyone_there")]

_MATRIX = "[...document.querySelectorAll('.js-plotly-plot')].find(e => e.data && e.data[0].type == 'heatmap')"


@pytest.fixture(scope="module")
def told(fiftyone_there: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Put shapes into FiftyOne with what was found and embeddings; give what `cvdata eval` and `browse` say."""
    looked = looked_at(tmp_path_factory.mktemp("panels"))
    inputs = [looked.source, "--found", looked.found, "--embeddings", "colour"]
    run = cvdata("browse", *inputs, "--no-app", "--json", "--quiet", "--workers", 1)
    assert run.returncode == 0, run.stderr
    judged = cvdata("eval", looked.source, looked.found, "--json", "--quiet")
    assert judged.returncode == 0, judged.stderr
    return {"name": looked.name, "eval": json.loads(judged.stdout)}


@pytest.fixture
def page(told: dict[str, Any], tmp_path: Path) -> Iterator[Page]:
    with served(told["name"], port=free_port()) as (address, _), browser(tmp_path) as page:
        page.visit(address)
        is_open(page)
        yield page


def test_the_evaluation_panel_shows_the_figures_of_eval_and_leads_to_the_labels(
    page: Page, told: dict[str, Any]
) -> None:
    said = told["eval"]

    open_panel(page, "Model Evaluation")
    page.click(worded("eval"))  # the only run
    page.until(f"{row_of('mAP')} != null")

    assert page.ask(figure("mAP")) == f"{said['metrics']['AP']['value']:.3f}".rstrip("0")
    assert page.ask(figure("True Positives")) == str(said["errors"]["verdicts"]["true"]) == "15"
    # Of nothing at all: the detection of another class stands beside the diagonal of the matrix.
    assert page.ask(figure("False Positives")) == str(said["errors"]["verdicts"]["background"]) == "1"
    assert page.ask(figure("False Negatives")) == str(said["errors"]["verdicts"]["missed"]) == "3"

    page.click(worded("Confusion Matrices"))
    page.until(f"{_MATRIX} != null")
    names, counts = page.ask(f"(e => [e.data[0].y, e.data[0].z])({_MATRIX})")

    assert names == ["square", "disc", "triangle", "(none)"]
    assert counts == [[6, 0, 0, 1], [0, 6, 0, 1], [1, 0, 3, 1], [1, 0, 0, 0]]

    # The lost disc, then the true discs with what was found there: the cell asks for pictures with both.
    page.click(cell("(none)", "disc"))
    samples_are(page, 1)
    page.click(cell("disc", "disc"))
    samples_are(page, 5)


def test_the_embeddings_panel_has_a_point_for_each_picture(page: Page) -> None:
    open_panel(page, "Embeddings")
    page.until("document.body.innerText.includes('1 visualization')")
    page.click(worded("embeddings"))

    page.until("document.body.innerText.includes('10 points')")

    assert "Something went wrong" not in page.text()


def open_panel(page: Page, name: str) -> None:
    page.click("document.querySelector('[data-cy=new-panel-btn]')")
    page.click(worded(name))


def worded(words: str) -> str:
    """Return the last element that says just this, in JavaScript: a panel stands after the sidebar."""
    return f"[...document.querySelectorAll('*')].filter(e => !e.children.length && e.innerText == {words!r}).pop()"


def row_of(figure: str) -> str:
    return f"[...document.querySelectorAll('tr')].find(e => e.cells[0].innerText == {figure!r})"


def figure(name: str) -> str:
    return f"{row_of(name)}.cells[1].innerText.trim()"


def cell(found: str, truth: str) -> str:
    """Return a cell of the confusion matrix: something with a place, as `Page.click` asks of an element."""
    return (
        f"(() => {{ const matrix = {_MATRIX}; matrix.scrollIntoView({{block: 'center'}});"
        "const {xaxis, yaxis} = matrix._fullLayout, at = matrix.getBoundingClientRect();"
        f"const x = at.x + xaxis._offset + xaxis.d2p({found!r}), y = at.y + yaxis._offset + yaxis.d2p({truth!r});"
        "return {scrollIntoView() {}, getBoundingClientRect: () => new DOMRect(x - 1, y - 1, 2, 2)}; })()"
    )


def samples_are(page: Page, count: int) -> None:
    words = f"{count} sample{'' if count == 1 else 's'}"
    page.until(f"document.body.innerText.split('\\n').includes({words!r})")
