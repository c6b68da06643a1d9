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
        UnsafePathError: the name is absolute, has a drive, a UNC prefix or a NUL, has a `..` part, or holds half a
            character, which no file system can hold.
    """
    if _PLAIN.fullmatch(name):
        return name
    path = name.replace("\\", "/")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    reason = _danger(path, parts)
    if reason is not None:
        raise UnsafePathError(
            f"the file name '{show(name)}' {reason}",
            at=at,
            hint="names must be relative to the picture folder and stay inside it; correct the name, "
            "and give the folder with --images",
        )
    return "/".join(parts)


def _danger(path: str, parts: list[str]) -> str | None:
    if "\0" in path:
        return "holds a NUL byte"
    if path.startswith("//"):
        return "is a network path"
    if path.startswith("/"):
        return "is an absolute path"
    if parts and _DRIVE.match(parts[0]):  # also `./C:/x`, which joins to a drive on Windows
        return "names a drive"
    if any(part.rstrip(" ") == ".." for part in parts):  # Windows drops blanks at the end
        return "climbs out of its folder"
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return "holds half a character"
    return None


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
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')
_NEEDS_CARE = re.compile(
    r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]|(?:^|/)(?i:con|prn|aux|nul|com|lpt)|[. ](?:/|$)|[^\x00-\x7f]'
)


def output_names(names: Sequence[str], *, stems: bool = False) -> list[str]:
    """Return names for an output that any system can hold, none equal to another after case folding.

    A name that is fine stays as it is. One that Windows cannot hold, or that differs from another only in case or
    Unicode form, gets a short hash of itself; among such the first in code point order stays. What a name becomes
    depends on the names alone, not on their order, and output names given again stay as they are.

    Args:
        names: unique relative names, `/`-separated.
        stems: also keep apart names that differ only in their suffix, for formats with a label file per picture.
    """
    if _all_plain(names, stems):
        return list(names)
    wanted = [_portable(name) if _NEEDS_CARE.search(name) else name for name in names]
    keys = [_key(name, stems) for name in wanted]
    if len(set(keys)) == len(keys):
        return wanted
    taken: set[str] = set()
    # Names that are fine come first, so that no hash takes a name from one that had it.
    for row in sorted(range(len(names)), key=lambda row: (wanted[row] != names[row], names[row])):
        base, attempt = wanted[row], 0
        while keys[row] in taken:
            wanted[row] = _tagged(base, names[row], attempt)
            keys[row] = _key(wanted[row], stems)
            attempt += 1
        taken.add(keys[row])
    return wanted


_ORDINARY = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./\n"


def _all_plain(names: Sequence[str], stems: bool) -> bool:
    """Tell, a hundred times faster than name by name, that no name needs care; False may be too careful."""
    text = "\n".join(names).lower()
    if not text.isascii() or text.encode().translate(None, _ORDINARY):
        return False
    if any(word in text for word in ("con", "prn", "aux", "nul", "com", "lpt", ".\n", "./")) or text.endswith("."):
        return False
    keys = text.split("\n")
    if stems:
        keys = [key.rpartition(".")[0] for key in keys]
    return len(set(keys)) == len(names)


def _key(name: str, stems: bool) -> str:
    if stems:
        name = os.path.splitext(name)[0]
    if name.isascii():
        return name.lower()
    # Folding case can undo the normal form, so it is taken again.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _portable(name: str) -> str:
    parts = []
    for part in name.split("/"):
        clean = _FORBIDDEN.sub("_", part).rstrip(". ") or "_"
        parts.append(f"_{clean}" if _DEVICE.match(clean) else clean)
    portable = "/".join(parts)
    return portable if portable == name else _tagged(portable, name)


_LONGEST = 255  # bytes of one part of a path, on every file system in use


def _tagged(name: str, original: str, attempt: int = 0) -> str:
    seed = f"{original}\0{attempt}" if attempt else original
    tag = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    folder, slash, base = name.rpartition("/")
    stem, suffix = os.path.splitext(base)
    room = _LONGEST - len(tag) - 1 - len(suffix.encode())
    short = stem.encode()[: max(0, room)].decode(errors="ignore")
    return f"{folder}{slash}{short}-{tag}{suffix}"
