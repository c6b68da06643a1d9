"""Recipes that are wrong: each gets one message that names the file, the line, what was found and the cure."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cvdata.augment.recipe import load_recipe
from cvdata.errors import CvdataError, FormatError

D4 = "{__class_fullname__: D4, p: 1}"
BEGIN = "begin with 'transform:' and a list of transforms, or edit a ready recipe (--show-recipe standard)"
LATER = "leave it to your training: augment writes pictures"
NAMES = "names are those of Albumentations 2.0.8, as in Python: HorizontalFlip"


def one(name: str, *settings: str) -> str:
    """Return a recipe of one transform: its name in the first line, each setting in the next."""
    return "\n".join([f"- __class_fullname__: {name}", *(f"  {setting}" for setting in settings), ""])


def holder(name: str, *settings: str, inside: str = f"[{D4}]") -> str:
    return one(name, *settings, f"transforms: {inside}")


def part(*lines: str) -> str:
    """Return a recipe whose part for cvdata begins in the fourth line."""
    return "\n".join(["transform:", f"- {D4}", "cvdata:", *(f"  {line}" for line in lines), ""])


DEEP = """\
transform:
  __class_fullname__: Compose
  transforms:
  - __class_fullname__: Blur
    p: 0.1
  # mirrored
  - __class_fullname__: HorizontalFip
    p: 0.5
"""
OLD = """\
__version__: 1.3.1
transform:
  __class_fullname__: Compose
  transforms:
  - __class_fullname__: GaussNoise
    always_apply: false
    p: 0.5
    var_limit: [10, 50]
