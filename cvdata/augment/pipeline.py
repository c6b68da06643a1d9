"""Albumentations, behind one door: no other file imports it."""

from __future__ import annotations

import difflib
import inspect
import os
import random
import re
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import AugmentError, MissingExtraError, show
from .motion import Motion
from .stages import PLACES, Act
from .watch import Holes, Watch, said

__all__ = ["Applied", "Kind", "Pipeline", "TransformInfo", "catalogue", "problem_of"]

Kind = Literal["pixels", "moves", "holds"]
"""What a transform does: it changes pixels alone, moves them, or holds other transforms."""


@dataclass(frozen=True)
class TransformInfo:
    """What the library says of one of its transforms.

    Attributes:
        parameters: names that it takes, `p` among them.
        kind: changes pixels alone, moves them, or holds other transforms.
        carries: which of "masks", "keypoints", "boxes" it can take along.
    """

    name: str
    parameters: tuple[str, ...]
    kind: Kind
    carries: frozenset[str]


@dataclass(frozen=True, eq=False)
class Applied:
    """What came out of a pipeline.

    Attributes:
        image: uint8, shape (height, width, 3).
        motion: where the pixels went; outlines, boxes, keypoints and masks follow it.
        holes: what was painted over, so that nobody can see it.
        transforms: those that acted, with the parameters they drew, as JSON values.
    """

    image: NDArray[np.uint8]
    motion: Motion
    holes: list[Holes]
    transforms: list[dict[str, Any]]


class Pipeline:
    """The transforms of a recipe, ready to be applied."""

    def __init__(self, transform: Mapping[str, Any]) -> None:
        """Build from Albumentations' serialised form.

        Args:
            transform: what `albumentations.to_dict` gives under "transform": a Compose and what is in it.

        Raises:
            AugmentError: a transform cannot be built.
            MissingExtraError: Albumentations is not installed.
        """
        self._transform = transform
        self._leaves: list[Any] = []
        self._compose = self._tree(transform)
        self._looks = any(type(leaf).__name__ in _LOOK for leaf in self._leaves)

    def __reduce__(self) -> tuple[type[Pipeline], tuple[Mapping[str, Any]]]:
        return Pipeline, (self._transform,)

    def refuse(self, needs: frozenset[str]) -> None:
        """Refuse to be applied to pictures whose annotations a transform cannot carry.

        Args:
            needs: which of "masks", "keypoints", "boxes" the dataset has.

        Raises:
            AugmentError: a transform cannot carry one of them; it is named.
        """
        for leaf in self._leaves:
            name = type(leaf).__name__
            missing = sorted(needs - catalogue()[name].carries)
            if missing:
                raise AugmentError(
                    f"{name} cannot take {' and '.join(missing)} along: it tears objects apart",
                    hint="leave it out of the recipe; it is for datasets that label pictures as a whole",
                )

    def apply(self, image: NDArray[np.uint8], boxes: NDArray[np.float64], seed: int) -> Applied:
        """Apply it to a picture; the same seed gives the same outcome, whatever was applied before.

        Args:
            image: uint8, shape (height, width, 3).
            boxes: float64, shape (m, 4), x, y, width, height, for transforms that look at where objects are.

        Raises:
            AugmentError: a transform fails on this picture; it is named.
        """
        watch = self._watch = Watch(boxes, Motion(image.shape[1], image.shape[0]))
        # One stream for all: `set_random_seed` gives each transform a stream of its own that begins with the same
        # numbers, so that two flips of one half each would always come together.
        self._compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        data: dict[str, Any] = {"image": image}
        if self._looks:
            data["bboxes"] = watch.places()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                made = self._compose(**data)["image"]
            except _failures() as error:
                raise AugmentError(f"{_culprit(error)} cannot be applied: {_words(error)}") from error
        if made.dtype != np.uint8 or made.ndim != 3 or made.shape[2] != 3:
            raise AugmentError(f"the recipe makes no picture of three colours, but {made.dtype} numbers {made.shape}")
        return Applied(made, watch.motion, watch.holes, [said(act) for act in watch.acts])

    def _tree(self, transform: Mapping[str, Any]) -> Any:
        """Build a transform and those that it holds, each made to tell what it does."""
        name = _name_of(transform)
        if name not in catalogue():
            near = difflib.get_close_matches(name, catalogue(), 1)
            raise AugmentError(f"there is no transform {show(name)}", hint=f"did you mean {near[0]}?" if near else None)
        held = [self._tree(inside) for inside in transform.get("transforms") or ()]
        try:
            built = _built(transform, held)
        except _failures() as error:
            raise AugmentError(f"{name}: {_words(error)}") from error
        if catalogue()[name].kind != "holds":
            self._leaves.append(built)
            self._listen(built)
        return built

    def _listen(self, transform: Any) -> None:
        """Note what a transform does when it works on a picture, and tell it where the boxes are."""
        # The library calls what is in this table for each thing that it is given; see BasicTransform._set_keys.
        targets, name = transform._key2func, type(transform).__name__
        work = targets["image"]

        def on_image(image: NDArray[np.uint8], **params: Any) -> NDArray[np.uint8]:
            made: NDArray[np.uint8] = work(image, **params)
            if name == "GridElasticDeform":
                params |= _bent(transform, params, image.shape)
            self._watch.add(Act(name, params, (image.shape[1], image.shape[0]), (made.shape[1], made.shape[0])))
            return made

        targets["image"] = on_image
        if "bboxes" in targets:
            targets["bboxes"] = lambda _, **__: self._watch.places()


