"""The installed command, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["CVDATA", "cvdata", "environment", "write_coco"]

CVDATA = str(Path(sys.executable).with_name("cvdata"))


def environment() -> dict[str, str]:
    """Return the environment without what changes how a terminal program prints."""
    return {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR", "CVDATA_DEBUG")} | {
        "COLUMNS": "200",
        "PYTHONUTF8": "1",
    }


def cvdata(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run `cvdata` with arguments to its end."""
    return subprocess.run(
        [CVDATA, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        cwd=cwd,
        env=environment(),
    )


def write_coco(path: Path, *, bad: bool = False, **more: Any) -> Path:
    """Write a document of one picture and an annotation; with `bad`, a second annotation without area."""
    row = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 5, 6], "area": 30, "iscrowd": 0}
    content = {
        "images": [{"id": 1, "file_name": "1.jpg", "width": 20, "height": 30}],
        "annotations": [row, *([row | {"id": 2, "bbox": [1, 2, 0, 5]}] if bad else [])],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content | more), "utf-8")
    return path
