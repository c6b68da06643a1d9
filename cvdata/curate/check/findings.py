"""What a check finds: settings, findings with their places, and the report of `cvdata check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple

import msgspec

from ...errors import Place, show
from ...files import Counts, Loss

__all__ = [
    "MOST_PLACES",
    "ORDER",
    "CheckReport",
    "CheckSettings",
    "FailOn",
    "Finding",
    "FixReport",
    "Fixed",
    "Hit",
    "Kind",
    "Severity",
    "Spot",
    "Trainer",
]

MOST_PLACES = 1000
"""Places and names of pictures that a finding keeps; its count says how many there are."""

Severity = Literal["error", "warning", "info"]
FailOn = Literal["error", "warning", "info", "never"]
Trainer = Literal["ultralytics", "torchvision", "detectron2"]

ORDER: dict[str, int] = {"error": 0, "warning": 1, "info": 2}
"""Severities, worst first."""


class Kind(NamedTuple):
    """One kind of finding, as the catalogue has it.

    Attributes:
        one, many: titles for one and for several; `{n}` is the number.
        why: why it matters.
        cure: what to do; `{fix}` is the command that repairs the dataset at hand, `{show}` the one that draws it.
        fixed: what `--fix` does about it, or nothing.
    """

    severity: Severity
    one: str
    many: str
    why: str
    cure: str
    fixed: str = ""


class CheckSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look for.

    Attributes:
        labels_only: open no picture.
        trainer: also say what this trainer would drop, misread or rewrite.
        only: codes of findings to keep, None for all; `ignore`: codes to leave out.
        few_objects: a class with fewer objects is named.
        imbalance: a class with fewer objects than the largest class divided by this is named.
        tiny_box: a box with a shorter side, in pixels, is named.
        wild_aspect: a box that is this many times longer than wide is named.
        same_box: boxes of one class that overlap by more, as intersection over union, are taken for one object.
    """

    labels_only: bool = False
    trainer: Trainer | None = None
    only: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    few_objects: Annotated[int, msgspec.Meta(ge=0)] = 500
    imbalance: Annotated[float, msgspec.Meta(ge=1)] = 10.0
    tiny_box: Annotated[float, msgspec.Meta(ge=0)] = 3.0
    wild_aspect: Annotated[float, msgspec.Meta(ge=1)] = 20.0
    same_box: Annotated[float, msgspec.Meta(gt=0.5, lt=1)] = 0.95


class Spot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One place of a finding.

    Attributes:
        what: what is there, in words.
        file, line, field: where it stands in the source.
        image: name of the picture.
        row: row of the annotation in the dataset as it was read.
    """

    what: str
    file: str | None = None
    line: int | None = None
    field: str | None = None
    image: str | None = None
    row: int | None = None

    @property
    def at(self) -> str:
        """Return the place in one line, safe to print; empty where there is none."""
        if self.file is not None:
            return str(Place(self.file, self.line, self.field))
        return show(self.image) if self.image is not None else ""


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that a person should know of a dataset before training on it.

    Attributes:
        code: stable short name, such as `duplicate-box`.
        severity: `error`: labels or scores are wrong; `warning`: probably; `info`: worth knowing.
        title: what was found, with the number.
        why: why it matters.
        cure: what to do; a command where there is one.
        fixed: what `--fix` does about it, or nothing.
        count: how often.
        places: the first 1,000 places.
        images: names of the first 1,000 pictures concerned.
    """

    code: str
    severity: Severity
    title: str
    why: str
    cure: str
    fixed: str = ""
    count: int
    places: list[Spot]
    images: list[str]


class Fixed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a repair did about one finding.

    Attributes:
        code, severity, title: of the finding.
        done: what was done; empty where a person has to decide.
        before, after: how often it was there, and how often it is there in the repaired dataset.
    """

    code: str
    severity: Severity
    title: str
    done: str
    before: int
    after: int


class FixReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The repaired dataset.

    Attributes:
        target, target_format: where it is, and in which format.
        read, written: pictures and annotations of the source, and of the repaired dataset.
        findings: what became of each finding.
        losses: what the format of the target could not hold.
    """

    target: str
    target_format: str
    read: Counts
    written: Counts
    findings: list[Fixed]
    losses: list[Loss]


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found: `cvdata check --json` prints it.

    Attributes:
        source, source_format: what was checked.
        images, annotations, classes: how many of each could be used.
        left_out: pictures and annotations that no command can use; each is named in a finding.
        pictures_read: pictures that were opened and decoded.
        verified: what the labels were held against.
        severities: number of findings of each severity.
        findings: worst first, then by count.
        fix: the repaired dataset, where one was asked for.
        settings: as resolved.
    """

    schema: Literal["cvdata/check-report/1"] = "cvdata/check-report/1"
    source: str
    source_format: str
    images: int
    annotations: int
    classes: int
    left_out: Counts
    pictures_read: int
    verified: str
    severities: dict[str, int]
    findings: list[Finding]
    fix: FixReport | None = None
    settings: CheckSettings


@dataclass
class Hit:
    """A finding in the making: its kind is in the catalogue under `code`.

    Attributes:
        count: how often.
        spots: the first places; `images`: all pictures concerned, some more than once. Both may be longer than what a
            report keeps.
        words: other words of the title.
    """

    code: str
    count: int = 0
    spots: list[Spot] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    words: Mapping[str, Any] = field(default_factory=dict)

    def add(self, spot: Spot) -> None:
        """Count one more."""
        self.count += 1
        if len(self.spots) < MOST_PLACES:
            self.spots.append(spot)
        if spot.image is not None:
            self.images.append(spot.image)
