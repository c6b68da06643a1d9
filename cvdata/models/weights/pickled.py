"""What torch saves: a pickle, read by an unpickler that knows tensors and containers and nothing else."""

from __future__ import annotations

import io
import pickle
import re
import warnings
import zipfile

from ...errors import ModelError, Place, show

__all__ = ["load_pickled"]

_HINT = "copy or download it again"
_MOST_UNPACKED = 4
"""Times its own size that a ZIP file may unpack to; torch stores without compression."""


def load_pickled(data: bytes, place: Place) -> object:
    """Return what `torch.save` wrote, by `torch.load(weights_only=True)`.

    Raises:
        ModelError: it is damaged, or holds more than tensors and containers of them.
    """
    pickles = _pickles_of(data, place) if data.startswith(b"PK") else data
    if b"bytearray" in pickles:
        # The one thing torch lets a pickle call that takes any amount of memory: sixty bytes can ask for all there is.
        raise _more("bytearray", place)
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old kinds of files, which are read all the same
            found: object = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _refused(error, place) from error
    except Exception as error:  # torch's readers raise nearly anything on bad bytes
        message = "is damaged or not a file that torch saved"
        raise ModelError(message, at=place, hint=_HINT) from error
    return found


def _refused(error: pickle.UnpicklingError, place: Place) -> ModelError:
    """Say what the pickle wanted, by the words of torch's message."""
    text = str(error)
    wanted = re.search(r"GLOBAL ([\w.]+)", text) or re.search(r"Unsupported (?:global|class|type)\W+([\w.]+)", text)
    if wanted is None:
        return ModelError("is damaged or not a file that torch saved", at=place, hint=_HINT)
    return _more(wanted[1], place)


def _more(wanted: str, place: Place) -> ModelError:
    return ModelError(
        f"holds more than weights: it wants to run '{show(wanted)}', which is never done",
        at=place,
        hint="save a state dict where you trust the file: torch.save(network.state_dict(), 'weights.pt')",
    )


def _pickles_of(data: bytes, place: Place) -> bytes:
    """Return the pickles in a ZIP file; refuse one that is cut off, or unpacks to far more than it is."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if unpacked <= _MOST_UNPACKED * len(data) + (1 << 20):
            return b"".join(archive.read(member) for member in members if member.filename.endswith(".pkl"))
    except Exception as error:  # zipfile raises nearly anything on bad bytes
        raise ModelError("is cut off or damaged", at=place, hint=_HINT) from error
    message = f"unpacks to {unpacked:,} bytes, the file has {len(data):,}"
    raise ModelError(message, at=place, hint="save it with torch.save, which does not compress")
