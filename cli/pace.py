"""How fast work goes, in words."""

from __future__ import annotations

__all__ = ["pace", "rate"]


def pace(done: int, total: int, elapsed_s: float) -> str:
    """Return how fast it goes and how long it will take: `, 412/s, 2 min left`."""
    if not done or elapsed_s <= 0:
        return ""
    return f", {rate(done / elapsed_s)}, {_duration(elapsed_s * max(0, total - done) / done)} left"


def rate(speed: float) -> str:
    """Return items a second as people read it: `412/s`, `3.4/s`, and where one takes longer `2.5 s each`."""
    if speed >= 10:
        return f"{speed:,.0f}/s"
    return f"{speed:.1f}/s" if speed >= 0.7 else f"{1 / speed:.1f} s each"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
