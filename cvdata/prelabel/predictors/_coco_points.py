"""The points of a person as COCO has them, which nearly every model of poses learnt."""

from __future__ import annotations

__all__ = ["COCO_POINTS", "flips_of"]

COCO_POINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip


def flips_of(points: tuple[str, ...]) -> tuple[int, ...]:
    """Return for each point the one that it becomes where left and right change places."""
    other = {"left": "right", "right": "left"}
    swapped = ["_".join(other.get(part, part) for part in point.split("_")) for point in points]
    return tuple(points.index(point) for point in swapped)
