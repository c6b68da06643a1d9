"""Models of transformers with a few thousand random weights, as folders like those of the Hugging Face hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["pictures", "write_grounding_dino", "write_owlv2", "write_sam", "write_sam2"]


def pictures(*sizes: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Return pictures of noise, of these heights and widths."""
    rng = np.random.default_rng(7)
    return [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]


def write_owlv2(folder: Path) -> Path:
    """Write an OWLv2 that sees 16 places of a picture of 64 x 64 pixels, and reads letters."""
    from transformers import Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessor

    text = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision = text | {"image_size": 64, "patch_size": 16}
    text |= {"vocab_size": 58, "bos_token_id": 56, "eos_token_id": 57, "max_position_embeddings": 16}
    torch.manual_seed(0)
    model = Owlv2ForObjectDetection(Owlv2Config(text_config=text, vision_config=vision, projection_dim=32))
    _stir(model, 1.0)
    model.save_pretrained(folder)
    Owlv2ImageProcessor(size={"height": 64, "width": 64}).save_pretrained(folder)
    _write_letters(folder)
    return folder


def _write_letters(folder: Path) -> None:
    """Write a tokenizer of CLIP that knows the letters, alone and at the end of a word, and the word `at`."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = ["!", *letters, *(f"{letter}</w>" for letter in letters), "at</w>", "-</w>"]
    words += ["<|unused|>", "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\na t</w>\n")
    said = {"tokenizer_class": "CLIPTokenizer", "pad_token": "!", "model_max_length": 16}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))


def write_grounding_dino(folder: Path) -> Path:
    """Write a Grounding DINO that gives 12 boxes, and knows `hard`, `hat`, `vest` and `##s`."""
    from transformers import (
        BertConfig,
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        SwinConfig,
    )

    make: Any = SwinConfig
    swin = make(
        image_size=64, embed_dim=8, depths=[1, 1, 1], num_heads=[1, 2, 2], window_size=2, out_indices=[2, 3]
    )  # fmt: skip
    bert = BertConfig(
        vocab_size=1040, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    config = GroundingDinoConfig(
        backbone_config=swin, text_config=bert, num_queries=12, d_model=32, encoder_layers=1, decoder_layers=2,
        encoder_ffn_dim=32, decoder_ffn_dim=32, encoder_attention_heads=2, decoder_attention_heads=2,
        num_feature_levels=2, encoder_n_points=2, decoder_n_points=2, max_text_len=24,
    )  # fmt: skip
    torch.manual_seed(0)
    model = GroundingDinoForObjectDetection(config)
    _stir(model, 1.0)
    model.save_pretrained(folder)
    GroundingDinoImageProcessor(size={"shortest_edge": 64, "longest_edge": 96}).save_pretrained(folder)
    _write_words(folder)
    return folder


def _write_words(folder: Path) -> None:
    """Write a tokenizer of BERT; the network knows where phrases end by the numbers 101, 102 and 1012 of BERT's own."""
    words = [f"[unused{number}]" for number in range(1040)]
    words[0], words[100], words[101], words[102], words[1012] = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "."
    words[103], words[1020], words[1021], words[1022], words[1023] = "[MASK]", "hard", "hat", "vest", "##s"
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    said = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))


_PROMPTS = {"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4}
_MASKS = {
    "hidden_size": 16, "mlp_dim": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "iou_head_hidden_dim": 16,
}  # fmt: skip


def write_sam(folder: Path) -> Path:
    """Write a SAM that sees a picture of 64 x 64 pixels."""
    from transformers import SamConfig, SamImageProcessor, SamModel

    vision = {
        "hidden_size": 16, "output_channels": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 64,
        "patch_size": 16, "window_size": 2, "global_attn_indexes": [0], "num_pos_feats": 8, "mlp_dim": 32,
    }  # fmt: skip
    torch.manual_seed(0)
    model = SamModel(SamConfig(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_MASKS))
    _stir(model, 1.0)
    model.save_pretrained(folder)
    SamImageProcessor(size={"longest_edge": 64}, pad_size={"height": 64, "width": 64}).save_pretrained(folder)
    return folder


def write_sam2(folder: Path) -> Path:
    """Write a SAM 2 that sees a picture of 64 x 64 pixels."""
    from transformers import Sam2Config, Sam2ImageProcessor, Sam2Model

    backbone: dict[str, Any] = {
        "model_type": "sam2_hiera_det_model", "hidden_size": 8, "num_attention_heads": 1, "image_size": [64, 64],
        "blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2], "window_size_per_stage": [8, 4, 4, 2],
        "global_attention_blocks": [3], "window_positional_embedding_background_size": [2, 2],
    }  # fmt: skip
    vision = {
        "backbone_config": backbone, "backbone_channel_list": [64, 32, 16, 8], "fpn_hidden_size": 16,
        "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    }  # fmt: skip
    torch.manual_seed(0)
    model = Sam2Model(Sam2Config(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_MASKS))
    _stir(model, 1.0)
    model.save_pretrained(folder)
    Sam2ImageProcessor(size={"height": 64, "width": 64}, mask_size={"height": 16, "width": 16}).save_pretrained(folder)
    return folder


def _stir(model: torch.nn.Module, times: float) -> None:
    """Enlarge random weights, which begin so small that every place of every picture looks the same."""
    with torch.no_grad():
        for tensor in model.parameters():
            if tensor.dim() > 1:
                tensor.normal_(0.0, times / tensor[0].numel() ** 0.5)
