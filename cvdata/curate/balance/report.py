"""What a balance is going to do, or has done, in numbers; and why a class stays behind."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ...files import Counts, DatasetReport, Finding, QuarantineItem

__all__ = [
    "BalancePart",
    "BalancePlanReport",
    "BalanceReport",
    "ClassPlan",
    "Evenness",
    "MadeCounts",
    "Repeats",
    "SamplingWeights",
    "Shortfall",
    "Steps",
    "Strategy",
    "Times",
]

Strategy = Literal["repeat-factor", "oversample", "undersample", "target", "copy-paste", "augment"]


class Steps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number in the training pictures now, the most that the strategy can make of it, and what it will be."""

    now: int
    reachable: int
    after: int


class ClassPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class in the training pictures.

    Attributes:
        objects: its annotations.
        pictures: pictures that show it, a repeated one each time.
    """

    name: str
    objects: Steps
    pictures: Steps


class Evenness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How even the classes are, among those that have any object.

    Attributes:
        ratio: objects of the largest class over those of the smallest; 1 is even. None without objects.
        entropy: Shannon entropy of the shares over its maximum; 1 is even. None for fewer than 2 classes.
    """

    ratio: float | None
    entropy: float | None


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many training pictures will be there so many times; 0 times are those left out."""

    times: int
    pictures: int


class Repeats(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often the training pictures will be there.

    Attributes:
        pictures: training pictures now; `after`: those that will be there, repeated ones each time.
        removed, repeated: pictures left out, and pictures there more than once.
        most: how often the most repeated picture is there.
        times: pictures by how often they are there.
    """

    pictures: int
    after: int
    removed: int
    repeated: int
    most: int
    times: list[Times]


class Shortfall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class that does not become what was wanted, and why.

    Attributes:
        reason: `absent`, no training picture shows it; `limit`, its objects are used as often as they may be;
            `beside`, its pictures show other classes, too; `unusable`, too few of its objects can be cut out.
        message: the reason in one sentence.
    """

    name: str
    wanted: int
    after: int
    reason: Literal["absent", "limit", "beside", "unusable"]
    message: str


class BalancePart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The plan.

    Attributes:
        strategy: how the classes are evened out.
        splits: names of the splits that may be touched; None where the dataset has none.
        goal: objects that each class is to have; None where the strategy has no such number.
        threshold: share of pictures below which a class is rare, for `repeat-factor`.
        classes: every class, in the order of the dataset.
        before, after: how even the classes are.
        repeats: how often pictures will be there.
        pasted: objects that are pasted into new pictures.
        shortfalls: classes that do not become what was wanted.
        notes: what else is worth knowing.
    """

    strategy: Strategy
    splits: list[str] | None
    goal: int | None
    threshold: float | None
    classes: list[ClassPlan]
    before: Evenness
    after: Evenness
    repeats: Repeats
    pasted: int
    shortfalls: list[Shortfall]
    notes: list[str]


class MadeCounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of the new pictures of `augment` and `copy-paste`.

    Attributes:
        copies: pictures that were made; `failed`: those that could not be, which are in the quarantine by name.
        pasted: objects pasted in; `unplaced`: those that found no place.
        dropped: objects that lost their label because too little of them was left.
    """

    copies: int
    failed: int
    pasted: int
    unplaced: int
    dropped: int


class BalanceReport(DatasetReport, frozen=True, kw_only=True):
    """What `cvdata balance --json` prints when it wrote a dataset.

    Attributes:
        balance: the plan that was carried out.
        objects: of each class in the training pictures of what was written; as planned, unless new pictures were made.
        made: what became of the new pictures; None where pictures were only repeated or left out.
    """

    schema: Literal["cvdata/balance-report/1"] = "cvdata/balance-report/1"
    balance: BalancePart
    objects: dict[str, int]
    made: MadeCounts | None = None


class BalancePlanReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cvdata balance --json` prints when it made a plan, sampling weights or a list, and no dataset.

    Attributes:
        source: what was read; `source_format`: its format.
        read, quarantined, filtered: what became of everything in the source.
        written: file with the weights or the list; None for a plan alone.
        findings: what is worth knowing about the source; `quarantine`: its first bad items.
        settings: as resolved.
        balance: the plan.
    """

    schema: Literal["cvdata/balance-plan/1"] = "cvdata/balance-plan/1"
    source: str
    source_format: str
    read: Counts
    quarantined: Counts
    filtered: Counts
    written: str | None
    findings: list[Finding]
    quarantine: list[QuarantineItem]
    settings: dict[str, Any]
    balance: BalancePart


class SamplingWeights(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of `cvdata balance --as weights`, where it is JSON.

    Attributes:
        strategy: what the weights come from.
        weights: of each training picture by its name: how often to draw it where an untouched one is drawn once.
    """

    schema: Literal["cvdata/sampling-weights/1"] = "cvdata/sampling-weights/1"
    strategy: Strategy
    weights: dict[str, float]
