"""Models as the Hugging Face hub has them: a folder with a configuration, weights in safetensors, and how words and
pictures are read. It is found on the disk, or fetched from the hub.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import msgspec

from ...errors import ModelError, Place, UsageError, show
from ...files.hashes import hash_file

__all__ = ["CONFIG", "WEIGHTS", "Kind", "Pretrained", "find_pretrained", "first_line", "is_kind"]

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
_LONGEST_CONFIG = 1 << 20
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_FETCHED = ["*.json", "*.txt", WEIGHTS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the models of a family have in common.

    Attributes:
        family: its name.
        types: what `model_type` of their configuration may be.
        usual: the model of the hub that is taken where none is named.
        files: those that people bring where the hub cannot be reached, as the hub has them.
        either: of each of these groups of files one must be there.
    """

    family: str
    types: tuple[str, ...]
    usual: str
    files: tuple[str, ...]
    either: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretrained:
    """A model on the disk.

    Attributes:
        folder: where it lies; `name`: what to call it; `type`: what its configuration says that it is.
        sha256: of the file of its weights.
    """

    folder: str
    name: str
    type: str
    sha256: str


class _Config(msgspec.Struct):
    model_type: str = ""


def is_kind(path: str, kind: Kind) -> bool:
    """Tell whether a path is the folder of a model of this kind; never raises."""
    return os.path.isdir(path) and _model_type(path) in kind.types


def find_pretrained(kind: Kind, what: str, weights: str | None) -> Pretrained:
    """Return where a model lies; what is nowhere on the disk is fetched from the hub.

    Args:
        what: a folder, or the name of a model on the hub; empty for the usual one, or for `weights`.
        weights: the same, from `--weights`.

    Raises:
        UsageError: it is neither.
        ModelError: the folder is of another model, lacks a file, or the model cannot be fetched.
    """
    if what and weights:
        raise UsageError(
            f"'{kind.family}:{show(what)}' and --weights both say where the model lies", hint="leave out --weights"
        )
    text = what or weights or kind.usual
    if os.path.isdir(text):
        folder = text
    elif os.path.lexists(text) or _ID.fullmatch(text) is None:
        found = "is no folder" if os.path.lexists(text) else "does not exist, and is no name of the hub (OWNER/NAME)"
        raise UsageError(f"'{show(text)}' {found}", hint=f"--model {kind.family}:FOLDER with {_listed(kind)}")
    else:
        folder = _fetched(kind, text)
    _check_folder(kind, folder)
    name = text.rpartition("/")[2] if folder != text else os.path.basename(os.path.abspath(text))
    sha256 = hash_file(os.path.join(folder, WEIGHTS)).hex()
    return Pretrained(folder=folder, name=name, type=_model_type(folder), sha256=sha256)


def _model_type(folder: str) -> str:
    """Return what the configuration in a folder says that the model is, empty where it says nothing."""
    try:
        with open(os.path.join(folder, CONFIG), "rb") as file:
            return msgspec.json.decode(file.read(_LONGEST_CONFIG), type=_Config).model_type
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _missing(kind: Kind, folder: str) -> list[str]:
    """Return which files a folder lacks; of those of which one is enough, the first."""
    needed = ((CONFIG,), (WEIGHTS,), *kind.either)
    return [some[0] for some in needed if not any(os.path.isfile(os.path.join(folder, name)) for name in some)]


def _check_folder(kind: Kind, folder: str) -> None:
    missing = _missing(kind, folder)
    if missing:
        raise ModelError(f"lacks {', '.join(missing)}", at=Place(folder), hint=f"put into it {_listed(kind)}")
    found = _model_type(folder)
    if found not in kind.types:
        said = f"is a model of the type '{show(found)}'" if found else "does not say what model it is"
        raise ModelError(
            f"{said}, expected {' or '.join(kind.types)}",
            at=Place(os.path.join(folder, CONFIG), field="model_type"),
            hint=f"give a folder with such a model, as {kind.usual} of the Hugging Face hub is",
        )


def _fetched(kind: Kind, name: str) -> str:
    """Return the folder into which the hub's client put a model, now or earlier.

    Raises:
        ModelError: it cannot be had.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    from ...models.networks._publisher import from_hub

    def load(only_disk: bool = False) -> str:
        folder: str = snapshot_download(name, allow_patterns=_FETCHED, local_files_only=only_disk)
        if missing := _missing(kind, folder):
            raise LocalEntryNotFoundError(f"it has no {', no '.join(missing)}")
        return folder

    if constants.HF_HUB_OFFLINE:
        try:
            return load(only_disk=True)
        except LocalEntryNotFoundError as error:
            raise _absent(kind, name, "HF_HUB_OFFLINE forbids to ask the hub") from error
    try:
        return from_hub(load, name)
    except ModelError as error:
        raise _absent(kind, name, first_line(error.__cause__ or error)) from error


def _absent(kind: Kind, name: str, why: str) -> ModelError:
    return ModelError(
        f"'{show(name)}' is not on this disk, and cannot be fetched from the Hugging Face hub: {why}",
        hint=f"check the network; or bring a folder with {_listed(kind)}, and give --model {kind.family}:FOLDER",
    )


def _listed(kind: Kind) -> str:
    return ", ".join(kind.files)


def first_line(error: BaseException) -> str:
    """Return what an error says, in one line."""
    reason = getattr(error, "reason", None) or error  # of an URLError, which says no more itself
    lines = [line for line in str(reason).splitlines() if line.strip()]
    return show(lines[0] if lines else type(error).__name__)
