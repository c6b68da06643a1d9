"""Documents written in bulk, read back, and through the API where they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from cvdata.browse.session import fiftyone
from cvdata.browse.store.writer import collection_of, is_known, write_in_bulk, writer_of

pytestmark = pytest.mark.usefixtures("fiftyone_there")


@pytest.fixture
def samples() -> Iterator[Any]:
    module = fiftyone()
    made = module.Dataset()
    made.media_type = "image"
    made.add_sample_field("name", module.StringField)
    made.add_sample_field("truth", module.EmbeddedDocumentField, embedded_doc_type=module.Detections)
    made.create_index("name", unique=True)
    yield made
    made.delete()


def document(name: str) -> dict[str, Any]:
    from bson import ObjectId

    box = {"_id": ObjectId(), "_cls": "Detection", "attributes": {}, "tags": [], "label": "bolt"}
    return {
        "filepath": f"/pictures/{name}",
        "tags": ["val"],
        "_media_type": "image",
        "metadata": {"_cls": "ImageMetadata", "width": 8, "height": 4},
        "name": name,
        "truth": {"_cls": "Detections", "detections": [{**box, "bounding_box": [0.5, 0.25, 0.25, 0.5]}]},
    }


def as_polylines(samples: Any, documents: Sequence[dict[str, Any]]) -> list[Any]:
    """Write boxes under the name of another kind of label, as a later FiftyOne might want them."""
    return write_in_bulk(samples, [{**row, "truth": {**row["truth"], "_cls": "Polylines"}} for row in documents])


def test_what_is_written_in_bulk_is_what_the_api_reads(samples: Any) -> None:
    how, written = writer_of("1.22.1", samples, [document("a.png"), document("b.png")])

    assert (how, len(written)) == ("bulk", 2)
    assert samples.values("truth.detections.bounding_box") == [[[0.5, 0.25, 0.25, 0.5]]] * 2
    assert samples.first().tags == ["val"]
    assert samples.first().metadata.width == 8


def test_an_unknown_version_is_written_through_the_api(samples: Any) -> None:
    how, written = writer_of("1.23.0", samples, [document("a.png")])

    assert (how, len(written)) == ("api", 1)
    assert samples.values("truth.detections.label") == [["bolt"]]
    assert is_known("1.22.9")
    assert not is_known("1.2.2")


def test_documents_that_read_back_otherwise_are_taken_out_and_go_through_the_api(samples: Any) -> None:
    how, written = writer_of("1.22.1", samples, [document("a.png")], as_polylines)

    assert (how, len(written)) == ("api", 1)
    assert collection_of(samples).count_documents({}) == 1
    assert samples.values("truth.detections.label") == [["bolt"]]


def test_a_picture_that_another_process_put_meanwhile_is_not_put_twice(samples: Any) -> None:
    write_in_bulk(samples, [document("b.png")])

    written = write_in_bulk(samples, [document("a.png"), document("b.png"), document("c.png")])

    assert len(written) == 2
    assert sorted(samples.values("name")) == ["a.png", "b.png", "c.png"]
