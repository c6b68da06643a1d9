"""Read what a training is for: any dataset, and for segmenters folders of label maps."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ..convert import read
from ..engine import Progress
from ..errors import Place, UsageError, show
from ..files import Finding, QuarantineItem
from ..formats.store import find_version, is_store, open_store, split_version
from ..models.spec import Task
from ..reports.scales import plural
from .data.maps import looks_like_maps, read_maps
from .source import Source

__all__ = ["LABEL_MAPS", "open_source"]

LABEL_MAPS = "label-maps"
"""What stands for a format where each picture has a map of classes."""

_EXAMPLES = 5


def open_source(
    path: str | os.PathLike[str],
    task: Task,
    format: str | None = None,  # noqa: A002 - the word that users look for
    images: str | os.PathLike[str] | None = None,
    verify: Literal["sizes", "decode", "none"] = "sizes",
    *,
    progress: Progress | None = None,
) -> Source:
    """Read a dataset to train on.

    Args:
        format: detected where not given; `label-maps` for pictures with a map of classes each.
        images: folder of the pictures, where it is not the usual one.

    Raises:
        CvdataError: the source is refused.
    """
    shown, pictures = os.fspath(path), None if images is None else os.fspath(images)
    if format == LABEL_MAPS and task != "segmenter":
        raise UsageError(f"--from {LABEL_MAPS} is for segmenters")
    if task == "segmenter" and (format == LABEL_MAPS or (format is None and looks_like_maps(Path(path)))):
        source = read_maps(Path(path), None if images is None else Path(images))
        return replace(source, path=shown, images_path=pictures, format=LABEL_MAPS)
    reading = read(path, format, images=images, verify=verify, progress=progress)
    return Source(
        dataset=reading.dataset,
        path=shown,
        images_path=pictures,
        format=reading.format,
        version=_version_of(Path(path)),
        findings=(*_left_out(reading.intake.quarantine), *reading.intake.findings),
    )


def _left_out(bad: Sequence[QuarantineItem]) -> list[Finding]:
    """Say what is too bad to learn from."""
    if not bad:
        return []
    examples = [f"{Place(item.file, item.line, item.field)}: {show(item.found)}" for item in bad[:_EXAMPLES]]
    message = f"left out: {plural(len(bad), 'bad item')}, such as {examples[0]}; cvdata check names all of them"
    return [Finding(code="bad-items", message=message, count=len(bad), examples=examples)]


def _version_of(path: Path) -> str | None:
    """Return the id of the version of a cvdata dataset that a path names."""
    folder, version = split_version(path)
    if not is_store(folder):
        return None
    store = open_store(folder)
    return store.current.id if version is None else find_version(store, version).id
