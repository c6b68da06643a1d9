"""Names of what cvdata puts into FiftyOne: fields of a sample, attributes of a label, tags.

Where FiftyOne has a name of its own for the same (`eval`, `eval_id`, `eval_iou`), that is used, so that its panels
know it.
"""

from __future__ import annotations

__all__ = [
    "ERRORS",
    "EVAL",
    "EVAL_ID",
    "EVAL_IOU",
    "FOUND",
    "HEAT",
    "INFO",
    "KEYPOINTS",
    "LABEL_ERROR",
    "LEAK",
    "NAME",
    "NUMBER",
    "OUTLINES",
    "PARTNER_CLASS",
    "PUT",
    "SIZE",
    "STATE",
    "SURETY",
    "SUSPICION",
    "TAG_ACCEPT",
    "TAG_DROP",
    "TAG_FIX",
    "TRUTH",
    "VERDICT",
    "VISIBILITY",
    "WHOLE",
    "WORTH",
    "found_field",
    "list_of",
]

TRUTH = "truth"
"""Field with the boxes of the dataset, and of all that is put beside them: see `OUTLINES`, `KEYPOINTS`, `WHOLE`."""

FOUND = "found"
"""Field with the boxes that the first model found."""

OUTLINES, KEYPOINTS, WHOLE = "_outlines", "_keypoints", "_of_picture"
"""Ends of the names of the fields beside `TRUTH` and `FOUND`: outlines and rotated boxes as polylines, keypoints, and
labels of whole pictures. The box is the object: a label there carries the `NUMBER` of the box that it belongs to."""

NAME, STATE, ERRORS, LEAK, WORTH, HEAT, PUT = "name", "state", "errors", "looks_like", "worth", "heat", "cvdata_put"
SUSPICION = "suspicion"
"""Fields of a sample: its picture's name in the dataset; whether it is labelled, empty or unlabelled; the number of its
errors; the group of pictures in other splits that it looks like; how much labelling it would teach (0 to 1); where a
network looked; what cvdata put, to tell what a person changed; how sure the surest probable label error in it is (0 to
1)."""

NUMBER = "number"
"""Attribute of a label: its place among the annotations of its picture as they were put, from 0; what a person drew
has none."""

VERDICT, EVAL, EVAL_ID, EVAL_IOU = "verdict", "eval", "eval_id", "eval_iou"
"""Attributes of a judged label: what became of it in the words of `cvdata eval`; tp, fp or fn; the id of the label on
the other side that it met; their overlap."""

VISIBILITY = "visibility"
"""Attribute of keypoints: 0 not labelled, 1 hidden, 2 visible, for each; FiftyOne has none."""

PARTNER_CLASS, SIZE, LABEL_ERROR, SURETY = "partner_class", "size", "label_error", "surety"
"""Attributes: class of the other; COCO's size class; kind of the probable label error; how sure that is, 0 to 1."""

TAG_DROP, TAG_FIX, TAG_ACCEPT = "drop", "fix", "accept"
"""Tags of a person: leave it out; somebody has to look again; what was found is right."""

INFO = "cvdata"
"""Where FiftyOne's dataset keeps what cvdata has to know of it: in its `info`, under this key."""

_LISTS = {OUTLINES: "polylines", KEYPOINTS: "keypoints", WHOLE: "classifications"}


def found_field(place: int) -> str:
    """Return the field of what a model found: `found`, `found_2`, ... by its place, from 0."""
    return FOUND if place == 0 else f"{FOUND}_{place + 1}"


def list_of(field: str) -> str:
    """Return the path of the labels in a field, such as `truth.detections` or `found_outlines.polylines`."""
    for end, labels in _LISTS.items():
        if field.endswith(end):
            return f"{field}.{labels}"
    return f"{field}.detections"