"""

BAD = [
    # the file as a whole
    ("", f"line 1: is empty, expected a recipe\n  hint: {BEGIN}"),
    ("hello", f"line 1: is text, expected a recipe\n  hint: {BEGIN}"),
    ("cvdata: {}", f"line 1: there is no 'transform' in this recipe\n  hint: {BEGIN}"),
    (f"transfrom: [{D4}]", "line 1: there is no key 'transfrom' in a recipe\n  hint: did you mean 'transform'?"),
    (
        f"transform: [{D4}]\nnotes: x",
        "line 2: there is no key 'notes' in a recipe\n  hint: a recipe has the keys __version__, transform, cvdata",
    ),
    (
        "[]",
        "line 1: this recipe has no transforms\n"
        "  hint: add '- __class_fullname__: HorizontalFlip', or NoOp where nothing is to be done",
    ),
    # YAML itself
    ("- a: [1,", "line 2: is not valid YAML\n  hint: check indentation, quotes and colons there"),
    ("a: &x 1\nb: *x", "line 1: uses an anchor or an alias, expected plain values\n  hint: write the value out"),
    (
        "- !!python/object:os.system {}",
        "line 1: uses a tag, expected plain values\n  hint: remove what begins with '!'",
    ),
    (one("D4", "p: 1", "p: 0"), "line 3: the key 'p' stands here twice\n  hint: keep one of the two"),
    ("[]\n---\n[]", "line 2: holds a second document, expected one"),
    ("- " * 40, "line 1: is nested deeper than 32 levels"),
    # transforms that there are not
    (DEEP, "line 7: there is no transform 'HorizontalFip'\n  hint: did you mean 'HorizontalFlip'?"),
    (one("Flip"), "line 1: there is no transform 'Flip'\n  hint: did you mean 'HorizontalFlip'?"),
    (
        one("Cutout"),
        "line 1: there is no transform 'Cutout'\n  hint: did you mean 'CoarseDropout'?",
    ),
    (one("DualTransform"), f"line 1: there is no transform 'DualTransform'\n  hint: {NAMES}"),
    (one("BboxParams"), f"line 1: there is no transform 'BboxParams'\n  hint: {NAMES}"),
    (
        one("my.Sparkle"),
        "line 1: 'my.Sparkle' cannot be used: it is code of its own, and a recipe runs none\n"
        "  hint: use transforms of Albumentations",
    ),
    ("- \n- ", "line 1: here is nothing, expected a transform\n  hint: write '- __class_fullname__: HorizontalFlip'"),
    ("- Blur", "line 1: here is 'Blur', expected a transform\n  hint: write '- __class_fullname__: Blur'"),
    (
        "- Blur: {p: 0.5}",
        "line 1: here is a transform without a name\n"
        "  hint: write '__class_fullname__: Blur', and below it its settings",
    ),
    (
        "- __class_fulname__: Blur",
        "line 1: here is a transform without a name\n  hint: write '__class_fullname__' for '__class_fulname__'",
    ),
    (
        "- p: 1",
        "line 1: here is a transform without a name\n"
        "  hint: its name comes first: '__class_fullname__: HorizontalFlip'",
    ),
    (one("[Blur]"), "line 1: the name of a transform is not text\n  hint: write a name like HorizontalFlip"),
    # transforms that no recipe can use
    (
        one("Normalize"),
        f"line 1: Normalize cannot be used: its pixels are not whole numbers from 0 to 255\n  hint: {LATER}",
    ),
    (
        one("albumentations.pytorch.transforms.ToTensorV2"),
        f"line 1: ToTensorV2 cannot be used: it makes tensors, not pictures\n  hint: {LATER}",
    ),
    (
        one("Lambda", "__name__: mine"),
        "line 1: Lambda cannot be used: it is code of its own, and a recipe runs none\n"
        "  hint: use transforms of Albumentations",
    ),
    (
        one("FDA"),
        "line 1: FDA cannot be used: it needs other pictures, which a recipe cannot name\n"
        "  hint: RandomToneCurve and HueSaturationValue vary colours without",
    ),
    (
        one("Mosaic"),
        "line 1: Mosaic cannot be used: it needs other pictures, which a recipe cannot name\n"
        "  hint: pictures are put together below 'cvdata:', as in 'cvdata: {mosaic: {p: 0.5}}'",
    ),
    (
        one("MixUp"),
        "line 1: MixUp cannot be used: it needs other pictures, which a recipe cannot name\n"
        "  hint: pictures are put together below 'cvdata:', as in 'cvdata: {mixup: {p: 0.5}}'",
    ),
    (
        one("TemplateTransform"),
        "line 1: TemplateTransform cannot be used: it needs other pictures, which a recipe cannot name\n"
        "  hint: cvdata balance --strategy copy-paste pastes objects",
    ),
    (one("MaskDropout"), "line 1: MaskDropout cannot be used: it needs one mask for the whole picture"),
    (
        one("RandomCrop3D", "size: [1, 1, 1]"),
        "line 1: there is no transform 'RandomCrop3D'\n  hint: did you mean 'RandomCrop'?",
    ),
    (
        one("TimeMasking"),
        "line 1: TimeMasking cannot be used: it is for spectrograms\n  hint: XYMasking hides strips of pictures",
    ),
    # settings
    (one("Blur", "blur_limits: 3"), "line 2: Blur has no parameter 'blur_limits'\n  hint: did you mean 'blur_limit'?"),
    (one("HorizontalFlip", "strength: 3"), "line 2: HorizontalFlip has no parameter 'strength'\n  hint: it takes p"),
    (
        OLD,
        "line 8: GaussNoise has no parameter 'var_limit'\n  hint: it takes std_range, mean_range, per_channel, "
        "noise_scale_factor, p; the file is of Albumentations 1.3.1, here is 2.0.8",
    ),
    (one("Blur", "p: 1", "blur_limit: [3, many]"), "line 3: Blur: blur_limit: value 2 should be a whole number"),
    (one("Affine", "p: 1", "scale: [1, big]"), "line 3: Affine: scale: value 2 should be a number"),
    (one("Blur", "p: 1", "blur_limit: [3]"), "line 3: Blur: blur_limit must be a list of 2 values or a whole number"),
    (one("CLAHE", "tile_grid_size: [8]"), "line 2: CLAHE: tile_grid_size must be a list of 2 values"),
    (
        one("GaussNoise", "std_range: [0.2, 4]", "p: 1"),
        "line 2: GaussNoise: std_range: all values in (0.2, 4.0) must be >= 0 and <= 1",
    ),
    (
        one("ImageCompression", "quality_range: [90, 50]"),
        "line 2: ImageCompression: quality_range: first value should be less than the second value, got (90, 50)",
    ),
    (
        one("ImageCompression", "compression_type: gif"),
        "line 2: ImageCompression: compression_type must be 'jpeg' or 'webp'",
    ),
    (one("RandomCrop", "p: 1", "height: 100"), "line 1: RandomCrop: width is missing"),
    (
        one("Resize", "height: 100000", "width: 8"),
        "line 2: Resize: height is over 20,000\n  hint: write a smaller number",
    ),
    (one("Blur", "blur_limit: [3, 30001]"), "line 2: Blur: blur_limit is over 999\n  hint: write a smaller number"),
    (one("ToGray", "num_output_channels: 1"), "line 2: ToGray: num_output_channels: expected 3, grey in all three"),
    (one("D4", "p: 1.5"), "line 2: D4: p is 1.5, expected a number from 0 to 1"),
    (one("D4", "p: often"), "line 2: D4: p is 'often', expected a number from 0 to 1"),
    (one("D4", "p: true"), "line 2: D4: p is true, expected a number from 0 to 1"),
    (one("D4", "p:"), "line 2: D4: p is nothing, expected a number from 0 to 1"),
    (one("D4", "p: 1e999"), "line 2: holds a number beyond all bounds\n  hint: write a finite number"),
    # transforms that hold others
    (
        holder("OneOf", inside="[]"),
        "line 2: this OneOf has no transforms\n"
        "  hint: add '- __class_fullname__: HorizontalFlip', or NoOp where nothing is to be done",
    ),
    (
        one("D4", "p: 1") + one("OneOf", "p: 1"),
        "line 3: this OneOf has no list of transforms\n  hint: write '- __class_fullname__: HorizontalFlip' lines",
    ),
    (
        holder("OneOf", inside="[{__class_fullname__: D4, p: 0}]"),
        "line 1: OneOf cannot be used: p is 0 in all that it holds",
    ),
    (holder("OneOrOther", "p: 1"), "line 3: OneOrOther: transforms: found 1, expected two"),
    (
        holder("SomeOf", "n: 4"),
        "line 2: SomeOf: n: found 4, expected a whole number from 1 to 1, the number of its transforms",
    ),
    (holder("SomeOf", "replace: true", "n: 0"), "line 3: SomeOf: n: found 0, expected a whole number from 1"),
    (
        holder("SelectiveChannelTransform", "channels: [0, 7]"),
        "line 2: SelectiveChannelTransform: channels: expected 0, 1 and 2 for red, green and blue",
    ),
    (
        holder("SelectiveChannelTransform", inside="[{__class_fullname__: HorizontalFlip, p: 1}]"),
        "line 1: SelectiveChannelTransform cannot be used: "
        "HorizontalFlip cannot be applied to some of the colours alone",
    ),
    (
        holder("OneOf", inside="\n  - Blur: 1"),
        "line 3: here is a transform without a name\n"
        "  hint: write '__class_fullname__: Blur', and below it its settings",
    ),
    # what is said to cvdata
    (part("mosaik: {p: 0.5}"), "line 4: cvdata has no key 'mosaik'\n  hint: did you mean 'mosaic'?"),
    (part("mosaic: {p: 0.5, n: 9}"), "line 4: cvdata.mosaic has no key 'n'\n  hint: it has the keys p"),
    (part("mosaic:", "  p: 2"), "line 5: cvdata.mosaic.p: expected a number <= 1.0"),
    (part("mosaic: {}"), "line 4: cvdata.mosaic: 'p' is missing"),
    (
        part("mosaic: 0.5"),
        "line 4: cvdata.mosaic is not a mapping, expected keys and values\n  hint: write 'mosaic: {...}'",
    ),
    (part("mixup: {p: 0.5, alpha: -1}"), "line 4: cvdata.mixup.alpha: expected a number > 0.0"),
    (part("remnants: {min_visible: 3}"), "line 4: cvdata.remnants.min_visible: expected a number from 0 to 1"),
    (part("remnants: {min_side: some}"), "line 4: cvdata.remnants.min_side: expected a number, got text"),
    (part("- 1"), "line 3: cvdata is not a mapping, expected keys and values\n  hint: write 'cvdata: {...}'"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_recipe_gets_one_message_with_its_line_and_the_cure(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(FormatError) as raised:
        load_recipe(str(path))

    assert str(raised.value) == f"{path}: {message}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe\x00", "line 1: is not UTF-8\n  hint: save it as UTF-8"),
        (b"#" * (1 << 20) + b"\n", "is larger than 1 MiB, expected a recipe"),
    ],
)
def test_bytes_that_are_no_recipe_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_bytes(content)

    with pytest.raises(FormatError) as raised:
        load_recipe(str(path))

    assert str(raised.value) == f"{path}: {message}"


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read: Is a directory"):
        load_recipe(str(tmp_path))


def test_names_from_a_file_cannot_change_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text('- __class_fullname__: "\\e[31mred"\n', encoding="utf-8")

    with pytest.raises(FormatError, match=r"there is no transform '\\x1b\[31mred'"):
        load_recipe(str(path))


WORDS = st.sampled_from(["__class_fullname__", "transforms", "p", "transform", "cvdata", "mosaic", "remnants"]) | (
    st.sampled_from(["blur_limit", "n", "D4", "Blur", "OneOf", "SomeOf", "Compose", "Affine", "scale", "fill", "é\x1b"])
)
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | WORDS | st.text(max_size=3)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)
TRANSFORMS = st.recursive(
    st.fixed_dictionaries(
        {"__class_fullname__": st.sampled_from(["Blur", "Affine", "D4", "Perspective", "CLAHE", "Crop", "SomeOf"])},
        optional={"p": SCALARS, "blur_limit": TREES, "scale": TREES, "fill": TREES, "clip_limit": TREES, "n": TREES},
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "__class_fullname__": st.sampled_from(["OneOf", "SomeOf", "Compose", "OneOrOther", "RandomOrder"]),
            "transforms": st.lists(inner, max_size=3),
        },
        optional={"p": st.floats(0, 1), "n": SCALARS},
    ),
    max_leaves=6,
)


def loads_or_says_why(path: Path) -> None:
    try:
        recipe = load_recipe(str(path))
    except CvdataError as error:
        assert str(error).isprintable() or set(str(error)) & {"\n"}
        assert str(path) in str(error)
    else:
        assert recipe.transform["transforms"]
        assert len(recipe.digest) == 64


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES | st.lists(TRANSFORMS) | st.fixed_dictionaries({"transform": TRANSFORMS}, optional={"cvdata": TREES}))
def test_any_tree_loads_or_says_why_not(tree: object, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8", errors="replace")

    loads_or_says_why(path)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.lists(WORDS | st.sampled_from([": ", "- ", "  ", "{", "]", "'", "#", "1"])).map("".join)))
def test_any_text_loads_or_says_why_not(lines: list[str], tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")

    loads_or_says_why(path)
