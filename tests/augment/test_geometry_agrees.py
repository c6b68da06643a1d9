"""What is drawn into a picture goes where its label goes: the pixels are the judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cvdata.augment.sample import Sample
from cvdata.dataset import Annotations, Polygons
from cvdata.dataset.rings import rings_of_mask
from cvdata.dataset.rle import to_mask

from .coloured import labelled
from .recipes import BENDING, PLANE, RIGID, drawn, followed, one

PICTURES = 1000
LIT = 127


def ellipse(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw an ellipse into a picture of 64 x 56 pixels or so."""
    width, height = rng.integers(52, 72, 2).tolist()
    x, y = np.array([width, height]) * rng.uniform(0.35, 0.65, 2)
    across, down = rng.uniform(6, 16, 2)
    rows, columns = np.indices((height, width)) + 0.5
    return np.asarray(((columns - x) / across) ** 2 + ((rows - y) / down) ** 2 <= 1)


def box_of(mask: NDArray[np.bool_]) -> list[float]:
    """Return x, y, width, height of the pixels of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return [
        float(columns[0]),
        float(rows[0]),
        float(columns[-1] + 1 - columns[0]),
        float(rows[-1] + 1 - rows[0]),
    ]


def labelled_thrice(mask: NDArray[np.bool_]) -> Sample:
    """Light up a mask in a black picture, and label it as an outline, as a mask, and as a box."""
    image = np.repeat((mask * np.uint8(255))[:, :, None], 3, axis=2)
    box = box_of(mask)
    rings = [ring.tolist() for ring in rings_of_mask(mask)]
    rows: list[dict[str, Any]] = [{"box": box, "rings": rings}, {"box": box, "mask": mask}, {"box": box}]
    return labelled(image, rows)


def edges(box: NDArray[np.float64] | list[float]) -> NDArray[np.float64]:
    x, y, width, height = box
    return np.array([x, y, x + width, y + height])


def overlap(one_mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one_mask & other).sum() / (one_mask | other).sum())


def filled(table: Annotations, row: int, width: int, height: int) -> NDArray[np.bool_]:
    """Draw an outline."""
    from PIL import Image, ImageDraw

    polygons = table.polygons if table.polygons is not None else Polygons.none(len(table))
    canvas = Image.new("L", (width * 8, height * 8))
    for ring in polygons[row]:
        ImageDraw.Draw(canvas).polygon([tuple(point) for point in (ring * 8 - 0.5).tolist()], fill=255)
    return np.asarray(np.asarray(canvas.resize((width, height), Image.Resampling.BOX)) > LIT)


@pytest.mark.slow
def test_a_thousand_rigid_recipes_put_boxes_where_the_pixels_are() -> None:
    rng = np.random.Generator(np.random.PCG64(4))
    seen = 0
    for seed in range(PICTURES):
        mask = ellipse(rng)
        recipe = drawn(RIGID, rng, 2)

        made = followed(labelled_thrice(mask), *recipe, seed=seed)

        lit = made.sample.image[:, :, 0] > LIT
        if lit.any():
            seen += 1
            table, where = made.sample.table, edges(box_of(lit))
            rows = made.rows.tolist()
            assert set(rows) >= {0, 1}, recipe
            for row in (0, 1):
                assert np.abs(edges(table.box[rows.index(row)]) - where).max() <= 1, (recipe, row)
            assert table.masks is not None
            assert (to_mask(table.masks[rows.index(1)], *lit.shape) == lit).all(), recipe
            assert overlap(filled(table, rows.index(0), lit.shape[1], lit.shape[0]), lit) > 0.8, recipe
            assert (edges(table.box[rows.index(2)])[:2] <= where[:2] + 1).all(), recipe
            assert (edges(table.box[rows.index(2)])[2:] >= where[2:] - 1).all(), recipe
        else:
            assert 1 not in made.rows, recipe
    assert seen > PICTURES * 0.9


TURNS: list[dict[str, Any]] = [
    one("Rotate", limit=180),
    one("SafeRotate", limit=180),
    one("Affine", rotate=[-180, 180], fit_output=True),
    one("Affine", rotate=[-90, 90], translate_px={"x": [-9, 9], "y": [-9, 9]}),
]


@pytest.mark.slow
def test_boxes_that_fit_an_outline_or_a_mask_fit_it_after_a_turn_by_any_angle() -> None:
    rng = np.random.Generator(np.random.PCG64(6))
    for seed in range(PICTURES // 2):
        turn = drawn(TURNS, rng, 1)

        made = followed(labelled_thrice(ellipse(rng)), *turn, seed=seed)

        lit = made.sample.image[:, :, 0] > LIT
        where = edges(box_of(lit))
        assert np.abs(edges(made.sample.table.box[0]) - where).max() <= 1, turn
        assert np.abs(edges(made.sample.table.box[1]) - where).max() <= 1, turn


@pytest.mark.slow
# With OpenCV 4 a grid stretches the tip of one ellipse in 500 so that the picture, which is blended, ends two pixels
# behind its mask, which is not; OpenCV 5 puts the two within one.
@pytest.mark.parametrize(
    ("pool", "most", "within"), [(PLANE, 2, 1), ([*PLANE, *RIGID[:8], *BENDING], 2, 2), (BENDING, 1, 1)]
)
def test_a_thousand_other_recipes_keep_the_pixels_inside_the_boxes(
    pool: list[dict[str, Any]], most: int, within: int
) -> None:
    rng = np.random.Generator(np.random.PCG64(5))
    seen, overlaps = 0, []
    for seed in range(PICTURES // 2):
        mask = ellipse(rng)
        recipe = drawn(pool, rng, most)

        made = followed(labelled_thrice(mask), *recipe, seed=seed)

        lit = made.sample.image[:, :, 0] > LIT
        if lit.sum() > 40:
            seen += 1
            table, where = made.sample.table, edges(box_of(lit))
            rows = made.rows.tolist()
            assert rows == [0, 1, 2], recipe
            for row in rows:
                box = edges(table.box[row])
                assert (box[:2] <= where[:2] + within).all(), (recipe, row, box, where)
                assert (box[2:] >= where[2:] - within).all(), (recipe, row, box, where)
            assert table.masks is not None
            assert np.abs(edges(table.box[1]) - edges(box_of(to_mask(table.masks[1], *lit.shape)))).max() <= 1, recipe
            overlaps.append(overlap(to_mask(table.masks[1], *lit.shape), lit))
            overlaps.append(overlap(filled(table, 0, lit.shape[1], lit.shape[0]), lit))
    assert seen > PICTURES * 0.4
    assert np.mean(overlaps) > 0.95


def test_a_rotated_box_holds_its_object_and_stays_a_rectangle_when_the_picture_is_bent() -> None:
    corners = np.array([[14, 22], [44, 10], [50, 25], [20, 37]], np.float64)
    mask = inside(corners, 64, 56)
    image = np.repeat((mask * np.uint8(255))[:, :, None], 3, axis=2)
    sample = labelled(image, [{"box": box_of(mask), "rotated": corners.ravel().tolist()}])
    for bend in BENDING:
        for seed in range(5):
            made = followed(sample, bend, seed=seed).sample

            lit = made.image[:, :, 0] > LIT
            assert made.table.rotated is not None
            first, second, third, fourth = found = made.table.rotated[0].reshape(4, 2)
            assert np.abs(first + third - second - fourth).max() < 1e-6, bend
            assert abs((second - first) @ (fourth - first)) < 1e-6 * np.abs(found).max() ** 2, bend
            assert (lit & ~inside(found, 64, 56, around=1.0)).sum() == 0, (bend, seed)
            assert inside(found, 64, 56).sum() < 1.8 * lit.sum(), (bend, seed)


def inside(corners: NDArray[np.float64], width: int, height: int, around: float = 0.0) -> NDArray[np.bool_]:
    """Tell which pixels have their middle in a rectangle, or at most so far from it."""
    first, second, _, fourth = corners
    rows, columns = np.indices((height, width)) + 0.5
    held = np.ones((height, width), np.bool_)
    for side in (second - first, fourth - first):
        length = float(np.hypot(*side))
        far = ((columns - first[0]) * side[0] + (rows - first[1]) * side[1]) / length
        held &= (far >= -around) & (far <= length + around)
    return held
