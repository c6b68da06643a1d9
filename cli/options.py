"""Option values that are more than one word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import UsageError, show

__all__ = ["check_onnx", "check_png", "names_in", "only_for", "parse_set"]


def check_png(option: str, path: Path | None) -> None:
    """Refuse a name under which nobody looks for a PNG, which is what is written.

    Raises:
        UsageError: the name ends otherwise.
    """
    if path is not None and path.suffix.lower() != ".png":
        raise UsageError(f"{option} writes a PNG, and '{show(path)}' does not end so", hint="end its name with .png")


def check_onnx(path: Path | None) -> None:
    """Refuse a name under which `cvdata predict` would not know an ONNX file.

    Raises:
        UsageError: the name ends otherwise.
    """
    if path is not None and path.suffix.lower() != ".onnx":
        raise UsageError(f"'{show(path)}' does not end in .onnx, which is what is written", hint="end it with .onnx")


def only_for(option: str, given: bool, name: str, formats: tuple[str, ...]) -> None:
    """Refuse an option that means nothing for the format that was named.

    Raises:
        UsageError: it was given, and the format is none of those it is for.
    """
    if given and name not in formats:
        raise UsageError(f"{option} is for {formats[0]}, not for {show(name)}", hint=f"leave out {option}")


def names_in(given: list[str] | None, option: str, example: str) -> tuple[str, ...]:
    """Split `a,b` and repeated options into names; none where the option was not given.

    Raises:
        UsageError: it was given, and there is no name in it.
    """
    names = tuple(name.strip() for value in given or () for name in value.split(",") if name.strip())
    if given and not names:
        raise UsageError(f"{option} names nothing", hint=f"give names with commas between them: {option} {example}")
    return names


def parse_set(given: list[str], groups: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add `group.key=value` settings to groups of options; a value is JSON where it can be, else text.

    Raises:
        UsageError: it is not of that form.
    """
    import msgspec

    for setting in given:
        name, equals, text = setting.partition("=")
        group, dot, key = name.partition(".")
        if not equals or not dot or group not in groups:
            forms = " or ".join(f"{known}.KEY=VALUE" for known in groups)
            raise UsageError(f"--set {show(setting)} is not of the form {forms}", hint="see cvdata formats")
        try:
            value = msgspec.json.decode(text)
        except msgspec.DecodeError:
            value = text
        groups[group][key] = value
    return groups
