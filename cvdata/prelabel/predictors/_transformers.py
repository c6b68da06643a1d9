"""Networks of transformers with the weights of a folder.

Nothing in such a folder is run: classes are those of transformers, weights are safetensors.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ...errors import ModelError, Place, show
from ._pretrained import CONFIG, WEIGHTS, Pretrained, first_line

__all__ = ["load_network", "load_part"]

T = TypeVar("T")

_LOST = ("missing_keys", "mismatched_keys")


def load_network(network: Any, found: Pretrained) -> Any:
    """Return a network of transformers with the weights of a folder, in evaluation mode.

    Args:
        network: its class.

    Raises:
        ModelError: the weights are broken or another network's; transformers alone would fill in random ones.
    """
    import torch

    def load() -> Any:
        return network.from_pretrained(
            found.folder, local_files_only=True, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )

    model, info = load_part(load, found)
    lost = [key if isinstance(key, str) else key[0] for part in _LOST for key in info[part]]
    if lost:
        raise ModelError(
            f"does not hold the weights that its {CONFIG} asks for: {_some(sorted(lost))}",
            at=Place(os.path.join(found.folder, WEIGHTS)),
            hint="get all files of the model again, from one place",
        )
    return model.eval()


def load_part(load: Callable[[], T], found: Pretrained) -> T:
    """Return what `load` makes of the files of a folder; what transformers says meanwhile is for its own developers.

    Raises:
        ModelError: a file is broken.
    """
    try:
        with _quiet():
            return load()
    except Exception as error:  # tokenizers raises that very class, safetensors its own
        raise ModelError(
            f"is no model that transformers can load: {first_line(error)}",
            at=Place(found.folder),
            hint="get all files of the model again, from one place; or: pip install -U transformers",
        ) from error


def _some(names: list[str]) -> str:
    return ", ".join(show(name, 80) for name in names[:3]) + (", …" if len(names) > 3 else "")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from logging, warning, and drawing progress bars."""
    import transformers

    logging: Any = transformers.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
