"""A folder of pictures that show where a network looked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from PIL import Image

from ...dataset import Images
from ...engine import Progress, Silent
from ...errors import CvdataError, UsageError, nearest_of, show
from ...files import Finding, QuarantineItem, Staging, output_names
from ...images import stem_of
from ...images.decode import decode
from ...reports.sheet import assemble, encode
from ..spec import ModelSpec
from .drawing import LEGEND, TILE, draw_picture, sheet_tile
from .gradcam import Heat, explain_picture

if TYPE_CHECKING:
    from ..networks.network import Network

__all__ = ["SHEET", "ExplainReport", "ExplainSettings", "Explained", "Looked", "check_settings", "draw_all"]

SHEET = "explain.png"
"""File of the overview in the folder."""

_MOST_ON_SHEET = 24


class ExplainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to explain.

    Attributes:
        weights: of the best epoch, of the last one, or a file.
        label: explain this class only; None for what the network finds.
        most: classes or detections of a picture; None for 1 class or 3 detections.
        score: detections below it are left out.
    """

    weights: str = "best"
    label: str | None = None
    most: int | None = None
    score: float = 0.25


class Looked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One heat map.

    Attributes:
        label: class; `score`: of it.
        box: detections: x, y, width, height in pixels.
        inside: share of the heat that lies in the box.
    """

    label: str
    score: float
    box: list[float] | None = None
    inside: float | None = None


class Explained(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One picture.

    Attributes:
        image: its name; `file`: drawing of it, in the output.
        looked: for what, and where; empty where nothing was found.
    """

    image: str
    file: str
    looked: list[Looked]


class ExplainReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a network looked.

    Attributes:
        run: folder; `target`: folder that was written.
        task, architecture: of the network.
        images: every picture.
        quarantine: pictures that could not be read.
        findings: what is worth knowing.
        settings: as resolved.
    """

    run: str
    target: str
    task: str
    architecture: str
    images: list[Explained]
    quarantine: list[QuarantineItem]
    findings: list[Finding]
    settings: ExplainSettings


def check_settings(settings: ExplainSettings, spec: ModelSpec) -> ExplainSettings:
    """Return the settings as resolved for a network.

    Raises:
        UsageError: the network is a segmenter, there is no such class, or a number is out of its range.
    """
    if spec.task == "segmenter":
        raise UsageError(
            "a segmenter decides for each pixel on its own, so its map says where it looked",
            hint="cvdata predict RUN PICTURES DST draws its maps",
        )
    if settings.label is not None and settings.label not in spec.classes:
        raise UsageError(f"there is no class '{show(settings.label)}'", hint=nearest_of(settings.label, spec.classes))
    if settings.most is not None and settings.most < 1:
        raise UsageError(f"--most is {settings.most}, expected 1 or more")
    if not 0 <= settings.score <= 1:
        raise UsageError(f"--score is {settings.score}, expected 0 to 1")
    most = settings.most if settings.most is not None else 1 if spec.task == "classifier" else 3
    return msgspec.structs.replace(settings, most=most)


def draw_all(
    network: Network,
    images: Images,
    staging: Staging,
    settings: ExplainSettings,
    *,
    model: str,
    progress: Progress | None = None,
) -> tuple[list[Explained], dict[int, str]]:
    """Draw every picture with its heat into an output, and an overview of the first ones.

    Args:
        settings: as `check_settings` returns them.
        model: what to call the network.

    Returns:
        Every picture that was drawn; and what is wrong with the others, by row.
    """
    shown = progress or Silent()
    shown.start("explaining", len(images))
    spec = network.spec
    label = None if settings.label is None else spec.classes.index(settings.label)
    done: list[Explained] = []
    bad: dict[int, str] = {}
    tiles: list[tuple[Image.Image, tuple[str, str]]] = []
    free = output_names(images.names, stems=True)
    for row, (name, other) in enumerate(zip(images.names, free, strict=True)):
        try:
            picture = decode(images.file(row) or name)
        except CvdataError as error:
            bad[row] = error.message
            shown.advance(1)
            continue
        heats = explain_picture(network, picture, label=label, most=settings.most or 1, score=settings.score)
        file = f"pictures/{stem_of(other)}.png"
        staging.write(file, encode(draw_picture(picture, heats, spec.classes, name=name, model=model)))
        said = name.encode("utf-8", "backslashreplace").decode()
        done.append(Explained(image=said, file=file, looked=[_looked(heat, spec.classes) for heat in heats]))
        if len(tiles) < _MOST_ON_SHEET:
            tiles.append((sheet_tile(picture, heats), (name, _caption(heats, spec.classes))))
        shown.advance(1)
    if tiles:
        staging.write(SHEET, encode(_sheet(tiles, len(images), model)))
    return done, bad


def _looked(heat: Heat, classes: Sequence[str]) -> Looked:
    label = classes[heat.label]
    if heat.box is None:
        return Looked(label=label, score=heat.score)
    left, top, wide, tall = heat.box.tolist()
    part = heat.map[int(top) : int(np.ceil(top + tall)), int(left) : int(np.ceil(left + wide))]
    whole = float(heat.map.sum())
    inside = float(part.sum()) / whole if whole > 0 else None
    return Looked(label=label, score=heat.score, box=heat.box.tolist(), inside=inside)


def _caption(heats: Sequence[Heat], classes: Sequence[str]) -> str:
    return ", ".join(f"{classes[heat.label]} {heat.score:.2f}" for heat in heats) or "nothing was found"


def _sheet(tiles: Sequence[tuple[Image.Image, tuple[str, str]]], images: int, model: str) -> Image.Image:
    pictures = f"{images:,} picture{'s' * (images != 1)}"
    subtitle = pictures if len(tiles) == images else f"{pictures}, {len(tiles)} shown"
    return assemble(
        [tile for tile, _ in tiles],
        [caption for _, caption in tiles],
        title=f"Where {model} looked",
        subtitle=f"Grad-CAM: {subtitle}",
        legend=LEGEND,
        columns=min(4, len(tiles)),
        tile=TILE,
    )
