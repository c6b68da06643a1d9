"""Folders of label maps: pictures in which each pixel holds the number, or the colour, of its class.

Their values are read as they lie in the file: the index of a palette, not its colour; 8 or 16 bits, or one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DetectionError, FormatError, IdentityError, Place, show
from ..images import find_pictures, stem_of
from ..images.masks import MASK_FOLDERS, masks_among, without_ending
from ._label_classes import (
    COLOUR,
    PixelClasses,
    cityscapes_classes,
    find_classes,
    named_classes,
    read_classes,
    voc_classes,
)

__all__ = [
    "COLOUR",
    "LabelMaps",
    "PixelClasses",
    "looks_like_label_maps",
    "open_label_maps",
    "read_classes",
    "read_map",
]

_EXACT = frozenset({".png", ".bmp", ".tif", ".tiff", ".gif"})
"""Suffixes of files that keep exact values; JPEG and WebP change them."""


@dataclass(frozen=True, slots=True)
class LabelMaps:
    """A folder of label maps.

    Attributes:
        root: absolute path of the folder.
        names: what each map is of, `/`-separated, without suffix and without `_mask` and the like; unique.
        files: name of each map's file, relative to the root.
        classes: which value is which class; None where nothing says it.
    """

    root: str
    names: tuple[str, ...]
    files: tuple[str, ...]
    classes: PixelClasses | None

    def path(self, row: int) -> str:
        """Return the path of a map's file."""
        return os.path.join(self.root, self.files[row])


def looks_like_label_maps(path: Path | str) -> bool:
    """Tell whether a folder holds label maps: by its names, else because a few of its files hold nothing but classes.

    A dataset in another label format is none, even where masks lie beside its labels. Reads little, never raises.
    """
    try:
        if not os.path.isdir(path) or _other_format(Path(path)):
            return False
        names = find_pictures(path).names
    except OSError:
        return False
    files, named = _map_files(names)
    if not named and any(part.lower() in MASK_FOLDERS for part in os.path.abspath(path).split(os.sep)[-2:]):
        named = all(os.path.splitext(name)[1].lower() in _EXACT for name in files)
    return bool(files) and (named or _all_indexed(os.fspath(path), files))


_MARKS = (".json", ".yaml", ".xml", "obj.data", "annotations")
"""How names end, in lower case, that are in the folders of other formats."""


def _other_format(path: Path) -> bool:
    """Tell whether a folder is of another label format; which, whoever asks will find out, which takes longer."""
    from . import detect

    marked = any(name.lower().endswith(_MARKS) and name != "dataset_meta.json" for name in os.listdir(path))
    if marked and not _holds_pictures(path / "annotations"):
        return True
    try:
        return detect(path) not in ("images", "imagefolder")
    except DetectionError:
        return False


def _holds_pictures(path: Path) -> bool:
    """Tell whether a folder begins with folders or files that keep exact values, as ADE20K's `annotations` does."""
    if not path.is_dir():
        return False
    first = min(os.listdir(path), default="")
    return os.path.splitext(first)[1].lower() in _EXACT or (path / first).is_dir()


