"""Findings about trainers: what each would drop, misread or rewrite. `{n}` and the cures are as in `catalogue`."""

from __future__ import annotations

from .findings import Kind

__all__ = ["TRAINER_KINDS"]

_ROWS_LEFT_OUT = "rows left out, the others kept"

_ANY = {
    "trainer-other-format": Kind(
        "info",
        "{trainer} does not read {format}",
        "{trainer} does not read {format}",
        "What follows is what it would see after a conversion.",
        "{convert}",
    ),
}

_ULTRALYTICS = {
    "ultralytics-start": Kind(
        "error",
        "Ultralytics does not start with this data.yaml",
        "Ultralytics does not start with this data.yaml: {n} reasons",
        "Training ends with an error before the first picture.",
        "correct data.yaml, or have it written anew: {fix}",
        "data.yaml written anew",
    ),
    "ultralytics-elsewhere": Kind(
        "error",
        "Ultralytics takes {n} entry of data.yaml from outside the dataset",
        "Ultralytics takes {n} entries of data.yaml from outside the dataset",
        "It tries `../` as it stands first, and another dataset happens to lie there: it would train on that one.",
        "move the dataset, or have data.yaml written anew: {fix}",
        "data.yaml written anew",
    ),
    "ultralytics-folder": Kind(
        "warning",
        "where Ultralytics looks depends on the folder it is started in",
        "where Ultralytics looks depends on the folder it is started in ({n} entries)",
        "A relative `path`, and lines of a list that do not begin with ./, count from the current folder, then from "
        "the folder of datasets in its settings.",
        "start training in the folder named here, or remove `path`",
        "data.yaml written anew, without `path`",
    ),
    "ultralytics-mixed-rows": Kind(
        "error",
        "Ultralytics leaves out {n} picture whose labels mix boxes and outlines",
        "Ultralytics leaves out {n} pictures whose labels mix boxes and outlines",
        "All labels of such a picture are lost, with no more than a line in the log; releases before 8.4 keep it and "
        "read each box as an outline of two points, so that its box is wrong.",
        "turn the boxes into outlines of four corners: {fix}",
        "boxes turned into outlines of four corners",
    ),
    "ultralytics-columns": Kind(
        "error",
        "Ultralytics leaves out {n} picture with a row of the wrong length",
        "Ultralytics leaves out {n} pictures with a row of the wrong length",
        "One such row, and all labels of the picture are lost, with no more than a line in the log.",
        "correct the row, or leave it out: {fix}",
        _ROWS_LEFT_OUT,
    ),
    "ultralytics-range": Kind(
        "error",
        "Ultralytics leaves out {n} picture with a coordinate outside 0 to 1",
        "Ultralytics leaves out {n} pictures with a coordinate outside 0 to 1",
        "One such row, and all labels of the picture are lost, with no more than a line in the log.",
        "divide by the size of the picture, or clip: {fix}",
        "clipped, or the row left out",
    ),
    "ultralytics-class": Kind(
        "error",
        "Ultralytics leaves out {n} picture with a class that is not declared",
        "Ultralytics leaves out {n} pictures with a class that is not declared",
        "One such row, and all labels of the picture are lost, with no more than a line in the log.",
        "add the class to names, or leave the row out: {fix}",
        _ROWS_LEFT_OUT,
    ),
    "ultralytics-unreadable-labels": Kind(
        "error",
        "Ultralytics leaves out {n} picture whose label file it cannot read",
        "Ultralytics leaves out {n} pictures whose label file it cannot read",
        "All labels of the picture are lost, with no more than a line in the log.",
        "correct the file, or leave the row out: {fix}",
        _ROWS_LEFT_OUT,
    ),
    "ultralytics-boxes-and-outlines": Kind(
        "error",
        "Ultralytics finds boxes in some label files and outlines in others ({n} split)",
        "Ultralytics finds boxes in some label files and outlines in others ({n} splits)",
        "A segmenter does not start (releases before 8.4 drop all outlines); a detector uses the boxes alone.",
        "turn the boxes into outlines of four corners: {fix}",
        "boxes turned into outlines of four corners",
    ),
    "ultralytics-thin-outline": Kind(
        "warning",
        "Ultralytics takes {n} outline of fewer than 3 points",
        "Ultralytics takes {n} outlines of fewer than 3 points",
        "Their masks are empty, and so are their boxes.",
        "leave them out: {fix}",
        _ROWS_LEFT_OUT,
    ),
    "ultralytics-duplicates": Kind(
        "info",
        "Ultralytics removes {n} repeated row",
        "Ultralytics removes {n} repeated rows",
        "It keeps one of each, so its counts are lower than those of your files.",
        "keep one of each: {fix}",
        "the first of each kept",
    ),
    "ultralytics-no-labels": Kind(
        "error",
        "Ultralytics finds no label at all in {n} split",
        "Ultralytics finds no label at all in {n} splits",
        "It looks for labels/ beside images/: the last folder of that name in the full path counts, and upper case is "
        "another name.",
        "have the folders laid out as it wants them: {fix}",
        "labels written where it looks for them",
    ),
    "ultralytics-background": Kind(
        "warning",
        "Ultralytics takes {n} picture for background: it has no label file",
        "Ultralytics takes {n} pictures for background: they have no label file",
        "If there are objects in them, the model is taught to miss them.",
        "label them, or take them out",
    ),
    "ultralytics-suffix": Kind(
        "error",
        "Ultralytics passes over {n} picture for its suffix or kind",
        "Ultralytics passes over {n} pictures for their suffix or kind",
        "It reads bmp, jpg, jpeg, mpo, png, tif, tiff, webp and a few rarer ones; others are not even counted.",
        "save them as JPEG or PNG",
    ),
    "ultralytics-unreadable-picture": Kind(
        "error",
        "Ultralytics leaves out {n} picture that it cannot open",
        "Ultralytics leaves out {n} pictures that it cannot open",
        "The picture and its labels are lost, with no more than a line in the log.",
        "replace the file, or leave it out: {fix}",
        "picture left out",
    ),
    "ultralytics-small-picture": Kind(
        "error",
        "Ultralytics leaves out {n} picture with a side below 10 pixels",
        "Ultralytics leaves out {n} pictures with a side below 10 pixels",
        "The picture and its labels are lost, with no more than a line in the log.",
        "leave it out: {fix}",
        "picture left out",
    ),
    "ultralytics-rewrites-jpeg": Kind(
        "warning",
        "Ultralytics rewrites {n} JPEG in place",
        "Ultralytics rewrites {n} JPEGs in place",
        "A JPEG that does not end with the bytes FF D9 is saved anew, with other pixels and without EXIF: your "
        "original is gone.",
        "add the end mark to a copy: {fix}",
        "end mark added to a copy",
    ),
    "ultralytics-cache": Kind(
        "warning",
        "Ultralytics would use {n} label cache that lies here",
        "Ultralytics would use {n} label caches that lie here",
        "Releases before 8.4 do not notice an edit that keeps the size of a file; and it is a pickle, which can run "
        "any code when it is loaded: never keep one that came with a download.",
        "remove the *.cache files",
        "not copied",
    ),
    "ultralytics-npy": Kind(
        "warning",
        "Ultralytics reads {n} .npy file instead of the picture beside it",
        "Ultralytics reads {n} .npy files instead of the pictures beside them",
        "They are its cache of pixels, and may be of an older picture.",
        "remove the .npy files",
        "not copied",
    ),
    "ultralytics-crowd": Kind(
        "info",
        "Ultralytics has no crowds: {n} crowd region is lost on the way",
        "Ultralytics has no crowds: {n} crowd regions are lost on the way",
        "The objects in it count as background.",
        "",
    ),
}

