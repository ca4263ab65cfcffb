"""Entry point of DeepSpeech's importer scripts: `bin/import_cv2.py …` runs `deepspeech import cv2 …`."""

import sys
from pathlib import Path

from deepspeech.cli.import_corpus import command
from deepspeech.cli.main import run


def import_corpus(name: str) -> None:
    """Run the import of one corpus with this process's arguments; underscores in option names are accepted."""
    arguments, program = with_hyphens(sys.argv[1:]), Path(sys.argv[0]).name
    run(lambda: command(name)(args=arguments, prog_name=program))


def with_hyphens(arguments: list[str]) -> list[str]:
    """Replace underscores in option names, not in values or after `--`: `--filter_alphabet=my_file`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [_option(argument) for argument in arguments[:end]] + arguments[end:]


def _option(argument: str) -> str:
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else argument
