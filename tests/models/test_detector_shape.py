"""Masks and points from what the heads say about each box, worked out by hand."""

from __future__ import annotations

import torch

from cvdata.models.networks._detector_shape import paste_masks, place_points


def test_a_mask_of_one_cell_fills_its_box_and_fades_at_its_edge() -> None:
    inside = torch.ones(1, 1, 1)
    box = torch.tensor([[2.0, 1.0, 4.0, 3.0]])

    pasted = paste_masks(inside, box, height=4, width=6)

    # One cell of 2 pixels: its centre is at (3, 2), pixel centres lie half a pixel, a quarter of a cell, beside it.
    row = [0, 0.25, 0.75, 0.75, 0.25, 0]
    expected = torch.tensor([[down * across for across in row] for down in (0.25, 0.75, 0.75, 0.25)])
    assert torch.allclose(pasted[0], expected)


def test_cells_as_large_as_pixels_are_pasted_as_they_are() -> None:
    inside = torch.tensor([[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9]]])

    pasted = paste_masks(inside, torch.tensor([[1.0, 2.0, 4.0, 5.0]]), height=6, width=5)

    assert torch.allclose(pasted[0, 2:5, 1:4], inside[0])
    assert float(pasted.sum()) == float(pasted[0, 2:5, 1:4].sum())


def test_a_sure_point_lies_at_the_centre_of_its_cell() -> None:
    logits = torch.zeros(1, 1, 4, 8)
    logits[0, 0, 1, 6] = 100

    point = place_points(logits, torch.tensor([[10.0, 20.0, 26.0, 28.0]]))

    # Cells are 2 pixels wide and high: the seventh begins at 10 + 12, the second row at 20 + 2.
    assert torch.allclose(point, torch.tensor([[[23.0, 23.0, 1.0]]]))


def test_a_point_between_two_cells_lies_between_them() -> None:
    logits = torch.full((1, 1, 1, 10), -100.0)
    logits[0, 0, 0, 4] = logits[0, 0, 0, 5] = 3.0

    point = place_points(logits, torch.tensor([[0.0, 0.0, 10.0, 1.0]]))

    assert torch.allclose(point, torch.tensor([[[5.0, 0.5, 1.0]]]))


def test_the_confidence_is_the_probability_of_the_neighbourhood() -> None:
    logits = torch.full((1, 1, 1, 10), -100.0)
    logits[0, 0, 0, 1] = torch.tensor(3.0).log()
    logits[0, 0, 0, 8] = 0.0  # a quarter of the mass, far away

    point = place_points(logits, torch.tensor([[0.0, 0.0, 10.0, 1.0]]))

    assert torch.allclose(point, torch.tensor([[[1.5, 0.5, 0.75]]]))
