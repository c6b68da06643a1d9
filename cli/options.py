"""Option values that are more than one word."""

from __future__ import annotations

from typing import Any

from ..errors import UsageError, show

__all__ = ["only_for", "parse_classes", "parse_set"]


def only_for(option: str, given: bool, name: str, formats: tuple[str, ...]) -> None:
    """Refuse an option that means nothing for the format that was named.

    Raises:
        UsageError: it was given, and the format is none of those it is for.
    """
    if given and name not in formats:
        raise UsageError(f"{option} is for {formats[0]}, not for {show(name)}", hint=f"leave out {option}")


def parse_classes(given: list[str] | None) -> tuple[str, ...] | None:
    """Split `a,b` and repeated options into names; None where nothing was given.

    Raises:
        UsageError: there is no name in it.
    """
    if given is None:
        return None
    names = tuple(name.strip() for value in given for name in value.split(",") if name.strip())
    if not names:
        raise UsageError("--classes names no class", hint="give names, such as --classes cat,dog")
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
