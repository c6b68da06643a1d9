"""Pictures made by code, for the tests of this folder."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SHARED = Path(__file__).parents[3] / "shared"


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Return a picture without symmetry: every turn of it differs."""
    rng = np.random.default_rng(width * 1000 + height)
    image = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    return image if mode == "RGB" else image.convert(mode)


def scene(width: int = 400, height: int = 300) -> Image.Image:
    """Return a picture with a few blobs and edges, like a photo: no noise, no symmetry."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 37 + 1), np.cos(y / 23 + x / 91), np.sin((x + 2 * y) / 61)]
    colours = np.stack([90 + 40 * waves[i] + 30 * waves[(i + 1) % 3] * waves[i] for i in range(3)], axis=-1)
    colours[height // 5 : height // 2, width // 8 : width // 3] += 60
    return Image.fromarray(np.clip(colours, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(orientation: int, order: str = "<", more: int = 0) -> bytes:
    """Return EXIF data, `Exif\\0\\0` first, with as many other tags before the orientation."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    entries = [struct.pack(order + "HHIHH", 0x100 + i, 3, 1, 7, 0) for i in range(more)]
    entries.append(struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0))
    ifd = struct.pack(order + "H", len(entries)) + b"".join(entries) + struct.pack(order + "I", 0)
    return b"Exif\0\0" + head + struct.pack(order + "I", 8) + ifd


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Put segments right behind the start of a JPEG."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: int | None = None, before: bytes = b"", after: bytes = b"") -> bytes:
    """Return an RGB PNG of which maybe only some rows are there, with chunks before and after the pixels."""
    raw = (b"\0" + bytes(range(3)) * width) * (height if rows is None else rows)
    ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + ihdr + before + pixels + after + chunk(b"IEND", b"")


def differing_bits(hashes: Any, other: Any) -> list[int]:
    return [bin(a ^ b).count("1") for a, b in np.broadcast(hashes.astype(object), np.asarray(other).astype(object))]
