from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cvdata.errors import Place, UnsafePathError
from cvdata.files import output_names, relative_name, safe_join, stays_inside

AT = Place("labels.json", field="images[0]/file_name")

BAD = [
    "/etc/passwd",
    "//server/share/a.jpg",
    "\\\\server\\share\\a.jpg",
    "\\\\?\\C:\\a.jpg",
    "C:/a.jpg",
    "C:a.jpg",
    "c:\\a.jpg",
    "./C:/a.jpg",
    "a\0.jpg",
    "..",
    "../a.jpg",
    "a/../../b.jpg",
    "a/../b.jpg",
    "a\\..\\..\\b.jpg",
    ".. /a.jpg",
    "\ud800.jpg",
]

GOOD = [
    ("a.jpg", "a.jpg"),
    ("./a.jpg", "a.jpg"),
    ("a//b/./c.jpg", "a/b/c.jpg"),
    ("a\\b.jpg", "a/b.jpg"),
    ("~/a.jpg", "~/a.jpg"),
    ("~root", "~root"),
    ("%2e%2e/a.jpg", "%2e%2e/a.jpg"),
    ("..a.jpg", "..a.jpg"),
    ("a..jpg", "a..jpg"),
    (".../a.jpg", ".../a.jpg"),
    ("$HOME/{a}.jpg", "$HOME/{a}.jpg"),
    ("größe 1.jpg", "größe 1.jpg"),
]

_pieces = st.sampled_from(
    ["a", "b.jpg", "..", ".", "/", "\\", "//", "C:", "~", "%2e", "%2f", "\0", " ", "é", "\udce9", "link", "up", "-", ""]
)
hostile = st.one_of(st.lists(_pieces, max_size=8).map("".join), st.text(max_size=12))


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_leaves_its_folder_is_refused_with_the_place(name: str) -> None:
    with pytest.raises(UnsafePathError) as caught:
        relative_name(name, AT)

    assert str(caught.value).startswith("labels.json: images[0]/file_name: the file name '")
    assert "\n  hint: " in str(caught.value)


@pytest.mark.parametrize(("name", "wanted"), GOOD)
def test_a_harmless_name_is_taken_literally(name: str, wanted: str) -> None:
    assert relative_name(name, AT) == wanted


@given(hostile)
def test_a_checked_name_is_relative_and_never_climbs(name: str) -> None:
    try:
        found = relative_name(name, AT)
    except UnsafePathError:
        return
    parts = found.split("/")
    assert ".." not in parts
    assert "." not in parts
    assert not found.startswith("/")
    assert "\\" not in found
    assert relative_name(found, AT) == found


