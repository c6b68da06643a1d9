"""Label masks that lie among pictures: told by their names, so that no one takes them for pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .find import stem_of

__all__ = ["MASK_FOLDERS", "masks_among", "without_ending"]

_ENDINGS = (
    "_mask", "_masks", "_seg", "_segmentation", "_label", "_labels", "_labelids", "_gt", "_groundtruth", "_annotation",
)  # fmt: skip
"""What a mask's name has behind that of its picture; `-` and `.` count for `_`."""

_SUFFIXES = frozenset({".png", ".bmp", ".tif", ".tiff", ".gif"})
"""Kinds of files that keep exact values; beside its picture, a mask is one of these."""

MASK_FOLDERS = frozenset({
    "label", "labels", "mask", "masks", "gt", "groundtruth", "ground_truth", "annotation", "annotations",
    "segmentation", "segmentations", "segmentationclass", "segmentationobject",
})  # fmt: skip
"""How folders of masks are called, in lower case."""

_PICTURE_FOLDERS = frozenset({
    "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "jpegimages", "x", "data",
})  # fmt: skip
_SPLIT_FOLDERS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})


def masks_among(names: Sequence[str]) -> dict[str, str]:
    """Tell which pictures are label masks of which others, by their names alone.

    A mask is one of:
    - a file that keeps exact values (PNG, BMP, TIFF, GIF) beside a picture of the same name without `_mask`, `_seg`,
      `_label`, `_gt` and the like: `x.jpg`, `x_mask.png`;
    - a file of a folder called `masks`, `labels`, `gt`, `SegmentationClass` and the like beside one called `images`,
      `JPEGImages` and the like (or `train_masks` beside `train`), if at least half of its files are named as pictures
      there, with or without such an ending. Files of it without a picture are masks, too.

    Args:
        names: `/`-separated names of all pictures that were found.

    Returns:
        The picture of each mask, in the order of `names`; an empty name where it has none.
    """
    stems: dict[str, str] = {}
    for name in names:
        stems.setdefault(stem_of(name), name)
    found: dict[str, str] = {}
    for name in names:
        picture = _picture_beside(name, stems)
        if picture is not None:
            found[name] = picture
    siblings = _siblings(names)
    for folder, members in _mask_folders(names).items():
        found |= _masks_in(folder, members, siblings, stems)
    return {name: found[name] for name in names if name in found}


def _picture_beside(name: str, stems: Mapping[str, str]) -> str | None:
    stem = stem_of(name)
    if name[len(stem) :].lower() not in _SUFFIXES:
        return None
    start = without_ending(stem)
    return stems.get(start) if start else None


def without_ending(stem: str) -> str:
    """Return the name of the picture that a mask's name tells of, or nothing."""
    plain = stem.lower().replace("-", "_").replace(".", "_")
    for ending in _ENDINGS:
        if plain.endswith(ending):
            return stem[: -len(ending)]
    return ""


def _siblings(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the folders in each folder, in the order of their first pictures."""
    found: dict[str, dict[str, None]] = {}
    for folder in dict.fromkeys(name.rpartition("/")[0] for name in names):
        while folder:
            parent, _, own = folder.rpartition("/")
            found.setdefault(parent, {})[own] = None
            folder = parent
    return {parent: list(children) for parent, children in found.items()}


def _mask_folders(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the folders that are called like one of masks, and all that is below each."""
    found: dict[str, list[str]] = {}
    for name in names:
        for folder in _above(name):
            if _picture_folders(folder.rpartition("/")[2]):
                found.setdefault(folder, []).append(name)
    return found


def _above(name: str) -> Iterator[str]:
    folder = name.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _picture_folders(folder: str) -> frozenset[str]:
    """Return how the folder of the pictures may be called, in lower case, if this one's name is that of masks."""
    plain = folder.lower()
    if plain in MASK_FOLDERS:
        return _PICTURE_FOLDERS
    start = plain[: -len("annot")] if plain.endswith("annot") else without_ending(plain)
    # Only such names: `face_mask` beside `face` are two classes.
    return frozenset({start}) if start in _SPLIT_FOLDERS | _PICTURE_FOLDERS else frozenset()


def _masks_in(
    folder: str, members: Sequence[str], siblings: Mapping[str, Sequence[str]], stems: Mapping[str, str]
) -> dict[str, str]:
    """Pair the files of a folder with the pictures of the folder beside it that has most of them."""
    parent, slash, own = folder.rpartition("/")
    wanted = _picture_folders(own)
    best: dict[str, str] = {}
    for sibling in siblings[parent]:
        if sibling.lower() in wanted and sibling != own:
            pairs = {name: _partner(name[len(folder) :], f"{parent}{slash}{sibling}", stems) for name in members}
            best = max(best, pairs, key=_paired)
    return best if 2 * _paired(best) >= len(members) else {}


def _paired(pairs: Mapping[str, str]) -> int:
    return sum(1 for picture in pairs.values() if picture)


def _partner(below: str, folder: str, stems: Mapping[str, str]) -> str:
    stem = folder + stem_of(below)
    return stems.get(stem) or stems.get(without_ending(stem)) or ""
