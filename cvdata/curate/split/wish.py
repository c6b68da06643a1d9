"""What is asked of a split: settings, the names of the splits and what each should get, and what stays where it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...errors import UsageError, nearest_of, show
from .groups import GroupBy

__all__ = ["SplitSettings", "Wish", "check_settings", "kept_pictures", "wish_of"]


class SplitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to divide a dataset.

    Attributes:
        train, val, test: share of each split, of sum 1; a split of 0 is left out.
        folds: divide into so many equal parts instead, `fold1`, `fold2`, ...
        fold: of these, the one that becomes val; all others become train. The parts are the same for each.
        group: what, besides looking alike, keeps pictures together: folders or numbers in names, capture times, and
            the groups that the dataset has; `none` for neither. Copies and augmented ones are always kept together.
        near: keep pictures that look alike together.
        labels_only: open no picture; what a dataset knows of its pictures counts.
        keep: splits whose pictures stay in them. One with a share above 0 is filled up to it; another is left alone,
            and the shares are those of the rest.
        seed: another one, another division.
    """

    train: float = 0.8
    val: float = 0.1
    test: float = 0.1
    folds: int | None = None
    fold: int | None = None
    group: GroupBy = "auto"
    near: bool = True
    labels_only: bool = False
    keep: tuple[str, ...] = ()
    seed: int = 0


@dataclass(frozen=True)
class Wish:
    """Splits to fill and those that stay as they are.

    Attributes:
        names: of the splits to fill, `shares`: wish of each, above 0; the sum is 1.
        left: names of kept splits that get nothing more, but what belongs to their pictures.
    """

    names: tuple[str, ...]
    shares: tuple[float, ...]
    left: tuple[str, ...] = ()

    @property
    def all_names(self) -> tuple[str, ...]:
        """Names of all splits, those to fill first."""
        return (*self.names, *self.left)


_SUM_WITHIN = 1e-6


def check_settings(settings: SplitSettings) -> None:
    """Refuse what makes no sense, whatever the dataset.

    Raises:
        UsageError: shares are not between 0 and 1 or do not sum to 1, or folds are not two and more.
    """
    shares = {"train": settings.train, "val": settings.val, "test": settings.test}
    for name, share in shares.items():
        if not 0 <= share <= 1:  # NaN is not, either
            hint = f"for {share:g} % give {share / 100:g}" if 1 < share <= 100 else "for a tenth give 0.1"
            raise UsageError(f"the share --{name} is {share:g}, expected 0 to 1", hint=hint)
    total = math.fsum(shares.values())
    if abs(total - 1) > _SUM_WITHIN:
        given = ", ".join(f"--{name} {share:g}" for name, share in shares.items())
        raise UsageError(f"the shares sum to {total:.6g}, expected 1: {given}", hint=_other_shares(shares, total))
    if settings.folds is None:
        if settings.fold is not None:
            raise UsageError("--fold names a fold, and there are none", hint="give --folds, too, such as --folds 5")
    elif settings.folds < 2:
        raise UsageError(f"--folds is {settings.folds}, expected 2 or more", hint="5 and 10 are usual")
    elif settings.fold is not None and not 1 <= settings.fold <= settings.folds:
        raise UsageError(f"--fold is {settings.fold}, expected 1 to {settings.folds}", hint="folds count from 1")


def _other_shares(shares: dict[str, float], total: float) -> str:
    if total <= 0:
        return "such as --train 0.8 --val 0.1 --test 0.1"
    if total < 1:
        first = next(name for name in ("test", "val", "train") if shares[name] == 0 or name == "train")
        return f"the rest could be --{first} {shares[first] + 1 - total:.6g}"
    return "in these proportions: " + " ".join(f"--{name} {share / total:.4g}" for name, share in shares.items())


_ROLES = {"training": "train", "valid": "val", "validation": "val", "testing": "test"}


def wish_of(settings: SplitSettings, images: Images) -> Wish:
    """Return what each split should get.

    Raises:
        UsageError: a split to keep does not exist, or one of its name is to be made of something else.
    """
    if settings.folds is not None:
        names = tuple(f"fold{number}" for number in range(1, settings.folds + 1))
        shares = (1 / settings.folds,) * settings.folds
    else:
        wishes = {"train": settings.train, "val": settings.val, "test": settings.test}
        names = tuple(name for name, share in wishes.items() if share > 0)
        shares = tuple(wishes[name] for name in names)
    left = []
    for name in settings.keep:
        if name not in images.splits:
            undivided = "the dataset is not divided yet; leave out --keep"
            hint = nearest_of(name, images.splits) if images.splits else undivided
            raise UsageError(f"no split is called '{show(name)}'", hint=hint)
        if settings.fold is not None and _role(name) in ("train", "val"):
            raise UsageError(f"--fold makes a new {_role(name)}, so {show(name)} cannot stay", hint="keep another")
        if _role(name) not in names:
            left.append(_role(name))
    return Wish(names, shares, tuple(dict.fromkeys(left)))


def _role(name: str) -> str:
    return _ROLES.get(name, name)


def kept_pictures(settings: SplitSettings, wish: Wish, images: Images) -> NDArray[np.int64]:
    """Return where pictures stay: for each its row in `wish.all_names`, -1 for those to divide, int64."""
    rows = [wish.all_names.index(_role(name)) if name in settings.keep else -1 for name in images.splits]
    return np.array([*rows, -1], np.int64)[images.split]
