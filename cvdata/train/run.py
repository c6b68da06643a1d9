"""A training from the dataset to the report: the one place where its parts come together."""

from __future__ import annotations

import datetime
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from .. import __version__
from ..engine import Progress, Silent
from ..errors import TrainingError, show
from ..files import Finding
from ..models.packages import check_packages
from ..models.run_folder import BEST, STATE, RunInfo, read_run
from ..models.spec import ModelSpec
from .data.prepare import Prepared, prepare
from .folder import RunFolder
from .ranks import is_first
from .report import TrainReport
from .settings import TrainSettings, check_settings
from .source import Source

if TYPE_CHECKING:
    from ..models.networks.network import Network
    from .loop.fit import Fitted

__all__ = ["free_run", "train_network"]


def free_run(folder: str | os.PathLike[str], task: str) -> Path:
    """Return the first of FOLDER/TASK-1, FOLDER/TASK-2, ... that is not there."""
    number = 1
    while os.path.lexists(os.path.join(folder, f"{task}-{number}")):
        number += 1
    return Path(folder) / f"{task}-{number}"


def train_network(
    source: Source,
    run: str | os.PathLike[str],
    settings: TrainSettings,
    *,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> TrainReport | None:
    """Train a network and judge it; RUN gets everything that came of it.

    Args:
        resume: go on with the run that is there; it ends with the weights of one that was never cut off.
        overwrite: replace the run that is there.

    Returns:
        The report; None in the helper processes of a training on several devices.

    Raises:
        UsageError: settings make no sense, or RUN cannot be written.
        TrainingError: the dataset cannot be trained on, or the loss is not finite.
        ModelError: weights cannot be had or do not fit.
        MissingExtraError: a package is not installed.
    """
    check_packages("training", "torch", "torchvision", "lightning", "safetensors")
    from .loop.optimiser import resolve_rates

    check_settings(settings)
    folder = RunFolder(run, writes=is_first())
    folder.check(sources=[Path(source.path)] if source.path else [], resume=resume, overwrite=overwrite)
    progress = progress or Silent()
    earlier = read_run(run) if resume and folder.writes else None
    prepared = prepare(source, settings, progress=progress)
    spec, settings = _resolved(prepared, settings)
    settings = resolve_rates(settings)
    if earlier is not None:
        _check_same(earlier, prepared, spec)
        _check_state(folder.path, spec, settings)
    with folder:
        return _train(_Job(folder, prepared, spec, settings, earlier, resume, progress))


@dataclass(frozen=True, eq=False)
class _Job:
    """A training that nothing speaks against any more."""

    folder: RunFolder
    prepared: Prepared
    spec: ModelSpec
    settings: TrainSettings
    earlier: RunInfo | None
    resume: bool
    progress: Progress
    findings: list[Finding] = field(default_factory=list)


def _resolved(prepared: Prepared, settings: TrainSettings) -> tuple[ModelSpec, TrainSettings]:
    """Fill in what the user left to the architecture."""
    from ..models.networks.catalogue import complete, defaults_of

    suits = defaults_of(settings.task, settings.architecture)
    size = settings.size or suits.size
    size = (_multiple(size[0], suits.multiple), _multiple(size[1], suits.multiple))
    options = dict(settings.options)
    if settings.task == "segmenter":
        options["loss"] = settings.loss or options.get("loss", "ce+dice")
    spec = ModelSpec(
        task=settings.task,
        architecture=settings.architecture,
        classes=prepared.classes,
        size=size,
        several=prepared.several,
        keypoints=prepared.keypoints if suits.keypoints else (),
        flips=prepared.flips if suits.keypoints else (),
        masks=suits.masks,
        crop_margin=settings.crop_margin if settings.crops else None,
        options=options,
    )
    spec = complete(_as_in_weights(spec, settings.weights), published=settings.weights != "none")
    return spec, msgspec.structs.replace(settings, size=size, options=options)


def _as_in_weights(spec: ModelSpec, weights: str) -> ModelSpec:
    """Return a spec with the options that a run or a file of weights was trained with, where the user set none."""
    if weights in ("none", "default"):
        return spec
    from ..models.weights.loading import spec_of

    theirs = spec_of(weights)
    if theirs is None or (theirs.task, theirs.architecture) != (spec.task, spec.architecture):
        return spec
    return msgspec.structs.replace(spec, options={**theirs.options, **spec.options})


def _multiple(side: int, of: int) -> int:
    return max(of, -(-side // of) * of)


def _check_same(earlier: RunInfo, prepared: Prepared, spec: ModelSpec) -> None:
    """Refuse to go on with a run of something else: the outcome would be of neither.

    Raises:
        TrainingError: the dataset or the network is not the one that the run began with.
    """
    if earlier.dataset.sha256 != prepared.info.sha256:
        raise TrainingError(
            f"the run began with another dataset: {_counted(earlier.dataset.images)} then, "
            f"{_counted(prepared.info.images)} now, or labels that changed",
            hint=f"give the dataset of that run, '{show(earlier.dataset.path)}', or begin a new run",
        )
    if earlier.spec != spec:
        names = [f for f in spec.__struct_fields__ if getattr(spec, f) != getattr(earlier.spec, f)]
        raise TrainingError(
            f"the run began with another network: {', '.join(names)} differ",
            hint="repeat the command that it began with, or begin a new run",
        )


def _check_state(run: Path, spec: ModelSpec, settings: TrainSettings) -> None:
    """Refuse settings that make it another run, while the run is still as it was.

    Raises:
        UsageError: they do.
        TrainingError: the state of the run cannot be read.
    """
    from .judge.figures import metric_of
    from .loop.state import check_same, read_head

    state = read_head(run)
    if state is not None:
        check_same(state, spec, settings, metric_of(spec))


def _counted(images: dict[str, int]) -> str:
    return " and ".join(f"{count:,} pictures in {show(name)}" for name, count in images.items())


def _train(job: _Job) -> TrainReport | None:
    from .judge.drawing import Drawing
    from .judge.figures import metric_of
    from .judge.validate import Validation
    from .loop.fit import fit

    network = _network(job)
    val, metric = job.prepared.val, metric_of(job.spec)
    drawing = Drawing(val, job.spec, metric, job.folder)
    judge = Validation(val, job.spec, epoch_done=drawing.epoch_done)
    info = _info(job, network, metric)
    if not job.resume:
        job.folder.clear()
        job.folder.write("classes.txt", "".join(f"{name}\n" for name in job.spec.classes).encode())
    job.folder.write_info(info)
    train = job.prepared.train
    fitted = fit(network, train, val, job.settings, job.folder, judge, resume=job.resume, progress=job.progress)
    return _finish(job, network, fitted, info) if job.folder.writes else None


def _network(job: _Job) -> Network:
    """Build the network with the weights that it is to start from."""
    import torch

    from ..models.networks.catalogue import build

    settings = job.settings
    begun = job.resume and (job.folder.path / STATE).is_file()  # it brings all weights along
    torch.manual_seed(settings.seed)
    network = build(job.spec, published=settings.weights == "default" and not begun)
    if settings.weights not in ("none", "default") and not begun:
        from ..models.weights.loading import load_weights

        job.findings.extend(load_weights(network, settings.weights))
    if settings.balance == "loss":
        from .data.weights import class_weights

        network.class_weights = torch.from_numpy(class_weights(job.prepared, settings))
    return network


def _info(job: _Job, network: Network, metric: str) -> RunInfo:
    """Return what run.json says while the run goes on."""
    from .loop.environment import describe_environment

    if job.earlier is not None:
        return msgspec.structs.replace(
            job.earlier,
            status="running",
            settings=msgspec.to_builtins(job.settings),  # of which some may change, and all before the first checkpoint
            resumed=job.earlier.resumed + 1,
        )
    info = job.prepared.info
    return RunInfo(
        cvdata=__version__,
        name=os.path.basename(os.path.abspath(job.folder.path)),
        status="running",
        spec=job.spec,
        settings=msgspec.to_builtins(job.settings),
        dataset=info,
        environment=describe_environment(),
        parameters=sum(one.numel() for one in network.parameters()),
        trainable=0,
        began=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        metric=metric,
    )


def _finish(job: _Job, network: Network, fitted: Fitted, info: RunInfo) -> TrainReport:
    """Judge the best weights, and write down what came of the run; run.json last, which says that it is done."""
    from ..models.weights.loading import put_in
    from ..models.weights.reading import read_weights
    from .judge.diagnosis import diagnose
    from .judge.facts import facts_of
    from .judge.final import evaluate_best

    best = job.folder.path / BEST
    put_in(network, read_weights(best), best)
    judged = evaluate_best(network, job.prepared, job.settings, job.folder, progress=job.progress)
    facts = facts_of(job.prepared, info.metric, judged.report)
    figures = (judged.metrics, judged.train_metrics)
    info = msgspec.structs.replace(
        info,
        status=fitted.status,
        trainable=sum(one.numel() for one in network.parameters() if one.requires_grad),
        seconds=fitted.seconds,
        epochs=len(fitted.history),
        best=fitted.best,
        best_epoch=fitted.best_epoch,
        weights=fitted.weights,
    )
    report = TrainReport(
        run=os.fspath(job.folder.path),
        task=job.spec.task,
        architecture=job.spec.architecture,
        parameters=info.parameters,
        classes=list(job.spec.classes),
        dataset=info.dataset,
        status=fitted.status,
        epochs=info.epochs,
        best_epoch=info.best_epoch,
        metric=info.metric,
        best=info.best,
        seconds=info.seconds,
        images_per_s=_median([epoch.images_per_s for epoch in fitted.history]),
        metrics=judged.metrics,
        train_metrics=judged.train_metrics,
        history=fitted.history,
        diagnosis=diagnose(fitted.history, *figures, facts, job.settings, metric=info.metric),
        findings=[*job.prepared.findings, *job.findings],
        settings=info.settings,
        interval=facts.interval,
        outcomes=list(facts.outcomes),
        environment=info.environment,
    )
    _write_report(job, report)
    job.folder.write_info(info)
    return report


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _write_report(job: _Job, report: TrainReport) -> None:
    from .judge.page import train_page

    job.folder.write("report.json", msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    job.folder.write("report.html", train_page(report, job.folder.path).encode())
