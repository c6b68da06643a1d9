"""What holds for every command: help, versions, errors of ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from cvdata import __version__
from cvdata.formats import FEATURES, format_names

from .command import cvdata, environment

COMMANDS = ("browse", "convert", "explain", "export", "formats")


def test_version_is_printed() -> None:
    done = cvdata("--version")

    assert (done.returncode, done.stdout) == (0, f"cvdata {__version__}\n")


def test_help_lists_the_commands() -> None:
    done = cvdata("--help")

    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_of_a_command_has_an_example(command: str, option: str) -> None:
    done = cvdata(command, option)

    assert done.returncode == 0
    assert re.search(rf"Examples?:\s+cvdata {command}", done.stdout)


def test_without_a_command_the_help_is_shown() -> None:
    done = cvdata()

    assert "Usage: cvdata" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_command_is_wrong_usage() -> None:
    done = cvdata("covnert")

    assert done.returncode == 2
    assert "covnert" in done.stderr


def test_formats_are_shown_with_their_summaries() -> None:
    done = cvdata("formats")

    assert (done.returncode, done.stderr) == (0, "")
    assert all(name in done.stdout for name in format_names())
    assert "Pascal VOC" in done.stdout
    assert all(words in done.stdout for words in FEATURES.values())


def test_formats_as_json_say_what_each_carries() -> None:
    done = cvdata("formats", "--json")

    table = json.loads(done.stdout)
    assert list(table) == list(format_names())
    assert table["voc"]["read_options"] == ["origin"]
    assert table["yolo"]["write_options"] == ["decimals"]
    assert {"masks", "rings", "meta"} <= set(table["coco"]["carries"])
    assert "masks" not in table["yolo"]["carries"]
    assert all(set(entry["carries"]) <= set(FEATURES) for entry in table.values())


BROKEN = """
import errno
import sys
from cvdata.cli.app import app, guarded

@app.command()
@guarded
def broken(how: str) -> None:
    if how == "bug":
        raise ValueError("secret content of a file")
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "pipe":
        raise BrokenPipeError
    if how == "full":
        raise OSError(errno.ENOSPC, "No space left on device")

from cvdata.cli import main
main()
"""


def run_broken(how: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BROKEN, "broken", how],
        capture_output=True,
        text=True,
        check=False,
        env=environment() | variables,
    )


def test_a_bug_of_ours_ends_with_70_and_without_traceback_or_data() -> None:
    done = run_broken("bug")

    assert done.returncode == 70
    assert done.stderr.startswith(
        "internal error: ValueError (a bug in cvdata, not in your data)\n  hint: please report"
    )
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


def test_a_full_disk_behind_a_redirection_is_no_bug_of_ours() -> None:
    done = run_broken("full")

    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot write the output: no space is left\n  hint: free some space")


def test_a_developer_can_ask_for_the_traceback() -> None:
    done = run_broken("bug", CVDATA_DEBUG="1")

    assert done.returncode == 1
    assert "ValueError: secret content of a file" in done.stderr


@pytest.mark.parametrize(
    ("how", "code", "text"), [("interrupt", 130, "interrupted; nothing was written\n"), ("pipe", 1, ""), ("not", 0, "")]
)
def test_other_ends_have_codes_of_their_own(how: str, code: int, text: str) -> None:
    done = run_broken(how)

    assert (done.returncode, done.stderr) == (code, text)


def test_every_file_of_a_command_adds_that_command() -> None:
    load = "from cvdata.cli.main import COMMANDS, load_commands; from cvdata.cli.app import app"
    named = "[one.name or one.callback.__name__.strip('_') for one in app.registered_commands]"
    code = f"import json; {load}; "

    def run(words: list[str]) -> tuple[list[str], list[str]]:
        program = f"{code}load_commands({words}); print(json.dumps([list(COMMANDS), {named}]))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        known, loaded = json.loads(done.stdout)
        return known, loaded

    known, loaded = run([])
    assert loaded == known
    assert [run([name])[1] for name in known] == [[name] for name in known]
    assert run(["mistyped"])[1] == known


def test_the_help_imports_nothing_heavy() -> None:
    code = "import sys; from cvdata.cli.main import load_commands; load_commands(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert {"numpy", "PIL", "msgspec", "pycocotools", "torch", "cv2"} & set(done.stdout.split()) == set()
