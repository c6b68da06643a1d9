"""Batches are the same whoever makes them: workers, several processes, a cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from cvdata.errors import TrainingError, UsageError
from cvdata.models.batch import Batch
from cvdata.train.data.loading import train_loader

from .batching import same, settings, shapes, spec, whole


def test_workers_and_this_process_make_the_same_batches(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)
    chosen = spec(prepared, masks=True)

    def epochs(workers: int) -> list[Batch]:
        loader = train_loader(prepared.train, chosen, settings(recipe="light", workers=workers))
        found = []
        for epoch in (0, 1):
            loader.batch_sampler.set_epoch(epoch)
            found += whole(loader)
        return found

    here, there = epochs(0), epochs(2)

    assert len(here) == 4
    assert all(same(a, b) for a, b in zip(here, there, strict=True))
    assert not torch.equal(here[0].images, here[2].images)


def test_two_processes_see_the_batches_of_one(tmp_path: Path) -> None:
    prepared = shapes(tmp_path, 10)
    chosen, how = spec(prepared), settings(recipe="light", batch=5)

    one = whole(train_loader(prepared.train, chosen, how))
    first, second = (whole(train_loader(prepared.train, chosen, how, rank=rank, world=2)) for rank in (0, 1))

    assert [len(batch.rows) for batch in one] == [5, 3]
    for batch, a, b in zip(one, first, second, strict=True):
        assert batch.rows[0::2].tolist() == a.rows.tolist()
        assert batch.rows[1::2].tolist() == b.rows.tolist()
        assert torch.equal(batch.images[0::2], a.images)
        assert torch.equal(batch.images[1::2], b.images)


def test_a_cache_changes_nothing(tmp_path: Path) -> None:
    prepared = shapes(tmp_path / "a")
    chosen = spec(prepared)

    def epochs(cache: Any, workers: int) -> list[Batch]:
        how = settings(recipe="light", cache=cache, workers=workers, multi_scale=0.5)
        loader = train_loader(prepared.train, chosen, how, cache_folder=tmp_path / "cache")
        return [*loader, *loader]

    plain = epochs("none", 0)

    for cache, workers in (("ram", 0), ("disk", 0), ("ram", 2), ("disk", 2)):
        assert all(same(a, b) for a, b in zip(plain, epochs(cache, workers), strict=True))
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cached_picture_is_read_once(tmp_path: Path) -> None:
    prepared = shapes(tmp_path / "a", 4)
    how = settings(cache="ram", workers=2)
    loader = train_loader(prepared.train, spec(prepared), how, cache_folder=tmp_path)
    before = whole(loader)

    for path in (tmp_path / "a").iterdir():
        path.unlink()

    assert all(same(a, b) for a, b in zip(before, whole(loader), strict=True))


def test_a_cache_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)

    with pytest.raises(UsageError, match=r"--cache disk keeps them") as caught:
        train_loader(prepared.train, spec(prepared, (1 << 20, 1 << 20)), settings(cache="ram"), cache_folder=tmp_path)

    assert "the pictures would take 19,791.2 GB, more than half of the" in str(caught.value)


def test_a_picture_that_breaks_in_the_middle_is_named_whoever_reads_it(tmp_path: Path) -> None:
    prepared = shapes(tmp_path)
    (tmp_path / "0001.png").write_bytes(b"no picture")

    for workers in (0, 2):
        loader = train_loader(prepared.train, spec(prepared), settings(workers=workers))
        with pytest.raises(TrainingError) as caught:
            whole(loader)
        assert str(caught.value) == (
            "0001.png: the picture is not a picture that cvdata reads (JPEG, PNG, BMP, GIF, TIFF, WebP)\n"
            "  hint: put the file back, or take it out of the dataset; `cvdata check` finds all such pictures"
        )


def test_what_workers_hold_has_no_object_for_each_annotation_or_picture(tmp_path: Path) -> None:
    def objects(images: int) -> int:
        prepared = shapes(tmp_path / str(images), images)
        arrays = train_loader(prepared.train, spec(prepared, masks=True), settings()).dataset._maker.arrays  # type: ignore[attr-defined]
        return len(hanging_on(arrays))

    assert objects(6) == objects(30)


def hanging_on(root: Any) -> set[int]:
    """Return the ids of all objects that hang on one, but for types, modules and functions."""
    import gc
    import types

    seen: set[int] = set()
    rest = [root]
    while rest:
        one = rest.pop()
        if id(one) in seen or isinstance(one, (type, types.ModuleType, types.FunctionType)):
            continue
        seen.add(id(one))
        rest += gc.get_referents(one)
    return seen
