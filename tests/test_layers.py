"""The rooms of the code: who may import whom, who may change the disk, and what is loaded on the way to the help."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]

# A room may import every room of the lines above it, and itself; never another of its own line.
LINES = [
    ["errors", "_version", "__init__"],
    ["files", "dataset", "engine"],
    ["images"],
    ["formats"],
    ["reports"],
    ["convert", "ingest", "curate", "augment", "evaluate", "models"],
    ["train", "prelabel", "browse"],
    ["demo"],
    ["cli", "schemas"],
]
RANK = {room: number for number, line in enumerate(LINES) for room in line}
FREE = {"__init__", "_version"}  # they hold lazy names and the version: everyone may import them, and they anyone

ENGINES = {"hotcoco", "pycocotools"}

HEAVY = re.search(r"banned-module-level-imports = \[(.*?)\]", (REPO / "pyproject.toml").read_text("utf-8"), re.DOTALL)


def modules() -> list[tuple[str, Path]]:
    """Return every module as it is installed, `cvdata.cli.app`, with its file."""
    found = []
    for folder, package in (("cvdata", "cvdata"), ("cli", "cvdata.cli"), ("schemas", "cvdata.schemas")):
        for path in sorted((REPO / folder).rglob("*.py")):
            parts = path.relative_to(REPO / folder).with_suffix("").parts
            found.append((".".join([package, *parts]), path))
    return found


def room(module: str) -> str:
    """Return the room of a module: `formats` for `cvdata.formats.voc`, `__init__` for `cvdata`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(module: str, source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the line, the absolute name and whether it was relative, for every import from cvdata."""
    package = module.split(".")[:-1]  # an `__init__` is named so, so this is its package
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (
                (node.lineno, alias.name, False) for alias in node.names if alias.name.split(".")[0] == "cvdata"
            )
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            if start == "cvdata":  # `from .. import formats` names the room itself
                yield from ((node.lineno, f"cvdata.{alias.name}", bool(node.level)) for alias in node.names)
            elif start.split(".")[0] == "cvdata":
                yield node.lineno, start, bool(node.level)


def wrong_imports(module: str, source: str) -> list[str]:
    """Return what a module imports and may not, as sentences."""
    here, wrong = room(module), []
    if here not in RANK:
        return [f"{module}: the room '{here}' is on no line of LINES"]
    for line, target, relative in imports(module, source):
        there = room(target)
        if here == "cli" and not relative:
            wrong.append(f"{module}:{line}: '{target}' must be a relative import")
        allowed = there == here or here in FREE or there in FREE or there.startswith("__")
        if not allowed and RANK.get(there, len(LINES)) >= RANK[here]:
            wrong.append(f"{module}:{line}: {here} may not import {there}")
    return wrong


_CHANGES = {
    "os": {
        "write", "mkdir", "makedirs", "rename", "renames", "replace", "remove", "unlink", "link", "symlink", "rmdir",
        "removedirs", "truncate", "chmod", "utime", "mkfifo",
    },
    "shutil": {
        "copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree", "make_archive", "unpack_archive",
    },
    "tempfile": {"mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile"},
}  # fmt: skip
# Names that only paths have; `replace`, which strings have too, counts with one argument.
_PATH_CHANGES = {
    "write_text", "write_bytes", "mkdir", "unlink", "rename", "touch", "symlink_to", "hardlink_to", "rmdir", "chmod",
}  # fmt: skip


def disk_changes(module: str, source: str) -> list[str]:
    """Return the calls of a module that change the disk, unless the module is in `files`."""
    if room(module) == "files":
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [f"{module}:{call.lineno}: {ast.unparse(call.func)}" for call in calls if _changes_the_disk(call)]


def _changes_the_disk(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Name):
        return function.id == "open" and _writes(call, 1)
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value.id if isinstance(function.value, ast.Name) else None
    if owner == "os" and function.attr == "open":
        return any(flag in ast.unparse(call) for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"))
    if owner in _CHANGES:
        return function.attr in _CHANGES[owner]
    if function.attr == "open":
        return _writes(call, 1 if owner in ("io", "gzip", "bz2", "lzma") else 0)
    if function.attr == "replace":
        return len(call.args) == 1 and not call.keywords
    return owner != "disk" and function.attr in _PATH_CHANGES


_WRITING = re.compile(r"[rbt]*[wax+][bt+]*")


def _writes(call: ast.Call, position: int) -> bool:
    modes = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] + call.args[position : position + 1]
    return any(
        isinstance(mode, ast.Constant) and isinstance(mode.value, str) and bool(_WRITING.fullmatch(mode.value))
        for mode in modes
    )


def engine_imports(module: str, source: str) -> list[str]:
    """Return the imports of COCO's engines by a module that may not: numbers go through `evaluate/coco`."""
    if module.startswith("cvdata.evaluate.coco.") or module == "cvdata.evaluate.pixels.engine":
        return []
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [(node.lineno, _imported(node)) for node in nodes]
    return [f"{module}:{line}: {name}" for line, found in names for name in found if name in ENGINES]


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [] if node.level else [(node.module or "").split(".")[0]]


def test_every_import_points_down() -> None:
    wrong = [line for module, path in modules() for line in wrong_imports(module, path.read_text("utf-8"))]

    assert wrong == []


def test_only_the_room_of_the_files_changes_the_disk() -> None:
    wrong = [line for module, path in modules() for line in disk_changes(module, path.read_text("utf-8"))]

    assert wrong == []


def test_only_one_place_imports_the_engines_of_coco() -> None:
    wrong = [line for module, path in modules() for line in engine_imports(module, path.read_text("utf-8"))]

    assert wrong == []


def test_the_command_line_loads_no_heavy_package() -> None:
    assert HEAVY is not None
    heavy = re.findall(r'"(\w+)"', HEAVY[1])
    code = f"import sys, cvdata.cli; print(*sorted({heavy!r} & sys.modules.keys()))".replace("[", "{").replace("]", "}")

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert len(heavy) > 5
    assert loaded == []


# --- the rules go red


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cvdata.files.disk", "from ..dataset import Dataset"),  # the same line
        ("cvdata.files.disk", "from .. import engine"),
        ("cvdata.images.find", "import cvdata.formats.voc"),  # a line below
        ("cvdata.formats.voc", "from cvdata.convert import convert"),
        ("cvdata.formats.__init__", "from ..convert import convert"),
        ("cvdata.formats.voc", "def f():\n    from ..cli.app import main"),  # also inside a function
        ("cvdata.convert", "from .ingest import ingest"),
        ("cvdata.convert", "from .cli import app"),
        ("cvdata.errors", "from .files import Staging"),
        ("cvdata.cli.app", "from cvdata.formats import names"),  # absolute
        ("cvdata.attic.old", "import os"),  # a room nobody planned
        ("cvdata.formats.voc", "from ..attic import old"),
    ],
)
def test_a_planted_import_is_found(module: str, source: str) -> None:
    assert len(wrong_imports(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cvdata.formats.voc", "from ..images import measure\nfrom ._voc_xml import parse\nfrom ..errors import show"),
        ("cvdata.formats.__init__", "from . import voc\nfrom .intake import Intake"),
        ("cvdata.files.staging", "from .._version import __version__"),
        ("cvdata.cli.convert", "from ..convert import convert\nfrom .. import __version__\nfrom .app import app"),
        ("cvdata.__init__", "from .convert import convert"),
    ],
)
def test_an_import_that_points_down_is_fine(module: str, source: str) -> None:
    assert wrong_imports(module, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "open(p, 'w')",
        "open(p, mode='ab')",
        "open(p, 'r+')",
        "path.open('x')",
        "os.open(p, os.O_RDWR)",
        "os.makedirs(p)",
        "os.replace(a, b)",
        "shutil.rmtree(p)",
        "Path(p).write_text('a')",
        "path.replace(other)",
        "path.touch()",
        "tempfile.mkdtemp()",
    ],
)
def test_a_planted_change_of_the_disk_is_found(source: str) -> None:
    assert len(disk_changes("cvdata.formats.voc", source)) == 1
    assert disk_changes("cvdata.files.disk", source) == []


@pytest.mark.parametrize(
    "source",
    [
        "open(p)",
        "open(p, 'rb')",
        "os.open(p, os.O_RDONLY)",
        "path.open()",
        "Image.open(path)",
        "text.replace('a', 'b')",
        "os.path.join(a)",
    ],
)
def test_reading_is_fine_anywhere(source: str) -> None:
    assert disk_changes("cvdata.formats.voc", source) == []


@pytest.mark.parametrize(
    "source", ["import hotcoco", "from pycocotools.coco import COCO", "def f():\n    import pycocotools.mask as mask"]
)
def test_a_planted_engine_is_found(source: str) -> None:
    assert len(engine_imports("cvdata.formats.coco", source)) == 1
    assert engine_imports("cvdata.evaluate.coco.engine", source) == []


def test_every_package_is_installed() -> None:
    listed = set(re.findall(r'^    "(cvdata[\w.]*)",$', (REPO / "pyproject.toml").read_text("utf-8"), re.MULTILINE))

    there = {module.removesuffix(".__init__") for module, path in modules() if path.name == "__init__.py"}

    assert there - listed == set()
