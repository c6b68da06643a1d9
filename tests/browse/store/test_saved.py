"""Views as FiftyOne saves them: what they hold, in which order, and which of them go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cvdata.browse.session import fiftyone
from cvdata.browse.store.saved import save_views
from cvdata.browse.views.view import Is, View

pytestmark = pytest.mark.usefixtures("fiftyone_there")

MISSED = View(name="missed: bolt", about="Bolts.", side="truth", where=(Is("verdict", "missed"), Is("label", "bolt")))


@pytest.fixture
def samples() -> Iterator[Any]:
    """Give pictures with one missed bolt, with two, and with none; each has a sure and an unsure detection."""
    module = fiftyone()
    made = module.Dataset()

    def labels(*pairs: tuple[str, str]) -> Any:
        box = [0.1, 0.1, 0.2, 0.2]
        return module.Detections(
            detections=[module.Detection(label=name, verdict=word, bounding_box=box) for name, word in pairs]
        )

    found = ("bolt", "background"), ("bolt", "unsure")
    one, two = ("bolt", "missed"), ("nut", "found")
    rows = [("a", labels(one)), ("b", labels(one, one, two)), ("c", labels(two))]
    made.add_samples(
        [module.Sample(filepath=f"/{name}.png", truth=truth, found=labels(*found)) for name, truth in rows],
        dynamic=True,
        progress=False,
    )
    yield made
    made.delete()


def test_a_view_holds_its_labels_alone_and_the_worst_picture_first(samples: Any) -> None:
    names = save_views(fiftyone(), samples, [MISSED])

    view = samples.load_saved_view("missed: bolt")
    assert names == ("missed: bolt",)
    assert view.values("filepath") == ["/b.png", "/a.png"]
    assert view.count("truth.detections") == 3
    assert view.values("found.detections.verdict") == [["background"], ["background"]]
    assert samples.get_saved_view_info("missed: bolt")["description"] == "Bolts."


@pytest.mark.parametrize("name", ["$cash", "$$ROOT", "$label", "a.b"])
def test_a_class_may_be_called_as_mongodb_calls_a_field(samples: Any, name: str) -> None:
    where = Is("verdict", "missed"), Is("label", name)
    samples.set_field("truth.detections.label", fiftyone().ViewField.literal(name)).save("truth")

    save_views(fiftyone(), samples, [replace(MISSED, where=where)])

    assert samples.load_saved_view("missed: bolt").values("filepath") == ["/b.png", "/a.png"]
    save_views(fiftyone(), samples, [replace(MISSED, where=(*where[:1], Is("label", "bolt")))])
    assert len(samples.load_saved_view("missed: bolt")) == 0


def test_names_with_one_address_are_numbered_and_a_persons_views_stay(samples: Any) -> None:
    samples.save_view("mine", samples.limit(1))
    other = View(name="Missed bolt", about="Likewise.", tag="none")

    assert save_views(fiftyone(), samples, [MISSED, other]) == ("missed: bolt", "Missed bolt (2)")
    assert save_views(fiftyone(), samples, [other]) == ("Missed bolt",)
    assert sorted(samples.list_saved_views()) == ["Missed bolt", "mine"]


def test_outlines_and_keypoints_stay_beside_the_boxes_of_a_view_alone(samples: Any) -> None:
    module = fiftyone()
    for sample in samples:
        drawn = enumerate(sample.truth.detections)
        numbers = [box.set_attribute_value("number", at) or at for at, box in drawn]
        sample["truth_outlines"] = module.Polylines(
            polylines=[module.Polyline(label="any", number=at, points=[[[0.1, 0.1], [0.2, 0.2]]]) for at in numbers]
        )
        sample["truth_keypoints"] = module.Keypoints(
            keypoints=[module.Keypoint(label="any", number=at, points=[[0.1, 0.1]]) for at in numbers]
        )
        sample.save()
    samples.add_dynamic_sample_fields()

    save_views(module, samples, [MISSED])

    view = samples.load_saved_view("missed: bolt")
    assert view.values("truth_outlines.polylines.number") == [[0, 1], [0]]
    assert view.values("truth_keypoints.keypoints.number") == [[0, 1], [0]]
