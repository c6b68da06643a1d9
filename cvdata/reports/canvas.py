"""Lines, areas and names on a picture, legible at any size of it.

Everything is given in pixels of the labels, that is of the picture as it lies on the disk, whatever the size drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .fonts import Lettering, lettering
from .names import Tag, place_tags
from .palette import ink_on, rgb
from .scales import plural

__all__ = ["Canvas", "fit"]

_FINE = 2  # drawn at twice the size and reduced, which smooths the edges
_FILL = 64  # of 255
_CASING = 110  # of 255: strength of the edge of every line, light for a dark colour, so that it is seen anywhere
_SMALLEST_FONT, _LARGEST_FONT = 11, 22
_MOST_NAMES = 0.25  # share of the picture that names may cover; beyond it none is drawn


def fit(width: int, height: int, within: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of the same shape that fits into `within`; small pictures grow up to four times."""
    scale = min(within[0] / width, within[1] / height, 4.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


class _Name(NamedTuple):
    text: Lettering
    colour: str
    box: tuple[float, float, float, float]  # left, top, right, bottom in pixels drawn
    anchor: tuple[float, float] | None


class Canvas:
    """A picture that is drawn on."""

    def __init__(
        self, picture: NDArray[np.uint8] | Image.Image, size: tuple[int, int], space: tuple[int, int] | None = None
    ) -> None:
        """Begin with a picture.

        Args:
            picture: uint8, shape (height, width, 3).
            size: width and height to draw it in; see `fit`.
            space: width and height that the labels are in, by default those of the picture.
        """
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        wide, tall = space if space is not None and min(space) > 0 else image.size
        self.size = size
        self._fine = image.convert("RGB").resize(
            (size[0] * _FINE, size[1] * _FINE), Image.Resampling.BICUBIC, reducing_gap=2.0
        )
        self._scale = np.array([size[0] / wide, size[1] / tall])
        self._draw = ImageDraw.Draw(self._fine, "RGBA")  # blends, where a drawer on RGBA would replace
        short = min(size)
        self.line = max(1.5, min(short / 150, 4.0))
        self.font = round(min(max(short / 26, _SMALLEST_FONT), _LARGEST_FONT))
        self._names: list[_Name] = []
        self._banners: list[tuple[str, str]] = []
        self._note = ""

    def fill(self, rings: Sequence[NDArray[np.float64]], colour: str, *, hatched: bool = False) -> None:
        """Cover the inside of rings, shape (points, 2) each, so that the picture shines through."""
        shape = Image.new("L", self._fine.size)
        pen = ImageDraw.Draw(shape)
        for ring in rings:
            if len(ring) > 2:
                pen.polygon(self._flat(ring), fill=255)
        self._cover(shape, colour, hatched)

    def fill_mask(self, counts: NDArray[np.integer], height: int, colour: str, *, hatched: bool = False) -> None:
        """Cover a mask given as run lengths (column by column, zeros first) over a picture of that height."""
        ends = np.cumsum(counts.astype(np.int64))
        wide, tall = self._fine.size
        across = np.minimum((np.arange(wide) + 0.5) / (self._scale[0] * _FINE), ends[-1] // height - 1)
        down = np.minimum((np.arange(tall) + 0.5) / (self._scale[1] * _FINE), height - 1)
        # Only the pixels drawn are looked up: a mask of 100 megapixels is never unfolded.
        place = across.astype(np.int64)[None, :] * height + down.astype(np.int64)[:, None]
        inside = np.searchsorted(ends, place, side="right") % 2 == 1
        self._cover(Image.fromarray(np.where(inside, 255, 0).astype(np.uint8)), colour, hatched)
        self._edge(inside, colour)

    def _cover(self, shape: Image.Image, colour: str, hatched: bool) -> None:
        bounds = shape.getbbox()
        if bounds is None:
            return
        part = np.asarray(shape.crop(bounds)) > 0
        alpha = np.where(part, _FILL, 0)
        if hatched:
            step = 6 * _FINE
            across, down = np.arange(bounds[0], bounds[2]), np.arange(bounds[1], bounds[3])
            stripe = (across[None, :] + down[:, None]) % step < step // 3
            alpha = np.where(part & stripe, 190, alpha // 2)
        self._fine.paste(rgb(colour), bounds, Image.fromarray(alpha.astype(np.uint8)))

    def _edge(self, inside: NDArray[np.bool_], colour: str) -> None:
        """Draw a line along the inner edge of a mask of the size drawn."""
        kept = np.pad(inside, 1, mode="edge")
        for _ in range(round(self.line)):
            middle = kept[1:-1, 1:-1]
            middle = middle & kept[:-2, 1:-1] & kept[2:, 1:-1] & kept[1:-1, :-2] & kept[1:-1, 2:]
            kept = np.pad(middle, 1, mode="edge")
        edge = Image.fromarray(np.where(inside & ~kept[1:-1, 1:-1], 255, 0).astype(np.uint8))
        self._fine.paste(rgb(colour), (0, 0), edge)

    def outline(self, points: NDArray[np.float64], colour: str, *, closed: bool = True, dashed: bool = False) -> None:
        """Draw a line through points, shape (n, 2)."""
        if len(points) == 0:
            return
        corners = points * self._scale * _FINE
        if closed:
            corners = np.concatenate([corners, corners[:1]])
        width = round(self.line * _FINE)
        for line in _dashes(corners, 5 * width) if dashed else [corners]:
            path = [tuple(point) for point in line.tolist()]
            self._draw.line(path, (*rgb(ink_on(colour)), _CASING), width + 2, "curve")
        for line in _dashes(corners, 5 * width) if dashed else [corners]:
            self._draw.line([tuple(point) for point in line.tolist()], rgb(colour), width, "curve")

    def box(self, box: Sequence[float], colour: str, *, dashed: bool = False) -> None:
        """Draw a box: x, y, width, height."""
        x, y, w, h = box
        self.outline(np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)]), colour, dashed=dashed)

    def keypoints(self, points: NDArray[np.float64], edges: Sequence[tuple[int, int]], colour: str) -> None:
        """Draw keypoints, shape (n, 3): x, y, visibility; hidden ones (1) are white. Edges join rows of them."""
        for a, b in edges:
            if max(a, b) < len(points) and points[a, 2] > 0 and points[b, 2] > 0:
                self.outline(points[[a, b], :2], colour, closed=False)
        radius = (self.line + 1.2) * _FINE
        for x, y, seen in points[points[:, 2] > 0].tolist():
            across, down = x * self._scale[0] * _FINE, y * self._scale[1] * _FINE
            circle = (across - radius, down - radius, across + radius, down + radius)
            white = (255, 255, 255, 230)
            fill, edge = (rgb(colour), white) if seen > 1 else (white, rgb(colour))
            self._draw.ellipse(circle, fill, edge, round(self.line * _FINE / 2))

    def name(self, text: str, box: Sequence[float], colour: str, anchor: tuple[float, float] | None = None) -> None:
        """Give the object in a box (x, y, width, height) a name; it is placed when the picture is finished.

        Args:
            anchor: x and y of a point of the object that the name is to stand above, if there is room.
        """
        x, y, w, h = box
        across, down = self._scale.tolist()
        self._names.append(
            _Name(
                lettering(text, self.font).fitted(self.size[0] - 8),
                colour,
                (x * across, y * down, (x + w) * across, (y + h) * down),
                None if anchor is None else (anchor[0] * across, anchor[1] * down),
            )
        )

    def banner(self, text: str, colour: str) -> None:
        """Name the whole picture, in large letters at its top."""
        self._banners.append((text, colour))

    def note(self, text: str) -> None:
        """Say something about the drawing, in its lower right corner."""
        self._note = text

    def finish(self) -> Image.Image:
        """Return the picture with everything on it; names that find no room are left out, and a note says so."""
        picture = self._fine.reduce(_FINE)
        pen = ImageDraw.Draw(picture, "RGBA")
        taken = self._draw_banners(pen)
        left_out = self._draw_names(pen, taken)
        if left_out:
            which = "names" if left_out == len(self._names) else plural(left_out, "name")
            self._note = self._note or f"{which} left out"
        if self._note:
            text = lettering(self._note, max(_SMALLEST_FONT - 1, self.font - 3)).fitted(self.size[0] - 8)
            tag = _tag_of(text)
            corner = (self.size[0] - tag.width, self.size[1] - tag.height)
            _write(pen, text, corner, (0, 0, 0, 170), "#ffffff")
        return picture

    def _draw_banners(self, pen: ImageDraw.ImageDraw) -> list[tuple[float, float, float, float]]:
        taken, top = [], 0
        for text, colour in self._banners:
            letters = lettering(text, round(self.font * 1.25)).fitted(self.size[0] - 8)
            tag = _tag_of(letters)
            _write(pen, letters, (0, top), (*rgb(colour), 255), ink_on(colour))
            taken.append((0.0, float(top), float(tag.width), float(top + tag.height)))
            top += tag.height + 2
        return taken

    def _draw_names(self, pen: ImageDraw.ImageDraw, taken: list[tuple[float, float, float, float]]) -> int:
        """Draw the names that find room; return the number of those that do not."""
        tags = [_tag_of(name.text) for name in self._names]
        if sum(tag.width * tag.height for tag in tags) > _MOST_NAMES * self.size[0] * self.size[1] and len(tags) > 1:
            return len(tags)
        boxes = np.array([name.box for name in self._names]).reshape(-1, 4)
        places = place_tags(tags, boxes, self.size, taken, [name.anchor for name in self._names])
        for name, place in zip(self._names, places, strict=True):
            if place is not None:
                _write(pen, name.text, place, (*rgb(name.colour), 235), ink_on(name.colour))
        return sum(place is None for place in places)

    def _flat(self, points: NDArray[np.float64]) -> list[tuple[float, float]]:
        return [(x, y) for x, y in (points * self._scale * _FINE).tolist()]


