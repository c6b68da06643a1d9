"""What models that take words are told to look for."""

from __future__ import annotations

from ...errors import UsageError, show

__all__ = ["classes_of"]


def classes_of(prompt: tuple[str, ...], family: str) -> tuple[str, ...]:
    """Return the names to look for, which become the classes of what is found.

    Args:
        family: of the model, for the message.

    Raises:
        UsageError: there is none, or one twice.
    """
    names = tuple(" ".join(name.split()) for name in prompt)
    if not names or not all(names):
        why = "a name in --prompt is empty" if names else "nothing was said"
        raise UsageError(
            f"{family} finds what it is told to look for, and {why}",
            hint=f'--model {family} --prompt "hard hat, vest"',
        )
    known: set[str] = set()
    for name in names:
        if name.casefold() in known:
            raise UsageError(f"'{show(name)}' stands in --prompt twice", hint="name each thing once")
        known.add(name.casefold())
    return names
