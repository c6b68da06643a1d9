"""Where the models of the hub lie: folders, what was fetched before, and a clear error where they are nowhere."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cvdata.errors import ModelError, UsageError
from cvdata.prelabel.predictors import family, grounding_dino, owlv2, sam
from cvdata.prelabel.predictors._pretrained import find_pretrained
from cvdata.prelabel.predictors.family import ModelOptions, load_model

FILES = ("config.json", "model.safetensors", "preprocessor_config.json", "vocab.json", "merges.txt")


def _folder(path: Path, *, model_type: str = "owlv2", without: str = "") -> Path:
    """Write a folder with the files of an OWLv2, of which nothing but the configuration says anything."""
    path.mkdir(parents=True)
    for name in FILES:
        if name != without:
            (path / name).write_text("{}")
    (path / "config.json").write_text(f'{{"model_type": "{model_type}"}}')
    return path


def test_a_model_that_is_nowhere_says_which_files_to_bring_and_where_to(no_hub: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model("owlv2", ModelOptions(prompt=("hard hat", "vest")))

    assert str(caught.value) == (
        "'google/owlv2-base-patch16-ensemble' is not on this disk, and cannot be fetched from the Hugging Face hub: "
        "HF_HUB_OFFLINE forbids to ask the hub\n"
        "  hint: check the network; or bring a folder with config.json, model.safetensors, preprocessor_config.json, "
        "tokenizer_config.json, vocab.json, merges.txt, and give --model owlv2:FOLDER"
    )


@pytest.mark.parametrize(
    ("text", "missing", "cure"),
    [
        ("sam", "'facebook/sam-vit-base'", "preprocessor_config.json, and give --model sam:FOLDER"),
        ("grounding-dino", "'IDEA-Research/grounding-dino-tiny'", "tokenizer.json, and give --model grounding-dino:FO"),
        ("grounding-dino:me/mine", "'me/mine'", "tokenizer.json, and give --model grounding-dino:FOLDER"),
    ],
)
def test_each_family_has_a_usual_model(text: str, missing: str, cure: str, no_hub: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(text, ModelOptions(prompt=("vest",)))

    assert caught.value.message.startswith(f"{missing} is not on this disk")
    assert cure in (caught.value.hint or "")


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_one_error_and_nothing_else_is_printed(tmp_path: Path) -> None:
    program = (
        "from cvdata.errors import ModelError\n"
        "from cvdata.prelabel.predictors.family import ModelOptions, load_model\n"
        "try:\n"
        "    load_model('sam', ModelOptions())\n"
        "except ModelError as error:\n"
        "    print(error.message)\n"
    )
    away = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "0"}

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=os.environ | away, timeout=120, check=True
    )

    assert done.stdout == (
        "'facebook/sam-vit-base' is not on this disk, and cannot be fetched from the Hugging Face hub: "
        "[Errno 111] Connection refused\n"
    )
    assert done.stderr == ""


def test_what_was_fetched_before_is_found_without_a_network(no_hub: Path) -> None:
    there = no_hub / "models--me--tiny-owl"
    folder = _folder(there / "snapshots" / ("a" * 40))
    (there / "refs").mkdir()
    (there / "refs" / "main").write_text("a" * 40)

    found = find_pretrained(owlv2._KIND, "me/tiny-owl", None)

    assert (found.folder, found.name, found.type) == (str(folder), "tiny-owl", "owlv2")
    assert found.sha256 == hashlib.sha256(b"{}").hexdigest()


def test_what_was_fetched_in_part_counts_as_not_there(no_hub: Path) -> None:
    there = no_hub / "models--me--tiny-owl"
    _folder(there / "snapshots" / ("a" * 40), without="model.safetensors")
    (there / "refs").mkdir()
    (there / "refs" / "main").write_text("a" * 40)

    with pytest.raises(ModelError, match=r"^'me/tiny-owl' is not on this disk"):
        find_pretrained(owlv2._KIND, "me/tiny-owl", None)


def test_a_folder_is_named_by_its_last_part_and_may_come_as_weights(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "my owl")

    assert find_pretrained(owlv2._KIND, f"{folder}/", None).name == "my owl"
    assert find_pretrained(owlv2._KIND, "", str(folder)).name == "my owl"
    with pytest.raises(UsageError, match=r"and --weights both say where the model lies"):
        find_pretrained(owlv2._KIND, str(folder), str(folder))


def test_a_folder_that_lacks_a_file_says_which(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "owl", without="model.safetensors")  # such as one with a pickle of weights alone
    (folder / "pytorch_model.bin").write_text("pickle")

    with pytest.raises(ModelError) as caught:
        find_pretrained(owlv2._KIND, str(folder), None)

    assert str(caught.value) == (
        f"{folder}: lacks model.safetensors\n"
        "  hint: put into it config.json, model.safetensors, preprocessor_config.json, tokenizer_config.json, "
        "vocab.json, merges.txt"
    )


def test_a_folder_of_another_model_says_what_it_is(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "bert", model_type="bert")

    with pytest.raises(ModelError, match=r"config.json: model_type: is a model of the type 'bert', expected owlv2\n"):
        find_pretrained(owlv2._KIND, str(folder), None)


@pytest.mark.parametrize("broken", [b"", b"[]", b"\xff\xfe", b'{"model_type": 3}', b"[" * 100_000])
def test_a_configuration_that_is_none_is_no_model_of_any_family(broken: bytes, tmp_path: Path) -> None:
    folder = _folder(tmp_path / "owl")
    (folder / "config.json").write_bytes(broken)

    assert not any(one.claims(str(folder)) for one in (owlv2, grounding_dino, sam))
    with pytest.raises(ModelError, match="does not say what model it is"):
        find_pretrained(owlv2._KIND, str(folder), None)


def test_what_is_neither_a_folder_nor_a_name_of_the_hub_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^'models/owl/v2' does not exist, and is no name of the hub \(OWNER/NAME\)"):
        find_pretrained(owlv2._KIND, "models/owl/v2", None)
    (tmp_path / "owl.safetensors").write_text("")
    with pytest.raises(UsageError, match=r"owl.safetensors' is no folder"):
        find_pretrained(owlv2._KIND, str(tmp_path / "owl.safetensors"), None)


def test_a_folder_is_known_by_what_its_configuration_says(tmp_path: Path) -> None:
    owl = _folder(tmp_path / "a")
    outliner = _folder(tmp_path / "b", model_type="sam2_video")
    dino = _folder(tmp_path / "c", model_type="grounding-dino")

    names = [family.family_of(str(folder))[0].NAME for folder in (owl, outliner, dino)]

    assert names == ["owlv2", "sam", "grounding-dino"]


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ((), "owlv2 finds what it is told to look for, and nothing was said"),
        (("vest", " "), "owlv2 finds what it is told to look for, and a name in --prompt is empty"),
        (("hard hat", "vest", "Hard  Hat"), "'Hard Hat' stands in --prompt twice"),
    ],
)
def test_a_prompt_names_each_thing_once(prompt: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_model(f"owlv2:{_folder(tmp_path / 'owl')}", ModelOptions(prompt=prompt))

    assert caught.value.message == message


def test_the_list_of_families_loads_nothing_heavy() -> None:
    program = (
        "import sys; from cvdata.prelabel.predictors.family import families; families();"
        "print([n for n in ('torch', 'torchvision', 'transformers', 'huggingface_hub', 'cv2') if n in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
