"""Where the pixels of a picture go: planes (flips, crops, rotations, perspective) and warps, one after the other.

Points are continuous pixel coordinates, float64: the first pixel spans 0 to 1. Albumentations counts pixels instead, so
that its point 0 is the middle of the first pixel: `from_indices` translates its matrices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Motion", "Plane", "Warp", "from_indices", "scaled", "shifted", "within"]

_HAIR = 1e-6  # pixels that a corner may lie beyond an edge and still count as on it


def scaled(x: float, y: float) -> NDArray[np.float64]:
    """Return the matrix, shape (3, 3), that stretches by these factors from the top left corner."""
    return np.diag(np.array([x, y, 1.0]))


def shifted(x: float, y: float) -> NDArray[np.float64]:
    """Return the matrix, shape (3, 3), that moves by so many pixels."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def from_indices(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix for continuous coordinates of one that moves the middles of pixels, counted from 0."""
    return _product(shifted(0.5, 0.5), _product(np.asarray(matrix, np.float64), shifted(-0.5, -0.5)))


def _product(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    # Sums in a fixed order: a matrix product of BLAS may differ in the last bit from one machine to the next.
    return np.asarray((second[:, :, None] * first[None]).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Plane:
    """A motion that keeps straight lines straight.

    Attributes:
        matrix: float64, shape (3, 3), homogeneous.
        width, height: of the new picture.
    """

    matrix: NDArray[np.float64]
    width: int
    height: int

    @cached_property
    def affine(self) -> bool:
        """Whether parallel lines stay parallel."""
        return bool((self.matrix[2] == (0, 0, 1)).all())

    @cached_property
    def upright(self) -> bool:
        """Whether upright boxes stay upright: nothing but flips, quarter turns, scales and shifts."""
        corner = self.matrix[:2, :2] != 0
        return self.affine and not (corner[0].all() or corner[1].all() or corner[:, 0].all() or corner[:, 1].all())

    @cached_property
    def growth(self) -> float:
        """By how much areas grow; of an affine plane."""
        (a, b), (c, d) = self.matrix[:2, :2].tolist()
        return float(abs(a * d - b * c))

    @property
    def turns_over(self) -> bool:
        """Whether left and right change sides."""
        return self._determinant < 0

    @property
    def flattens(self) -> bool:
        """Whether the whole picture ends up in a line or a point, from which there is no way back."""
        return self._determinant == 0 or not math.isfinite(self._determinant)

    @cached_property
    def _determinant(self) -> float:
        (a, b, c), (d, e, f), (g, h, i) = self.matrix.tolist()
        return float(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g))

    def move(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points, shape (n, 2), go."""
        return _moved(self.matrix, points)

    def move_boxes(self, box: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where boxes, shape (n, 4), x, y, width, height, go; of an upright plane.

        Without a detour over their corners, which would cost the last digits of their sides.
        """
        moved = np.empty_like(box)
        for axis, row in enumerate(self.matrix[:2].tolist()):
            source = 0 if row[0] != 0 else 1
            factor, begin, side = row[source], box[:, source], box[:, source + 2]
            moved[:, axis] = factor * (begin if factor > 0 else begin + side) + row[2]
            moved[:, axis + 2] = abs(factor) * side
        return moved

    def back(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points of the new picture, shape (n, 2), come from."""
        return _moved(self._inverse, points)

    @cached_property
    def _inverse(self) -> NDArray[np.float64]:
        a, b, c = self.matrix
        adjugate = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
        return np.asarray(adjugate / self._determinant)


def _moved(matrix: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y = points[:, 0], points[:, 1]
    new = [row[0] * x + row[1] * y + row[2] for row in matrix.tolist()]
    # Behind the horizon there is nothing to see: such points go far away, on the side that they came from.
    depth = np.maximum(new[2], 1e-3) if matrix[2, :2].any() else matrix[2, 2]
    return np.stack([new[0] / depth, new[1] / depth], axis=1)


@dataclass(frozen=True, eq=False)
class Warp:
    """A motion that bends lines.

    Attributes:
        source: float64, shape (height, width, 2): the point of the old picture that the middle of each new pixel shows.
    """

    source: NDArray[np.float64]

    @property
    def width(self) -> int:
        """Width of the new picture."""
        return int(self.source.shape[1])

    @property
    def height(self) -> int:
        """Height of the new picture."""
        return int(self.source.shape[0])

    @cached_property
    def folds(self) -> float:
        """Share of the new picture that shows the old one turned over, so that parts of it can be seen three times."""
        across, down = np.diff(self.source, axis=1)[:-1], np.diff(self.source, axis=0)[:, :-1]
        turned = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0] < 0
        return float(turned.mean()) if turned.size else 0.0

    def back(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points of the new picture, shape (n, 2), come from; beyond its edges all goes straight on."""
        place = points - 0.5
        last = np.array([self.width - 1, self.height - 1])
        inside = np.clip(place, 0, last)
        low = np.minimum(inside.astype(np.int64), np.maximum(last - 1, 0))
        x, y = low.T
        u, v = (inside - low).T[:, :, None]
        right, below = np.minimum(x + 1, last[0]), np.minimum(y + 1, last[1])
        top = self.source[y, x] * (1 - u) + self.source[y, right] * u
        bottom = self.source[below, x] * (1 - u) + self.source[below, right] * u
        return np.asarray(top * (1 - v) + bottom * v + (place - inside))

    def move(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points, shape (n, 2), go: Newton's method on `back`, first from where they are."""
        if not len(points):
            return points
        new, off = self._search(points, points)
        lost = np.flatnonzero(off > _FAR)
        if len(lost):
            start = self._nearest(points[lost])
            again, still = self._search(points[lost], start)
            better = still < off[lost]
            new[lost[better]] = again[better]
        return new

    def _search(
        self, points: NDArray[np.float64], start: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the best place found for each point, and how far it comes out from the point."""
        here, best, least = start.copy(), start.copy(), np.full(len(points), np.inf)
        for _ in range(_ROUNDS):
            miss = self.back(here) - points
            off = np.abs(miss).max(axis=1)
            better = off < least
            best[better], least[better] = here[better], off[better]
            if not (least > _NEAR).any():
                break
            across = (self.back(here + _ASIDE) - self.back(here - _ASIDE)).T
            down = (self.back(here + _BELOW) - self.back(here - _BELOW)).T
            size = across[0] * down[1] - across[1] * down[0]
            size = np.where(np.abs(size) < 0.05, 0.05, size)  # where the picture is folded, small steps
            dx = miss[:, 0] * down[1] - miss[:, 1] * down[0]
            dy = miss[:, 1] * across[0] - miss[:, 0] * across[1]
            step = np.stack([dx, dy]) / size
            here = here - np.clip(step, -_STRIDE, _STRIDE).T
        return best, least

    def _nearest(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each point the place of a coarse grid that shows what is nearest to it."""
        rows = np.linspace(0, self.height - 1, 24).astype(np.int64)
        columns = np.linspace(0, self.width - 1, 24).astype(np.int64)
        shown = self.source[np.ix_(rows, columns)].reshape(-1, 2)
        nearest = ((points[:, None] - shown[None]) ** 2).sum(axis=2).argmin(axis=1)
        return np.stack([columns[nearest % 24], rows[nearest // 24]], axis=1) + 0.5


_ASIDE, _BELOW = np.array([0.5, 0.0]), np.array([0.0, 0.5])
_ROUNDS = 24
_NEAR, _FAR = 1e-4, 0.05  # pixels that a point may come out wrong: good enough, and worth another try
_STRIDE = 64.0  # pixels of one step at most


@dataclass(frozen=True, eq=False)
class Motion:
    """What became of a picture: planes and warps, one after the other.

    What leaves the picture between two of them is gone, even where the second makes the picture larger again; planes
    between which nothing is lost for good are one.

    Attributes:
        width, height: of the picture before.
    """

    width: int
    height: int
    stages: Sequence[Plane | Warp] = ()

    def then(self, stage: Plane | Warp) -> Motion:
        """Return this motion with another after it."""
        last = self.stages[-1] if self.stages else None
        if isinstance(stage, Plane) and isinstance(last, Plane):
            before = self.stages[-2] if len(self.stages) > 1 else self
            if _inside(last.move(_corners(before)), last) or _inside(stage.back(_corners(stage)), last):
                whole = Plane(_product(stage.matrix, last.matrix), stage.width, stage.height)
                return Motion(self.width, self.height, (*self.stages[:-1], whole))
        return Motion(self.width, self.height, (*self.stages, stage))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the new picture."""
        last = self.stages[-1] if self.stages else self
        return last.width, last.height

    @property
    def still(self) -> bool:
        """Whether nothing moves."""
        same = (isinstance(stage, Plane) and bool((stage.matrix == np.eye(3)).all()) for stage in self.stages)
        return self.size == (self.width, self.height) and all(same)

    @property
    def upright(self) -> bool:
        """Whether upright boxes stay upright."""
        return all(isinstance(stage, Plane) and stage.upright for stage in self.stages)

    @property
    def warps(self) -> bool:
        """Whether straight lines are bent."""
        return any(isinstance(stage, Warp) for stage in self.stages)

    @property
    def folds(self) -> float:
        """Share of a picture on the way that shows the one before turned over: the largest."""
        return max((stage.folds for stage in self.stages if isinstance(stage, Warp)), default=0.0)

    @property
    def mirrored(self) -> bool:
        """Whether left and right change sides."""
        return sum(isinstance(stage, Plane) and stage.turns_over for stage in self.stages) % 2 == 1

    def move(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where points, shape (n, 2), go; they may lie outside the new picture."""
        for stage in self.stages:
            points = stage.move(points)
        return points

    def seen(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which points, shape (n, 2), are in the picture from beginning to end."""
        inside = np.ones(len(points), np.bool_)
        for stage in self.stages:
            points = stage.move(points)
            inside &= within(points, stage.width, stage.height)
        return inside


def within(points: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    """Tell which points, shape (n, 2), are in a picture or on its edge."""
    x, y = points.T
    return np.asarray((x >= 0) & (y >= 0) & (x <= width) & (y <= height))


def _corners(picture: Plane | Warp | Motion) -> NDArray[np.float64]:
    w, h = picture.width, picture.height
    return np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)


def _inside(points: NDArray[np.float64], picture: Plane | Warp | Motion) -> bool:
    return bool((points >= -_HAIR).all() and (points <= np.array([picture.width, picture.height]) + _HAIR).all())
