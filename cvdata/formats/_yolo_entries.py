"""Where the entries of `data.yaml` point, without ever leaving the dataset's folder.

Ultralytics takes `path` relative to the current directory or to a folder of its own settings, and drops a leading `../`
if the first try fails. A dataset must mean the same wherever it is read, so here all is relative to the description.
"""

from __future__ import annotations

import os
import posixpath
import re

from ..errors import UnsafePathError, show
from ..files import stays_inside
from ._yolo_source import Source
from .intake import Intake

__all__ = ["bases", "below_root", "is_absolute", "is_list", "locate", "normal", "tails"]

_DRIVE = re.compile(r"[A-Za-z]:")
_HINT = "give folders below the one that holds the description, or name the pictures' folder with --images"


def bases(source: Source, intake: Intake) -> list[str]:
    """Return the folders below the root that entries are tried in: the one that `path` names, then the root.

    Raises:
        UnsafePathError: `path` is an existing folder outside the dataset.
    """
    if source.path is None:
        return [""]
    text = _slashes(source.path)
    inside = below_root(source.root, text) if is_absolute(text) else normal(text)
    if inside is not None and os.path.isdir(f"{source.root}/{inside}"):
        return [inside, ""] if inside else [""]
    if is_absolute(text) and os.path.exists(text) and intake.images is None:
        raise UnsafePathError(
            f"path is '{show(source.path)}', a folder outside the dataset", at=source.place("path"), hint=_HINT
        )
    message = "`path` was not followed, the entries are taken from the folder of the description"
    intake.note("yolo-path", message, 1, [f"{show(source.file)}: {show(source.path)}"])
    return [""]


def locate(entry: str, source: Source, starts: list[str], key: str, *, apart: bool) -> str | None:
    """Return the folder or list below the root that an entry names, or None where it is not there.

    Args:
        starts: folders below the root to try it in.
        apart: pictures lie elsewhere, so an entry counts as there when its folder of labels is.

    Raises:
        UnsafePathError: it lies outside the dataset, by its letters or by links on the way.
    """
    text = _slashes(entry)
    if is_absolute(text):
        inside = below_root(source.root, text)
        tries = [inside] if inside is not None else tails(text)
        if inside is None and not apart and os.path.exists(text):
            tries = []
    else:
        climbed = re.sub(r"^(?:\.\./)+", "", text)
        tries = [
            name for start in starts for part in (text, climbed) if (name := normal(f"{start}/{part}")) is not None
        ]
        if source.file.endswith(".data"):  # darknet's paths are those of the folder above: `data/train.txt`
            tries += tails(text)
    for name in tries:
        if _is_there(source.root, name) or (apart and os.path.isdir(f"{source.root}/{_label_folder(name)}")):
            # With the pictures elsewhere nothing in a folder is opened, so a link may lead where it likes.
            return name if apart and not is_list(name) else _held(source, name, entry, key)
    if is_absolute(text) and not apart:
        raise UnsafePathError(
            f"'{show(entry)}' is an absolute path outside the dataset", at=source.place(key), hint=_HINT
        )
    return tries[-1] if apart and tries else None


def _held(source: Source, name: str, entry: str, key: str) -> str:
    if not stays_inside(source.root, f"{source.root}/{name}"):
        raise UnsafePathError(
            f"'{show(entry)}' leads through a link out of the dataset, to a folder outside",
            at=source.place(key),
            hint="give the folder that the link points to with --images",
        )
    return name


def _is_there(root: str, name: str) -> bool:
    path = f"{root}/{name}"
    return os.path.isdir(path) or (is_list(name) and os.path.isfile(path))


def _label_folder(name: str) -> str:
    head, middle, tail = f"/{name}/".rpartition("/images/")
    return f"{head}/labels/{tail}" if middle else name


def is_list(name: str) -> bool:
    """Tell whether an entry is a list of pictures."""
    return name.lower().endswith(".txt")


def is_absolute(text: str) -> bool:
    """Tell whether a path is absolute on any system."""
    return text.startswith("/") or _DRIVE.match(text) is not None


def below_root(root: str, text: str) -> str | None:
    """Return the part of an absolute path below the root, or None where it lies elsewhere."""
    for base, path in ((root, os.path.normpath(text)), (os.path.realpath(root), os.path.realpath(text))):
        if path == base:
            return ""
        if path.startswith(base.rstrip(os.sep) + os.sep):
            return path[len(base.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
    return None


def normal(text: str) -> str | None:
    """Return a relative path without `.` and `..` parts ("" for the root itself), or None where it climbs out."""
    path = posixpath.normpath(text.lstrip("/")) if text.strip("/") else "."
    if path == ".." or path.startswith("../") or "\0" in path:
        return None
    return "" if path == "." else path


def tails(text: str) -> list[str]:
    """Return a path without its first folder, without its first two, ...: another machine may have had more above."""
    parts = [part for part in _DRIVE.sub("", text, count=1).split("/") if part not in ("", ".", "..")]
    return ["/".join(parts[first:]) for first in range(len(parts))]


def _slashes(text: str) -> str:
    return text.strip().replace("\\", "/")
