"""The panel "Precision and recall" in FiftyOne: it is listed, and a click shows what counts from a confidence on."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from cvdata.browse import panels
from cvdata.browse.panels import bring_panels
from cvdata.browse.panels.drawing import view_of
from cvdata.browse.session import fiftyone

pytestmark = pytest.mark.usefixtures("fiftyone_there")

_Rows = list[tuple[str, float | None, str | None]]

_FOUND: dict[str, _Rows] = {
    "a": [("$cash", 0.9, "true"), ("$cash", 0.4, "unsure"), ("bolt", 0.8, "background")],
    "b": [("$cash", 0.5, "duplicate"), ("$cash", 0.95, "ignored")],
    "c": [("$cash", 0.99, None)],  # of a picture that was not judged
}


@pytest.fixture
def samples() -> Iterator[Any]:
    module = fiftyone()
    made = module.Dataset()
    box = [0.1, 0.1, 0.2, 0.2]

    def labels(rows: _Rows) -> Any:
        detections = [
            module.Detection(label=name, confidence=score, bounding_box=box, verdict=verdict, number=number)
            for number, (name, score, verdict) in enumerate(rows)
        ]
        return module.Detections(detections=detections)

    truth = labels([("$cash", None, "found"), ("bolt", None, "missed")])
    made.add_samples(
        [module.Sample(filepath=f"/{name}.png", found=labels(rows), truth=truth) for name, rows in _FOUND.items()],
        dynamic=True,
        progress=False,
    )
    yield made
    made.delete()


@pytest.mark.parametrize(
    ("name", "score", "pictures", "found"),
    [
        ("$cash", 0.4, ["/a.png", "/b.png"], [[0.9, 0.4], [0.5]]),
        ("$cash", 0.5, ["/b.png", "/a.png"], [[0.5], [0.9]]),
        ("$cash", 0.91, [], []),
        ("bolt", 0.8, ["/a.png"], [[0.8]]),
        (None, 0.5, ["/b.png", "/a.png"], [[0.5], [0.9, 0.8]]),
    ],
)
def test_a_point_shows_the_detections_that_count_from_its_confidence_on_and_the_least_sure_first(
    samples: Any, name: str | None, score: float, pictures: list[str], found: list[list[float]]
) -> None:
    view = view_of(fiftyone().ViewField, samples, name, score)

    assert view.values("filepath") == pictures
    assert view.values("found.detections.confidence") == found
    beside = ["$cash", "bolt"] if name is None else [name]
    assert view.values("truth.detections.label") == [beside] * len(pictures)


def test_the_panels_are_listed_once_beside_the_persons_own_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = importlib.import_module("fiftyone.plugins")
    monkeypatch.setattr(plugins, "list_plugins", plugins.list_plugins)  # put back at the end
    before = [one.name for one in plugins.list_plugins()]

    bring_panels()
    bring_panels()

    listed = plugins.list_plugins()
    assert [one.name for one in listed] == [*before, "@cvdata/panels"]
    assert listed[-1].directory == os.path.dirname(panels.__file__)
    assert "@cvdata/panels" not in [one.name for one in plugins.list_plugins(builtin=True)]


@pytest.mark.parametrize("name", ["fiftyone.plugins.list_plugins", "fiftyone.plugins.definitions.PluginDefinition"])
def test_a_fiftyone_with_other_plugins_goes_without_the_panels(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    importlib.import_module("fiftyone.plugins.definitions")
    monkeypatch.delattr(name)

    bring_panels()

    plugins = importlib.import_module("fiftyone.plugins")
    assert "@cvdata/panels" not in [one.name for one in getattr(plugins, "list_plugins", list)()]
