"""Batches for a network, made by worker processes."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from ...augment.follow import needs_of
from ...augment.memory import keep_memory
from ...augment.pipeline import Pipeline
from ...augment.recipe import Recipe, load_recipe
from ...augment.work import one_thread
from ...engine import worker_count
from ...engine.worker import die_with
from ...errors import AugmentError, CvdataError, UsageError
from ...models.batch import Batch
from ...models.spec import ModelSpec
from ..settings import TrainSettings
from .arrays import PartArrays, arrays_of
from .cache import can_fork, open_cache
from .columns import columns_of
from .making import Maker
from .part import Part
from .sampling import Batches, Draw, InOrder, Shuffled, repeats_of

__all__ = ["PictureLoader", "train_loader", "val_loader"]

_FEW_PICTURES = 128  # that are not worth worker processes
_MOST_WORKERS = 8
_TRIES = 8  # of a recipe, before the training


def train_loader(
    part: Part,
    spec: ModelSpec,
    settings: TrainSettings,
    *,
    rank: int = 0,
    world: int = 1,
    cache_folder: Path | None = None,
) -> PictureLoader:
    """Return what gives the batches of an epoch, in an order of its own, changed by the recipe.

    Args:
        rank: which of `world` processes this is; together they see the batches that one alone would see.
        cache_folder: where `cache="disk"` keeps its file, which has no name any more once it is made; without one
            nothing is cached, which is for a single look at the pictures.

    Raises:
        UsageError: the recipe is not for this task, or the cache does not fit.
        CvdataError: the recipe is refused.
    """
    arrays = arrays_of(part, spec)
    recipe = _recipe(arrays, spec, settings.recipe)
    factors = repeats_of(part, len(spec.classes)) if settings.balance == "sampling" else None
    sizes = (spec.size, settings.multi_scale) if settings.multi_scale else None
    order = Shuffled(len(part), settings.batch, settings.seed, rank=rank, world=world, factors=factors, sizes=sizes)
    return _loader(arrays, spec, settings, order, recipe, cache_folder, f"train-{rank}")


def val_loader(
    part: Part,
    spec: ModelSpec,
    settings: TrainSettings,
    *,
    rank: int = 0,
    world: int = 1,
    cache_folder: Path | None = None,
) -> PictureLoader:
    """Return what gives every picture once, over all processes, in order and as it is.

    Raises:
        UsageError: the cache does not fit.
    """
    order = InOrder(len(part), settings.batch, rank=rank, world=world)
    return _loader(arrays_of(part, spec), spec, settings, order, None, cache_folder, f"val-{rank}")


def _recipe(arrays: PartArrays, spec: ModelSpec, name: str) -> Recipe | None:
    """Read a recipe, and refuse one that cannot take along what a network learns."""
    if name == "none":
        return None
    recipe = load_recipe(name)
    for what, used in (("mosaic", recipe.mosaic), ("mixup", recipe.mixup)):
        if used is not None and spec.task != "detector":
            raise UsageError(f"the recipe has {what}, which is for detectors", hint="take it out of the recipe")
    pipeline = Pipeline(recipe.transform)
    if spec.task == "detector":
        pipeline.refuse(needs_of(arrays.table))
    elif spec.task == "segmenter":
        pipeline.refuse(frozenset({"masks"}))
    _try_out(pipeline, spec.size)
    return recipe


def _try_out(pipeline: Pipeline, size: tuple[int, int]) -> None:
    """Refuse a recipe that fails on pictures of the network's size: all of them would be learnt as they are."""
    with one_thread():
        for seed in range(_TRIES):
            noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
            try:
                pipeline.apply(noise, np.zeros((0, 4)), seed)
            except AugmentError as error:
                raise AugmentError(
                    f"{error.message} (pictures of {size[1]}x{size[0]})",
                    hint="change or leave out this transform, or give another --size",
                ) from error


def _loader(
    arrays: PartArrays,
    spec: ModelSpec,
    settings: TrainSettings,
    order: Batches,
    recipe: Recipe | None,
    cache_folder: Path | None,
    name: str,
) -> PictureLoader:
    planes = 4 if spec.task == "segmenter" else 3
    cache = None
    if cache_folder is not None:
        path = cache_folder / f".{name}.cvdata-cache"  # a run folder sweeps such names up, whatever was killed
        cache = open_cache(settings.cache, (len(arrays), *spec.size, planes), path)
    maker = Maker(arrays, spec, settings.seed, recipe, cache)
    return PictureLoader(maker, order, _workers(settings, len(arrays), order.world), settings)


def _workers(settings: TrainSettings, pictures: int, world: int) -> int:
    """Return how many worker processes to use: none where there is little to do, or one core."""
    if settings.workers is not None:
        return settings.workers
    cores = worker_count(None) // world
    return 0 if cores < 2 or pictures < _FEW_PICTURES else min(cores, _MOST_WORKERS)


class _Pictures(Dataset[Any]):
    """What a worker asks for the batch of a draw; an error travels as a value, so that it arrives as it was."""

    def __init__(self, maker: Maker) -> None:
        self._maker = maker

    def __len__(self) -> int:
        return len(self._maker.arrays)

    def __getitem__(self, row: int) -> Batch | CvdataError:
        return self.__getitems__(Draw(0, np.array([row]), np.zeros(1, np.int64)))

    def __getitems__(self, draw: Draw) -> Batch | CvdataError:
        try:
            return _batch(self._maker, draw)
        except CvdataError as error:
            return error


def _batch(maker: Maker, draw: Draw) -> Batch:
    with one_thread() if maker.changes else nullcontext():
        columns = columns_of(maker.make(draw), draw.rows, maker.arrays, maker.spec)
    tensors: dict[str, Any] = {name: torch.from_numpy(column) for name, column in columns.items()}
    return Batch(**tensors)


def _as_it_is(batch: Any) -> Any:
    return batch


class PictureLoader(DataLoader[Any]):
    """Batches of an epoch; say which with `batch_sampler.set_epoch`."""

    batch_sampler: Any  # `Batches`; torch would have lists of numbers from it

    def __init__(self, maker: Maker, order: Batches, workers: int, settings: TrainSettings) -> None:
        cuda = settings.accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available()
        sampler: Any = order
        super().__init__(
            _Pictures(maker),
            batch_sampler=sampler,
            num_workers=workers,
            collate_fn=_as_it_is,
            pin_memory=cuda,
            persistent_workers=workers > 0,
            worker_init_fn=_begin if workers else None,
            multiprocessing_context="fork" if workers and can_fork() else None,
            # Its own: workers' seeds must not come from the stream that weights are drawn from.
            generator=torch.Generator().manual_seed(settings.seed),
        )

    def __iter__(self) -> Any:
        """Yield the batches of an epoch.

        Raises:
            TrainingError: a picture cannot be read; it is named.
        """
        return self._unpacked(self._begun())

    def _begun(self) -> Iterator[Any]:
        with warnings.catch_warnings():
            # From Python 3.12 on, of torch's own threads, which workers do not use.
            warnings.filterwarnings("ignore", "This process .*is multi-threaded", DeprecationWarning)
            return super().__iter__()

    def _unpacked(self, batches: Iterator[Any]) -> Iterator[Batch]:
        for batch in batches:
            if isinstance(batch, CvdataError):
                raise batch
            yield batch


def _begin(number: int) -> None:  # noqa: ARG001 - torch passes it
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    if sys.platform == "linux":
        die_with(os.getppid())
    keep_memory()


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - what a handler is given
    """End a worker quietly: a scheduler ends all processes of a job, and torch takes one that died for a fault."""
    os._exit(0)
