"""Options that take several values at once: `--text a.txt b.txt --prune 0 0 1`."""

from typing import Any

from deepspeech.cli.metavars import Command


class ManyValues(Command):
    """A command whose repeatable options accept several values at once."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        many = {name for parameter in self.params if getattr(parameter, "multiple", False) for name in parameter.opts}
        return super().parse_args(ctx, spread(args, many))


def spread(arguments: list[str], many: set[str]) -> list[str]:
    """Rewrite `--text a b` as `--text a --text b` for the options in `many`."""
    result: list[str] = []
    option = ""  # the current repeatable option; empty outside its values
    for argument in arguments:
        if argument.startswith("-") and argument != "-":
            name = argument.partition("=")[0]
            option = name if name in many else ""
            if argument in many:
                continue
        elif option:
            result.append(option)
        result.append(argument)
    return result
