"""Pictures by a list of their names, as `cvdata rank --out` and `cvdata similar --out` write one."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...dataset import Images
from ...errors import Place, UsageError, nearest_of, show
from ...reports.scales import plural

__all__ = ["read_names", "rows_of_names"]


def read_names(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return the names in a text file, one a line, without blank lines.

    Raises:
        UsageError: it cannot be read, is not text, or names nothing.
    """
    hint = "give a text file with the name of a picture a line"
    try:
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        raise UsageError(message, at=Place(path), hint=hint) from error
    except UnicodeDecodeError as error:
        raise UsageError("is not text in UTF-8", at=Place(path), hint=hint) from error
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