_TORCHVISION = {
    "torchvision-crowd": Kind(
        "info",
        "torchvision leaves out {n} crowd region",
        "torchvision leaves out {n} crowd regions",
        "Its reference training drops what has iscrowd 1; the objects count as background.",
        "",
    ),
    "torchvision-empty": Kind(
        "info",
        "torchvision leaves out {n} picture of train without a usable box",
        "torchvision leaves out {n} pictures of train without a usable box",
        "Its reference training drops pictures without annotations, so they do not help as background.",
        "",
    ),
    "torchvision-thin-box": Kind(
        "warning",
        "torchvision leaves out {n} picture of train whose boxes are all at most 1 pixel wide or high",
        "torchvision leaves out {n} pictures of train whose boxes are all at most 1 pixel wide or high",
        "Its reference training takes them for empty.",
        "draw the boxes again",
    ),
    "torchvision-background-class": Kind(
        "error",
        "torchvision takes the class '{name}' for background",
        "torchvision takes the class '{name}' for background: {n} annotations",
        "Its detectors keep class id 0 for background, and class ids are used as they stand in the file.",
        "number the classes from 1: {renumber}",
    ),
    "torchvision-class-ids": Kind(
        "warning",
        "{n} class has an id of 91 or more, which torchvision's reference training does not allow",
        "{n} classes have an id of 91 or more, which torchvision's reference training does not allow",
        "Class ids are used as they stand in the file, and `num_classes` is 91 for coco: training crashes.",
        "number the classes from 1: {renumber}",
    ),
    "torchvision-missing-key": Kind(
        "error",
        "torchvision stops at {n} annotation that lacks a key",
        "torchvision stops at {n} annotations that lack a key",
        "Its reference training reads segmentation, iscrowd and area of every annotation.",
        "have the file written anew: {fix}",
        "file written anew",
    ),
    "torchvision-no-outline": Kind(
        "error",
        "torchvision stops at {n} annotation without an outline",
        "torchvision stops at {n} annotations without an outline",
        "Its reference training turns every segmentation into a mask, for box detectors, too.",
        "leave ConvertCocoPolysToMask out for boxes alone, or give every object an outline",
    ),
    "torchvision-two-points": Kind(
        "error",
        "torchvision stops at {n} outline of two points",
        "torchvision stops at {n} outlines of two points",
        "pycocotools takes a list of four numbers for a box in an outline's place, and fails.",
        "leave them out: {fix}",
        "left out",
    ),
    "torchvision-compressed-mask": Kind(
        "error",
        "torchvision stops at {n} compressed mask",
        "torchvision stops at {n} compressed masks",
        "Its reference training takes outlines and plain run lengths; `frPyObjects` fails on compressed ones.",
        "write them as outlines",
    ),
    "torchvision-keypoints": Kind(
        "info",
        "torchvision leaves out {n} picture of train with fewer than 10 visible keypoints",
        "torchvision leaves out {n} pictures of train with fewer than 10 visible keypoints",
        "A rule of its reference training for people.",
        "",
    ),
    "torchvision-turned": Kind(
        "error",
        "torchvision does not turn {n} picture as its EXIF says",
        "torchvision does not turn {n} pictures as their EXIF says",
        "CocoDetection reads pixels as stored, and the labels were drawn on the picture as shown.",
        "turn the pixels once and for all, or apply PIL.ImageOps.exif_transpose in a transform of your own",
    ),
    "torchvision-voc": Kind(
        "info",
        "torchvision reads VOC files and leaves the rest to you",
        "torchvision reads VOC files and leaves the rest to you",
        "VOCDetection returns the XML as it stands: coordinates are text that begins at 1, classes are names; its "
        "reference training has no VOC.",
        "to use its reference training: {convert}",
    ),
}

