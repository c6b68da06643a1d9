"""The report as a page, with the worst pictures drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .drawing import PictureSource

if TYPE_CHECKING:
    from ..report import EvalReport

__all__ = ["PictureSource", "report_page"]


def report_page(report: EvalReport, *, pictures: PictureSource | None = None) -> str:
    """Return the page, one self-contained HTML file of at most about 3 MB; the same report gives the same text.

    Args:
        pictures: what is needed to draw the worst pictures and probable label errors; without it they are only named.
    """
    from .whole import whole_page  # the text of the command needs `advice` alone, and none of the plots

    return whole_page(report, pictures)
