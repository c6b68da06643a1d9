"""Words that options take; enums because Typer shows and checks them."""

from __future__ import annotations

from enum import Enum

__all__ = ["Media", "OnBad", "Origin", "Sidecar", "Verify"]


class Media(str, Enum):
    """How pictures get into an output."""

    link = "link"
    copy = "copy"
    symlink = "symlink"
    none = "none"


class Verify(str, Enum):
    """What labels are held against."""

    sizes = "sizes"
    decode = "decode"
    none = "none"


class OnBad(str, Enum):
    """What happens to bad items."""

    quarantine = "quarantine"
    fail = "fail"


class Sidecar(str, Enum):
    """Whether what a format cannot hold is kept beside its files, and put back."""

    auto = "auto"
    none = "none"


class Origin(str, Enum):
    """The coordinate of the first pixel in VOC files."""

    auto = "auto"
    one = "1"
    zero = "0"