def _all_indexed(root: str, files: Sequence[str]) -> bool:
    """Tell whether files are without colours; a few say it for all, since only folders without labels come here."""
    some = files[:: max(1, len(files) // 5)][:6]
    return all(os.path.splitext(name)[1].lower() in _EXACT and _is_indexed(f"{root}/{name}") for name in some)


def _is_indexed(path: str) -> bool:
    """Tell whether a file has one channel, or is grey and was saved as a colour picture."""
    from PIL import Image

    from ..images.headers import DECODERS

    try:
        with Image.open(path, formats=DECODERS) as image:
            one = len(image.getbands()) == 1
        return one or read_map(path).dtype == np.uint8
    except Exception:  # noqa: BLE001 - decoders raise nearly anything on bad bytes; reading will say what is wrong
        return False


def open_label_maps(path: Path | str, classes: PixelClasses | Sequence[str] | None = None) -> LabelMaps:
    """Find the label maps of a folder, and what their values mean; opens none.

    Args:
        path: folder with maps alone, with pictures and their maps side by side (`x.jpg`, `x_mask.png`), or with
            pictures and maps in folders of their own (`images/`, `masks/`).
        classes: which value is which class; else as a list of classes in or above the folder says, else as the
            conventions of Pascal VOC and Cityscapes say, if the folder or its files are called as theirs.

    Raises:
        FormatError: there are no maps, one is of a kind that cannot hold exact values, or a list of classes is broken.
        IdentityError: two maps are of one picture.
    """
    root = os.path.abspath(path)
    try:
        index = find_pictures(root)
    except OSError as error:
        raise FormatError(f"cannot be read: {error.strerror}", at=Place(path), hint="give a folder") from error
    for name, problem in index.refused.items():
        raise FormatError(problem, at=Place(f"{root}/{name}"), hint="put the file itself there")
    files, _ = _map_files(index.names)
    if not files:
        raise FormatError("holds no label maps", at=Place(path), hint="give a folder of PNG files with a class a pixel")
    for name in files:
        if os.path.splitext(name)[1].lower() not in _EXACT:
            hint = "save label maps as PNG: JPEG and WebP change values, so that pixels get classes nobody gave them"
            raise FormatError("is no kind of file that keeps exact values", at=Place(f"{root}/{name}"), hint=hint)
    names = tuple(_subject(name) for name in files)
    _refuse_twins(root, names, files)
    if classes is not None and not isinstance(classes, PixelClasses):
        classes = named_classes(classes)
    return LabelMaps(root, names, tuple(files), classes or _classes_of(root, files))


def _refuse_twins(root: str, names: Sequence[str], files: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for name, file in zip(names, files, strict=True):
        if name in first:
            raise IdentityError(
                f"'{show(first[name])}' and '{show(file)}' are both label maps of '{show(name)}'",
                at=Place(root),
                hint="keep one of them, or give the folder that holds one kind of map only",
            )
        first[name] = file


def _map_files(names: list[str]) -> tuple[list[str], bool]:
    """Return which pictures of a folder are label maps, all of them unless names tell, and whether they do."""
    for ending in ("_labelids", "_labeltrainids"):  # Cityscapes keeps other maps of the same pictures beside them
        found = [name for name in names if stem_of(name).lower().endswith(ending)]
        if found:
            return found, True
    classes = [name for name in names if "segmentationclass" in name.lower().split("/")[:-1]]
    if classes:  # VOC keeps SegmentationObject beside it
        return classes, True
    masks = masks_among(names)
    if 3 * len(masks) >= len(names):
        return list(masks), True
    return names, False


_PICTURE_ENDINGS = ("_leftimg8bit",)
_CITYSCAPES_ENDINGS = ("_gtfine", "_gtcoarse")


def _subject(file: str) -> str:
    """Return what a map is of: its name without the folders that hold masks, suffix and endings."""
    *folders, base = stem_of(file).split("/")
    plain = without_ending(base) or _without(base, ("_labeltrainids",)) or base
    plain = _without(plain, (*_PICTURE_ENDINGS, *_CITYSCAPES_ENDINGS)) or plain
    return "/".join([*(folder for folder in folders if folder.lower() not in MASK_FOLDERS), plain])


def _without(name: str, endings: Sequence[str]) -> str:
    for ending in endings:
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return ""


def _classes_of(root: str, files: Sequence[str]) -> PixelClasses | None:
    found = find_classes(root, dict.fromkeys(name.rpartition("/")[0] for name in files))
    if found is not None:
        return found
    stem = stem_of(files[0]).lower()
    if stem.endswith(("_labelids", "_labeltrainids")):
        return cityscapes_classes(train_ids=stem.endswith("_labeltrainids"))
    if "segmentationclass" in f"{root}/{files[0]}".lower().split("/"):
        return voc_classes()
    return None


def read_map(path: str, *, by_colour: bool = False, numbered: bool = True) -> NDArray[Any]:
    """Read a label map as it lies in the file.

    Args:
        by_colour: classes have colours, so that a grey pixel of a colour picture is one, too.
        numbered: take the place in a palette, else its colour.

    Returns:
        Shape (height, width): uint8 or uint16 values; or uint32 colours, as `COLOUR` + red * 65536 + green * 256 +
        blue, where the file holds colours that differ from grey.

    Raises:
        FormatError: the file is not a whole picture of an allowed kind and size, or cannot be a label map.
    """
    from ..images.decode import load
    from ..images.headers import read_file

    found = read_file(path)
    data = b"" if isinstance(found, str) else found.data
    image = found if isinstance(found, str) else load(data)
    if isinstance(image, str):
        raise FormatError(f"the label map {image}", at=Place(path), hint="replace the file, or take it out")
    if image.format in ("JPEG", "WEBP"):
        hint = "save label maps as PNG: JPEG and WebP change values, so that pixels get classes nobody gave them"
        raise FormatError(f"the label map is a {image.format} file", at=Place(path), hint=hint)
    if image.mode == "P" and not numbered:
        image = image.convert("RGB")
    if image.mode in ("RGB", "RGBA", "LA"):
        return _of_channels(np.asarray(image), path, by_colour=by_colour)
    if image.mode in ("1", "L", "P"):
        pixels: NDArray[np.uint8] = np.asarray(image, np.uint8)
        return pixels // _stretch(data) if image.mode == "L" else pixels
    return _of_16_bits(np.asarray(image), image.mode, path)


def _stretch(data: bytes) -> int:
    """Return what Pillow multiplies grey values of 2 or 4 bits of a PNG file with, to spread them over 0 to 255."""
    depth, colour = data[24:26] if data.startswith(b"\x89PNG") else (8, 0)
    return 255 // ((1 << depth) - 1) if colour == 0 and depth in (2, 4) else 1


def _of_16_bits(pixels: NDArray[Any], mode: str, path: str) -> NDArray[Any]:
    """Return values of more than 8 bits; Pillow's mode I holds them in 32."""
    if not mode.startswith("I") or pixels.min(initial=0) < 0 or pixels.max(initial=0) > 0xFFFF:
        raise FormatError(
            f"the label map is of a kind without whole values from 0 to 65,535 ('{mode}')",
            at=Place(path),
            hint="save it as an 8-bit or 16-bit grey PNG",
        )
    return pixels.astype(np.uint16)


def _of_channels(pixels: NDArray[Any], path: str, *, by_colour: bool) -> NDArray[Any]:
    """Return the grey values of a map that was saved as a colour picture, else its colours."""
    alpha = pixels[..., -1] if pixels.shape[-1] in (2, 4) else None
    if alpha is not None and (alpha != 255).any():
        hint = "save it without transparency"
        raise FormatError("the label map has transparent pixels, which are of no class", at=Place(path), hint=hint)
    if pixels.shape[-1] == 2:
        return np.ascontiguousarray(pixels[..., 0])
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    if not by_colour and np.array_equal(red, green) and np.array_equal(green, blue):
        return np.ascontiguousarray(red)
    wide = pixels.astype(np.uint32)
    return COLOUR + (wide[..., 0] << 16) + (wide[..., 1] << 8) + wide[..., 2]
