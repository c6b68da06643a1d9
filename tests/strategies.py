"""Hypothesis strategies for whole datasets, every one of them sound: what is drawn must survive."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from cvdata.dataset import Categories, Dataset, State

from .tiny import build

__all__ = ["CLASS_NAMES", "datasets", "draw_blank"]

SPLITS = ("train", "val", "test")
CLASS_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cf", "Co", "Cn"]),
    min_size=1,
    max_size=6,
)
_STEMS = st.sampled_from(["a", "b c", "é", "rooms/a", "rooms/deep/b", "UPPER", "x.y", "2007_000001", "猫"])
_POINTS = ("nose", "eye", "ear")
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["colour", "age", "ok"]), st.integers(0, 9) | st.booleans() | st.sampled_from(["red", "a b", "é"])
)


@st.composite
def datasets(draw: st.DrawFn, kinds: frozenset[str], *, largest: int = 640, whole: bool = False) -> Dataset:
    """Draw a dataset of up to five pictures.

    Args:
        kinds: columns that annotations may have: "rings", "keypoints", "rotated", "mask", "score", "area", "crowd",
            "flags", "extra"; and "splits", "states", "image-extra" for pictures, "supercategory" for classes.
            Where "outline", "pose" or "turned" is among them, every annotation has one ring, keypoints, corners.
        largest: of the sides, in pixels.
        whole: draw boxes between whole pixels.
    """
    stems = draw(st.lists(_STEMS, min_size=1, max_size=5, unique=True))
    side = st.integers(10, largest)
    sizes = {f"{stem}.jpg": (draw(side), draw(side)) for stem in stems}
    names = tuple(draw(st.lists(CLASS_NAMES, min_size=1, max_size=4, unique_by=str.casefold)))
    rows = [
        draw(_annotations(name, size, names, kinds, whole))
        for name, size in sizes.items()
        for _ in range(draw(st.integers(0, 4)))
    ]
    used = {row["image"] for row in rows}
    split_of = {name: draw(st.sampled_from(SPLITS)) for name in sizes} if "splits" in kinds else None
    states: dict[str, State] = {}
    if "states" in kinds:
        states = {name: draw(st.sampled_from([State.EMPTY, State.UNLABELLED])) for name in sizes if name not in used}
    return build(sizes, rows, _categories(names, kinds), states=states, splits=split_of)


def _categories(names: tuple[str, ...], kinds: frozenset[str]) -> Categories:
    points = kinds & {"keypoints", "pose"}
    return Categories(
        names=names,
        supercategory=tuple("group" for _ in names) if "supercategory" in kinds else None,
        keypoints=tuple(_POINTS for _ in names) if points else None,
        skeleton=tuple(((0, 1), (2, 1)) for _ in names) if points else None,
    )


@st.composite
def _annotations(
    draw: st.DrawFn, image: str, size: tuple[int, int], names: tuple[str, ...], kinds: frozenset[str], whole: bool
) -> dict[str, Any]:
    row: dict[str, Any] = {"image": image, "category": draw(st.sampled_from(names)), "box": draw(_boxes(size, whole))}
    if "outline" in kinds or ("rings" in kinds and draw(st.booleans())):
        count = 1 if "outline" in kinds else draw(st.integers(1, 3))
        row["rings"] = [draw(_rings(size)) for _ in range(count)]
        row["box"] = _bounds(np.concatenate(row["rings"]))
    elif "mask" in kinds and draw(st.booleans()):
        width, height = size
        x, y, w, h = draw(_boxes(size, True))
        row["mask"] = np.zeros((height, width), np.bool_)
        row["mask"][int(y) : int(y + h), int(x) : int(x + w)] = True
        row["listed"] = draw(st.booleans())
        row["box"] = [x, y, w, h]
        row |= {"crowd": draw(st.booleans())} if "crowd" in kinds else {}
    if "pose" in kinds or ("keypoints" in kinds and draw(st.booleans())):
        row["keypoints"] = [draw(_keypoints(size)) for _ in _POINTS]
    if "turned" in kinds or ("rotated" in kinds and draw(st.booleans())):
        row["rotated"], row["box"] = draw(_turned(size))
    return row | draw(_columns(kinds))


@st.composite
def _columns(draw: st.DrawFn, kinds: frozenset[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, values in (("score", st.floats(0, 1)), ("area", st.floats(0.5, 1e4)), ("extra", _ATTRIBUTES)):
        if name in kinds and draw(st.booleans()):
            row[name] = draw(values)
    if row.get("extra") is not None:
        row["extra"] = {"attributes": row["extra"]} if row["extra"] else {"pose": "Left"}
    if "flags" in kinds:
        row |= {flag: draw(st.sampled_from([-1, 0, 1])) for flag in ("difficult", "truncated", "occluded")}
    return row


@st.composite
def _boxes(draw: st.DrawFn, size: tuple[int, int], whole: bool) -> list[float]:
    box = []
    for side in size:
        if whole:
            low = draw(st.integers(0, side - 1))
            box.append((float(low), float(draw(st.integers(1, side - low)))))
        else:
            low_ = draw(st.floats(0, side - 1))
            box.append((low_, draw(st.floats(0.5, side - low_))))
    (x, w), (y, h) = box
    return [x, y, w, h]


@st.composite
def _rings(draw: st.DrawFn, size: tuple[int, int]) -> Any:
    """Points around a centre, by their angle: a ring that does not cross itself and has an area."""
    width, height = size
    count = draw(st.integers(3, 8))
    radii = draw(st.lists(st.floats(0.2, 1), min_size=count, max_size=count))
    reach_x, reach_y = draw(st.floats(2, width / 2)), draw(st.floats(2, height / 2))
    x, y = draw(st.floats(reach_x, width - reach_x)), draw(st.floats(reach_y, height - reach_y))
    angles = np.arange(count) * 2 * math.pi / count
    ring = np.stack([x + reach_x * np.cos(angles) * radii, y + reach_y * np.sin(angles) * radii], axis=1)
    return np.clip(ring, 0, size)


@st.composite
def _keypoints(draw: st.DrawFn, size: tuple[int, int]) -> list[float]:
    visible = draw(st.sampled_from([0, 1, 2]))
    if not visible:
        return [0.0, 0.0, 0.0]
    return [draw(st.floats(0, size[0])), draw(st.floats(0, size[1])), visible]


@st.composite
def _turned(draw: st.DrawFn, size: tuple[int, int]) -> tuple[list[float], list[float]]:
    """Corners of a turned rectangle inside the picture, and the upright box around it."""
    reach = draw(st.floats(3, min(size) / 2))
    x, y = draw(st.floats(reach, size[0] - reach)), draw(st.floats(reach, size[1] - reach))
    first, opening = draw(st.floats(0, 2 * math.pi)), draw(st.floats(0.4, math.pi - 0.4))
    angles = np.array([first, first + opening, first + math.pi, first + math.pi + opening])
    corners = np.clip(np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], axis=1), 0, size)
    return corners.ravel().tolist(), _bounds(corners)


def _bounds(points: Any) -> list[float]:
    low, high = points.min(axis=0), points.max(axis=0)
    return [float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])]


def draw_blank(folder: Path, sizes: Mapping[str, tuple[int, int]]) -> Path:
    """Write a blank picture of each size."""
    for name, size in sizes.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size).save(folder / name)
    return folder
