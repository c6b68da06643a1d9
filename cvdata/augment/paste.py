"""Copy-paste: objects of other pictures in this one (Ghiasi et al. 2021), blended at the seams (Dwibedi et al. 2017).

Poisson blending (`cv2.seamlessClone`) hides seams best and is not used: it gives an object the colours of its new
surroundings, white moths turn green on a leaf, and its colour is often what tells its class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ..dataset import Annotations
from ..dataset.concat import concat_annotations
from ..errors import UsageError
from ._paste_blend import blend, strangeness
from ._paste_cut import Cutout, Frame, annotation_at, cut_out, frame
from ._paste_hide import hide
from ._paste_place import Ground, places_for
from .mixed import Mixed, refuse_whole_labels
from .remnants import Remnants
from .sample import Sample
from .shapes import object_areas

__all__ = ["PasteSettings", "paste"]

_STEPS = (1.0, 0.8, 0.64, 0.5)  # an object for which there is no room is made smaller before it is left out
_MOST = 2.0  # times its size that an object may grow: more is a blur
_EDGE = 1.5  # pixels from an edge at which an object counts as cut off by it


class PasteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How objects are pasted.

    Attributes:
        max_overlap: share of an object's area that pasted ones may cover, 0 to 1.
        smallest, largest: range of the scale that an object is drawn at, times the ratio of the pictures' sizes.
        mirror: whether half of the objects are mirrored; those with keypoints never are.
        feather: pixels over which the edge of an object fades.
        tries: places that are tried at each scale.
    """

    max_overlap: float = 0.1
    smallest: float = 0.8
    largest: float = 1.25
    mirror: bool = True
    feather: float = 2.0
    tries: int = 50

    def __post_init__(self) -> None:
        for name, fine, expected in (
            ("max_overlap", 0 <= self.max_overlap <= 1, "0 to 1"),
            ("smallest", self.smallest > 0, "more than 0"),
            ("largest", self.largest >= self.smallest, "at least as much as smallest"),
            ("feather", self.feather >= 0, "0 or more"),
            ("tries", self.tries >= 1, "1 or more"),
        ):
            if not fine:
                raise UsageError(f"{name} is {getattr(self, name)}, expected {expected}")


def paste(
    target: Sample,
    objects: Sequence[tuple[Sample, int]],
    rng: np.random.Generator,
    settings: PasteSettings,
    remnants: Remnants,
) -> Mixed:
    """Paste objects into a picture, each whole and inside it; the labels of what they cover follow.

    An object with a mask or an outline is cut out along it, any other with its box, whose surroundings fade. An object
    that its own picture cuts off stays at that edge. Where there is no room it is made smaller, to half its size; where
    that does not help, all are laid anew, the largest first and smaller than before, and what has no place even then
    is left out.

    Args:
        objects: pictures, and the row of an annotation in each.

    Raises:
        UsageError: a picture is labelled as a whole.
    """
    for sample in (target, *(sample for sample, _ in objects)):
        refuse_whole_labels(sample, "copy-paste")
    best = _laid(target, objects, range(len(objects)), _STEPS, rng, settings)
    largest_first = sorted(range(len(objects)), key=lambda number: -_share(*objects[number]))
    for skipped in range(1, len(_STEPS)):
        if len(best.said) == len(objects):
            break
        again = _laid(target, objects, largest_first, _STEPS[skipped:], rng, settings)
        best = again if len(again.said) > len(best.said) else best
    order = np.repeat(np.arange(len(best.tables)), [len(table) for table in best.tables])
    table, dropped = hide(concat_annotations(best.tables), best.layer, order, remnants)
    return Mixed(Sample(best.image, table), dropped, {"pasted": best.said}, len(objects) - len(best.said))


def _share(sample: Sample, row: int) -> float:
    """Return how much of its own picture an object's box takes."""
    return float(sample.table.box[row, 2:].prod()) / (sample.width * sample.height)


