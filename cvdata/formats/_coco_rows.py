"""COCO annotations to columns, a piece of the file at a time; runs in the workers.

The fast way decodes typed objects and takes no look at single values. Whatever does not fit its narrow types, an
unknown key, a NaN, a box of three numbers, sends the whole piece the exact way, which judges value by value and names
what is bad. Both give the same columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import FormatError, Place
from ._coco_exact import read_exact, set_outlines_aside
from ._coco_fast import read_fast
from ._coco_part import Outlines, Part
from ._json import BadGuess, JsonFile, Span, decode_array

__all__ = ["Part", "Piece", "read_piece"]


@dataclass(frozen=True)
class Piece:
    """Spans of the annotations array to read; a batch for the engine.

    Attributes:
        shown: name of the file in messages.
        outlines: what becomes of outlines; those that are not decoded are checked by their shape and counted.
    """

    file: JsonFile
    spans: tuple[Span, ...]
    outlines: Outlines
    shown: str

    def __len__(self) -> int:
        return len(self.spans)

    def __getitem__(self, part: slice) -> Piece:
        return Piece(self.file, self.spans[part], self.outlines, self.shown)


def read_piece(piece: Piece) -> list[Part] | None:
    """Read the spans of a piece; None where a span was cut in the wrong place or is no JSON.

    Raises:
        FormatError: a key is there twice in one object, or an integer has no end.
    """
    parts = []
    for span in piece.spans:
        text = piece.file.read(span.start, span.end)
        part = read_fast(text, piece.outlines)
        if part is None:
            try:
                part = read_exact(decode_array(text))
                if piece.outlines != "decode":
                    set_outlines_aside(part, text, piece.outlines)
            except BadGuess:
                return None
            except ValueError as error:
                raise FormatError(str(error), at=Place(piece.shown, field="annotations")) from error
        parts.append(part)
    return parts
