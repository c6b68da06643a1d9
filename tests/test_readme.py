"""The README: its commands print what it says, its Python runs, its tables are those of the code."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cvdata.augment.recipe import ready_recipes
from cvdata.curate.balance import OPTIONS
from cvdata.demo import run_demo
from cvdata.formats import FEATURES, format_names, format_of

REPO = Path(__file__).resolve().parents[1]
README = (REPO / "README.md").read_text("utf-8")
CVDATA = str(Path(sys.executable).with_name("cvdata"))


def blocks(language: str, text: str = README) -> list[str]:
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def sessions(text: str = README) -> list[tuple[str, str]]:
    """Return each command of the `console` blocks with the output that follows it."""
    parts = [part for block in blocks("console", text) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]


def table_of_formats() -> str:
    """Return the table of what each format carries, as it should be in the README."""
    known = format_names()
    carried = {name: format_of(name).carries(format_of(name).WriteOptions()) for name in known}
    rows = [f"| carried when written | {' | '.join(known)} |", f"|---|{':-:|' * len(known)}"]
    for feature, words in FEATURES.items():
        rows.append(f"| {words} | {' | '.join('✓' if feature in carried[name] else ' ' for name in known)} |")
    return "\n".join(rows) + "\n"


def without_hashes(text: str) -> str:
    """Return text without the second half of version ids, which tells when pictures were changed."""
    return re.sub(r"\b(\d{4})-[0-9a-f]{8}\b", r"\1-", text)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"COLUMNS": "100", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the demo in it, as `make demo` leaves it."""
    place = tmp_path_factory.mktemp("readme")
    list(run_demo(place / "demo", training=False, fiftyone=False))
    return place


@pytest.mark.parametrize(("command", "output"), sessions(), ids=[command for command, _ in sessions()])
def test_a_command_prints_what_the_readme_says(command: str, output: str, folder: Path) -> None:
    words = shlex.split(command)

    done = run([CVDATA, *words[1:]], folder)

    assert words[0] == "cvdata"
    assert without_hashes(done.stdout) == without_hashes(output)


def test_the_excerpt_of_the_demo_is_what_the_demo_prints(folder: Path) -> None:
    said = {
        line.rstrip()
        for line in run([CVDATA, "demo", "other", "--no-training", "--no-fiftyone"], folder).stdout.splitlines()
    }

    excerpt = [line for block in blocks("text") for line in block.splitlines()]

    assert len(excerpt) == 5
    assert [line for line in excerpt if line not in said] == []


def test_the_python_of_the_readme_runs(folder: Path) -> None:
    evaluating, code = [block for block in blocks("python") if block.startswith("import cvdata")]

    evaluated = run([sys.executable, "-W", "error", "-c", evaluating], folder)
    done = run([sys.executable, "-W", "error", "-c", code], folder)

    assert evaluated.returncode == 0, evaluated.stdout
    value, low, high = (f"{float(number):.3f}" for number in evaluated.stdout.split())
    assert f"AP         {value} [{low}, {high}]" in README
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout
    assert lines[0] == "24 ('circle', 'box', 'triangle')"
    assert "3 classes have fewer than 500 annotations" in lines[1]
    assert "outlines (polygons)" in lines[2]


@pytest.mark.slow
def test_the_training_of_the_readme_runs(folder: Path) -> None:
    [code] = [block for block in blocks("python") if block.startswith("from cvdata.train")]
    smaller = code.replace('"pets"', '"demo/coco"').replace("epochs=30", "epochs=1, size=(64, 64), workers=0")

    done = run([sys.executable, "-W", "error", "-c", smaller], folder)

    assert done.returncode == 0, done.stdout
    assert "on validation pictures" in done.stdout
    assert (folder / "runs" / "first" / "report.html").is_file()


def test_the_skeleton_of_a_format_names_what_every_format_defines() -> None:
    [code] = [block for block in blocks("python") if block.startswith("SUMMARY")]
    defined = re.findall(r"^(?:class |def )?(\w+)", code, re.MULTILINE)

    assert sorted(defined) == sorted(set(format_of("voc").__all__))  # type: ignore[attr-defined]


def test_the_table_of_formats_is_that_of_the_code() -> None:
    assert table_of_formats() in README


def test_every_option_of_convert_is_in_the_table_and_no_other(folder: Path) -> None:
    shown = run([CVDATA, "convert", "--help"], folder).stdout.partition("Options:")[2].partition("Examples:")[0]
    listed = README.partition("## Options of `cvdata convert`")[2].partition("## ")[0]

    assert re.findall(r"^\| `(--[\w-]+)", listed, re.MULTILINE) == [
        option for option in re.findall(r"^ +(?:-\w, )?(--[\w-]+)", shown, re.MULTILINE) if option != "--help"
    ]


def test_every_file_that_the_readme_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in link]

    assert len(links) >= 5
    assert [link for link in links if not (REPO / link).exists()] == []


def test_a_planted_difference_is_found(folder: Path) -> None:
    [(command, output)] = sessions("```console\n$ cvdata --version\ncvdata 99\n```\n")

    assert run([CVDATA, *command.split()[1:]], folder).stdout != output


def test_the_recipe_of_the_readme_works(folder: Path) -> None:
    [recipe] = blocks("yaml")
    (folder / "mine.yaml").write_text(recipe, "utf-8")

    done = run([CVDATA, "augment", "demo/divided", "mine", "--recipe", "mine.yaml"], folder)

    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("recipe mine.yaml: 17 new pictures of 17 pictures")


def test_every_ready_recipe_and_every_strategy_is_named() -> None:
    section = README.partition("## From a dataset to one worth training on")[2].partition("\n## ")[0]

    assert [name for name in ready_recipes() if f"`{name}`" not in section] == []
    assert re.findall(r"^\| `([a-z][\w-]*)` ", section, re.MULTILINE) == list(OPTIONS)