@pytest.fixture(scope="module")
def maze(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links to itself, to the outside and to nowhere."""
    base = tmp_path_factory.mktemp("maze")
    root = base / "root"
    (root / "a").mkdir(parents=True)
    (base / "outside").mkdir()
    (base / "outside/secret.jpg").write_bytes(b"secret")
    (root / "link").symlink_to("a")
    (root / "up").symlink_to("..")
    (root / "a/up").symlink_to("../../outside")
    (root / "loop").symlink_to("loop")
    (root / "leaves.jpg").symlink_to("../outside/secret.jpg")
    return root


@given(name=hostile)
def test_a_joined_path_never_leaves_the_root(maze: Path, name: str) -> None:
    try:
        path = safe_join(str(maze), name, AT)
    except UnsafePathError:
        return
    real = os.path.realpath(path)
    assert real == str(maze) or real.startswith(f"{maze}/")


@pytest.mark.parametrize("name", ["up/outside/secret.jpg", "a/up/secret.jpg", "leaves.jpg", "link/up/secret.jpg", "up"])
def test_links_that_leave_the_root_are_refused(maze: Path, name: str) -> None:
    with pytest.raises(UnsafePathError, match="leads through a link out of its folder"):
        safe_join(str(maze), name, AT)


def test_links_that_stay_inside_are_followed(maze: Path) -> None:
    assert safe_join(str(maze), "link/b.jpg", AT) == f"{maze}/link/b.jpg"


def test_a_folder_beside_the_root_with_its_name_as_prefix_is_outside(tmp_path: Path) -> None:
    assert not stays_inside(str(tmp_path / "pets"), str(tmp_path / "pets-2/a.jpg"))
    assert stays_inside("/", str(tmp_path))


# --- names in an output


def _folded(name: str, stems: bool = False) -> str:
    name = os.path.splitext(name)[0] if stems else name
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


_letters = st.sampled_from(
    [*"aAbB.jJpPgG- é:?*<\\", "e\u0301", "ß", "ss", "\u0390", "\u03aa\u0301", "CON", "nul", "\udce9", ".jpg"]
)
_part = st.lists(_letters, min_size=1, max_size=5).map("".join).filter(lambda part: part not in (".", ".."))
_name_lists = st.lists(st.lists(_part, min_size=1, max_size=2).map("/".join), min_size=1, max_size=8, unique=True)


@given(names=_name_lists, stems=st.booleans())
def test_output_names_are_unique_on_any_system(names: list[str], stems: bool) -> None:
    found = output_names(names, stems=stems)

    assert len({_folded(name, stems) for name in found}) == len(names)


@given(names=_name_lists, stems=st.booleans(), seed=st.integers(0, 9))
def test_output_names_do_not_depend_on_the_order_of_the_names(names: list[str], stems: bool, seed: int) -> None:
    shuffled = random.Random(seed).sample(names, len(names))

    assert dict(zip(shuffled, output_names(shuffled, stems=stems), strict=True)) == dict(
        zip(names, output_names(names, stems=stems), strict=True)
    )


@given(names=_name_lists, stems=st.booleans())
def test_output_names_given_again_stay_as_they_are(names: list[str], stems: bool) -> None:
    once = output_names(names, stems=stems)

    assert output_names(once, stems=stems) == once


def test_names_that_are_fine_stay_as_they_are() -> None:
    names = ["a.jpg", "sub/a.jpg", "größe 1.png", "a.tar.jpg", "console.jpg", "com.jpg", ".hidden.jpg"]

    assert output_names(names) == names


def test_names_that_differ_in_case_only_are_told_apart() -> None:
    assert output_names(["cat.jpg", "CAT.jpg"]) == ["cat-0a6df48a.jpg", "CAT.jpg"]


def test_names_that_differ_in_unicode_form_only_are_told_apart() -> None:
    composed, decomposed = "caf\u00e9.jpg", "cafe\u0301.jpg"

    found = output_names([composed, decomposed])

    assert found[1] == decomposed
    assert found[0].startswith("caf\u00e9-")


def test_names_that_differ_in_their_suffix_only_are_told_apart_for_label_files() -> None:
    assert output_names(["cat.jpg", "cat.png"]) == ["cat.jpg", "cat.png"]
    found = output_names(["cat.jpg", "cat.png", "sub/cat.jpg"], stems=True)
    assert found[0] == "cat.jpg"
    assert found[1].startswith("cat-")
    assert found[1].endswith(".png")
    assert found[2] == "sub/cat.jpg"


@pytest.mark.parametrize(
    "name", ["CON", "con.jpg", "aux .jpg", "sub/NUL.txt", "COM1.png", "lpt9", "CONIN$.jpg", "com¹.jpg"]
)
def test_names_of_windows_devices_are_changed(name: str) -> None:
    [found] = output_names([name])

    base = found.rpartition("/")[2]
    assert base.startswith("_")
    assert os.path.splitext(found)[1] == os.path.splitext(name)[1]


@pytest.mark.parametrize("name", ["a:b.jpg", "a?.jpg", "a.jpg.", "a /b.jpg", "a\nb.jpg", "a\\b.jpg", "caf\udce9.jpg"])
def test_characters_that_windows_cannot_hold_are_replaced(name: str) -> None:
    [found] = output_names([name])

    assert not set(found) & set('<>:"|?*\\\n')
    assert not any(part.endswith((" ", ".")) for part in found.split("/"))
    found.encode()


def test_a_hash_never_takes_the_name_of_another_picture() -> None:
    [_, tagged] = output_names(["A.jpg", "a.jpg"])  # the hash that `a.jpg` would get
    names = ["A.jpg", "a.jpg", tagged, tagged.upper()]

    found = output_names(names)

    assert len({_folded(name) for name in found}) == 4
    assert found[0] == "A.jpg"


def test_a_long_name_leaves_room_for_its_hash() -> None:
    long = "ä" * 125 + ".jpg"

    found = output_names([long, long.upper()])

    assert all(len(name.encode()) <= 255 for name in found)
    assert all(name.lower().endswith(".jpg") for name in found)
