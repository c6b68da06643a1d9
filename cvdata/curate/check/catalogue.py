"""Every kind of finding: how bad it is, how it is said, why it matters, and its cure.

`error`: labels are wrong or unusable, or scores would be. `warning`: probably so, or training suffers. `info`: worth
knowing. Titles come in two forms, for one and for many; `{n}` is the number. In a cure `{fix}` is the command that
repairs the dataset at hand.
"""

from __future__ import annotations

from .findings import Kind
from .source_catalogue import SOURCE_KINDS
from .trainer_catalogue import TRAINER_KINDS

__all__ = ["KINDS"]

_LOOK = "look at them: {show}"

_BOXES = {
    "duplicate-box": Kind(
        "warning",
        "{n} annotation repeats another of its picture exactly",
        "{n} annotations repeat another of their picture exactly",
        "The object counts twice in training, and one of the two is a miss in every score.",
        "keep one of each: {fix}",
        "the first of each kept",
    ),
    "near-duplicate-box": Kind(
        "warning",
        "{n} box nearly covers another of the same class",
        "{n} boxes nearly cover another of the same class",
        "Probably one object that two people drew; it counts twice.",
        "look at them and remove the worse one: {show}",
    ),
    "tiny-box": Kind(
        "warning",
        "{n} box is less than {limit:g} pixels wide or high",
        "{n} boxes are less than {limit:g} pixels wide or high",
        "At the usual sizes of a network nothing of it is left; often it is a slip of the mouse.",
        "look at them: {show}",
    ),
    "wild-aspect-box": Kind(
        "warning",
        "{n} box is more than {limit:g} times longer than wide",
        "{n} boxes are more than {limit:g} times longer than wide",
        "Unless the objects are poles or lines, it is a slip of the mouse or two swapped numbers.",
        "look at them: {show}",
    ),
    "whole-picture-box": Kind(
        "info",
        "{n} box covers its whole picture",
        "{n} boxes cover their whole picture",
        "Right for close-ups; wrong where a label of the whole picture was turned into a box.",
        "look at them: {show}",
    ),
}

_CLASSES = {
    "similar-class-names": Kind(
        "warning",
        "{n} pair of class names is nearly the same",
        "{n} pairs of class names are nearly the same",
        "One class is probably split in two, and each half is an error of the other.",
        "join the two in the labels, if they are one; nobody but you can decide that",
    ),
    "unused-class": Kind(
        "warning",
        "{n} class has no annotation",
        "{n} classes have no annotation",
        "The network gets an output that nothing trains; often a list of classes of another dataset.",
        "take it out of the list of classes: cvdata convert --classes",
    ),
    "single-sample-class": Kind(
        "warning",
        "{n} class has a single annotation",
        "{n} classes have a single annotation",
        "It cannot be learned and tested; often the name is misspelt.",
        "correct the name, or collect more",
    ),
    "few-objects-class": Kind(
        "info",
        "{n} class has fewer than {limit:,} annotations",
        "{n} classes have fewer than {limit:,} annotations",
        "Detectors trained on less than that per class seldom do well without strong augmentation.",
        "collect more of these classes",
    ),
    "class-imbalance": Kind(
        "warning",
        "{n} class is rare beside '{largest}', which has {share:.0%} of all annotations",
        "{n} classes are rare beside '{largest}', which has {share:.0%} of all annotations",
        "A network learns to say the frequent class; look at the score of each class, not at the mean.",
        "collect more of the rare classes, or show them more often in training",
    ),
    "class-not-in-train": Kind(
        "warning",
        "{n} class is in another split but not in train",
        "{n} classes are in other splits but not in train",
        "It cannot be learned, so its score is always 0.",
        "move some of its pictures to train",
    ),
    "class-not-in-split": Kind(
        "warning",
        "{n} time a class of train is missing from another split",
        "{n} times a class of train is missing from another split",
        "It cannot be measured there.",
        "move some of its pictures there",
    ),
}

