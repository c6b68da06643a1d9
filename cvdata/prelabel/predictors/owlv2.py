"""OWLv2: finds what words say, without having learnt it (Minderer et al. 2023, https://arxiv.org/abs/2306.09683)."""

from __future__ import annotations

from ...models.packages import check_packages
from ...models.predictor import Predictor
from ._pretrained import Kind, find_pretrained, is_kind
from ._prompt import classes_of
from .family import ModelOptions

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "TAKES", "claims", "load"]

NAME = "owlv2"
SUMMARY = 'finds what --prompt "hard hat, vest" says; from the Hugging Face hub, or a folder'
EXAMPLES = ("owlv2", "owlv2:google/owlv2-large-patch14-ensemble", "owlv2:models/owl")
TAKES = ("prompt",)

_KIND = Kind(
    family=NAME,
    types=("owlv2",),
    usual="google/owlv2-base-patch16-ensemble",
    files=(
        "config.json", "model.safetensors", "preprocessor_config.json",
        "tokenizer_config.json", "vocab.json", "merges.txt",
    ),
    either=(("preprocessor_config.json", "processor_config.json"), ("vocab.json", "tokenizer.json")),
)  # fmt: skip


def claims(path: str) -> bool:
    """Tell whether a path is a folder with an OWLv2."""
    return is_kind(path, _KIND)


def load(what: str, options: ModelOptions) -> Predictor:
    """Make a detector ready that knows the names of the prompt; see `Family.load`."""
    classes = classes_of(options.prompt, NAME)
    check_packages("OWLv2", "torch", "torchvision", "transformers", "safetensors", extra="prelabel")
    found = find_pretrained(_KIND, what, options.weights)
    from ._owlv2_detector import Owlv2Detector

    return Owlv2Detector(found, classes, device=options.device, least=options.score)
