"""The working half of `cvdata predict`: read, look, write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from ..errors import UsageError, show
from .choices import Verify
from .output import Output
from .source import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..convert import Reading
    from ..dataset import Images
    from ..engine import Progress
    from ..files import Counts, Staging
    from ..models.predict import Looked, PredictReport, PredictSettings
    from ..models.predictor import Predictor

__all__ = ["Job"]

_SHOWN_ITEMS = 20
_MAPS = "label-maps"


@dataclass(frozen=True)
class Job:
    """What was asked for, checked."""

    pictures: Path
    from_format: str | None
    output: Output
    predictor: Predictor
    settings: PredictSettings
    progress: Progress

    def run(self) -> PredictReport:
        """Read the pictures, let the model look at them, and write what it found."""
        if self._segments and self.output.to is not None:
            raise UsageError("a segmenter writes label maps, which are no format of datasets", hint="leave out --to")
        from ..formats.label_maps import looks_like_label_maps

        among_maps = self.from_format is None and looks_like_label_maps(self.pictures)
        reading = read_source(
            self.pictures,
            "images" if among_maps else self.from_format,
            self.output.images,
            Verify.sizes,
            self.output.workers,
            self.progress,
            wanted=None if self._cuts_out else frozenset(),
            sidecar="none",
        )
        reading = _without_masks(reading)
        images = reading.dataset.images
        if not (images.folder >= 0).any():
            message = f"the pictures of '{show(self.pictures)}' are nowhere to be found"
            raise UsageError(message, hint="say with --images where they lie")
        return self._write_maps(reading) if self._segments else self._write_dataset(reading)

    @property
    def _segments(self) -> bool:
        return self.predictor.spec.task == "segmenter"

    @property
    def _cuts_out(self) -> bool:
        return self.predictor.spec.crop_margin is not None

    def _look(self, images: Images) -> Iterator[Looked]:
        from ..models.predict import look

        return look(
            self.predictor, images, batch=self.settings.batch, workers=self.output.workers, progress=self.progress
        )

    def _write_dataset(self, reading: Reading) -> PredictReport:
        from ..convert import Edit
        from ..files import Counts
        from ..models.predict import collect
        from ..models.relabel import relabel

        images = reading.dataset.images
        if self._cuts_out:
            outcome = relabel(
                self.predictor,
                reading.dataset,
                self.settings,
                workers=self.output.workers,
                progress=self.progress,
            )
        else:
            outcome = collect(self._look(images), self.predictor.spec, images, self.settings)
        filtered = self._put_aside(reading, outcome.bad)
        dataset = outcome.dataset
        edit = Edit(
            command="predict",
            settings=self._resolved(),
            dataset=dataset,
            filtered=filtered,
            added=Counts(0, len(dataset.annotations)),
        )
        boxes = self.predictor.spec.task == "detector" or self._cuts_out
        self.output.to = self.output.to or ("coco" if boxes else "cvdata")
        written = self.output.write([reading], edit, self.progress)
        count = np.bincount(dataset.annotations.category, minlength=len(dataset.categories))
        found = dict(zip(dataset.categories.names, count.tolist(), strict=True))
        empty = int((np.diff(dataset.offsets) == 0).sum())
        return self._report(msgspec.structs.asdict(written), found, empty)

    def _put_aside(self, reading: Reading, bad: dict[int, str]) -> Counts:
        """Take note of pictures that cannot be read; return the labels of the others, which do not count."""
        from ..errors import Place
        from ..files import Counts

        had = np.diff(reading.dataset.offsets)
        names = reading.dataset.images.names
        for row, problem in bad.items():
            place = Place(names[row])
            reading.intake.bad_image(place, problem, "a picture that can be read", names[row], int(had[row]))
        return Counts(0, int(had.sum()) - int(had[list(bad)].sum()))

    def _resolved(self) -> dict[str, Any]:
        own = {"model": self.predictor.name, "sha256": self.predictor.sha256}
        return {**own, **msgspec.to_builtins(self.settings)}

    def _report(self, written: dict[str, Any], found: dict[str, int], empty: int) -> PredictReport:
        from ..models.predict import ModelPart, PredictReport

        spec = self.predictor.spec
        part = ModelPart(
            name=self.predictor.name,
            sha256=self.predictor.sha256,
            task=spec.task,
            architecture=spec.architecture,
            found=found,
            empty=empty,
        )
        return PredictReport(**written, model=part)

    # --- label maps

    def _write_maps(self, reading: Reading) -> PredictReport:
        from ..files import Staging
        from ..formats.store import split_version

        folders = [split_version(self.pictures)[0], *([self.output.images] if self.output.images else [])]
        target = self.output.target or Path()
        with Staging(target, sources=folders, overwrite=self.output.overwrite) as staging:
            return self._fill(staging, reading, show(target))

    def _fill(self, staging: Staging, reading: Reading, target: str) -> PredictReport:
        from ..files import Account, Counts, Manifest
        from ..models.map_folder import MapFolder

        images, intake, classes = reading.dataset.images, reading.intake, self.predictor.spec.classes
        folder = MapFolder(staging, images.names, classes)
        pixels, bad = np.zeros(len(classes), np.int64), dict[int, str]()
        for looked in self._look(images):
            bad |= looked.bad
            maps = looked.columns.maps or []
            folder.write(looked.rows.tolist(), maps)
            for one in maps:
                pixels += np.bincount(one.ravel(), minlength=len(classes))
        if len(bad) == len(images):
            raise UsageError("no picture could be read", hint="give other pictures")
        filtered = intake.filtered + self._put_aside(reading, bad)
        account = Account(
            read=intake.read, written=Counts(len(images) - len(bad)), quarantined=intake.quarantined, filtered=filtered
        )
        if not account.balances:
            raise RuntimeError(f"something was lost between reading and writing: {account}")
        settings = {"from": reading.format, "to": _MAPS, **self._resolved()}
        manifest = Manifest(
            command="predict", format=_MAPS, settings=settings, account=account, losses=[], renamed=folder.renamed
        )
        staging.commit(manifest, intake.quarantine)
        written = {
            **msgspec.structs.asdict(account),
            "sources": [show(self.pictures)],
            "source_format": reading.format,
            "target": target,
            "target_format": _MAPS,
            "version": None,
            "losses": [],
            "findings": intake.findings,
            "quarantine": intake.quarantine[:_SHOWN_ITEMS],
            "renamed": len(folder.renamed),
            "verified": intake.verified,
            "settings": settings,
        }
        return self._report(written, dict(zip(classes, pixels.tolist(), strict=True)), 0)


def _without_masks(reading: Reading) -> Reading:
    """Leave out files of a folder of pictures that are masks of others: nobody wants to know what is in them."""
    from dataclasses import replace

    from ..dataset.select import keep_images
    from ..files import Counts
    from ..images.masks import masks_among

    names = reading.dataset.images.names
    masks = masks_among(names) if reading.format == "images" else {}
    if not masks:
        return reading
    reading.intake.filtered += Counts(len(masks))
    reading.intake.note("masks", "{n} files are label masks of other pictures and are left out", len(masks))
    kept = np.array([row for row, name in enumerate(names) if name not in masks], np.int64)
    return replace(reading, dataset=keep_images(reading.dataset, kept))
