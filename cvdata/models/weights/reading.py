"""Files of weights: read without running anything that stands in them, written the same way every time.

safetensors, and what torch saves, with `weights_only=True` and no fallback: a pickle that wants to run code is refused.
The hash is taken of the very bytes that are read.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import ModelError, Place, UsageError, show
from ..spec import ModelSpec

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["SPEC", "encode_weights", "read_spec", "read_weights"]

SPEC = "cvdata.spec"
"""Key of the metadata under which cvdata keeps the `ModelSpec` of weights, as JSON."""

_LONGEST_HEADER = 100_000_000  # of safetensors itself
_NOT_WHOLE = "copy or download it again"
_KINDS = frozenset({"F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"})


def read_weights(path: str | os.PathLike[str], *, sha256: str | None = None) -> dict[str, Tensor]:
    """Read the tensors of a file by name; nothing in the file is ever run.

    Checkpoints of torchvision, timm and Lightning hold them among other things; those of the moving average are taken
    where there are any, as timm does.

    Args:
        sha256: what the file must have, in hexadecimal; a file `PATH.sha256` beside it is checked as well.

    Raises:
        UsageError: there is no such file.
        ModelError: it is damaged, has another hash, or is no file of weights; or it would have to run code.
    """
    data = _checked(Path(path), sha256)
    place = Place(path)
    torch = data.startswith(_TORCH) or os.fspath(path).lower().endswith(_TORCH_SUFFIXES)
    if torch and not _has_header(data):  # whose length, the first bytes, may look like anything
        return _read_torch(data, place)
    return _read_safetensors(data, place)


def read_spec(path: str | os.PathLike[str]) -> ModelSpec | None:
    """Return what network the weights of a file are for, where cvdata wrote it; None where it does not say.

    Raises:
        UsageError: there is no such file.
        ModelError: it cannot be read.
    """
    file = Path(path)
    with _opened(file) as stream:
        start = stream.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(_LONGEST_HEADER, os.fstat(stream.fileno()).st_size - 8):
            return None
        header = stream.read(length)
    try:
        return msgspec.json.decode(msgspec.json.decode(header, type=_Header).metadata.get(SPEC, ""), type=ModelSpec)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


class _Header(msgspec.Struct):
    metadata: dict[str, str] = msgspec.field(name="__metadata__", default_factory=dict)


def encode_weights(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """Return a safetensors file; the same tensors and metadata give the same bytes.

    Tensors that share memory are written each for itself.
    """
    from safetensors.torch import save

    own: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in tensors.items():
        kept = tensor.detach().cpu().contiguous()
        memory = kept.untyped_storage().data_ptr()
        own[name] = kept.clone() if memory in seen else kept
        seen.add(memory)
    data = save(own)
    # The library orders tensors by name and metadata at random (safetensors 0.8), so these are put in here.
    length = int.from_bytes(data[:8], "little")
    said = b'{"__metadata__":' + msgspec.json.encode(dict(metadata), order="sorted")
    rest = data[9 : 8 + length].rstrip(b" ")
    header = said + (rest if rest == b"}" else b"," + rest)
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def _opened(file: Path) -> Any:
    """Open a regular file; a pipe or a device would never end.

    Raises:
        UsageError: there is none.
        ModelError: it cannot be read.
    """
    if not os.path.lexists(file):
        raise UsageError(f"the weights '{show(file)}' do not exist", hint="check the path")
    try:
        mode = os.stat(file).st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
            raise ModelError(f"is {kind}, expected a file of weights", at=Place(file), hint="give the file itself")
        return open(file, "rb")
    except OSError as error:
        raise ModelError(f"cannot be read: {error.strerror or type(error).__name__}", at=Place(file)) from error


def _checked(file: Path, sha256: str | None) -> bytes:
    """Return the bytes of a file of weights whose hash is the one that was given for it."""
    with _opened(file) as stream:
        data: bytes = stream.read()
    found = hashlib.sha256(data).hexdigest()
    beside = file.with_name(f"{file.name}.sha256")
    for wanted, source in ((sha256, "the run"), (_hash_beside(beside), f"'{show(beside.name)}'")):
        if wanted is not None and found != wanted.lower():
            raise ModelError(
                f"its SHA-256 is {found[:16]}…, expected {show(wanted[:16])}… as {source} says",
                at=Place(file),
                hint="this is not the file that was meant: get it again from where you trust it",
            )
    return data


def _hash_beside(path: Path) -> str | None:
    """Return the hash of a file as `sha256sum` writes it, None where there is no such file."""
    if not os.path.lexists(path):
        return None
    with _opened(path) as stream:
        text = stream.read(1 << 16).decode("utf-8", "replace")
    found = re.match(r"\\?([0-9a-fA-F]{64})(\s|$)", text)
    if found is None:
        raise ModelError("holds no SHA-256", at=Place(path, line=1), hint="write it with sha256sum, or remove the file")
    return found[1]


def _read_safetensors(data: bytes, place: Place) -> dict[str, Tensor]:
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or length > len(data) - 8:
        room = f"{length:,} bytes of header, the file has {max(0, len(data) - 8):,}"
        message = f"is damaged or no safetensors file (it announces {room})" if len(data) >= 8 else "is cut off"
        raise ModelError(message, at=place, hint=_NOT_WHOLE)
    _check_header(data[8 : 8 + length], place)
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    except (SafetensorError, ValueError, TypeError, KeyError, MemoryError, RuntimeError) as error:
        raise ModelError(f"is damaged: {show(str(error))}", at=place, hint=_NOT_WHOLE) from error


def _has_header(data: bytes) -> bool:
    """Tell whether bytes begin as safetensors does: with the length of a header in JSON."""
    return data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data) - 8


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def _check_header(header: bytes, place: Place) -> None:
    """Refuse what the library passes over: names that are there twice, and kinds of numbers that no network has.

    That each tensor lies in the file, next to the one before, with the size that its shape needs, it checks itself.
    """
    if len(header) > _LONGEST_HEADER:
        raise ModelError(f"has a header of {len(header):,} bytes", at=place, hint=_NOT_WHOLE)
    try:
        entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        said = entries.pop("__metadata__", None)
        msgspec.json.decode(said or b"{}", type=dict[str, str])
        kinds = {msgspec.json.decode(entry, type=_Entry).dtype for entry in entries.values()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = "is damaged or no safetensors file (its header is not what safetensors has)"
        raise ModelError(message, at=place, hint=_NOT_WHOLE) from error
    if strange := sorted(kinds - _KINDS):
        raise ModelError(f"has numbers of the kind '{show(strange[0])}'", at=place, hint="save them as float32")
    if header.count(b'"data_offsets"') != len(entries):
        raise ModelError("has a tensor twice", at=place, hint=_NOT_WHOLE)


_TORCH = (b"PK\x03\x04", b"\x80")
"""First bytes of what torch saves: a ZIP file, before version 1.6 a bare pickle."""

_TORCH_SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".tar")
_NESTED = ("state_dict_ema", "model_ema", "ema", "state_dict", "model", "module")


def _read_torch(data: bytes, place: Place) -> dict[str, Tensor]:
    from .pickled import load_pickled

    found = load_pickled(data, place)
    for _ in range(3):
        if not isinstance(found, Mapping):
            break
        inner = next((found[key] for key in _NESTED if isinstance(found.get(key), Mapping)), None)
        if inner is None:
            break
        found = inner
    tensors = _tensors(found)
    if not tensors:
        raise ModelError(
            "holds no weights by name",
            at=place,
            hint="save a state dict: torch.save(network.state_dict(), 'weights.pt')",
        )
    return tensors


def _tensors(found: object) -> dict[str, Tensor]:
    from torch import Tensor, strided

    entries = found.items() if isinstance(found, Mapping) else ()
    return {
        name: value
        for name, value in entries
        if isinstance(name, str)
        and isinstance(value, Tensor)
        and value.layout is strided
        and not (value.is_quantized or value.is_meta or value.is_complex())
    }
