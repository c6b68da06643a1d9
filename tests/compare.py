"""Compare datasets as a format promises: what it carries is there again, what it refuses is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cvdata.dataset import FLAGS, Dataset, State
from cvdata.dataset.select import keep_annotations
from cvdata.formats import Format

__all__ = ["by_name", "expected_of", "identical", "same", "tree"]


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def expected_of(dataset: Dataset, module: Format, options: Any) -> Dataset:
    """Return what a format should give back: without what it refuses."""
    left = np.ones(len(dataset.annotations), np.bool_)
    for refusal in module.refuses(dataset, options):
        left &= ~refusal.rows
    return keep_annotations(dataset, np.flatnonzero(left))


def by_name(dataset: Dataset, carried: frozenset[str], digits: int | None = None) -> dict[str, Any]:
    """Return a dataset as plain values: per image its facts and its annotations, as far as they are carried."""
    images, table = dataset.images, dataset.annotations
    found: dict[str, Any] = {}
    for i, name in enumerate(images.names):
        first, last = int(dataset.offsets[i]), int(dataset.offsets[i + 1])
        facts: dict[str, Any] = {"size": (int(images.width[i]), int(images.height[i]))}
        facts["annotations"] = [_annotation(dataset, row, carried, digits) for row in range(first, last)]
        if {"unlabelled", "empty"} <= carried:
            facts["unlabelled"] = images.state[i] == State.UNLABELLED
        if "splits" in carried:
            facts["split"] = images.splits[images.split[i]] if images.split[i] >= 0 else None
        if "image-ids" in carried:
            facts["id"] = None if images.source_id is None else images.source_id[i]
        if "image-extra" in carried:
            facts["extra"] = _json(images.extra[i].tobytes()) if images.extra is not None else {}
        found[name] = facts
    assert len(table) == sum(len(facts["annotations"]) for facts in found.values())
    return found


def _json(text: bytes) -> Any:
    return msgspec.json.decode(text) if text else {}


def _annotation(dataset: Dataset, row: int, carried: frozenset[str], digits: int | None) -> dict[str, Any]:
    table = dataset.annotations
    facts: dict[str, Any] = {"class": dataset.categories.names[table.category[row]]}

    def rounded(values: Any) -> Any:
        flat = np.asarray(values, np.float64)
        return (flat if digits is None else np.round(flat, digits) + 0.0).tolist()

    if "boxes" in carried:
        facts["box"] = rounded(table.box[row])
    if table.polygons is not None and carried & {"polygons", "rings"} and table.has("polygons")[row]:
        facts["rings"] = [rounded(ring) for ring in table.polygons[row]]
    if table.masks is not None and "masks" in carried and table.has("masks")[row]:
        facts["mask"] = table.masks[row].tolist()
    if table.keypoints is not None and "keypoints" in carried and table.has("keypoints")[row]:
        facts["keypoints"] = rounded(table.keypoints[row])
    for name in ("rotated", "score", "area"):
        column = getattr(table, name)
        if column is not None and name in carried and table.has(name)[row]:
            facts[name] = rounded(column[row])
    for name in ("crowd", *FLAGS):
        if name in carried and table.has(name)[row]:
            facts[name] = True
    if "extra" in carried and table.extra is not None and len(table.extra[row]):
        facts["extra"] = _json(table.extra[row].tobytes())
    if "annotation-ids" in carried and table.source_id is not None:
        facts["id"] = table.source_id[row]
    return facts


def same(found: Dataset, wanted: Dataset, carried: frozenset[str], precision: float) -> None:
    """Assert that two datasets agree in all that is carried; numbers to within a precision in pixels."""
    a, b = by_name(found, carried), by_name(wanted, carried)
    assert sorted(a) == sorted(b)
    for name in b:
        for one, other in zip(a[name]["annotations"], b[name]["annotations"], strict=False):
            _forgive(one, other, carried)
        _agree(a[name], b[name], precision, name)
    if "unused-categories" in carried:
        assert found.categories.names == wanted.categories.names


def identical(found: Any, wanted: Any, where: str = "dataset", *, but: frozenset[str] = frozenset()) -> None:
    """Assert that two datasets, or tables of them, are the same in every column and bit for bit.

    NaN is NaN, -0.0 is not 0.0, an array of ids is not a tuple of them, an unset column is not one of defaults.

    Args:
        but: names of columns that may differ, such as the folders of the pictures.
    """
    assert type(found) is type(wanted), f"{where}: {found!r} is not {wanted!r}"
    if is_dataclass(wanted):
        for f in fields(wanted):
            if f.name not in but:
                identical(getattr(found, f.name), getattr(wanted, f.name), f"{where}.{f.name}", but=but)
    elif isinstance(wanted, np.ndarray):
        assert found.dtype == wanted.dtype, where
        assert found.shape == wanted.shape, where
        if wanted.dtype.kind == "f":
            assert np.array_equal(np.signbit(found) & ~np.isnan(found), np.signbit(wanted) & ~np.isnan(wanted)), where
        assert np.array_equal(found, wanted, equal_nan=wanted.dtype.kind == "f"), where
    elif isinstance(wanted, Mapping):
        assert found == wanted, where
    else:
        assert found == wanted, f"{where}: {found!r} is not {wanted!r}"


def _forgive(found: dict[str, Any], wanted: dict[str, Any], carried: frozenset[str]) -> None:
    """Take out what a format may add, because its files cannot leave it out."""
    if "rings" not in carried and len(wanted.get("rings", ())) != 1:
        found.pop("rings", None)  # several rings joined by bridges, or a mask traced
        wanted.pop("rings", None)
    if "rotated" not in wanted:
        found.pop("rotated", None)  # the corners of a plain box
    if "keypoints" not in wanted and not np.any(found.get("keypoints", 0)):
        found.pop("keypoints", None)


def _agree(a: Any, b: Any, precision: float, where: str) -> None:
    if isinstance(b, dict):
        # An id or an area that the source did not give may be made up.
        assert set(a) - {"area", "id"} == set(b) - {"area", "id"}, where
        for key in (key for key in b if b[key] is not None or key != "id"):
            _agree(a[key], b[key], precision, f"{where}: {key}")
    elif isinstance(b, (list, tuple)):
        assert len(a) == len(b), f"{where}: {a} is not {b}"
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            _agree(x, y, precision, f"{where}[{i}]")
    elif isinstance(b, float):
        assert a == b or abs(a - b) <= precision or (a != a and b != b), f"{where}: {a} is not {b}"
    else:
        assert a == b, f"{where}: {a!r} is not {b!r}"