_PICTURES = {
    "tiny-picture": Kind(
        "warning", "{n} picture is tiny", "{n} pictures are tiny", "There is little to see in it.", _LOOK
    ),
    "huge-picture": Kind(
        "info",
        "{n} picture is huge",
        "{n} pictures are huge",
        "It is shrunk for training, and small objects vanish; decoding it is slow.",
        "cut it into tiles, or shrink it once and for all",
    ),
    "dark-picture": Kind(
        "warning", "{n} picture is nearly black", "{n} pictures are nearly black", "Nothing can be seen in it.", _LOOK
    ),
    "bright-picture": Kind(
        "warning", "{n} picture is nearly white", "{n} pictures are nearly white", "Nothing can be seen in it.", _LOOK
    ),
    "blank-picture": Kind(
        "warning",
        "{n} picture is of one colour",
        "{n} pictures are of one colour",
        "Nothing is in it; often a failed download or a covered lens.",
        _LOOK,
    ),
    "blurred-picture": Kind(
        "warning",
        "{n} picture is blurred",
        "{n} pictures are blurred",
        "Boxes cannot be drawn well in it; fine if the camera will see such pictures, too.",
        _LOOK,
    ),
    "odd-picture": Kind(
        "info",
        "{n} picture is of an unusual kind",
        "{n} pictures are of an unusual kind",
        "Tools read 16 bits, transparency, four inks or a wrong suffix in different ways.",
        "store them as plain 8-bit JPEG or PNG, if training and use shall see the same",
    ),
    "unlabelled-picture": Kind(
        "warning",
        "{n} picture has no labels",
        "{n} pictures have no labels",
        "Trainers take it for background: if there are objects in it, they are taught to miss them.",
        "label it, or say that it is empty (YOLO: an empty label file)",
    ),
    "no-labels": Kind(
        "info",
        "nobody has labelled the {n} picture",
        "nobody has labelled any of the {n} pictures",
        "There is nothing to train on yet.",
        "label them",
    ),
    "empty-picture": Kind(
        "info",
        "{n} picture is labelled as empty",
        "{n} pictures are labelled as empty",
        "Good as background, if really nothing is in it.",
        _LOOK,
    ),
}

_MASKS = {
    "mask-as-picture": Kind(
        "warning",
        "{n} file beside the pictures is a mask, not a picture",
        "{n} files beside the pictures are masks, not pictures",
        "Whoever trains or labels on them trains on masks.",
        "keep masks in a folder of their own, beside the folder of the pictures",
    ),
}

_COPIES = {
    "leaked-copy": Kind(
        "error",
        "{n} picture is in more than one split",
        "{n} pictures are in more than one split",
        "A model is scored on pictures it was trained on, so the score is too good.",
        "keep each in one split: {fix}",
        "kept in test, else in val, else in train",
    ),
    "leaked-near-copy": Kind(
        "warning",
        "{n} group of pictures that look alike is spread over splits",
        "{n} groups of pictures that look alike are spread over splits",
        "Scores are too good if they are frames of one scene, or mirrored and turned copies.",
        "look at them, and keep each group in one split: {show}",
    ),
    "leaked-augmentation": Kind(
        "warning",
        "augmented copies of {n} picture are spread over splits",
        "augmented copies of {n} pictures are spread over splits",
        "The dataset was augmented before it was split, so val and test hold variants of training pictures.",
        "split first, augment train alone; in Roboflow make the version anew",
    ),
    "conflicting-labels": Kind(
        "error",
        "{n} picture is there more than once, with different labels",
        "{n} pictures are there more than once, with different labels",
        "At least one of the labels is wrong, and the two fight in training.",
        "look at them and remove the wrong one: {show}",
    ),
    "exact-copy": Kind(
        "info",
        "{n} picture is an exact copy of another in its split",
        "{n} pictures are exact copies of others in their split",
        "It counts more than once in training and in scores.",
        "remove the copies, unless they are there on purpose",
    ),
    "near-copy": Kind(
        "info",
        "{n} group of pictures looks alike within a split",
        "{n} groups of pictures look alike within a split",
        "Frames of one scene add little; a new split must keep them together.",
        _LOOK,
    ),
    "unlisted-copy": Kind(
        "warning",
        "{n} picture in the folder but not in the labels is a copy of one that is",
        "{n} pictures in the folder but not in the labels are copies of ones that are",
        "Usually a folder that was copied or renamed; whoever trains on both scores on training data.",
        "remove the folder that is not used",
    ),
}

KINDS: dict[str, Kind] = {
    **SOURCE_KINDS,
    **_BOXES,
    **_CLASSES,
    **_PICTURES,
    **_MASKS,
    **_COPIES,
    **TRAINER_KINDS,
}
"""All kinds of findings by their code."""