@dataclass(frozen=True, eq=False)
class _Laid:
    """A picture with objects on it, whose labels do not know yet what covers them.

    Attributes:
        layer: as `hide` takes it.
        tables: the picture's annotations, then each object's.
        said: what was drawn for each object that found a place.
    """

    image: NDArray[np.uint8]
    layer: NDArray[np.int32]
    tables: list[Annotations]
    said: list[dict[str, Any]]


def _laid(
    target: Sample,
    objects: Sequence[tuple[Sample, int]],
    turns: Sequence[int],
    steps: Sequence[float],
    rng: np.random.Generator,
    settings: PasteSettings,
) -> _Laid:
    """Lay objects on a picture in turn, each where it finds a place, as large as one of the steps lets it be."""
    image = target.image.copy()
    layer = np.zeros(image.shape[:2], np.int32)
    ground = _ground(target, settings.max_overlap)
    tables = [replace(target.table, source_id=None)]
    said: list[dict[str, Any]] = []
    for number in turns:
        sample, row = objects[number]
        found = _find(image, ground, sample, row, steps, rng, settings)
        if found is not None:
            here, there = blend(image, found.part, found.place)
            layer[here][found.part.solid[there]] = len(tables)
            table = annotation_at(found.cut, found.part.solid, found.place, (target.width, target.height))
            reach = np.add(found.cut.reach, (*found.place, 0, 0))
            ground.add(table.box[0], float(object_areas(table)[0]), reach)
            tables.append(table)
            said.append(_said(number, found.cut, table))
    return _Laid(image, layer, tables, said)


def _ground(target: Sample, limit: float) -> Ground:
    boxes, areas = target.table.box, object_areas(target.table)
    return Ground(target.width, target.height, boxes, areas, np.zeros(len(boxes)), limit)


@dataclass(frozen=True, eq=False)
class _Found:
    """An object ready to be laid on a picture."""

    cut: Frame
    part: Cutout
    place: tuple[int, int]


def _find(
    image: NDArray[np.uint8],
    ground: Ground,
    sample: Sample,
    row: int,
    steps: Sequence[float],
    rng: np.random.Generator,
    settings: PasteSettings,
) -> _Found | None:
    """Cut an object out, and find a place for it; a box goes where it looks least out of place."""
    one = Sample(sample.image, sample.table.take(np.array([row])))
    drawn = _scale(ground, one, rng, settings)
    mirrored = bool(rng.random() < 0.5) and settings.mirror and not one.table.has("keypoints")[0]
    pins = _pins(one, mirrored)
    for held in dict.fromkeys((pins, (0, 0))):
        for step in steps:
            cut = frame(one, drawn * step, mirrored, settings.feather)
            places = None if cut is None else places_for(ground, cut.box, cut.reach, held, rng, settings.tries)
            if cut is not None and places is not None and len(places):
                part = cut_out(cut, settings.feather, held)
                if not part.solid.any():
                    return None
                best = 0 if part.broad is None else int(strangeness(image, part)(places).argmin())
                x, y = places[best].tolist()
                return _Found(cut, part, (x, y))
    return None


def _scale(ground: Ground, sample: Sample, rng: np.random.Generator, settings: PasteSettings) -> float:
    """Draw a scale, evenly in its logarithm; an object keeps its share of the picture where pictures differ in size."""
    ratio = math.sqrt(ground.width * ground.height / (sample.width * sample.height))
    drawn = settings.smallest * (settings.largest / settings.smallest) ** float(rng.random())
    return float(min(ratio * drawn, _MOST))


def _pins(one: Sample, mirrored: bool) -> tuple[int, int]:
    """Tell at which edges of its picture an object is cut off: -1 the near one, 1 the far one, 0 none or both."""
    x, y, w, h = one.table.box[0].tolist()
    across = int(x + w >= one.width - _EDGE) - int(x <= _EDGE)
    down = int(y + h >= one.height - _EDGE) - int(y <= _EDGE)
    return (-across if mirrored else across), down


def _said(number: int, cut: Frame, table: Annotations) -> dict[str, Any]:
    return {
        "object": number,
        "box": np.round(table.box[0], 2).tolist(),
        "scale": round(math.sqrt(math.prod(cut.scale)), 4),
        "mirrored": cut.mirrored,
    }