def _bent(transform: Any, params: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, NDArray[np.float64]]:
    """Return for each new pixel where it was: a picture of the coordinates, bent like any other picture."""
    rows, columns = np.indices(shape[:2], np.float32)
    ones = np.ones_like(rows)
    # Where it shows in part what is outside, the third colour says in what part.
    x, y, part = transform.apply(np.stack([columns, rows, ones], axis=2), **params).transpose(2, 0, 1)
    shown = part > 0.5
    part = np.where(shown, part, 1)
    return {"map_x": np.where(shown, x / part, columns), "map_y": np.where(shown, y / part, rows)}


def _culprit(error: Exception) -> str:
    """Return the name of the transform that an error came from."""
    base, name = _library().BasicTransform, "the recipe"
    for frame, _ in traceback.walk_tb(error.__traceback__):
        here = frame.f_locals.get("self")
        if isinstance(here, base):
            name = type(here).__name__
    return name


@cache
def _failures() -> tuple[type[Exception], ...]:
    """What the library raises for settings and pictures that it cannot use."""
    import cv2
    from albumentations.augmentations.crops.transforms import CropSizeError

    known = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)
    return (*known, CropSizeError, cv2.error)


@cache
def _library() -> Any:
    # On import it would ask a server for its newest version.
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    try:
        import albumentations
    except ImportError as error:
        raise MissingExtraError(
            f"augmenting needs the package albumentations, which cannot be imported ({error})",
            hint="pip install 'cvdata[augment]'",
        ) from error
    return albumentations


_ABSTRACT = frozenset({"BaseCompose", "BasicTransform", "DualTransform", "ImageOnlyTransform"})
_TENSORS = frozenset({"ToTensor3D", "ToTensorV2"})
"""Transforms that are there where torch is installed, and make no pictures."""

_ALL = frozenset({"masks", "keypoints", "boxes"})

_REFUSED = {
    **dict.fromkeys(
        ("FDA", "HistogramMatching", "PixelDistributionAdaptation"), "it needs other pictures to learn from"
    ),
    **dict.fromkeys(("Mosaic", "OverlayElements"), "it needs other pictures, which a recipe cannot name"),
    **dict.fromkeys(("FromFloat", "Normalize", "ToFloat"), "its pixels are not whole numbers from 0 to 255"),
    **dict.fromkeys(("CropNonEmptyMaskIfExists", "MaskDropout"), "it needs one mask for the whole picture"),
    "ConstrainedCoarseDropout": "it needs labels in the library's own numbers",
    "PiecewiseAffine": "it takes seconds for every picture; use ElasticTransform",
    "RandomCropNearBBox": "it needs a box of its own with every picture",
    "ReplayCompose": "what was applied is remembered anyway; write Compose",
    "TextImage": "it needs texts with every picture",
}
"""Transforms that no recipe can use, and why."""

_HIDE = frozenset({"CoarseDropout", "Erasing", "GridDropout", "XYMasking"})
"""Transforms that paint over parts of a picture."""

_LOOK = frozenset({"AtLeastOneBBoxRandomCrop", "BBoxSafeRandomCrop", "RandomSizedBBoxSafeCrop"})
"""Transforms that look at where the boxes are."""


@cache
def catalogue() -> Mapping[str, TransformInfo]:
    """Return every transform of the library by its name.

    Raises:
        MissingExtraError: Albumentations is not installed.
    """
    library, found = _library(), {}
    for name in sorted(vars(library)):
        kind = getattr(library, name)
        bases = (library.BasicTransform, library.BaseCompose)
        if not (isinstance(kind, type) and issubclass(kind, bases)) or name in _ABSTRACT | _TENSORS:
            continue
        if not issubclass(kind, (library.Transform3D, library.Lambda)):  # they are for volumes, and for code
            found[name] = _info(library, name, kind)
    return MappingProxyType(found)


def _info(library: Any, name: str, kind: Any) -> TransformInfo:
    parameters = tuple(p for p in inspect.signature(kind.__init__).parameters if p not in ("self", "strict"))
    if issubclass(kind, library.BaseCompose):
        return TransformInfo(name, parameters, "holds", _ALL)
    if issubclass(kind, library.ImageOnlyTransform):
        return TransformInfo(name, parameters, "pixels", _ALL)
    return TransformInfo(name, parameters, "moves", _ALL if name in PLACES else frozenset())


