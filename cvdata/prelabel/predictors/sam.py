"""SAM and SAM 2: outlines of objects of which the boxes are known (Kirillov et al. 2023, Ravi et al. 2024)."""

from __future__ import annotations

from ...models.packages import check_packages
from ._pretrained import Kind, find_pretrained, is_kind
from .family import ModelOptions, Outliner

__all__ = ["EXAMPLES", "NAME", "SUMMARY", "claims", "load"]

NAME = "sam"
SUMMARY = "draws the masks of what another model found (behind --then); from the Hugging Face hub, or a folder"
EXAMPLES = ("sam", "sam:facebook/sam2.1-hiera-small", "sam:models/sam")

_KIND = Kind(
    family=NAME,
    types=("sam", "sam2", "sam2_video"),
    usual="facebook/sam-vit-base",
    files=("config.json", "model.safetensors", "preprocessor_config.json"),
    either=(("preprocessor_config.json", "processor_config.json"),),
)


def claims(path: str) -> bool:
    """Tell whether a path is a folder with a SAM."""
    return is_kind(path, _KIND)


def load(what: str, options: ModelOptions) -> Outliner:
    """Make an outliner ready; see `Family.load`."""
    check_packages("SAM", "torch", "torchvision", "transformers", "safetensors", extra="prelabel")
    found = find_pretrained(_KIND, what, options.weights)
    from ._sam_outliner import SamOutliner

    return SamOutliner(found, device=options.device)
