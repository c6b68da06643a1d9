"""Help with a heading over each group of options, for commands that have many."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

__all__ = ["GroupedHelp"]


class GroupedHelp(TyperCommand):
    """A command whose options stand under the `rich_help_panel` that they name, in the order they are declared."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and then each group of options; those without a group come last."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        others: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            if parameter.param_type_name == "argument":
                groups["Arguments"].append(record)
            else:
                panel = getattr(parameter, "rich_help_panel", None)
                (groups.setdefault(panel, []) if panel else others).append(record)
        for heading, records in [*groups.items(), ("Other options", others)]:
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)