def problem_of(transform: Mapping[str, Any]) -> str | None:
    """Build one transform of known name and parameters; return in a few words why it cannot be, or None.

    Transforms that it holds are not looked at; one that changes pixels alone is tried.

    Raises:
        MissingExtraError: Albumentations is not installed.
    """
    try:
        held = [_library().NoOp(p=_chance(inside)) for inside in transform.get("transforms") or ()]
        built = _built(transform, held)
        return _odd_outcome(built) if catalogue()[type(built).__name__].kind == "pixels" else None
    except _failures() as error:
        return _words(error)


def _chance(transform: Any) -> float:
    p = transform.get("p", 0.5) if isinstance(transform, Mapping) else 0.5
    return float(p) if isinstance(p, (int, float)) and 0 <= p <= 1 else 0.5


def _name_of(transform: Mapping[str, Any]) -> str:
    return str(transform.get("__class_fullname__", "")).rpartition(".")[2]


def _built(transform: Mapping[str, Any], held: list[Any]) -> Any:
    """Build one transform around those that it holds."""
    name = _name_of(transform)
    kind = getattr(_library(), name)
    settings = {k: v for k, v in transform.items() if k not in ("__class_fullname__", "transforms")}
    if name in _REFUSED:
        raise ValueError(_REFUSED[name])
    if settings.get("fill_mask") is not None and name in _HIDE:
        raise ValueError("fill_mask: labels stay whole under what is painted over; leave it out")
    if catalogue()[name].kind == "holds":
        _check_holder(name, settings, transform, held)
        settings["transforms"] = held
    elif "InitSchema" in vars(kind):
        settings["strict"] = True  # else a setting that does not pass is replaced by its default, with a warning
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice to use other transforms
        return kind(**settings)


def _check_holder(name: str, settings: Mapping[str, Any], transform: Mapping[str, Any], held: list[Any]) -> None:
    """Check what the library does not.

    Raises:
        ValueError: a setting makes no sense.
    """
    p = settings.get("p", 1)
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= 1:
        raise ValueError("p: should be a number from 0 to 1")
    n = settings.get("n", 1)
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError("n: should be a whole number from 1")
    if not held:
        raise ValueError("it holds no transform")
    if name == "OneOf" and not any(inside.p for inside in held):
        raise ValueError("p is 0 in all that it holds")
    inside = [_name_of(part) for part in transform["transforms"] if isinstance(part, Mapping)]
    moving = [part for part in inside if part in catalogue() and catalogue()[part].kind != "pixels"]
    if name == "SelectiveChannelTransform" and moving:
        raise ValueError(f"{moving[0]} cannot be applied to some of the colours alone")


def _odd_outcome(transform: Any) -> str | None:
    """Try a transform of pixels; return what is wrong with the picture that it makes."""
    transform.set_random_state(np.random.default_rng(0), random.Random(0))
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = transform(image=image, force_apply=True)["image"]
    if made.dtype != np.uint8 or made.shape != image.shape:
        return "what it makes is no picture of three colours from 0 to 255"
    return None


def _plain(message: str) -> str:
    """Return a message of pydantic in words for a file of YAML."""
    for theirs, ours in _PLAIN.items():
        message = message.replace(theirs, ours)
    return message


_PLAIN = {
    "Value error, ": "",
    ", unable to parse string as a number": "",
    ", unable to parse string as an integer": "",
    "Field required": "is missing",
    "Input should be": "should be",
    "Tuple should": "should",
    " after validation": "",
    "a valid tuple": "a list",
    "a valid dictionary": "a mapping",
    "a valid number": "a number",
    "a valid integer": "a whole number",
}


def _words(error: Exception) -> str:
    """Return the first thing that is wrong, as a person would say it."""
    cause: Any = error.__cause__
    if not hasattr(cause, "errors"):
        # OpenCV begins with its version, a file of its own and a number.
        return show(re.sub(r"^OpenCV\(.*?error: \(.*?\) ", "", str(error).strip()) or type(error).__name__)
    # The checks of the library are pydantic's: one entry for each kind of value that a setting may have.
    entries = cause.errors(include_url=False, include_context=False)
    where = entries[0]["loc"][:1]
    found = [entry for entry in entries if entry["loc"][:1] == where]
    for entry in found:
        # A list of the right length: not that it is one is wrong, but what is in it.
        at = entry["loc"][-1] if where else None
        if isinstance(at, int) and entry["type"] != "missing":
            return show(f"{where[0]}: value {at + 1} {_plain(entry['msg'])}")
    said = dict.fromkeys(_plain(entry["msg"]) for entry in found)
    whole = ", or ".join(said).replace(", or should be", ", or")
    return show(": ".join([*map(str, where), whole]))
