"""Pictures by a list of their names, as `cvdata rank --out` and `cvdata similar --out` write one."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...errors import Place, UsageError, nearest_of, show
from ...reports.scales import plural

__all__ = ["encode_names", "read_names", "rows_of_names"]

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def encode_names(names: Sequence[str]) -> bytes:
    """Return names of pictures, one a line, as `read_names` reads them.

    Raises:
        UsageError: a name has a line break in it.
    """
    broken = next((name for name in names if "\n" in name or "\r" in name), None)
    if broken is not None:
        raise UsageError(f"--out has one name a line, and '{show(broken)}' has a line break", hint="rename the picture")
    return "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")


def read_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the names in a text file, one a line, without blank lines.

    Raises:
        UsageError: it cannot be read, is not text, or names nothing.
    """
    hint = "give a text file with the name of a picture a line"
    try:
        with open(path, "rb") as file:
            written = file.read()
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        raise UsageError(message, at=Place(path), hint=hint) from error
    if b"\0" in written or written.startswith(_UTF_16):
        raise UsageError("is not text in UTF-8", at=Place(path), hint=hint)
    # A file may have any bytes for a name: those that are no UTF-8 are kept as Python keeps them.
    text = written.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    names = tuple(line for line in (line.rstrip("\r") for line in text.split("\n")) if line.strip())
    if not names:
        raise UsageError("names no picture", at=Place(path), hint=hint)
    return names


def rows_of_names(images: Images, names: Sequence[str]) -> NDArray[np.int64]:
    """Return the rows of the named pictures, ascending; a name that is there twice counts once.

    Raises:
        UsageError: the dataset lacks one; the message names the first.
    """
    where = {name: row for row, name in enumerate(images.names)}
    lost = [name for name in dict.fromkeys(names) if name not in where]
    if lost:
        more = f", nor {plural(len(lost) - 1, 'other name')} of the list" if len(lost) > 1 else ""
        raise UsageError(f"there is no picture '{show(lost[0])}' in SRC{more}", hint=nearest_of(lost[0], images.names))
    return np.array(sorted({where[name] for name in names}), np.int64)
