"""Names from files: where they may point, and what they are called in an output."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Sequence

from ..errors import Place, UnsafePathError, show

__all__ = ["output_names", "relative_name", "safe_join", "stays_inside"]

_DRIVE = re.compile(r"[A-Za-z]:")
_PLAIN = re.compile(r"[\w\-+@()=,~#%&!$'\[\]{}^ ]+(?:\.[\w\-+@()=,~#%&!$'\[\]{}^ ]+)*", re.ASCII)


def relative_name(name: str, at: Place) -> str:
    """Check a name that a file gives for another file; return it `/`-separated and without `.` parts.

    A backslash is a separator, because files written on Windows use it so; `~` and `%2e` are plain characters.

    Raises:
        UnsafePathError: the name is absolute, has a drive, a UNC prefix or a NUL, or climbs above its root.
    """
    if _PLAIN.fullmatch(name):
        return name
    path = name.replace("\\", "/")
    reason = None
    if "\0" in path:
        reason = "holds a NUL byte"
    elif path.startswith("//"):
        reason = "is a network path"
    elif path.startswith("/"):
        reason = "is an absolute path"
    elif _DRIVE.match(path):
        reason = "names a drive"
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if reason is None and ".." in parts:
        reason = "climbs out of its folder"
    if reason is not None:
        raise UnsafePathError(
            f"the file name '{show(name)}' {reason}",
            at=at,
            hint="names must be relative to the picture folder and stay inside it; correct the name, "
            "and give the folder with --images",
        )
    return "/".join(parts)


def safe_join(root: str, name: str, at: Place) -> str:
    """Join a name from a file to a root that it must not leave, neither by its letters nor by links on the way.

    Raises:
        UnsafePathError: it would leave.
    """
    relative = relative_name(name, at)
    path = os.path.join(root, relative)
    if not stays_inside(root, path):
        raise UnsafePathError(
            f"'{show(name)}' leads through a link out of its folder",
            at=at,
            hint="put the file itself there, or give the folder that the link points to with --images",
        )
    return path


def stays_inside(root: str, path: str) -> bool:
    """Tell whether a path, all links resolved, lies below the root or is it."""
    real_root = os.path.realpath(root)
    real = os.path.realpath(path)
    return real == real_root or real.startswith(real_root.rstrip(os.sep) + os.sep)


# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: reserved with any suffix, blanks before it ignored.
_DEVICE = re.compile(r"(?i)(?:CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³]|CONIN\$|CONOUT\$)\s*(?:\.|$)")
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_NEEDS_CARE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]|(?:^|/)(?i:con|prn|aux|nul|com|lpt)|[. ](?:/|$)|[^\x00-\x7f]')


def output_names(names: Sequence[str], *, stems: bool = False) -> list[str]:
    """Return names for an output that any system can hold, none equal to another after case folding.

    A name that is fine stays as it is. One that Windows cannot hold, or that differs from an earlier one only in case
    or Unicode form, gets a short hash of itself. The result depends on the names alone, not on their order of work.

    Args:
        names: unique relative names, `/`-separated.
        stems: also keep apart names that differ only in their suffix, for formats with a label file per picture.
    """
    wanted = [_portable(name) if _NEEDS_CARE.search(name) else name for name in names]
    keys = [_key(name, stems) for name in wanted]
    if len(set(keys)) == len(keys):
        return wanted
    seen: set[str] = set()
    result = []
    for name, want, key in zip(names, wanted, keys, strict=True):
        if key in seen:
            want = _tagged(want, name)
            key = _key(want, stems)
        seen.add(key)
        result.append(want)
    return result


def _key(name: str, stems: bool) -> str:
    if stems:
        name = os.path.splitext(name)[0]
    return name.lower() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _portable(name: str) -> str:
    parts = []
    for part in name.split("/"):
        clean = _FORBIDDEN.sub("_", part).encode("utf-8", "replace").decode("utf-8").rstrip(". ") or "_"
        parts.append(f"_{clean}" if _DEVICE.match(clean) else clean)
    portable = "/".join(parts)
    return portable if portable == name else _tagged(portable, name)


def _tagged(name: str, original: str) -> str:
    tag = hashlib.sha256(original.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    stem, suffix = os.path.splitext(name)
    return f"{stem}-{tag}{suffix}"