_DETECTRON2 = {
    "detectron2-empty": Kind(
        "info",
        "Detectron2 leaves out {n} picture without annotations",
        "Detectron2 leaves out {n} pictures without annotations",
        "FILTER_EMPTY_ANNOTATIONS is on by default, so they do not help as background.",
        "",
    ),
    "detectron2-crowd-only": Kind(
        "info",
        "Detectron2 leaves out {n} picture that holds crowds alone",
        "Detectron2 leaves out {n} pictures that hold crowds alone",
        "FILTER_EMPTY_ANNOTATIONS is on by default.",
        "",
    ),
    "detectron2-crowd": Kind(
        "info",
        "Detectron2 leaves out {n} crowd region",
        "Detectron2 leaves out {n} crowd regions",
        "Its DatasetMapper drops what has iscrowd 1; the objects count as background.",
        "",
    ),
    "detectron2-two-points": Kind(
        "error",
        "Detectron2 leaves out {n} annotation whose outline has fewer than 3 points",
        "Detectron2 leaves out {n} annotations whose outline has fewer than 3 points",
        "The box goes with the outline, also where boxes alone are trained.",
        "draw the outline, or leave the annotation out: {fix}",
        "left out",
    ),
    "detectron2-ignore": Kind(
        "error",
        "Detectron2 stops at {n} annotation marked `ignore`",
        "Detectron2 stops at {n} annotations marked `ignore`",
        "load_coco_json asserts that the mark is not there.",
        "remove the mark, or set iscrowd instead",
    ),
    "detectron2-masks": Kind(
        "warning",
        "Detectron2 stops at {n} run-length mask unless it is told of them",
        "Detectron2 stops at {n} run-length masks unless it is told of them",
        "Masks are taken for outlines by default.",
        'set INPUT.MASK_FORMAT to "bitmask"',
    ),
    "detectron2-mixed": Kind(
        "error",
        "Detectron2 stops at {n} picture where some annotations have an outline and others do not",
        "Detectron2 stops at {n} pictures where some annotations have an outline and others do not",
        "With masks on, the first annotation decides for the whole picture.",
        "give every object an outline, or train boxes alone",
    ),
    "detectron2-ids": Kind(
        "info",
        "Detectron2 numbers {n} class anew",
        "Detectron2 numbers {n} classes anew",
        "Class ids are not 1, 2, 3, ...: predictions carry ids from 0 in the order of the ids, which have to be mapped "
        "back.",
        "",
    ),
    "detectron2-annotation-ids": Kind(
        "error",
        "Detectron2 stops at annotation ids that are there twice",
        "Detectron2 stops at annotation ids that are there twice",
        "load_coco_json asserts that they are unique; an id of 0 alone, which may be what is wrong here, it lets pass.",
        "have them numbered anew: {fix}",
        "numbered anew",
    ),
    "detectron2-voc-classes": Kind(
        "error",
        "Detectron2 stops at {n} class that is not one of VOC's twenty",
        "Detectron2 stops at {n} classes that are not among VOC's twenty",
        "register_pascal_voc knows the classes of the challenge unless it is given others.",
        "pass class_names to register_pascal_voc",
    ),
    "detectron2-voc-suffix": Kind(
        "error",
        "Detectron2 does not find {n} picture that is no .jpg",
        "Detectron2 does not find {n} pictures that are no .jpg",
        "load_voc_instances looks for JPEGImages/<id>.jpg.",
        "save them as .jpg in JPEGImages, or use COCO: {convert}",
    ),
    "detectron2-voc-sets": Kind(
        "error",
        "Detectron2 does not find the list of a split",
        "Detectron2 does not find the lists of splits",
        "load_voc_instances reads ImageSets/Main/<split>.txt, and takes pictures from no other place.",
        "write the lists, or use COCO: {convert}",
    ),
    "detectron2-voc-origin": Kind(
        "warning",
        "Detectron2 moves {n} box by one pixel",
        "Detectron2 moves {n} boxes by one pixel",
        "load_voc_instances takes coordinates to begin at 1, and these begin at 0.",
        "use COCO, which has one rule: {convert}",
    ),
}

TRAINER_KINDS: dict[str, Kind] = {**_ANY, **_ULTRALYTICS, **_TORCHVISION, **_DETECTRON2}
"""All kinds of findings about trainers, by their code."""