_MARGIN = 3  # pixels beside the letters of a name


def _tag_of(text: Lettering) -> Tag:
    size = int(getattr(text.font, "size", _SMALLEST_FONT))
    return Tag(text.width + 2 * _MARGIN, round(size * 1.25) + 2)


def _write(
    pen: ImageDraw.ImageDraw, text: Lettering, corner: tuple[int, int], ground: tuple[int, int, int, int], ink: str
) -> None:
    tag, (x, y) = _tag_of(text), corner
    pen.rounded_rectangle((x, y, x + tag.width - 1, y + tag.height - 1), 2, ground)
    pen.text((x + _MARGIN, y + tag.height / 2), text.text, rgb(ink), text.font, "lm")


def _dashes(corners: NDArray[np.float64], dash: float) -> list[NDArray[np.float64]]:
    """Cut a line through points into dashes as long as the gaps between them, however near the points are."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    first = np.arange(0, along[-1], 2 * dash)
    last = np.minimum(first + dash, along[-1])
    ends = np.stack([np.interp([first, last], along, axis) for axis in corners.T], axis=2)
    inner = np.searchsorted(along, [first, last], side="right")
    return [
        np.concatenate([ends[0, i : i + 1], corners[a:b], ends[1, i : i + 1]])
        for i, (a, b) in enumerate(inner.T.tolist())
    ]
