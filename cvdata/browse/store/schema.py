"""What FiftyOne has to know of the fields of a subject, and how its App shows them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...evaluate.diagnosis.kinds import Verdict
from ...reports.palette import class_colour
from ..labels.said import is_persons
from ..labels.schema import FieldSpec, schema_of
from ..names import (
    ERRORS,
    KEYPOINTS,
    LEAK,
    NAME,
    OUTLINES,
    STATE,
    SUSPICION,
    TRUTH,
    VERDICT,
    WHOLE,
    WORTH,
    found_field,
    list_of,
)
from ..subject import Subject

__all__ = ["declare", "declare_fields", "lay_out"]

_MOST_LISTED = 1000
"""Classes that the App offers in a list; of more it lets the name be typed."""

_ENDS = ("", OUTLINES, KEYPOINTS, WHOLE)
_TRUTH_COLOUR = "#3ddc5c"
_FOUND_COLOURS = ("#ff9f1c", "#ff4fd8", "#35c9ff", "#fff04d")
"""Of labels and of the field's row in the sidebar, bright enough for dark pictures; further models have the first."""


_VERDICT_COLOURS = {
    Verdict.FOUND.words: None,
    Verdict.TRUE.words: None,
    Verdict.MISSED.words: "#ff3b30",
    Verdict.WRONG_CLASS.words: "#d65cff",
    Verdict.BADLY_PLACED.words: "#35c9ff",
    Verdict.BOTH.words: "#7a8cff",
    Verdict.DUPLICATE.words: "#c8e64c",
    Verdict.BACKGROUND.words: "#fff04d",
    Verdict.IGNORED.words: "#9aa0a6",
    Verdict.UNSURE.words: "#9aa0a6",
}
"""Colour of each verdict, the same on both sides; None: what is right has that of its side."""


def declare(fiftyone: Any, samples: Any, subject: Subject) -> None:
    """Make the fields, let the App edit the labels, and choose the colours of these."""
    sides = [TRUTH, *(found_field(place) for place in range(len(subject.found)))]
    shown = [f"{side}{end}" for side in sides for end in _ENDS]
    classes = subject.dataset.categories.names
    declare_fields(fiftyone, samples, schema_of(subject), shown, classes, by_side=bool(subject.found))


def declare_fields(
    fiftyone: Any,
    samples: Any,
    specs: Iterable[FieldSpec],
    shown: Sequence[str],
    classes: Sequence[str],
    *,
    by_side: bool = False,
) -> None:
    """Make fields, and let the App edit the labels in those that are shown.

    Args:
        shown: fields of labels, if they are there.
        by_side: the colours tell truth and found apart; else classes.
    """
    for spec in specs:
        _add(fiftyone, samples, spec)
    samples.reload()  # without it a new field has only the attributes added here: a person could not tag a label
    samples.default_classes = list(classes)
    there = [field for field in shown if samples.has_field(field)]
    for field in there:
        if not field.endswith(KEYPOINTS):  # which its App shows, and cannot edit
            _allow(samples, field, classes)
    _colour(fiftyone, samples, there, classes, by_side=by_side)
    samples.save()


def _add(fiftyone: Any, samples: Any, spec: FieldSpec) -> None:
    kind = getattr(fiftyone, spec.kind)
    if not issubclass(kind, fiftyone.Field):
        samples.add_sample_field(spec.path, fiftyone.EmbeddedDocumentField, embedded_doc_type=kind)
        return
    held = samples.get_field(spec.path)
    if held is not None and not isinstance(held, kind):
        samples.delete_sample_field(spec.path)  # an attribute of the source that has values of another type by now
    inner = {} if spec.subkind is None else {"subfield": getattr(fiftyone, spec.subkind)}
    samples.add_sample_field(spec.path, kind, **inner)


def _allow(samples: Any, field: str, classes: Sequence[str]) -> None:
    """Let the App edit a field's labels: class, shape, tags, of the truth flags and attributes; nothing of cvdata's."""
    schema = samples.generate_label_schemas(fields=field, scan_samples=False)
    for attribute in schema.get("attributes", ()):
        name = attribute["name"]
        attribute["read_only"] = name != "tags" and not (field in (TRUTH, TRUTH + WHOLE) and is_persons(name))
    if len(classes) <= _MOST_LISTED:
        schema["component"], schema["classes"] = "dropdown", list(classes)
    samples.update_label_schema(field, schema)
    samples.activate_label_schemas(field)


def _colour(fiftyone: Any, samples: Any, shown: Sequence[str], classes: Sequence[str], *, by_side: bool) -> None:
    """Tell verdicts apart by colour where labels were judged, else truth and found, else classes as in all of cvdata.

    A picture that is opened large shows all of its labels, so that colours alone say which of them are wrong.
    """
    by_class = [{"value": name, "color": class_colour(row)} for row, name in enumerate(classes)]
    judged = any(samples.get_field(f"{list_of(field)}.{VERDICT}") is not None for field in shown)
    fields = []
    for field in shown:
        side = _side_colour(field)
        by_verdict = [{"value": word, "color": colour or side} for word, colour in _VERDICT_COLOURS.items()]
        asked = (VERDICT, by_verdict) if judged else ("label", by_class)
        fields.append({"path": field, "fieldColor": side, "colorByAttribute": asked[0], "valueColors": asked[1]})
    pool = [class_colour(row) for row in range(16)]
    way = "field" if by_side and not judged else "value"
    samples.app_config.color_scheme = fiftyone.ColorScheme(color_by=way, color_pool=pool, fields=fields)


def _side_colour(field: str) -> str:
    if field.startswith(TRUTH):
        return _TRUTH_COLOUR
    place = next((place for place in range(1, len(_FOUND_COLOURS)) if field.startswith(found_field(place))), 0)
    return _FOUND_COLOURS[place]


def lay_out(fiftyone: Any, samples: Any) -> None:
    """Lay out the App's sidebar: what a person looks at on top and open, what cvdata needs itself folded away."""
    own = {"errors": (ERRORS, SUSPICION, WORTH, LEAK, STATE, NAME)}
    listed = [path for paths in own.values() for path in paths]
    groups = fiftyone.DatasetAppConfig.default_sidebar_groups(samples)
    folded = {"metadata", "other", "primitives", "eval"}
    for group in groups:
        group.paths = [path for path in group.paths if path not in listed]
        group.expanded = group.name not in folded
    there = set(samples.get_field_schema())
    made = [
        type(groups[0])(name=name, paths=[path for path in paths if path in there], expanded=True)
        for name, paths in own.items()
    ]
    first = [group for group in groups if group.name in ("tags", "labels")]
    samples.app_config.sidebar_groups = [*first, *made, *(group for group in groups if group not in first)]
    samples.save()
