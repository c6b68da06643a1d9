"""Heat over a picture, and pictures with their heat side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...reports.canvas import Canvas, fit
from ...reports.palette import class_colour
from ...reports.scales import plural
from ...reports.sheet import Legend, assemble
from .gradcam import Heat

__all__ = ["LEGEND", "TILE", "colours_of", "draw_picture", "over", "sheet_tile"]

_STOPS = np.array(
    [
        (0, 0, 4), (31, 12, 72), (85, 15, 109), (136, 34, 106), (186, 54, 85), (227, 89, 51), (249, 140, 10),
        (249, 201, 50), (252, 255, 164),
    ],
    np.float64,
)  # fmt: skip
"""Nine colours of `inferno` (van der Walt and Smith 2015, public domain): each step looks as large as the next."""

LEGEND: Legend = [("counts little", "#550f6d"), ("", "#ba3655"), ("", "#f98c0a"), ("counts most", "#fcffa4")]
"""Colours of the heat, for the sheet."""

TILE = 300
"""Longer side of a picture as it is drawn, in pixels."""


def over(picture: NDArray[np.uint8], heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture in grey with the heat in colours over it, uint8, shape (height, width, 3).

    Args:
        heat: from 0 to 1, shape (height, width).
    """
    grey = picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    strength = 0.8 * np.sqrt(heat)[..., None]
    mixed = (1 - strength) * (0.35 * 255 + 0.65 * grey)[..., None] + strength * colours_of(heat)
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)


def colours_of(heat: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the colour of each place, 0 to 255, shape (height, width, 3)."""
    places = np.linspace(0, 1, len(_STOPS))
    return np.stack([np.interp(heat, places, _STOPS[:, channel]) for channel in range(3)], axis=2)


def draw_picture(
    picture: NDArray[np.uint8], heats: Sequence[Heat], classes: Sequence[str], *, name: str, model: str
) -> Image.Image:
    """Return a picture beside its heat: once for each class or detection.

    Args:
        name: of the picture; `model`: of the run.
    """
    size = fit(picture.shape[1], picture.shape[0], (TILE, TILE))
    tiles = [_plain(picture, heats, classes, size)]
    captions = [("the picture", _count(heats))]
    for heat in heats:
        tiles.append(_tile(picture, heat, size))
        kind = "detection" if heat.box is not None else "class"
        captions.append((f"{classes[heat.label]} {heat.score:.2f}", f"where it looked for this {kind}"))
    return assemble(
        tiles, captions, title=name, subtitle=f"Grad-CAM of {model}", legend=LEGEND, columns=min(4, len(tiles)),
        tile=size[0],
    )  # fmt: skip


def _plain(
    picture: NDArray[np.uint8], heats: Sequence[Heat], classes: Sequence[str], size: tuple[int, int]
) -> Image.Image:
    canvas = Canvas(picture, size)
    for heat in heats:
        if heat.box is not None:
            colour = class_colour(heat.label)
            canvas.box(heat.box.tolist(), colour)
            canvas.name(f"{classes[heat.label]} {heat.score:.2f}", heat.box.tolist(), colour)
    return canvas.finish()


def _tile(picture: NDArray[np.uint8], heat: Heat, size: tuple[int, int]) -> Image.Image:
    canvas = Canvas(over(picture, heat.map), size)
    if heat.box is not None:
        canvas.box(heat.box.tolist(), "#ffffff")
    if not heat.map.any():
        canvas.note("no place speaks for it")
    return canvas.finish()


def _count(heats: Sequence[Heat]) -> str:
    if not heats:
        return "nothing was found"
    return "" if heats[0].box is None else plural(len(heats), "detection")


def sheet_tile(picture: NDArray[np.uint8], heats: Sequence[Heat]) -> Image.Image:
    """Return a picture with all of its heat, for the overview: of several maps the hottest at each place."""
    size = fit(picture.shape[1], picture.shape[0], (TILE, TILE))
    whole = np.max([heat.map for heat in heats], axis=0) if heats else np.zeros(picture.shape[:2], np.float32)
    canvas = Canvas(over(picture, whole), size)
    for heat in heats:
        if heat.box is not None:
            canvas.box(heat.box.tolist(), "#ffffff")
    return canvas.finish()
