"""What a data.yaml or an obj.data says, and what is refused in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cvdata.errors import FormatError, IdentityError
from cvdata.formats import detect
from cvdata.formats._yolo_source import read_source
from cvdata.formats._yolo_yaml import Plain, parse_yaml, typed

from .yolo_folders import YAML, make

TOP = "train: images\nval: images\n"


def source_of(tmp_path: Path, text: str | bytes) -> tuple[str, ...]:
    file = tmp_path / "data.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_source(file).names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("names: [yes, 012, 1e3, null, ~, 1.0]", ("yes", "012", "1e3", "null", "~", "1.0")),
        ("names:\n  - cat\n  - 'it''s'\n  - \"a\\x1bb\\n\"", ("cat", "it's", "a\x1bb\n")),
        ("names: {1: b, 0: a, 2: c}", ("a", "b", "c")),
        ("names: {" + ", ".join(f"{n}: n{n}" for n in (10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)) + "}",
         tuple(f"n{n}" for n in range(11))),
        ("nc: 2\nnames: [cat, dog]", ("cat", "dog")),
        ("nc: 3", ("class_0", "class_1", "class_2")),
        ("names: {}", ()),
    ],
)  # fmt: skip
def test_class_names_are_the_text_that_stands_there(names: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    assert source_of(tmp_path, TOP + names) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOP, "neither names nor nc"),
        (TOP + "nc: 3\nnames: [cat, dog]", "nc is 3, but there are 2 names"),
        (TOP + "nc: many", "nc is not a number"),
        (TOP + "nc: 99999999", "nc is not a number"),
        (TOP + "names: {0: a, 2: b}", "without gaps"),
        (TOP + "names: {a: 0}", "not class numbers"),
        (TOP + "names: cat", "not a list of names"),
        (TOP + "names: [[cat]]", "not a list of names"),
        (TOP + "names: [cat, '']", "class 1 has an empty name"),
        (TOP + "names: [a]\nnames: [b]", "'names' stands here twice"),
        (TOP + "names: [a]\nx: {b: 1, b: 2}", "'b' stands here twice"),
        (TOP + "names: &n [a]\nx: *n", "an anchor or an alias"),
        (TOP + "names: !!python/object/apply:os.system [id]", "a tag"),
        (TOP + "names: [a]\n---\nx: 1", "a second document"),
        (TOP + "names: " + "[" * 200 + "]" * 200, "deeper than 32"),
        (TOP + "names: [a", "not valid YAML"),
        (TOP + "names: [a\x1b]", "not valid YAML"),
        ((TOP + "names: [é]").encode("latin-1"), "line 3: is not UTF-8"),
        ("#" * (1 << 20) + "\n" + TOP, "larger than 1 MiB"),
        ("- a\n", "holds no keys"),
        ("", "holds no keys"),
        (TOP + "names: [a]\nkpt_shape: [3, 4]", "kpt_shape"),
        ("train: {a: b}\nnames: [a]", "neither a folder nor a list"),
    ],
)
def test_a_description_that_is_unclear_is_refused_by_name(text: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        source_of(tmp_path, text)

    assert str(caught.value).startswith("data.yaml: ")
    assert said in str(caught.value)


def test_two_classes_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="classes 0 and 2 are both 'cat'"):
        source_of(tmp_path, TOP + "names: [cat, dog, cat]")


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    assert source_of(tmp_path, b"\xef\xbb\xbf" + TOP.encode() + b"names: [cat]") == ("cat",)


def test_other_keys_are_kept_with_their_types_and_download_is_not(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text(
        TOP + "names: [a]\ndownload: 'import os'\nkpt_shape: [2, 3]\nflip_idx: [1, 0]\nv: {n: 1.5, b: true, c: FALSE}\n"
    )

    meta = read_source(file).meta

    assert meta == {"kpt_shape": [2, 3], "flip_idx": [1, 0], "v": {"n": 1.5, "b": True, "c": False}}


def test_quoted_scalars_stay_text_and_plain_ones_become_what_they_stand_for() -> None:
    tree = parse_yaml("[1, '1', true, 'true', ~, 1e3, 012, yes]", "x")

    assert typed(tree) == [1, "1", True, "true", None, 1000.0, 12, "yes"]
    assert isinstance(tree[0], Plain)
    assert not isinstance(tree[1], Plain)


def test_valid_and_validation_are_val(tmp_path: Path) -> None:
    file = tmp_path / "data.yaml"
    file.write_text("train: a\nvalid: b\nnames: [x]\n")

    assert read_source(file).entries == {"train": ["a"], "val": ["b"]}


@pytest.mark.parametrize(
    ("extra", "expected"),
    [("", "yolo"), ("kpt_shape: [2, 3]\n", "yolo-pose"), ("task: segment\n", "yolo-seg"), ("task: obb\n", "yolo-obb")],
)
def test_detection_goes_by_what_the_description_says(extra: str, expected: str, tmp_path: Path) -> None:
    root = make(tmp_path / "set", {"train/a": "", "val/b": ""}, YAML + extra)

    assert detect(root) == expected
    assert detect(root / "data.yaml") == expected


def test_a_yaml_of_another_kind_is_not_taken_for_a_dataset(tmp_path: Path) -> None:
    from cvdata.formats import format_of

    (tmp_path / "conf.yaml").write_text("lr: 0.1\nnames: [a]\n")

    for name in ("yolo", "yolo-seg", "yolo-pose", "yolo-obb"):
        assert format_of(name).looks_like(tmp_path / "conf.yaml").score == 0
        assert format_of(name).looks_like(tmp_path).score == 0


def test_a_folder_with_two_descriptions_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    (tmp_path / "b.yml").write_text(YAML)

    with pytest.raises(FormatError, match=r"more than one description: a\.yaml, b\.yml"):
        read_source(tmp_path)


def test_an_obj_data_names_its_classes_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "obj.data").write_text(
        "classes = 2\ntrain = data/train.txt\nvalid=data/v.txt\nnames = data/obj.names\n"
    )
    (tmp_path / "obj.names").write_text("cat\ndog\n\n")

    source = read_source(tmp_path)

    assert source.names == ("cat", "dog")
    assert source.entries == {"train": ["data/train.txt"], "val": ["data/v.txt"]}


@pytest.mark.parametrize(("names", "said"), [("cat\n", "number of names, 1"), (None, "is not there")])
def test_an_obj_data_that_disagrees_with_its_names_is_refused(names: str | None, said: str, tmp_path: Path) -> None:
    (tmp_path / "obj.data").write_text("classes = 2\nnames = data/obj.names\n")
    if names is not None:
        (tmp_path / "obj.names").write_text(names)

    with pytest.raises(FormatError, match=said):
        read_source(tmp_path)
