"""What FiftyOne itself makes of our documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cvdata.browse.labels.attributes import RESERVED
from cvdata.browse.labels.documents import sample_documents
from cvdata.browse.labels.schema import schema_of
from cvdata.browse.labels.texts import with_safe_texts
from cvdata.browse.names import list_of
from cvdata.browse.session import fiftyone
from cvdata.browse.store.schema import declare
from cvdata.browse.store.writer import collection_of
from cvdata.browse.subject import Subject

from .subjects import dataset_of, every_kind

pytestmark = pytest.mark.usefixtures("fiftyone_there")

OWN = ("_id", "_dataset_id", "_rand", "created_at", "last_modified_at")


@pytest.fixture
def samples() -> Iterator[Any]:
    made = fiftyone().Dataset()
    made.media_type = "image"
    yield made
    made.delete()


@pytest.fixture(scope="module")
def declared(fiftyone_there: None) -> Iterator[Any]:
    """Return an empty dataset of FiftyOne that knows every kind of label; that takes seconds."""
    made = fiftyone().Dataset()
    made.media_type = "image"
    declare(fiftyone(), made, with_safe_texts(every_kind()))
    yield made
    made.delete()


def plain(value: Any) -> Any:
    """Return a value with NaN as a word, since it equals nothing."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return "nan" if isinstance(value, float) and np.isnan(value) else value


@pytest.mark.slow
def test_the_api_writes_the_very_documents_for_every_kind_of_label(declared: Any, home: Path) -> None:
    documents = list(sample_documents(every_kind(home), np.arange(3)))

    read = [fiftyone().Sample.from_dict(dict(document)) for document in documents]
    declared.add_samples(read, progress=False)

    written = list(collection_of(declared).find({}).sort("_id", 1))
    theirs = [{key: value for key, value in row.items() if key not in OWN and value is not None} for row in written]
    assert [plain(row) for row in theirs] == [plain(document) for document in documents]


@pytest.mark.slow
def test_every_field_and_attribute_of_a_document_is_declared(declared: Any) -> None:
    subject = every_kind()

    known = set(declared.get_field_schema(flat=True))

    assert {spec.path for spec in schema_of(subject)} <= known
    for document in sample_documents(subject, np.arange(3)):
        for field in document:
            if field.startswith(("truth", "found")):
                group, name = list_of(field).split(".")
                keys = {key for label in document[group][name] for key in label} - {"_cls", "_id"}
                assert {f"{group}.{name}.{key}" for key in keys} <= known


def test_an_attribute_that_has_values_of_another_type_by_now_is_declared_anew(samples: Any) -> None:
    row = {"image": "a.png", "category": "bolt", "box": [1, 1, 2, 2]}
    before, after = (Subject(dataset=dataset_of([{**row, "extra": {"age": age}}], names=("bolt",))) for age in (3, 2.5))
    declare(fiftyone(), samples, before)
    document = next(sample_documents(before, np.array([0])))
    samples.add_samples([fiftyone().Sample.from_dict(document)], progress=False)

    declare(fiftyone(), samples, after)

    assert isinstance(samples.get_field("truth.detections.age"), fiftyone().FloatField)
    assert collection_of(samples).find_one()["truth"]["detections"][0].get("age") is None


def test_no_attribute_of_the_source_can_hide_one_of_fiftyone() -> None:
    module = fiftyone()
    kinds = (module.Detection, module.Classification, module.Polyline, module.Keypoint)
    assert {name for kind in kinds for name in dir(kind()) if not name.startswith("_")} <= RESERVED
