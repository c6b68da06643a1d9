"""Findings of the readers: what is put aside by name, and what they note. `{n}` and the cures are as in `catalogue`."""

from __future__ import annotations

from .findings import Kind

__all__ = ["NOTE_CODES", "SOURCE_KINDS"]

_DROPPED_ROWS = "left out"

SOURCE_KINDS: dict[str, Kind] = {
    "undecodable-picture": Kind(
        "error",
        "{n} picture cannot be read",
        "{n} pictures cannot be read",
        "A trainer stops at such a file, or trains on grey rows.",
        "replace the file from its origin, or leave it out: {fix}",
        "picture left out",
    ),
    "missing-picture": Kind(
        "error",
        "{n} picture has labels but is not there",
        "{n} pictures have labels but are not there",
        "Trainers stop, or pass over the labels without a word.",
        "put the pictures back, name their folder with --images, or leave the labels out: {fix}",
        "labels left out",
    ),
    "size-mismatch": Kind(
        "error",
        "{n} picture has another size than its labels say",
        "{n} pictures have another size than their labels say",
        "Boxes in pixels were drawn on another picture, so they lie beside their objects.",
        "find the pictures that were labelled, or label these again; to leave them out: {fix}",
        "picture left out",
    ),
    "labels-without-picture": Kind(
        "error",
        "{n} label file has no picture",
        "{n} label files have no picture",
        "The work of whoever drew these labels is lost, often because pictures were renamed.",
        "find the pictures, or leave the labels out: {fix}",
        "labels left out",
    ),
    "bad-label-file": Kind(
        "error",
        "{n} label file cannot be read",
        "{n} label files cannot be read",
        "All labels of its picture are missing.",
        "export it again, or leave it out: {fix}",
        "file left out",
    ),
    "unknown-class": Kind(
        "error",
        "{n} annotation has a class that is not declared",
        "{n} annotations have a class that is not declared",
        "Nobody can tell what the object is; trainers crash or drop the whole picture.",
        "add the class to the list of classes, or leave the annotations out: {fix}",
        _DROPPED_ROWS,
    ),
    "unknown-picture": Kind(
        "error",
        "{n} annotation belongs to a picture that is not listed",
        "{n} annotations belong to pictures that are not listed",
        "Trainers never see these annotations.",
        "add the pictures to the file, or leave the annotations out: {fix}",
        _DROPPED_ROWS,
    ),
    "zero-box": Kind(
        "error",
        "{n} box has no area",
        "{n} boxes have no area",
        "A box of no width or height gives losses that are not a number, or a crash.",
        "draw it again, or leave it out: {fix}",
        _DROPPED_ROWS,
    ),
    "outside-box": Kind(
        "error",
        "{n} box lies outside its picture",
        "{n} boxes lie outside their picture",
        "There is nothing to learn where no pixels are; often the boxes belong to another picture or size.",
        "check whether the labels belong to these pictures; to leave the boxes out: {fix}",
        _DROPPED_ROWS,
    ),
    "not-finite": Kind(
        "error",
        "{n} annotation has coordinates that are no finite numbers",
        "{n} annotations have coordinates that are no finite numbers",
        "One such number turns the loss of a whole batch into NaN.",
        "correct it, or leave it out: {fix}",
        _DROPPED_ROWS,
    ),
    "bad-outline": Kind(
        "error",
        "{n} outline cannot be used",
        "{n} outlines cannot be used",
        "An outline needs at least three points that are not on one line, inside the picture.",
        "draw it again, or leave the annotation out: {fix}",
        _DROPPED_ROWS,
    ),
    "bad-mask": Kind(
        "error",
        "{n} mask cannot be used",
        "{n} masks cannot be used",
        "Its run lengths do not fit the picture, so it would cover something else.",
        "export it again, or leave the annotation out: {fix}",
        _DROPPED_ROWS,
    ),
    "bad-keypoints": Kind(
        "error",
        "{n} annotation has unusable keypoints",
        "{n} annotations have unusable keypoints",
        "Points would be taken for other ones.",
        "correct them, or leave the annotation out: {fix}",
        _DROPPED_ROWS,
    ),
    "bad-annotation": Kind(
        "error",
        "{n} annotation cannot be read",
        "{n} annotations cannot be read",
        "One bad row is enough for some trainers to drop a whole picture.",
        "correct the row, or leave it out: {fix}",
        _DROPPED_ROWS,
    ),
    "split-overlap": Kind(
        "error",
        "{n} picture is listed in two splits",
        "{n} pictures are listed in two splits",
        "A model is scored on pictures it was trained on, so the score is too good.",
        "leave each in one list; the repaired dataset keeps the first: {fix}",
        "kept in the first split",
    ),
    "train-is-val": Kind(
        "warning",
        "train and val are the same {n} picture",
        "train and val are the same {n} pictures",
        "Any score on val would be a score on training data.",
        "set pictures aside for val",
    ),
    "clipped-box": Kind(
        "warning",
        "{n} box reaches over the edge of its picture",
        "{n} boxes reach over the edge of their picture",
        "Some trainers clip such boxes, others drop the whole picture.",
        "clip them: {fix}",
        "clipped",
    ),
    "clipped-polygon": Kind(
        "warning",
        "{n} outline reaches over the edge of its picture",
        "{n} outlines reach over the edge of their picture",
        "Some trainers clip them, others drop the whole picture.",
        "clip them: {fix}",
        "clipped",
    ),
    "mixed-rows": Kind(
        "warning",
        "{n} label file mixes boxes and outlines",
        "{n} label files mix boxes and outlines",
        "Trainers expect one kind: they drop the picture, or misread the boxes.",
        "decide for one kind; --fix turns the boxes into outlines of four corners: {fix}",
        "boxes turned into outlines of four corners",
    ),
    "picture-without-labels-entry": Kind(
        "warning",
        "{n} picture is in the folder but not in the labels",
        "{n} pictures are in the folder but not in the labels",
        "They take no part in training; perhaps they were forgotten.",
        "label them, add them to a split, or move them away",
    ),
    "class-case": Kind(
        "warning",
        "{n} pair of class names differs only in case",
        "{n} pairs of class names differ only in case",
        "One class is probably split in two.",
        "join the two in the labels, if they are one",
    ),
    "crowd-polygon": Kind(
        "warning",
        "{n} crowd region is an outline instead of a mask",
        "{n} crowd regions are outlines instead of masks",
        "COCO's own tools take a crowd for a mask, and fail on these.",
        "check whether they are crowds at all: in many sets the mark was set by mistake",
    ),
    "shared-label-file": Kind(
        "warning",
        "{n} label file belongs to more than one picture",
        "{n} label files belong to more than one picture",
        "Two pictures of one name get the same labels, and one of them has the wrong ones.",
        "rename one of the pictures and its label file",
    ),
    "other-note": Kind("info", "{message}", "{message}", "The reader had to decide this; see that it is right.", ""),
}
"""All kinds of findings that come of reading, by their code."""

NOTE_CODES = frozenset(
    {
        "annotation-ids", "area-recomputed", "box-from-outline", "classes-edited", "edited", "id-as-text",
        "imageset-duplicate", "listed-twice", "picture-replaced", "sidecar-unusable",
        "missing-split", "missing-test", "no-annotations", "not-in-imageset", "picture-outside-classes", "restored",
        "shared-annotation-ids", "shared-image-ids", "voc-attribute", "voc-attributes", "voc-filename", "voc-flag",
        "voc-origin", "voc-part", "voc-size", "yolo-path",
    }
)  # fmt: skip
"""Other notes of readers: they come under their own code, in the reader's words."""
