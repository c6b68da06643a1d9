"""What is odd about pictures and stops nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ..errors import show
from ..formats import Intake

__all__ = ["note_oddities"]

_MESSAGES = {
    "16-bit": "pictures with more than 8 bits per value, of which training tools see 8: {n}",
    "cmyk": "pictures in the colours of print (CMYK), which tools turn into RGB each in its own way: {n}",
    "suffix": "pictures of another kind than their suffix says: {n}",
    "animated": "animations, of which only the first frame counts: {n}",
    "pages": "pictures of several pages, of which only the first one counts: {n}",
    "transparent": "partly transparent pictures; training tools drop transparency: {n}",
    "exif-orientation-invalid": "pictures whose EXIF orientation does not exist, taken as they lie: {n}",
    "odd-name": "pictures whose names shells, patterns or markup may take for their own: {n}",
}

_ODD_NAME = re.compile(r"""[\[\]*?<>|"\x00-\x1f\x7f]|(?:^|/)[-\s]|\s(?:/|$)|\s\.[^./]*$""")


def note_oddities(
    names: Sequence[str], oddities: Mapping[int, tuple[str, ...]], intake: Intake
) -> dict[str, list[str]]:
    """Report what is odd about new pictures; return the names of all of them, by kind.

    Args:
        oddities: codes of `images.look` by row in `names`.
    """
    found: dict[str, list[str]] = {}
    for row, name in enumerate(names):
        codes = [*oddities.get(row, ()), *(["odd-name"] if _ODD_NAME.search(name) else [])]
        for code in codes:
            kind, _, detail = code.partition(":")
            shown = f"{show(name)} ({detail})" if detail else show(name)
            found.setdefault(kind, []).append(shown)
    for kind in (*_MESSAGES, *sorted(found.keys() - _MESSAGES.keys())):
        if kind in found:
            intake.note(kind, _MESSAGES.get(kind, f"pictures that are {kind}: {{n}}"), len(found[kind]), found[kind])
    return found
