"""Pictures out of archives: they get files of our own names beside the dataset, and go from there into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from ..engine import Progress
from ..errors import OutputError, show
from ..files.archives import extract_members
from ..files.journal import Journal
from ..images.headers import LARGEST_FILE
from .naming import Pictures
from .sources import Source

__all__ = ["unpack_pictures"]

_SPARE = 1 << 26  # bytes that stay free on the disk


def unpack_pictures(
    pictures: Pictures, sources: Sequence[Source], journal: Journal, progress: Progress
) -> tuple[dict[int, str], dict[int, str]]:
    """Unpack the pictures that lie in archives.

    Returns:
        The file of each, and what is wrong with each that could not be unpacked, by row.

    Raises:
        FormatError, UnsafePathError: an archive is not what it was when it was listed.
        OutputError: the disk has no room for them, or refused.
    """
    files: dict[int, str] = {}
    problems: dict[int, str] = {}
    for row, number in enumerate(pictures.sources):
        if sources[number].kind == "archive":
            if pictures.size[row] > LARGEST_FILE:
                problems[row] = f"has {pictures.size[row] / 2**30:.3g} GiB, the limit is {LARGEST_FILE >> 30}"
            else:
                # Numbered: what the archive calls it never reaches the disk. The suffix is one of a picture.
                files[row] = f"{row:07d}{os.path.splitext(pictures.inside[row])[1].lower()}"
    if not files:
        return files, problems
    root = journal.make_scratch()
    _check_room(root, sum(int(pictures.size[row]) for row in files))
    progress.start("unpacking", len(files))
    for number, source in enumerate(sources):
        rows = {pictures.inside[row]: row for row in files if pictures.sources[row] == number}
        if not rows:
            continue
        targets = {name: files[row] for name, row in rows.items()}
        try:
            for name, problem in extract_members(source.root, root, targets):
                progress.advance(1)
                if problem is not None:
                    problems[rows[name]] = problem
        except OSError as error:
            raise _failed(root, error.strerror or type(error).__name__) from error
    return {row: f"{root}/{file}" for row, file in files.items() if row not in problems}, problems


def _check_room(root: str, wanted: int) -> None:
    free = shutil.disk_usage(root).free
    if wanted + _SPARE > free:
        raise _failed(root, f"they take {wanted / 2**30:.3g} GiB and {free / 2**30:.3g} GiB are free")


def _failed(root: str, why: str) -> OutputError:
    folder = show(os.path.dirname(root))
    return OutputError(f"cannot unpack the pictures into '{folder}': {why}", hint="free some space")
