"""What FiftyOne has to know of the fields of a review before a person can correct labels in its App."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dataset import Dataset
from ...reports.palette import class_colour
from .load import BAND, BOX_LIST, BOXES, NAME, NUMBER, PUT, WAS_BOX, WAS_CLASS, WHOLE, WHOLE_LIST, Marks
from .pull import INFO

__all__ = ["declare"]

_MOST_LISTED = 1000
"""Classes that the App offers in a list; of more it lets the name be typed."""


def declare(fiftyone: Any, samples: Any, dataset: Dataset, marks: Marks, identity: str) -> None:
    """Make the fields of a review, note what it is about, and let the App edit it with the classes of the dataset."""
    boxed = ~np.isnan(dataset.annotations.box[:, 0])
    classes = tuple(dataset.categories.names)
    samples.add_sample_field(NAME, fiftyone.StringField)
    samples.add_sample_field(PUT, fiftyone.ListField, subfield=fiftyone.IntField)
    if boxed.any() or not len(boxed):
        _add_field(fiftyone, samples, BOXES, BOX_LIST, fiftyone.Detections, banded=marks.bands is not None)
        samples.add_sample_field(f"{BOX_LIST}.{WAS_BOX}", fiftyone.ListField, subfield=fiftyone.FloatField)
        _allow(samples, BOXES, classes)
    if not boxed.all():
        _add_field(fiftyone, samples, WHOLE, WHOLE_LIST, fiftyone.Classifications, banded=marks.bands is not None)
        _allow(samples, WHOLE, classes)
    before = dict(samples.info or {})
    samples.info = {**before, INFO: {**before.get(INFO, {}), "classes": list(classes), "identity": identity}}
    samples.default_classes = list(classes)
    _lay_out(fiftyone, samples, classes)
    samples.save()


def _add_field(fiftyone: Any, samples: Any, field: str, path: str, kind: Any, *, banded: bool) -> None:
    samples.add_sample_field(field, fiftyone.EmbeddedDocumentField, embedded_doc_type=kind)
    samples.add_sample_field(f"{path}.{NUMBER}", fiftyone.IntField)
    samples.add_sample_field(f"{path}.{WAS_CLASS}", fiftyone.StringField)
    if banded:
        samples.add_sample_field(f"{path}.{BAND}", fiftyone.StringField)


def _allow(samples: Any, field: str, classes: tuple[str, ...]) -> None:
    """Let the App edit the labels of a field: their class, their box and their tags, and nothing that cvdata put."""
    schema = samples.generate_label_schemas(fields=field, scan_samples=False)
    for attribute in schema["attributes"]:
        attribute["read_only"] = attribute["name"] != "tags"
    if len(classes) <= _MOST_LISTED:
        schema["component"], schema["classes"] = "dropdown", list(classes)
    samples.update_label_schema(field, schema)
    samples.activate_label_schemas(field)


def _lay_out(fiftyone: Any, samples: Any, classes: tuple[str, ...]) -> None:
    """Give each class the colour that it has in all pictures of cvdata, and fold away what nobody corrects."""
    colours = [{"value": name, "color": class_colour(row)} for row, name in enumerate(classes)]
    fields = [{"path": field, "colorByAttribute": "label", "valueColors": colours} for field in (BOXES, WHOLE)]
    pool = [class_colour(row) for row in range(16)]
    samples.app_config.color_scheme = fiftyone.ColorScheme(color_by="value", color_pool=pool, fields=fields)
    groups = fiftyone.DatasetAppConfig.default_sidebar_groups(samples)
    for group in groups:
        group.expanded = group.name in ("tags", "labels")
    samples.app_config.sidebar_groups = groups
