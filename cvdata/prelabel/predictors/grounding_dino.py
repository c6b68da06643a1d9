"""Grounding DINO: finds what words say, without having learnt it (Liu et al. 2023, https://arxiv.org/abs/2303.05499)."""

from __future__ import annotations

from ...models.packages import check_packages
from ...models.predictor import Predictor
from ._pretrained import Kind, find_pretrained, is_kind
from ._prompt import classes_of
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "TAKES", "claims", "load"]

NAME = "grounding-dino"
SUMMARY = 'finds what --prompt "hard hat, vest" says; from the Hugging Face hub, or a folder'
EXAMPLES = ("grounding-dino", "grounding-dino:IDEA-Research/grounding-dino-base", "grounding-dino:models/dino")
TAKES = ("prompt",)

_KIND = Kind(
    family=NAME,
    types=("grounding-dino",),
    usual="IDEA-Research/grounding-dino-tiny",
    files=(
        "config.json", "model.safetensors", "preprocessor_config.json",
        "tokenizer_config.json", "tokenizer.json",
    ),
    either=(("preprocessor_config.json", "processor_config.json"), ("tokenizer.json", "vocab.txt")),
)  # fmt: skip


def claims(path: str) -> bool:
    """Tell whether a path is a folder with a Grounding DINO."""
    return is_kind(path, _KIND)


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a detector ready that knows the names of the prompt; see `Family.load`."""
    classes = classes_of(options.prompt, NAME)
    check_packages("Grounding DINO", "torch", "torchvision", "transformers", "safetensors", extra="prelabel")
    found = find_pretrained(_KIND, what, options.weights)
    from ._grounding_dino_detector import GroundingDinoDetector

    return GroundingDinoDetector(found, classes, device=options.device, least=options.score)
