"""The writing half of a conversion: select, refuse, write, commit."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgspec
import numpy as np

from ..dataset import Dataset
from ..dataset.select import keep_annotations, keep_classes
from ..engine import Engine
from ..errors import LossError, Place, UsageError, nearest_of, show
from ..files import Account, Counts, Loss, Manifest, Staging
from ..formats import Format, Intake, Outlet
from ..formats.losses import losses_of
from ..formats.outlet import Origin
from ..formats.sidecar import SIDECAR, SidecarWriter
from .reading import keeps
from .settings import ConvertSettings, Report

__all__ = ["Job"]

_SHOWN_ITEMS = 20


@dataclass(frozen=True)
class Job:
    """The writing half of a conversion, or of any command that makes a dataset.

    Attributes:
        command: what is run; `chosen`: its own settings, None for those of a conversion.
        filtered, added: what the command itself left out and made, between reading and writing.
        made: folders of the pictures that it made.
    """

    writer: Format
    format: str
    options: Any
    settings: ConvertSettings
    intake: Intake
    staging: Staging
    engine: Engine
    origin: Origin
    command: str = "convert"
    chosen: Mapping[str, Any] | None = None
    filtered: Counts = field(default_factory=Counts)
    added: Counts = field(default_factory=Counts)
    made: frozenset[str] = frozenset()

    def run(self, dataset: Dataset, *, source: str, source_format: str, target: str) -> Report:
        """Select, write and commit; return the report."""
        dataset, filtered = _select_classes(dataset, self.settings.classes)
        kept, losses = self._refuse(dataset)
        losses += losses_of(kept, self.writer.carries(self.options), self.intake.unread)
        if losses and self.settings.strict:
            self._refuse_losses(losses)
        settings = self._resolved(source_format)
        outlet = Outlet(
            staging=self.staging,
            engine=self.engine,
            progress=self.intake.progress,
            media=self.settings.media,
            origin=dataclasses.replace(self.origin, settings=settings),
            made=self.made,
        )
        is_kept = self._write(dataset, kept, outlet, losses)
        losses = _what_became(losses, outlet, is_kept=is_kept)
        self._note_renamed(outlet.renamed)
        account = Account(
            read=self.intake.read,
            written=Counts(len(kept.images), len(kept.annotations)),
            quarantined=self.intake.quarantined,
            filtered=self.intake.filtered + filtered + self.filtered,
            added=self.added,
        )
        if not account.balances:
            raise RuntimeError(f"something was lost between reading and writing: {account}")
        self.staging.commit(
            Manifest(
                command=self.command,
                format=self.format,
                settings=settings,
                account=account,
                losses=losses,
                renamed=outlet.renamed,
            ),
            self.intake.quarantine,
        )
        return Report(
            source=source,
            source_format=source_format,
            target=target,
            target_format=self.format,
            read=account.read,
            written=account.written,
            quarantined=account.quarantined,
            filtered=account.filtered,
            losses=losses,
            findings=self.intake.findings,
            quarantine=self.intake.quarantine[:_SHOWN_ITEMS],
            renamed=len(outlet.renamed),
            verified=self.intake.verified,
            settings=settings,
        )

    def _refuse_losses(self, losses: list[Loss]) -> NoReturn:
        beside = f" (cvdata keeps the rest in {SIDECAR})" if self._may_keep else ""
        raise LossError(
            f"{self.format} cannot hold everything: " + "; ".join(f"{x.count:,} {x.what}" for x in losses),
            hint=f"leave out --strict to convert all the same{beside}, or choose another format",
        )

    @property
    def _may_keep(self) -> bool:
        return self.settings.sidecar == "auto" and keeps(self.writer)

    def _write(self, dataset: Dataset, kept: Dataset, outlet: Outlet, losses: list[Loss]) -> bool:
        """Write what the format holds, and beside it what it does not; tell whether there was any of that.

        Args:
            dataset: everything; `kept`: without what the format refuses.
            losses: what is known to be lost before writing.
        """
        moved = self.writer.PRECISION > 0 and len(dataset.annotations) > 0
        with contextlib.ExitStack() as stack:
            sidecar = None
            if self._may_keep and (losses or moved or dataset.images.facts is not None):
                sidecar = stack.enter_context(SidecarWriter(dataset, self.staging))
            # What only the sidecar holds would travel to the workers with every batch.
            as_text = getattr(self.writer, "TEXT_OUTLINES", False)
            table = kept.annotations if as_text else kept.annotations.without(frozenset({"outlines"}))
            self.writer.write(dataclasses.replace(kept, annotations=table), outlet, self.options)
            if sidecar is None and self._may_keep and (outlet.notes or outlet.renamed):
                sidecar = stack.enter_context(SidecarWriter(dataset, self.staging))
            if sidecar is not None and outlet.labels is not None:
                sidecar.finish(self.format, outlet.labels)
        return sidecar is not None

    def _note_renamed(self, renamed: Mapping[str, str]) -> None:
        if renamed:
            message = "{n} pictures have a new name; .cvdata/manifest.json has the map"
            examples = (f"{show(old)} -> {show(new)}" for old, new in renamed.items())
            self.intake.note("renamed", message, len(renamed), examples)

    def _refuse(self, dataset: Dataset) -> tuple[Dataset, list[Loss]]:
        """Put annotations that the target cannot hold at all aside, by name."""
        left = np.ones(len(dataset.annotations), np.bool_)
        losses = []
        for refusal in self.writer.refuses(dataset, self.options):
            rows = np.flatnonzero(refusal.rows & left)
            left[rows] = False
            for row in rows.tolist():
                name = dataset.images.names[dataset.annotations.image[row]]
                place = self.intake.where(row) if self.intake.where is not None else Place(name, field=f"row {row}")
                self.intake.bad_annotation(place, refusal.found, refusal.expected, name)
            if len(rows):
                losses.append(
                    Loss(
                        what=f"annotations: {refusal.found}",
                        count=len(rows),
                        outcome="left out and named in quarantine",
                    )
                )
        return (dataset if left.all() else keep_annotations(dataset, np.flatnonzero(left))), losses

    def _resolved(self, source_format: str) -> dict[str, Any]:
        """Return the settings that decide the output's bytes: neither paths nor the number of workers do."""
        settings = self.settings
        own = {"classes": settings.classes} if self.chosen is None else self.chosen
        return {
            "from": source_format,
            "to": self.format,
            **own,
            "verify": settings.verify,
            "media": settings.media,
            "on_bad": settings.on_bad,
            "strict": settings.strict,
            "sidecar": settings.sidecar,
            "read": settings.read,
            "write": msgspec.to_builtins(self.options),
        }


def _what_became(losses: list[Loss], outlet: Outlet, *, is_kept: bool) -> list[Loss]:
    """Return the losses with what the writer says of them, which knows better than the ledger."""
    noted = {what for what, _ in outlet.notes}
    losses = [loss for loss in losses if loss.what not in noted]
    losses += [Loss(what=what, count=n, outcome=outcome) for (what, outcome), n in outlet.notes.items()]
    if not is_kept:
        return losses
    return [msgspec.structs.replace(loss, outcome=f"{loss.outcome}; kept in {SIDECAR}") for loss in losses]


def _select_classes(dataset: Dataset, names: tuple[str, ...] | None) -> tuple[Dataset, Counts]:
    """Keep the named classes, in that order; pictures stay. Return also what was filtered out."""
    if names is None:
        return dataset, Counts()
    known = list(dataset.categories.names)
    for name in names:
        if name not in known:
            raise UsageError(f"there is no class '{show(name)}'", hint=nearest_of(name, known))
    if len(set(names)) < len(names):
        raise UsageError("a class is named twice in --classes", hint="name each once")
    kept = keep_classes(dataset, [known.index(name) for name in names])
    return kept, Counts(0, len(dataset.annotations) - len(kept.annotations))
